//! What the window knows, as plain data: nothing here draws, and nothing here runs.
//!
//! The panels read a [`State`] and emit [`UiCommand`]s, the worker's [`Event`](crate::engine::Event)s come in by
//! [`State::apply`], and [`State::wanted`] is what to send it: all of it is tested without a window or a worker.
//!
//! | file | duty |
//! |---|---|
//! | `command` | what panels ask |
//! | `events` | what the worker answers |
//! | `runs` | the open runs and what is known of their checkpoints |
//! | `recorded` | what is known of results read from a file |
//! | [`timeline`] | where in training the window stands |
//! | `selection` | which runs are drawn, and the checkpoints under the scrubber |
//! | `conditions` | what is measured under: the present settings and text, and those pinned |
//! | `wants` | what is wanted of the worker, and how far it has come |
//! | `looks` | what is looked at beside the numbers |
//! | `points`, `drawn` | what of all this is drawn, computed once after a change |
//! | `messages` | lines for the user |

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::analysis::benchmarks::Benchmarks;
use crate::chart::ColorBy;
use crate::checkpoints::CheckpointKey;
use crate::condition::{Condition, TextSource};
use crate::engine::{Command, RunList, Want};
use crate::error::Error;
use crate::settings::Settings;
use crate::views::plane::PlaneView;

mod command;
mod conditions;
mod drawn;
mod events;
mod looks;
mod messages;
mod points;
mod recorded;
mod runs;
mod selection;
pub mod timeline;
mod wants;

pub use command::UiCommand;
pub use conditions::{Asked, MOST_PINS, no_more_pins};
pub use drawn::{Drawn, Mark, RunWords};
pub use looks::{Glance, PairSeen};
pub use messages::{Message, Messages, Severity};
pub use points::{AtScrubber, Content, Moment, ShownNumbers};
pub use runs::{Answer, CheckpointState, Counts, Numbers, Prepared, Recorded, RunState, Status};
use timeline::{Scrubber, TimeCommand};
pub use wants::Progress;

/// Everything the window shows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The open runs.
    pub runs: Arc<RunList>,
    /// What is known of each of them.
    pub run_states: Vec<RunState>,
    /// What is known of each checkpoint of which anything is.
    numbers: HashMap<CheckpointKey, CheckpointState>,
    /// Settings and text asked for.
    asked: Asked,
    /// Conditions that stay on screen beside the present one.
    pins: Vec<Arc<Condition>>,
    /// Conditions under which nothing can be measured, and why.
    failed_conditions: Vec<(Arc<Condition>, Error)>,
    /// The settings the sliders show: those asked for, or on their way there.
    pub draft: Settings,
    /// The settings the window was started with.
    initial: Settings,
    /// Whether the text is the demo's, which nobody chose.
    pub demo_text: bool,
    /// Whether the runs being opened are the demo's.
    pub opening_demo: bool,
    /// Whether the open runs are.
    demo_runs: bool,
    /// What decides the colours of runs.
    pub color_by: ColorBy,
    /// The order and the layers on screen.
    pub view: PlaneView,
    /// Where in training the window stands.
    pub scrubber: Scrubber,
    /// What is to be said, oldest first.
    pub messages: Messages,
    /// How far the worker is, while it measures.
    pub progress: Option<Progress>,
    /// Whether nothing is to be measured until asked for again.
    cancelled: bool,
    /// Whether the worker is gone.
    stopped: bool,
    /// Whether folders are being looked into.
    pub opening: bool,
    /// The compute device, by its own name.
    pub device: Option<String>,
    /// What the worker was last told is wanted.
    sent: Vec<Want>,
    /// The checkpoint of each run that the scrubber stands on.
    current: Vec<Option<usize>>,
    /// What is drawn, until something it depends on changes.
    drawn: OnceCell<Drawn>,
    /// What is wanted, likewise.
    wants: OnceCell<Vec<Want>>,
    /// What is looked at beside the numbers.
    looks: looks::Looks,
    /// Scores of benchmarks; `None` where none were opened.
    benchmarks: Option<Arc<Benchmarks>>,
}

impl State {
    /// A window with nothing open.
    pub fn new(settings: Settings, text: Option<TextSource>) -> Self {
        Self {
            draft: settings.clone(),
            initial: settings.clone(),
            asked: Asked::new(settings, text),
            ..Self::default()
        }
    }

    /// The settings the window was started with.
    pub fn initial(&self) -> &Settings {
        &self.initial
    }

    /// Plays for `dt` seconds.
    pub fn advance(&mut self, dt: f32) {
        if self.scrubber.advance(dt) {
            self.set_current();
            self.wants.take();
        }
    }

    /// Does what a panel asks; answers with what to send the worker beside what is wanted.
    pub fn update(&mut self, command: UiCommand) -> Option<Command> {
        let (aside, of_time) = (command.is_aside(), command.is_of_time());
        let answer = self.follow(command);
        if of_time {
            self.set_current();
            self.wants.take();
        } else if !aside {
            self.changed();
        }
        answer
    }

    fn follow(&mut self, command: UiCommand) -> Option<Command> {
        match command {
            UiCommand::Open(paths) => {
                if paths.is_empty() {
                    return None;
                }
                (self.opening, self.opening_demo) = (true, false);
                return Some(Command::Open { paths });
            }
            UiCommand::ChooseText(text) => {
                self.demo_text = false;
                self.choose_text(text);
            }
            UiCommand::ChoosePairs(pairs) => self.choose_pairs(pairs),
            UiCommand::Draft(settings) => self.draft = settings,
            UiCommand::Settings(settings) => {
                if !self.recorded_settings().is_empty() {
                    self.draft = self.settings().clone();
                    let text =
                        "these are recorded results: open their models to measure under other settings";
                    self.say(Message::new(Severity::Info, text));
                } else if settings != *self.asked.settings() {
                    self.ask(settings, self.asked.text().cloned());
                } else {
                    self.draft = settings;
                }
            }
            UiCommand::Ask(condition) => {
                self.ask(condition.settings.clone(), Some(condition.text.clone()));
            }
            UiCommand::TogglePin => self.toggle_pin(),
            UiCommand::Unpin(condition) => self.unpin(&condition),
            UiCommand::View(view) => {
                if view.order <= self.largest_order() {
                    self.view = view;
                }
            }
            UiCommand::Time(command) => self.scrubber.apply(command),
            UiCommand::Focus(key) => {
                let time = |(run, checkpoint): (usize, usize)| {
                    self.scrubber.time_of(&self.open_runs().get(run)?.run, checkpoint)
                };
                if let Some(time) = self.runs.place(key).and_then(time) {
                    self.scrubber.apply(TimeCommand::MoveToTime(time));
                }
            }
            UiCommand::SetVisible { run, visible } => {
                if let Some(state) = self.run_states.get_mut(run) {
                    state.visible = visible;
                    self.set_times();
                }
            }
            UiCommand::Solo(run) => self.toggle_solo(run),
            UiCommand::ColorBy(by) => self.color_by = by,
            UiCommand::Cancel => {
                if self.is_busy() {
                    (self.cancelled, self.progress) = (true, None);
                }
            }
            UiCommand::Resume => {
                self.cancelled = false;
                self.failed_conditions.clear();
                self.each_measured(CheckpointState::forgive);
                return Some(Command::Retry);
            }
            UiCommand::Scores(benchmarks) => {
                for note in &benchmarks.notes {
                    self.say(Message::new(Severity::Info, note.clone()));
                }
                self.benchmarks = Some(benchmarks);
            }
            UiCommand::KeepText => self.demo_text = false,
            UiCommand::Say(message) => self.say(message),
            UiCommand::Dismiss(number) => self.messages.dismiss(number),
        }
        None
    }

    /// Shows a message, unless it is the last one shown.
    pub fn say(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Computes anew what is drawn and wanted, once it is needed.
    fn changed(&mut self) {
        self.drawn.take();
        self.wants.take();
    }

    /// Changes what is known of the checkpoints that are measured here.
    fn each_measured(&mut self, mut change: impl FnMut(&mut CheckpointState)) {
        for key in self.runs.measurable() {
            if let Some(known) = self.numbers.get_mut(&key) {
                change(known);
            }
        }
    }
}

#[cfg(test)]
mod looks_tests;
#[cfg(test)]
mod pins_tests;
#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wants_tests;
