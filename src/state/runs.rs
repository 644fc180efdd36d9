//! The open runs and what is known of their checkpoints.

use std::sync::Arc;

use super::State;
use crate::checkpoints::{Checkpoint, Run};
use crate::engine::CheckpointId;
use crate::error::Error;
use crate::results::{Measurement, Results};

/// What has become of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Not begun.
    Waiting,
    /// The worker is at it; the share of its documents read.
    Measuring(f32),
    /// A first estimate on a small sample.
    Preview,
    /// The whole sample is measured.
    Complete,
    /// It cannot be measured.
    Failed(Error),
}

/// The numbers of a checkpoint and what they rest on.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The numbers.
    pub measurement: Arc<Measurement>,
    /// The number of documents behind them.
    pub documents: usize,
    /// Whether that is the whole sample.
    pub complete: bool,
    /// The request they answer.
    pub generation: u64,
    /// The first of the requests that asked the same, under the same settings and of the same text.
    pub asked: u64,
}

/// What the window knows of one checkpoint.
#[derive(Clone, Debug, Default)]
pub struct CheckpointState {
    /// The newest numbers, perhaps of an older request until the current one replaces them.
    pub shown: Option<Shown>,
    /// Why the current request could not measure it.
    pub error: Option<Error>,
}

/// What the window knows of one run beside the run itself.
#[derive(Clone, Debug)]
pub struct RunState {
    /// Whether its trajectory is drawn.
    pub visible: bool,
    /// Its checkpoints, in the order of training.
    pub checkpoints: Vec<CheckpointState>,
    /// `(documents, skipped documents, positions)` of the text under its tokenizer, once prepared.
    pub prepared: Option<(usize, usize, usize)>,
    /// The results it was read from, where it has no models to measure.
    pub recorded: Option<Arc<Results>>,
}

impl RunState {
    /// A run of which nothing is measured yet.
    pub(super) fn new(run: &Run) -> Self {
        Self {
            visible: true,
            checkpoints: vec![CheckpointState::default(); run.checkpoints.len()],
            prepared: None,
            recorded: None,
        }
    }
}

/// How many checkpoints there are and what has become of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those finished under the present settings.
    pub measured: usize,
    /// Those that cannot be measured.
    pub failed: usize,
    /// All.
    pub all: usize,
}

impl State {
    /// A checkpoint as it lies on disk.
    pub fn checkpoint(&self, id: CheckpointId) -> Option<&Checkpoint> {
        self.runs.get(id.run)?.checkpoints.get(id.checkpoint)
    }

    /// What is known of a checkpoint.
    pub fn checkpoint_state(&self, id: CheckpointId) -> Option<&CheckpointState> {
        self.run_states.get(id.run)?.checkpoints.get(id.checkpoint)
    }

    /// What has become of a checkpoint under the current request.
    pub fn status(&self, id: CheckpointId) -> Status {
        let Some(state) = self.checkpoint_state(id) else { return Status::Waiting };
        if let Some(error) = &state.error {
            return Status::Failed(error.clone());
        }
        let fresh = state.shown.as_ref().filter(|shown| self.is_fresh(id.run, shown));
        match (fresh, self.progress) {
            (Some(shown), _) if shown.complete => Status::Complete,
            (_, Some(progress)) if progress.checkpoint == id => Status::Measuring(progress.checkpoint_share),
            (Some(_), _) => Status::Preview,
            (None, _) => Status::Waiting,
        }
    }

    /// Whether numbers answer what is asked now; recorded ones are of their own condition for ever.
    pub fn is_fresh(&self, run: usize, shown: &Shown) -> bool {
        shown.asked == self.same_since || self.is_recorded(run)
    }

    /// Whether a run was read from results, and so cannot be measured.
    pub fn is_recorded(&self, run: usize) -> bool {
        self.run_states.get(run).is_some_and(|state| state.recorded.is_some())
    }

    /// Whether any checkpoint has numbers.
    pub fn has_numbers(&self) -> bool {
        self.run_states.iter().any(|run| run.checkpoints.iter().any(|c| c.shown.is_some()))
    }

    /// Every checkpoint of every run.
    pub fn ids(&self) -> impl Iterator<Item = CheckpointId> + '_ {
        self.runs.iter().enumerate().flat_map(|(run, r)| {
            (0..r.checkpoints.len()).map(move |checkpoint| CheckpointId { run, checkpoint })
        })
    }

    /// What has become of the checkpoints of a run.
    pub(super) fn counts_of(&self, run: usize) -> Counts {
        let states = self.run_states.get(run).map_or(&[][..], |state| &state.checkpoints);
        let mut counts = Counts { all: states.len(), ..Counts::default() };
        for state in states {
            let complete = |shown: &Shown| shown.complete && self.is_fresh(run, shown);
            if state.error.is_some() {
                counts.failed += 1;
            } else if state.shown.as_ref().is_some_and(complete) {
                counts.measured += 1;
            }
        }
        counts
    }

    /// The number of checkpoints the current request has finished, failed ones included, and of all.
    pub fn done(&self) -> (usize, usize) {
        let Counts { measured, failed, all } = self.drawn().counts();
        (measured + failed, all)
    }

    pub(super) fn checkpoint_mut(&mut self, id: CheckpointId) -> Option<&mut CheckpointState> {
        self.run_states.get_mut(id.run)?.checkpoints.get_mut(id.checkpoint)
    }
}
