//! What the worker answers, and what becomes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::timeline::Scrubber;
use super::{Answer, Message, Numbers, Prepared, Progress, RunState, Severity, State};
use crate::checkpoints::CheckpointKey;
use crate::condition::Condition;
use crate::engine::{Event, RunList};
use crate::error::{Error, Kind};
use crate::results;
use crate::views::plane::LayerChoice;

impl State {
    /// Takes in what the worker said.
    pub fn apply(&mut self, event: Event) {
        let news = !matches!(
            event,
            Event::Device { .. }
                | Event::Prepared { .. }
                | Event::Progress { .. }
                | Event::Warning(_)
                | Event::Idle { .. }
        );
        self.take_in(event);
        if news {
            self.changed();
        }
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Device { name } => self.device = Some(name),
            Event::Opened { runs } => self.opened(runs),
            // Of pairs beside a text the window tells nothing yet but their numbers.
            Event::Prepared { condition, text, .. } if text != condition.text => {}
            Event::Prepared { condition, run, documents, skipped_documents, positions, .. } => {
                let place = self.open_runs().iter().position(|open| open.key == run);
                if self.is_asked(&condition)
                    && let Some(state) = place.and_then(|run| self.run_states.get_mut(run))
                {
                    state.prepared.retain(|prepared| prepared.condition != condition);
                    state.prepared.push(Prepared { condition, documents, skipped_documents, positions });
                }
            }
            Event::Progress { condition, checkpoint, checkpoint_share, total_share, remaining } => {
                if !self.cancelled && self.is_asked(&condition) {
                    let progress =
                        Progress { condition, checkpoint, checkpoint_share, total_share, remaining };
                    self.progress = Some(progress);
                }
            }
            Event::Measured { condition, checkpoint, measurement, documents, quality, .. } => {
                self.answered(
                    condition,
                    checkpoint,
                    Answer::Numbers(Numbers { measurement, documents, quality }),
                );
            }
            Event::CheckpointFailed { condition, checkpoint, error } => {
                if error.kind() != Kind::Cancelled {
                    self.answered(condition, checkpoint, Answer::Failed(error));
                }
            }
            Event::Seen { look, seen } => self.saw(look, seen),
            Event::Warning(text) => self.say(Message::new(Severity::Warning, text)),
            Event::OpenFailed { error } => {
                self.opening = false;
                // Whatever waited to be sent behind the folder is gone.
                self.sent.clear();
                self.say(Message::new(Severity::Error, error.to_string()));
            }
            Event::ConditionFailed { condition, error } => {
                if self.is_asked(&condition) && error.kind() != Kind::Cancelled {
                    self.say(Message::new(Severity::Error, error.to_string()));
                    self.failed_conditions.retain(|(failed, _)| *failed != condition);
                    self.failed_conditions.push((condition, error));
                    self.progress = None;
                }
            }
            Event::Idle { .. } => self.progress = None,
        }
    }

    /// Takes in what came of measuring a checkpoint.
    fn answered(&mut self, condition: Arc<Condition>, checkpoint: CheckpointKey, answer: Answer) {
        let measured = self.run_of(checkpoint).is_some_and(|run| !self.is_recorded(run));
        if measured {
            let asked: Vec<Arc<Condition>> = self.conditions().cloned().collect();
            self.numbers.entry(checkpoint).or_default().take_in(condition, answer, &asked);
        }
    }

    /// Takes in that the worker is gone.
    pub fn worker_stopped(&mut self, error: &Error) {
        (self.stopped, self.opening, self.progress) = (true, false, None);
        self.say(Message::new(Severity::Error, error.to_string()));
        self.changed();
    }

    fn opened(&mut self, runs: Arc<RunList>) {
        self.opening = false;
        self.demo_runs = std::mem::take(&mut self.opening_demo);
        (self.cancelled, self.progress) = (false, None);
        // Nothing is wanted of new runs yet, and pins belong to the ones before.
        self.sent.clear();
        self.pins.clear();
        self.failed_conditions.clear();
        self.numbers.clear();
        self.forget_seen();
        self.run_states = runs.runs().iter().map(RunState::new).collect();
        let mut warnings = BTreeSet::new();
        for (open, state) in runs.runs().iter().zip(&self.run_states) {
            if let Some(recorded) = &state.recorded {
                self.numbers.extend(open.keys().iter().copied().zip(recorded.checkpoints()));
                warnings.extend(results::warnings(&recorded.results.checkpoints));
            }
        }
        for warning in warnings {
            self.messages.push(Message::new(Severity::Warning, warning));
        }
        self.runs = runs;
        self.draft = self.settings().clone();
        self.view.order = self.view.order.min(self.largest_order());
        self.view.layers = LayerChoice::Mean;
        self.scrubber = Scrubber::default();
        self.set_times();
    }
}
