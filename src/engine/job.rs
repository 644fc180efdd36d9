//! A checkpoint on its way through the model: its scores, its losses, and the batches still to come.

use std::collections::VecDeque;

use super::message::CheckpointId;
use super::sample::Sample;
use crate::checkpoints::Checkpoint;
use crate::device::Compute;
use crate::error::Result;
use crate::estimator::{Estimator, Reference, Scores};
use crate::model::Model;
use crate::model::batch::{Batch, batches, check_ids};

/// What is kept of a checkpoint once its documents went through the model.
#[derive(Debug, Default)]
pub struct Scored {
    /// A layer's scores each, L + 1 of them; empty before the first document and after being given up.
    pub layers: Vec<Scores>,
    /// The number of reference points scored: the row length of `layers`.
    pub stride: usize,
    /// The hidden size h.
    pub width: usize,
    /// How many documents, from the first, are scored.
    pub documents: usize,
    /// The sum of all next-token losses in nats.
    pub loss_sum: f64,
    /// How many predictions that sums.
    pub predictions: usize,
}

impl Scored {
    /// Memory held.
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(Scores::bytes).sum()
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
    batches: VecDeque<Batch>,
    /// Losses of the documents of this stage, kept apart until the stage is done.
    loss_sum: f64,
    predictions: usize,
    through: usize,
}

impl Job {
    /// Loads a checkpoint's model, unless `interrupted` says to stop.
    pub fn load(
        id: CheckpointId,
        checkpoint: &Checkpoint,
        compute: &Compute,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        let model = Model::load_unless(&checkpoint.path, &compute.tensors(), interrupted)?;
        Ok(Self { id, stage: 0, model, batches: VecDeque::new(), loss_sum: 0.0, predictions: 0, through: 0 })
    }

    /// The model's hidden size.
    pub fn width(&self) -> usize {
        self.model.config.hidden_size
    }

    /// Prepares to bring `scored` to `stage`: makes room and lays out the batches still missing.
    pub fn aim(
        &mut self,
        stage: usize,
        sample: &Sample,
        estimator: &Estimator,
        reference: &Reference,
        scored: &mut Scored,
    ) -> Result<()> {
        let documents = sample.stages[stage];
        check_ids(&sample.documents[..documents], self.model.config.vocab_size)?;
        let (before, after) = (sample.positions(scored.documents), sample.positions(documents));
        let points = reference.points();
        scored.stride = points;
        scored.width = self.width();
        scored.layers = match scored.layers.is_empty() {
            true => (0..self.model.hidden_states())
                .map(|_| estimator.scores(after, points))
                .collect::<Result<_>>()?,
            false => std::mem::take(&mut scored.layers)
                .into_iter()
                .map(|scores| estimator.grown(scores, before, after, points))
                .collect::<Result<_>>()?,
        };
        let range = scored.documents..documents;
        self.batches = batches(&sample.documents, range, self.model.tokens_per_batch()).into();
        (self.stage, self.loss_sum, self.predictions, self.through) = (stage, 0.0, 0, 0);
        Ok(())
    }

    /// Bytes of scores a stage of `positions` positions takes.
    pub fn bytes(&self, positions: usize, points: usize) -> usize {
        self.model.hidden_states() * positions * points * size_of::<f32>()
    }

    /// Documents of this stage not yet scored.
    pub fn remaining(&self) -> usize {
        self.batches.iter().map(Batch::size).sum()
    }

    /// Documents of this stage already scored.
    pub fn through(&self) -> usize {
        self.through
    }

    /// Passes one batch through the model and scores every layer as it comes. Returns the number of
    /// documents; zero when the stage is complete, its losses then added to `scored`.
    ///
    /// `interrupted` is asked before each layer; where it says yes the batch is left for later.
    ///
    /// # Errors
    /// [`Kind::Cancelled`](crate::error::Kind::Cancelled) when interrupted; whatever the device said.
    pub fn step(
        &mut self,
        sample: &Sample,
        estimator: &Estimator,
        reference: &Reference,
        scored: &mut Scored,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<usize> {
        let Some(batch) = self.batches.front() else {
            scored.documents = sample.stages[self.stage];
            scored.loss_sum += self.loss_sum;
            scored.predictions += self.predictions;
            self.through = 0;
            return Ok(0);
        };
        let rows = sample.rows(batch);
        let last = self.model.forward(batch, |layer, states| {
            if interrupted() {
                return Err(crate::error::Error::cancelled());
            }
            estimator.score(states.clone(), reference, &rows, &mut scored.layers[layer])
        })?;
        for losses in self.model.losses(batch, last)? {
            self.loss_sum += losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
            self.predictions += losses.len();
        }
        self.through += batch.size();
        let documents = batch.size();
        self.batches.pop_front();
        Ok(documents)
    }
}
