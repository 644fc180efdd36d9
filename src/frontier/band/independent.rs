//! Total correlations of draws of Y that are independent given X.
//!
//! Then TC = k I(X;Y) − I(X; Y_1…Y_k) = k I(X;Y) − H(X) + H(X | Y_1…Y_k), and only the last term is not known. It is
//! the mean over samples of the entropy of the exact posterior p(x | y_1…y_k), whose support is what the columns
//! of the draws share. That entropy varies far less than the density of the draws would, and falls with k.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::joint::Joint;
use super::Draw;
use super::sampling::{Mean, equivocations, means};
use crate::error::{Error, Result};
use crate::sums::sum;

/// The most draws.
const MOST: usize = 16;
/// Numbers of draws for which there is a line: 2 to [`MOST`].
const LINES: usize = MOST - 1;
/// Entries of columns that are looked at before sampling ends whatever its precision.
const WORK: u64 = 100_000_000;
/// Products of two entries of a row up to which pairs are added up exactly.
const EXACT: u64 = 50_000_000;
const SEED: u64 = 0x0b0a_2d00;

/// The lines of 2 to 16 independent draws.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) soon after `stop` is set.
pub(super) fn draws(joint: &Joint, stop: &AtomicBool) -> Result<Vec<Draw>> {
    let mut equivocations = sampled(joint, stop)?;
    let products: u64 = joint.row_starts().windows(2).map(|row| ((row[1] - row[0]) as u64).pow(2)).sum();
    if products <= EXACT {
        equivocations[0] = (exact_pairs(joint, stop)?, 0.0);
    }
    let line = |(index, &(equivocation, error)): (usize, &Mean)| {
        let draws = index + 2;
        let correlation = draws as f64 * joint.information() - joint.entropy_x() + equivocation;
        Draw { draws, correlation: correlation.max(0.0), error, coupled: false }
    };
    Ok(equivocations.iter().enumerate().map(line).collect())
}

/// H(X | Y_1…Y_k) for k = 2 to 16 in nats.
fn sampled(joint: &Joint, stop: &AtomicBool) -> Result<[Mean; LINES]> {
    let px = joint.px();
    let equivocations = equivocations(joint);
    means(joint, stop, (SEED, WORK), std::array::from_fn(|line| line + 2), |posterior, random, x| {
        let ys = posterior.draw::<MOST>(random, x).map(|place| joint.row(x).0[place]);
        let masses = [ys[0], ys[1]].map(|y| joint.column(y as usize).1);
        let mut entropies = [0.0; LINES];
        posterior.start(ys[0], ys[1], |x, i, j| masses[0][i] * (masses[1][j] / px[x as usize]));
        for line in 0..LINES {
            if line > 0 {
                posterior.narrow(ys[line + 1]);
            }
            entropies[line] = posterior.normalise();
            if posterior.is_certain() {
                break;
            }
        }
        (entropies, equivocations[ys[0] as usize] + equivocations[ys[1] as usize])
    })
}

/// H(X | Y_1, Y_2) without sampling, by p(y_1, y_2) = Σ_x p(x, y_1) p(y_2|x).
fn exact_pairs(joint: &Joint, stop: &AtomicBool) -> Result<f64> {
    const COLUMNS: usize = 64;
    let blocks: Vec<f64> = (0..joint.ys().div_ceil(COLUMNS))
        .into_par_iter()
        .map(|block| {
            let mut density = vec![0.0; joint.ys()];
            let columns = block * COLUMNS..((block + 1) * COLUMNS).min(joint.ys());
            let terms = columns.map(|y| {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::cancelled());
                }
                Ok(correlation_with(joint, y, &mut density))
            });
            terms.collect::<Result<Vec<f64>>>().map(sum)
        })
        .collect::<Result<_>>()?;
    // I(Y_1;Y_2) to the equivocation, as the samples give it.
    Ok(sum(blocks) - 2.0 * joint.information() + joint.entropy_x())
}

/// The part of I(Y_1;Y_2) with Y_1 = `y` or Y_2 = `y`, the other not before it. `density` is as long as there are
/// columns, and 0 before and after.
fn correlation_with(joint: &Joint, y: usize, density: &mut [f64]) -> f64 {
    let (xs, masses) = joint.column(y);
    let from = |x: u32| {
        let (ys, weights) = joint.row(x as usize);
        let start = ys.partition_point(|&other| (other as usize) < y);
        (&ys[start..], &weights[start..])
    };
    for (&x, mass) in xs.iter().zip(masses) {
        let (ys, weights) = from(x);
        ys.iter().zip(weights).for_each(|(&other, weight)| density[other as usize] += mass * weight);
    }
    let mut terms = 0.0;
    for &x in xs {
        for &other in from(x).0 {
            let p = std::mem::take(&mut density[other as usize]);
            if p > 0.0 {
                let term = p * (p / joint.py()[y] / joint.py()[other as usize]).ln();
                terms += if other as usize == y { term } else { 2.0 * term };
            }
        }
    }
    terms
}
