//! Labels as work for the kernels: which positions to sum for which label, in pieces of bounded length.
//!
//! A label seen once needs no sum: its distribution is its position's own, whose entropy the soft binning
//! gives. A label seen often is cut into chunks, so that no lane sums thousands of rows alone and a f32
//! sum never runs over more than [`CHUNK`] terms.

use bytemuck::{Pod, Zeroable};

use crate::labels::LabelSet;

/// The most positions summed in one go.
pub const CHUNK: u32 = 256;

/// A piece of a label's positions. Keep in sync with `Chunk` in `shaders/label_sums.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Chunk {
    /// First index into the list of positions.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// A label's chunks. Keep in sync with `Label` in `shaders/label_entropies.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Label {
    /// First index into the list of chunks.
    pub first_chunk: u32,
    /// One past the last.
    pub end_chunk: u32,
    /// The number of its positions.
    pub count: u32,
}

/// What to sum for one set of labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segments {
    /// Position indices, label by label.
    pub positions: Vec<u32>,
    /// The chunks of labels seen twice or more.
    pub chunks: Vec<Chunk>,
    /// Those labels.
    pub labels: Vec<Label>,
    /// The positions of labels seen once.
    pub singletons: Vec<u32>,
}

impl Segments {
    /// The work for a set of labels.
    pub fn new(set: &LabelSet) -> Self {
        let mut segments = Self { positions: set.positions.clone(), ..Self::default() };
        for ends in set.offsets.windows(2) {
            let (start, end) = (ends[0], ends[1]);
            if end - start == 1 {
                segments.singletons.push(set.positions[start as usize]);
            } else {
                segments.push_label(start, end);
            }
        }
        segments
    }

    /// One label for all `positions`: its entropy is 𝓗(Z).
    pub fn whole(positions: usize) -> Self {
        let mut segments = Self { positions: (0..positions as u32).collect(), ..Self::default() };
        segments.push_label(0, positions as u32);
        segments
    }

    fn push_label(&mut self, start: u32, end: u32) {
        let first_chunk = self.chunks.len() as u32;
        self.chunks.extend(
            (start..end)
                .step_by(CHUNK as usize)
                .map(|from| Chunk { start: from, end: end.min(from + CHUNK) }),
        );
        self.labels.push(Label { first_chunk, end_chunk: self.chunks.len() as u32, count: end - start });
    }

    /// Conditional entropies H(Z|label), weighted by share of positions and label by label alike.
    ///
    /// `label_entropies` are those of [`Segments::labels`], `row_entropies` those of single positions.
    pub fn conditional(&self, label_entropies: &[f32], row_entropies: &[f32]) -> Conditional {
        let (mut by_position, mut by_label) = (0.0, 0.0);
        for (label, &entropy) in self.labels.iter().zip(label_entropies) {
            by_position += f64::from(label.count) * f64::from(entropy);
            by_label += f64::from(entropy);
        }
        for &position in &self.singletons {
            let entropy = f64::from(row_entropies[position as usize]);
            by_position += entropy;
            by_label += entropy;
        }
        Conditional {
            expectation: by_position / self.positions.len() as f64,
            mean: by_label / (self.labels.len() + self.singletons.len()) as f64,
        }
    }
}

/// Entropy left in Z once the label is known, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditional {
    /// Σ p(x) H(Z|x).
    pub expectation: f64,
    /// Σ H(Z|x) / |X|.
    pub mean: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_labels_are_cut_and_single_ones_left_out() {
        let mut ids = vec![7; 600];
        ids.extend([1, 2, 2]);
        let segments = Segments::new(&LabelSet::from_ids(&ids));
        assert_eq!(segments.singletons, [600]);
        assert_eq!(segments.labels.iter().map(|l| l.count).sum::<u32>(), 602);
        let covered: u32 = segments.chunks.iter().map(|c| c.end - c.start).sum();
        assert_eq!(covered, 602);
        assert!(segments.chunks.iter().all(|c| c.end - c.start <= CHUNK));
        assert_eq!(segments.chunks.len(), 4);
    }
}
