//! The window with no display: a stand-in for the worker answers on the channels, egui_kittest presses the
//! keys and reads the accessibility tree. No pixels are compared: fonts and drivers differ.
//!
//! `INFOPLANE_SCREENSHOTS=FOLDER cargo test --test window` also writes what the window looks like.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{self, Key, Modifiers, Theme, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use infoplane::app::dialogs::Dialogs;
use infoplane::app::state::{Severity, Status};
use infoplane::app::{App, Start};
use infoplane::checkpoints::{Checkpoint, Run};
use infoplane::engine::{CheckpointId, Command, Event, Request, TextSource};
use infoplane::error::{Error, Kind};
use infoplane::measures::{LayerMeasures, OrderMeasures};
use infoplane::results::{Estimate, Measurement};
use infoplane::settings::{Backend, Settings, Temperature};
use infoplane::views::plane::LayerChoice;

/// Checkpoints a run.
const COUNT: usize = 14;
/// Hidden states a model, the embedding included.
const LAYERS: usize = 5;
/// The window never takes this long to show what it was told.
const PATIENCE: Duration = Duration::from_secs(20);

fn runs() -> Vec<Run> {
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
                root: PathBuf::new(),
            })
            .collect(),
        missing: Vec::new(),
    };
    vec![run("gutenberg-1m"), run("gutenberg-4m")]
}

/// Fitting, then compression, as training goes.
fn measurement(id: CheckpointId, settings: &Settings) -> Measurement {
    let progress = id.checkpoint as f64 / (COUNT - 1) as f64;
    let size = 1.0 + 0.25 * id.run as f64;
    let layer = |layer: Option<usize>| {
        let depth = layer.map_or(1.0, |layer| 0.6 + 0.2 * layer as f64);
        let orders = (1..=settings.max_order).map(|order| {
            let width = 0.6 + 0.4 * order as f64;
            let rise = (progress * 3.0).min(1.0);
            let input = width * depth * size * (0.05 + 0.06 * rise - 0.045 * (progress - 0.33).max(0.0));
            let output = width * depth * size * (0.01 + 0.05 * progress.sqrt());
            let singletons = 0.2 * order as f64;
            OrderMeasures {
                input_singletons: Some(singletons),
                output_singletons: Some(singletons),
                input_spread: Some(0.0012),
                output_spread: Some(0.0009),
                optimality_spread: Some(0.0145),
                ..OrderMeasures::new(input, output, input * 0.8, output * 0.8)
                    .with_null(&OrderMeasures::new(0.0123, 0.0321, 0.0, 0.0))
            }
        });
        LayerMeasures {
            layer,
            entropy: 0.82 - 0.1 * progress,
            entropy_spread: None,
            orders: orders.collect(),
        }
    };
    let epsilon = match settings.temperature {
        Temperature::Fixed(epsilon) => epsilon,
        _ => 0.0316,
    };
    Measurement {
        loss: 7.5 - 4.0 * progress.sqrt(),
        positions: 31_415,
        temperature: epsilon * settings.temperature_factor,
        layers: (0..LAYERS).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        convergence: [(16, 0.03), (64, 0.0)]
            .map(|(documents, off)| Estimate {
                documents,
                positions: 491 * documents,
                input: vec![0.1 + off; settings.max_order],
                output: vec![0.05; settings.max_order],
            })
            .into(),
    }
}

/// A checkpoint the stand-in cannot measure.
const BROKEN: CheckpointId = CheckpointId { run: 1, checkpoint: 9 };

/// Answers commands as the worker does, only faster; every command is also handed to the test.
fn worker(commands: &Receiver<Command>, events: &Sender<Event>, seen: &Sender<Command>, stop_after: usize) {
    let say = |event| events.send(event).is_ok();
    say(Event::Device { name: "CPU (stand-in, 2 threads)".to_owned() });
    for command in commands {
        if seen.send(command.clone()).is_err() {
            return;
        }
        match command {
            Command::Open { paths } if paths.iter().any(|path| path.ends_with("missing")) => {
                let error =
                    Error::new(Kind::Folder, "no such folder").help("check the spelling").at(&paths[0]);
                say(Event::Failed { generation: None, error });
            }
            Command::Open { .. } => {
                say(Event::Opened { recorded: vec![None; runs().len()], runs: Arc::new(runs()) });
            }
            Command::Measure(request) => answer(&request, &say, stop_after),
            Command::Cancel => {}
        }
    }
}

fn answer(request: &Request, say: &dyn Fn(Event) -> bool, stop_after: usize) {
    let generation = request.generation;
    for run in 0..2 {
        say(Event::Prepared { generation, run, documents: 64, skipped_documents: 1, positions: 31_415 });
    }
    let ids = (0..COUNT).flat_map(|checkpoint| (0..2).map(move |run| CheckpointId { run, checkpoint }));
    for (index, checkpoint) in ids.enumerate() {
        if checkpoint == BROKEN {
            let error =
                Error::new(Kind::Weights, "tensor model.norm.weight is missing, shape [128] expected")
                    .at("model.safetensors");
            say(Event::CheckpointFailed { generation, checkpoint, error });
            continue;
        }
        let measurement = Arc::new(measurement(checkpoint, &request.settings));
        let complete = index < stop_after;
        let recalled = false;
        say(Event::Measured { generation, checkpoint, measurement, documents: 64, complete, recalled });
        if index == stop_after {
            let (left, share) = (Some(Duration::from_secs(74)), stop_after as f32 / (2 * COUNT) as f32);
            say(Event::Progress { generation, checkpoint, checkpoint_share: 0.4, total_share: share, left });
        }
    }
    if stop_after > 2 * COUNT {
        say(Event::Idle { generation, cancelled: false });
    }
}

/// Answers with paths, as a user would.
struct Answers {
    folder: PathBuf,
    text: PathBuf,
    figure: PathBuf,
}

impl Dialogs for Answers {
    fn open_folder(&self) -> Option<PathBuf> {
        Some(self.folder.clone())
    }

    fn choose_text(&self) -> Option<PathBuf> {
        Some(self.text.clone())
    }

    fn save_figure(&self, _extension: &str) -> Option<PathBuf> {
        Some(self.figure.clone())
    }
}

struct Window {
    harness: Harness<'static, App>,
    seen: Receiver<Command>,
    folder: tempfile::TempDir,
}

impl Window {
    fn open(start: Start) -> Self {
        Self::with(start, (1280.0, 800.0), Theme::Dark, usize::MAX)
    }

    /// A window on the two runs with a text, everything measured.
    fn measured() -> Self {
        let mut window = Self::open(start());
        window.until("everything is measured", |window| window.app().state().done() == (28, 28));
        window
    }

    fn with(start: Start, size: (f32, f32), theme: Theme, stop_after: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (commands, commands_in) = bounded(4);
        let (events, events_in) = bounded(256);
        let (seen, seen_in) = bounded(1024);
        std::thread::Builder::new()
            .name("stand-in worker".to_owned())
            .spawn(move || worker(&commands_in, &events, &seen, stop_after))
            .expect("a thread");
        let answers = Answers {
            folder: folder.path().join("other runs"),
            text: folder.path().join("held-out.txt"),
            figure: folder.path().join("plane.svg"),
        };
        let mut harness = Harness::builder()
            .with_size(egui::vec2(size.0, size.1))
            .with_theme(theme)
            .with_step_dt(1.0 / 20.0)
            .with_render_cursor(false)
            .build_eframe(|cc| App::new(&cc.egui_ctx, commands, events_in, start).with_dialogs(answers));
        harness.run_steps(2);
        Self { harness, seen: seen_in, folder }
    }

    fn app(&self) -> &App {
        self.harness.state()
    }

    /// Draws frames until `done`, checking on the way that every widget has a name.
    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "never happened: {what}");
            self.harness.step();
            std::thread::sleep(Duration::from_millis(2));
        }
        self.harness.run_steps(3);
        self.harness.check_accessibility();
    }

    fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.run_steps(2);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_steps(3);
    }

    fn click_role(&mut self, role: Role, label: &str) {
        self.harness.get_by_role_and_label(role, label).click();
        self.harness.run_steps(3);
    }

    fn set_slider(&mut self, label: &str, value: f64) {
        self.harness.get_by_role_and_label(Role::Slider, label).set_value_accesskit(value);
        self.harness.run_steps(3);
    }

    /// Picks from a combo box.
    fn choose(&mut self, combo: &str, choice: &str) {
        self.click_role(Role::ComboBox, combo);
        self.click_role(Role::Button, choice);
    }

    /// The next measurement asked for, which must be newer than `after`.
    fn next_request(&mut self, after: u64) -> Request {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < PATIENCE, "no measurement was asked for");
            self.harness.step();
            if let Ok(Command::Measure(request)) = self.seen.try_recv() {
                assert!(request.generation > after, "{} is not newer than {after}", request.generation);
                return request;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn forget_commands(&self) -> u64 {
        while self.seen.try_recv().is_ok() {}
        self.app().state().generation
    }

    fn position(&self) -> usize {
        self.app().state().scrubber.position()
    }

    fn has(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }
}

fn start() -> Start {
    Start {
        paths: vec![PathBuf::from("/runs")],
        text: Some(TextSource::Corpus(PathBuf::from("/books/held-out.txt"))),
        settings: Settings::default(),
    }
}

#[test]
fn opens_what_it_is_told_and_measures_it() {
    let mut window = Window::measured();
    assert!(matches!(&window.seen.try_recv(), Ok(Command::Open { paths }) if paths[0] == Path::new("/runs")));
    assert!(matches!(window.seen.try_recv(), Ok(Command::Measure(request)) if request.interactive));
    assert!(window.has("CPU (stand-in, 2 threads)"));
    assert!(window.has("28 of 28 checkpoints measured"));
    assert!(window.has("Information plane, 27 checkpoints"));
    assert!(window.has("gutenberg-1m / step-3000, measured"));
    window.harness.step();
}

#[test]
fn an_empty_window_says_what_to_do() {
    let mut window = Window::open(Start::default());
    assert!(window.has("Training on the information plane"));
    window.click("Open a folder of checkpoints");
    window.until("the runs are open", |window| !window.app().state().runs.is_empty());
    assert!(
        matches!(window.seen.try_recv(), Ok(Command::Open { paths }) if paths[0].ends_with("other runs"))
    );
    assert_eq!(window.harness.query_all_by_label("Choose a text corpus").count(), 1);
    window.click("Choose a text to measure on");
    let request = window.next_request(0);
    assert!(matches!(request.text, TextSource::Corpus(path) if path.ends_with("held-out.txt")));
}

#[test]
fn keys_and_buttons_scrub_through_training() {
    let mut window = Window::measured();
    assert_eq!(window.position(), COUNT - 1);
    window.press(Key::Home);
    assert_eq!(window.position(), 0);
    window.press(Key::ArrowRight);
    window.click("Step forward");
    assert_eq!(window.position(), 2);
    assert!(window.has("gutenberg-1m at step-20"));
    window.set_slider("Checkpoint", 6.0);
    assert_eq!(window.position(), 5);
    // The list scrolls to where the scrubber went; only then does the row stand still.
    window.harness.run_steps(20);
    window.harness.get_by_label_contains("gutenberg-1m / step-40,").click();
    window.harness.run_steps(3);
    assert_eq!(window.position(), 3);
    window.press(Key::End);
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), COUNT - 2);
    // Two presses within a frame are two steps.
    for pressed in [true, false, true, false] {
        let (key, modifiers) = (Key::ArrowLeft, Modifiers::NONE);
        window.harness.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
    }
    window.harness.run_steps(3);
    assert_eq!(window.position(), COUNT - 4);
}

#[test]
fn playing_moves_by_time_and_stops_at_the_end() {
    let mut window = Window::measured();
    window.press(Key::Space);
    assert!(window.app().state().scrubber.is_playing());
    assert!(window.position() <= 1, "playing from the end starts over");
    // 20 frames of 1/20 s at 4 checkpoints a second.
    window.harness.run_steps(20);
    assert!((3..=6).contains(&window.position()), "{}", window.position());
    window.click("Pause");
    let position = window.position();
    window.harness.run_steps(20);
    assert_eq!(window.position(), position);
    window.set_slider("Playback speed", 20.0);
    window.press(Key::Space);
    window.harness.run_steps(40);
    assert!(!window.app().state().scrubber.is_playing());
    assert_eq!(window.position(), COUNT - 1);
}

#[test]
fn every_setting_asks_for_a_new_measurement() {
    let mut window = Window::measured();
    let last = window.forget_commands();

    window.set_slider("Ref. points", 50.0);
    let request = window.next_request(last);
    assert_eq!(request.settings.points, 50);

    window.set_slider("ε factor", 2.0);
    let request = window.next_request(request.generation);
    assert!((request.settings.temperature_factor - 2.0).abs() < 1e-6);
    assert_eq!(request.settings.points, 50, "what was set before still holds");

    window.choose("Temperature", "grid");
    let request = window.next_request(request.generation);
    assert_eq!(request.settings.temperature, Temperature::Grid);

    window.choose("Temperature", "fixed");
    let request = window.next_request(request.generation);
    assert!(matches!(request.settings.temperature, Temperature::Fixed(_)));

    for (label, value) in [("Documents", 20.0), ("Context", 64.0), ("Seed", 3.0), ("ε", 0.02)] {
        window.harness.get_by_role_and_label(Role::SpinButton, label).set_value_accesskit(value);
        window.harness.run_steps(3);
    }
    let mut request = window.next_request(request.generation);
    while request.settings.temperature != Temperature::Fixed(0.02) {
        request = window.next_request(request.generation);
    }
    assert_eq!((request.settings.samples, request.settings.context, request.settings.seed), (20, 64, 3));

    window.harness.get_by_role_and_label(Role::SpinButton, "Ref. seeds").set_value_accesskit(5.0);
    window.harness.run_steps(3);
    let request = window.next_request(request.generation);
    assert_eq!(request.settings.reference_seeds, 5);
    window.set_slider("Min. count", 4.0);
    let request = window.next_request(request.generation);
    assert_eq!(request.settings.min_count, 4);
    window.harness.get_by_role_and_label(Role::SpinButton, "Tolerance").set_value_accesskit(0.01);
    window.harness.run_steps(3);
    let request = window.next_request(request.generation);
    assert_eq!(request.settings.tolerance, 0.01);

    window.choose("Backend", "cpu");
    let request = window.next_request(request.generation);
    assert_eq!(request.settings.backend, Backend::Cpu);

    window.choose("Widest n-gram", "bigram");
    let request = window.next_request(request.generation);
    assert_eq!(request.settings.max_order, 2);

    window.click("Reset to defaults");
    let request = window.next_request(request.generation);
    assert_eq!(request.settings, Settings::default());
}

#[test]
fn order_and_layer_are_views_of_what_is_measured() {
    let mut window = Window::measured();
    let generation = window.forget_commands();
    window.click_role(Role::RadioButton, "trigram");
    assert_eq!(window.app().state().view.order, 3);
    window.press(Key::Num2);
    assert_eq!(window.app().state().view.order, 2);
    window.click_role(Role::RadioButton, "one layer");
    assert_eq!(window.app().state().view.layers, LayerChoice::Layer(LAYERS - 1));
    window.set_slider("Layer", 1.0);
    assert_eq!(window.app().state().view.layers, LayerChoice::Layer(1));
    assert_eq!(window.app().state().generation, generation);
    assert!(window.seen.try_recv().is_err(), "nothing was measured anew");
}

#[test]
fn an_order_that_is_not_measured_cannot_be_chosen() {
    let settings = Settings { max_order: 1, ..Settings::default() };
    let mut window = Window::open(Start { settings, ..start() });
    window.until("everything is measured", |window| window.app().state().done() == (28, 28));
    assert!(window.harness.get_by_role_and_label(Role::RadioButton, "bigram").accesskit_node().is_disabled());
    window.press(Key::Num2);
    assert_eq!(window.app().state().view.order, 1);
}

#[test]
fn keys_do_not_fire_into_a_field_being_typed_in() {
    let mut window = Window::measured();
    window.harness.get_by_role_and_label(Role::TextInput, "Text field").click();
    window.harness.run_steps(3);
    window.press(Key::Home);
    window.press(Key::Num3);
    window.press(Key::Space);
    let state = window.app().state();
    assert_eq!((state.scrubber.position(), state.view.order), (COUNT - 1, 1));
    assert!(!state.scrubber.is_playing());
}

#[test]
fn a_point_under_the_pointer_shows_its_numbers_and_takes_the_scrubber() {
    let mut window = Window::measured();
    let plane = window.harness.get_by_label_contains("Information plane").rect();
    // Rows from the bottom up, as close as the pointer must come to a point: the first one is met soon.
    let rows = (0..20).map(|row| plane.bottom() - 10.0 - 20.0 * row as f32);
    let columns = (0..(plane.width() / 20.0) as usize).map(|column| plane.left() + 20.0 * column as f32);
    let hit = rows.flat_map(|y| columns.clone().map(move |x| egui::pos2(x, y))).find(|at| {
        window.harness.hover_at(*at);
        window.harness.run_steps(1);
        window.has("labelled positions")
    });
    let hit = hit.expect("a point is met");
    window.harness.run_steps(3);
    for text in [
        "complexity I(X;Z)",
        "under shuffled labels X, Y",
        "0.0123 0.0321",
        "0.0012 0.0009",
        "20.0% 20.0%",
        "31\u{a0}415",
        "step 0 · 0 tokens",
    ] {
        assert!(window.has(text), "{text} is missing");
    }
    if let Some(folder) = std::env::var_os("INFOPLANE_SCREENSHOTS").map(PathBuf::from) {
        let image = window.harness.render().expect("an image");
        image.save(folder.join("hover.png")).expect("the image is written");
    }
    window.harness.drag_at(hit);
    window.harness.run_steps(1);
    window.harness.drop_at(hit);
    window.harness.run_steps(3);
    assert_eq!(window.position(), 0);
}

#[test]
fn a_hidden_run_is_not_drawn() {
    let mut window = Window::measured();
    window.click("Show gutenberg-4m");
    assert!(window.has("Information plane, 14 checkpoints"));
    assert!(!window.has("gutenberg-4m / step-40,"));
}

#[test]
fn a_failed_checkpoint_shows_its_error_where_it_stands() {
    let window = Window::measured();
    assert!(matches!(window.app().state().status(BROKEN), Status::Failed(_)));
    assert!(window.has("gutenberg-4m / step-900, failed"));
    assert!(window.has("tensor model.norm.weight is missing"));
}

#[test]
fn a_folder_that_cannot_be_opened_is_said_and_dismissed() {
    let mut window = Window::open(Start { paths: vec!["/missing".into()], ..start() });
    window.until("the error is said", |window| !window.app().state().messages.is_empty());
    let text = "no such folder; check the spelling: /missing";
    assert!(window.has(text));
    window.click(&format!("Dismiss: {text}"));
    assert!(!window.has(text));
}

#[test]
fn the_plane_is_exported_as_it_is_seen() {
    let mut window = Window::measured();
    window.click_role(Role::RadioButton, "bigram");
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    let said = |window: &Window| {
        window.app().state().messages.last().map(|message| (message.severity, message.text.clone()))
    };
    window.until("the export is said", |window| said(window).is_some());
    let path = window.folder.path().join("plane.svg");
    assert_eq!(said(&window), Some((Severity::Info, format!("Figure written to {}", path.display()))));
    let svg = std::fs::read_to_string(path).expect("the figure");
    for text in ["<svg", "bigram", "gutenberg-4m", "step-3000"] {
        assert!(svg.contains(text), "{text} is missing");
    }
}

#[test]
fn an_export_that_fails_is_said() {
    let mut window = Window::measured();
    let path = window.folder.path().join("plane.svg");
    std::fs::create_dir(&path).expect("a folder in the way");
    window.click("Export");
    window.click("SVG…");
    window.until("the failure is said", |window| !window.app().state().messages.is_empty());
    let message = &window.app().state().messages[0];
    assert_eq!(message.severity, Severity::Error);
    assert!(message.text.contains("plane.svg"), "{}", message.text);
}

#[test]
fn dropped_files_are_opened_or_measured_on() {
    let mut window = Window::measured();
    window.forget_commands();
    let text = window.folder.path().join("novel.txt");
    std::fs::write(&text, "It was the best of times").expect("a text");
    for path in [text.clone(), window.folder.path().to_owned()] {
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
        window.harness.run_steps(3);
    }
    window.until("the folder is opened", |window| !window.app().state().opening);
    let commands: Vec<Command> = window.seen.try_iter().collect();
    let measured = |c: &Command| matches!(c, Command::Measure(r) if *r.text.path() == text);
    let opened = |c: &Command| matches!(c, Command::Open { paths } if paths[0] == window.folder.path());
    assert!(commands.iter().any(measured) && commands.iter().any(opened), "{commands:?}");
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn measuring_shows_progress_and_can_be_cancelled() {
    let mut window = Window::with(start(), (1280.0, 800.0), Theme::Dark, 12);
    window.until("progress is shown", |window| window.has("1 min 14 s left"));
    assert!(window.has("measuring") && window.has("first estimate"));
    window.press(Key::Escape);
    window.until("the worker is told", |window| {
        window.seen.try_iter().any(|command| matches!(command, Command::Cancel))
    });
}

#[test]
fn help_lists_the_keys() {
    let mut window = Window::measured();
    window.press(Key::F1);
    assert!(window.has("Keys and gestures"));
    window.harness.check_accessibility();
    window.press(Key::Escape);
    assert!(!window.has("Keys and gestures"));
}

/// Draws the window as it is seen; written only where `INFOPLANE_SCREENSHOTS` names a folder.
#[test]
fn the_window_can_be_rendered() {
    let folder = std::env::var_os("INFOPLANE_SCREENSHOTS").map(PathBuf::from);
    let shots: &[(&str, (f32, f32), Theme, usize)] = &[
        ("dark", (1280.0, 800.0), Theme::Dark, usize::MAX),
        ("light", (1280.0, 800.0), Theme::Light, usize::MAX),
        ("dark-small", (1000.0, 700.0), Theme::Dark, 12),
        ("light-small", (1000.0, 700.0), Theme::Light, 12),
    ];
    for (name, size, theme, stop_after) in shots.iter().take(if folder.is_some() { 4 } else { 1 }) {
        let mut window = Window::with(start(), *size, *theme, *stop_after);
        let shown =
            |window: &Window| window.app().state().points().iter().map(|(_, p)| p.len()).sum::<usize>();
        window.until("the points are there", |window| shown(window) == 27);
        window.press(Key::ArrowLeft);
        window.press(Key::ArrowLeft);
        window.harness.run_steps(10);
        let image = window.harness.render().expect("an image");
        assert_eq!(image.dimensions(), (size.0 as u32, size.1 as u32));
        let first = *image.get_pixel(0, 0);
        assert!(image.pixels().any(|pixel| *pixel != first), "the image is blank");
        if let Some(folder) = &folder {
            image.save(folder.join(format!("{name}.png"))).expect("the image is written");
        }
    }
    if let Some(folder) = &folder {
        let empty = Start { text: None, ..Start::default() };
        let mut window = Window::with(empty, (1280.0, 800.0), Theme::Dark, 0);
        window.harness.run_steps(5);
        let image = window.harness.render().expect("an image");
        image.save(folder.join("empty.png")).expect("the image is written");
        window.press(Key::F1);
        window.harness.run_steps(10);
        let image = window.harness.render().expect("an image");
        image.save(folder.join("help.png")).expect("the image is written");
    }
}
