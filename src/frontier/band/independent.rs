//! Total correlations of draws of Y that are independent given X.
//!
//! Then TC = k I(X;Y) − I(X; Y_1…Y_k) = k I(X;Y) − H(X) + H(X | Y_1…Y_k), and only the last term is not known. It is
//! the mean over samples of the entropy of the exact posterior p(x | y_1…y_k), whose support is what the columns
//! of the draws share. That entropy varies far less than the density of the draws would, and falls with k.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::joint::Joint;
use super::super::random::SplitMix64;
use super::super::sum::sum;
use super::Draw;
use crate::error::{Error, Result};

/// The most draws.
const MOST: usize = 16;
/// Numbers of draws for which there is a line: 2 to [`MOST`].
const LINES: usize = MOST - 1;
/// Strata of p(x) in a block, two samples each.
const STRATA: usize = 256;
/// Blocks that are sampled before it is asked whether more are needed.
const BLOCKS: usize = 16;
/// What the bound may be off by sampling before more is not worth it, in nats of expressivity, as a standard error.
const PRECISION: f64 = 2e-4;
/// Entries of columns that are looked at before sampling ends whatever its precision.
const WORK: u64 = 100_000_000;
/// Products of two entries of a row up to which pairs are added up exactly.
const EXACT: u64 = 50_000_000;
const SEED: u64 = 0x0b0a_2d00;

/// The lines of 2 to 16 independent draws.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) soon after `stop` is set.
pub fn draws(joint: &Joint, stop: &AtomicBool) -> Result<Vec<Draw>> {
    let mut means = sampled(joint, stop)?;
    let products: u64 = joint.row_starts().windows(2).map(|row| ((row[1] - row[0]) as u64).pow(2)).sum();
    if products <= EXACT {
        means[0] = (exact_pairs(joint, stop)?, 0.0);
    }
    let line = |(index, &(equivocation, error)): (usize, &(f64, f64))| {
        let draws = index + 2;
        let correlation = draws as f64 * joint.information() - joint.entropy_x() + equivocation;
        Draw { draws, correlation: correlation.max(0.0), error, coupled: false }
    };
    Ok(means.iter().enumerate().map(line).collect())
}

/// H(X | Y_1…Y_k) for k = 2 to 16 in nats, with standard errors.
fn sampled(joint: &Joint, stop: &AtomicBool) -> Result<[(f64, f64); LINES]> {
    let cumulated: Vec<f64> = joint
        .px()
        .iter()
        .scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        })
        .collect();
    let mut blocks: Vec<Block> = Vec::new();
    loop {
        let more: Vec<Block> = (blocks.len()..blocks.len() + BLOCKS)
            .into_par_iter()
            .map(|block| {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::cancelled());
                }
                Ok(Sampler::new(joint, &cumulated, block as u64).block())
            })
            .collect::<Result<_>>()?;
        blocks.extend(more);
        let number = blocks.len() as f64;
        let means = std::array::from_fn(|line| {
            let mean = sum(blocks.iter().map(|block| block.mean[line])) / number;
            (mean, sum(blocks.iter().map(|block| block.variance[line])).sqrt() / number)
        });
        let precise =
            means.iter().enumerate().all(|(line, (_, error))| error / (line as f64 + 2.0) <= PRECISION);
        if precise || blocks.iter().map(|block| block.work).sum::<u64>() >= WORK {
            return Ok(means);
        }
    }
}

/// Means of one block of samples, the variances of these means, and the entries that were looked at.
struct Block {
    mean: [f64; LINES],
    variance: [f64; LINES],
    work: u64,
}

/// Draws samples of x and of y_1, y_2, … given it, and finds the posterior of x by them.
struct Sampler<'a> {
    joint: &'a Joint,
    cumulated: &'a [f64],
    random: SplitMix64,
    /// The rows that are still possible and their posterior masses, which sum to 1.
    rows: Vec<u32>,
    masses: Vec<f64>,
    work: u64,
}

impl<'a> Sampler<'a> {
    fn new(joint: &'a Joint, cumulated: &'a [f64], block: u64) -> Self {
        let random = SplitMix64::new(SEED ^ (block << 32));
        Self { joint, cumulated, random, rows: Vec::new(), masses: Vec::new(), work: 0 }
    }

    /// Two samples in each stratum: their difference tells the variance within, without bias.
    fn block(mut self) -> Block {
        let (mut mean, mut variance) = ([0.0; LINES], [0.0; LINES]);
        let strata = STRATA as f64;
        for stratum in 0..STRATA {
            let [one, two] = [(); 2].map(|()| self.sample(stratum));
            for line in 0..LINES {
                mean[line] += (one[line] + two[line]) / 2.0 / strata;
                variance[line] += ((one[line] - two[line]) / 2.0 / strata).powi(2);
            }
        }
        Block { mean, variance, work: self.work }
    }

    /// The posterior entropies of one x of a stratum, after 2 to 16 draws.
    fn sample(&mut self, stratum: usize) -> [f64; LINES] {
        let at =
            (stratum as f64 + self.random.unit()) / STRATA as f64 * self.cumulated[self.cumulated.len() - 1];
        let x = self.cumulated.partition_point(|&sum| sum <= at).min(self.cumulated.len() - 1);
        let ys = self.ys(x);
        let mut entropies = [0.0; LINES];
        for line in 0..LINES {
            if line == 0 {
                self.intersect_columns(ys[0], ys[1]);
            } else {
                self.narrow(ys[line + 1]);
            }
            entropies[line] = self.normalise();
            // What is certain stays so.
            if self.rows.len() == 1 {
                break;
            }
        }
        entropies
    }

    /// Draws of y given x, found in one walk along the row.
    fn ys(&mut self, x: usize) -> [u32; MOST] {
        let (ys, weights) = self.joint.row(x);
        let mut order: [(f64, usize); MOST] = std::array::from_fn(|draw| (self.random.unit(), draw));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut drawn, mut entry, mut passed) = ([0; MOST], 0, weights[0]);
        for (at, draw) in order {
            while passed <= at && entry + 1 < ys.len() {
                entry += 1;
                passed += weights[entry];
            }
            drawn[draw] = ys[entry];
        }
        self.work += ys.len() as u64 / 4;
        drawn
    }

    /// The rows that both columns have, with p(x) p(y|x) p(y'|x).
    fn intersect_columns(&mut self, y: u32, other: u32) {
        self.rows.clear();
        self.masses.clear();
        let (one, two) = (self.joint.column(y as usize), self.joint.column(other as usize));
        let (short, long) = if one.0.len() <= two.0.len() { (one, two) } else { (two, one) };
        let px = self.joint.px();
        self.work += steps(short.0.len(), long.0.len());
        shared(short.0, long.0, |i, j| {
            let x = short.0[i];
            self.rows.push(x);
            self.masses.push(short.1[i] * (long.1[j] / px[x as usize]));
        });
    }

    /// Keeps the rows that column `y` has, with their masses times p(y|x).
    fn narrow(&mut self, y: u32) {
        let (xs, masses) = self.joint.column(y as usize);
        let px = self.joint.px();
        self.work += steps(self.rows.len(), xs.len());
        let (rows, posterior) = (&mut self.rows, &mut self.masses);
        let candidates = std::mem::take(rows);
        let mut kept = 0;
        let mut keep = |i: usize, j: usize, rows: &mut Vec<u32>| {
            rows.push(candidates[i]);
            posterior[kept] = posterior[i] * (masses[j] / px[candidates[i] as usize]);
            kept += 1;
        };
        shared(&candidates, xs, |i, j| keep(i, j, rows));
        posterior.truncate(kept);
    }

    /// Brings the masses to sum 1; their entropy.
    fn normalise(&mut self) -> f64 {
        let total: f64 = self.masses.iter().sum();
        let mut entropy = 0.0;
        for mass in &mut self.masses {
            *mass /= total;
            if *mass > 0.0 {
                entropy -= *mass * mass.ln();
            }
        }
        // Masses that are all too small for a number tell nothing apart.
        if total > 0.0 { entropy } else { 0.0 }
    }
}

/// About how many entries [`shared`] looks at.
fn steps(short: usize, long: usize) -> u64 {
    let by_search = short * (2 + (long / short.max(1)).max(1).ilog2() as usize * 2);
    by_search.min(short + long) as u64
}

/// Calls `found` with the places of each value that two rising lists share. Quick where the first is the shorter.
fn shared(short: &[u32], long: &[u32], mut found: impl FnMut(usize, usize)) {
    if long.len() / 16 < short.len() {
        let (mut i, mut j) = (0, 0);
        while i < short.len() && j < long.len() {
            let (a, b) = (short[i], long[j]);
            if a == b {
                found(i, j);
            }
            i += usize::from(a <= b);
            j += usize::from(b <= a);
        }
        return;
    }
    let mut from = 0;
    for (i, &value) in short.iter().enumerate() {
        // Steps that double, then a search within the last.
        let mut step = 1;
        while from + step < long.len() && long[from + step] < value {
            step *= 2;
        }
        let end = (from + step + 1).min(long.len());
        from += long[from..end].partition_point(|&other| other < value);
        if from == long.len() {
            return;
        }
        if long[from] == value {
            found(i, from);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_share_what_they_share_by_steps_and_by_search() {
        let long: Vec<u32> = (0..1000).map(|value| value * 3).collect();
        for short in [vec![0, 1, 3, 2997, 2998], vec![], vec![5000], (0..900).collect()] {
            let mut places = Vec::new();
            shared(&short, &long, |i, j| places.push((i, j)));
            let expected = short.iter().enumerate().filter(|(_, value)| *value % 3 == 0 && **value < 3000);
            let expected = expected.map(|(i, value)| (i, *value as usize / 3)).collect::<Vec<_>>();
            assert_eq!(places, expected);
        }
    }
}
