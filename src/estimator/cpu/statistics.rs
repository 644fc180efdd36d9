//! The statistics of layers in main memory: one pass over a layer's scores, a few positions at a time, a layer a
//! core.
//!
//! Positions are binned, and each bin added to the sums of its position's longest labels while it is in the
//! cache. What is held is a chunk of scores and a sum a label; where those sums would take more than half a GiB,
//! fewer layers are taken at once, or the labels are cut into parts and the scores passed once a part.
//!
//! A label's bins are added in the order of positions and labels combined in their order, so the result is
//! the same to the bit whatever the chunks and the number of threads.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::label_sums::{LabelSums, bytes_of};
use super::label_walk::LabelWalk;
use super::soft_bins::{BLOCK, Bins, bin_block, row_length};
use crate::error::{Error, Result};
use crate::estimator::label_entropies::{EntropySums, of_tree, with_entropy};
use crate::estimator::label_tree::{LabelTree, SampleLabels};
use crate::estimator::{Answer, Question, Statistics};
use crate::measures::EntropiesByLabel;
use crate::scores::{Score, Slab, Values, ValuesRef};
use crate::simd::{Simd, WithSimd, with_simd};

/// Bytes that the sums of labels may take at a time.
const SUMS: usize = 512 << 20;

/// Says when to stop; asked from several threads, one at a time.
type Interrupted<'a> = Mutex<&'a mut (dyn FnMut() -> bool + Send)>;

/// The statistics of some layers, each for every prefix asked for. A prefix has to end where a chunk does.
///
/// `interrupted` is asked before each chunk.
///
/// # Errors
/// Scores that cannot be read; [`crate::error::Kind::Cancelled`] once interrupted.
pub fn statistics(
    slabs: &[Slab<'_>],
    question: &Question,
    labels: &SampleLabels,
    interrupted: &mut (dyn FnMut() -> bool + Send),
) -> Result<Answer> {
    statistics_within(SUMS, slabs, question, labels, interrupted)
}

/// [`statistics`] with sums of no more than `budget` bytes at a time.
fn statistics_within(
    budget: usize,
    slabs: &[Slab<'_>],
    question: &Question,
    labels: &SampleLabels,
    interrupted: &mut (dyn FnMut() -> bool + Send),
) -> Result<Answer> {
    let points = question.binning.points;
    let ends = labels.trees().iter().flat_map(|tree| &tree.ends);
    let bytes: usize = ends.map(|&ends| bytes_of(ends, points)).sum();
    let at_once = (budget / bytes.max(1)).clamp(1, slabs.len().clamp(1, rayon::current_num_threads()));
    let parts = parts(labels, points, budget / at_once);
    let interrupted: Interrupted<'_> = Mutex::new(interrupted);
    let next = AtomicUsize::new(0);
    // Each task has memory of its own and takes layer after layer.
    let task = |_| {
        let mut scratch = Scratch::default();
        let (mut found, mut sums) = (Vec::new(), vec![EntropySums::default(); labels.trees().len()]);
        while let Some((index, slab)) = take(&next, slabs) {
            let listed = question.listed.contains(&index).then_some(&mut sums[..]);
            let statistics = layer(*slab, (question, listed), labels, &parts, &mut scratch, &interrupted);
            if statistics.is_err() {
                next.store(slabs.len(), Ordering::Relaxed);
            }
            found.push((index, statistics));
        }
        (found, sums)
    };
    let tasks: Vec<_> = (0..at_once).into_par_iter().map(task).collect();
    let mut of_labels = vec![EntropySums::default(); labels.trees().len()];
    let mut found = Vec::with_capacity(slabs.len());
    for (of_task, sums) in tasks {
        found.extend(of_task);
        of_labels.iter_mut().zip(&sums).for_each(|(all, own)| all.merge(own));
    }
    found.sort_unstable_by_key(|(index, _)| *index);
    let layers: Vec<Vec<Statistics>> =
        found.into_iter().map(|(_, statistics)| statistics).collect::<Result<_>>()?;
    Ok(Answer { labels: listed(&layers, question, labels, &of_labels), layers })
}

/// The entropies of single labels, where they are asked for: `sums` are those of each tree.
fn listed(
    layers: &[Vec<Statistics>],
    question: &Question,
    labels: &SampleLabels,
    sums: &[EntropySums],
) -> EntropiesByLabel {
    if question.listed.is_empty() {
        return Vec::new();
    }
    let positions = question.prefixes.last().copied().unwrap_or(0);
    let of_tree = |(tree, sums): (&LabelTree, &EntropySums)| {
        of_tree(tree, positions, question.min_count, |label| sums.mean(label, question.listed.len()))
    };
    let found = labels.trees().iter().zip(sums).flat_map(of_tree).collect();
    with_entropy(layers, &question.listed, found)
}

/// The next of some items that several threads share.
fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    items.get(index).map(|item| (index, item))
}

/// Memory used again for the next layer.
#[derive(Debug, Default)]
struct Scratch {
    scores: Values,
    /// The scores of a block in f32, where they are not.
    wide: Vec<f32>,
    bins: Vec<f32>,
    /// Of each tree.
    sums: Vec<LabelSums>,
}

/// The statistics of one layer, for each prefix; the entropies of single labels on the longest are added to `listed`, a
/// sum a tree.
fn layer(
    slab: Slab<'_>,
    (question, listed): (&Question, Option<&mut [EntropySums]>),
    labels: &SampleLabels,
    parts: &[Part],
    scratch: &mut Scratch,
    interrupted: &Interrupted<'_>,
) -> Result<Vec<Statistics>> {
    let (points, stride) = (question.binning.points, slab.stride());
    let trees = labels.trees();
    let last = question.prefixes.len().saturating_sub(1);
    let begin = |prefix: usize| {
        let listing = prefix == last && listed.is_some();
        trees.iter().map(|tree| LabelWalk::new(tree, points, question.min_count, listing)).collect()
    };
    let mut walks: Vec<Vec<LabelWalk>> = (0..question.prefixes.len()).map(begin).collect();
    let how = Bins { stride, points, inverse_temperature: question.binning.temperature.recip() as f32 };
    let all = question.prefixes.last().copied().unwrap_or(0);
    let Scratch { scores, wide, bins, sums } = scratch;
    wide.resize(BLOCK * stride, 0.0);
    bins.resize(BLOCK * row_length(points), 0.0);
    sums.resize_with(trees.len(), LabelSums::default);
    for part in parts {
        for ((sums, tree), range) in sums.iter_mut().zip(trees).zip(part) {
            sums.begin(tree, range.clone(), points);
        }
        let mut start = 0;
        let mut prefixes = question.prefixes.iter().zip(&mut walks).peekable();
        for chunk in 0..slab.ends().partition_point(|&end| end <= all) {
            if (interrupted.lock().unwrap_or_else(PoisonError::into_inner))() {
                return Err(Error::cancelled());
            }
            let rows = slab.read(chunk, scores)?;
            let longest: Vec<&[u32]> = trees.iter().map(|tree| &tree.longest[start..]).collect();
            let longest = &longest[..];
            match rows {
                ValuesRef::F32(scores) => with_simd(AddChunk { how, scores, wide, longest, bins, sums }),
                ValuesRef::F16(scores) => with_simd(AddChunk { how, scores, wide, longest, bins, sums }),
            }
            start += rows.count() / stride;
            while let Some((_, walks)) = prefixes.next_if(|(end, _)| **end == start) {
                for ((walk, tree), sums) in walks.iter_mut().zip(trees).zip(&*sums) {
                    walk.over(tree, sums);
                }
            }
        }
    }
    let mut of_labels = Vec::new();
    let ended = question.prefixes.iter().zip(walks).map(|(&positions, walks)| {
        let (mut entropy, mut sets) = (None, Vec::new());
        of_labels.clear();
        for (walk, tree) in walks.into_iter().zip(trees) {
            let (of_all, conditionals, entropies) = walk.end();
            of_labels.push(entropies);
            entropy.get_or_insert(of_all);
            sets.extend(tree.levels.iter().cloned().zip(conditionals));
        }
        // There is a tree, and each knows H(Z).
        Statistics { positions, entropy: entropy.unwrap_or(f64::NAN), sets }
    });
    let ended = ended.collect();
    for (sums, entropies) in listed.into_iter().flatten().zip(of_labels) {
        sums.add(entropies.into_iter());
    }
    Ok(ended)
}

/// The positions of a chunk on the way to the sums of their longest labels.
struct AddChunk<'a, T> {
    how: Bins,
    scores: &'a [T],
    /// Room for the scores of a block in f32.
    wide: &'a mut [f32],
    /// The longest labels in each tree of the positions from the chunk's first on.
    longest: &'a [&'a [u32]],
    /// Room for the bins of a block.
    bins: &'a mut [f32],
    /// Of each tree.
    sums: &'a mut [LabelSums],
}

impl<T: Score> WithSimd for AddChunk<'_, T> {
    type Output = ();

    /// Bins the positions and adds each to its labels, a block at a time.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { how, scores, wide, longest, bins, sums } = self;
        let mut start = 0;
        for scores in scores.chunks(BLOCK * how.stride) {
            let positions = scores.len() / how.stride;
            let end = start + positions;
            let mut entropies = [0.0; BLOCK];
            bin_block(
                simd,
                how,
                T::widen(scores, wide),
                bins,
                &mut entropies[..positions],
                #[inline(always)]
                |row| {
                    // What the next block will be added to.
                    for (sums, longest) in sums.iter().zip(longest) {
                        if let Some(&label) = longest.get(end + row) {
                            sums.prefetch(label);
                        }
                    }
                },
            );
            for (sums, longest) in sums.iter_mut().zip(longest) {
                sums.add(simd, bins, &entropies, &longest[start..end]);
            }
            start = end;
        }
    }
}

/// The labels of each tree whose sums are made in one pass.
type Part = Vec<Range<usize>>;

/// All labels in parts whose sums take no more than `budget` bytes each, or a label.
fn parts(labels: &SampleLabels, points: usize, budget: usize) -> Vec<Part> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), vec![0..0; labels.trees().len()], 0);
    for (index, tree) in labels.trees().iter().enumerate() {
        for &ends in &tree.ends {
            let takes = bytes_of(ends, points);
            if bytes > 0 && bytes + takes > budget {
                let next = part.iter().map(|labels| labels.end..labels.end).collect();
                parts.push(std::mem::replace(&mut part, next));
                bytes = 0;
            }
            part[index].end += 1;
            bytes += takes;
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::estimator::Binning;
    use crate::labels::Labels;
    use crate::scores::{ChunkKey, Losses, ScoreTable, Seeds, Shape};
    use crate::settings::Precision;

    fn score(index: usize) -> f32 {
        (index * index % 97) as f32 / 97.0
    }

    /// A slab in memory, of the scores that `score` gives for each place.
    fn table<const N: usize>(
        ends: [usize; N],
        points: usize,
        precision: Precision,
        score: impl Fn(usize) -> f32,
    ) -> ScoreTable {
        let chunks = ends.map(|end| ChunkKey { end, tokens: 0 });
        let mut table =
            ScoreTable::new(Shape { layers: 1, seeds: Seeds::from_first(1), points, precision }, &chunks);
        for chunk in 0..N {
            let positions = table.positions(chunk);
            let scores: Vec<f32> = (positions.start * points..positions.end * points).map(&score).collect();
            table.open(chunk, 0..1).unwrap()[0].write(0, &scores);
            table.finish(chunk, Losses::default()).unwrap();
        }
        table
    }

    #[test]
    fn half_precision_rounds_scores_and_nothing_else() {
        const POINTS: usize = 20;
        let document = (0..505).map(|token: u32| token * token % 7).collect();
        let labels = SampleLabels::new(&Labels::new(&[document], 3));
        let rounded = |index| f16::from_f32(score(index)).to_f32();
        let tables = [
            table([300, 500], POINTS, Precision::F16, score),
            table([300, 500], POINTS, Precision::F32, rounded),
            table([300, 500], POINTS, Precision::F32, score),
        ];
        let binning = Binning { points: 17, temperature: 0.1 };
        let question = Question { binning, min_count: 1, prefixes: vec![500], listed: 0..0 };
        let [half, rounded, exact] = tables.each_ref().map(|table| {
            statistics(&[table.slab(0)], &question, &labels, &mut || false)
                .unwrap()
                .layers
                .remove(0)
                .remove(0)
        });
        assert_eq!(half, rounded);
        assert!(half != exact && (half.entropy - exact.entropy).abs() < 1e-3);
    }

    #[test]
    fn little_memory_takes_more_passes_to_the_same_numbers() {
        const POSITIONS: usize = 3000;
        const POINTS: usize = 20;
        let table = table([1000, POSITIONS], POINTS, Precision::F32, score);
        let tokens = |token: u32| token.wrapping_mul(2_654_435_761) >> 7 & token >> 3 & 15;
        let document = (0..POSITIONS as u32 + 5).map(tokens).collect();
        let labels = SampleLabels::new(&Labels::new(&[document], 3));
        let binning = Binning { points: POINTS, temperature: 0.1 };
        for min_count in [1, 3] {
            let question = Question { binning, min_count, prefixes: vec![1000, POSITIONS], listed: 0..1 };
            let within = |budget| {
                let slabs = [table.slab(0)];
                statistics_within(budget, &slabs, &question, &labels, &mut || false).unwrap()
            };
            assert!(parts(&labels, POINTS, 3000).len() > 5);
            assert_eq!(within(SUMS), within(3000));
        }
    }
}
