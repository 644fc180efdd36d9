//! The labels of a sample as the statistics read them: trees, as many as there are labels that do not refine each
//! other.
//!
//! Positions with the same k-gram are some of those with the same (k−1)-gram, so the labels of all levels are a
//! tree below one root, the label that every position carries. Whatever is summed over the positions of a label is
//! the sum over those whose longest label it is, plus the sums of the labels below it: each position is added up
//! once, not once a level.

use std::ops::Range;

use rayon::prelude::*;

use crate::labels::{LabelSet, Labels, Levels};
use crate::measures::Label;
use crate::random::SplitMix64;

/// The id of a position whose label occurs nowhere else.
pub const ONCE: u32 = u32::MAX;

/// The label that all positions share, of level 0.
const ROOT: u32 = 0;

/// Labels that refine each other, as far as they are seen twice or more, depth first: below each label stand those
/// that refine it (of n-grams, those that begin or end with it), up to the next of its own level or a lower one. A
/// label seen once needs no number, since its distribution is its position's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTree {
    /// What the labels of each level are, from level 1 on: `[levels]`.
    pub levels: Vec<Label>,
    /// The level of each label, the root's 0: `[labels]`.
    pub depths: Vec<u32>,
    /// The number of positions whose longest label each is: `[labels]`.
    pub ends: Vec<u32>,
    /// The longest label of each position: `[positions]`.
    pub longest: Vec<u32>,
}

impl LabelTree {
    /// The tree of some levels.
    ///
    /// # Panics
    /// If the labels of all levels together are 2³² or more.
    fn new(Levels(levels): &Levels) -> Self {
        let mut tree = Self {
            levels: levels.iter().map(|(label, _)| label.clone()).collect(),
            depths: vec![0],
            ends: vec![0],
            longest: Vec::new(),
        };
        let sets: Vec<&LabelSet> = levels.iter().map(|(_, set)| set).collect();
        let Some(finest) = sets.last() else { return tree };
        tree.longest = vec![ROOT; finest.positions.len()];
        // The label under way of each level, and which of its set's groups that is.
        let mut current: Vec<(u32, usize)> = vec![(ROOT, 0); sets.len()];
        let mut start = 0;
        // A set splits the one before without moving its groups, so all groups are ranges of the finest one.
        for group in finest.groups() {
            let mut longest = ROOT;
            for ((depth, set), (label, index)) in (1..).zip(&sets).zip(&mut current) {
                while set.offsets[*index + 1] <= start {
                    *index += 1;
                }
                let (from, to) = (set.offsets[*index], set.offsets[*index + 1]);
                if to - from == 1 {
                    break;
                }
                if from == start {
                    *label = u32::try_from(tree.depths.len()).expect("2^32 labels and more");
                    tree.depths.push(depth);
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
        self.depths.len()
    }

    /// Of each label the first of the first `positions` positions that carry it, and how many do: `[labels]`.
    pub fn carried(&self, positions: usize) -> Vec<(u32, u32)> {
        let mut carried = vec![(u32::MAX, 0); self.labels()];
        for (position, &longest) in (0..).zip(&self.longest[..positions]) {
            let (first, count) = &mut carried[longest as usize];
            (*first, *count) = (position.min(*first), *count + 1);
        }
        // What stands below a label is counted before it; the label above is the last before it of the level above.
        let mut above = vec![0; self.levels.len() + 1];
        let parents: Vec<usize> = (self.depths.iter().enumerate())
            .map(|(label, &depth)| {
                above[depth as usize] = label;
                above[(depth as usize).saturating_sub(1)]
            })
            .collect();
        for label in (1..self.labels()).rev() {
            let (first, count) = carried[label];
            let above = &mut carried[parents[label]];
            *above = (above.0.min(first), above.1 + count);
        }
        carried
    }

    /// The labels of one level as a number for each position, [`ONCE`] for those seen once: `[positions]`.
    fn ids(&self, level: u32) -> Vec<u32> {
        let mut current = ONCE;
        let above = |(label, &depth): (u32, &u32)| {
            if depth <= level {
                current = if depth == level { label } else { ONCE };
            }
            current
        };
        let of_label: Vec<u32> = (0..).zip(&self.depths).map(above).collect();
        self.longest.iter().map(|&longest| of_label[longest as usize]).collect()
    }

    /// The longest labels of the first `positions` positions dealt out among them at random. The same for the
    /// same seed.
    fn shuffled(&self, positions: usize, seed: u64) -> Self {
        let mut longest = self.longest[..positions].to_vec();
        SplitMix64::new(seed).shuffle(&mut longest);
        Self { longest, ..self.clone() }
    }

    /// A label of documents dealt out among those that have positions, of which the first `positions` are taken, within
    /// each of the groups where there are any: all positions of a document keep a label in common. The same for the same
    /// seed.
    fn shuffled_by_document(&self, documents: &Documents, positions: usize, seed: u64) -> Self {
        let Documents { offsets, groups } = documents;
        let bounds = offsets.windows(2).map(|bounds| bounds[0]..bounds[1].min(positions)).enumerate();
        let bounds: Vec<_> = bounds.filter(|(_, range)| !range.is_empty()).collect();
        // A label seen once has no number, and is told from the others by its document.
        let id = |(document, range): &(usize, Range<usize>)| match self.longest[range.start] {
            ROOT => (self.labels() + document) as u32,
            label => label,
        };
        let mut ids: Vec<u32> = bounds.iter().map(id).collect();
        let group = |(document, _): &(usize, Range<usize>)| groups.get(*document);
        let (mut random, mut rest) = (SplitMix64::new(seed), &mut ids[..]);
        // Documents of a group stand together.
        for documents in bounds.chunk_by(|a, b| group(a) == group(b)) {
            let (own, others) = rest.split_at_mut(documents.len());
            random.shuffle(own);
            rest = others;
        }
        let of_positions = bounds.iter().zip(ids);
        let of_positions = of_positions.flat_map(|((_, range), id)| std::iter::repeat_n(id, range.len()));
        let set = LabelSet::from_ids(&of_positions.collect::<Vec<_>>());
        Self::new(&Levels(self.levels.iter().map(|label| (label.clone(), set.clone())).collect()))
    }
}

/// The labels of a sample: some trees, at least one, over the same positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleLabels {
    trees: Vec<LabelTree>,
    documents: Documents,
}

/// The documents of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Documents {
    /// Where the positions of each start, and the number of all: `[documents + 1]`.
    offsets: Vec<usize>,
    /// [`Labels::groups`].
    groups: Vec<u32>,
}

impl SampleLabels {
    /// All labels of a sample.
    ///
    /// # Panics
    /// As [`Self::of_trees`].
    pub fn new(labels: &Labels) -> Self {
        let (offsets, groups) = (labels.document_offsets.clone(), labels.groups.clone());
        Self::of_documents(&labels.trees, Documents { offsets, groups })
    }

    /// The labels of some trees, whose positions are of one document.
    ///
    /// # Panics
    /// If there is none, or one of other positions than the first.
    pub fn of_trees(trees: &[Levels]) -> Self {
        let finest = trees.first().and_then(|Levels(levels)| levels.last());
        let positions = finest.map_or(0, |(_, set)| set.positions.len());
        Self::of_documents(trees, Documents { offsets: vec![0, positions], groups: Vec::new() })
    }

    fn of_documents(trees: &[Levels], documents: Documents) -> Self {
        let trees: Vec<LabelTree> = trees.par_iter().map(LabelTree::new).collect();
        assert!(!trees.is_empty(), "a sample without labels");
        let positions = trees[0].longest.len();
        assert!(trees.iter().all(|tree| tree.longest.len() == positions), "labels of several samples");
        Self { trees, documents }
    }

    /// The trees; none refines another.
    pub fn trees(&self) -> &[LabelTree] {
        &self.trees
    }

    /// Whether positions are told apart by a label.
    pub fn has(&self, label: &Label) -> bool {
        self.trees.iter().any(|tree| tree.levels.contains(label))
    }

    /// The labels of the first `positions` positions, those of each tree dealt out among them at random: what they would
    /// tell if they had nothing to do with the positions. N-grams are dealt out to positions, each to as many as it has;
    /// labels of documents to documents, since positions of one document are alike whatever it is labelled by, and within
    /// [groups](Labels::groups), whose documents are alike too. The same for the same seed, and of a tree the same whatever trees follow it.
    pub fn shuffled(&self, positions: usize, seed: u64) -> Self {
        let shuffled = |(index, tree): (u64, &LabelTree)| {
            let seed = 2 * seed + index;
            match tree.levels.iter().any(|label| label.order().is_some()) {
                true => tree.shuffled(positions, seed),
                false => tree.shuffled_by_document(&self.documents, positions, seed),
            }
        };
        let trees: Vec<(u64, &LabelTree)> = (0..).zip(&self.trees).collect();
        let offsets = self.documents.offsets.iter().map(|&start| start.min(positions)).collect();
        let documents = Documents { offsets, groups: self.documents.groups.clone() };
        Self { trees: trees.into_par_iter().map(shuffled).collect(), documents }
    }

    /// The number of positions.
    pub fn positions(&self) -> usize {
        self.trees[0].longest.len()
    }

    /// The ids of each label, tree by tree and level by level: `[labels][positions]`.
    pub fn sets(&self) -> Vec<(Label, Vec<u32>)> {
        let levels = |tree: &'_ LabelTree| (1..).zip(tree.levels.clone()).collect::<Vec<_>>();
        let sets = self.trees.iter().flat_map(|tree| levels(tree).into_iter().map(move |of| (tree, of)));
        let sets: Vec<(&LabelTree, (u32, Label))> = sets.collect();
        sets.into_par_iter().map(|(tree, (level, label))| (label, tree.ids(level))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::labels::DocumentLabel;
    use crate::measures::Order;

    fn documents() -> Vec<Vec<u32>> {
        (0..5u32).map(|d| (0..60 + d).map(|t| (t * t + d * t / 3) % 7).collect()).collect()
    }

    #[test]
    fn labels_stand_below_what_they_extend() {
        // 5 twice followed by 1 and once by 2; 9 by 7 and 8; 3 once.
        let coarse = LabelSet { positions: vec![0, 3, 5, 1, 4, 2], offsets: vec![0, 3, 5, 6] };
        let fine = LabelSet { positions: vec![0, 5, 3, 4, 1, 2], offsets: vec![0, 2, 3, 4, 5, 6] };
        let [token, bigram] = [Order::Token, Order::Bigram].map(Label::Output);
        let tree = LabelTree::new(&Levels(vec![(token.clone(), coarse), (bigram.clone(), fine)]));
        assert_eq!(tree.levels, [token, bigram]);
        assert_eq!(tree.depths, [0, 1, 2, 1]);
        assert_eq!(tree.ends, [1, 1, 2, 2]);
        assert_eq!(tree.longest, [2, 3, 0, 1, 3, 2]);
        assert_eq!(tree.ids(1), [1, 3, ONCE, 1, 3, 1]);
        assert_eq!(tree.ids(2), [2, ONCE, ONCE, ONCE, ONCE, 2]);
    }

    #[test]
    fn ids_are_those_of_the_label_sets() {
        let labels = Labels::new(&documents(), 4);
        let sample = SampleLabels::new(&labels);
        let sets = sample.sets();
        assert_eq!(sets.len(), 8);
        for (label, ids) in &sets {
            let set = labels.set(label).unwrap();
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
        for tree in SampleLabels::new(&labels).trees() {
            let mut ends = vec![0; tree.labels()];
            tree.longest.iter().for_each(|&longest| ends[longest as usize] += 1);
            assert_eq!(ends, tree.ends);
            // Depth first: a level follows its own, a lower one, or the one above it.
            assert!(tree.depths.windows(2).all(|pair| pair[1] >= 1 && pair[1] <= pair[0] + 1));
        }
    }

    #[test]
    fn labels_of_documents_are_dealt_out_by_document() {
        let length = |d: u32| if d == 3 { 4 } else { 5 + d as usize % 7 };
        let documents: Vec<Vec<u32>> = (0..40u32).map(|d| vec![d; length(d)]).collect();
        let values: Vec<String> =
            (0..40).map(|d| if d == 3 { "rare".into() } else { (d % 3).to_string() }).collect();
        let field = DocumentLabel::new(Label::Field("of".into()), values.iter().map(|value| Some(&**value)));
        // One value is seen at a single position.
        let labels = Labels::new(&documents, 2).with_documents([&field]);
        assert_eq!(labels.document_offsets[4] - labels.document_offsets[3], 1);
        let sample = SampleLabels::new(&labels);
        for end in [40, 17] {
            let positions = labels.document_offsets[end];
            let null = sample.shuffled(positions, 0);
            assert_eq!(null, sample.shuffled(positions, 0));
            let sets = null.sets();
            let (label, ids) = sets.last().unwrap();
            assert_eq!((label, ids.len(), null.positions()), (&field.label, positions, positions));
            // One value a document, as many documents a value as before, and not the same ones.
            let of_documents = |ids: &[u32]| {
                let bounds =
                    labels.document_offsets[..=end].windows(2).filter(|bounds| bounds[0] < bounds[1]);
                let mut found = Vec::new();
                for bounds in bounds {
                    let own = &ids[bounds[0]..bounds[1]];
                    assert!(own.iter().all(|id| *id == own[0]));
                    found.push(own[0]);
                }
                found
            };
            let before = of_documents(&sample.sets().last().unwrap().1[..positions]);
            let after = of_documents(ids);
            let counts = |ids: &[u32]| {
                let mut counts: HashMap<u32, usize> = HashMap::new();
                ids.iter().for_each(|id| *counts.entry(*id).or_default() += 1);
                let mut counts: Vec<usize> = counts.into_values().collect();
                counts.sort_unstable();
                counts
            };
            assert_eq!(counts(&before), counts(&after));
            let partition = |ids: &[u32]| -> Vec<bool> { ids.iter().map(|id| *id == ids[0]).collect() };
            assert_ne!(partition(&before), partition(&after));
        }
    }

    #[test]
    fn labels_of_pairs_are_exchanged_within_them() {
        let lengths: Vec<Range<usize>> = (0..60).map(|d| 2..5 + d % 4).collect();
        let values: Vec<Option<&str>> = (0..60).map(|d| Some(["chosen", "rejected"][d % 2])).collect();
        let label = DocumentLabel::new(Label::Preference, values);
        let groups: Vec<u32> = (0..60).map(|d| d / 2).collect();
        let labels = Labels::without(lengths).unwrap().within(groups).with_documents([&label]);
        let null = SampleLabels::new(&labels).shuffled(labels.positions(), 0);
        let ids = &null.sets()[0].1;
        let of: Vec<u32> = labels.document_offsets[..60].iter().map(|&start| ids[start]).collect();
        let exchanged = of.chunks(2).filter(|pair| pair[0] == of[1]).count();
        assert!(of.chunks(2).all(|pair| pair[0] != pair[1]), "{of:?}");
        assert!((5..=25).contains(&exchanged), "about half of thirty: {exchanged}");
    }

    #[test]
    fn shuffling_keeps_how_often_each_label_occurs() {
        let labels = SampleLabels::new(&Labels::new(&documents(), 2));
        let shuffled = labels.shuffled(labels.positions(), 3);
        assert_eq!(shuffled, labels.shuffled(labels.positions(), 3));
        assert_ne!(shuffled, labels.shuffled(labels.positions(), 4));
        for ((label, given), (of, shuffled)) in labels.sets().iter_mut().zip(&mut shuffled.sets()) {
            assert!(label == of && given != shuffled);
            given.sort_unstable();
            shuffled.sort_unstable();
            assert_eq!(given, shuffled);
        }
    }
}
