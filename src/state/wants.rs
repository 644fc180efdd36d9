//! What is wanted of the worker: a pure function of what is open, looked at, asked and answered.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, State};
use crate::checkpoints::CheckpointKey;
use crate::condition::Condition;
use crate::engine::{Command, Quality, Want};

/// How far the worker has come with what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The condition being worked under.
    pub condition: Arc<Condition>,
    /// The checkpoint being worked on.
    pub checkpoint: CheckpointKey,
    /// The share of this checkpoint's documents that is read.
    pub checkpoint_share: f32,
    /// The share of all that is wanted that is done.
    pub total_share: f32,
    /// Time left; `None` before there is a pace to speak of.
    pub remaining: Option<Duration>,
}

impl State {
    /// What is wanted and not answered yet, the most urgent first; empty once cancelled.
    ///
    /// 1. Visible runs under the present condition: first estimates of all, then whole samples, then what tells whether
    ///    to believe them; of each the checkpoints at the scrubber first, then those nearest to it.
    /// 2. The same under the pinned conditions.
    /// 3. Hidden runs likewise.
    pub fn wants(&self) -> &[Want] {
        self.wants.get_or_init(|| if self.cancelled || self.stopped { Vec::new() } else { self.left() })
    }

    /// Whether something is wanted of the worker.
    pub fn is_busy(&self) -> bool {
        !self.wants().is_empty()
    }

    /// What to send the worker so that it knows what is wanted; `None` where it does.
    ///
    /// Wants that are answered are known to be so at both ends: for them alone nothing is sent.
    pub fn wanted(&mut self) -> Option<Command> {
        let left = self.sent.iter().filter(|want| self.is_open(want));
        if left.eq(self.wants().iter()) {
            return None;
        }
        self.sent = self.wants().to_vec();
        Some(Command::Want(self.sent.clone()))
    }

    /// All that is asked and not answered yet.
    fn left(&self) -> Vec<Want> {
        let Some(present) = self.asked.condition() else { return Vec::new() };
        let pins: Vec<&Arc<Condition>> = self.conditions().skip(1).collect();
        let (visible, hidden) = (self.nearest_first(true), self.nearest_first(false));
        let mut wants = Vec::new();
        for keys in [&visible, &hidden] {
            for conditions in [&[present][..], &pins] {
                for quality in [Quality::Preview, Quality::Complete, Quality::Honest] {
                    let all = conditions.iter().flat_map(|condition| {
                        keys.iter().map(|key| Want {
                            checkpoint: *key,
                            condition: Arc::clone(condition),
                            quality,
                        })
                    });
                    wants.extend(all.filter(|want| self.is_open(want)));
                }
            }
        }
        wants
    }

    /// Whether a want is not answered yet.
    fn is_open(&self, want: &Want) -> bool {
        if self.failed_conditions.iter().any(|(condition, _)| *condition == want.condition) {
            return false;
        }
        match self.known(want.checkpoint).and_then(|known| known.answer(&want.condition)) {
            Some(Answer::Numbers(numbers)) => numbers.quality < want.quality,
            Some(Answer::Failed(_)) => false,
            None => true,
        }
    }

    /// The checkpoints that can be measured, of visible or of hidden runs: those at the scrubber first, then the
    /// nearest to it in its list of times; of two as near the later.
    fn nearest_first(&self, visible: bool) -> Vec<CheckpointKey> {
        let times = self.scrubber.times();
        let mut keys = Vec::new();
        for (run, open) in self.open_runs().iter().enumerate() {
            if open.recorded.is_some() || self.is_visible(run) != visible {
                continue;
            }
            let current = self.scrubber.checkpoint_of(&open.run);
            let of_run = self.scrubber.times_of(&open.run);
            for ((checkpoint, key), time) in open.keys().iter().enumerate().zip(of_run) {
                let place = times.partition_point(|&other| other < time);
                let far = place.abs_diff(self.scrubber.position());
                let earlier = place < self.scrubber.position();
                keys.push(((current != Some(checkpoint), far, earlier), *key));
            }
        }
        // Stable, so that runs keep their order where they are as near.
        keys.sort_by_key(|(order, _)| *order);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Whether models are measured on the demo's text that are not the demo's: nobody asked for that.
    pub fn borrows_text(&self) -> bool {
        self.demo_text && !self.demo_runs && !self.is_all_recorded()
    }

    /// Whether there is something to measure that nothing is done about: what was cancelled, or failed.
    pub fn can_resume(&self) -> bool {
        let left = || self.has_failures() || (self.cancelled && !self.left().is_empty());
        !self.is_busy() && !self.opening && !self.stopped && self.asked.condition().is_some() && left()
    }

    /// Whether all that is left to measure has failed: it may have been mended since.
    pub fn only_failures_left(&self) -> bool {
        self.can_resume() && self.left().is_empty()
    }

    fn has_failures(&self) -> bool {
        let measurable = self.runs.measurable().filter_map(|key| self.known(key));
        !self.failed_conditions.is_empty() || measurable.into_iter().any(super::CheckpointState::has_failed)
    }
}
