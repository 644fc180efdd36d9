//! Next-token losses, a piece of the vocabulary at a time.

use rayon::prelude::*;

use crate::error::Result;
use crate::product::{Cores, Matrix, Output, PANEL, States};
use crate::simd::{
    Simd, WithSimd, exp, exponentials, largest, pairs, scaled_and_capped, sum_of, vectorised, with_simd,
};

/// What becomes of logits.
#[derive(Clone, Copy, Debug)]
pub struct Logits {
    /// A factor.
    pub scale: f32,
    /// Logits l become c · tanh(l / c).
    pub softcap: Option<f32>,
}

/// The logits of the tokens that follow, before anything becomes of them: of each state, and of the row of the table
/// that is its target, `[rows, width]` both.
pub fn of_targets(states: &[f32], mut targets: Vec<f32>, width: usize) -> Vec<f32> {
    let rows = states.par_chunks_exact(width).zip(targets.par_chunks_exact_mut(width)).with_min_len(64);
    rows.map(|(state, target)| {
        vectorised(
            #[inline(always)]
            || {
                for (target, state) in pairs(target, state) {
                    *target *= state;
                }
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
    /// Of the logits of all parts, of each of which the largest and the sum relative to it were found; the sums are used
    /// up.
    #[inline(always)]
    fn of_parts(maxima: &[f32], sums: &mut [f32]) -> Self {
        let most = largest(maxima);
        for (sum, &own) in pairs(sums, maxima) {
            *sum *= exp(own - most);
        }
        Self { largest: most, sum: sum_of(sums, |sum| sum) }
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

/// The exponentials of a panel's logits, which these take the place of.
struct OfPanel<'a> {
    products: &'a mut [f32],
    logits: Logits,
}

impl WithSimd for OfPanel<'_> {
    type Output = Exponentials;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Exponentials {
        let Self { products, logits: Logits { scale, softcap } } = self;
        let largest = scaled_and_capped(simd, products, scale, softcap);
        Exponentials { largest, sum: exponentials(simd, products, largest) }
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
    // Joined at the end, so that nothing depends on who computes what.
    let panels = piece.outputs().div_ceil(PANEL);
    let [mut maxima, mut sums] = [0, 1].map(|_| vec![0.0; states.rows() * panels]);
    let outputs = [Output(maxima.as_mut_ptr()), Output(sums.as_mut_ptr())];
    piece.each(states, Cores::All, |row, first, products| {
        let [maxima, sums] = &outputs;
        for (panel, products) in (first / PANEL..).zip(products.chunks_mut(PANEL)) {
            let (found, place) = (with_simd(OfPanel { products, logits }), row * panels + panel);
            // SAFETY: both are `[rows, panels]`, and this panel of this row is handed out once.
            unsafe {
                maxima.0.add(place).write(found.largest);
                sums.0.add(place).write(found.sum);
            }
        }
    })?;
    let parts = maxima.par_chunks(panels).zip(sums.par_chunks_mut(panels));
    running.par_iter_mut().zip(parts).with_min_len(64).for_each(|(running, (maxima, sums))| {
        vectorised(
            #[inline(always)]
            || *running = running.and(Exponentials::of_parts(maxima, sums)),
        );
    });
    Ok(())
}
