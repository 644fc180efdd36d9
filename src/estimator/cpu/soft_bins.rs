//! Twin of `shaders/soft_bins.wgsl`: the softmax of scores over the reference points.

use crate::estimator::REFUSED;
use crate::simd::{LANES, Simd, WithSimd, exp_lanes, ln, pairs, with_simd};

/// Positions binned side by side.
pub const BLOCK: usize = 16;

/// The row length of bins over `points` points: filled up so that rows are whole vectors.
pub fn row_length(points: usize) -> usize {
    points.next_multiple_of(LANES)
}

/// How scores become bins.
#[derive(Clone, Copy, Debug)]
pub struct Bins {
    /// The row length of the scores.
    pub stride: usize,
    /// The number of points n, of which the scores are the first columns.
    pub points: usize,
    /// 1/ε
    pub inverse_temperature: f32,
}

/// Writes the soft bin of each position and its entropy.
///
/// * `scores`: cosines `[positions, stride]`
/// * `bins`: `[positions, row_length(points)]`, each row the softmax of its scores over ε, and zeros behind it
/// * `entropies`: `[positions]`, −Σ bins ln bins of each row, in nats
///
/// Where the scores are [`REFUSED`], bins and entropy are NaN, and so is whatever they are added to.
pub fn soft_bins(how: Bins, scores: &[f32], bins: &mut [f32], entropies: &mut [f32]) {
    with_simd(SoftBins { how, scores, bins, entropies });
}

struct SoftBins<'a> {
    how: Bins,
    scores: &'a [f32],
    bins: &'a mut [f32],
    entropies: &'a mut [f32],
}

impl WithSimd for SoftBins<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { how, scores, bins, entropies } = self;
        let blocks = scores.chunks(BLOCK * how.stride).zip(bins.chunks_mut(BLOCK * row_length(how.points)));
        for ((scores, bins), entropies) in blocks.zip(entropies.chunks_mut(BLOCK)) {
            bin_block(simd, how, scores, bins, entropies, |_| {});
        }
    }
}

/// [`soft_bins`] of up to [`BLOCK`] positions. `meanwhile` is called with the number of each row, for memory to be
/// asked for while there is arithmetic to do.
#[inline(always)]
pub fn bin_block<S: Simd>(
    simd: S,
    how: Bins,
    scores: &[f32],
    bins: &mut [f32],
    entropies: &mut [f32],
    meanwhile: impl Fn(usize),
) {
    let width = row_length(how.points);
    let (mut totals, mut weighted) = ([1.0; BLOCK], [0.0; BLOCK]);
    for (row, scores) in scores.chunks_exact(how.stride).enumerate() {
        meanwhile(row);
        let (scores, bins) = (&scores[..how.points], &mut bins[row * width..][..width]);
        [totals[row], weighted[row]] = weigh(simd, scores, how.inverse_temperature, bins);
    }
    let (mut scales, mut found) = ([0.0; BLOCK], [0.0; BLOCK]);
    for (row, total) in totals.into_iter().enumerate() {
        scales[row] = total.recip();
        // −Σ p ln p with ln p = logit − ln total: no logarithm per point.
        found[row] = ln(total) - weighted[row] * scales[row];
    }
    entropies.copy_from_slice(&found[..entropies.len()]);
    for (row, bins) in bins.chunks_exact_mut(width).take(entropies.len()).enumerate() {
        let scale = simd.splat_f32s(scales[row]);
        let (bins, _) = S::as_mut_simd_f32s(bins);
        bins.iter_mut().for_each(|bin| *bin = simd.mul_f32s(*bin, scale));
    }
}

/// Writes the exponentials of a position's logits, less the largest; returns their sum and that of each times
/// its logit.
#[inline(always)]
fn weigh<S: Simd>(simd: S, scores: &[f32], inverse_temperature: f32, weights: &mut [f32]) -> [f32; 2] {
    let (vectors, rest) = S::as_simd_f32s(scores);
    let (weights, _) = S::as_mut_simd_f32s(weights);
    let (weights, filling) = weights.split_at_mut(vectors.len());
    let inside = simd.mask_between_m32s(0, rest.len() as u32).mask();
    let last = simd.partial_load_f32s(rest);

    let mut most = simd.select_f32s(inside, last, simd.splat_f32s(f32::NEG_INFINITY));
    for &vector in vectors {
        most = simd.max_f32s(most, vector);
    }
    let most = simd.reduce_max_f32s(most);
    if most >= REFUSED {
        // The bins come to be NaN when they are divided by their sum.
        return [f32::NAN; 2];
    }
    let most = simd.splat_f32s(most);
    let inverse_temperature = simd.splat_f32s(inverse_temperature);
    let zero = simd.splat_f32s(0.0);
    let mut sums = [zero; 2];
    for (weight, &score) in pairs(weights, vectors) {
        let logit = simd.mul_f32s(simd.sub_f32s(score, most), inverse_temperature);
        *weight = weight_of(simd, logit, &mut sums);
    }
    filling.fill(zero);
    if let (Some(weight), false) = (filling.first_mut(), rest.is_empty()) {
        let logit = simd.mul_f32s(simd.sub_f32s(last, most), inverse_temperature);
        // What only fills the vector weighs nothing.
        let logit = simd.select_f32s(inside, logit, simd.splat_f32s(NOTHING));
        *weight = weight_of(simd, logit, &mut sums);
    }
    [simd.reduce_sum_f32s(sums[0]), simd.reduce_sum_f32s(sums[1])]
}

/// The exponentials of logits; adds them, and each times its logit, to `sums`.
#[inline(always)]
fn weight_of<S: Simd>(simd: S, logit: S::f32s, sums: &mut [S::f32s; 2]) -> S::f32s {
    let weight = exp_lanes(simd, logit);
    sums[0] = simd.add_f32s(sums[0], weight);
    sums[1] = simd.mul_add_f32s(weight, logit, sums[1]);
    weight
}

/// A logit whose weight is zero, and stays zero times the logit.
const NOTHING: f32 = -1000.0;
