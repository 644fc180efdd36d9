//! How the scores of a checkpoint are laid out.

use half::f16;

use crate::settings::Precision;

/// Bytes a score takes.
fn score_bytes(precision: Precision) -> usize {
    match precision {
        Precision::F32 => size_of::<f32>(),
        Precision::F16 => size_of::<f16>(),
    }
}

/// How the scores of a checkpoint are laid out: a *slab* for each hidden state and seed, `[positions, points]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Hidden states.
    pub layers: usize,
    /// Sets of reference points, each with a seed of its own.
    pub seeds: usize,
    /// Reference points of a set: the row length.
    pub points: usize,
    /// The type of a score, in main memory as on disk.
    pub precision: Precision,
}

impl Shape {
    /// The number of slabs.
    pub fn slabs(&self) -> usize {
        self.layers * self.seeds
    }

    /// The slab of a hidden state and a seed, both counted from 0.
    pub fn slab(&self, layer: usize, seed: usize) -> usize {
        layer * self.seeds + seed
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
