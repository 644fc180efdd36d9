//! The sums of the bins of labels: each position added once, to its longest label.

use std::ops::Range;

use super::soft_bins::row_length;
use crate::estimator::label_tree::LabelTree;
use crate::simd::{Simd, pairs, prefetch};

/// Bins summed in f32 before the sum goes to one in f64: a f32 sum of as many bins keeps six digits.
const SUMMED: u32 = 256;

/// The sums of some labels of one tree: over the positions whose longest label each is, so far.
#[derive(Debug, Default)]
pub struct LabelSums {
    width: usize,
    /// The labels.
    labels: Range<usize>,
    /// What was added to each label.
    added: Vec<Added>,
    /// The sum of each label's bins since the last that went to `long`, `[labels, width]`; whatever it was
    /// before where nothing was added.
    sums: Vec<f32>,
    /// The labels that more than [`SUMMED`] positions end at, rising, and their sums `[.., width]`.
    often: Vec<u32>,
    long: Vec<f64>,
}

/// What was added to a label.
#[derive(Clone, Copy, Debug, Default)]
pub struct Added {
    /// Positions.
    pub positions: u32,
    /// The sum of the entropies of their bins.
    pub entropy: f64,
}

/// Bytes that the sums of a label take that as many positions end at.
pub fn bytes_of(ends: u32, points: usize) -> usize {
    let long = if ends > SUMMED { size_of::<f64>() } else { 0 };
    row_length(points) * (size_of::<f32>() + long) + size_of::<Added>()
}

impl LabelSums {
    /// Begins the sums of some labels of a tree, from nothing.
    pub fn begin(&mut self, tree: &LabelTree, labels: Range<usize>, points: usize) {
        self.width = row_length(points);
        self.added.clear();
        self.added.resize(labels.len(), Added::default());
        // No need to clear what the first addition replaces.
        self.sums.resize(labels.len() * self.width, 0.0);
        self.often.clear();
        let often = (0..).zip(&tree.ends[labels.clone()]).filter(|(_, ends)| **ends > SUMMED);
        self.often.extend(often.map(|(label, _): (u32, _)| label));
        self.long.clear();
        self.long.resize(self.often.len() * self.width, 0.0);
        self.labels = labels;
    }

    /// Asks for the sums that a position with this longest label will be added to: labels come in no order, so
    /// they are hardly ever in the cache.
    #[inline(always)]
    pub fn prefetch(&self, longest: u32) {
        let label = (longest as usize).wrapping_sub(self.labels.start);
        if label < self.added.len() {
            prefetch(&self.sums[label * self.width..][..self.width]);
            prefetch(&self.added[label..=label]);
        }
    }

    /// Adds positions: their bins `[positions, width]`, the entropy of each and their longest labels.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, simd: S, bins: &[f32], entropies: &[f32], longest: &[u32]) {
        for (position, &label) in longest.iter().enumerate() {
            let (row, entropy) = (&bins[position * self.width..][..self.width], entropies[position]);
            let label = (label as usize).wrapping_sub(self.labels.start);
            let Some(added) = self.added.get_mut(label) else { continue };
            let sums = &mut self.sums[label * self.width..][..self.width];
            let full = added.positions % SUMMED == 0;
            if full && added.positions > 0 {
                let index = self.often.partition_point(|&often| (often as usize) < label);
                add_f32(&mut self.long[index * self.width..][..self.width], sums);
            }
            add_row(simd, sums, row, full);
            added.positions += 1;
            added.entropy += f64::from(entropy);
        }
    }

    /// Gives each label to `take`, in order: the label, what was added to it, and its sum in one part or two,
    /// nothing where nothing was added. For inside of [`crate::simd::vectorised`].
    #[inline(always)]
    pub fn each(&self, mut take: impl FnMut(usize, Added, &[f32], Option<&[f64]>)) {
        let mut often = self.often.iter().zip(self.long.chunks_exact(self.width)).peekable();
        for ((label, &added), sums) in self.added.iter().enumerate().zip(self.sums.chunks_exact(self.width)) {
            let long = often.next_if(|(often, _)| **often as usize == label).map(|(_, long)| long);
            let sums = if added.positions == 0 { &[] } else { sums };
            take(self.labels.start + label, added, sums, long);
        }
    }
}

/// Adds a row to sums, or puts it in their place; both are whole vectors.
#[inline(always)]
fn add_row<S: Simd>(simd: S, sums: &mut [f32], row: &[f32], replace: bool) {
    let ((sums, _), (row, _)) = (S::as_mut_simd_f32s(sums), S::as_simd_f32s(row));
    for (sum, &bins) in pairs(sums, row) {
        *sum = if replace { bins } else { simd.add_f32s(*sum, bins) };
    }
}

/// Adds a row to sums.
#[inline(always)]
pub fn add_f32(sums: &mut [f64], row: &[f32]) {
    for (sum, &value) in pairs(sums, row) {
        *sum += f64::from(value);
    }
}
