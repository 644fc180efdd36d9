//! Twin of `shaders/soft_bins.wgsl`: the softmax of scores over the reference points.

use crate::simd::{exp, largest, sum_of, sum_of_products, vectorised};

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
                let scores = &scores[..points];
                let most = largest(scores);
                for (bin, &score) in bins.iter_mut().zip(scores) {
                    *bin = exp((score - most) * inverse_temperature);
                }
                let total = sum_of(bins, |weight| weight);
                // −Σ p ln p with ln p = logit − ln total: no logarithm per bin.
                let weighted = sum_of_products(bins, scores, |score| (score - most) * inverse_temperature);
                let scale = total.recip();
                bins.iter_mut().for_each(|bin| *bin *= scale);
                *entropy = total.ln() - weighted / total;
            }
        },
    );
}
