//! A window on a thousand checkpoints. What it does is counted in frames and shapes, which no machine changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::App as _;
use eframe::egui::{self, Key, Theme, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use infoplane::app::App;
use infoplane::checkpoints::{Checkpoint, Run};
use infoplane::condition::Condition;
use infoplane::engine::{Command, Event, Quality, RunList};
use infoplane::settings::Settings;
use infoplane::state::Status;
use infoplane::views::ALL as ALL_VIEWS;

use super::stand_in::{COUNT, measurement, opened, prepared, start};

const RUNS: usize = 2;
const CHECKPOINTS: usize = 500;
const ALL: usize = RUNS * CHECKPOINTS;

fn runs() -> Vec<Run> {
    let checkpoint = |folder: &PathBuf, step: usize| Checkpoint {
        name: format!("step-{step}"),
        path: folder.join(format!("step-{step}")),
        step: Some(step as u64),
        tokens: None,
        tokenizer: None,
        reach: Default::default(),
    };
    let run = |name: &str| {
        let path = PathBuf::from("/runs").join(name);
        let checkpoints = (0..CHECKPOINTS).map(|step| checkpoint(&path, step)).collect();
        Run::new(name.to_owned(), path, checkpoints)
    };
    vec![run("one"), run("two")]
}

/// A frame with its triangles; the number of shapes.
fn frame(harness: &mut Harness<'_, App>, press: Option<Key>) -> usize {
    let ctx = harness.ctx.clone();
    let mut frame = eframe::Frame::_new_kittest();
    let event = |key, pressed| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: egui::Modifiers::NONE,
    };
    let size = egui::vec2(1280.0, 800.0);
    let input = egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
        events: press.into_iter().flat_map(|key| [event(key, true), event(key, false)]).collect(),
        ..egui::RawInput::default()
    };
    let mut output = ctx.run_ui(input, |ui| harness.state_mut().ui(ui, &mut frame));
    output.textures_delta.clear();
    let shapes = output.shapes.len();
    ctx.tessellate(output.shapes, output.pixels_per_point);
    shapes
}

/// Frames without an assistive device, as most windows run: how long they take, seen with `--nocapture` and judged by
/// nobody, and the number of shapes in the last.
fn timed(harness: &mut Harness<'_, App>, press: Option<Key>) -> (String, usize) {
    let ctx = harness.ctx.clone();
    ctx.disable_accesskit();
    let mut shapes = 0;
    let mut times: Vec<Duration> = (0..40)
        .map(|_| {
            let start = Instant::now();
            shapes = frame(harness, press);
            start.elapsed()
        })
        .collect();
    times.sort();
    ctx.enable_accesskit();
    (format!("{:.1?} at best, {:.1?} at the median", times[0], times[20]), shapes)
}

/// The ends of the window's channels.
struct Wires {
    told: Receiver<Command>,
    say: Sender<Event>,
}

/// Numbers of a checkpoint: those of a run of few, drawn out.
fn answer(condition: &Arc<Condition>, open: &RunList, (run, checkpoint): (usize, usize)) -> Event {
    Event::Measured {
        condition: Arc::clone(condition),
        checkpoint: open.key(run, checkpoint).unwrap(),
        measurement: Arc::new(measurement((run, checkpoint * COUNT / CHECKPOINTS), &Settings::default())),
        documents: 64,
        quality: Quality::Honest,
        recalled: false,
    }
}

/// A window on a thousand measured checkpoints with what it has told its worker since; `layout` are its panels.
fn measured(layout: Option<&Path>) -> (Harness<'static, App>, Wires, usize) {
    // No worker: all it says waits from the start.
    let (commands, told) = bounded(16);
    let (say, events) = bounded(2 * ALL);
    let layout = layout.map(Path::to_owned);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_theme(Theme::Dark)
        .with_step_dt(1.0 / 20.0)
        .with_render_cursor(false)
        .build_eframe(move |cc| {
            let app = App::new(&cc.egui_ctx, commands, events, start());
            if let Some(layout) = layout { app.with_layout(layout) } else { app }
        });
    say.send(opened(runs().into_iter().map(|run| (run, None)))).unwrap();
    harness.run_steps(2);
    let wants = told.try_iter().find_map(|command| match command {
        Command::Want(wants) => Some(wants),
        _ => None,
    });
    let wants = wants.expect("they are wanted");
    assert_eq!(wants.len(), 3 * ALL);
    let (condition, open) = (Arc::clone(&wants[0].condition), Arc::clone(&harness.state().state().runs));
    let shapes_of_the_empty_plane = harness.output().shapes.len();
    for run in open.runs() {
        say.send(prepared(&condition, run.key, 0)).unwrap();
    }
    for index in 0..ALL {
        say.send(answer(&condition, &open, (index % RUNS, index / RUNS))).unwrap();
    }
    say.send(Event::Idle { costs: None }).unwrap();

    // 256 events a frame.
    harness.run_steps((RUNS + ALL + 1).div_ceil(256));
    assert_eq!(harness.state().state().done(), (ALL, ALL));
    harness.run_steps(2);
    (harness, Wires { told, say }, shapes_of_the_empty_plane)
}

#[test]
fn a_thousand_checkpoints_are_shown_and_scrubbed_through() {
    let (mut harness, wires, shapes_of_the_empty_plane) = measured(None);
    let has =
        |harness: &Harness<'_, App>, text: &str| harness.query_all_by_label_contains(text).next().is_some();
    assert!(has(&harness, "1000 of 1000 checkpoints measured"));
    assert!(has(&harness, "Information plane, token, mean of layers: 1000 checkpoints"));
    assert!(has(&harness, "two / step-499, measured"));
    harness.check_accessibility();

    // Of the lists only what is seen is painted; of the plane a few shapes a checkpoint.
    let shapes = harness.output().shapes.len();
    println!("{shapes} shapes, {shapes_of_the_empty_plane} while nothing is measured");
    assert!(shapes_of_the_empty_plane < 2 * ALL, "{shapes_of_the_empty_plane}");
    assert!(shapes < shapes_of_the_empty_plane + 8 * ALL, "{shapes}");

    // A step of the scrubber is a step, and asks for nothing to be measured.
    // The plane is fitted by now.
    harness.run_steps(20);
    let shapes = harness.output().shapes.len();
    let (at_rest, seen) = timed(&mut harness, None);
    println!("a frame of {ALL} checkpoints: {at_rest}");
    assert_eq!(seen, shapes, "what is seen is the same whoever reads");
    println!("a frame of stepping through them: {}", timed(&mut harness, Some(Key::ArrowLeft)).0);
    let position = |harness: &Harness<'_, App>| harness.state().state().scrubber.position();
    harness.key_press(Key::Home);
    harness.run_steps(2);
    assert_eq!(position(&harness), 0);
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(position(&harness), 1);
    harness.get_by_role_and_label(Role::Slider, "Checkpoint").set_value_accesskit(250.0);
    harness.run_steps(3);
    assert_eq!(position(&harness), 249);
    assert!(has(&harness, "one at step-249"));
    let focus = harness.state().state().focus().expect("a checkpoint is current");
    assert_eq!(harness.state().state().status(focus), Status::Complete);
    let asked: Vec<Command> = wires.told.try_iter().collect();
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn a_dozen_panels_show_a_thousand_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout.json");
    let panels: Vec<String> = ALL_VIEWS
        .iter()
        .take(12)
        .map(|view| format!("{{\"panel\": {{\"view\": \"{}\"}}}}", view.kind))
        .collect();
    let panels = panels.join(", ");
    std::fs::write(&layout, format!("{{\"version\": 1, \"panels\": {{\"grid\": [{panels}]}}}}")).unwrap();
    let (mut harness, wires, _) = measured(Some(&layout));
    assert!(harness.state().state().messages.is_empty());
    harness.run_steps(3);
    harness.check_accessibility();
    assert_eq!(harness.query_all_by_label_contains("Options of ").count(), 12);
    let (at_rest, shapes) = timed(&mut harness, None);
    println!("a frame of 12 panels of {ALL} checkpoints: {at_rest}; {shapes} shapes");
    println!("a frame of stepping through them: {}", timed(&mut harness, Some(Key::ArrowLeft)).0);
    // News of one checkpoint: what is drawn is made anew.
    let place = (0, CHECKPOINTS / 2);
    let state = harness.state().state();
    let (condition, open) = (state.asked().condition().cloned().unwrap(), Arc::clone(&state.runs));
    let start = Instant::now();
    wires.say.send(answer(&condition, &open, place)).unwrap();
    let ctx = harness.ctx.clone();
    harness.state_mut().logic(&ctx, &mut eframe::Frame::_new_kittest());
    frame(&mut harness, None);
    println!("the frame after news: {:.1?}", start.elapsed());
    // Marks are drawn by the room there is, not by the number of data.
    assert!(shapes < 12 * ALL, "{shapes}");
}
