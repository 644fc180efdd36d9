//! The soft-entropy estimator (SPEC 2): reference points, temperature, scores, statistics.
//!
//! Its one expensive input, the hidden states, is reduced at once to *scores*, the cosines of each state
//! with the reference points. Temperature, number of points, labels and orders are questions asked of
//! scores, so the model is never run again for them.
//!
//! It exists twice: as WGSL in `shaders/`, run on the tensors where they lie, and in [`cpu`], on scores in main
//! memory or on disk. Scoring and binning are the same steps in both; labels, some [trees](label_tree), are
//! summed by sorted [`segments`] on the GPU, which holds a layer's scores at once, and in one pass over chunks in
//! main memory, which need not. [`Estimator`] is the one door to both.

pub mod cpu;
mod gpu;
mod label_entropies;
pub mod label_tree;
mod statistics;

use std::sync::Arc;

use burn::tensor::{DType, Tensor};
use burn_flex::Flex;
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

pub use self::gpu::{GpuEstimator, segments};
pub use self::label_tree::SampleLabels;
pub use self::statistics::{Answer, Binning, Question};

use crate::device::Compute;
use crate::error::{Error, Kind, Result};
pub use crate::measures::soft_entropy::{ReferencePoints, temperature, unit_rows};
pub use crate::measures::{Conditional, Statistics};
use crate::product::Matrix;
use crate::scores::{Slab, ValuesMut};
use crate::settings::Precision;

/// A state to score. Keep in sync with `Row` in `shaders/cosine_scores.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Row {
    /// The state's row among the hidden states of a batch.
    pub source: u32,
    /// The row of the scores it goes to: its position's index in the sample.
    pub target: u32,
}

/// The score that a state gets with every reference point if it cannot be measured, being not finite or too large. No
/// cosine is as large; not NaN, which a device may take to never occur. Keep in sync with `REFUSED` in
/// `shaders/cosine_scores.wgsl` and `shaders/soft_bins.wgsl`.
pub const REFUSED: f32 = 4.0;
/// The entropy, in nats, of a position whose scores are [`REFUSED`], as a device tells it: no position has one below
/// zero. Keep in sync with `shaders/soft_bins.wgsl`.
pub const REFUSED_ENTROPY: f32 = -1.0;
/// The largest ‖z‖² of a state z that is measured: what f32 holds, less the rounding of a sum. Keep in sync with
/// `shaders/cosine_scores.wgsl`.
pub const LARGEST_SQUARE: f32 = 3.0e38;

/// The scores of some layers with the reference points of one seed, where they lie.
#[derive(Clone, Debug)]
pub enum Scores<'a> {
    /// In main memory or on disk.
    Host(Vec<Slab<'a>>),
    /// In the GPU's memory.
    Device(Vec<&'a DeviceSlab>),
}

/// Where scores go.
#[derive(Debug)]
pub enum Target<'a> {
    /// To main memory: rows of a chunk.
    Host(ValuesMut<'a>),
    /// To the GPU's.
    Device(&'a DeviceSlab),
}

/// Scores in the GPU's memory: `[positions, stride]` in f32, rounded to what their precision holds.
#[derive(Debug)]
pub struct DeviceSlab {
    buffer: wgpu::Buffer,
    stride: usize,
    precision: Precision,
}

impl DeviceSlab {
    /// Memory held.
    pub fn bytes(&self) -> usize {
        self.buffer.size() as usize
    }
}

/// Reference points, ready where the scores are made.
#[derive(Debug)]
pub struct Reference {
    points: usize,
    width: usize,
    rows: ReferenceRows,
}

/// Unit rows `[points, h]`.
#[derive(Debug)]
enum ReferenceRows {
    Host(Matrix),
    Device(wgpu::Buffer),
}

impl Reference {
    /// The number of points.
    pub fn points(&self) -> usize {
        self.points
    }

    /// The hidden size.
    pub fn width(&self) -> usize {
        self.width
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

    /// Whether the device still takes work and gives results.
    pub fn answers(&self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Gpu(gpu) => gpu.answers(),
        }
    }

    /// Lets go what is kept on the device only to be quicker next time.
    pub fn release(&mut self) {
        if let Self::Gpu(gpu) = self {
            gpu.release();
        }
    }

    /// Brings reference points to the device.
    pub fn reference(&self, points: ReferencePoints) -> Result<Reference> {
        let ReferencePoints { points, width, rows, .. } = points;
        let rows = match self {
            Self::Cpu => ReferenceRows::Host(Matrix::of(&rows, width)),
            Self::Gpu(estimator) => {
                let rows = bytemuck::cast_slice(&rows);
                ReferenceRows::Device(estimator.gpu.upload("reference points", rows)?)
            }
        };
        Ok(Reference { points, width, rows })
    }

    /// Room for slabs of scores in the GPU's memory, where this is a GPU that can bind them in one piece.
    ///
    /// # Errors
    /// [`Kind::DeviceMemory`]: out of memory.
    pub fn device_slabs(
        &self,
        slabs: usize,
        positions: usize,
        stride: usize,
        precision: Precision,
    ) -> Result<Option<Vec<DeviceSlab>>> {
        match self {
            Self::Gpu(estimator) if estimator.fits(positions, stride) => {
                let slab = |_| {
                    let buffer = estimator.gpu.storage("scores", positions * stride * size_of::<f32>())?;
                    Ok(DeviceSlab { buffer, stride, precision })
                };
                (0..slabs).map(slab).collect::<Result<_>>().map(Some)
            }
            _ => Ok(None),
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
        scores: Target<'_>,
    ) -> Result<()> {
        debug_assert_eq!(hidden.dtype(), DType::F32);
        match (self, scores, &reference.rows) {
            (Self::Cpu, Target::Host(scores), ReferenceRows::Host(reference)) => {
                score_on_cpu(hidden, reference, rows, scores)
            }
            (Self::Gpu(gpu), Target::Device(slab), ReferenceRows::Device(buffer)) => {
                gpu.score(hidden, reference.points(), buffer, rows, (&slab.buffer, slab.precision))
            }
            (Self::Gpu(gpu), Target::Host(scores), ReferenceRows::Device(buffer)) => {
                gpu.score_to_host(hidden, reference.points(), buffer, rows, scores)
            }
            _ => Err(foreign()),
        }
    }

    /// The statistics of some layers for every set of labels, for each prefix asked for; and the entropies of single
    /// labels, where they are.
    ///
    /// `interrupted` is asked now and then whether to stop.
    ///
    /// # Errors
    /// Scores that cannot be read, a device that fails, [`Kind::Cancelled`] once interrupted.
    pub fn statistics(
        &mut self,
        scores: &Scores<'_>,
        question: &Question,
        labels: &Arc<SampleLabels>,
        interrupted: &mut (dyn FnMut() -> bool + Send),
    ) -> Result<Answer> {
        match (self, scores) {
            (_, Scores::Host(slabs)) => cpu::statistics::statistics(slabs, question, labels, interrupted),
            (Self::Gpu(gpu), Scores::Device(slabs)) => gpu.statistics(slabs, question, labels, interrupted),
            (Self::Cpu, Scores::Device(_)) => Err(foreign()),
        }
    }
}

/// Scores and estimator were made for different devices: a mistake of ours, never the user's.
fn foreign() -> Error {
    Error::new(Kind::Bug, "the scores lie on another device than the estimator")
        .help("this is a bug; please report it")
}

/// The states' rows in main memory, a run of consecutive rows a task.
fn score_on_cpu(hidden: Tensor<2>, reference: &Matrix, rows: &[Row], scores: ValuesMut<'_>) -> Result<()> {
    let hidden = hidden.try_into_primitive::<Flex>().map_err(|_| foreign())?.to_contiguous();
    let states = hidden.as_slice::<f32>().ok_or_else(foreign)?;
    let score = |rows: &[Row], scores: &mut [f32]| {
        let local: Vec<Row> =
            rows.iter().map(|row| Row { target: row.target - rows[0].target, ..*row }).collect();
        cpu::cosine_scores::cosine_scores(states, reference, &local, scores)
    };
    // Targets rise within a batch's documents but not across them; sorting lets the scores be split into
    // disjoint pieces for the cores.
    let mut rows = rows.to_vec();
    rows.sort_unstable_by_key(|row| row.target);
    match scores {
        ValuesMut::F32(scores) => {
            let pieces = pieces(&rows, reference.outputs(), scores);
            pieces.into_par_iter().try_for_each(|(rows, scores)| score(rows, scores))
        }
        ValuesMut::F16(scores) => {
            let pieces = pieces(&rows, reference.outputs(), scores);
            pieces.into_par_iter().try_for_each_init(Vec::new, |exact, (rows, scores)| {
                exact.resize(scores.len(), 0.0);
                score(rows, exact)?;
                ValuesMut::F16(scores).write(0, exact);
                Ok(())
            })
        }
    }
}

/// Consecutive rows, rising in their targets, each with the scores they go to.
fn pieces<'a, T>(rows: &'a [Row], points: usize, scores: &'a mut [T]) -> Vec<(&'a [Row], &'a mut [T])> {
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
    pieces
}

/// Enough rows that a product is worth a task, few enough that all cores get some.
const ROWS_PER_TASK: usize = 128;
