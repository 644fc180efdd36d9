//! Twin of `shaders/cosine_scores.wgsl`: cosines of hidden states with the reference points. Where scores are held in
//! half precision, this one leaves the rounding to whoever writes them down.

use crate::error::Result;
use crate::estimator::{LARGEST_SQUARE, REFUSED, Row};
use crate::product::{Cores, Matrix, States};
use crate::simd::{sum_of, vectorised};

/// Writes `scores[row.target] = reference · hidden[row.source] / ‖hidden[row.source]‖` for each row.
///
/// * `hidden`: states `[.., h]`
/// * `reference`: unit rows `[points, h]`
/// * `scores`: `[.., points]`; rows that are no target stay as they are
///
/// A zero state has no direction: its scores are zero, so it spreads uniformly (SPEC 2.2). The scores of a state that
/// is not finite, or whose square is beyond [`LARGEST_SQUARE`], are [`REFUSED`].
///
/// # Errors
/// None of reference points that are held.
pub fn cosine_scores(hidden: &[f32], reference: &Matrix, rows: &[Row], scores: &mut [f32]) -> Result<()> {
    let (width, points) = (reference.inputs(), reference.outputs());
    for rows in rows.chunk_by(|a, b| a.source + 1 == b.source && a.target + 1 == b.target) {
        let states = &hidden[rows[0].source as usize * width..][..rows.len() * width];
        let scores = &mut scores[rows[0].target as usize * points..][..rows.len() * points];
        let laid_out = States::new(states, width, reference.operands(), Cores::One);
        reference
            .apply(&laid_out, scores, Cores::One, |_, products, scores| scores.copy_from_slice(products))?;
        vectorised(
            #[inline(always)]
            || {
                for (state, scores) in states.chunks_exact(width).zip(scores.chunks_exact_mut(points)) {
                    match inverse_norm(sum_of(state, |value| value * value)) {
                        Some(scale) => scores.iter_mut().for_each(|score| *score *= scale),
                        None => scores.fill(REFUSED),
                    }
                }
            },
        );
    }
    Ok(())
}

/// 1/‖z‖ from ‖z‖²; none of a state that is not finite or too large.
#[inline(always)]
fn inverse_norm(square: f32) -> Option<f32> {
    match square {
        0.0 => Some(0.0),
        // Not of NaN either.
        _ if square <= LARGEST_SQUARE => Some(square.sqrt().recip()),
        _ => None,
    }
}
