//! Next-token losses, a piece of the vocabulary at a time.

use rayon::prelude::*;

use crate::product::product;
use crate::simd::{exp, largest, softcap, sum_of, vectorised};

/// Rows whose logits live at once on a thread, at least.
const ROWS: usize = 32;

/// What becomes of logits.
#[derive(Clone, Copy, Debug)]
pub struct Logits {
    /// A factor.
    pub scale: f32,
    /// Logits l become c · tanh(l / c).
    pub softcap: Option<f32>,
}

impl Logits {
    /// Applies both in place.
    #[inline(always)]
    pub fn apply(&self, logits: &mut [f32]) {
        if self.scale != 1.0 {
            logits.iter_mut().for_each(|logit| *logit *= self.scale);
        }
        if let Some(cap) = self.softcap {
            softcap(logits, cap);
        }
    }
}

/// Takes a piece of the vocabulary into the largest logit so far and the sum of exponentials relative to it.
///
/// * `states`: `[rows, width]`
/// * `piece`: `[width, tokens]` with these strides of its rows and columns
/// * `running`: for each row, largest and sum; −∞ and 0 before the first piece
pub fn add(
    states: &[f32],
    width: usize,
    (piece, strides): (&[f32], (usize, usize)),
    logits: Logits,
    running: &mut [(f32, f32)],
) {
    let tokens = piece.len() / width;
    // Where the piece has to be packed for the product, it should be for many rows.
    let rows = if strides.1 == 1 {
        ROWS
    } else {
        running.len().div_ceil(rayon::current_num_threads()).clamp(ROWS, 512)
    };
    running.par_chunks_mut(rows).zip(states.par_chunks(rows * width)).for_each_init(
        Vec::new,
        |scratch, (running, states)| {
            scratch.resize(running.len() * tokens, 0.0);
            product(states, width, (piece, strides), scratch, super::threads(width));
            vectorised(
                #[inline(always)]
                || {
                    for ((before, sum), row) in running.iter_mut().zip(scratch.chunks_exact_mut(tokens)) {
                        logits.apply(row);
                        let most = largest(row);
                        let most = if most > *before { most } else { *before };
                        let added = sum_of(row, |logit| exp(logit - most));
                        (*before, *sum) = (most, *sum * exp(*before - most) + added);
                    }
                },
            );
        },
    );
}
