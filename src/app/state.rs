//! What the window knows, as plain data.
//!
//! The panels read a [`State`] and emit [`UiCommand`]s; the worker's [`Event`]s come in by [`State::apply`].
//! Both answer with the [`Command`]s to send on, so all of it is tested without a window or a worker.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::timeline::{Scrubber, TimeCommand};
use crate::checkpoints::{Checkpoint, Run};
use crate::condition::TextSource;
use crate::engine::{CheckpointId, Command, Event, Focus, Request};
use crate::error::{Error, Kind};
use crate::results::{Measurement, Results};
use crate::settings::Settings;
use crate::views::plane::{LayerChoice, PlaneView};

/// More messages than this are not kept: the oldest go first.
const MOST_MESSAGES: usize = 20;

/// What a panel asks for.
#[derive(Clone, Debug)]
pub enum UiCommand {
    /// Open these folders in place of the open ones.
    Open(Vec<PathBuf>),
    /// Measure on this text.
    ChooseText(TextSource),
    /// Show these settings without measuring yet, while a field is still being dragged.
    Draft(Settings),
    /// Measure under these settings.
    Settings(Settings),
    /// Show another order or layer of what is measured.
    View(PlaneView),
    /// Move or play the scrubber.
    Time(TimeCommand),
    /// Move the scrubber to this checkpoint.
    Focus(CheckpointId),
    /// Show or hide a run.
    SetVisible {
        /// Index of the run.
        run: usize,
        /// Whether it is shown.
        visible: bool,
    },
    /// Stop measuring.
    Cancel,
    /// Measure what is not measured yet, and again what failed.
    Resume,
    /// Say no more that nobody chose the text.
    KeepText,
    /// Show a message.
    Say(Message),
    /// Remove the message with this number.
    Dismiss(u64),
}

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something went well.
    Good,
    /// Something to know.
    Info,
    /// Work goes on.
    Warning,
    /// Something did not happen.
    Error,
}

/// A line for the user that stays until dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Tells messages apart; given when it is shown.
    pub number: u64,
    /// How much it matters.
    pub severity: Severity,
    /// One line.
    pub text: String,
}

impl Message {
    /// A message yet to be shown.
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { number: 0, severity, text: text.into() }
    }
}

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
    fn new(run: &Run) -> Self {
        Self {
            visible: true,
            checkpoints: vec![CheckpointState::default(); run.checkpoints.len()],
            prepared: None,
            recorded: None,
        }
    }
}

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
    pub messages: Vec<Message>,
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
    messages_said: u64,
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
        self.scrubber.advance(dt);
        self.refocus()
    }

    /// Takes in what the worker said; answers with what to ask it next.
    pub fn apply(&mut self, event: Event) -> Vec<Command> {
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
                    self.view.order = self.view.order.min(self.largest_order()).max(1);
                    return self.measure();
                }
            }
            UiCommand::View(view) => {
                if (1..=self.largest_order()).contains(&view.order) {
                    self.view = view;
                }
            }
            UiCommand::Time(command) => {
                self.scrubber.apply(command);
                return self.refocus();
            }
            UiCommand::Focus(id) => {
                if let Some(run) = self.runs.get(id.run) {
                    let time = self.scrubber.time_of(run, id.checkpoint);
                    self.scrubber.apply(TimeCommand::MoveToTime(time));
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
            UiCommand::Dismiss(number) => self.messages.retain(|message| message.number != number),
        }
        Vec::new()
    }

    /// Shows a message, unless it is the last one said.
    pub fn say(&mut self, message: Message) {
        if self.messages.last().is_some_and(|last| last.text == message.text) {
            return;
        }
        self.messages_said += 1;
        self.messages.push(Message { number: self.messages_said, ..message });
        if self.messages.len() > MOST_MESSAGES {
            self.messages.remove(0);
        }
    }

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

    fn is_recorded(&self, run: usize) -> bool {
        self.run_states.get(run).is_some_and(|state| state.recorded.is_some())
    }

    /// Every checkpoint of every run.
    pub fn ids(&self) -> impl Iterator<Item = CheckpointId> + '_ {
        self.runs.iter().enumerate().flat_map(|(run, r)| {
            (0..r.checkpoints.len()).map(move |checkpoint| CheckpointId { run, checkpoint })
        })
    }

    /// Whether a run is drawn.
    pub fn is_visible(&self, run: usize) -> bool {
        self.run_states.get(run).is_some_and(|state| state.visible)
    }

    /// The checkpoint of each visible run that the scrubber stands on.
    pub fn current(&self) -> Vec<CheckpointId> {
        self.visible_runs()
            .filter_map(|(run, r)| Some(CheckpointId { run, checkpoint: self.scrubber.checkpoint_of(r)? }))
            .collect()
    }

    /// The newest of the checkpoints the scrubber stands on: the one spoken of where there is room for one.
    pub fn focus(&self) -> Option<CheckpointId> {
        let time =
            |id: &CheckpointId| self.runs.get(id.run).map(|run| self.scrubber.time_of(run, id.checkpoint));
        // The first run wins a tie, hence the reversal: `max_by_key` takes the last.
        self.current().into_iter().rev().max_by_key(time)
    }

    /// The number of checkpoints the current request has finished, failed ones included, and of all.
    pub fn done(&self) -> (usize, usize) {
        let finished = |id: &CheckpointId| matches!(self.status(*id), Status::Complete | Status::Failed(_));
        (self.ids().filter(finished).count(), self.ids().count())
    }

    /// Whether models are measured on the demo's text that are not the demo's: nobody asked for that.
    pub fn borrows_text(&self) -> bool {
        let measured = self.run_states.iter().any(|run| run.recorded.is_none());
        self.demo_text && !self.demo_runs && measured
    }

    /// Whether checkpoints are left that could be measured: those not begun or broken off, and those that failed.
    pub fn can_resume(&self) -> bool {
        let open = |id: &CheckpointId| !self.is_recorded(id.run) && self.status(*id) != Status::Complete;
        !self.busy && !self.opening && self.text.is_some() && self.ids().any(|id| open(&id))
    }

    /// Whether all that is left to measure has failed: it may have been mended since.
    pub fn only_failures_left(&self) -> bool {
        let left = |id: &CheckpointId| {
            !self.is_recorded(id.run) && !matches!(self.status(*id), Status::Complete | Status::Failed(_))
        };
        self.can_resume() && !self.ids().any(|id| left(&id))
    }

    /// The number of checkpoints that cannot be measured.
    pub fn failed(&self) -> usize {
        self.ids().filter(|id| matches!(self.status(*id), Status::Failed(_))).count()
    }

    pub(super) fn visible_runs(&self) -> impl Iterator<Item = (usize, &Run)> + Clone {
        self.runs.iter().enumerate().filter(|(run, _)| self.is_visible(*run))
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
        self.view.order = self.view.order.min(self.largest_order()).max(1);
        self.runs = runs;
        self.view.layers = LayerChoice::Mean;
        self.scrubber = Scrubber::default();
        self.set_times();
        self.measure()
    }

    /// Asks for all open runs under the settings, once there is a text.
    fn measure(&mut self) -> Vec<Command> {
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
    fn refocus(&mut self) -> Vec<Command> {
        let hidden = (0..self.runs.len()).filter(|&run| !self.is_visible(run)).collect();
        let focus = Focus { checkpoint: self.focus(), hidden };
        if !self.busy || focus == self.focus_told {
            return Vec::new();
        }
        self.focus_told = focus.clone();
        vec![Command::Focus(focus)]
    }

    fn set_times(&mut self) {
        let visible = self.runs.iter().zip(&self.run_states).filter(|(_, state)| state.visible);
        self.scrubber.set_runs(visible.map(|(run, _)| run));
    }

    fn checkpoint_mut(&mut self, id: CheckpointId) -> Option<&mut CheckpointState> {
        self.run_states.get_mut(id.run)?.checkpoints.get_mut(id.checkpoint)
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
