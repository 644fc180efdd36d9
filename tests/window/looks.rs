//! How charts look at the sizes of real windows: no words of a panel lie over others, and none are cut.
//!
//! Words are taken from the shapes of a frame, with the box of what they paint and what they are clipped to. Boxes do
//! not depend on colours, so each size is seen in one theme, and the usual size in both.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::App as _;
use eframe::egui::{self, Color32, Key, Modifiers, Pos2, Rect, Shape, Theme, ViewportId, vec2};
use infoplane::app::{App, Start};
use infoplane::engine::{Command, Event};
use infoplane::results::RunResults;
use infoplane::settings::Settings;
use infoplane::views;

use super::harness::{PATIENCE, Window};
use super::panels::{layout, open, view};
use super::stand_in::{opened, recorded_results, start};

/// Sizes of windows in points, with the pixels of a point and the theme.
const SIZES: [((f32, f32), f32, Theme); 5] = [
    ((860.0, 560.0), 1.0, Theme::Dark),
    ((1280.0, 800.0), 1.0, Theme::Light),
    ((1280.0, 800.0), 1.0, Theme::Dark),
    ((1920.0, 1080.0), 1.0, Theme::Light),
    ((1280.0, 800.0), 2.0, Theme::Dark),
];
/// Names as runs have them, the longest longer than any column.
const NAMES: [&str; 12] = [
    "pythia-14m",
    "OLMo-2-0425-1B-stage1",
    "gutenberg-1m",
    "SmolLM2-135M-intermediate-checkpoints",
    "llama-3.2-1b",
    "qwen2.5-0.5b",
    "a-run-with-quite-a-long-name-indeed-seed-0",
    "a-run-with-quite-a-long-name-indeed-seed-1",
    "tiny",
    "gpt2-medium",
    "pythia-70m-deduped",
    "gutenberg-4m",
];
/// Frames until everything has found its place.
const SETTLED: usize = 3;
/// Boxes that share less than this are beside each other, in points.
const TOUCH: f32 = 0.75;

/// Words as they are painted.
#[derive(Debug)]
struct Painted {
    text: String,
    /// Boxes around what is painted, one where it is level and several along it where it is not.
    boxes: Vec<Rect>,
    clip: Rect,
}

impl Painted {
    /// What of it is in sight.
    fn seen(&self) -> impl Iterator<Item = Rect> + '_ {
        self.boxes.iter().map(|of| of.intersect(self.clip)).filter(|of| of.is_positive())
    }
}

/// Scores of the runs on a few benchmarks, a row each.
fn table(runs: &[(PathBuf, Arc<RunResults>)]) -> String {
    let mut table = "model,mmlu,hellaswag,arc_challenge,a_benchmark_of_quite_a_long_name\n".to_owned();
    for (index, (_, results)) in runs.iter().enumerate() {
        let score = |seed: usize| 0.2 + 0.07 * ((index * 7 + seed * 5) % 9) as f64;
        let scores = [0, 1, 2, 3].map(|seed| format!("{:.2}", score(seed)));
        table += &format!("{},{}\n", results.run, scores.join(","));
    }
    table
}

/// A window without a display, and without a worker: all that it says waits from the start.
struct Screen {
    ctx: egui::Context,
    app: App,
    /// Kept open.
    _wires: (Receiver<Command>, Sender<Event>),
    _folder: tempfile::TempDir,
}

impl Screen {
    fn of(ctx: &egui::Context, runs: &[(PathBuf, Arc<RunResults>)], panels: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = folder.path().join("layout.json");
        std::fs::write(&layout, format!("{{\"version\": 1, \"panels\": {panels}}}")).unwrap();
        let (commands, told) = bounded(64);
        let (say, events) = bounded(4);
        let scores = folder.path().join("scores.csv");
        std::fs::write(&scores, table(runs)).unwrap();
        let start = Start { text: None, benchmarks: Some(scores), ..start() };
        let app = App::new(ctx, commands, events, start).with_layout(layout);
        let runs = runs.iter().map(|(path, results)| (results.as_run(path), Some(Arc::clone(results))));
        say.send(opened(runs)).unwrap();
        let mut screen = Self { ctx: ctx.clone(), app, _wires: (told, say), _folder: folder };
        let began = Instant::now();
        while screen.app.state().drawn().snapshot.benchmarks().is_none() {
            assert!(began.elapsed() < PATIENCE, "the scores are read");
            screen.frame(SIZES[0].0, 1.0, Vec::new());
            std::thread::yield_now();
        }
        screen
    }

    fn frame(
        &mut self,
        size: (f32, f32),
        scale: f32,
        events: Vec<egui::Event>,
    ) -> Vec<egui::epaint::ClippedShape> {
        let mut input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(size.0, size.1))),
            events,
            ..egui::RawInput::default()
        };
        input.viewports.entry(ViewportId::ROOT).or_default().native_pixels_per_point = Some(scale);
        let mut frame = eframe::Frame::_new_kittest();
        let app = &mut self.app;
        app.logic(&self.ctx, &mut frame);
        let mut output = self.ctx.run_ui(input, |ui| app.ui(ui, &mut frame));
        output.textures_delta.clear();
        output.shapes
    }

    /// Chooses a layout by its name.
    fn arrange(&mut self, preset: &str) {
        let key = |key, modifiers| {
            [true, false].map(|pressed| egui::Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            })
        };
        let size = SIZES[1].0;
        self.frame(size, 1.0, key(Key::P, Modifiers::COMMAND).into());
        // The list is there, then its field has the focus.
        self.frame(size, 1.0, Vec::new());
        self.frame(size, 1.0, Vec::new());
        self.frame(size, 1.0, vec![egui::Event::Text(format!("Layout: {preset}"))]);
        self.frame(size, 1.0, key(Key::Enter, Modifiers::NONE).into());
    }

    /// What is wrong with each size.
    fn faults(&mut self, what: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (size, scale, theme) in SIZES {
            self.ctx.set_theme(theme);
            let mut shapes = Vec::new();
            for _ in 0..SETTLED {
                shapes = self.frame(size, scale, Vec::new());
            }
            let ground = ground(&shapes, size.0);
            let found = faults_of(&shapes, ground);
            let at = format!("{what} at {}×{}, {scale} pixels a point", size.0, size.1);
            faults.extend(found.into_iter().map(|fault| format!("{at}: {fault}")));
        }
        faults
    }
}

/// What panels are laid on: the colour of the largest area, between the sides of the window where it has any.
fn ground(shapes: &[egui::epaint::ClippedShape], width: f32) -> Color32 {
    let areas = shapes.iter().filter_map(|clipped| match &clipped.shape {
        Shape::Rect(rect) if rect.rect.left() >= 0.0 && rect.rect.right() <= width => {
            Some((rect.rect.area(), rect.fill))
        }
        _ => None,
    });
    let opaque = areas.filter(|(_, fill)| fill.a() == u8::MAX);
    opaque.max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are panels").1
}

/// The words and the panels among shapes.
fn collect(shape: &Shape, clip: Rect, ground: Color32, words: &mut Vec<Painted>, panels: &mut Vec<Rect>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, ground, words, panels)),
        // A panel is what is laid on the ground for it.
        Shape::Rect(rect) if rect.fill == ground && rect.rect.size().min_elem() > 60.0 => {
            panels.push(rect.rect)
        }
        Shape::Text(text) => {
            let rows = text.galley.rows.iter();
            let boxes = rows.map(|row| row.visuals.mesh_bounds.translate(row.pos.to_vec2()));
            let boxes = boxes.filter(|of| of.is_positive()).flat_map(|of| turned(of, text.pos, text.angle));
            words.push(Painted { text: text.galley.text().to_owned(), boxes: boxes.collect(), clip });
        }
        _ => {}
    }
}

/// A box at its place: where it is turned, squares along it.
fn turned(of: Rect, at: Pos2, angle: f32) -> Vec<Rect> {
    if angle == 0.0 {
        return vec![of.translate(at.to_vec2())];
    }
    let turn = egui::emath::Rot2::from_angle(angle);
    let height = of.height();
    let steps = (of.width() / height).ceil().max(1.0) as usize;
    let middle = |step: usize| {
        let along = of.left() + height / 2.0 + (of.width() - height) * step as f32 / steps as f32;
        at + turn * vec2(along, of.center().y)
    };
    (0..=steps).map(|step| Rect::from_center_size(middle(step), vec2(height, height) * 0.8)).collect()
}

fn faults_of(shapes: &[egui::epaint::ClippedShape], ground: Color32) -> Vec<String> {
    let (mut words, mut panels) = (Vec::new(), Vec::new());
    for clipped in shapes {
        collect(&clipped.shape, clipped.clip_rect, ground, &mut words, &mut panels);
    }
    // The first is the ground below all panels.
    let panels = &panels[1.min(panels.len())..];
    let mut faults = Vec::new();
    if panels.is_empty() {
        faults.push("no panel is seen".to_owned());
    }
    for panel in panels {
        let of_panel = |painted: &&Painted| {
            let is_within = panel.expand(1.0).contains_rect(painted.clip);
            is_within || painted.seen().any(|seen| panel.contains(seen.center()))
        };
        let words: Vec<&Painted> = words.iter().filter(of_panel).collect();
        // The table scrolls: what goes out of sight is cut at its edge, as in any list.
        let scrolls = words.iter().any(|painted| painted.text == "AT THE SCRUBBER");
        for (index, painted) in words.iter().enumerate() {
            let room = painted.clip.intersect(*panel).expand(1.0);
            if !scrolls && !painted.boxes.iter().all(|of| room.contains_rect(*of)) {
                faults.push(format!("\"{}\" is cut", painted.text));
            }
            for other in &words[..index] {
                let meets = |seen: Rect| {
                    let within = seen.shrink(TOUCH);
                    other.seen().any(|of| of.shrink(TOUCH).intersects(within))
                };
                if painted.seen().any(meets) {
                    faults.push(format!("\"{}\" lies over \"{}\"", painted.text, other.text));
                }
            }
        }
    }
    faults
}

fn look(count: usize) {
    let began = Instant::now();
    let run = |index: usize| {
        let results = recorded_results(NAMES[index], index, &Settings::default());
        (PathBuf::from(format!("/results/{index}.json")), Arc::new(results))
    };
    let runs: Vec<_> = (0..count).map(run).collect();
    let ctx = egui::Context::default();
    let mut found = Vec::new();
    for preset in ["Trajectory", "Layers", "Compare models", "Paper figures"] {
        let mut screen = Screen::of(&ctx, &runs, "null");
        screen.frame(SIZES[1].0, 1.0, Vec::new());
        screen.arrange(preset);
        found.extend(screen.faults(preset));
    }
    for kind in views::ALL.iter().map(|view| view.kind).chain(["numbers"]) {
        let panel = format!("{{\"panel\": {{\"view\": \"{kind}\"}}}}");
        found.extend(Screen::of(&ctx, &runs, &panel).faults(kind));
    }
    println!("{count} runs: looked at for {:.1?}", began.elapsed());
    let distinct: HashSet<&String> = found.iter().collect();
    assert!(found.is_empty(), "{count} runs, {} faults:\n{}", distinct.len(), found.join("\n"));
}

#[test]
fn words_of_one_run_stand_free() {
    look(1);
}

#[test]
fn words_of_four_runs_stand_free() {
    look(4);
}

#[test]
fn words_of_a_dozen_runs_stand_free() {
    look(12);
}

/// What the worker shows of a measured run: documents and hidden states.
#[test]
fn words_of_a_document_and_of_states_stand_free() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    let mut found = Vec::new();
    for (kind, said) in [("labels", "Labels, document 0"), ("estimator", "states of layer L")] {
        open(&mut window, view(kind));
        window.click(&format!("Maximise {}", view(kind).title));
        window.until("it is drawn", |window| window.has(said));
        // A pointer that stays where it clicked has a tooltip under it as the window grows smaller.
        window.harness.event(egui::Event::PointerGone);
        for (size, ..) in SIZES {
            window.harness.set_size(vec2(size.0, size.1));
            window.harness.run_steps(SETTLED);
            let shapes = &window.harness.output().shapes;
            let faults = faults_of(shapes, ground(shapes, size.0)).into_iter();
            found.extend(faults.map(|fault| format!("{kind} at {}×{}: {fault}", size.0, size.1)));
        }
        window.harness.set_size(vec2(SIZES[1].0.0, SIZES[1].0.1));
        window.harness.run_steps(SETTLED);
        window.click(&format!("Restore {}", view(kind).title));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn words_over_each_other_and_cut_ones_are_seen() {
    let ctx = egui::Context::default();
    let found = |places: [(f32, f32, &str); 2]| {
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let panel = Rect::from_min_size(Pos2::ZERO, vec2(200.0, 100.0));
            for _ in 0..2 {
                ui.painter().rect_filled(panel, 0.0, Color32::WHITE);
            }
            let painter = ui.painter().with_clip_rect(panel);
            for (x, y, text) in places {
                let font = egui::FontId::proportional(12.0);
                painter.text(egui::pos2(x, y), egui::Align2::LEFT_TOP, text, font, Color32::BLACK);
            }
        });
        output.textures_delta.clear();
        faults_of(&output.shapes, Color32::WHITE)
    };
    assert_eq!(found([(10.0, 10.0, "bigram"), (10.0, 30.0, "trigram")]), [""; 0]);
    assert_eq!(
        found([(10.0, 10.0, "bigram"), (30.0, 14.0, "trigram")]),
        ["\"trigram\" lies over \"bigram\""]
    );
    assert_eq!(found([(10.0, 10.0, "bigram"), (180.0, 30.0, "trigram")]), ["\"trigram\" is cut"]);
    assert_eq!(found([(10.0, 10.0, "bigram"), (10.0, 200.0, "trigram")]), ["\"trigram\" is cut"]);
}
