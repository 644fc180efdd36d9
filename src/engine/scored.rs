//! The scores of one checkpoint on one sample, wherever they lie.

use burn_tensor::Tensor;

use super::sample::Sample;
use crate::error::{Error, Result};
use crate::estimator::{DeviceSlab, Estimator, Reference, Scores, Targets};
use crate::memory;
use crate::model::batch::Batch;
use crate::scores::{Losses, ScoreTable};

/// The scores of one checkpoint on one sample. Which of them are there, the table says alone.
#[derive(Debug)]
pub struct Scored {
    /// Which chunks are finished, and their scores where they do not lie in the GPU's memory.
    pub table: ScoreTable,
    /// The scores in the GPU's memory, a slab each.
    device: Option<Vec<DeviceSlab>>,
    /// The hidden size h.
    pub width: usize,
    /// Why finished scores could not be stored, until it is emitted.
    pub trouble: Option<Error>,
}

impl Scored {
    /// What a model of this hidden size scores into a table in main memory or on disk.
    pub fn new(table: ScoreTable, width: usize) -> Self {
        Self { table, device: None, width, trouble: None }
    }

    /// What a model of this hidden size scores into the GPU's memory.
    pub fn on_gpu(table: ScoreTable, slabs: Vec<DeviceSlab>, width: usize) -> Self {
        Self { device: Some(slabs), ..Self::new(table, width) }
    }

    /// Whether they lie in the GPU's memory.
    pub fn is_on_gpu(&self) -> bool {
        self.device.is_some()
    }

    /// Memory that is held, or will be once all is scored.
    pub fn bytes_to_hold(&self) -> usize {
        // Where the disk failed, some of what should lie there is in memory.
        self.table.bytes_to_hold().max(self.bytes())
    }

    /// Memory held.
    pub fn bytes(&self) -> usize {
        let device = self.device.iter().flatten();
        self.table.bytes() + device.map(DeviceSlab::bytes).sum::<usize>()
    }

    /// The scores of every layer with the reference points of a seed.
    pub fn scores(&self, seed: usize) -> Scores<'_> {
        let shape = self.table.shape();
        let slabs = (0..shape.layers).map(|layer| shape.slab(layer, seed));
        match &self.device {
            Some(device) => Scores::Device(slabs.map(|slab| &device[slab]).collect()),
            None => Scores::Host(slabs.map(|slab| self.table.slab(slab)).collect()),
        }
    }

    /// The stages of a sample whose scores are at hand: those before the first chunk that is missing.
    pub fn stages(&self, sample: &Sample) -> usize {
        let chunks = (0..sample.chunks.len()).take_while(|&chunk| self.table.has(chunk)).count();
        (0..sample.stages.len()).take_while(|&stage| sample.chunks_of(stage) <= chunks).count()
    }

    /// How many of a sample's documents are scored.
    pub fn documents(&self, sample: &Sample) -> usize {
        let chunks = (0..sample.chunks.len()).filter(|&chunk| self.table.has(chunk));
        chunks.map(|chunk| sample.documents_of(chunk).len()).sum()
    }

    /// Scores a batch's states of a layer with the reference points of each of the seeds, unless its chunk is finished.
    ///
    /// # Errors
    /// No main memory for the scores; whatever the device said.
    pub fn score(
        &mut self,
        layer: usize,
        (sample, batch): (&Sample, &Batch),
        states: &Tensor<2>,
        estimator: &Estimator,
        references: &[Reference],
    ) -> Result<()> {
        let chunk = sample.chunk_of(batch.documents[0]);
        if self.table.has(chunk) {
            return Ok(());
        }
        let origin = if self.device.is_some() { 0 } else { self.table.positions(chunk).start };
        let rows = sample.rows(batch, origin);
        let shape = self.table.shape();
        let slabs = shape.slabs_of(layer);
        let targets = match &self.device {
            Some(device) => Targets::Device(&device[slabs]),
            None => Targets::Host(self.table.open(chunk, slabs)?),
        };
        estimator.score(states.clone(), references, &rows, targets)
    }

    /// Counts a chunk as finished, if it is not already.
    ///
    /// # Errors
    /// Scores that cannot be stored and have no room in memory either.
    pub fn finish(&mut self, chunk: usize, losses: Losses) -> Result<()> {
        if self.table.has(chunk) {
            return Ok(());
        }
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
