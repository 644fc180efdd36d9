//! What the worker is asked to measure, and how far it has come.

use std::time::Duration;

use super::{Counts, State};
use crate::engine::{CheckpointId, Command, Focus, Request};

/// How far the current request has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The checkpoint being worked on.
    pub checkpoint: CheckpointId,
    /// The share of this checkpoint's documents that is read.
    pub checkpoint_share: f32,
    /// The share of the whole request that is done.
    pub total_share: f32,
    /// Time left, once it can be told.
    pub left: Option<Duration>,
}

impl State {
    /// Whether models are measured on the demo's text that are not the demo's: nobody asked for that.
    pub fn borrows_text(&self) -> bool {
        let measured = self.run_states.iter().any(|run| run.recorded.is_none());
        self.demo_text && !self.demo_runs && measured
    }

    /// Whether checkpoints are left that could be measured: those not begun or broken off, and those that failed.
    pub fn can_resume(&self) -> bool {
        let Counts { measured, all, .. } = self.measurable();
        !self.busy && !self.opening && self.text.is_some() && measured < all
    }

    /// Whether all that is left to measure has failed: it may have been mended since.
    pub fn only_failures_left(&self) -> bool {
        let Counts { measured, failed, all } = self.measurable();
        self.can_resume() && measured + failed == all
    }

    /// What has become of the checkpoints of all runs that can be measured here.
    fn measurable(&self) -> Counts {
        let runs = self.drawn().runs.iter().enumerate();
        runs.filter(|(run, _)| !self.is_recorded(*run)).map(|(_, run)| run.counts).sum()
    }

    /// Asks for all open runs under the settings, once there is a text.
    pub(super) fn measure(&mut self) -> Vec<Command> {
        let Some(text) = self.text.clone() else { return Vec::new() };
        if self.run_states.iter().all(|run| run.recorded.is_some()) {
            return Vec::new();
        }
        self.generation += 1;
        let requested = Some((self.settings.clone(), text.clone()));
        if self.requested != requested {
            (self.same_since, self.requested) = (self.generation, requested);
        }
        self.busy = true;
        self.progress = None;
        for run in self.run_states.iter_mut().filter(|run| run.recorded.is_none()) {
            run.prepared = None;
            for checkpoint in &mut run.checkpoints {
                checkpoint.error = None;
            }
        }
        let request = Request {
            generation: self.generation,
            settings: self.settings.clone(),
            text,
            focus: self.focus(),
            interactive: true,
        };
        // A new request starts from the checkpoint it names and from no hidden run.
        self.focus_told = Focus { checkpoint: request.focus, hidden: Vec::new() };
        let mut commands = vec![Command::Measure(request)];
        commands.extend(self.refocus());
        commands
    }

    /// Tells the worker what is on screen, where that has changed while it measures.
    pub(super) fn refocus(&mut self) -> Vec<Command> {
        let hidden = (0..self.runs.len()).filter(|&run| !self.is_visible(run)).collect();
        let focus = Focus { checkpoint: self.focus(), hidden };
        if !self.busy || focus == self.focus_told {
            return Vec::new();
        }
        self.focus_told = focus.clone();
        vec![Command::Focus(focus)]
    }
}
