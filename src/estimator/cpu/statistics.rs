//! The statistics of a layer in main memory: one pass over its scores, a chunk of positions at a time.
//!
//! Positions are binned a block at a time, and every position's bin added to the sum of its label, for all sets of
//! labels at once. What is held is a chunk of scores, a block of bins and a sum a label seen twice or more; where
//! those sums would take more than half a GiB, the labels are cut into parts and the scores passed once a part.
//!
//! A label's bins are added in the order of positions and labels combined in their order, so the result is
//! the same to the bit whatever the chunks and the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::soft_bins::soft_bins;
use crate::error::{Error, Result};
use crate::estimator::label_ids::{ONCE, SampleLabels};
use crate::estimator::statistics::{Conditional, Question, Statistics};
use crate::simd::{ln, prefetch, sum_of, vectorised};
use crate::store::Plane;

/// Bytes that the sums of labels may take at a time.
const SUMS: usize = 512 << 20;
/// Labels seen more often than this are summed in f64: a f32 sum of as many bins keeps six digits.
const FREQUENT: u32 = 256;
/// Positions binned before their bins are added: few enough that those stay in a core's cache.
const BLOCK: usize = 2048;
/// How many positions ahead the sums of a label are asked for.
const AHEAD: usize = 8;
/// Positions binned in one task.
const ROWS: usize = 128;

/// The statistics of a layer for each prefix asked for. A prefix has to end where a chunk does.
///
/// `interrupted` is asked before each chunk.
///
/// # Errors
/// Scores that cannot be read; [`crate::error::Kind::Cancelled`] once interrupted.
pub fn statistics(
    scores: Plane<'_>,
    question: &Question,
    labels: &SampleLabels,
    interrupted: &mut dyn FnMut() -> bool,
) -> Result<Vec<Statistics>> {
    statistics_within(SUMS, scores, question, labels, interrupted)
}

/// [`statistics`] with sums of no more than `budget` bytes at a time.
fn statistics_within(
    budget: usize,
    scores: Plane<'_>,
    question: &Question,
    labels: &SampleLabels,
    interrupted: &mut dyn FnMut() -> bool,
) -> Result<Vec<Statistics>> {
    let points = question.binning.points;
    let mut found: Vec<Statistics> = question
        .prefixes
        .iter()
        .map(|&positions| Statistics { positions, entropy: 0.0, sets: Vec::new() })
        .collect();
    let mut finished: Vec<Vec<SetEntropies>> = vec![Vec::new(); found.len()];
    for (pass, tallies) in passes(labels, points, budget).into_iter().enumerate() {
        let tally = |(set, range, takes_single): (usize, Range<u32>, bool)| {
            let counts = &labels.sets[set].counts;
            Tally::new(set, range, counts, takes_single, points)
        };
        let mut tallies: Vec<Tally> = tallies.into_par_iter().map(tally).collect();
        let mut whole = vec![0.0f64; points];
        let mut next = 0;
        each_chunk(scores, question, interrupted, |range, bins, entropies| {
            rayon::join(
                || {
                    vectorised(
                        #[inline(always)]
                        || add_all(&mut whole, bins),
                    )
                },
                || {
                    tallies.par_iter_mut().for_each(|tally| {
                        tally.add(bins, entropies, &labels.sets[tally.set].ids[range.clone()], points);
                    });
                },
            );
            while next < found.len() && found[next].positions == range.end {
                if pass == 0 {
                    found[next].entropy = entropy_of(&whole, range.end as f64);
                }
                let parts = tallies.par_iter().map(|tally| tally.entropies(points, question.min_count));
                finished[next].extend(parts.collect::<Vec<_>>());
                next += 1;
            }
        })?;
    }
    for (statistics, parts) in found.iter_mut().zip(finished) {
        let parts_of = |set: usize| parts.iter().filter(move |part| part.set == set);
        statistics.sets = (0..labels.sets.len())
            .map(|set| SetEntropies::conditional(parts_of(set), statistics.entropy, question.min_count))
            .collect();
    }
    Ok(found)
}

/// Bins chunk after chunk up to the last prefix and gives each to `take`: its positions, their bins
/// `[positions, points]` and the entropy of each.
fn each_chunk(
    scores: Plane<'_>,
    question: &Question,
    interrupted: &mut dyn FnMut() -> bool,
    mut take: impl FnMut(Range<usize>, &[f32], &[f32]),
) -> Result<()> {
    let (points, stride) = (question.binning.points, scores.stride());
    let inverse_temperature = question.binning.temperature.recip() as f32;
    let all = question.prefixes.last().copied().unwrap_or(0);
    let (mut buffer, mut bins, mut entropies) = (Vec::new(), Vec::new(), Vec::new());
    let mut start = 0;
    for chunk in 0..scores.ends().partition_point(|&end| end <= all) {
        if interrupted() {
            return Err(Error::cancelled());
        }
        let rows = scores.read(chunk, &mut buffer)?;
        for rows in rows.chunks(BLOCK * stride) {
            let positions = rows.len() / stride;
            bins.resize(positions * points, 0.0);
            entropies.resize(positions, 0.0);
            rows.par_chunks(ROWS * stride)
                .zip(bins.par_chunks_mut(ROWS * points))
                .zip(entropies.par_chunks_mut(ROWS))
                .for_each(|((rows, bins), entropies)| {
                    soft_bins(rows, stride, points, inverse_temperature, bins, entropies);
                });
            take(start..start + positions, &bins, &entropies);
            start += positions;
        }
    }
    Ok(())
}

/// The sums of some labels of one set.
#[derive(Debug)]
struct Tally {
    set: usize,
    /// The ids of the labels.
    labels: Range<u32>,
    /// Whether positions whose label occurs once are counted here.
    takes_single: bool,
    /// How many times each label was seen so far.
    counts: Vec<u32>,
    /// The sums of the labels seen most, `[.., points]`, and behind them of the others.
    frequent: Vec<f64>,
    rare: Vec<f32>,
    /// Positions whose label occurs once, and the sum of their entropies.
    single: usize,
    single_entropy: f64,
}

impl Tally {
    fn new(set: usize, labels: Range<u32>, counts: &[u32], takes_single: bool, points: usize) -> Self {
        let counts = &counts[labels.start as usize..labels.end as usize];
        let frequent = counts.partition_point(|&count| count > FREQUENT);
        Self {
            set,
            labels,
            takes_single,
            counts: vec![0; counts.len()],
            frequent: vec![0.0; frequent * points],
            rare: vec![0.0; (counts.len() - frequent) * points],
            single: 0,
            single_entropy: 0.0,
        }
    }

    /// Adds positions: their bins `[positions, points]`, the entropy of each bin, and their labels.
    fn add(&mut self, bins: &[f32], entropies: &[f32], ids: &[u32], points: usize) {
        let frequent = self.frequent.len() / points;
        vectorised(
            #[inline(always)]
            || {
                for (index, ((row, &id), &entropy)) in
                    bins.chunks_exact(points).zip(ids).zip(entropies).enumerate()
                {
                    // Labels come in no order, so the next sums are hardly ever in the cache.
                    if let Some(&soon) = ids.get(index + AHEAD) {
                        let label = soon.wrapping_sub(self.labels.start) as usize;
                        if (frequent..self.counts.len()).contains(&label) {
                            prefetch(&self.rare[(label - frequent) * points..][..points]);
                        }
                    }
                    let label = id.wrapping_sub(self.labels.start) as usize;
                    if label >= self.counts.len() {
                        if id == ONCE && self.takes_single {
                            self.single += 1;
                            self.single_entropy += f64::from(entropy);
                        }
                        continue;
                    }
                    self.counts[label] += 1;
                    if label < frequent {
                        add_all(&mut self.frequent[label * points..][..points], row);
                    } else {
                        let sums = &mut self.rare[(label - frequent) * points..][..points];
                        sums.iter_mut().zip(row).for_each(|(sum, bin)| *sum += bin);
                    }
                }
            },
        );
    }

    /// The entropy of each label as far as it was seen.
    fn entropies(&self, points: usize, min_count: u32) -> SetEntropies {
        let least = min_count.max(1);
        let mut kept_sum = vec![0.0; if min_count > 1 { points } else { 0 }];
        let mut mean = vec![0.0f32; points];
        let mut entropies = vec![0.0; self.counts.len()];
        let (frequent, rare) = self.counts.split_at(self.frequent.len() / points);
        let (of_frequent, of_rare) = entropies.split_at_mut(frequent.len());
        vectorised(
            #[inline(always)]
            || {
                let labels = frequent.iter().zip(self.frequent.chunks_exact(points)).zip(of_frequent);
                for ((&count, sums), entropy) in labels.filter(|((count, _), _)| **count >= least) {
                    let scale = f64::from(count).recip();
                    mean.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = (sum * scale) as f32);
                    kept_sum.iter_mut().zip(sums).for_each(|(kept, sum)| *kept += sum);
                    *entropy = -sum_of(&mean, |mass| mass * ln(mass));
                }
                let labels = rare.iter().zip(self.rare.chunks_exact(points)).zip(of_rare);
                for ((&count, sums), entropy) in labels.filter(|((count, _), _)| **count >= least) {
                    let scale = (count as f32).recip();
                    kept_sum.iter_mut().zip(sums).for_each(|(kept, sum)| *kept += f64::from(*sum));
                    // q ln q → 0 as q → 0, where the logarithm is finite here.
                    *entropy = -sum_of(sums, |sum| sum * scale * ln(sum * scale));
                }
            },
        );
        SetEntropies {
            set: self.set,
            counts: self.counts.clone(),
            entropies,
            kept_sum,
            single: self.single,
            single_entropy: self.single_entropy,
        }
    }
}

/// The entropies of some labels of a set, in the order of their ids.
#[derive(Clone, Debug)]
struct SetEntropies {
    set: usize,
    counts: Vec<u32>,
    entropies: Vec<f32>,
    /// The sum of all bins kept, where some are dropped.
    kept_sum: Vec<f64>,
    single: usize,
    single_entropy: f64,
}

impl SetEntropies {
    /// What the labels of a set leave of H(Z), which is `entropy` where no label is dropped.
    fn conditional<'a>(parts: impl Iterator<Item = &'a Self>, entropy: f64, min_count: u32) -> Conditional {
        let (mut kept, mut singletons, mut labels) = (0, 0, 0);
        let (mut by_position, mut by_label) = (0.0, 0.0);
        let mut kept_sum: Vec<f64> = Vec::new();
        for part in parts {
            for (&count, &entropy) in part.counts.iter().zip(&part.entropies) {
                singletons += usize::from(count == 1);
                if count >= min_count.max(1) {
                    kept += count as usize;
                    labels += 1;
                    by_position += f64::from(count) * f64::from(entropy);
                    by_label += f64::from(entropy);
                }
            }
            singletons += part.single;
            if min_count <= 1 {
                kept += part.single;
                labels += part.single;
                by_position += part.single_entropy;
                by_label += part.single_entropy;
            }
            kept_sum.resize(part.kept_sum.len(), 0.0);
            kept_sum.iter_mut().zip(&part.kept_sum).for_each(|(sum, part)| *sum += part);
        }
        Conditional {
            entropy: if min_count > 1 { entropy_of(&kept_sum, kept as f64) } else { entropy },
            expectation: by_position / kept as f64,
            mean: by_label / labels as f64,
            kept,
            singletons,
        }
    }
}

/// The labels of all sets as tallies, in groups whose sums take no more than `budget` bytes. Each tally is a
/// set, its labels and whether it takes the positions whose label occurs once.
fn passes(labels: &SampleLabels, points: usize, budget: usize) -> Vec<Vec<(usize, Range<u32>, bool)>> {
    let mut passes = vec![Vec::new()];
    let mut bytes = 0;
    for (set, ids) in labels.sets.iter().enumerate() {
        for (index, range) in ranges(&ids.counts, points, budget).into_iter().enumerate() {
            let takes = bytes_of(&ids.counts[range.start as usize..range.end as usize], points);
            if bytes + takes > budget && bytes > 0 {
                passes.push(Vec::new());
                bytes = 0;
            }
            bytes += takes;
            let last = passes.len() - 1;
            passes[last].push((set, range, index == 0));
        }
    }
    passes
}

/// Cuts labels into ranges whose sums take no more than `budget` bytes each. One range at least.
fn ranges(counts: &[u32], points: usize, budget: usize) -> Vec<Range<u32>> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (label, &count) in counts.iter().enumerate() {
        let takes = bytes_of(&[count], points);
        if label > start && bytes + takes > budget {
            ranges.push(start as u32..label as u32);
            (start, bytes) = (label, 0);
        }
        bytes += takes;
    }
    ranges.push(start as u32..counts.len() as u32);
    ranges
}

/// Bytes that the sums of labels with these counts take.
fn bytes_of(counts: &[u32], points: usize) -> usize {
    let float = |count: &u32| if *count > FREQUENT { size_of::<f64>() } else { size_of::<f32>() };
    points * counts.iter().map(float).sum::<usize>()
}

/// Adds rows of bins to sums: `bins` is `[.., sums]`.
#[inline(always)]
fn add_all(sums: &mut [f64], bins: &[f32]) {
    for row in bins.chunks_exact(sums.len()) {
        sums.iter_mut().zip(row).for_each(|(sum, &bin)| *sum += f64::from(bin));
    }
}

/// −Σ q ln q in nats, q the mean of as many bins.
fn entropy_of(sums: &[f64], count: f64) -> f64 {
    let term = |sum: &f64| {
        let mass = sum / count;
        // q ln q → 0 as q → 0. A mass that is NaN must show.
        if mass == 0.0 { 0.0 } else { mass * mass.ln() }
    };
    -sums.iter().map(term).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimator::Binning;
    use crate::labels::LabelSet;
    use crate::store::{ChunkKey, Losses, ScoreTable};

    #[test]
    fn little_memory_takes_more_passes_to_the_same_numbers() {
        const POSITIONS: usize = 3000;
        const POINTS: usize = 20;
        let chunks = [1000, POSITIONS].map(|end| ChunkKey { end, tokens: 0 });
        let (mut table, _) = ScoreTable::new(1, POINTS, &chunks, None);
        for chunk in 0..chunks.len() {
            let scores = table.open(chunk, 0).unwrap();
            scores.iter_mut().enumerate().for_each(|(i, score)| *score = (i * i % 97) as f32 / 97.0);
            table.finish(chunk, Losses::default()).unwrap();
        }
        let sets = [7, 300].map(|labels| {
            let ids = |position: u32| position.wrapping_mul(2_654_435_761) % labels;
            LabelSet::from_ids(&(0..POSITIONS as u32).map(ids).collect::<Vec<_>>())
        });
        let labels = SampleLabels::from_sets(&[sets]);
        let binning = Binning { points: POINTS, temperature: 0.1 };
        for min_count in [1, 3] {
            let question = Question { binning, min_count, prefixes: vec![1000, POSITIONS] };
            let within = |budget| {
                statistics_within(budget, table.plane(0), &question, &labels, &mut || false).unwrap()
            };
            let (all, few) = (within(SUMS), within(3000));
            assert!(passes(&labels, POINTS, 3000).len() > 5);
            for (all, few) in all.iter().zip(&few) {
                assert_eq!(all.entropy, few.entropy);
                for (all, few) in all.sets.iter().zip(&few.sets) {
                    assert_eq!((all.kept, all.singletons), (few.kept, few.singletons));
                    assert_eq!((all.expectation, all.mean), (few.expectation, few.mean));
                    // Sums of what is kept are joined a part at a time.
                    assert!((all.entropy - few.entropy).abs() < 1e-12);
                }
            }
        }
    }
}
