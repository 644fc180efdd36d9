//! How long the window takes for a frame while it measures: `cargo bench --bench frame_time [-- PATH…]`.
//!
//! Opens the real window on the demo, or on models or runs named, draws as fast as the display lets it until
//! everything is measured or a minute has passed, and prints how the times from frame to frame are spread. Needs a
//! display; on a software adapter it says nothing about a real card.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui::{self, ViewportCommand};
use infoplane::app::{App, Start};
use infoplane::condition::TextSource;
use infoplane::engine;
use infoplane::settings::Settings;

const LONGEST: Duration = Duration::from_secs(60);
/// Frames before this one open the window.
const FIRST: usize = 10;

/// The window, and when it was drawn.
struct Timed {
    app: App,
    start: Instant,
    frames: Vec<Instant>,
    adapter: String,
}

impl eframe::App for Timed {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.frames.push(Instant::now());
        self.app.ui(ui, frame);
        let (done, all) = self.app.state().done();
        if self.start.elapsed() > LONGEST || (all > 0 && done == all) {
            ui.ctx().send_viewport_cmd(ViewportCommand::Close);
        }
        ui.ctx().request_repaint();
    }

    fn on_exit(&mut self) {
        self.app.on_exit();
        let mut times: Vec<f64> =
            self.frames.windows(2).skip(FIRST).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        let Some(last) = times.len().checked_sub(1) else { return println!("no frames were drawn") };
        let at = |share: f64| times[(last as f64 * share) as usize];
        let (done, all) = self.app.state().done();
        println!("{}, computing on {}", self.adapter, self.app.state().shown_device());
        println!("{done} of {all} checkpoints measured in {:.1} s", self.start.elapsed().as_secs_f64());
        println!(
            "{} frames: median {:.1} ms, 99th percentile {:.1} ms, longest {:.1} ms",
            times.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

fn main() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let mut paths: Vec<PathBuf> =
        std::env::args_os().skip(1).filter(|arg| arg != "--bench").map(PathBuf::from).collect();
    if paths.is_empty() {
        paths = vec![demo.join("gutenberg-1m"), demo.join("gutenberg-200k")];
    }
    let settings = Settings { samples: 64, ..Settings::default() };
    let text = Some(TextSource::Corpus(demo.join("books-sample.jsonl")));
    let start = Start { paths, text, settings, ..Start::default() };
    let mut options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]),
        ..eframe::NativeOptions::default()
    };
    // A display's own rhythm would hide how long a frame takes.
    options.wgpu_options.surface.present_mode = eframe::wgpu::PresentMode::AutoNoVsync;
    let create = |cc: &eframe::CreationContext<'_>| {
        let context = cc.egui_ctx.clone();
        let (commands, events) =
            engine::spawn(engine::Options::default(), move || context.request_repaint())?;
        let adapter = cc.wgpu_render_state.as_ref().map(|state| state.adapter.get_info().name);
        let app: Box<dyn eframe::App> = Box::new(Timed {
            app: App::new(&cc.egui_ctx, commands, events, start),
            start: Instant::now(),
            frames: Vec::new(),
            adapter: format!("drawing on {}", adapter.unwrap_or_default()),
        });
        Ok(app)
    };
    if let Err(error) = eframe::run_native("infoplane", options, Box::new(create)) {
        println!("frame times not measured: {error}");
    }
}
