//! The labels of a sample as the statistics read them: a tree of n-grams for each side.
//!
//! Positions with the same k-gram are some of those with the same (k−1)-gram, so the labels of all orders of a
//! side are a tree below one root, the label that every position carries. Whatever is summed over the positions
//! of a label is the sum over those whose longest label it is, plus the sums of the labels below it: each
//! position is added up once, not once an order.

use rayon::prelude::*;

use crate::labels::{LabelSet, Labels, Side};

/// The id of a position whose label occurs nowhere else.
pub const ONCE: u32 = u32::MAX;

/// The label that all positions share, of order 0.
const ROOT: u32 = 0;

/// The labels of one side seen twice or more, depth first: below each label stand those that begin with it (on
/// the output side) or end with it (on the input side), up to the next of its own order or a lower one. A label
/// seen once needs no number, since its distribution is its position's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTree {
    /// The order of each label, the root's 0: `[labels]`.
    pub orders: Vec<u32>,
    /// The number of positions whose longest label each is: `[labels]`.
    pub ends: Vec<u32>,
    /// The longest label of each position: `[positions]`.
    pub longest: Vec<u32>,
}

impl LabelTree {
    /// The tree of the label sets of orders 1, 2, …, each of which splits the one before.
    ///
    /// # Panics
    /// If the labels of all orders together are 2³² or more.
    fn new(sets: &[&LabelSet]) -> Self {
        let Some(finest) = sets.last() else {
            return Self { orders: vec![0], ends: vec![0], longest: Vec::new() };
        };
        let mut tree = Self { orders: vec![0], ends: vec![0], longest: vec![ROOT; finest.positions.len()] };
        // The label under way of each order, and which of its set's groups that is.
        let mut current: Vec<(u32, usize)> = vec![(ROOT, 0); sets.len()];
        let mut start = 0;
        // A set splits the one before without moving its groups, so all groups are ranges of the finest order.
        for group in finest.groups() {
            let mut longest = ROOT;
            for ((order, set), (label, index)) in (1..).zip(sets).zip(&mut current) {
                while set.offsets[*index + 1] <= start {
                    *index += 1;
                }
                let (from, to) = (set.offsets[*index], set.offsets[*index + 1]);
                if to - from == 1 {
                    break;
                }
                if from == start {
                    *label = u32::try_from(tree.orders.len()).expect("2^32 labels and more");
                    tree.orders.push(order);
                    tree.ends.push(0);
                }
                longest = *label;
            }
            tree.ends[longest as usize] += group.len() as u32;
            for &position in group {
                tree.longest[position as usize] = longest;
            }
            start += group.len() as u32;
        }
        tree
    }

    /// The number of labels, the root with them.
    pub fn labels(&self) -> usize {
        self.orders.len()
    }

    /// The labels of one order as a number for each position, [`ONCE`] for those seen once: `[positions]`.
    pub fn ids(&self, order: u32) -> Vec<u32> {
        let mut current = ONCE;
        let above = |(label, &of): (u32, &u32)| {
            if of <= order {
                current = if of == order { label } else { ONCE };
            }
            current
        };
        let of_label: Vec<u32> = (0..).zip(&self.orders).map(above).collect();
        self.longest.iter().map(|&longest| of_label[longest as usize]).collect()
    }

    /// The longest labels of the first `positions` positions dealt out among them at random. The same for the
    /// same seed.
    fn shuffled(&self, positions: usize, seed: u64) -> Self {
        let mut random = SplitMix64(seed);
        let mut longest = self.longest[..positions].to_vec();
        for last in (1..positions).rev() {
            longest.swap(last, random.below(last as u64 + 1) as usize);
        }
        Self { longest, ..self.clone() }
    }
}

/// The labels of a sample: a tree for the inputs and one for the outputs, over the same positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleLabels {
    /// The trees of inputs and outputs.
    pub sides: [LabelTree; 2],
    /// The largest order K.
    pub max_order: usize,
}

impl SampleLabels {
    /// The labels of all orders in `labels`.
    pub fn new(labels: &Labels) -> Self {
        Self::from_sets(&labels.sets)
    }

    /// Input and output labels of orders 1, 2, …, at least of the first, all over the same positions and each
    /// order splitting the one before.
    pub fn from_sets(sets: &[[LabelSet; 2]]) -> Self {
        let tree = |side: Side| {
            let sets: Vec<&LabelSet> = sets.iter().map(|pair| &pair[side as usize]).collect();
            LabelTree::new(&sets)
        };
        let (inputs, outputs) = rayon::join(|| tree(Side::Input), || tree(Side::Output));
        Self { sides: [inputs, outputs], max_order: sets.len() }
    }

    /// The labels of the first `positions` positions, those of each side dealt out among them at random: the
    /// same numbers of positions a label, and what they would tell if they had nothing to do with the positions.
    /// The same for the same seed.
    pub fn shuffled(&self, positions: usize, seed: u64) -> Self {
        let shuffled = |side: usize| self.sides[side].shuffled(positions, 2 * seed + side as u64);
        let (inputs, outputs) = rayon::join(|| shuffled(0), || shuffled(1));
        Self { sides: [inputs, outputs], max_order: self.max_order }
    }

    /// The number of positions.
    pub fn positions(&self) -> usize {
        self.sides[0].longest.len()
    }

    /// The ids of each set of labels: input and output of order 1, input and output of order 2, ….
    pub fn sets(&self) -> Vec<Vec<u32>> {
        let sets: Vec<(u32, &LabelTree)> = (1..=self.max_order as u32)
            .flat_map(|order| self.sides.iter().map(move |tree| (order, tree)))
            .collect();
        sets.into_par_iter().map(|(order, tree)| tree.ids(order)).collect()
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
    use std::collections::HashMap;

    use super::*;

    fn documents() -> Vec<Vec<u32>> {
        (0..5u32).map(|d| (0..60 + d).map(|t| (t * t + d * t / 3) % 7).collect()).collect()
    }

    #[test]
    fn labels_stand_below_what_they_extend() {
        // 5 twice followed by 1 and once by 2; 9 by 7 and 8; 3 once.
        let coarse = LabelSet { positions: vec![0, 3, 5, 1, 4, 2], offsets: vec![0, 3, 5, 6] };
        let fine = LabelSet { positions: vec![0, 5, 3, 4, 1, 2], offsets: vec![0, 2, 3, 4, 5, 6] };
        let tree = LabelTree::new(&[&coarse, &fine]);
        assert_eq!(tree.orders, [0, 1, 2, 1]);
        assert_eq!(tree.ends, [1, 1, 2, 2]);
        assert_eq!(tree.longest, [2, 3, 0, 1, 3, 2]);
        assert_eq!(tree.ids(1), [1, 3, ONCE, 1, 3, 1]);
        assert_eq!(tree.ids(2), [2, ONCE, ONCE, ONCE, ONCE, 2]);
    }

    #[test]
    fn ids_are_those_of_the_label_sets() {
        let labels = Labels::new(&documents(), 4);
        let sample = SampleLabels::new(&labels);
        for (index, ids) in sample.sets().iter().enumerate() {
            let set = &labels.sets[index / 2][index % 2];
            let mut names: HashMap<u32, u32> = HashMap::new();
            for group in set.groups() {
                let id = ids[group[0] as usize];
                assert!(group.iter().all(|&position| ids[position as usize] == id));
                assert_eq!(id == ONCE, group.len() == 1);
                assert!(id == ONCE || names.insert(id, 0).is_none(), "two labels, one id");
            }
        }
    }

    #[test]
    fn every_position_ends_at_its_longest_label() {
        let labels = Labels::new(&documents(), 3);
        for tree in &SampleLabels::new(&labels).sides {
            let mut ends = vec![0; tree.labels()];
            tree.longest.iter().for_each(|&longest| ends[longest as usize] += 1);
            assert_eq!(ends, tree.ends);
            // Depth first: an order follows its own, a lower one, or the one above it.
            assert!(tree.orders.windows(2).all(|pair| pair[1] >= 1 && pair[1] <= pair[0] + 1));
        }
    }

    #[test]
    fn shuffling_keeps_how_often_each_label_occurs() {
        let labels = SampleLabels::new(&Labels::new(&documents(), 2));
        let shuffled = labels.shuffled(labels.positions(), 3);
        assert_eq!(shuffled, labels.shuffled(labels.positions(), 3));
        assert_ne!(shuffled, labels.shuffled(labels.positions(), 4));
        for (given, shuffled) in labels.sets().iter_mut().zip(&mut shuffled.sets()) {
            assert_ne!(given, shuffled);
            given.sort_unstable();
            shuffled.sort_unstable();
            assert_eq!(given, shuffled);
        }
    }
}
