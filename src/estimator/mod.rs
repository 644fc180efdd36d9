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

use burn_flex::Flex;
use burn_tensor::{DType, Tensor};
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

pub use self::gpu::{GpuEstimator, segments};
pub use self::label_tree::SampleLabels;
pub use self::statistics::{Answer, Binning, Question};

use self::cpu::cosine_scores::Directions;
use crate::device::Compute;
use crate::error::{Error, Kind, Result};
pub use crate::measures::soft_entropy::{ReferencePoints, temperature, unit_rows};
pub use crate::measures::{Conditional, Statistics};
use crate::product::{Matrix, Operands};
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

/// Where the scores with each of some sets of reference points go.
#[derive(Debug)]
pub enum Targets<'a> {
    /// To main memory: rows of a chunk.
    Host(Vec<ValuesMut<'a>>),
    /// To the GPU's.
    Device(&'a [DeviceSlab]),
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

    fn matrix(&self) -> Result<&Matrix> {
        match &self.rows {
            ReferenceRows::Host(rows) => Ok(rows),
            ReferenceRows::Device(_) => Err(foreign()),
        }
    }

    fn buffer(&self) -> Result<&wgpu::Buffer> {
        match &self.rows {
            ReferenceRows::Device(rows) => Ok(rows),
            ReferenceRows::Host(_) => Err(foreign()),
        }
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
            Self::Cpu => ReferenceRows::Host(Matrix::of(&rows, width, Operands::F32)),
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

    /// Scores the states of a batch with each of some sets of reference points, alike in number and width: writes row
    /// `target` of the set's scores for each of `rows`.
    ///
    /// `hidden` is `[.., h]` in f32 on the estimator's device.
    ///
    /// # Errors
    /// A device that fails.
    pub fn score(
        &self,
        hidden: Tensor<2>,
        references: &[Reference],
        rows: &[Row],
        scores: Targets<'_>,
    ) -> Result<()> {
        assert_eq!(hidden.dtype(), DType::F32);
        match (self, scores) {
            (Self::Cpu, Targets::Host(scores)) => score_on_cpu(hidden, references, rows, scores),
            (Self::Gpu(gpu), Targets::Device(slabs)) => {
                references.iter().zip(slabs).try_for_each(|(reference, slab)| {
                    let scores = (&slab.buffer, slab.precision);
                    gpu.score(hidden.clone(), reference.points(), reference.buffer()?, rows, scores)
                })
            }
            (Self::Gpu(gpu), Targets::Host(scores)) => {
                references.iter().zip(scores).try_for_each(|(reference, scores)| {
                    gpu.score_to_host(hidden.clone(), reference.points(), reference.buffer()?, rows, scores)
                })
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
fn score_on_cpu(
    hidden: Tensor<2>,
    references: &[Reference],
    rows: &[Row],
    scores: Vec<ValuesMut<'_>>,
) -> Result<()> {
    let Some(first) = references.first() else { return Ok(()) };
    let (width, points) = (first.width(), first.points());
    let references: Vec<&Matrix> = references.iter().map(Reference::matrix).collect::<Result<_>>()?;
    let hidden = hidden.try_into_primitive::<Flex>().map_err(|_| foreign())?.to_contiguous();
    let states = hidden.as_slice::<f32>().ok_or_else(foreign)?;
    // Targets rise within a batch's documents but not across them; sorting lets the scores be split into
    // disjoint pieces for the cores.
    let mut rows = rows.to_vec();
    rows.sort_unstable_by_key(|row| row.target);
    let pieces = pieces(&rows, points, scores);
    pieces.into_par_iter().try_for_each_init(Vec::new, |exact, (rows, scores)| {
        let states = &states[rows[0].source as usize * width..][..rows.len() * width];
        let directions = Directions::new(states, width);
        references.iter().zip(scores).try_for_each(|(reference, mut scores)| {
            if let ValuesMut::F32(scores) = scores {
                return directions.score(reference, scores);
            }
            exact.resize(scores.count(), 0.0);
            directions.score(reference, exact)?;
            scores.write(0, exact);
            Ok(())
        })
    })
}

/// Consecutive rows, rising in their targets, each with the scores they go to, of every set of reference points.
fn pieces<'a, 'b>(
    rows: &'a [Row],
    points: usize,
    mut scores: Vec<ValuesMut<'b>>,
) -> Vec<(&'a [Row], Vec<ValuesMut<'b>>)> {
    let mut pieces = Vec::new();
    let mut first_row = 0;
    for rows in rows.chunk_by(|a, b| a.source + 1 == b.source && a.target + 1 == b.target) {
        for rows in rows.chunks(ROWS_PER_TASK) {
            let target = rows[0].target as usize;
            let own = |scores: &mut ValuesMut<'b>| {
                scores.take_first((target - first_row) * points);
                scores.take_first(rows.len() * points)
            };
            pieces.push((rows, scores.iter_mut().map(own).collect()));
            first_row = target + rows.len();
        }
    }
    pieces
}

/// Enough rows that a product is worth a task, few enough that all cores get some.
const ROWS_PER_TASK: usize = 128;
