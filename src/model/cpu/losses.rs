//! Next-token losses, a piece of the vocabulary at a time.

use rayon::prelude::*;

use crate::error::Result;
use crate::product::{Cores, Matrix, Output, PANEL, States};
use crate::simd::{exp, largest, softcap, sum_of, vectorised};

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

/// The logits of the tokens that follow, before anything becomes of them: of each state, and of the row of the table
/// that is its target, `[rows, width]` both.
pub fn of_targets(states: &[f32], mut targets: Vec<f32>, width: usize) -> Vec<f32> {
    let rows = states.par_chunks_exact(width).zip(targets.par_chunks_exact_mut(width)).with_min_len(64);
    rows.map(|(state, target)| {
        vectorised(
            #[inline(always)]
            || {
                target.iter_mut().zip(state).for_each(|(target, state)| *target *= state);
                sum_of(target, |product| product)
            },
        )
    })
    .collect()
}

/// The largest of some logits of a row, and the sum of all exponentials relative to it.
#[derive(Clone, Copy, Debug)]
pub struct Exponentials {
    largest: f32,
    sum: f32,
}

impl Default for Exponentials {
    /// Of no logits.
    fn default() -> Self {
        Self { largest: f32::NEG_INFINITY, sum: 0.0 }
    }
}

impl Exponentials {
    #[inline(always)]
    fn of(logits: &[f32]) -> Self {
        let most = largest(logits);
        Self { largest: most, sum: sum_of(logits, |logit| exp(logit - most)) }
    }

    /// Of the logits of both.
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // Not `max`, which would lose a NaN.
        let largest = if other.largest > self.largest { other.largest } else { self.largest };
        let relative = |part: Self| part.sum * exp(part.largest - largest);
        Self { largest, sum: relative(self) + relative(other) }
    }

    /// ln Σ exp(logits).
    pub fn log_sum(self) -> f32 {
        self.largest + self.sum.ln()
    }
}

/// Takes a piece of the vocabulary into what was found of others. Logits are made some at a time and never kept.
///
/// * `states`: `[rows, width]`
/// * `piece`: `[tokens, width]`
/// * `running`: for each row
///
/// # Errors
/// Weights that cannot be read.
pub fn add(states: &States, piece: &Matrix, logits: Logits, running: &mut [Exponentials]) -> Result<()> {
    // Folded in order at the end, so that nothing depends on who computes what.
    let panels = piece.outputs().div_ceil(PANEL);
    let mut found = vec![Exponentials::default(); states.rows() * panels];
    let output = Output(found.as_mut_ptr());
    piece.each(states, Cores::All, |row, first, products| {
        let output = &output;
        vectorised(
            #[inline(always)]
            || {
                for (panel, values) in (first / PANEL..).zip(products.chunks_mut(PANEL)) {
                    logits.apply(values);
                    // SAFETY: `found` is `[rows, panels]`, and this panel of this row is handed out once.
                    unsafe { output.0.add(row * panels + panel).write(Exponentials::of(values)) };
                }
            },
        );
    })?;
    running.par_iter_mut().zip(found.par_chunks(panels)).with_min_len(64).for_each(|(running, found)| {
        vectorised(
            #[inline(always)]
            || *running = found.iter().fold(*running, |all, &part| all.and(part)),
        );
    });
    Ok(())
}
