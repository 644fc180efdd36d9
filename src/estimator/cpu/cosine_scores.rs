//! Twin of `shaders/cosine_scores.wgsl`: cosines of hidden states with the reference points.

use crate::estimator::Row;
use crate::product::{Cores, Packed};

/// Writes `scores[row.target] = reference · hidden[row.source] / ‖hidden[row.source]‖` for each row.
///
/// * `hidden`: states `[.., h]`
/// * `reference`: unit rows `[points, h]`
/// * `scores`: `[.., points]`; rows that are no target stay as they are
///
/// A zero state has no direction: its scores are zero, so it spreads uniformly (SPEC 2.2).
pub fn cosine_scores(hidden: &[f32], reference: &Packed, rows: &[Row], scores: &mut [f32]) {
    let (width, points) = (reference.inputs(), reference.outputs());
    for rows in rows.chunk_by(|a, b| a.source + 1 == b.source && a.target + 1 == b.target) {
        let states = &hidden[rows[0].source as usize * width..][..rows.len() * width];
        let scores = &mut scores[rows[0].target as usize * points..][..rows.len() * points];
        reference.apply(states, scores, Cores::One, |_, products, scores| scores.copy_from_slice(products));
        for (state, scores) in states.chunks_exact(width).zip(scores.chunks_exact_mut(points)) {
            let scale = inverse_norm(state.iter().map(|value| value * value).sum());
            scores.iter_mut().for_each(|score| *score *= scale);
        }
    }
}

/// 1/‖z‖ from ‖z‖².
fn inverse_norm(square: f32) -> f32 {
    // A state of NaN, or one too large for its norm, must show as NaN in the scores, not as zero.
    match square {
        0.0 => 0.0,
        f32::INFINITY => f32::NAN,
        _ => square.sqrt().recip(),
    }
}
