//! From scores to measures: soft binning, sums per label, entropies, informations (SPEC 2.3 to 2.5).

use rayon::prelude::*;

use super::cpu::{label_entropies::label_entropies, label_sums::label_sums, soft_bins::soft_bins};
use super::segments::{Conditional, Label, Segments};
use crate::error::{Error, Kind, Result};
use crate::labels::Labels;
use crate::measures::{LayerMeasures, OrderMeasures};

/// The labels of a sample, ready for the kernels.
#[derive(Clone, Debug)]
pub struct SampleSegments {
    /// All positions as one label.
    pub whole: Segments,
    /// Input and output labels of orders 1, 2, ….
    pub orders: Vec<[Segments; 2]>,
}

impl SampleSegments {
    /// The segments of all orders in `labels`.
    pub fn new(labels: &Labels) -> Self {
        Self {
            whole: Segments::whole(labels.positions()),
            orders: labels.sets.iter().map(|pair| pair.each_ref().map(Segments::new)).collect(),
        }
    }

    /// The share of positions whose label occurs once, of the input and output labels of each order.
    pub fn singleton_shares(&self) -> Vec<[f64; 2]> {
        let share = |segments: &Segments| segments.singletons.len() as f64 / self.positions().max(1) as f64;
        self.orders.iter().map(|pair| pair.each_ref().map(share)).collect()
    }

    /// The number of positions.
    pub fn positions(&self) -> usize {
        self.whole.positions.len()
    }

    /// Every set of labels, the whole first, then input and output of each order.
    pub fn sets(&self) -> impl Iterator<Item = &Segments> {
        std::iter::once(&self.whole).chain(self.orders.iter().flatten())
    }
}

/// How scores become soft bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binning {
    /// The number n of reference points used, a prefix of those scored.
    pub points: usize,
    /// The temperature ε.
    pub temperature: f64,
}

impl Binning {
    /// Binning with temperature ε.
    ///
    /// # Errors
    /// An ε that f32 cannot hold beside its inverse.
    pub fn new(points: usize, temperature: f64) -> Result<Self> {
        if !(1e-30..=1e30).contains(&temperature) {
            let cause = format!("the temperature {temperature:e} is beyond what can be computed with");
            return Err(Error::new(Kind::Usage, cause).help("calibrated values lie between 0.001 and 0.5"));
        }
        Ok(Self { points, temperature })
    }
}

/// The measures of a layer from the conditional entropies of each set of labels, in nats, in the order
/// of [`SampleSegments::sets`], and from [`SampleSegments::singleton_shares`].
pub fn layer_measures(
    layer: usize,
    points: usize,
    conditionals: &[Conditional],
    singletons: &[[f64; 2]],
) -> LayerMeasures {
    let unit = (points as f64).ln();
    let entropy = conditionals[0].expectation / unit;
    let orders = conditionals[1..]
        .chunks_exact(2)
        .zip(singletons)
        .map(|(pair, singletons)| {
            let (input, output) = (pair[0], pair[1]);
            OrderMeasures {
                input_singletons: Some(singletons[0]),
                output_singletons: Some(singletons[1]),
                ..OrderMeasures::new(
                    entropy - input.expectation / unit,
                    entropy - output.expectation / unit,
                    entropy - input.mean / unit,
                    entropy - output.mean / unit,
                )
            }
        })
        .collect();
    LayerMeasures { layer: Some(layer), entropy, orders }
}

/// The conditional entropies of one layer on the CPU, for every set of labels.
///
/// `scores` is `[positions, stride]`; rows beyond the sample's positions are not read.
pub fn conditionals_on_cpu(
    scores: &[f32],
    stride: usize,
    binning: Binning,
    sample: &SampleSegments,
) -> Vec<Conditional> {
    let (points, positions) = (binning.points, sample.positions());
    let inverse_temperature = binning.temperature.recip() as f32;
    let mut bins = vec![0.0; positions * points];
    let mut row_entropies = vec![0.0; positions];
    const ROWS: usize = 1024;
    scores[..positions * stride]
        .par_chunks(ROWS * stride)
        .zip(bins.par_chunks_mut(ROWS * points))
        .zip(row_entropies.par_chunks_mut(ROWS))
        .for_each(|((scores, bins), entropies)| {
            soft_bins(scores, stride, points, inverse_temperature, bins, entropies);
        });
    sample
        .sets()
        .map(|segments| {
            let entropies = entropies_of_labels(&bins, points, segments);
            segments.conditional(&entropies, &row_entropies)
        })
        .collect()
}

/// The entropies of all labels seen twice or more, a batch of labels at a time so that their sums stay
/// in the cache.
fn entropies_of_labels(bins: &[f32], points: usize, segments: &Segments) -> Vec<f32> {
    const LABELS: usize = 64;
    let mut entropies = vec![0.0; segments.labels.len()];
    segments.labels.par_chunks(LABELS).zip(entropies.par_chunks_mut(LABELS)).for_each_init(
        Vec::new,
        |sums: &mut Vec<f32>, (labels, entropies)| {
            let (first, end) = (labels[0].first_chunk, labels[labels.len() - 1].end_chunk);
            let chunks = &segments.chunks[first as usize..end as usize];
            sums.resize(chunks.len() * points, 0.0);
            label_sums(bins, points, &segments.positions, chunks, sums);
            let local: Vec<Label> = labels
                .iter()
                .map(|l| Label { first_chunk: l.first_chunk - first, end_chunk: l.end_chunk - first, ..*l })
                .collect();
            label_entropies(sums, points, &local, entropies);
        },
    );
    entropies
}
