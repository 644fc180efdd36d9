//! Means over random x and draws of y, to a precision, and the posterior of x by them.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::joint::Joint;
use crate::error::{Error, Result};
use crate::random::SplitMix64;
use crate::sums::sum;

/// Strata of p(x) in a block, two samples each.
const STRATA: usize = 256;
/// Blocks that are sampled before it is asked whether more are needed.
const BLOCKS: usize = 16;
/// What the bound may be off by sampling before more is not worth it, in nats of expressivity, as a standard error.
const PRECISION: f64 = 2e-4;

/// What drawing takes beside walking and searching, in steps of these.
const OF_A_SAMPLE: u64 = 128;

/// A mean and its standard error.
pub(super) type Mean = (f64, f64);

/// What one sample says: values whose means are wanted, and a control, which goes up and down with them and has mean 0.
pub(super) type Sample<const N: usize> = ([f64; N], f64);

/// Means of the values that `sample` gives for rows x with probability p(x), as many samples as [`PRECISION`] takes
/// or `work` steps allow. Value i may be off by `draws[i]` times the precision. Seeds are fixed, and so are the blocks of
/// samples, whatever the number of threads.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) soon after `stop` is set.
pub(super) fn means<const N: usize>(
    joint: &Joint,
    stop: &AtomicBool,
    (seed, work): (u64, u64),
    draws: [usize; N],
    sample: impl Fn(&mut Posterior, &mut SplitMix64, usize) -> Sample<N> + Sync,
) -> Result<[Mean; N]> {
    let cumulated: Vec<f64> = joint
        .px()
        .iter()
        .scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        })
        .collect();
    let block = |block: usize| {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::cancelled());
        }
        let mut random = SplitMix64::new(seed ^ ((block as u64) << 32));
        let mut posterior = Posterior { joint, rows: Vec::new(), masses: Vec::new(), work: 0 };
        let mut block = Block::default();
        for stratum in 0..STRATA {
            let two = [(); 2].map(|()| {
                let at = (stratum as f64 + random.unit()) / STRATA as f64 * cumulated[cumulated.len() - 1];
                let x = cumulated.partition_point(|&sum| sum <= at).min(cumulated.len() - 1);
                sample(&mut posterior, &mut random, x)
            });
            block.add(two);
        }
        block.work = posterior.work;
        Ok(block)
    };
    let mut blocks: Vec<Block<N>> = Vec::new();
    loop {
        let more = blocks.len()..blocks.len() + BLOCKS;
        blocks.extend(more.into_par_iter().map(block).collect::<Result<Vec<_>>>()?);
        let means: [Mean; N] = std::array::from_fn(|value| mean(&blocks, value));
        let precise = means.iter().zip(draws).all(|((_, error), draws)| error / draws as f64 <= PRECISION);
        if precise || blocks.iter().map(|block| block.work).sum::<u64>() >= work {
            return Ok(means);
        }
    }
}

/// Sums over the strata of a block of the means of both samples, and of products of their differences: these tell the
/// variance within strata, without bias.
struct Block<const N: usize> {
    mean: [f64; N],
    control: f64,
    variance: [f64; N],
    covariance: [f64; N],
    control_variance: f64,
    work: u64,
}

impl<const N: usize> Default for Block<N> {
    fn default() -> Self {
        let none = [0.0; N];
        Self { mean: none, control: 0.0, variance: none, covariance: none, control_variance: 0.0, work: 0 }
    }
}

impl<const N: usize> Block<N> {
    fn add(&mut self, [one, two]: [Sample<N>; 2]) {
        self.control += (one.1 + two.1) / 2.0;
        let control = (one.1 - two.1) / 2.0;
        self.control_variance += control * control;
        for value in 0..N {
            self.mean[value] += (one.0[value] + two.0[value]) / 2.0;
            let difference = (one.0[value] - two.0[value]) / 2.0;
            self.variance[value] += difference * difference;
            self.covariance[value] += difference * control;
        }
    }
}

/// The mean of one value over all blocks, less what the control was off by chance.
fn mean<const N: usize>(blocks: &[Block<N>], value: usize) -> Mean {
    let strata = (blocks.len() * STRATA) as f64;
    let of = |part: fn(&Block<N>, usize) -> f64| sum(blocks.iter().map(|block| part(block, value)));
    let control_variance = of(|block, _| block.control_variance);
    let covariance = of(|block, value| block.covariance[value]);
    let slope = if control_variance > 0.0 { covariance / control_variance } else { 0.0 };
    let variance = (of(|block, value| block.variance[value]) - slope * covariance).max(0.0);
    let mean = of(|block, value| block.mean[value]) - slope * of(|block, _| block.control);
    (mean / strata, variance.sqrt() / strata)
}

/// H(X | Y = y) of each column in nats, less their mean: the more is left of x by one draw, the more is by several.
pub(super) fn equivocations(joint: &Joint) -> Vec<f64> {
    let mut entropies: Vec<f64> = (0..joint.ys())
        .into_par_iter()
        .map(|y| joint.column(y).1.iter().map(|mass| mass / joint.py()[y]).map(|p| -p * p.ln()).sum())
        .collect();
    let mean = sum(entropies.iter().zip(joint.py()).map(|(entropy, p)| entropy * p));
    entropies.iter_mut().for_each(|entropy| *entropy -= mean);
    entropies
}

/// The rows x that are still possible after some draws of y.
pub(super) struct Posterior<'a> {
    joint: &'a Joint,
    rows: Vec<u32>,
    /// The posterior probabilities of `rows`, once they are [normalised](Self::normalise).
    masses: Vec<f64>,
    /// About how many entries of the joint were looked at.
    work: u64,
}

impl Posterior<'_> {
    /// Places in row `x` of independent draws of y given x, found in one walk along the row.
    pub fn draw<const N: usize>(&mut self, random: &mut SplitMix64, x: usize) -> [usize; N] {
        let weights = self.joint.row(x).1;
        let mut order: [(f64, usize); N] = std::array::from_fn(|draw| (random.unit(), draw));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut drawn, mut entry, mut passed) = ([0; N], 0, weights[0]);
        for (at, draw) in order {
            while passed <= at && entry + 1 < weights.len() {
                entry += 1;
                passed += weights[entry];
            }
            drawn[draw] = entry;
        }
        self.work += OF_A_SAMPLE + weights.len() as u64 / 4;
        drawn
    }

    /// Starts from two draws: the rows that both columns have, with the `mass` of the entries at two places of the columns.
    pub fn start(&mut self, y: u32, other: u32, mass: impl Fn(u32, usize, usize) -> f64) {
        self.rows.clear();
        self.masses.clear();
        let (one, two) = (self.joint.column(y as usize).0, self.joint.column(other as usize).0);
        let mut found = |x: u32, i: usize, j: usize| {
            self.rows.push(x);
            self.masses.push(mass(x, i, j));
        };
        if one.len() <= two.len() {
            shared(one, two, |i, j| found(one[i], i, j));
        } else {
            shared(two, one, |j, i| found(two[j], i, j));
        }
        self.work += steps(one.len().min(two.len()), one.len().max(two.len()));
    }

    /// Adds a draw that is independent of the others given x: keeps the rows that column `y` has, with their masses times
    /// p(y|x).
    pub fn narrow(&mut self, y: u32) {
        let (xs, masses) = self.joint.column(y as usize);
        let px = self.joint.px();
        self.work += steps(self.rows.len(), xs.len());
        let mut kept = 0;
        let candidates = std::mem::take(&mut self.rows);
        let (rows, posterior) = (&mut self.rows, &mut self.masses);
        shared(&candidates, xs, |i, j| {
            rows.push(candidates[i]);
            posterior[kept] = posterior[i] * (masses[j] / px[candidates[i] as usize]);
            kept += 1;
        });
        posterior.truncate(kept);
    }

    /// Brings the masses to sum 1; their entropy in nats.
    pub fn normalise(&mut self) -> f64 {
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

    /// Whether one row alone is possible, and will be whatever else is drawn.
    pub fn is_certain(&self) -> bool {
        self.rows.len() == 1
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
