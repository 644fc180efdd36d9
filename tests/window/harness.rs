//! The window under test: a stand-in worker, dialogs that answer, and keys and clicks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{self, Key, Theme, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use infoplane::app::dialogs::Dialogs;
use infoplane::app::{App, Start};
use infoplane::checkpoints::{Checkpoint, CheckpointKey, Run};
use infoplane::condition::{Condition, TextSource};
use infoplane::engine::{Command, Event, Quality, RunList, Seen, Sight, Want};
use infoplane::error::{Error, Kind, Result};
use infoplane::labels::sentence;
use infoplane::measures::cloud::Cloud;
use infoplane::measures::{Information, Label, LayerMeasures, Order};
use infoplane::results::{
    CheckpointResult, Estimate, JoinedRun, Measurement, Outcome, Provenance, RunResults, join, read_all,
};
use infoplane::settings::{Settings, Temperature};
use infoplane::state::Status;

/// Checkpoints a run.
pub const COUNT: usize = 14;
/// Hidden states a model, the embedding included.
pub const LAYERS: usize = 5;
/// How long anything is waited for that must come: only what hangs takes as long, on the busiest of machines.
pub const PATIENCE: Duration = Duration::from_secs(900);

pub fn runs() -> Vec<Run> {
    let steps = [0, 10, 20, 40, 80, 150, 250, 400, 600, 900, 1300, 1800, 2400, 3000];
    let run = |name: &str| Run {
        name: name.to_owned(),
        path: PathBuf::from("/runs").join(name),
        checkpoints: steps
            .iter()
            .map(|&step| Checkpoint {
                name: format!("step-{step}"),
                path: PathBuf::from("/runs").join(name).join(format!("step-{step}")),
                step: Some(step),
                tokens: Some(step * 65_536),
                tokenizer: None,
                reach: Default::default(),
            })
            .collect(),
        missing: Vec::new(),
        notes: Vec::new(),
    };
    vec![run("gutenberg-1m"), run("gutenberg-4m")]
}

/// Fitting, then compression, as training goes.
pub fn measurement((run, checkpoint): (usize, usize), settings: &Settings) -> Measurement {
    let progress = checkpoint as f64 / (COUNT - 1) as f64;
    let size = (1.0 + 0.25 * run as f64) / settings.temperature_factor.sqrt();
    let layer = |layer: Option<usize>| {
        let depth = layer.map_or(1.0, |layer| 0.6 + 0.2 * layer as f64);
        let labelled = Order::widest_of(settings).and_below().flat_map(|order| {
            let width = 0.6 + 0.4 * order.number() as f64;
            let rise = (progress * 3.0).min(1.0);
            let complexity = width * depth * size * (0.05 + 0.06 * rise - 0.045 * (progress - 0.33).max(0.0));
            let expressivity = width * depth * size * (0.01 + 0.05 * progress.sqrt());
            let singletons = 0.2 * order.number() as f64;
            let information = |value: f64, null, spread| Information {
                null: Some(null),
                spread: Some(spread),
                singletons: Some(singletons),
                ..Information::new(value, value * 0.8)
            };
            [
                (Label::Input(order), information(complexity, 0.0123, 0.0012)),
                (Label::Output(order), information(expressivity, 0.0321, 0.0009)),
            ]
        });
        let mut layer = LayerMeasures::new(layer, 0.82 - 0.1 * progress, labelled);
        layer.optimality.values_mut().for_each(|optimality| optimality.spread = Some(0.0145));
        layer
    };
    let epsilon = match settings.temperature {
        Temperature::Fixed(epsilon) => epsilon,
        _ => 0.0316,
    };
    Measurement {
        loss: Some(7.5 - 4.0 * progress.sqrt()),
        positions: 31_415,
        temperature: epsilon * settings.temperature_factor,
        layers: (0..LAYERS).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        convergence: [(16, 0.03), (64, 0.0)]
            .map(|(documents, off)| Estimate {
                documents,
                positions: 491 * documents,
                information: Order::widest_of(settings)
                    .and_below()
                    .flat_map(|order| [(Label::Input(order), 0.1 + off), (Label::Output(order), 0.05)])
                    .collect(),
            })
            .into(),
        weights: None,
        sample: None,
        warning: None,
    }
}

/// Settings beyond what the rails of the window cover, all of them legal.
pub fn far_settings() -> Settings {
    Settings {
        samples: 2_000_000,
        context: 200_000,
        points: 1000,
        seed: u64::MAX,
        reference_seeds: 50,
        temperature_factor: 7.123_456_789,
        min_count: 50,
        tolerance: 0.500_001_25,
        ..Settings::default()
    }
}

/// The first run as results of 25 seeds and 300 points, beyond what the rails of the window cover.
pub fn recorded() -> Event {
    let settings = Settings { reference_seeds: 25, points: 300, ..far_settings() };
    let runs = runs()[..1].to_vec();
    let condition = held_out(settings);
    let checkpoints = runs[0].checkpoints.iter().enumerate().map(|(checkpoint, found)| CheckpointResult {
        run: runs[0].name.clone(),
        name: found.name.clone(),
        step: found.step,
        tokens: found.tokens,
        path: found.path.clone(),
        provenance: Provenance::of(&condition, [64, 1], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement((0, checkpoint), &condition.settings))),
    });
    let results = Arc::new(RunResults::new(&condition, checkpoints.collect()).unwrap());
    opened(runs.into_iter().map(|run| (run, Some(Arc::clone(&results)))))
}

/// These runs are open now, each with the results it was read from.
pub fn opened(runs: impl IntoIterator<Item = (Run, Option<Arc<RunResults>>)>) -> Event {
    let joined = |(run, results): (Run, Option<Arc<RunResults>>)| {
        let joined = results.map(|results| Arc::new(JoinedRun::alone(run.path.clone(), results)));
        (run, joined)
    };
    Event::Opened { runs: Arc::new(RunList::new(runs.into_iter().map(joined))) }
}

/// A checkpoint the stand-in cannot measure.
pub const BROKEN: (usize, usize) = (1, 9);

/// Answers commands as the worker does, only faster; every command is also handed to the test.
pub fn worker(
    commands: &Receiver<Command>,
    events: &Sender<Event>,
    seen: &Sender<Command>,
    stop_after: usize,
) {
    let say = |event| events.send(event).is_ok();
    let mut open = Arc::new(RunList::default());
    let (mut wanted, mut answered) = (Vec::new(), Vec::new());
    say(Event::Device { name: "CPU (stand-in, 2 threads)".to_owned() });
    for command in commands {
        if seen.send(command.clone()).is_err() {
            return;
        }
        match command {
            Command::Open { paths } if paths.iter().any(|path| path.ends_with("missing")) => {
                let error =
                    Error::new(Kind::Folder, "no such folder").help("check the spelling").at(&paths[0]);
                say(Event::OpenFailed { error });
            }
            Command::Open { paths } if paths.iter().any(|path| path.ends_with("recorded.json")) => {
                say(recorded());
                answered.clear();
            }
            Command::Open { .. } => {
                open = Arc::new(RunList::new(runs().into_iter().map(|run| (run, None))));
                say(Event::Opened { runs: Arc::clone(&open) });
                answered.clear();
            }
            Command::Want(wants) => {
                answered.retain(|want| wants.contains(want));
                answer(&open, &wants, &mut answered, &say, stop_after);
                wanted = wants;
            }
            Command::Look(looks) => {
                for look in looks {
                    let seen = seen_of(look.sight);
                    say(Event::Seen { look, seen });
                }
            }
            Command::Retry => {
                let broken = open.key(BROKEN.0, BROKEN.1);
                answered.retain(|want: &Want| Some(want.checkpoint) != broken);
                answer(&open, &wanted, &mut answered, &say, stop_after);
            }
        }
    }
}

/// A sample of two documents in words, and states that are made.
fn seen_of(sight: Sight) -> Result<Seen> {
    let words = "the cat sat on the mat and the cat sat on the dog while it rained all day long";
    let words: Vec<&str> = words.split(' ').collect();
    let ids: Vec<u32> = (0..words.len() as u32).collect();
    let documents = [ids.clone(), ids.iter().rev().copied().collect()];
    match sight {
        Sight::Document(document) => {
            let decode = |id: u32| words[id as usize].to_owned();
            Ok(Seen::Document(Arc::new(sentence::of(&documents, decode, document, Order::Quadgram)?)))
        }
        Sight::States(layer) => {
            let cloud = Cloud::mixture(1, 60, 0.2);
            let name = format!("states of layer {}", layer.map_or("L".to_owned(), |layer| layer.to_string()));
            Ok(Seen::States(Arc::new(Cloud { name, share: Some(0.7), ..cloud })))
        }
    }
}

/// Answers what is wanted and was not answered yet: the whole sample of the first checkpoints in the order of training,
/// first estimates of those from number `stop_after` on.
fn answer(
    open: &RunList,
    wants: &[Want],
    answered: &mut Vec<Want>,
    say: &dyn Fn(Event) -> bool,
    stop_after: usize,
) {
    let mut conditions: Vec<&Arc<Condition>> = Vec::new();
    for want in wants.iter().filter(|want| !answered.contains(want)) {
        if !conditions.contains(&&want.condition) {
            conditions.push(&want.condition);
        }
    }
    for condition in conditions {
        for run in open.runs() {
            let (condition, run) = (Arc::clone(condition), run.key);
            say(Event::Prepared { condition, run, documents: 64, skipped_documents: 1, positions: 31_415 });
        }
        let places = (0..COUNT).flat_map(|checkpoint| (0..2).map(move |run| (run, checkpoint)));
        for (index, place) in places.enumerate() {
            let Some(checkpoint) = open.key(place.0, place.1) else { continue };
            let wanted = |want: &&Want| want.condition == *condition && want.checkpoint == checkpoint;
            let new = wants.iter().filter(wanted).any(|want| !answered.contains(want));
            answered.extend(wants.iter().filter(wanted).cloned());
            if new {
                answer_one(Arc::clone(condition), place, checkpoint, index, say, stop_after);
            }
        }
    }
    if stop_after > 2 * COUNT {
        say(Event::Idle { costs: None });
    }
}

fn answer_one(
    condition: Arc<Condition>,
    place: (usize, usize),
    checkpoint: CheckpointKey,
    index: usize,
    say: &dyn Fn(Event) -> bool,
    stop_after: usize,
) {
    if place == BROKEN {
        let error = Error::new(Kind::Weights, "tensor model.norm.weight is missing, shape [128] expected")
            .at("model.safetensors");
        say(Event::CheckpointFailed { condition, checkpoint, error });
        return;
    }
    let measurement = Arc::new(measurement(place, &condition.settings));
    let whole = index < stop_after;
    let (documents, quality) = if whole { (64, Quality::Honest) } else { (16, Quality::Preview) };
    say(Event::Measured {
        condition: Arc::clone(&condition),
        checkpoint,
        measurement,
        documents,
        quality,
        recalled: false,
    });
    if index == stop_after {
        say(Event::Progress {
            condition,
            checkpoint,
            checkpoint_share: 0.4,
            total_share: stop_after as f32 / (2 * COUNT) as f32,
            remaining: Some(Duration::from_secs(74)),
        });
    }
}

/// Results of all checkpoints of a run under `settings`; `place` tells its numbers from other runs'.
pub fn recorded_results(name: &str, place: usize, settings: &Settings) -> RunResults {
    let condition = held_out(settings.clone());
    let checkpoint = |(index, found): (usize, &Checkpoint)| CheckpointResult {
        run: name.to_owned(),
        name: found.name.clone(),
        step: found.step,
        tokens: found.tokens,
        path: found.path.clone(),
        provenance: Provenance::of(&condition, [64, 1], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement((place, index), settings))),
    };
    let checkpoints = runs()[0].checkpoints.iter().enumerate().map(checkpoint).collect();
    RunResults::new(&condition, checkpoints).unwrap()
}

/// Results of one run of two checkpoints under `settings`.
pub fn results(run: &str, settings: Settings) -> RunResults {
    let condition = held_out(settings);
    let checkpoint = |index: usize| CheckpointResult {
        run: run.to_owned(),
        name: format!("step-{index}"),
        step: Some(index as u64),
        tokens: None,
        path: PathBuf::from("/gone"),
        provenance: Provenance::of(&condition, [64, 0], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement((0, 6 * index), &condition.settings))),
    };
    RunResults::new(&condition, (0..2).map(checkpoint).collect()).unwrap()
}

/// These settings on the held-out text.
fn held_out(settings: Settings) -> Condition {
    Condition { settings, text: TextSource::Corpus(PathBuf::from("/books/held-out.txt")) }
}

/// A run as the worker opens it from a file of results.
fn recorded_run((path, results): (PathBuf, RunResults)) -> (Run, Option<Arc<RunResults>>) {
    (results.as_run(&path), Some(Arc::new(results)))
}

/// Answers with paths, as a user would.
pub struct Answers {
    folder: PathBuf,
    text: PathBuf,
    scores: PathBuf,
    figure: PathBuf,
}

impl Dialogs for Answers {
    fn open_folder(&self) -> Result<Option<PathBuf>> {
        Ok(Some(self.folder.clone()))
    }

    fn choose_text(&self) -> Result<Option<PathBuf>> {
        Ok(Some(self.text.clone()))
    }

    fn choose_scores(&self) -> Result<Option<PathBuf>> {
        Ok(Some(self.scores.clone()))
    }

    fn save_figure(&self, _suggested: &Path) -> Result<Option<PathBuf>> {
        Ok(Some(self.figure.clone()))
    }
}

pub struct Window {
    pub harness: Harness<'static, App>,
    pub seen: Receiver<Command>,
    /// Reaches the stand-in behind whatever the window sent before.
    commands: Sender<Command>,
    pub folder: tempfile::TempDir,
}

impl Window {
    pub fn open(start: Start) -> Self {
        Self::with(start, (1280.0, 800.0), Theme::Dark, usize::MAX)
    }

    /// A window on the two runs with a text, everything measured.
    pub fn measured() -> Self {
        let mut window = Self::open(start());
        window.until("everything is measured", |window| window.app().state().done() == (28, 28));
        window
    }

    pub fn with(start: Start, size: (f32, f32), theme: Theme, stop_after: usize) -> Self {
        Self::with_dialogs(start, size, theme, stop_after, |answers| answers)
    }

    pub fn with_dialogs<D: Dialogs + 'static>(
        start: Start,
        size: (f32, f32),
        theme: Theme,
        stop_after: usize,
        dialogs: impl FnOnce(Answers) -> D + 'static,
    ) -> Self {
        let worker = move |commands: &Receiver<Command>, events: &Sender<Event>, seen: &Sender<Command>| {
            worker(commands, events, seen, stop_after);
        };
        Self::beside(start, size, theme, dialogs, worker, |app| app)
    }

    /// An empty window on a display that delivers no dropped files.
    pub fn without_drops() -> Self {
        let worker = |commands: &Receiver<Command>, events: &Sender<Event>, seen: &Sender<Command>| {
            worker(commands, events, seen, usize::MAX);
        };
        let size = (1280.0, 800.0);
        Self::beside(Start::default(), size, Theme::Dark, |answers| answers, worker, App::without_drops)
    }

    /// A window on the two runs, everything measured, that keeps its layout in a file.
    pub fn with_layout(path: &Path) -> Self {
        let path = path.to_owned();
        let worker = |commands: &Receiver<Command>, events: &Sender<Event>, seen: &Sender<Command>| {
            worker(commands, events, seen, usize::MAX);
        };
        let size = (1280.0, 800.0);
        let change = move |app: App| app.with_layout(path);
        let mut window = Self::beside(start(), size, Theme::Dark, |answers| answers, worker, change);
        window.until("everything is measured", Self::is_measured);
        window
    }

    /// A window on recorded results, each with its file.
    pub fn recorded(files: Vec<(PathBuf, RunResults)>, size: (f32, f32)) -> Self {
        Self::recorded_in(files, size, Theme::Dark)
    }

    /// An empty window that is told what there is in place of a worker's answers.
    pub fn told() -> (Self, Sender<Event>) {
        let (hand, handed) = bounded(1);
        let worker = move |commands: &Receiver<Command>, events: &Sender<Event>, seen: &Sender<Command>| {
            // The window may be gone already.
            let _ = hand.send(events.clone());
            commands.iter().for_each(|command| drop(seen.send(command)));
        };
        let size = (1280.0, 800.0);
        let window = Self::beside(start(), size, Theme::Dark, |answers| answers, worker, |app| app);
        (window, handed.recv_timeout(PATIENCE).expect("a channel to the window"))
    }

    /// The same in a theme.
    pub fn recorded_in(files: Vec<(PathBuf, RunResults)>, size: (f32, f32), theme: Theme) -> Self {
        let runs: Vec<_> = files.into_iter().map(recorded_run).collect();
        let (count, start) = (runs.len(), Start { text: None, ..start() });
        let mut window = Self::beside(
            start,
            size,
            theme,
            |answers| answers,
            move |commands, events, _| {
                for command in commands {
                    if matches!(command, Command::Open { .. }) {
                        // The window may be gone already.
                        let _ = events.send(opened(runs.clone()));
                    }
                }
            },
            |app| app,
        );
        window.until("the results are open", |window| window.app().state().open_runs().len() == count);
        window
    }

    /// A window for pictures: on the results that `INFOPLANE_RESULTS` names, else on the two runs, everything measured.
    pub fn to_look_at(size: (f32, f32), theme: Theme) -> Self {
        let Some(files) = std::env::var_os("INFOPLANE_RESULTS") else {
            let mut window = Self::with(start(), size, theme, usize::MAX);
            window.until("everything is measured", Self::is_measured);
            return window;
        };
        let files: Vec<PathBuf> = std::env::split_paths(&files).collect();
        let (runs, _) = join(read_all(&files).unwrap());
        let files = runs.into_iter().map(|run| (run.file().to_owned(), (*run.results).clone())).collect();
        Self::recorded_in(files, size, theme)
    }

    /// A window beside a stand-in for the worker.
    fn beside<D: Dialogs + 'static>(
        start: Start,
        size: (f32, f32),
        theme: Theme,
        dialogs: impl FnOnce(Answers) -> D + 'static,
        worker: impl FnOnce(&Receiver<Command>, &Sender<Event>, &Sender<Command>) + Send + 'static,
        change: impl FnOnce(App) -> App + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (commands, commands_in) = bounded(4);
        let beside = commands.clone();
        let (events, events_in) = bounded(256);
        let (seen, seen_in) = bounded(1024);
        std::thread::Builder::new()
            .name("stand-in worker".to_owned())
            .spawn(move || worker(&commands_in, &events, &seen))
            .expect("a thread");
        let answers = Answers {
            folder: folder.path().join("other runs"),
            text: folder.path().join("held-out.txt"),
            scores: folder.path().join("scores.csv"),
            figure: folder.path().join("plane.svg"),
        };
        let place = folder.path().to_owned();
        let mut harness = Harness::builder()
            .with_size(egui::vec2(size.0, size.1))
            .with_theme(theme)
            .with_step_dt(1.0 / 20.0)
            .with_render_cursor(false)
            .build_eframe(|cc| {
                let app = App::new(&cc.egui_ctx, commands, events_in, start).with_place(place);
                change(app.with_dialogs(dialogs(answers)))
            });
        harness.run_steps(2);
        Self { harness, seen: seen_in, commands: beside, folder }
    }

    /// Whether every checkpoint is measured or has failed.
    pub fn is_measured(&self) -> bool {
        let state = self.app().state();
        let finished = |key| matches!(state.status(key), Status::Complete | Status::Failed(_));
        state.runs.keys().next().is_some() && state.runs.keys().all(finished)
    }

    /// Opens the export of the panel used last.
    pub fn open_export(&mut self) {
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::E);
        self.until("the figure is drawn", |window| window.has("Preview of "));
    }

    /// All that the plane on screen says when it is exported with its caption, its lines joined.
    pub fn exported(&mut self) -> String {
        let before = self.app().state().messages.len();
        self.open_export();
        self.pick("Panel", "Information plane");
        self.click_role(Role::RadioButton, "SVG");
        self.click_role(Role::CheckBox, "Caption");
        self.press(Key::Enter);
        self.until("the export is said", |window| window.app().state().messages.len() > before);
        let svg = std::fs::read_to_string(self.folder.path().join("plane.svg")).expect("the figure");
        let texts = svg.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    pub fn app(&self) -> &App {
        self.harness.state()
    }

    /// Draws frames until `done`, checking on the way that every widget has a name.
    pub fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "never happened: {what}");
            self.harness.step();
            std::thread::yield_now();
        }
        self.harness.run_steps(3);
        self.harness.check_accessibility();
    }

    pub fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.run_steps(2);
    }

    /// The widget with the focus: its role and its name.
    pub fn focused(&self) -> Option<(Role, String)> {
        let node = self.harness.query_all_by(|node| node.is_focused()).next()?;
        let node = node.accesskit_node();
        Some((node.role(), node.label().unwrap_or_default()))
    }

    /// Walks by Tab until the widget of this name has the focus.
    pub fn tab_to(&mut self, role: Role, label: &str) {
        let wanted = (role, label.to_owned());
        for _ in 0..100 {
            if self.focused().as_ref() == Some(&wanted) {
                return;
            }
            self.press(Key::Tab);
        }
        panic!("Tab never comes to {wanted:?}");
    }

    pub fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).scroll_to_me();
        self.harness.run_steps(3);
        self.harness.get_by_label(label).click();
        self.harness.run_steps(3);
    }

    pub fn click_role(&mut self, role: Role, label: &str) {
        // What a panel has scrolled out of sight cannot be clicked.
        self.harness.get_by_role_and_label(role, label).scroll_to_me();
        self.harness.run_steps(3);
        self.harness.get_by_role_and_label(role, label).click();
        self.harness.run_steps(3);
    }

    pub fn set_slider(&mut self, label: &str, value: f64) {
        self.harness.get_by_role_and_label(Role::Slider, label).set_value_accesskit(value);
        self.harness.run_steps(3);
    }

    /// Picks from a combo box.
    pub fn choose(&mut self, combo: &str, choice: &str) {
        self.click_role(Role::ComboBox, combo);
        self.click_role(Role::Button, choice);
    }

    /// Picks from a combo box whose choices are named as other buttons are; those are drawn before.
    pub fn pick(&mut self, combo: &str, choice: &str) {
        self.click_role(Role::ComboBox, combo);
        self.harness.query_all_by_role_and_label(Role::Button, choice).last().expect(choice).click();
        self.harness.run_steps(3);
    }

    /// The key of a checkpoint of the open runs.
    pub fn key(&self, (run, checkpoint): (usize, usize)) -> CheckpointKey {
        self.app().state().runs.key(run, checkpoint).expect("it is open")
    }

    /// The condition of what is wanted next, the present one of the window.
    pub fn next_condition(&mut self) -> Arc<Condition> {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < PATIENCE, "nothing was wanted");
            self.harness.step();
            if let Ok(Command::Want(wants)) = self.seen.try_recv()
                && let Some(want) = wants.first()
            {
                return Arc::clone(&want.condition);
            }
            std::thread::yield_now();
        }
    }

    /// The settings under which is measured next.
    pub fn next_settings(&mut self) -> Settings {
        self.next_condition().settings.clone()
    }

    pub fn forget_commands(&self) {
        while self.seen.try_recv().is_ok() {}
    }

    /// Asserts that the window sent nothing since commands were forgotten: what is sent now is the next to arrive.
    #[track_caller]
    pub fn asked_nothing(&self) {
        self.commands.send(Command::Retry).expect("the stand-in listens");
        let next = self.seen.recv_timeout(PATIENCE).expect("commands arrive");
        assert!(matches!(next, Command::Retry), "nobody asked for anything, but {next:?} was sent");
    }

    pub fn position(&self) -> usize {
        self.app().state().scrubber.position()
    }

    pub fn has(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }
}

pub fn start() -> Start {
    Start {
        paths: vec![PathBuf::from("/runs")],
        text: Some(TextSource::Corpus(PathBuf::from("/books/held-out.txt"))),
        settings: Settings::default(),
        ..Start::default()
    }
}
