//! Total correlations of draws of which the first two depend on each other given X.
//!
//! With a coupling C_x(y_1, y_2) of p(y|x) with itself for each x, and k − 2 more draws that are independent given X,
//!
//! TC = k H(Y) − H(Y_1 Y_2 | X) − (k − 2) H(Y|X) − H(X) + H(X | Y_1…Y_k).
//!
//! Any coupling gives a bound. The one looked for makes the pair nearly independent, as that of a product: it
//! lowers I(Y_1;Y_2), which is convex in it, by mirror descent in the geometry of relative entropy. So C_x = u(y_1) u(y_2) g(y_1, y_2), g for all x together, u by Sinkhorn's iteration for each. Columns that
//! are rare share a g; within such a class two draws avoid to repeat each other.
//!
//! Sinkhorn's iteration ends before the marginals are exact, and a bound needs them exact: each coupling is scaled down
//! until no marginal is too large, and what is missing is added as a product (Altschuler, Weed and Rigollet 2017).

mod classes;
mod classwise;
mod within;

use std::sync::atomic::AtomicBool;

use self::classes::Classes;
use self::classwise::Classwise;
use self::within::Within;
use super::super::joint::Joint;
use super::Draw;
use super::sampling::{Posterior, Sample, equivocations, means};
use crate::error::Result;
use crate::random::SplitMix64;
use crate::sums::sum;

/// The most draws, the pair among them.
const MOST: usize = 6;
const LINES: usize = MOST - 1;
/// Entries of columns that are looked at before sampling ends whatever its precision.
const WORK: u64 = 100_000_000;
const SEED: u64 = 0xc0_0b1e;

/// The lines of a coupled pair and up to four more draws.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) soon after `stop` is set.
pub(super) fn draws(joint: &Joint, stop: &AtomicBool) -> Result<Vec<Draw>> {
    Coupling::new(joint, Classes::new(joint), stop)?.draws(stop)
}

/// Couplings of p(y|x) with itself for every x.
struct Coupling<'a> {
    joint: &'a Joint,
    classes: Classes,
    classwise: Classwise,
    within: Within,
    /// Where each entry of the columns stands among those of the rows.
    entries: Vec<usize>,
    equivocations: Vec<f64>,
}

impl<'a> Coupling<'a> {
    fn new(joint: &'a Joint, classes: Classes, stop: &AtomicBool) -> Result<Self> {
        Ok(Self {
            joint,
            classwise: Classwise::new(joint, &classes, stop)?,
            within: Within::new(joint, &classes),
            entries: entries_of_columns(joint),
            equivocations: equivocations(joint),
            classes,
        })
    }

    fn draws(&self, stop: &AtomicBool) -> Result<Vec<Draw>> {
        let joint = self.joint;
        // All but what is sampled: H(X | …), and H(Y_1 Y_2 | X) as far as both are of one class.
        let pair = 2.0 * joint.entropy_y() - self.entropy() - joint.entropy_x();
        let draws = std::array::from_fn(|line| line + 2);
        let sampled = means(joint, stop, (SEED, WORK), draws, |posterior, random, x| {
            self.sample(posterior, random, x)
        })?;
        let line = |(draws, (mean, error)): (usize, (f64, f64))| {
            let correlation = pair + (draws - 2) as f64 * joint.information() + mean;
            Draw { draws, correlation: correlation.max(0.0), error, coupled: true }
        };
        Ok(draws.into_iter().zip(sampled).map(line).collect())
    }

    /// C_x(y_1, y_2) of two entries of row `x`.
    fn mass(&self, x: usize, one: usize, two: usize) -> f64 {
        let [a, b] = [one, two].map(|entry| self.classes.slot(x, entry));
        let inner = if a == b {
            self.within.mass(one, two)
        } else {
            self.classes.share(one) * self.classes.share(two)
        };
        self.classwise.mass(&self.classes, a, b) * inner
    }

    /// H(Y_1 Y_2 | X) in nats, without what is uncertain of a pair whose classes are the same and known.
    fn entropy(&self) -> f64 {
        let joint = self.joint;
        sum((0..joint.xs()).map(|x| {
            let slots = self.classes.slots(x);
            let mut inner = vec![0.0; slots.len()];
            let starts = joint.row_starts();
            for entry in starts[x]..starts[x + 1] {
                let share = self.classes.share(entry);
                inner[self.classes.slot(x, entry) - slots.start] -= share * share.ln();
            }
            let apart = slots.zip(inner).map(|(slot, inner)| {
                // Each of the two draws, where the other is of another class.
                let together = self.classwise.mass(&self.classes, slot, slot);
                2.0 * (self.classes.weight(slot) - together).max(0.0) * inner
            });
            joint.px()[x] * (self.classwise.entropy(&self.classes, x) + apart.sum::<f64>())
        }))
    }

    /// The posterior entropies of x after 2 to 6 draws, less what is uncertain of a pair of one class.
    fn sample(&self, posterior: &mut Posterior, random: &mut SplitMix64, x: usize) -> Sample<LINES> {
        let joint = self.joint;
        let start = joint.row_starts()[x];
        let drawn = posterior.draw::<{ MOST - 1 }>(random, x).map(|place| start + place);
        let one = drawn[0];
        let two = self.second(random, x, one);
        let ys = joint.row_ys();
        let columns = [ys[one], ys[two]].map(|y| joint.column_starts()[y as usize]);
        let px = joint.px();
        posterior.start(ys[one], ys[two], |x, i, j| {
            let [one, two] = [self.entries[columns[0] + i], self.entries[columns[1] + j]];
            px[x as usize] * self.mass(x as usize, one, two)
        });
        let mut values = [-self.entropy_within(x, one); LINES];
        for (line, value) in values.iter_mut().enumerate() {
            if line > 0 {
                posterior.narrow(ys[drawn[line]]);
            }
            *value += posterior.normalise();
            if posterior.is_certain() {
                break;
            }
        }
        (values, self.equivocations[ys[one] as usize] + self.equivocations[ys[two] as usize])
    }

    /// What −ln p(y_1, y_2 | both of one class, x) is on average given the first, where a second of another class counts
    /// as 0.
    fn entropy_within(&self, x: usize, one: usize) -> f64 {
        let slot = self.classes.slot(x, one);
        let chance = self.classwise.mass(&self.classes, slot, slot) / self.classes.weight(slot);
        let row = self.joint.row_starts()[x]..self.joint.row_starts()[x + 1];
        let same = row.filter(|&entry| self.classes.slot(x, entry) == slot);
        let entropy: f64 = same
            .map(|two| self.within.mass(one, two))
            .filter(|&mass| mass > 0.0)
            .map(|mass| -mass * mass.ln())
            .sum();
        chance * entropy / self.classes.share(one)
    }

    /// The second of a pair, given the first.
    fn second(&self, random: &mut SplitMix64, x: usize, one: usize) -> usize {
        let first = self.classes.slot(x, one);
        let slots = self.classes.slots(x);
        let class = slots.start
            + walk(
                random,
                self.classes.weight(first),
                slots.map(|slot| self.classwise.mass(&self.classes, first, slot)),
            );
        let range = self.joint.row_starts()[x]..self.joint.row_starts()[x + 1];
        let masses = range.clone().map(|entry| {
            if self.classes.slot(x, entry) != class {
                0.0
            } else if class == first {
                self.within.mass(one, entry)
            } else {
                self.classes.share(entry)
            }
        });
        let total = if class == first { self.classes.share(one) } else { 1.0 };
        range.start + walk(random, total, masses)
    }
}

/// The place that a random part of masses of this total falls to.
fn walk(random: &mut SplitMix64, total: f64, masses: impl Iterator<Item = f64>) -> usize {
    let mut left = random.unit() * total;
    let mut last = 0;
    for (place, mass) in masses.enumerate() {
        if mass > 0.0 {
            last = place;
            left -= mass;
            if left < 0.0 {
                break;
            }
        }
    }
    last
}

fn entries_of_columns(joint: &Joint) -> Vec<usize> {
    let mut entries = vec![0; joint.entries()];
    let mut next = joint.column_starts().to_vec();
    for (entry, &y) in joint.row_ys().iter().enumerate() {
        // Rows come in the order in which columns have them.
        let place = &mut next[y as usize];
        entries[*place] = entry;
        *place += 1;
    }
    entries
}

#[cfg(test)]
mod tests;
