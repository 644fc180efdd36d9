//! The open runs and what is known of their checkpoints.

use std::sync::Arc;

use super::State;
use crate::checkpoints::{Checkpoint, CheckpointKey};
use crate::condition::Condition;
use crate::engine::{OpenRun, Quality};
use crate::error::Error;
use crate::results::{JoinedRun, Measurement, RunResults};

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
pub struct Numbers {
    /// The numbers.
    pub measurement: Arc<Measurement>,
    /// The number of documents behind them.
    pub documents: usize,
    /// How good they are.
    pub quality: Quality,
}

impl Numbers {
    /// Whether they rest on the whole sample, or as much of it as was asked for.
    pub fn is_complete(&self) -> bool {
        self.quality >= Quality::Complete
    }
}

/// What came of measuring a checkpoint.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Its numbers, the newest.
    Numbers(Numbers),
    /// Why there are none.
    Failed(Error),
}

/// What the window knows of one checkpoint: an answer a condition, and while there is none under the present one,
/// numbers of a condition before it.
#[derive(Clone, Debug, Default)]
pub struct CheckpointState {
    answers: Vec<(Arc<Condition>, Answer)>,
}

impl CheckpointState {
    /// A checkpoint with one answer.
    pub(super) fn of(condition: &Arc<Condition>, answer: Answer) -> Self {
        Self { answers: vec![(Arc::clone(condition), answer)] }
    }

    /// What came of measuring under a condition; `None` before anything did.
    pub fn answer(&self, condition: &Arc<Condition>) -> Option<&Answer> {
        // Mostly the very same, which is told at a glance.
        let same = |of: &Arc<Condition>| Arc::ptr_eq(of, condition) || of == condition;
        self.answers.iter().find(|(of, _)| same(of)).map(|(_, answer)| answer)
    }

    /// The numbers under a condition.
    pub fn numbers(&self, condition: &Arc<Condition>) -> Option<&Numbers> {
        match self.answer(condition)? {
            Answer::Numbers(numbers) => Some(numbers),
            Answer::Failed(_) => None,
        }
    }

    /// Why there are no numbers under a condition.
    pub fn error(&self, condition: &Arc<Condition>) -> Option<&Error> {
        match self.answer(condition)? {
            Answer::Numbers(_) => None,
            Answer::Failed(error) => Some(error),
        }
    }

    /// All numbers, each with its condition.
    pub fn all_numbers(&self) -> impl Iterator<Item = (&Arc<Condition>, &Numbers)> {
        self.answers.iter().filter_map(|(condition, answer)| match answer {
            Answer::Numbers(numbers) => Some((condition, numbers)),
            Answer::Failed(_) => None,
        })
    }

    /// Takes in an answer where it is of use; `asked` are the conditions asked now, the present one first.
    ///
    /// An answer under a condition that is not asked any more is nearer to what is asked than what came before it: a
    /// slider that keeps moving is followed by it.
    pub(super) fn take_in(&mut self, condition: Arc<Condition>, answer: Answer, asked: &[Arc<Condition>]) {
        let of_use = match answer {
            Answer::Numbers(_) => true,
            Answer::Failed(_) => asked.contains(&condition),
        };
        if of_use {
            self.remove(&condition);
            self.answers.push((condition, answer));
            self.settle(asked);
        }
    }

    /// Drops what is of no use under the conditions asked now, the present one first.
    pub(super) fn settle(&mut self, asked: &[Arc<Condition>]) {
        let answered = asked.first().is_some_and(|present| self.answer(present).is_some());
        let of_use = |(condition, answer): &(Arc<Condition>, Answer)| {
            matches!(answer, Answer::Numbers(_)) && !asked.contains(condition)
        };
        let earlier = if answered { None } else { self.answers.iter().rposition(of_use) };
        let mut index = 0;
        self.answers.retain(|(condition, _)| {
            index += 1;
            asked.contains(condition) || Some(index - 1) == earlier
        });
    }

    /// Drops what is known under a condition.
    pub(super) fn remove(&mut self, condition: &Arc<Condition>) {
        self.answers.retain(|(of, _)| of != condition);
    }

    /// Whether it cannot be measured under one of the conditions.
    pub(super) fn has_failed(&self) -> bool {
        self.answers.iter().any(|(_, answer)| matches!(answer, Answer::Failed(_)))
    }

    /// Drops failures: what failed may be measured again.
    pub(super) fn forgive(&mut self) {
        self.answers.retain(|(_, answer)| !matches!(answer, Answer::Failed(_)));
    }
}

/// The text under a run's tokenizer.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The condition it is of.
    pub condition: Arc<Condition>,
    /// Documents long enough to be measured.
    pub documents: usize,
    /// Documents with no labelled position.
    pub skipped_documents: usize,
    /// Labelled positions.
    pub positions: usize,
}

/// The results a run was read from, with what they were measured under.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The results.
    pub results: Arc<RunResults>,
    /// What they were measured under.
    pub condition: Arc<Condition>,
}

impl Recorded {
    /// What the results of one run say they were measured under.
    pub(super) fn new(run: &JoinedRun) -> Self {
        Self { results: Arc::clone(&run.results), condition: Arc::new(run.results.condition.clone()) }
    }
}

/// What the window knows of one run beside the run itself.
#[derive(Clone, Debug)]
pub struct RunState {
    /// Whether its trajectory is drawn.
    pub visible: bool,
    /// The text under its tokenizer, once for each condition it was prepared for.
    pub prepared: Vec<Prepared>,
    /// The results it was read from; `None` for a run of models.
    pub recorded: Option<Recorded>,
}

/// How many checkpoints there are and what has become of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those finished under the present condition.
    pub measured: usize,
    /// Those that cannot be measured.
    pub failed: usize,
    /// All.
    pub all: usize,
}

impl State {
    /// The open runs, in their order.
    pub fn open_runs(&self) -> &[OpenRun] {
        self.runs.runs()
    }

    /// A checkpoint as it lies on disk.
    pub fn checkpoint(&self, key: CheckpointKey) -> Option<&Checkpoint> {
        Some(self.runs.get(key)?.1)
    }

    /// The index of the run that a checkpoint belongs to.
    pub fn run_of(&self, key: CheckpointKey) -> Option<usize> {
        Some(self.runs.place(key)?.0)
    }

    /// What is known of a checkpoint; `None` while nothing is.
    pub fn known(&self, key: CheckpointKey) -> Option<&CheckpointState> {
        self.numbers.get(&key)
    }

    /// The answer under the present condition, for a recorded checkpoint under its own.
    pub(super) fn present_answer(&self, run: usize, key: CheckpointKey) -> Option<&Answer> {
        self.known(key)?.answer(self.present_of(run)?)
    }

    /// Why a checkpoint cannot be measured under the present condition.
    pub fn error(&self, key: CheckpointKey) -> Option<&Error> {
        self.known(key)?.error(self.present_of(self.run_of(key)?)?)
    }

    /// What has become of a checkpoint under the present condition.
    pub fn status(&self, key: CheckpointKey) -> Status {
        let Some(run) = self.run_of(key) else { return Status::Waiting };
        let progress = self.progress.as_ref().filter(|progress| {
            progress.checkpoint == key && Some(&progress.condition) == self.asked.condition()
        });
        match (self.present_answer(run, key), progress) {
            (Some(Answer::Failed(error)), _) => Status::Failed(error.clone()),
            (Some(Answer::Numbers(numbers)), _) if numbers.is_complete() => Status::Complete,
            (_, Some(progress)) => Status::Measuring(progress.checkpoint_share),
            (Some(Answer::Numbers(_)), None) => Status::Preview,
            (None, None) => Status::Waiting,
        }
    }

    /// The text under a run's tokenizer and the present condition; `None` until it is prepared.
    pub fn prepared(&self, run: usize) -> Option<&Prepared> {
        let present = self.present_of(run)?;
        self.run_states.get(run)?.prepared.iter().find(|prepared| prepared.condition == *present)
    }

    /// Whether a run was read from results, and so cannot be measured.
    pub fn is_recorded(&self, run: usize) -> bool {
        self.run_states.get(run).is_some_and(|state| state.recorded.is_some())
    }

    /// Whether no open run can be measured, nothing being open included.
    pub fn is_all_recorded(&self) -> bool {
        self.run_states.iter().all(|run| run.recorded.is_some())
    }

    /// Whether any checkpoint has numbers.
    pub fn has_numbers(&self) -> bool {
        self.numbers.values().any(|known| known.all_numbers().next().is_some())
    }

    /// What has become of the checkpoints of a run.
    pub(super) fn counts_of(&self, run: usize) -> Counts {
        let keys = self.open_runs().get(run).map_or(&[][..], OpenRun::keys);
        let mut counts = Counts { all: keys.len(), ..Counts::default() };
        for key in keys {
            match self.present_answer(run, *key) {
                Some(Answer::Failed(_)) => counts.failed += 1,
                Some(Answer::Numbers(numbers)) if numbers.is_complete() => counts.measured += 1,
                Some(Answer::Numbers(_)) | None => {}
            }
        }
        counts
    }

    /// The number of checkpoints finished under the present condition, failed ones included, and of all.
    pub fn done(&self) -> (usize, usize) {
        let Counts { measured, failed, all } = self.drawn().counts();
        (measured + failed, all)
    }

    /// The fewest and the most documents behind what is finished of a run under a condition.
    pub(super) fn documents_of(&self, run: usize, condition: &Arc<Condition>) -> Option<(usize, usize)> {
        let keys = self.open_runs().get(run)?.keys().iter();
        let numbers = keys.filter_map(|key| self.known(*key)?.numbers(condition));
        let finished = numbers.filter(|numbers| numbers.is_complete());
        let documents = finished.map(|numbers| (numbers.documents, numbers.documents));
        documents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}
