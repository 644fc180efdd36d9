//! Where an encoder p(z|x) lies: I(X;Z) and I(Y;Z) in double precision, whatever its shares were computed in.

use half::bf16;
use rayon::prelude::*;

use super::Joint;
use super::sum::sum;

/// A share of an encoder, as it is stored.
pub trait Share: Copy + Send + Sync {
    /// The share as a number.
    fn value(self) -> f64;
}

impl Share for f64 {
    #[inline(always)]
    fn value(self) -> f64 {
        self
    }
}

impl Share for bf16 {
    #[inline(always)]
    fn value(self) -> f64 {
        f64::from(f32::from_bits(u32::from(self.to_bits()) << 16))
    }
}

/// An encoder over the atoms of a codebook and, for each x, an atom of its own.
pub struct Encoder<'a, T> {
    /// Atoms, or places for them.
    pub atoms: usize,
    /// p(z|x) up to a factor of each row, `[xs, atoms]`.
    pub shares: &'a [T],
    /// The part of each x that its own atom takes, 0 to 1, `[xs]`; the shares have the rest.
    pub private: &'a [f64],
}

/// What an encoder keeps and tells, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// I(X;Z).
    pub complexity: f64,
    /// I(Y;Z).
    pub expressivity: f64,
    /// Atoms of the codebook with weight.
    pub atoms: usize,
    /// Σ p(x) · private share.
    pub private: f64,
}

/// Rows or columns that are worked on together: sums are taken within a block, then over blocks in their order, so
/// that they do not depend on the threads.
const BLOCK: usize = 64;

impl<T: Share> Encoder<'_, T> {
    /// The informations of the encoder, which is valid whatever its shares are: I(Y;Z) ≤ I(X;Z) up to rounding.
    pub fn kept(&self, joint: &Joint) -> Kept {
        let atoms = self.atoms;
        let row = |x: usize| &self.shares[x * atoms..(x + 1) * atoms];
        // What each share of a row is to be multiplied by.
        let scales: Vec<f64> = (0..joint.xs())
            .into_par_iter()
            .map(|x| {
                let total: f64 = row(x).iter().map(|share| share.value()).sum();
                if total > 0.0 { (1.0 - self.private[x]) / total } else { 0.0 }
            })
            .collect();
        let blocks = joint.xs().div_ceil(BLOCK);
        let (weights, complexities): (Vec<Vec<f64>>, Vec<f64>) = (0..blocks)
            .into_par_iter()
            .map(|block| {
                let (mut weights, mut complexity) = (vec![0.0; atoms], 0.0);
                for x in block * BLOCK..((block + 1) * BLOCK).min(joint.xs()) {
                    let (mass, scale) = (joint.px()[x], scales[x]);
                    for (weight, share) in weights.iter_mut().zip(row(x)) {
                        let share = share.value() * scale;
                        if share > 0.0 {
                            *weight += mass * share;
                            complexity += mass * share * share.ln();
                        }
                    }
                    // The atom of its own has weight p(x) s, and p(z|x) / p(z) is 1 / p(x).
                    complexity -= mass * self.private[x] * mass.ln();
                }
                (weights, complexity)
            })
            .unzip();
        let weights: Vec<f64> = (0..atoms).map(|z| sum(weights.iter().map(|block| block[z]))).collect();
        let held = weights.iter().filter(|&&weight| weight > 0.0);
        let complexity = sum(complexities.into_iter().chain(held.clone().map(|&w| -w * w.ln())));
        let logs: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
        let blocks = joint.ys().div_ceil(BLOCK);
        let told: Vec<f64> = (0..blocks)
            .into_par_iter()
            .map(|block| {
                let (mut together, mut told) = (vec![0.0; atoms], 0.0);
                for y in block * BLOCK..((block + 1) * BLOCK).min(joint.ys()) {
                    together.fill(0.0);
                    let log_y = joint.py()[y].ln();
                    let (xs, masses) = joint.column(y);
                    for (&x, &mass) in xs.iter().zip(masses) {
                        let x = x as usize;
                        let factor = mass * scales[x];
                        together
                            .iter_mut()
                            .zip(row(x))
                            .for_each(|(sum, share)| *sum += factor * share.value());
                        let private = self.private[x];
                        if private > 0.0 {
                            told += mass * private * (mass.ln() - joint.px()[x].ln() - log_y);
                        }
                    }
                    for (&mass, log_z) in together.iter().zip(&logs) {
                        if mass > 0.0 {
                            told += mass * (mass.ln() - log_y - log_z);
                        }
                    }
                }
                told
            })
            .collect();
        let expressivity = sum(told);
        debug_assert!(
            expressivity <= complexity.min(joint.information()) + 1e-9,
            "I(Y;Z) = {expressivity} above I(X;Z) = {complexity} or I(X;Y) = {}",
            joint.information()
        );
        // What rounding leaves of an encoder that tells nothing may be negative.
        Kept {
            complexity: complexity.clamp(0.0, joint.entropy_x()),
            expressivity: expressivity.clamp(0.0, joint.information()),
            atoms: held.count(),
            private: sum(joint.px().iter().zip(self.private).map(|(mass, share)| mass * share)),
        }
    }
}
