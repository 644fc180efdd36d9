//! The n-grams at each position of a sample, as groups of positions.
//!
//! An estimate conditioned on a label is a mean over the positions that carry it, so a label is stored as
//! the list of its positions: all positions sorted by label, and where each label starts.
//!
//! Labels are exact without hashing n-grams or packing them into a number. Positions with the same k-gram
//! are those with the same (k−1)-gram, told apart by one token more. So every order is the order below it
//! with each group sorted by that token, starting from one group of everything.

mod documents;
pub mod joint;
pub mod sentence;

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Kind, Result};
use crate::measures::{Label, Order};

pub use documents::DocumentLabel;

/// Labels that refine each other, coarsest first: each level but the first splits the one before it.
///
/// Of n-grams, a level an order. A label that refines no other and is refined by none is one level alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels(pub Vec<(Label, LabelSet)>);

/// The labels of a sample's positions, all at the same positions.
///
/// The positions are numbered document by document, in order. Where n-grams up to an order K are among the labels, they
/// are those tokens t of a document of S tokens with K−1 ≤ t ≤ S−K−1 (t from 0), where every n-gram fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The tokens, from 0, of each document that are positions: `[documents]`.
    pub tokens: Vec<Range<usize>>,
    /// Where each document's positions start, and the number of all: `[documents + 1]`.
    pub document_offsets: Vec<usize>,
    /// The group of each document within which labels of documents may be exchanged, were there nothing in them: of
    /// answers their pair; empty where all are one group.
    pub groups: Vec<u32>,
    /// The labels, those that refine each other together, as the inputs of orders 1 to K do, and the outputs.
    pub trees: Vec<Levels>,
}

impl Labels {
    /// Labels a sample. Documents shorter than 2K tokens have no position.
    ///
    /// # Panics
    /// If `max_order` is not 1 to 4, or for 2³² positions and more.
    pub fn new(documents: &[Vec<u32>], max_order: usize) -> Self {
        Self::new_unless(documents, max_order, &mut || false).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`Self::new`]; `interrupted` is asked before each order whether to stop.
    ///
    /// # Errors
    /// [`Kind::Sample`] for 2³² positions and more; [`Kind::Cancelled`] once interrupted.
    ///
    /// # Panics
    /// If `max_order` is not 1 to 4.
    pub fn new_unless(
        documents: &[Vec<u32>],
        max_order: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        let widest = Order::of_number(max_order).expect("the largest order is 1 to 4");
        let lengths = documents.iter().map(Vec::len);
        let mut labels = Self::without(lengths.map(|length| labelled_tokens(length, max_order)).collect())?;
        let positions = labels.positions() as u32;
        // All tokens in one vector, and for each position the index of its token.
        let tokens: Vec<u32> = documents.iter().flatten().copied().collect();
        let mut token_of_position = Vec::with_capacity(positions as usize);
        let mut start = 0;
        for (document, range) in documents.iter().zip(&labels.tokens) {
            token_of_position.extend(start + range.start..start + range.end);
            start += document.len();
        }
        labels.trees = vec![Levels(Vec::new()), Levels(Vec::new())];
        for order in widest.and_below() {
            if interrupted() {
                return Err(Error::cancelled());
            }
            // Inputs grow to the left, outputs to the right.
            let to_left = |position: u32| tokens[token_of_position[position as usize] + 1 - order.number()];
            let to_right = |position: u32| tokens[token_of_position[position as usize] + order.number()];
            let sides: [(Label, &(dyn Fn(u32) -> u32 + Sync)); 2] =
                [(Label::Input(order), &to_left), (Label::Output(order), &to_right)];
            labels.trees.par_iter_mut().zip(sides).for_each(|(Levels(levels), (label, token))| {
                let set = match levels.last() {
                    Some((_, lower)) => lower.split_by(token),
                    None => LabelSet::one(positions).split_by(token),
                };
                levels.push((label, set));
            });
        }
        Ok(labels)
    }

    /// No labels yet at these tokens of documents, from 0.
    ///
    /// # Errors
    /// [`Kind::Sample`] for 2³² positions and more: positions are numbered in 32 bits.
    pub fn without(tokens: Vec<Range<usize>>) -> Result<Self> {
        let ends = tokens.iter().scan(0, |positions, range| {
            *positions += range.len();
            Some(*positions)
        });
        let document_offsets: Vec<usize> = std::iter::once(0).chain(ends).collect();
        let labels = Self { tokens, document_offsets, groups: Vec::new(), trees: Vec::new() };
        let positions = labels.positions();
        match u32::try_from(positions) {
            Ok(_) => Ok(labels),
            Err(_) => {
                Err(Error::new(Kind::Sample, format!("the sample has {positions} positions, more than 2^32"))
                    .help("use fewer --samples or a shorter --context"))
            }
        }
    }

    /// The number of positions.
    pub fn positions(&self) -> usize {
        self.document_offsets[self.document_offsets.len() - 1]
    }

    /// The positions by one label; `None` where the sample was not labelled by it.
    pub fn set(&self, label: &Label) -> Option<&LabelSet> {
        self.trees.iter().flat_map(|Levels(levels)| levels).find(|(of, _)| of == label).map(|(_, set)| set)
    }
}

/// The tokens t, from 0, of a document of so many that have labels up to an order K: K−1 ≤ t ≤ S−K−1. Empty where it is too
/// short for any.
pub fn labelled_tokens(tokens: usize, max_order: usize) -> Range<usize> {
    let first = max_order - 1;
    first..first.max(tokens.saturating_sub(max_order))
}

/// One label for each of a number of positions: all positions, grouped by label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSet {
    /// The positions in the order of their labels, within a label in their own: `[positions]`.
    pub positions: Vec<u32>,
    /// Where each label's positions start, and the number of all: `[labels + 1]`. No label is empty.
    pub offsets: Vec<u32>,
}

impl LabelSet {
    /// The same label for all of a number of positions.
    fn one(end: u32) -> Self {
        let offsets = if end == 0 { vec![0] } else { vec![0, end] };
        Self { positions: (0..end).collect(), offsets }
    }

    /// Groups positions by any label: `ids[p]` is the label of position p. Ids need not be dense, labels are
    /// in their order.
    ///
    /// # Panics
    /// For 2³² positions and more.
    pub fn from_ids(ids: &[u32]) -> Self {
        let positions = u32::try_from(ids.len()).expect("2^32 positions and more");
        Self::one(positions).split_by(|position| ids[position as usize])
    }

    /// Splits each label by a second one. The new labels are ordered by both.
    fn split_by(&self, label: impl Fn(u32) -> u32) -> Self {
        let mut positions = Vec::with_capacity(self.positions.len());
        let mut offsets = vec![0];
        let mut keys: Vec<u64> = Vec::new();
        for group in self.offsets.windows(2) {
            let group = &self.positions[group[0] as usize..group[1] as usize];
            // Most n-grams are seen once.
            if let &[position] = group {
                positions.push(position);
                offsets.push(positions.len() as u32);
                continue;
            }
            // The position in the low half keeps equal labels in their order.
            keys.clear();
            keys.extend(group.iter().map(|&position| u64::from(label(position)) << 32 | u64::from(position)));
            keys.sort_unstable();
            for same in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
                positions.extend(same.iter().map(|&key| key as u32));
                offsets.push(positions.len() as u32);
            }
        }
        Self { positions, offsets }
    }

    /// The number of labels.
    pub fn labels(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of positions of each label, at least 1.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.offsets.windows(2).map(|bounds| bounds[1] - bounds[0])
    }

    /// The positions of each label, ascending.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &[u32]> + '_ {
        self.offsets.windows(2).map(|bounds| &self.positions[bounds[0] as usize..bounds[1] as usize])
    }

    /// The label of each position, as its index among the labels: `[positions]`.
    pub fn ids(&self) -> Vec<u32> {
        let mut ids = vec![0; self.positions.len()];
        for (label, group) in (0..).zip(self.groups()) {
            for &position in group {
                ids[position as usize] = label;
            }
        }
        ids
    }
}

#[cfg(test)]
mod tests;
