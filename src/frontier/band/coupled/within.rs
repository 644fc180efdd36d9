//! How two draws of the same class of a row go together: they avoid to be the same.

use super::super::super::joint::Joint;
use super::classes::Classes;

/// How much less likely a repetition is than the weights of its two draws say.
const REPEAT: f64 = 0.02;
const ROUNDS: usize = 30;

/// For each slot a coupling of p(y | class, x) with itself: weight · weight · [[`REPEAT`] if the same] + rest · rest.
pub(super) struct Within {
    /// `[entries]`.
    weight: Vec<f64>,
    rest: Vec<f64>,
}

impl Within {
    pub fn new(joint: &Joint, classes: &Classes) -> Self {
        let entries = joint.entries();
        let mut within = Self {
            weight: (0..entries).map(|entry| classes.share(entry)).collect(),
            rest: vec![0.0; entries],
        };
        let mut sums = Vec::new();
        for x in 0..joint.xs() {
            within.couple(classes, x, joint.row_starts()[x]..joint.row_starts()[x + 1], &mut sums);
        }
        within
    }

    /// The mass of a pair of entries of one slot, given that both are of it.
    pub fn mass(&self, one: usize, two: usize) -> f64 {
        let repeat = if one == two { REPEAT } else { 1.0 };
        self.weight[one] * self.weight[two] * repeat + self.rest[one] * self.rest[two]
    }

    fn couple(&mut self, classes: &Classes, x: usize, row: std::ops::Range<usize>, sums: &mut Vec<f64>) {
        let slots = classes.slots(x);
        let local = |entry: usize| classes.slot(x, entry) - slots.start;
        for _ in 0..ROUNDS {
            self.sum(row.clone(), slots.len(), local, sums);
            for entry in row.clone() {
                let others = sums[local(entry)] - (1.0 - REPEAT) * self.weight[entry];
                self.weight[entry] = (self.weight[entry] * classes.share(entry) / others).sqrt();
            }
        }
        // Exact marginals: none too large, then the rest as a product.
        self.sum(row.clone(), slots.len(), local, sums);
        let scales: Vec<f64> = row
            .clone()
            .map(|entry| (classes.share(entry) / self.marginal(entry, sums[local(entry)])).min(1.0))
            .collect();
        row.clone().zip(scales).for_each(|(entry, scale)| self.weight[entry] *= scale);
        self.sum(row.clone(), slots.len(), local, sums);
        let mut missing = vec![0.0; slots.len()];
        for entry in row.clone() {
            self.rest[entry] = (classes.share(entry) - self.marginal(entry, sums[local(entry)])).max(0.0);
            missing[local(entry)] += self.rest[entry];
        }
        for entry in row {
            let missing = missing[local(entry)];
            if missing > 0.0 {
                self.rest[entry] /= missing.sqrt();
            }
        }
    }

    /// Sums of weights over each slot of a row.
    fn sum(
        &self,
        row: std::ops::Range<usize>,
        slots: usize,
        local: impl Fn(usize) -> usize,
        sums: &mut Vec<f64>,
    ) {
        sums.clear();
        sums.resize(slots, 0.0);
        row.for_each(|entry| sums[local(entry)] += self.weight[entry]);
    }

    fn marginal(&self, entry: usize, sum: f64) -> f64 {
        self.weight[entry] * (sum - (1.0 - REPEAT) * self.weight[entry])
    }
}
