//! A checkpoint on its way through the model: its scores, its losses, and the batches still to come.

use std::collections::VecDeque;

use super::message::CheckpointId;
use super::sample::Sample;
use crate::checkpoints::Checkpoint;
use crate::error::Result;
use crate::estimator::{Estimator, Reference, Scores};
use crate::model::batch::{Batch, batches, check_ids};
use crate::model::{Model, Options, Pass, Step};

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
    /// Batches that no wave took up yet.
    batches: VecDeque<Batch>,
    /// The wave under way.
    pass: Option<Pass>,
    /// Losses of the documents of this stage, kept apart until the stage is done.
    loss_sum: f64,
    predictions: usize,
    /// Documents of this stage that went through the model.
    through: usize,
}

impl Job {
    /// Opens a checkpoint's model.
    pub fn open(id: CheckpointId, checkpoint: &Checkpoint, options: &Options) -> Result<Self> {
        let model = Model::open(&checkpoint.folder(), options)?;
        let batches = VecDeque::new();
        Ok(Self { id, stage: 0, model, batches, pass: None, loss_sum: 0.0, predictions: 0, through: 0 })
    }

    /// The model's hidden size.
    pub fn width(&self) -> usize {
        self.model.config().hidden_size
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
        check_ids(&sample.documents[..documents], self.model.config().vocab_size)?;
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
        self.pass = None;
        (self.stage, self.loss_sum, self.predictions, self.through) = (stage, 0.0, 0, 0);
        Ok(())
    }

    /// The number of hidden states a position has.
    pub fn hidden_states(&self) -> usize {
        self.model.hidden_states()
    }

    /// Documents of this stage that went through the model, those under way by their share.
    pub fn through(&self) -> f64 {
        let under_way = |pass: &Pass| pass.documents() as f64 * pass.share(&self.model);
        self.through as f64 + self.pass.as_ref().map_or(0.0, under_way)
    }

    /// Takes a batch through one layer of the model and scores its states. Returns whether the stage is
    /// complete, its losses then added to `scored`.
    ///
    /// # Errors
    /// Weights that cannot be read; whatever the device said.
    pub fn step(
        &mut self,
        sample: &Sample,
        estimator: &Estimator,
        reference: &Reference,
        scored: &mut Scored,
    ) -> Result<bool> {
        let pass = match &mut self.pass {
            Some(pass) => pass,
            None => {
                let batches = self.batches.make_contiguous();
                if batches.is_empty() {
                    scored.documents = sample.stages[self.stage];
                    scored.loss_sum += self.loss_sum;
                    scored.predictions += self.predictions;
                    self.through = 0;
                    return Ok(true);
                }
                let count = self.model.wave(batches);
                let wave = self.batches.drain(..count).collect();
                self.pass.insert(self.model.begin(wave)?)
            }
        };
        let step = self.model.advance(pass, |layer, batch, states| {
            estimator.score(states.clone(), reference, &sample.rows(batch), &mut scored.layers[layer])
        })?;
        if step == Step::Done
            && let Some(pass) = self.pass.take()
        {
            for (batch, losses) in self.model.losses(pass)? {
                for losses in losses {
                    self.loss_sum += losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
                    self.predictions += losses.len();
                }
                self.through += batch.size();
            }
        }
        Ok(false)
    }
}
