//! Twin of `shaders/label_entropies.wgsl`: the entropy of each label's mean soft bin.

use crate::estimator::segments::Label;
use crate::simd::{ln, sum_of, vectorised};

/// Writes `entropies[l] = −Σ q ln q` in nats, q the mean soft bin of label l.
///
/// * `sums`: chunk sums `[chunks, points]`
/// * `entropies`: `[labels]`
pub fn label_entropies(sums: &[f32], points: usize, labels: &[Label], entropies: &mut [f32]) {
    let mut mean = vec![0.0; points];
    vectorised(
        #[inline(always)]
        || {
            for (label, entropy) in labels.iter().zip(entropies) {
                let chunks = &sums[label.first_chunk as usize * points..label.end_chunk as usize * points];
                mean.fill(0.0);
                for chunk in chunks.chunks_exact(points) {
                    mean.iter_mut().zip(chunk).for_each(|(mean, sum)| *mean += sum);
                }
                let scale = (label.count as f32).recip();
                // q ln q → 0 as q → 0, where the logarithm is finite here.
                *entropy = -sum_of(&mean, |sum| sum * scale * ln(sum * scale));
            }
        },
    );
}
