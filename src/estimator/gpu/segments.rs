//! Labels as work for the kernels: which positions to sum for which label, in pieces of bounded length.
//!
//! A label seen once needs no sum: its distribution is its position's own, whose entropy the soft binning
//! gives. A label seen often is cut into chunks, so that no lane sums thousands of rows alone. Sums are f32 and
//! short: of up to [`CHUNK`] positions in `shaders/label_sums.wgsl`, of 128 chunks and then of all such runs in
//! `shaders/label_entropies.wgsl`, 153 for the root of five million positions.

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use crate::estimator::REFUSED_ENTROPY;
use crate::estimator::label_tree::ONCE;
use crate::measures::{self, Conditional, LabelEntropy, Statistics};

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
    /// The work for some positions, given the number of each one's label, [`ONCE`] where it has none. Memory is
    /// taken for as many labels as the largest number says.
    pub fn new(ids: &[u32]) -> Self {
        // A sort by counting: how many positions each label has, those without one behind all others; then where
        // each label's positions begin.
        let labels = ids.iter().filter(|&&id| id != ONCE).max().map_or(0, |&most| most as usize + 1);
        let label_of = |id: u32| (id as usize).min(labels);
        let mut counts = vec![0u32; labels + 1];
        ids.iter().for_each(|&id| counts[label_of(id)] += 1);
        let mut start = 0;
        let mut next: Vec<u32> = counts
            .iter()
            .map(|count| {
                start += count;
                start - count
            })
            .collect();
        let mut positions = vec![0; ids.len()];
        for (position, &id) in (0..).zip(ids) {
            let next = &mut next[label_of(id)];
            positions[*next as usize] = position;
            *next += 1;
        }
        let mut segments = Self { positions, ..Self::default() };
        let mut start = 0;
        for count in &counts[..labels] {
            match count {
                0 => {}
                // The label's other positions lie behind the last.
                1 => segments.singletons.push(segments.positions[start as usize]),
                _ => segments.push_label(start, start + count),
            }
            start += count;
        }
        segments.singletons.extend_from_slice(&segments.positions[start as usize..]);
        segments
    }

    /// One label for all these positions.
    fn whole(positions: Vec<u32>) -> Self {
        let mut segments = Self { positions, ..Self::default() };
        segments.push_label(0, segments.positions.len() as u32);
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

    /// The positions whose label is seen `min_count` times or more, and which therefore count.
    fn kept(&self, min_count: u32) -> Vec<u32> {
        let mut kept = vec![false; self.positions.len()];
        let mut keep = |positions: &[u32]| {
            positions.iter().for_each(|&position| kept[position as usize] = true);
        };
        for label in self.labels.iter().filter(|label| label.count >= min_count) {
            let start = self.chunks[label.first_chunk as usize].start as usize;
            keep(&self.positions[start..start + label.count as usize]);
        }
        if min_count <= 1 {
            keep(&self.singletons);
        }
        (0..).zip(kept).filter(|(_, kept)| *kept).map(|(position, _)| position).collect()
    }

    /// What these labels leave of the entropy of Z, which is `entropy` over the positions kept.
    ///
    /// `label_entropies` are those of [`Segments::labels`], `row_entropies` those of single positions.
    fn conditional(
        &self,
        min_count: u32,
        entropy: f64,
        label_entropies: &[f32],
        row_entropies: &[f32],
    ) -> Conditional {
        let (mut by_position, mut by_label) = (0.0, 0.0);
        let (mut kept, mut labels) = (0, 0);
        for (label, &entropy) in self.labels.iter().zip(label_entropies) {
            if label.count >= min_count {
                by_position += f64::from(label.count) * f64::from(entropy);
                by_label += f64::from(entropy);
                kept += label.count as usize;
                labels += 1;
            }
        }
        if min_count <= 1 {
            for &position in &self.singletons {
                let entropy = f64::from(row_entropies[position as usize]);
                by_position += entropy;
                by_label += entropy;
            }
            kept += self.singletons.len();
            labels += self.singletons.len();
        }
        Conditional {
            entropy,
            expectation: by_position / kept as f64,
            mean: by_label / labels as f64,
            kept,
            labels,
            singletons: self.singletons.len(),
        }
    }
}

/// All that is to be summed of a sample, or of its first positions.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleSegments {
    /// The number of positions.
    pub positions: usize,
    min_count: u32,
    /// All positions as one label, then each set of labels; where labels are dropped, then for each set the
    /// positions it keeps as one label.
    pub parts: Vec<Segments>,
    /// What the labels of each set are.
    sets: Vec<measures::Label>,
}

impl SampleSegments {
    /// The work for the first `positions` positions of a sample, given the numbers of each set of labels.
    pub fn new(sets: &[(measures::Label, Vec<u32>)], positions: usize, min_count: u32) -> Self {
        let mut parts = vec![Segments::whole((0..positions as u32).collect())];
        parts.par_extend(sets.par_iter().map(|(_, ids)| Segments::new(&ids[..positions])));
        if min_count > 1 {
            let kept = parts[1..].par_iter().map(|set| Segments::whole(set.kept(min_count)));
            let kept: Vec<Segments> = kept.collect();
            parts.extend(kept);
        }
        let sets = sets.iter().map(|(label, _)| label.clone()).collect();
        Self { positions, min_count, parts, sets }
    }

    /// The number of sets of labels.
    pub fn sets(&self) -> usize {
        self.sets.len()
    }

    /// The labels of each set that are seen twice or more and often enough to be kept, the entropy of each as `entropy`
    /// gives it by set and label.
    pub fn labels(&self, entropy: impl Fn(usize, usize) -> f64) -> Vec<Vec<LabelEntropy>> {
        let of_set = |(set, part): (usize, &Segments)| {
            let kept = part.labels.iter().enumerate().filter(|(_, label)| label.count >= self.min_count);
            let of_label = |(index, label): (usize, &Label)| {
                let start = part.chunks[label.first_chunk as usize].start;
                let first = part.positions[start as usize];
                LabelEntropy { first, positions: label.count, entropy: entropy(set, index) }
            };
            kept.map(of_label).collect()
        };
        self.parts[1..=self.sets.len()].iter().enumerate().map(of_set).collect()
    }

    /// The statistics that the entropies of the labels of all parts, and of single positions, make up: NaN where a
    /// position's says that its state was refused.
    pub fn statistics(&self, label_entropies: &[&[f32]], row_entropies: &[f32]) -> Statistics {
        let refused = row_entropies[..self.positions].iter().any(|&entropy| entropy <= REFUSED_ENTROPY);
        let of_whole = |part: usize| match refused {
            true => f64::NAN,
            false => f64::from(label_entropies[part][0]),
        };
        let conditional = |(part, label): (usize, &measures::Label)| {
            // The entropy over the positions kept stands behind the sets.
            let entropy = of_whole(if self.min_count > 1 { part + self.sets.len() } else { 0 });
            let (part, of_labels) = (&self.parts[part], label_entropies[part]);
            (label.clone(), part.conditional(self.min_count, entropy, of_labels, row_entropies))
        };
        Statistics {
            positions: self.positions,
            entropy: of_whole(0),
            sets: (1..).zip(&self.sets).map(conditional).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimator::SampleLabels;
    use crate::labels::Labels;

    #[test]
    fn long_labels_are_cut_and_single_ones_left_out() {
        let mut ids = vec![7; 600];
        ids.extend([ONCE, 2, 2]);
        let segments = Segments::new(&ids);
        assert_eq!(segments.singletons, [600]);
        assert_eq!(segments.labels.iter().map(|l| l.count).sum::<u32>(), 602);
        let covered: u32 = segments.chunks.iter().map(|c| c.end - c.start).sum();
        assert_eq!(covered, 602);
        assert!(segments.chunks.iter().all(|c| c.end - c.start <= CHUNK));
        assert_eq!(segments.chunks.len(), 4);
        assert_eq!(segments.kept(3), (0..600).collect::<Vec<_>>());
        assert_eq!(segments.kept(1).len(), 603);
        // Cut before the second of a pair, the first stands alone.
        assert_eq!(Segments::new(&ids[..602]).singletons, [601, 600]);
        assert_eq!(Segments::new(&[]), Segments::default());
        assert_eq!(Segments::new(&[ONCE; 3]).singletons, [0, 1, 2]);
    }

    /// The same work by sorting labels and positions.
    fn sorted(ids: &[u32]) -> Segments {
        let mut keys: Vec<(u32, u32)> = (0..).zip(ids).map(|(position, &id)| (id, position)).collect();
        keys.sort_unstable();
        let positions = keys.iter().map(|(_, position)| *position).collect();
        let mut segments = Segments { positions, ..Segments::default() };
        let mut start = 0;
        for same in keys.chunk_by(|a, b| a.0 == b.0) {
            let end = start + same.len() as u32;
            if same[0].0 == ONCE || same.len() == 1 {
                segments.singletons.extend(same.iter().map(|(_, position)| *position));
            } else {
                segments.push_label(start, end);
            }
            start = end;
        }
        segments
    }

    #[test]
    fn counting_gives_what_sorting_gives() {
        let token = |position: u32| position.wrapping_mul(2_654_435_761) >> 13;
        let documents: Vec<Vec<u32>> = (0..50)
            .map(|document| {
                // Common tokens and rare ones.
                let token = |t: u32| token(document * 1000 + t) % (1 + token(t + document) % 4000);
                (0..400 + document).map(token).collect()
            })
            .collect();
        let sets = SampleLabels::new(&Labels::new(&documents, 4)).sets();
        let positions = sets[0].1.len();
        for (_, ids) in &sets {
            for prefix in [0, 1, 2, positions / 3, positions] {
                let segments = Segments::new(&ids[..prefix]);
                assert_eq!(segments, sorted(&ids[..prefix]));
                for min_count in [1, 2, 5] {
                    let kept = segments.kept(min_count);
                    let count = |id: u32| match id {
                        ONCE => 1,
                        _ => ids[..prefix].iter().filter(|&&other| other == id).count() as u32,
                    };
                    assert!(kept.is_sorted());
                    // A look at some: each takes a pass over all.
                    for position in (0..prefix as u32).step_by(97) {
                        let is_kept = kept.binary_search(&position).is_ok();
                        assert_eq!(is_kept, count(ids[position as usize]) >= min_count);
                    }
                }
            }
        }
    }
}
