//! What the window knows, as plain data: nothing here draws, and nothing here runs.
//!
//! The panels read a [`State`] and emit [`UiCommand`]s; the worker's [`Event`]s come in by [`State::apply`].
//! Both answer with the [`Command`]s to send on, so all of it is tested without a window or a worker.
//!
//! | file | duty |
//! |---|---|
//! | `command` | what panels ask |
//! | `runs` | the open runs and what is known of their checkpoints |
//! | `recorded` | what is known of results read from a file |
//! | [`timeline`] | where in training the window stands |
//! | `selection` | which runs are drawn, and the checkpoints under the scrubber |
//! | `request` | what the worker is asked, and how far it has come |
//! | `points`, `drawn` | what of all this is drawn, computed once after a change |
//! | `messages` | lines for the user |

use std::cell::OnceCell;
use std::sync::Arc;

use crate::checkpoints::Run;
use crate::condition::TextSource;
use crate::engine::{Command, Event, Focus};
use crate::error::Kind;
use crate::results::Results;
use crate::settings::Settings;
use crate::views::plane::{LayerChoice, PlaneView};

mod command;
mod drawn;
mod messages;
mod points;
mod recorded;
mod request;
mod runs;
mod selection;
pub mod timeline;

pub use command::UiCommand;
pub use drawn::{Drawn, Mark, RunWords};
pub use messages::{Message, Messages, Severity};
pub use points::{AtScrubber, Moment, ShownPoint};
pub use request::Progress;
pub use runs::{CheckpointState, Counts, RunState, Shown, Status};
use timeline::{Scrubber, TimeCommand};

/// Everything the window shows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The open runs.
    pub runs: Arc<Vec<Run>>,
    /// What is known of each of them.
    pub run_states: Vec<RunState>,
    /// What the models read, once chosen.
    pub text: Option<TextSource>,
    /// The settings last asked for.
    pub settings: Settings,
    /// The settings the sliders show: those last asked for, or on their way there.
    pub draft: Settings,
    /// Whether the text is the demo's, which nobody chose.
    pub demo_text: bool,
    /// Whether the runs being opened are the demo's.
    pub opening_demo: bool,
    /// Whether the open runs are.
    demo_runs: bool,
    /// The settings the window was started with.
    initial: Settings,
    /// The settings last asked for; those of results take their place on screen, not here.
    asked: Settings,
    /// The order and the layers on screen.
    pub view: PlaneView,
    /// Where in training the window stands.
    pub scrubber: Scrubber,
    /// What is to be said, oldest first.
    pub messages: Messages,
    /// How far the worker is, while it measures.
    pub progress: Option<Progress>,
    /// Whether a request is on its way.
    pub busy: bool,
    /// Whether folders are being looked into.
    pub opening: bool,
    /// The compute device, by its own name.
    pub device: Option<String>,
    /// Counts requests; an answer to an older one is shown, as such, until a newer one comes.
    pub generation: u64,
    /// The first of the requests that asked what the current one asks.
    same_since: u64,
    /// What that is.
    requested: Option<(Settings, TextSource)>,
    /// The newest request that meant other runs than those now open.
    opened_at: u64,
    /// What the worker was last told to measure before the rest.
    focus_told: Focus,
    /// The checkpoint of each run that the scrubber stands on.
    current: Vec<Option<usize>>,
    /// What is drawn, until something it depends on changes.
    drawn: OnceCell<Drawn>,
}

impl State {
    /// A window with nothing open.
    pub fn new(settings: Settings, text: Option<TextSource>) -> Self {
        Self {
            draft: settings.clone(),
            initial: settings.clone(),
            asked: settings.clone(),
            settings,
            text,
            ..Self::default()
        }
    }

    /// The settings the window was started with.
    pub fn initial(&self) -> &Settings {
        &self.initial
    }

    /// Plays for `dt` seconds; answers with what to send the worker.
    pub fn advance(&mut self, dt: f32) -> Vec<Command> {
        if !self.scrubber.advance(dt) {
            return Vec::new();
        }
        self.set_current();
        self.refocus()
    }

    /// Takes in what the worker said; answers with what to ask it next.
    pub fn apply(&mut self, event: Event) -> Vec<Command> {
        let redraw = changes_what_is_drawn(&event);
        let commands = self.take_in(event);
        if redraw {
            self.drawn.take();
        }
        commands
    }

    fn take_in(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Device { name } => self.device = Some(name),
            Event::Opened { runs, recorded } => return self.opened(runs, recorded),
            Event::Prepared { generation, run, documents, skipped_documents, positions } => {
                if generation == self.generation
                    && let Some(state) = self.run_states.get_mut(run)
                {
                    state.prepared = Some((documents, skipped_documents, positions));
                }
            }
            Event::Progress { generation, checkpoint, checkpoint_share, total_share, left } => {
                if generation == self.generation && self.busy {
                    self.progress = Some(Progress { checkpoint, checkpoint_share, total_share, left });
                }
            }
            Event::Measured { generation, checkpoint, measurement, documents, complete, .. } => {
                // An answer to the request before this one is nearer to what is asked than what is shown: a
                // slider that keeps moving is followed by it.
                let (of_these_runs, current) = (generation > self.opened_at, generation == self.generation);
                let asked = if generation >= self.same_since { self.same_since } else { generation };
                if let Some(state) = self.checkpoint_mut(checkpoint)
                    && of_these_runs
                    && state.shown.as_ref().is_none_or(|shown| shown.generation <= generation)
                {
                    state.shown = Some(Shown { measurement, documents, complete, generation, asked });
                    state.error = state.error.take().filter(|_| !current);
                }
            }
            Event::CheckpointFailed { generation, checkpoint, error } => {
                if generation == self.generation
                    && error.kind() != Kind::Cancelled
                    && let Some(state) = self.checkpoint_mut(checkpoint)
                {
                    *state = CheckpointState { shown: None, error: Some(error) };
                }
            }
            Event::Warning(text) => self.say(Message::new(Severity::Warning, text)),
            Event::Failed { generation, error } => {
                if generation.is_some_and(|generation| generation != self.generation) {
                    return Vec::new();
                }
                self.busy = false;
                self.progress = None;
                if error.kind() != Kind::Cancelled {
                    self.say(Message::new(Severity::Error, error.to_string()));
                }
                if std::mem::take(&mut self.opening) {
                    // What was open stays open, and its numbers must be asked for again.
                    return self.measure();
                }
            }
            Event::Idle { generation, .. } => {
                if generation == self.generation {
                    self.busy = false;
                    self.progress = None;
                }
            }
        }
        Vec::new()
    }

    /// Does what a panel asks; answers with what to send the worker.
    pub fn update(&mut self, command: UiCommand) -> Vec<Command> {
        let redraw = command.changes_what_is_drawn();
        let commands = self.follow(command);
        if redraw {
            self.drawn.take();
        }
        commands
    }

    fn follow(&mut self, command: UiCommand) -> Vec<Command> {
        match command {
            UiCommand::Open(paths) => {
                if paths.is_empty() {
                    return Vec::new();
                }
                // Whatever is still said of the runs now open must not be taken for the new ones.
                self.generation += 1;
                self.opened_at = self.generation;
                self.busy = false;
                self.progress = None;
                (self.opening, self.opening_demo) = (true, false);
                return vec![Command::Open { paths }];
            }
            UiCommand::ChooseText(text) => {
                self.text = Some(text);
                self.demo_text = false;
                return self.measure();
            }
            UiCommand::Draft(settings) => self.draft = settings,
            UiCommand::Settings(settings) => {
                if !self.recorded_settings().is_empty() {
                    self.draft = self.settings.clone();
                    let text =
                        "these are recorded results: open their models to measure under other settings";
                    self.say(Message::new(Severity::Info, text));
                    return Vec::new();
                }
                self.draft = settings.clone();
                if settings != self.settings {
                    self.asked = settings.clone();
                    self.settings = settings;
                    self.view.order = self.view.order.min(self.largest_order());
                    return self.measure();
                }
            }
            UiCommand::View(view) => {
                if view.order <= self.largest_order() {
                    self.view = view;
                }
            }
            UiCommand::Time(command) => {
                self.scrubber.apply(command);
                self.set_current();
                return self.refocus();
            }
            UiCommand::Focus(id) => {
                if let Some(run) = self.runs.get(id.run) {
                    let time = self.scrubber.time_of(run, id.checkpoint);
                    self.scrubber.apply(TimeCommand::MoveToTime(time));
                    self.set_current();
                    return self.refocus();
                }
            }
            UiCommand::SetVisible { run, visible } => {
                if let Some(state) = self.run_states.get_mut(run) {
                    state.visible = visible;
                    self.set_times();
                    return self.refocus();
                }
            }
            UiCommand::Cancel => {
                if self.busy {
                    // The request may still wait where cancelling drops it unseen: nothing is expected back.
                    self.busy = false;
                    self.progress = None;
                    return vec![Command::Cancel];
                }
            }
            UiCommand::Resume => return self.measure(),
            UiCommand::KeepText => self.demo_text = false,
            UiCommand::Say(message) => self.say(message),
            UiCommand::Dismiss(number) => self.messages.dismiss(number),
        }
        Vec::new()
    }

    /// Shows a message, unless it is the last one shown.
    pub fn say(&mut self, message: Message) {
        self.messages.push(message);
    }

    fn opened(&mut self, runs: Arc<Vec<Run>>, recorded: Vec<Option<Arc<Results>>>) -> Vec<Command> {
        self.opening = false;
        self.demo_runs = std::mem::take(&mut self.opening_demo);
        self.busy = false;
        self.progress = None;
        let state = |(run, recorded): (&Run, Option<Arc<Results>>)| match recorded {
            Some(results) => RunState::recorded(results),
            None => RunState::new(run),
        };
        self.run_states = runs.iter().zip(recorded).map(state).collect();
        self.settings = self.recorded_settings().first().map_or(&self.asked, |first| *first).clone();
        self.draft = self.settings.clone();
        self.view.order = self.view.order.min(self.largest_order());
        self.runs = runs;
        self.view.layers = LayerChoice::Mean;
        self.scrubber = Scrubber::default();
        self.set_times();
        self.measure()
    }
}

/// Whether an event may change what [`Drawn`] holds.
fn changes_what_is_drawn(event: &Event) -> bool {
    match event {
        Event::Opened { .. } | Event::Measured { .. } | Event::CheckpointFailed { .. } => true,
        // A request that failed may be followed by another, which starts from no failures.
        Event::Failed { .. } => true,
        Event::Device { .. } | Event::Prepared { .. } | Event::Progress { .. } => false,
        Event::Warning(_) | Event::Idle { .. } => false,
    }
}

#[cfg(test)]
mod tests;
