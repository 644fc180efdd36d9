//! The single labels that information is owed to: a few of those that tell most of Z, and of those that tell least.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Label;

/// Labels kept at either end of a table.
pub const LISTED: usize = 20;

/// What a single label tells, averaged over layers 1..L; written as `[label, positions, information]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(String, u64, f64)", into = "(String, u64, f64)")]
pub struct LabelEntry {
    /// What it reads: of an n-gram its tokens, of a field the value.
    pub text: String,
    /// The number of positions that carry it, two or more.
    pub positions: u64,
    /// H(Z) − H(Z|x), as an efficiency: what the label x tells of Z at each of its positions.
    pub information: f64,
}

impl From<(String, u64, f64)> for LabelEntry {
    fn from((text, positions, information): (String, u64, f64)) -> Self {
        Self { text, positions, information }
    }
}

impl From<LabelEntry> for (String, u64, f64) {
    fn from(LabelEntry { text, positions, information }: LabelEntry) -> Self {
        (text, positions, information)
    }
}

/// Some labels x of one kind X: the [`LISTED`] with the largest part p(x)·(H(Z) − H(Z|x)) of I(X;Z), and the
/// [`LISTED`] with the smallest H(Z) − H(Z|x). Labels that occur once are none of them: H(Z|x) is then that of a single
/// state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelTable {
    /// The number of positions that I(X;Z) is over.
    pub positions: u64,
    /// The labels, that of the largest part of I(X;Z) first.
    pub labels: Vec<LabelEntry>,
}

/// What is known of a label before it has a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelEntropy {
    /// The first position that carries it.
    pub first: u32,
    /// The number of positions that carry it.
    pub positions: u32,
    /// H(Z|x) in nats, averaged over layers.
    pub entropy: f64,
}

/// The labels of one kind that are seen twice or more, and often enough to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelEntropies {
    /// H(Z) over the positions kept, in nats, averaged over layers.
    pub entropy: f64,
    /// The number of positions kept.
    pub kept: usize,
    /// The labels, in any order.
    pub labels: Vec<LabelEntropy>,
}

/// The labels of several kinds.
pub type EntropiesByLabel = Vec<(Label, LabelEntropies)>;

impl LabelTable {
    /// The table of labels, entropies in units of `unit` nats; `text` gives what the label of a position reads.
    pub fn new(found: &LabelEntropies, unit: f64, text: impl Fn(usize) -> String) -> Self {
        let information = |label: &LabelEntropy| (found.entropy - label.entropy) / unit;
        let part = |label: &LabelEntropy| f64::from(label.positions) * information(label);
        let by_part =
            |a: &LabelEntropy, b: &LabelEntropy| part(b).total_cmp(&part(a)).then(a.first.cmp(&b.first));
        let by_information = |a: &LabelEntropy, b: &LabelEntropy| {
            information(a).total_cmp(&information(b)).then(a.first.cmp(&b.first))
        };
        // The first position tells labels of one kind apart.
        let ends = [first_of(&found.labels, by_part), first_of(&found.labels, by_information)].concat();
        let chosen: BTreeSet<u32> = ends.iter().map(|label| label.first).collect();
        let mut chosen: Vec<&LabelEntropy> =
            found.labels.iter().filter(|label| chosen.contains(&label.first)).collect();
        chosen.sort_by(|a, b| by_part(a, b));
        let entry = |label: &LabelEntropy| LabelEntry {
            text: text(label.first as usize),
            positions: u64::from(label.positions),
            information: information(label),
        };
        Self { positions: found.kept as u64, labels: chosen.into_iter().map(entry).collect() }
    }

    /// p(x)·(H(Z) − H(Z|x)): what of I(X;Z) is owed to a label, as an efficiency.
    pub fn part(&self, label: &LabelEntry) -> f64 {
        label.positions as f64 / self.positions as f64 * label.information
    }

    /// The labels that most of I(X;Z) is owed to, [`LISTED`] at most, the largest part first.
    pub fn most(&self, count: usize) -> impl Iterator<Item = &LabelEntry> {
        self.labels.iter().take(count.min(LISTED))
    }

    /// The labels that tell least of Z at each of their positions, [`LISTED`] at most, the least first.
    pub fn least(&self, count: usize) -> Vec<&LabelEntry> {
        let mut labels: Vec<&LabelEntry> = self.labels.iter().collect();
        labels.sort_by(|a, b| a.information.total_cmp(&b.information));
        labels.truncate(count.min(LISTED));
        labels
    }
}

/// The first [`LISTED`] in an order, without sorting all.
fn first_of(
    labels: &[LabelEntropy],
    order: impl Fn(&LabelEntropy, &LabelEntropy) -> Ordering,
) -> Vec<LabelEntropy> {
    let mut labels = labels.to_vec();
    if labels.len() > LISTED {
        labels.select_nth_unstable_by(LISTED, &order);
        labels.truncate(LISTED);
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_kept_and_nothing_between() {
        // 100 labels: label n has n + 2 positions, and tells less the more it has.
        let label = |n: u32| LabelEntropy { first: n, positions: n + 2, entropy: 1.0 + f64::from(n) / 100.0 };
        let mut labels: Vec<LabelEntropy> = (0..100).map(label).collect();
        labels.reverse();
        let kept: usize = labels.iter().map(|label| label.positions as usize).sum::<usize>() + 7;
        let found = LabelEntropies { entropy: 2.0, kept, labels };
        let table = LabelTable::new(&found, 4.0, |first| format!("label {first}"));
        assert_eq!(table.positions, kept as u64);
        // (n + 2)(100 − n) is largest at 49; information is least at 99.
        let most: Vec<&str> = table.most(3).map(|label| &*label.text).collect();
        assert_eq!(most, ["label 49", "label 48", "label 50"]);
        let least: Vec<&str> = table.least(3).into_iter().map(|label| &*label.text).collect();
        assert_eq!(least, ["label 99", "label 98", "label 97"]);
        assert_eq!((table.most(99).count(), table.least(99).len(), table.labels.len()), (20, 20, 40));
        let first = table.most(1).next().unwrap();
        assert!((first.information - 0.51 / 4.0).abs() < 1e-12);
        assert!((table.part(first) - 51.0 / kept as f64 * 0.51 / 4.0).abs() < 1e-15);
    }

    #[test]
    fn of_few_labels_all_are_there_once() {
        let label = |first, positions, entropy| LabelEntropy { first, positions, entropy };
        let labels = vec![label(0, 3, 1.0), label(4, 5, 2.5)];
        let table =
            LabelTable::new(&LabelEntropies { entropy: 2.0, kept: 8, labels }, 1.0, |n| n.to_string());
        // A label may spread its states wider than all together.
        let entries: Vec<(&str, f64)> = table.labels.iter().map(|l| (&*l.text, l.information)).collect();
        assert_eq!(entries, [("0", 1.0), ("4", -0.5)]);
        // What all labels are owed is the information.
        let whole: f64 = table.labels.iter().map(|label| table.part(label)).sum();
        assert!((whole - (3.0 - 2.5) / 8.0).abs() < 1e-15);
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(json, r#"{"positions":8,"labels":[["0",3,1.0],["4",5,-0.5]]}"#);
        assert_eq!(serde_json::from_str::<LabelTable>(&json).unwrap(), table);
    }
}
