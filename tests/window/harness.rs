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
use infoplane::checkpoints::CheckpointKey;
use infoplane::condition::Condition;
use infoplane::engine::{Command, Event};
use infoplane::error::Result;
use infoplane::results::{RunResults, join, read_all};
use infoplane::settings::Settings;
use infoplane::state::Status;

use super::stand_in::{opened, recorded_run, start, worker};

/// How long anything is waited for that must come: only what hangs takes as long, on the busiest of machines.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// Answers with paths, as a user would.
pub struct Answers {
    folder: PathBuf,
    text: PathBuf,
    pairs: PathBuf,
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

    fn choose_pairs(&self) -> Result<Option<PathBuf>> {
        Ok(Some(self.pairs.clone()))
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
            pairs: folder.path().join("pairs.jsonl"),
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
