//! What the window knows, as plain data.
//!
//! The panels read a [`State`] and emit [`UiCommand`]s; the worker's [`Event`]s come in by [`State::apply`].
//! Both answer with the [`Command`]s to send on, so all of it is tested without a window or a worker.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::timeline::{Scrubber, TimeCommand};
use crate::checkpoints::{Checkpoint, Run};
use crate::engine::{CheckpointId, Command, Event, Focus, Request, TextSource};
use crate::error::{Error, Kind};
use crate::results::condition::{Condition, RunCondition, distinctions};
use crate::results::{Measurement, Results};
use crate::settings::Settings;
use crate::views::plane::{self, Basis, LayerChoice, PlanePoint, PlaneView, Trajectory};

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

/// A point of the plane with what decides how it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownPoint {
    /// The checkpoint.
    pub id: CheckpointId,
    /// The point as every view has it.
    pub point: PlanePoint,
    /// Labelled positions behind it.
    pub positions: usize,
    /// The most that the last growth of the sample moved a complexity or an expressivity.
    pub last_change: Option<f64>,
    /// The temperature ε it was measured at.
    pub temperature: f64,
    /// Whether the scrubber stands on it.
    pub current: bool,
    /// Whether it lies after the scrubber in training.
    pub later: bool,
}

/// What there is to show of a run at the scrubber.
#[derive(Clone, Debug, PartialEq)]
pub enum AtScrubber {
    /// Its numbers.
    Point(Box<ShownPoint>),
    /// Why its checkpoint has no numbers.
    Failed(String),
    /// Why it has none yet, or none under this view.
    Nothing(String),
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
                    self.view.order = self.view.order.min(settings.max_order).max(1);
                    self.asked = settings.clone();
                    self.settings = settings;
                    return self.measure();
                }
            }
            UiCommand::View(view) => {
                if (1..=self.settings.max_order).contains(&view.order) {
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

    /// The text behind what is shown: the chosen one, or where all runs are recorded that of the run in focus.
    pub fn shown_text(&self) -> Option<TextSource> {
        match self.recorded() {
            Some(results) => Some(TextSource::Corpus(results.settings.corpus.clone())),
            None => self.text.clone(),
        }
    }

    /// The device that computed what is shown, in words; where all runs are recorded that of the run in focus.
    pub fn shown_device(&self) -> String {
        match (self.recorded(), &self.device) {
            (Some(results), _) => format!("recorded on {}", results.settings.device),
            (None, Some(device)) => device.clone(),
            (None, None) => "no device yet".to_owned(),
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

    /// The points of each visible run under the view on screen.
    pub fn points(&self) -> Vec<(usize, Vec<ShownPoint>)> {
        let current = self.current();
        self.visible_runs()
            .map(|(run, r)| {
                let here = current.iter().find(|id| id.run == run).map(|id| id.checkpoint);
                let ids = (0..r.checkpoints.len()).map(|checkpoint| CheckpointId { run, checkpoint });
                let (ids, mut points): (Vec<_>, Vec<_>) =
                    ids.filter_map(|id| Some((id, self.point(id)?))).unzip();
                let states = &self.run_states[run].checkpoints;
                // A checkpoint with numbers but no point lacks the layer, and one that failed never comes.
                Trajectory::join(&mut points, |c| states[c].shown.is_none() && states[c].error.is_none());
                let shown = ids.into_iter().zip(points).filter_map(|(id, p)| self.shown_point(id, p, here));
                (run, shown.collect())
            })
            .collect()
    }

    /// The same points as every other view and figure takes them.
    pub fn trajectories(&self) -> Vec<Trajectory> {
        let (conditions, distinctions) = (self.conditions(), self.distinctions());
        self.points()
            .into_iter()
            .map(|(run, points)| Trajectory {
                run,
                name: self.runs[run].name.clone(),
                distinction: distinctions[run].clone(),
                condition: conditions[run].clone(),
                absence: self.absence(run),
                points: points.into_iter().map(|shown| shown.point).collect(),
            })
            .collect()
    }

    /// Why a run has no points under the view on screen although it was measured.
    pub fn absence(&self, run: usize) -> Option<String> {
        let states = &self.run_states.get(run)?.checkpoints;
        plane::absence(self.view, states.iter().filter_map(|c| Some(&*c.shown.as_ref()?.measurement)))
    }

    /// What each run is measured under, or was.
    pub fn conditions(&self) -> Vec<Condition> {
        let of = |(run, state): (usize, &RunState)| match &state.recorded {
            Some(results) => plane::condition_of(results),
            None => {
                let shown = state.checkpoints.iter().filter_map(|c| c.shown.as_ref());
                let finished = shown.filter(|shown| shown.complete && self.is_fresh(run, shown));
                let documents = finished.map(|shown| (shown.documents, shown.documents));
                Condition {
                    settings: self.settings.clone(),
                    text: self.text.as_ref().map(|text| text.path().clone()),
                    documents: documents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
                    recorded: false,
                }
            }
        };
        self.run_states.iter().enumerate().map(of).collect()
    }

    /// What tells each run's condition from the others', such as `n = 50`; mostly empty.
    pub fn distinctions(&self) -> Vec<String> {
        let conditions = self.conditions();
        let runs = self.runs.iter().zip(&conditions);
        let runs: Vec<RunCondition<'_>> = runs
            .map(|(run, condition)| RunCondition { name: &run.name, place: &run.path, condition })
            .collect();
        distinctions(&runs)
    }

    /// Each run's name with what tells it from the others.
    pub fn run_labels(&self) -> Vec<String> {
        let labels = self.runs.iter().zip(self.distinctions());
        labels.map(|(run, distinction)| plane::label(&run.name, &distinction)).collect()
    }

    /// What there is to show of each visible run at the scrubber; runs that begin later are left out.
    pub fn at_scrubber(&self) -> Vec<(CheckpointId, AtScrubber)> {
        let points: Vec<ShownPoint> =
            self.points().into_iter().flat_map(|(_, points)| points).filter(|shown| shown.current).collect();
        let of = |id: CheckpointId| {
            let known = self.checkpoint_state(id);
            let what = if let Some(shown) = points.iter().find(|shown| shown.id == id) {
                AtScrubber::Point(Box::new(shown.clone()))
            } else if let Some(error) = known.and_then(|known| known.error.as_ref()) {
                AtScrubber::Failed(error.to_string())
            } else if let Some(shown) = known.and_then(|known| known.shown.as_ref()) {
                let absence = plane::absence(self.view, std::iter::once(&*shown.measurement));
                AtScrubber::Nothing(absence.unwrap_or_default())
            } else if self.text.is_none() {
                AtScrubber::Nothing("Choose a text corpus to measure.".to_owned())
            } else if self.busy {
                AtScrubber::Nothing("Being measured…".to_owned())
            } else {
                AtScrubber::Nothing("Not measured yet.".to_owned())
            };
            (id, what)
        };
        self.current().into_iter().map(of).collect()
    }

    /// The largest index of a hidden state any measured checkpoint has.
    pub fn last_layer(&self) -> Option<usize> {
        self.last_layers().max()
    }

    /// The largest index of a hidden state that all measured runs have.
    pub fn last_common_layer(&self) -> Option<usize> {
        self.last_layers().min()
    }

    /// The index of the last hidden state of each measured run.
    fn last_layers(&self) -> impl Iterator<Item = usize> + '_ {
        let layers = |state: &CheckpointState| state.shown.as_ref()?.measurement.layers.len().checked_sub(1);
        self.run_states.iter().filter_map(move |run| run.checkpoints.iter().filter_map(layers).max())
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

    /// The settings that all open runs were recorded under, each once; none where a run can be measured here.
    pub fn recorded_settings(&self) -> Vec<&Settings> {
        let recorded = |run: &RunState| run.recorded.is_some();
        if !self.run_states.iter().all(recorded) {
            return Vec::new();
        }
        let all = self.run_states.iter().filter_map(|run| run.recorded.as_deref());
        let mut each: Vec<&Settings> = Vec::new();
        for settings in all.map(|results| &results.settings.settings) {
            if !each.contains(&settings) {
                each.push(settings);
            }
        }
        each
    }

    /// The number of checkpoints that cannot be measured.
    pub fn failed(&self) -> usize {
        self.ids().filter(|id| matches!(self.status(*id), Status::Failed(_))).count()
    }

    fn visible_runs(&self) -> impl Iterator<Item = (usize, &Run)> + Clone {
        self.runs.iter().enumerate().filter(|(run, _)| self.is_visible(*run))
    }

    /// A checkpoint's point under the view on screen, not joined to others yet.
    fn point(&self, id: CheckpointId) -> Option<PlanePoint> {
        let checkpoint = self.checkpoint(id)?;
        let shown = self.checkpoint_state(id)?.shown.as_ref()?;
        let count = self.runs.get(id.run)?.checkpoints.len();
        let Shown { documents, complete, asked, .. } = *shown;
        let stale = !self.is_fresh(id.run, shown);
        plane::point(
            self.view,
            (id.checkpoint, count),
            &checkpoint.name,
            (checkpoint.step, checkpoint.tokens),
            &shown.measurement,
            Basis { documents, complete, stale, asked },
        )
    }

    fn shown_point(&self, id: CheckpointId, point: PlanePoint, current: Option<usize>) -> Option<ShownPoint> {
        let measurement = &self.checkpoint_state(id)?.shown.as_ref()?.measurement;
        Some(ShownPoint {
            id,
            point,
            positions: measurement.positions,
            last_change: measurement.last_change(),
            temperature: measurement.temperature,
            current: current == Some(id.checkpoint),
            later: current.is_none_or(|current| id.checkpoint > current),
        })
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
        self.view.order = self.view.order.min(self.settings.max_order).max(1);
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

    /// The results that the run in focus was read from, where no run can be measured here.
    fn recorded(&self) -> Option<&Results> {
        let run = self.focus().map_or(0, |id| id.run);
        let results = self.run_states.get(run)?.recorded.as_deref()?;
        self.run_states.iter().all(|run| run.recorded.is_some()).then_some(results)
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
