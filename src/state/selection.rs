//! What of the open runs is looked at: which are drawn, and the checkpoints under the scrubber.

use super::{RunState, State};
use crate::checkpoints::CheckpointKey;
use crate::engine::OpenRun;

impl State {
    /// Whether a run is drawn.
    pub fn is_visible(&self, run: usize) -> bool {
        self.run_states.get(run).is_some_and(|state| state.visible)
    }

    /// The runs that are drawn, each with its index.
    pub fn visible_runs(&self) -> impl Iterator<Item = (usize, &OpenRun)> + Clone {
        self.open_runs().iter().enumerate().filter(|(run, _)| self.is_visible(*run))
    }

    /// The only run that is drawn, by its index; `None` where several are, none is, or no other is open.
    pub fn solo(&self) -> Option<usize> {
        let mut visible = self.visible_runs();
        let (run, _) = visible.next().filter(|_| self.open_runs().len() > 1)?;
        visible.next().is_none().then_some(run)
    }

    /// Shows a run alone, or all runs where it is alone already.
    pub(super) fn toggle_solo(&mut self, run: usize) {
        if run >= self.run_states.len() {
            return;
        }
        let shows_all = self.solo() == Some(run);
        for (index, state) in self.run_states.iter_mut().enumerate() {
            state.visible = shows_all || index == run;
        }
        self.set_times();
    }

    /// The checkpoint of a run that the scrubber stands on, by its index; `None` for a hidden run, and one that begins
    /// later.
    pub fn current_of(&self, run: usize) -> Option<usize> {
        self.current.get(run).copied().flatten()
    }

    /// The checkpoint of each run drawn that the scrubber stands on, once a condition; `None` where it begins later.
    pub fn current_drawn(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.drawn().snapshot.subjects().runs.iter().map(|run| self.current_of(run.run))
    }

    /// The checkpoint of each visible run that the scrubber stands on.
    pub fn current(&self) -> impl DoubleEndedIterator<Item = CheckpointKey> + '_ {
        let of = |(run, checkpoint): (usize, &Option<usize>)| {
            checkpoint.and_then(|index| self.runs.key(run, index))
        };
        self.current.iter().enumerate().filter_map(of)
    }

    /// The newest of the checkpoints the scrubber stands on: the one spoken of where there is room for one.
    pub fn focus(&self) -> Option<CheckpointKey> {
        let time = |key: &CheckpointKey| {
            let (run, checkpoint) = self.runs.place(*key)?;
            self.scrubber.time_of(&self.open_runs().get(run)?.run, checkpoint)
        };
        // The first run wins a tie, hence the reversal: `max_by_key` takes the last.
        self.current().rev().max_by_key(time)
    }

    /// Takes the times of the visible runs.
    pub(super) fn set_times(&mut self) {
        let visible = self.runs.runs().iter().zip(&self.run_states).filter(|(_, state)| state.visible);
        self.scrubber.set_runs(visible.map(|(open, _)| &open.run));
        self.set_current();
    }

    /// Finds the checkpoints at the scrubber, once it has moved.
    pub(super) fn set_current(&mut self) {
        let of = |(open, state): (&OpenRun, &RunState)| {
            state.visible.then(|| self.scrubber.checkpoint_of(&open.run)).flatten()
        };
        self.current = self.runs.runs().iter().zip(&self.run_states).map(of).collect();
    }
}
