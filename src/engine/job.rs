//! A checkpoint's model at work: the batches still to come, and the losses of those that passed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use super::keys::ScoresId;
use super::message::EstimatorCosts;
use super::sample::Sample;
use super::scored::Scored;
use super::session::SessionId;
use crate::checkpoints::{Checkpoint, CheckpointKey};
use crate::error::Result;
use crate::estimator::{Estimator, Reference};
use crate::model::batch::{Batch, batches, check_ids};
use crate::model::config::Config;
use crate::model::{Model, Options, Pass, Step};
use crate::scores::Losses;

/// The model of a checkpoint at work towards a stage.
#[derive(Debug)]
pub struct Job {
    /// Whose sample it reads.
    pub session: SessionId,
    /// The checkpoint.
    pub checkpoint: CheckpointKey,
    /// The stage it works towards.
    pub stage: usize,
    /// The scores it fills.
    pub fills: Vec<ScoresId>,
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

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// There is more to do for the stage.
    More,
    /// The stage is scored.
    Done,
    /// The model's files were rewritten: what was made of them since a chunk was last finished is dropped.
    Changed,
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
    /// Whether the model of a checkpoint is at work on the sample of a session.
    pub fn is_of(&self, session: SessionId, checkpoint: CheckpointKey) -> bool {
        (self.session, self.checkpoint) == (session, checkpoint)
    }

    /// Opens a checkpoint's model.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn open(
        session: SessionId,
        key: CheckpointKey,
        checkpoint: &Checkpoint,
        config: Config,
        options: &Options,
    ) -> Result<Self> {
        Ok(Self {
            session,
            checkpoint: key,
            stage: 0,
            fills: Vec::new(),
            model: Model::of_config(&checkpoint.folder(), config, options)?,
            batches: VecDeque::new(),
            pass: None,
            unfinished: BTreeMap::new(),
            passed: 0,
        })
    }

    /// Prepares to bring all of `scores`, in the bank under the ids `fills`, to `stage`: lays out the batches of the
    /// chunks that any of them miss.
    ///
    /// # Errors
    /// Tokens that the model does not know.
    pub fn aim(
        &mut self,
        stage: usize,
        sample: &Sample,
        fills: Vec<ScoresId>,
        mut scores: Vec<&mut Scored>,
    ) -> Result<()> {
        check_ids(&sample.documents[..sample.stages[stage]], self.model.config().vocab_size)?;
        (self.stage, self.fills, self.pass) = (stage, fills, None);
        self.batches.clear();
        self.unfinished.clear();
        scores.iter_mut().for_each(|scored| scored.table.abandon_open());
        let missing = |chunk: &usize| scores.iter().any(|scored| !scored.table.has(*chunk));
        for chunk in (0..sample.chunks_of(stage)).filter(missing) {
            let documents = sample.documents_of(chunk);
            let batches = batches(&sample.documents, documents, self.model.tokens_per_batch());
            self.unfinished.insert(chunk, Unfinished { batches: batches.len(), ..Unfinished::default() });
            self.batches.extend(batches);
        }
        Ok(())
    }

    /// Whether nothing is left of what it was last aimed at.
    pub fn is_done(&self) -> bool {
        self.batches.is_empty() && self.pass.is_none()
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

    /// Takes a batch through one layer of the model and scores its states for each of `scores`, with the reference points
    /// beside them, at some cost. A chunk is finished only while the model's files are `unchanged`.
    ///
    /// # Errors
    /// Weights that cannot be read; whatever the device said.
    pub fn step(
        &mut self,
        sample: &Sample,
        estimator: &Estimator,
        scores: &mut [(&mut Scored, &[Reference])],
        unchanged: &dyn Fn() -> bool,
        costs: &mut EstimatorCosts,
    ) -> Result<Advance> {
        let pass = match &mut self.pass {
            Some(pass) => pass,
            None => {
                let batches = self.batches.make_contiguous();
                if batches.is_empty() {
                    return Ok(Advance::Done);
                }
                let count = self.model.wave(batches);
                let wave = self.batches.drain(..count).collect();
                self.pass.insert(self.model.begin(wave)?)
            }
        };
        let step = self.model.advance(pass, |layer, batch, states| {
            let start = Instant::now();
            let done = scores.iter_mut().try_for_each(|(scored, references)| {
                scored.score(layer, (sample, batch), states, estimator, references)
            });
            costs.scores += start.elapsed();
            done
        })?;
        if step == Step::Done
            && let Some(pass) = self.pass.take()
        {
            let losses = self.model.losses(pass)?;
            if !unchanged() {
                return Ok(Advance::Changed);
            }
            let start = Instant::now();
            for (batch, losses) in losses {
                self.take_losses(sample, &batch, &losses, scores)?;
            }
            costs.scores += start.elapsed();
        }
        Ok(Advance::More)
    }

    fn take_losses(
        &mut self,
        sample: &Sample,
        batch: &Batch,
        losses: &[Vec<f32>],
        scores: &mut [(&mut Scored, &[Reference])],
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
            scores.iter_mut().try_for_each(|(scored, _)| scored.finish(chunk, all))?;
        }
        Ok(())
    }
}
