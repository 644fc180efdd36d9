//! Next-token losses, a piece of the vocabulary at a time.

use rayon::prelude::*;

use crate::product::Packed;
use crate::simd::{exp, largest, softcap, sum_of, vectorised};

/// Rows that pass a piece together on a thread, at most.
const ROWS: usize = 256;

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

/// Takes a piece of the vocabulary into the largest logit so far and the sum of exponentials relative to it. Logits
/// are made some hundred at a time and never kept.
///
/// * `states`: `[rows, width]`
/// * `piece`: `[tokens, width]`
/// * `running`: for each row, largest and sum; −∞ and 0 before the first piece
pub fn add(states: &[f32], piece: &Packed, logits: Logits, running: &mut [(f32, f32)]) {
    let width = piece.inputs();
    let rows = running.len().div_ceil(rayon::current_num_threads()).clamp(1, ROWS);
    running.par_chunks_mut(rows).zip(states.par_chunks(rows * width)).for_each(|(running, states)| {
        piece.each(states, |row, _, values| {
            let (before, sum) = &mut running[row];
            vectorised(
                #[inline(always)]
                || {
                    logits.apply(values);
                    let most = largest(values);
                    let most = if most > *before { most } else { *before };
                    let added = sum_of(values, |logit| exp(logit - most));
                    (*before, *sum) = (most, *sum * exp(*before - most) + added);
                },
            );
        });
    });
}
