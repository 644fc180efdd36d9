//! Twin of `shaders/soft_bins.wgsl`: the softmax of scores over the reference points.

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
    let rows = scores.chunks_exact(stride).zip(bins.chunks_exact_mut(points));
    for ((scores, bins), entropy) in rows.zip(entropies) {
        let scores = &scores[..points];
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut total, mut weighted) = (0.0f32, 0.0f32);
        for (bin, &score) in bins.iter_mut().zip(scores) {
            let logit = (score - largest) * inverse_temperature;
            let weight = logit.exp();
            *bin = weight;
            total += weight;
            weighted += weight * logit;
        }
        bins.iter_mut().for_each(|bin| *bin /= total);
        // −Σ p ln p with ln p = logit − ln total: no logarithm per bin.
        *entropy = total.ln() - weighted / total;
    }
}
