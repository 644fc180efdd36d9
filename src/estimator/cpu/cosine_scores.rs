//! Twin of `shaders/cosine_scores.wgsl`: cosines of hidden states with the reference points. Where scores are held in
//! half precision, this one leaves the rounding to whoever writes them down.

use crate::error::Result;
use crate::estimator::{LARGEST_SQUARE, REFUSED};
use crate::product::{Cores, Matrix, Operands, States};
use crate::simd::{sum_of, vectorised};

/// The directions of hidden states, to be scored with as many sets of reference points as there are.
#[derive(Debug)]
pub struct Directions {
    states: States,
    /// 1/‖z‖ of each state z; none where it cannot be measured.
    scales: Vec<Option<f32>>,
}

impl Directions {
    /// Those of `hidden`, `[rows, width]`.
    pub fn new(hidden: &[f32], width: usize) -> Self {
        let mut scales = Vec::with_capacity(hidden.len() / width);
        vectorised(
            #[inline(always)]
            || {
                for state in hidden.chunks_exact(width) {
                    scales.push(inverse_norm(sum_of(state, |value| value * value)));
                }
            },
        );
        Self { states: States::new(hidden, width, Operands::F32, Cores::One), scales }
    }

    /// Writes the scores of each state, reference · z / ‖z‖.
    ///
    /// * `reference`: unit rows `[points, width]`
    /// * `scores`: `[rows, points]`
    ///
    /// A zero state has no direction: its scores are zero, so it spreads uniformly (SPEC 2.2). The scores of a state that
    /// is not finite, or whose square is beyond [`LARGEST_SQUARE`], are [`REFUSED`].
    ///
    /// # Errors
    /// None of reference points that are held.
    pub fn score(&self, reference: &Matrix, scores: &mut [f32]) -> Result<()> {
        let copy = |_, products: &mut [f32], scores: &mut [f32]| scores.copy_from_slice(products);
        reference.apply(&self.states, scores, Cores::One, copy)?;
        vectorised(
            #[inline(always)]
            || {
                for (scale, scores) in self.scales.iter().zip(scores.chunks_exact_mut(reference.outputs())) {
                    match *scale {
                        Some(scale) => scores.iter_mut().for_each(|score| *score *= scale),
                        None => scores.fill(REFUSED),
                    }
                }
            },
        );
        Ok(())
    }
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
