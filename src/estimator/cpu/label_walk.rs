//! From the sums of labels to what they leave of the entropy: a walk over a tree of labels, depth first, that
//! holds one sum a level.

use super::label_sums::{LabelSums, add_f32};
use super::soft_bins::row_length;
use crate::estimator::label_tree::LabelTree;
use crate::measures::Conditional;
use crate::simd::{ln, pairs, sum_of, vectorised};

/// A walk over the labels of a tree, in as many steps as their sums come.
#[derive(Debug)]
pub struct LabelWalk {
    width: usize,
    /// Labels seen fewer times are dropped.
    min_count: u32,
    /// The level of the label under way.
    depth: usize,
    /// The label under way of each level from 0 on: its number, its positions so far and the sum of their bins,
    /// `[.., width]`.
    labels: Vec<usize>,
    positions: Vec<u64>,
    sums: Vec<f64>,
    /// What the labels of each level come to, those under way not yet with them.
    levels: Vec<Level>,
    /// The mean bin of a label.
    mean: Vec<f32>,
    /// The entropy of each label by its number, in nats, NaN where it has none; of no label where they are not asked
    /// for.
    entropies: Vec<f32>,
}

/// What the labels of a level come to.
#[derive(Clone, Debug, Default)]
struct Level {
    kept: u64,
    labels: u64,
    singletons: u64,
    by_position: f64,
    by_label: f64,
    /// The sum of all bins kept, where some are dropped.
    kept_sum: Vec<f64>,
    /// What was added to labels of this level: their positions' labels of higher levels are seen once.
    ended: u64,
    ended_entropy: f64,
}

impl Level {
    /// Counts a label seen at `positions` positions. Returns its entropy where that is often enough to keep it.
    #[inline(always)]
    fn count(&mut self, positions: u64, min_count: u32, entropy: impl FnOnce() -> f32) -> Option<f32> {
        self.singletons += u64::from(positions == 1);
        if positions < u64::from(min_count) {
            return None;
        }
        let own = entropy();
        let entropy = f64::from(own);
        self.kept += positions;
        self.labels += 1;
        self.by_position += positions as f64 * entropy;
        self.by_label += entropy;
        Some(own)
    }
}

impl LabelWalk {
    /// A walk over a tree that has yet to begin; `listing` tells whether the entropies of single labels are asked for.
    pub fn new(tree: &LabelTree, points: usize, min_count: u32, listing: bool) -> Self {
        let levels = tree.levels.len();
        let width = row_length(points);
        let kept_sum = vec![0.0; if min_count > 1 { width } else { 0 }];
        Self {
            width,
            min_count,
            depth: 0,
            labels: vec![0; levels + 1],
            positions: vec![0; levels + 1],
            sums: vec![0.0; (levels + 1) * width],
            levels: vec![Level { kept_sum, ..Level::default() }; levels + 1],
            mean: vec![0.0; width],
            entropies: vec![f32::NAN; if listing { tree.labels() } else { 0 }],
        }
    }

    /// Goes on over the labels that `sums` has.
    pub fn over(&mut self, tree: &LabelTree, sums: &LabelSums) {
        vectorised(
            #[inline(always)]
            || {
                sums.each(
                    #[inline(always)]
                    |label, added, sums, long| {
                        let level = tree.depths[label] as usize;
                        if level > 0 {
                            self.close_to(level);
                        }
                        self.levels[level].ended += u64::from(added.positions);
                        self.levels[level].ended_entropy += added.entropy;
                        let below = tree.depths.get(label + 1).is_some_and(|&next| next as usize > level);
                        if level == 0 || below || long.is_some() {
                            self.open(level, label, added.positions, sums, long);
                        } else {
                            self.pass(level, label, added.positions, sums);
                        }
                    },
                );
            },
        );
    }

    /// Counts a label with none below it whose sum is in one part: most are.
    #[inline(always)]
    fn pass(&mut self, level: usize, label: usize, positions: u32, sums: &[f32]) {
        if positions == 0 {
            return;
        }
        let own = &mut self.levels[level];
        let scale = (positions as f32).recip();
        let kept = own.count(
            u64::from(positions),
            self.min_count,
            // q ln q → 0 as q → 0, where the logarithm is finite here.
            #[inline(always)]
            || -sum_of(sums, |sum| sum * scale * ln(sum * scale)),
        );
        if let Some(entropy) = kept {
            note(&mut self.entropies, label, entropy);
            add_f32(&mut own.kept_sum, sums);
        }
        self.positions[level - 1] += u64::from(positions);
        add_f32(&mut self.sums[(level - 1) * self.width..level * self.width], sums);
    }

    /// Begins with a label.
    #[inline(always)]
    fn open(&mut self, level: usize, label: usize, positions: u32, sums: &[f32], long: Option<&[f64]>) {
        self.depth = level;
        self.labels[level] = label;
        self.positions[level] = u64::from(positions);
        let own = &mut self.sums[level * self.width..][..self.width];
        match long {
            Some(long) => own.copy_from_slice(long),
            None => own.fill(0.0),
        }
        if positions > 0 {
            add_f32(own, sums);
        }
    }

    /// Closes the labels under way of `level` and above.
    #[inline(always)]
    fn close_to(&mut self, level: usize) {
        while self.depth >= level {
            self.close();
        }
    }

    /// Closes the label under way: counts it, and adds it to the one above.
    #[inline(always)]
    fn close(&mut self) {
        let (label, positions) = (self.labels[self.depth], self.positions[self.depth]);
        let (above, own) = self.sums.split_at_mut(self.depth * self.width);
        let own = &own[..self.width];
        let level = &mut self.levels[self.depth];
        self.depth -= 1;
        if positions == 0 {
            return;
        }
        let (mean, scale) = (&mut self.mean, (positions as f64).recip());
        let kept = level.count(
            positions,
            self.min_count,
            #[inline(always)]
            || {
                for (mean, sum) in pairs(mean, own) {
                    *mean = (sum * scale) as f32;
                }
                -sum_of(mean, |mass| mass * ln(mass))
            },
        );
        if let Some(entropy) = kept {
            note(&mut self.entropies, label, entropy);
            for (kept, sum) in pairs(&mut level.kept_sum, own) {
                *kept += sum;
            }
        }
        let above = &mut above[self.depth * self.width..];
        for (above, sum) in pairs(above, own) {
            *above += sum;
        }
        self.positions[self.depth] += positions;
    }

    /// Ends the walk: H(Z) over all positions, for each level from 1 on what its labels leave of it, and the entropies
    /// of single labels by their numbers.
    pub fn end(mut self) -> (f64, Vec<Conditional>, Vec<f32>) {
        self.close_to(1);
        let entropy = entropy_of(&self.sums[..self.width], self.positions[0] as f64);
        let (mut single, mut single_entropy) = (0, 0.0);
        let drops = self.min_count > 1;
        let conditional = |(above, level): (&Level, &Level)| {
            // A label seen once stands at the position whose longest label is of a level below.
            single += above.ended;
            single_entropy += above.ended_entropy;
            let (counted, counted_entropy) = if drops { (0, 0.0) } else { (single, single_entropy) };
            let kept = (level.kept + counted) as f64;
            Conditional {
                entropy: if drops { entropy_of(&level.kept_sum, kept) } else { entropy },
                expectation: (level.by_position + counted_entropy) / kept,
                mean: (level.by_label + counted_entropy) / (level.labels + counted) as f64,
                kept: (level.kept + counted) as usize,
                labels: (level.labels + counted) as usize,
                singletons: (level.singletons + single) as usize,
            }
        };
        let conditionals = self.levels.iter().zip(&self.levels[1..]).map(conditional).collect();
        (entropy, conditionals, self.entropies)
    }
}

/// Notes the entropy of a label, where that is asked for.
#[inline(always)]
fn note(entropies: &mut [f32], label: usize, entropy: f32) {
    if let Some(own) = entropies.get_mut(label) {
        *own = entropy;
    }
}

/// −Σ q ln q in nats, q the mean of as many bins.
fn entropy_of(sums: &[f64], count: f64) -> f64 {
    let term = |sum: &f64| {
        let mass = sum / count;
        // q ln q → 0 as q → 0. A mass that is NaN must show.
        if mass == 0.0 { 0.0 } else { mass * mass.ln() }
    };
    -sums.iter().map(term).sum::<f64>()
}
