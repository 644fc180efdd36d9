//! A checkpoint on its way through the model: its scores, its losses, and the batches still to come.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use burn::tensor::Tensor;

use super::message::{CheckpointId, EstimatorCosts};
use super::sample::Sample;
use crate::checkpoints::Checkpoint;
use crate::error::{Error, Result};
use crate::estimator::{DevicePlane, Estimator, Reference, Scores, Target};
use crate::memory;
use crate::model::batch::{Batch, batches, check_ids};
use crate::model::{Model, Options, Pass, Step};
use crate::store::{Losses, ScoreTable};

/// What is kept of a checkpoint once its documents went through the model.
#[derive(Debug)]
pub struct Scored {
    /// Which chunks are finished, and their scores where they do not lie in the GPU's memory.
    pub table: ScoreTable,
    /// The scores in the GPU's memory, a plane each.
    pub device: Option<Vec<DevicePlane>>,
    /// The hidden size h.
    pub width: usize,
    /// Stages of the sample whose scores are at hand.
    pub stages: usize,
    /// Why finished scores could not be stored, until it is told.
    pub trouble: Option<Error>,
}

impl Scored {
    /// What a model of this hidden size scores into a table in main memory or on disk.
    pub fn new(table: ScoreTable, width: usize) -> Self {
        Self { table, device: None, width, stages: 0, trouble: None }
    }

    /// Memory that is held, or will be once all is scored.
    pub fn bytes_to_hold(&self) -> usize {
        // Where the disk failed, some of what should lie there is in memory.
        self.table.bytes_to_hold().max(self.bytes())
    }

    /// Memory held.
    pub fn bytes(&self) -> usize {
        let device = self.device.iter().flatten();
        self.table.bytes() + device.map(DevicePlane::bytes).sum::<usize>()
    }

    /// The scores of every layer with the reference points of a seed.
    pub fn scores(&self, seed: usize) -> Scores<'_> {
        let shape = self.table.shape();
        let planes = (0..shape.layers).map(|layer| shape.plane(layer, seed));
        match &self.device {
            Some(device) => Scores::Device(planes.map(|plane| &device[plane]).collect()),
            None => Scores::Host(planes.map(|plane| self.table.plane(plane)).collect()),
        }
    }

    /// How many of a sample's documents are scored.
    pub fn documents(&self, sample: &Sample) -> usize {
        let chunks = (0..sample.chunks.len()).filter(|&chunk| self.table.has(chunk));
        chunks.map(|chunk| sample.documents_of(chunk).len()).sum()
    }

    /// Scores a batch's states of a layer with the reference points of each seed.
    fn score(
        &mut self,
        layer: usize,
        (sample, batch): (&Sample, &Batch),
        states: &Tensor<2>,
        estimator: &Estimator,
        references: &[Reference],
    ) -> Result<()> {
        let chunk = sample.chunk_of(batch.documents[0]);
        let origin = if self.device.is_some() { 0 } else { self.table.positions(chunk).start };
        let rows = sample.rows(batch, origin);
        for (seed, reference) in references.iter().enumerate() {
            let plane = self.table.shape().plane(layer, seed);
            let target = match &self.device {
                Some(planes) => Target::Device(&planes[plane]),
                None => Target::Host(self.table.open(chunk, plane)?),
            };
            estimator.score(states.clone(), reference, &rows, target)?;
        }
        Ok(())
    }

    /// Counts a chunk as finished.
    ///
    /// # Errors
    /// Scores that cannot be stored and have no room in memory either.
    fn finish(&mut self, chunk: usize, losses: Losses) -> Result<()> {
        if self.device.is_some() {
            self.table.finish_on_device(chunk, losses);
        } else if let Err(error) = self.table.finish(chunk, losses) {
            // They stay in memory, where there is room for those to come.
            memory::check(self.table.bytes_missing()).map_err(|_| error.clone())?;
            self.trouble.get_or_insert(error);
        }
        Ok(())
    }
}

/// The model of a checkpoint at work towards a stage.
#[derive(Debug)]
pub struct Job {
    /// The checkpoint.
    pub id: CheckpointId,
    /// The stage it works towards.
    pub stage: usize,
    model: Model,
    /// Batches that no wave took up yet, each of documents of one chunk.
    batches: VecDeque<Batch>,
    /// The wave under way.
    pass: Option<Pass>,
    /// Chunks with batches still to come.
    unfinished: BTreeMap<usize, Unfinished>,
    /// Documents that went through the model, of all stages.
    passed: usize,
}

/// A chunk some of whose batches have yet to pass the model.
#[derive(Debug, Default)]
struct Unfinished {
    /// Batches to come.
    batches: usize,
    /// The losses of each document that has passed.
    losses: BTreeMap<usize, Losses>,
}

impl Job {
    /// Opens a checkpoint's model.
    pub fn open(id: CheckpointId, checkpoint: &Checkpoint, options: &Options) -> Result<Self> {
        Ok(Self {
            id,
            stage: 0,
            model: Model::open(&checkpoint.folder(), options)?,
            batches: VecDeque::new(),
            pass: None,
            unfinished: BTreeMap::new(),
            passed: 0,
        })
    }

    /// Prepares to bring `scored` to `stage`: lays out the batches of the chunks still missing.
    ///
    /// # Errors
    /// Tokens that the model does not know.
    pub fn aim(&mut self, stage: usize, sample: &Sample, scored: &mut Scored) -> Result<()> {
        check_ids(&sample.documents[..sample.stages[stage]], self.model.config().vocab_size)?;
        (self.stage, self.pass) = (stage, None);
        self.batches.clear();
        self.unfinished.clear();
        scored.table.abandon_open();
        for chunk in (0..sample.chunks_of(stage)).filter(|&chunk| !scored.table.has(chunk)) {
            let documents = sample.documents_of(chunk);
            let batches = batches(&sample.documents, documents, self.model.tokens_per_batch());
            self.unfinished.insert(chunk, Unfinished { batches: batches.len(), ..Unfinished::default() });
            self.batches.extend(batches);
        }
        Ok(())
    }

    /// Documents of unfinished chunks that went through the model, those under way by their share.
    pub fn through(&self) -> f64 {
        let passed: usize = self.unfinished.values().map(|chunk| chunk.losses.len()).sum();
        passed as f64 + self.under_way()
    }

    /// Documents that went through the model since it was opened, those under way by their share.
    pub fn passed(&self) -> f64 {
        self.passed as f64 + self.under_way()
    }

    fn under_way(&self) -> f64 {
        self.pass.as_ref().map_or(0.0, |pass| pass.documents() as f64 * pass.share(&self.model))
    }

    /// Takes a batch through one layer of the model and scores its states with the reference points of each
    /// seed, at some cost. Returns whether the stage is complete.
    ///
    /// # Errors
    /// Weights that cannot be read; whatever the device said.
    pub fn step(
        &mut self,
        sample: &Sample,
        estimator: &Estimator,
        references: &[Reference],
        scored: &mut Scored,
        costs: &mut EstimatorCosts,
    ) -> Result<bool> {
        let pass = match &mut self.pass {
            Some(pass) => pass,
            None => {
                let batches = self.batches.make_contiguous();
                if batches.is_empty() {
                    return Ok(true);
                }
                let count = self.model.wave(batches);
                let wave = self.batches.drain(..count).collect();
                self.pass.insert(self.model.begin(wave)?)
            }
        };
        let step = self.model.advance(pass, |layer, batch, states| {
            let start = Instant::now();
            let done = scored.score(layer, (sample, batch), states, estimator, references);
            costs.scores += start.elapsed();
            done
        })?;
        if step == Step::Done
            && let Some(pass) = self.pass.take()
        {
            let losses = self.model.losses(pass)?;
            let start = Instant::now();
            for (batch, losses) in losses {
                self.take_losses(sample, &batch, &losses, scored)?;
            }
            costs.scores += start.elapsed();
        }
        Ok(false)
    }

    fn take_losses(
        &mut self,
        sample: &Sample,
        batch: &Batch,
        losses: &[Vec<f32>],
        scored: &mut Scored,
    ) -> Result<()> {
        let chunk = sample.chunk_of(batch.documents[0]);
        let Some(unfinished) = self.unfinished.get_mut(&chunk) else { return Ok(()) };
        for (&document, losses) in batch.documents.iter().zip(losses) {
            let sum = losses.iter().map(|&loss| f64::from(loss)).sum();
            unfinished.losses.insert(document, Losses { sum, predictions: losses.len() });
        }
        unfinished.batches -= 1;
        self.passed += batch.documents.len();
        if unfinished.batches == 0 {
            // In the order of documents, which no layout of batches changes.
            let all = unfinished.losses.values().copied().sum();
            self.unfinished.remove(&chunk);
            scored.finish(chunk, all)?;
        }
        Ok(())
    }
}
