//! Where an encoder p(z|x) lies: I(X;Z) and I(Y;Z) in double precision, whatever its shares were computed in.

use std::ops::Range;

use half::bf16;
use rayon::prelude::*;

use super::Joint;
use crate::simd::{prefetch, vectorised};
use crate::sums::sum;

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
/// Atoms that are summed at a time, in registers.
const TILE: usize = 32;

impl<T: Share> Encoder<'_, T> {
    /// The informations of the encoder, which is valid whatever its shares are: I(Y;Z) ≤ I(X;Z) up to rounding.
    pub fn kept(&self, joint: &Joint) -> Kept {
        let atoms = self.atoms;
        let row = |x: usize| &self.shares[x * atoms..(x + 1) * atoms];
        let blocks = |labels: usize| {
            let of = move |block: usize| block * BLOCK..((block + 1) * BLOCK).min(labels);
            (0..labels.div_ceil(BLOCK)).into_par_iter().map(of)
        };
        // What each share of a row is to be multiplied by.
        let scale = |x: usize| {
            let total: f64 = row(x).iter().map(|share| share.value()).sum();
            if total > 0.0 { (1.0 - self.private[x]) / total } else { 0.0 }
        };
        let scales: Vec<f64> = (0..joint.xs()).into_par_iter().map(scale).collect();
        let (weights, complexities): (Vec<Vec<f64>>, Vec<f64>) = blocks(joint.xs())
            .map(|rows| {
                vectorised(
                    #[inline(always)]
                    || self.of_rows(joint, &scales, rows),
                )
            })
            .unzip();
        let weights: Vec<f64> = (0..atoms).map(|z| sum(weights.iter().map(|block| block[z]))).collect();
        let held = weights.iter().filter(|&&weight| weight > 0.0);
        let complexity = sum(complexities.into_iter().chain(held.clone().map(|&w| -w * w.ln())));
        let logs: Vec<f64> = weights.iter().map(|&weight| ln(weight)).collect();
        let told: Vec<f64> = blocks(joint.ys())
            .map(|columns| {
                vectorised(
                    #[inline(always)]
                    || self.of_columns(joint, &scales, &logs, columns),
                )
            })
            .collect();
        // Whoever has x alone knows all that it tells.
        let alone = (0..joint.xs()).map(|x| joint.px()[x] * self.private[x] * joint.divergences()[x]);
        let expressivity = sum(told.into_iter().chain(alone));
        // What is left of rounding is cut off below: no reason to end a search.
        #[cfg(test)]
        assert!(
            expressivity <= complexity.min(joint.information()) + 1e-9,
            "I(Y;Z) = {expressivity} above I(X;Z) = {complexity} or I(X;Y) = {}",
            joint.information()
        );
        // What rounding leaves of an encoder that tells nothing may be negative, or more than it keeps.
        let complexity = complexity.clamp(0.0, joint.entropy_x());
        Kept {
            complexity,
            expressivity: expressivity.clamp(0.0, complexity.min(joint.information())),
            atoms: held.count(),
            private: sum(joint.px().iter().zip(self.private).map(|(mass, share)| mass * share)),
        }
    }
    /// Σ p(x) p(z|x) of each atom, and Σ p(x) Σ_z p(z|x) ln p(z|x) with what the private atoms add to I(X;Z).
    #[inline(always)]
    fn of_rows(&self, joint: &Joint, scales: &[f64], rows: Range<usize>) -> (Vec<f64>, f64) {
        let (mut weights, mut complexity) = (vec![0.0; self.atoms], 0.0);
        for x in rows {
            let (mass, scale) = (joint.px()[x], scales[x]);
            let mut kept = 0.0;
            for (weight, share) in weights.iter_mut().zip(&self.shares[x * self.atoms..][..self.atoms]) {
                let share = share.value() * scale;
                *weight += mass * share;
                kept += share * ln(share);
            }
            // The atom of its own has weight p(x) s, and p(z|x) / p(z) is 1 / p(x).
            complexity += mass * (kept - self.private[x] * mass.ln());
        }
        (weights, complexity)
    }

    /// What columns add to I(Y;Z).
    #[inline(always)]
    fn of_columns(&self, joint: &Joint, scales: &[f64], logs: &[f64], columns: Range<usize>) -> f64 {
        let (mut together, mut told) = (vec![0.0; self.atoms], 0.0);
        for y in columns {
            let log_y = joint.py()[y].ln();
            let mut first = 0;
            while first + TILE <= self.atoms {
                self.tile(joint, y, scales, first, &mut together);
                first += TILE;
            }
            if first < self.atoms {
                self.rest(joint, y, scales, first, &mut together);
            }
            for (&mass, log_z) in together.iter().zip(logs) {
                told += mass * (ln(mass) - log_y - log_z);
            }
        }
        told
    }

    /// p(y, z) of some atoms, in registers.
    #[inline(always)]
    fn tile(&self, joint: &Joint, y: usize, scales: &[f64], first: usize, together: &mut [f64]) {
        /// How many entries ahead memory is asked for, for all tiles at once.
        const AHEAD: usize = 32;
        let (xs, masses) = joint.column(y);
        // Columns are short, so memory is asked for beyond this one.
        let ahead = &joint.column_xs()[joint.column_starts()[y]..];
        let mut sums = [0.0_f64; TILE];
        for (j, (&x, &mass)) in xs.iter().zip(masses).enumerate() {
            if first == 0
                && let Some(&soon) = ahead.get(j + AHEAD)
            {
                prefetch(&self.shares[soon as usize * self.atoms..][..self.atoms]);
            }
            let factor = mass * scales[x as usize];
            let start = x as usize * self.atoms + first;
            for (sum, share) in sums.iter_mut().zip(&self.shares[start..start + TILE]) {
                *sum += factor * share.value();
            }
        }
        together[first..first + TILE].copy_from_slice(&sums);
    }

    /// p(y, z) of the atoms that make up no tile.
    #[inline(always)]
    fn rest(&self, joint: &Joint, y: usize, scales: &[f64], first: usize, together: &mut [f64]) {
        let together = &mut together[first..];
        together.fill(0.0);
        let (xs, masses) = joint.column(y);
        for (&x, &mass) in xs.iter().zip(masses) {
            let x = x as usize;
            let factor = mass * scales[x];
            let row = &self.shares[x * self.atoms + first..(x + 1) * self.atoms];
            together.iter_mut().zip(row).for_each(|(sum, share)| *sum += factor * share.value());
        }
    }
}

/// ln x of a positive number to 1e-15 of its size, without a branch; 0 counts as the smallest normal number.
#[inline(always)]
fn ln(x: f64) -> f64 {
    let x = if x < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { x };
    // x = 2ⁿ · m with m from √½ to √2, and ln m = 2 artanh((m − 1) / (m + 1)).
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits().wrapping_sub(ROOT_HALF);
    // Adding to the bits of 2⁵² makes a small whole number a float, as no vector instruction of most processors does.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let n = f64::from_bits(((bits >> 52) + 2048) & 0xfff | WHOLE.to_bits()) - (WHOLE + 2048.0);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF);
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = (1..=10).rev().fold(0.0, |sum: f64, k| sum.mul_add(square, 1.0 / f64::from(2 * k + 1)));
    n.mul_add(std::f64::consts::LN_2, 2.0 * s + 2.0 * s * square * series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_library() {
        for i in 1..3000 {
            for scale in [1e-290, 1e-20, 1e-3, 1.0, 1e12] {
                let x = scale * (f64::from(i) * 0.013).powi(3);
                assert!((ln(x) - x.ln()).abs() <= 1e-15 * x.ln().abs().max(1.0), "{x}: {} {}", ln(x), x.ln());
            }
        }
        assert_eq!((ln(1.0), ln(0.0)), (0.0, f64::MIN_POSITIVE.ln()));
    }

    #[test]
    fn what_encoders_keep_and_tell() {
        let joint = Joint::from_weights(&[vec![0.4, 0.1], vec![0.1, 0.4]]).unwrap();
        let kept =
            |atoms: usize, shares: &[f64], private: &[f64]| Encoder { atoms, shares, private }.kept(&joint);
        let close = |found: Kept, complexity: f64, expressivity: f64| {
            let errors = [found.complexity - complexity, found.expressivity - expressivity];
            assert!(errors.iter().all(|error| error.abs() < 1e-14), "{found:?}");
        };
        // All of X in one atom, in two, and each x in its own; factors of rows do not count.
        close(kept(1, &[1.0, 0.3], &[0.0; 2]), 0.0, 0.0);
        close(kept(2, &[1.0, 0.0, 0.0, 7.0], &[0.0; 2]), joint.entropy_x(), joint.information());
        close(kept(1, &[1.0, 1.0], &[1.0; 2]), joint.entropy_x(), joint.information());
        // Half of each x by itself, half together: half of all.
        close(kept(1, &[1.0, 1.0], &[0.5; 2]), 0.5 * joint.entropy_x(), 0.5 * joint.information());
    }
}
