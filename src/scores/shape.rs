//! How the scores of a checkpoint are laid out.

use std::fmt;
use std::ops::Range;

use half::f16;

use crate::settings::Precision;

/// Bytes a score takes.
fn score_bytes(precision: Precision) -> usize {
    match precision {
        Precision::F32 => size_of::<f32>(),
        Precision::F16 => size_of::<f16>(),
    }
}

/// Sets of reference points, each with a seed of its own: a number of seeds that follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// The first of them, counted from the seed that the settings name.
    pub first: usize,
    /// How many there are.
    pub count: usize,
}

impl Seeds {
    /// The seed that the settings name and those that follow it.
    pub fn from_first(count: usize) -> Self {
        Self { first: 0, count }
    }

    /// Their numbers.
    pub fn range(self) -> Range<usize> {
        self.first..self.first + self.count
    }

    /// Whether all of `other` are among them.
    pub fn include(self, other: Self) -> bool {
        let (own, other) = (self.range(), other.range());
        own.start <= other.start && other.end <= own.end
    }

    /// Reads what is written of seeds.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, count) = text.split_once('+').unwrap_or(("0", text));
        Some(Self { first: first.parse().ok()?, count: count.parse().ok()? })
    }
}

/// `3`, or `1+2` for two from the second on.
impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { first: 0, count } => write!(f, "{count}"),
            Self { first, count } => write!(f, "{first}+{count}"),
        }
    }
}

/// How the scores of a checkpoint are laid out: a *slab* for each hidden state and seed, `[positions, points]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Hidden states.
    pub layers: usize,
    /// Sets of reference points.
    pub seeds: Seeds,
    /// Reference points of a set: the row length.
    pub points: usize,
    /// The type of a score, in main memory as on disk.
    pub precision: Precision,
}

impl Shape {
    /// Whether scores of this shape hold those of so many points and of these seeds.
    pub fn covers(self, points: usize, seeds: Seeds) -> bool {
        self.points >= points && self.seeds.include(seeds)
    }

    /// The number of slabs.
    pub fn slabs(&self) -> usize {
        self.layers * self.seeds.count
    }

    /// The slab of a hidden state, counted from 0, and one of the seeds.
    pub fn slab(&self, layer: usize, seed: usize) -> usize {
        layer * self.seeds.count + seed - self.seeds.first
    }

    /// The slabs of a hidden state, one after the other of its seeds.
    pub fn slabs_of(&self, layer: usize) -> Range<usize> {
        layer * self.seeds.count..(layer + 1) * self.seeds.count
    }

    /// Bytes that the scores of a number of positions take in main memory or on disk.
    pub fn bytes(&self, positions: usize) -> u64 {
        (self.slabs() * positions * self.row_bytes()) as u64
    }

    /// Bytes that the scores of a number of positions take in the memory of a GPU, which holds each in 32 bits.
    pub fn bytes_on_gpu(&self, positions: usize) -> usize {
        self.slabs() * positions * self.points * size_of::<f32>()
    }

    pub(super) fn row_bytes(&self) -> usize {
        self.points * score_bytes(self.precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_as_they_are_written_and_include_what_lies_within() {
        let further = Seeds { first: 1, count: 2 };
        for (seeds, text) in [(Seeds::from_first(3), "3"), (further, "1+2")] {
            assert_eq!((seeds.to_string().as_str(), Seeds::parse(text)), (text, Some(seeds)));
        }
        assert!(["", "x", "1+", "+2", "-1"].iter().all(|text| Seeds::parse(text).is_none()));
        assert!(Seeds::from_first(3).include(further) && further.include(further));
        assert!(!Seeds::from_first(2).include(further) && !further.include(Seeds::from_first(1)));
        let shape = Shape { layers: 4, seeds: further, ..Shape::default() };
        assert_eq!((shape.slabs(), shape.slab(0, 1), shape.slab(3, 2)), (8, 0, 7));
        assert_eq!(shape.slabs_of(3), 6..8);
    }
}
