//! The entropies of single labels, averaged over layers.

use std::ops::Range;

use super::label_tree::LabelTree;
use crate::measures::{EntropiesByLabel, LabelEntropies, LabelEntropy, Statistics};

/// What one nat is of the whole numbers that entropies are added up in: as such they come to the same sum in any order,
/// and more than four thousand layers fit.
const NAT: f64 = (1u64 << 48) as f64;

/// The entropies of some labels, summed over layers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntropySums(Vec<i64>);

impl EntropySums {
    /// Adds the labels' entropies in one layer, in nats. NaN, of labels that have none, is nothing.
    pub fn add(&mut self, entropies: impl ExactSizeIterator<Item = f32>) {
        self.0.resize(entropies.len(), 0);
        self.0.iter_mut().zip(entropies).for_each(|(sum, entropy)| *sum += (f64::from(entropy) * NAT) as i64);
    }

    /// Adds what was summed over other layers.
    pub fn merge(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(sum, other)| *sum += other);
    }

    /// The average entropy of a label over so many layers, in nats.
    pub fn mean(&self, label: usize, layers: usize) -> f64 {
        self.0[label] as f64 / NAT / layers as f64
    }
}

/// The labels of a tree's levels that are seen twice or more among the first `positions` positions, and `min_count` times:
/// `[levels]`, the entropy of each as `entropy` gives it by the label's number.
pub fn of_tree(
    tree: &LabelTree,
    positions: usize,
    min_count: u32,
    entropy: impl Fn(usize) -> f64,
) -> Vec<Vec<LabelEntropy>> {
    let mut levels = vec![Vec::new(); tree.levels.len()];
    for (number, (first, count)) in tree.carried(positions).into_iter().enumerate().skip(1) {
        if count >= min_count.max(2) {
            let level = tree.depths[number] as usize - 1;
            levels[level].push(LabelEntropy { first, positions: count, entropy: entropy(number) });
        }
    }
    levels
}

/// The labels of each kind with H(Z) over the positions that it keeps, averaged over the layers listed: `statistics` are
/// those of all layers, `labels` as many as there are sets in each.
pub fn with_entropy(
    statistics: &[Vec<Statistics>],
    listed: &Range<usize>,
    labels: Vec<Vec<LabelEntropy>>,
) -> EntropiesByLabel {
    let layers: Vec<&Statistics> =
        statistics[listed.clone()].iter().filter_map(|prefixes| prefixes.last()).collect();
    let Some(first) = layers.first() else { return Vec::new() };
    let of_set = |(index, labels): (usize, Vec<LabelEntropy>)| {
        let entropy =
            layers.iter().map(|layer| layer.sets[index].1.entropy).sum::<f64>() / layers.len() as f64;
        let (label, set) = &first.sets[index];
        (label.clone(), LabelEntropies { entropy, kept: set.kept, labels })
    };
    labels.into_iter().enumerate().map(of_set).collect()
}
