//! Twin of `shaders/label_entropies.wgsl`: the entropy of each label's mean soft bin.

use crate::estimator::segments::Label;

/// Writes `entropies[l] = −Σ q ln q` in nats, q the mean soft bin of label l.
///
/// * `sums`: chunk sums `[chunks, points]`
/// * `entropies`: `[labels]`
pub fn label_entropies(sums: &[f32], points: usize, labels: &[Label], entropies: &mut [f32]) {
    for (label, entropy) in labels.iter().zip(entropies) {
        let chunks = &sums[label.first_chunk as usize * points..label.end_chunk as usize * points];
        let count = label.count as f32;
        *entropy = (0..points)
            .map(|point| {
                let mass: f32 = chunks[point..].iter().step_by(points).sum::<f32>() / count;
                // q ln q → 0 as q → 0, where the logarithm itself has no value.
                if mass == 0.0 { 0.0 } else { -mass * mass.ln() }
            })
            .sum();
    }
}
