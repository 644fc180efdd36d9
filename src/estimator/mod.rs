//! The soft-entropy estimator (SPEC 2): reference points, temperature, scores, statistics.
//!
//! Its one expensive input, the hidden states, is reduced at once to *scores*, the cosines of each state
//! with the reference points. Temperature, number of points, labels and orders are questions asked of
//! scores, so the model is never run again for them.
//!
//! The kernels exist twice: as WGSL in `shaders/`, run on the tensors where they lie, and in [`cpu`], read
//! beside them. [`Estimator`] is the one door to both.

pub mod cpu;
mod gpu;
pub mod kernels;
mod reference_points;
pub mod segments;
mod statistics;
mod temperature;

use std::sync::Arc;

use burn::tensor::{DType, Tensor};
use burn_flex::Flex;
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

pub use self::gpu::GpuEstimator;
pub use self::reference_points::{ReferencePoints, unit_rows};
pub use self::segments::Conditional;
pub use self::statistics::{Binning, SampleSegments, layer_measures};
pub use self::temperature::temperature;

use crate::device::Compute;
use crate::error::{Error, Kind, Result};

/// A state to score. Keep in sync with `Row` in `shaders/cosine_scores.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Row {
    /// The state's row among the hidden states of a batch.
    pub source: u32,
    /// The row of the scores it goes to: its position's index in the sample.
    pub target: u32,
}

/// The scores of one layer, `[positions, points]`, where they were made.
#[derive(Debug)]
pub enum Scores {
    /// In main memory.
    Host(Vec<f32>),
    /// In the GPU's memory.
    Device(wgpu::Buffer),
}

impl Scores {
    /// Memory held.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Host(scores) => size_of_val(&scores[..]),
            Self::Device(buffer) => buffer.size() as usize,
        }
    }
}

/// Reference points, ready where the scores are made.
#[derive(Debug)]
pub struct Reference {
    points: ReferencePoints,
    buffer: Option<wgpu::Buffer>,
}

impl Reference {
    /// The number of points.
    pub fn points(&self) -> usize {
        self.points.points
    }

    /// The hidden size.
    pub fn width(&self) -> usize {
        self.points.width
    }
}

/// The estimator on the device the model runs on.
#[derive(Debug)]
pub enum Estimator {
    /// Over the cores.
    Cpu,
    /// With the compute shaders.
    Gpu(Box<GpuEstimator>),
}

impl Estimator {
    /// The estimator for a device.
    ///
    /// # Errors
    /// A shader the device does not accept.
    pub fn new(compute: &Compute) -> Result<Self> {
        Ok(match compute {
            Compute::Cpu => Self::Cpu,
            Compute::Gpu(gpu) => Self::Gpu(Box::new(GpuEstimator::new(Arc::clone(gpu))?)),
        })
    }

    /// Brings reference points to the device.
    pub fn reference(&self, points: ReferencePoints) -> Result<Reference> {
        let buffer = match self {
            Self::Cpu => None,
            Self::Gpu(gpu) => Some(gpu.upload("reference points", bytemuck::cast_slice(&points.rows))?),
        };
        Ok(Reference { points, buffer })
    }

    /// Room for the scores of one layer.
    ///
    /// A layer too large for the GPU to bind in one piece is kept in main memory instead.
    ///
    /// # Errors
    /// Out of memory.
    pub fn scores(&self, positions: usize, points: usize) -> Result<Scores> {
        match self {
            Self::Gpu(gpu) if gpu.fits(positions, points) => {
                gpu.storage("scores", positions * points * size_of::<f32>()).map(Scores::Device)
            }
            _ => resized(Vec::new(), positions * points).map(Scores::Host),
        }
    }

    /// Room for `after` positions instead of `before`, keeping what is scored.
    ///
    /// # Errors
    /// Out of memory.
    pub fn grown(&self, scores: Scores, before: usize, after: usize, points: usize) -> Result<Scores> {
        match (self, scores) {
            (_, Scores::Host(scores)) => resized(scores, after * points).map(Scores::Host),
            (Self::Gpu(gpu), Scores::Device(old)) => {
                let scored = before * points;
                match self.scores(after, points)? {
                    Scores::Device(new) => gpu.copy(&old, &new, scored).map(|()| Scores::Device(new)),
                    Scores::Host(mut new) => {
                        new[..scored].copy_from_slice(&gpu.download(&old, scored)?);
                        Ok(Scores::Host(new))
                    }
                }
            }
            (Self::Cpu, Scores::Device(_)) => Err(foreign()),
        }
    }

    /// Scores the states of a batch: writes row `target` of `scores` for each of `rows`.
    ///
    /// `hidden` is `[.., h]` in f32 on the estimator's device.
    pub fn score(
        &self,
        hidden: Tensor<2>,
        reference: &Reference,
        rows: &[Row],
        scores: &mut Scores,
    ) -> Result<()> {
        debug_assert_eq!(hidden.dtype(), DType::F32);
        match (self, scores, &reference.buffer) {
            (Self::Cpu, Scores::Host(scores), _) => score_on_cpu(hidden, &reference.points, rows, scores),
            (Self::Gpu(gpu), Scores::Device(scores), Some(buffer)) => {
                gpu.score(hidden, reference.points(), buffer, rows, scores)
            }
            (Self::Gpu(gpu), Scores::Host(scores), Some(buffer)) => {
                gpu.score_to_host(hidden, reference.points(), buffer, rows, scores)
            }
            _ => Err(foreign()),
        }
    }

    /// The conditional entropies of one layer for every set of labels of `sample`, in nats, in the order
    /// of [`SampleSegments::sets`].
    ///
    /// `scores` has rows of `stride` points, of which the first `binning.points` count.
    pub fn conditionals(
        &mut self,
        scores: &Scores,
        stride: usize,
        binning: Binning,
        sample: &Arc<SampleSegments>,
    ) -> Result<Vec<Conditional>> {
        match (self, scores) {
            (_, Scores::Host(scores)) => Ok(statistics::conditionals_on_cpu(scores, stride, binning, sample)),
            (Self::Gpu(gpu), Scores::Device(scores)) => gpu.conditionals(scores, stride, binning, sample),
            (Self::Cpu, Scores::Device(_)) => Err(foreign()),
        }
    }
}

fn resized(mut scores: Vec<f32>, floats: usize) -> Result<Vec<f32>> {
    scores.try_reserve_exact(floats.saturating_sub(scores.len())).map_err(|_| {
        Error::new(Kind::Device, format!("no memory for {} MiB of scores", (floats * size_of::<f32>()) >> 20))
            .help("use fewer --samples or --points")
    })?;
    scores.resize(floats, 0.0);
    Ok(scores)
}

/// Scores and estimator were made for different devices: a mistake of ours, never the user's.
fn foreign() -> Error {
    Error::new(Kind::Device, "the scores lie on another device than the estimator")
}

/// The states' rows in main memory, a run of consecutive rows a task.
fn score_on_cpu(
    hidden: Tensor<2>,
    reference: &ReferencePoints,
    rows: &[Row],
    scores: &mut [f32],
) -> Result<()> {
    let hidden = hidden.try_into_primitive::<Flex>().map_err(|_| foreign())?.to_contiguous();
    let states = hidden.as_slice::<f32>().ok_or_else(foreign)?;
    let (width, points) = (reference.width, reference.points);
    // Targets rise within a batch's documents but not across them; sorting lets the scores be split into
    // disjoint pieces for the cores.
    let mut rows = rows.to_vec();
    rows.sort_unstable_by_key(|row| row.target);
    let mut pieces = Vec::new();
    let (mut rest, mut first_row) = (scores, 0);
    for rows in rows.chunk_by(|a, b| a.source + 1 == b.source && a.target + 1 == b.target) {
        for rows in rows.chunks(ROWS_PER_TASK) {
            let target = rows[0].target as usize;
            let (_, tail) = rest.split_at_mut((target - first_row) * points);
            let (piece, tail) = tail.split_at_mut(rows.len() * points);
            (rest, first_row) = (tail, target + rows.len());
            pieces.push((rows, piece));
        }
    }
    pieces.into_par_iter().for_each(|(rows, scores)| {
        let local: Vec<Row> =
            rows.iter().map(|row| Row { target: row.target - rows[0].target, ..*row }).collect();
        cpu::cosine_scores::cosine_scores(states, width, &reference.rows, &local, scores);
    });
    Ok(())
}

/// Enough rows that a product is worth a task, few enough that all cores get some.
const ROWS_PER_TASK: usize = 128;
