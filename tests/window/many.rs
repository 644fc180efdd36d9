//! A window on a thousand checkpoints. What it does is counted in frames and shapes, which no machine changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use eframe::App as _;
use eframe::egui::{self, Key, Theme, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use infoplane::app::App;
use infoplane::checkpoints::{Checkpoint, Run};
use infoplane::engine::{Command, Event, Quality};
use infoplane::settings::Settings;
use infoplane::state::Status;

use super::harness::{COUNT, measurement, opened, start};

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

/// Frames without an assistive device, as most windows run: how long they take, seen with `--nocapture` and judged by
/// nobody, and the number of shapes in the last.
fn timed(harness: &mut Harness<'_, App>, press: Option<Key>) -> (String, usize) {
    let ctx = harness.ctx.clone();
    ctx.disable_accesskit();
    let mut frame = eframe::Frame::_new_kittest();
    let mut shapes = 0;
    let mut times: Vec<Duration> = (0..40)
        .map(|_| {
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
            let start = Instant::now();
            let mut output = ctx.run_ui(input, |ui| harness.state_mut().ui(ui, &mut frame));
            let took = start.elapsed();
            output.textures_delta.clear();
            shapes = output.shapes.len();
            took
        })
        .collect();
    times.sort();
    ctx.enable_accesskit();
    (format!("{:.1?} at best, {:.1?} at the median", times[0], times[20]), shapes)
}

#[test]
fn a_thousand_checkpoints_are_shown_and_scrubbed_through() {
    // No worker: all it says waits from the start.
    let (commands, told) = bounded(16);
    let (say, events) = bounded(2 * ALL);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_theme(Theme::Dark)
        .with_step_dt(1.0 / 20.0)
        .with_render_cursor(false)
        .build_eframe(|cc| App::new(&cc.egui_ctx, commands, events, start()));
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
        let (condition, run) = (Arc::clone(&condition), run.key);
        say.send(Event::Prepared { condition, run, documents: 64, skipped_documents: 0, positions: 31_415 })
            .unwrap();
    }
    for index in 0..ALL {
        let (run, checkpoint) = (index % RUNS, index / RUNS);
        // The numbers of a run of few, drawn out.
        let measurement =
            Arc::new(measurement((run, checkpoint * COUNT / CHECKPOINTS), &Settings::default()));
        say.send(Event::Measured {
            condition: Arc::clone(&condition),
            checkpoint: open.key(run, checkpoint).unwrap(),
            measurement,
            documents: 64,
            quality: Quality::Honest,
            recalled: false,
        })
        .unwrap();
    }
    say.send(Event::Idle { costs: None }).unwrap();

    // 256 events a frame.
    harness.run_steps((RUNS + ALL + 1).div_ceil(256));
    assert_eq!(harness.state().state().done(), (ALL, ALL));
    harness.run_steps(2);
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
    let asked: Vec<Command> = told.try_iter().collect();
    assert!(asked.is_empty(), "{asked:?}");
}
