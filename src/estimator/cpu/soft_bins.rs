//! Twin of `shaders/soft_bins.wgsl`: the softmax of scores over the reference points.

use crate::simd::{LANES, exp, folded, largest, padded, vectorised};

/// Writes the soft bin of each position and its entropy.
///
/// * `scores`: cosines `[positions, stride]`, of which the first `points` columns count
/// * `bins`: `[positions, points]`, each row the softmax of its scores over ε
/// * `entropies`: `[positions]`, −Σ bins ln bins of each row, in nats
pub fn soft_bins(
    scores: &[f32],
    stride: usize,
    points: usize,
    inverse_temperature: f32,
    bins: &mut [f32],
    entropies: &mut [f32],
) {
    vectorised(
        #[inline(always)]
        || {
            let rows = scores.chunks_exact(stride).zip(bins.chunks_exact_mut(points));
            for ((scores, bins), entropy) in rows.zip(entropies) {
                *entropy = soft_bin(&scores[..points], inverse_temperature, bins);
            }
        },
    );
}

/// The soft bin of one position; returns its entropy.
#[inline(always)]
fn soft_bin(scores: &[f32], inverse_temperature: f32, bin: &mut [f32]) -> f32 {
    let most = largest(scores);
    // −Σ p ln p with ln p = logit − ln total: no logarithm per point.
    let (mut total, mut weighted) = ([0.0; LANES], [0.0; LANES]);
    let mut weigh = |scores: &[f32; LANES]| -> [f32; LANES] {
        let mut weights = [0.0; LANES];
        for lane in 0..LANES {
            let logit = (scores[lane] - most) * inverse_temperature;
            weights[lane] = exp(logit);
            total[lane] += weights[lane];
            weighted[lane] = weights[lane].mul_add(logit, weighted[lane]);
        }
        weights
    };
    let ((scores, last_scores), (weights, last_weights)) =
        (scores.as_chunks::<LANES>(), bin.as_chunks_mut::<LANES>());
    for (scores, weights) in scores.iter().zip(weights) {
        *weights = weigh(scores);
    }
    if !last_scores.is_empty() {
        // Far below any cosine, so that what only fills the lanes weighs nothing.
        let weights = weigh(&padded(last_scores, most - FAR / inverse_temperature));
        last_weights.iter_mut().zip(weights).for_each(|(last, weight)| *last = weight);
    }
    let total = folded(total, |a, b| a + b);
    let scale = total.recip();
    bin.iter_mut().for_each(|weight| *weight *= scale);
    total.ln() - folded(weighted, |a, b| a + b) * scale
}

/// A logit whose weight is zero, and stays zero times the logit.
const FAR: f32 = 1000.0;
