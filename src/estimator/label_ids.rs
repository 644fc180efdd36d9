//! The labels of a sample as the statistics read them: for each position the number of its label.

use rayon::prelude::*;

use crate::labels::{LabelSet, Labels};

/// The id of a position whose label occurs nowhere else.
pub const ONCE: u32 = u32::MAX;

/// One set of labels. Labels seen twice or more are numbered by falling count, so those that are summed most
/// come first; a label seen once needs no number, since its distribution is its position's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelIds {
    /// The label of each position, or [`ONCE`]: `[positions]`.
    pub ids: Vec<u32>,
    /// The number of positions of each label, two at least, falling.
    pub counts: Vec<u32>,
}

impl LabelIds {
    /// The ids of a set of labels.
    pub fn new(set: &LabelSet) -> Self {
        let groups: Vec<&[u32]> = {
            let mut repeated: Vec<&[u32]> = set.groups().filter(|group| group.len() > 1).collect();
            repeated.sort_by_key(|group| std::cmp::Reverse(group.len()));
            repeated
        };
        let mut ids = vec![ONCE; set.positions.len()];
        for (id, group) in (0..).zip(&groups) {
            for &position in *group {
                ids[position as usize] = id;
            }
        }
        Self { ids, counts: groups.iter().map(|group| group.len() as u32).collect() }
    }

    /// The labels dealt out at random. The same for the same seed.
    fn shuffled(mut self, seed: u64) -> Self {
        let mut random = SplitMix64(seed);
        for last in (1..self.ids.len()).rev() {
            self.ids.swap(last, random.below(last as u64 + 1) as usize);
        }
        self
    }
}

/// The labels of a sample: input and output of order 1, input and output of order 2, ….
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleLabels {
    /// The sets in that order, all over the same positions.
    pub sets: Vec<LabelIds>,
    positions: usize,
}

impl SampleLabels {
    /// The sets of all orders in `labels`.
    pub fn new(labels: &Labels) -> Self {
        Self::from_sets(&labels.sets)
    }

    /// Input and output labels of orders 1, 2, …, at least of the first, all over the same positions.
    pub fn from_sets(sets: &[[LabelSet; 2]]) -> Self {
        let positions = sets.first().map_or(0, |[input, _]| input.positions.len());
        let sets: Vec<&LabelSet> = sets.iter().flatten().collect();
        Self { sets: sets.into_par_iter().map(LabelIds::new).collect(), positions }
    }

    /// The labels of the first `positions` positions, those of each set dealt out among them at random: the
    /// same numbers of positions a label, and what they would tell if they had nothing to do with the positions.
    /// The same for the same seed.
    pub fn shuffled(&self, positions: usize, seed: u64) -> Self {
        let shuffled = |(index, set): (usize, &LabelIds)| {
            let first = LabelIds { ids: set.ids[..positions].to_vec(), counts: set.counts.clone() };
            first.shuffled(seed.wrapping_mul(1000).wrapping_add(index as u64))
        };
        Self { sets: self.sets.par_iter().enumerate().map(shuffled).collect(), positions }
    }

    /// The number of positions.
    pub fn positions(&self) -> usize {
        self.positions
    }
}

/// A small generator of random numbers (Steele, Lea and Flood 2014), for shuffling.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; for ends below 2³² uneven by less than one part in 2³².
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_labels_come_first_and_single_ones_have_no_number() {
        let ids = LabelIds::new(&LabelSet::from_ids(&[5, 9, 5, 2, 9, 9, 7]));
        assert_eq!(ids.ids, [1, 0, 1, ONCE, 0, 0, ONCE]);
        assert_eq!(ids.counts, [3, 2]);
    }

    #[test]
    fn shuffling_keeps_how_often_each_label_occurs() {
        let given: Vec<u32> = (0..500).map(|i| i * i % 61).collect();
        let ids = LabelIds::new(&LabelSet::from_ids(&given));
        let shuffled = ids.clone().shuffled(3);
        assert_eq!(shuffled, ids.clone().shuffled(3));
        assert_ne!(shuffled.ids, ids.ids);
        assert_ne!(shuffled.ids, ids.clone().shuffled(4).ids);
        let sorted = |ids: &LabelIds| {
            let mut sorted = ids.ids.clone();
            sorted.sort_unstable();
            sorted
        };
        assert_eq!(sorted(&shuffled), sorted(&ids));
    }
}
