//! The window: panels that read a [`State`] and emit commands, and nothing else. What is free of egui is in
//! [`crate::state`].
//!
//! The window talks to the worker over two bounded channels and never waits for it: events are drained
//! before a frame is drawn, commands go out after it, and dialogs live on a thread of their own. It knows of
//! models, estimator and devices only what the messages say.
//!
//! | file | duty |
//! |---|---|
//! | `outbox` | commands on their way, newest only |
//! | [`dialogs`] | the desktop's dialogs, replaceable in tests, and all else that may block |
//! | `portal` | whether the desktop has dialogs |
//! | `browser` | the window's own dialog, where it has none |
//! | `pasted`, `incoming`, `files` | paths in a text, what they lead to, and what becomes of files chosen or dropped |
//! | `toolbar`, `runs`, `controls`, `pins`, `timeline_ui`, `status`, `welcome` | what stands around the charts |
//! | `panels` | charts and numbers side by side |
//! | `export` | the figure of a panel to a file and to the clipboard |
//! | `chart` | any chart, on egui_plot |
//! | `numbers` | the numbers at the scrubber, in a table |
//! | `shortcuts` | keys, dropped files, help |
//! | `theme`, `widgets` | how all of it looks |

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use eframe::egui::{self, Margin, Ui, vec2};

use crate::condition::TextSource;
use crate::engine::{Command, Event, RunList};
use crate::error::{Error, Kind, Result};
use crate::settings::Settings;
use crate::state::{Message, Severity, State, UiCommand};

mod browser;
mod chart;
mod controls;
pub mod dialogs;
mod export;
mod files;
mod incoming;
mod numbers;
mod outbox;
mod panels;
mod pasted;
mod pins;
mod portal;
mod runs;
mod shortcuts;
mod status;
mod theme;
mod timeline_ui;
mod toolbar;
mod welcome;
mod widgets;

use browser::Browser;
use dialogs::{Asker, Dialogs, NativeDialogs, Question};
use egui_tiles::TileId;
use export::Exporter;
use outbox::{Flushed, Outbox};
use panels::{LayoutFile, PRESETS, Palette, PanelKind, Panels};
use runs::Hovered;

/// How soon a full channel to the worker is tried again.
const RETRY: Duration = Duration::from_millis(30);
/// No frame takes in more events than this: a talkative worker must not starve the window.
const EVENTS_A_FRAME: usize = 256;
/// Playback never jumps by more than this after a hiccup, in seconds.
const LONGEST_FRAME_SECS: f32 = 0.5;
/// How long a closing window waits for room to say so to the worker.
const GOODBYE: Duration = Duration::from_millis(200);

/// What the window opens with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Models, runs of checkpoints or folders of runs; none for an empty window.
    pub paths: Vec<PathBuf>,
    /// What the models read; where it is unknown, the window asks for it.
    pub text: Option<TextSource>,
    /// What is measured and how.
    pub settings: Settings,
    /// Scores of benchmarks to show beside the measures; `None` for none.
    pub benchmarks: Option<PathBuf>,
    /// Whether the paths are the demo's, since none were named.
    pub demo_runs: bool,
    /// Whether the text is the demo's, since none was named.
    pub demo_text: bool,
}

/// What a panel may ask of the window.
#[derive(Clone, Debug)]
enum Action {
    /// Something for the state to do.
    Ui(UiCommand),
    /// Ask for a folder to open.
    AskFolder,
    /// Ask for a text.
    AskText,
    /// Ask for scores of benchmarks.
    AskScores,
    /// Ask how and where to write the figure of this panel; of the one used last where none is named.
    Export(Option<TileId>),
    /// Copy the picture of this panel.
    CopyPicture(TileId),
    /// Ask in the window what the desktop's dialog is asking.
    BrowseInstead,
    /// Open these paths, or measure on them, whichever they are for.
    Take(Vec<PathBuf>),
    /// Show all data in all panels.
    Fit,
    /// Bring a panel to the front, or open it.
    OpenPanel(PanelKind),
    /// Put the panels of a ready-made layout in place of those there are.
    Arrange(usize),
    /// Show values less what shuffled labels give, or as they are.
    LessNull(bool),
    /// Show or hide the list of everything by name.
    TogglePalette,
    /// Show or hide the page of keys.
    ToggleHelp,
}

impl From<UiCommand> for Action {
    fn from(command: UiCommand) -> Self {
        Self::Ui(command)
    }
}

/// The window.
pub struct App {
    state: State,
    outbox: Outbox,
    events: Receiver<Event>,
    asker: Asker,
    browser: Option<Browser>,
    /// Folders chosen before, the latest last.
    places: Vec<PathBuf>,
    /// Whether files can be dropped on the window.
    takes_drops: bool,
    panels: Panels,
    /// Where the layout of the panels is kept; `None` for nowhere.
    layout_file: Option<LayoutFile>,
    /// The list of everything by name, while it is open.
    palette: Option<Palette>,
    exporter: Exporter,
    hovered: Hovered,
    help_open: bool,
    /// The runs and the place of the scrubber in the last frame: the list follows when only the place moves.
    last_place: (Arc<RunList>, usize),
}

impl App {
    /// A window that talks to a worker over two bounded channels, and opens what `start` names.
    pub fn new(
        ctx: &egui::Context,
        commands: Sender<Command>,
        events: Receiver<Event>,
        start: Start,
    ) -> Self {
        theme::install(ctx);
        let mut app = Self {
            state: State::new(start.settings, start.text),
            outbox: Outbox::new(commands),
            events,
            asker: Asker::new(Arc::new(NativeDialogs)),
            browser: None,
            places: std::env::current_dir()
                .ok()
                .filter(|folder| folder.parent().is_some())
                .into_iter()
                .collect(),
            takes_drops: true,
            panels: Panels::default(),
            layout_file: None,
            palette: None,
            exporter: Exporter::default(),
            hovered: Hovered::default(),
            help_open: false,
            last_place: Default::default(),
        };
        app.act(ctx, UiCommand::Open(start.paths).into());
        (app.state.opening_demo, app.state.demo_text) = (start.demo_runs, start.demo_text);
        if let Some(benchmarks) = start.benchmarks {
            let begun = app.asker.look_at_scores(ctx, benchmarks);
            app.say_failure(begun);
        }
        app
    }

    /// Puts other dialogs in place of the desktop's.
    #[must_use]
    pub fn with_dialogs(mut self, dialogs: impl Dialogs + 'static) -> Self {
        self.asker = Asker::new(Arc::new(dialogs));
        self
    }

    /// Begins browsing in `folder` where the desktop has no dialogs.
    #[must_use]
    pub fn with_place(mut self, folder: PathBuf) -> Self {
        self.visited(folder);
        self
    }

    /// Invites to paste instead of dropping, for displays that deliver no dropped files.
    #[must_use]
    pub fn without_drops(mut self) -> Self {
        self.takes_drops = false;
        self
    }

    /// Restores the layout of the panels from a file, and keeps it there. Where that cannot be read, the panels stand as
    /// they come, and the window says why.
    #[must_use]
    pub fn with_layout(mut self, path: PathBuf) -> Self {
        let (file, layout) = LayoutFile::open(path);
        self.layout_file = Some(file);
        if let Some(layout) = self.say_failure(layout).flatten() {
            let (panels, unknown) = Panels::of(&layout);
            self.panels = panels;
            if !unknown.is_empty() {
                let text = format!("the layout names views that there are not: {}", unknown.join(", "));
                self.state.say(Message::new(Severity::Warning, text));
            }
        }
        self
    }

    /// What the window knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    fn act(&mut self, ctx: &egui::Context, action: Action) {
        let asked = match action {
            Action::Ui(command) => {
                self.state.update(command).into_iter().for_each(|command| self.outbox.push(command));
                Ok(())
            }
            Action::AskFolder => self.asker.ask(ctx, Question::Folder),
            Action::AskText => self.asker.ask(ctx, Question::Text),
            Action::AskScores => self.asker.ask(ctx, Question::Scores),
            Action::Export(panel) => self.open_export(panel),
            Action::CopyPicture(panel) => self.copy_picture(ctx, panel),
            Action::BrowseInstead => {
                if let Some(question) = self.asker.leave() {
                    self.browse(ctx, question, "Instead of the desktop's dialog.".to_owned());
                }
                Ok(())
            }
            Action::Take(paths) => self.asker.look(ctx, paths),
            Action::Fit => {
                self.panels.fit();
                Ok(())
            }
            Action::OpenPanel(kind) => {
                self.panels.open(kind);
                Ok(())
            }
            Action::Arrange(preset) => {
                if let Some(preset) = PRESETS.get(preset) {
                    self.panels.arrange(&preset.layout());
                }
                Ok(())
            }
            Action::LessNull(less_null) => {
                self.panels.set_less_null(less_null);
                Ok(())
            }
            Action::TogglePalette => {
                self.palette = if self.palette.is_some() { None } else { Some(Palette::default()) };
                Ok(())
            }
            Action::ToggleHelp => {
                self.help_open = !self.help_open;
                Ok(())
            }
        };
        self.say_failure(asked);
    }

    fn say_failure<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.state.say(Message::new(Severity::Error, error.to_string()))).ok()
    }

    /// Takes in what the worker and the dialogs have answered.
    fn receive(&mut self, ctx: &egui::Context) {
        for _ in 0..EVENTS_A_FRAME {
            let Ok(event) = self.events.try_recv() else { break };
            self.state.apply(event);
        }
        if !self.events.is_empty() {
            ctx.request_repaint();
        }
        self.receive_files(ctx);
    }

    /// Sends what waits, and what is wanted where that has changed.
    fn send(&mut self, ctx: &egui::Context) {
        self.state.look_at(self.panels.glances(self.state.view, self.exporter.panel()));
        let wanted = self.state.wanted();
        wanted.into_iter().chain(self.state.looked()).for_each(|command| self.outbox.push(command));
        match self.outbox.flush() {
            Flushed::All => {}
            Flushed::Full => ctx.request_repaint_after(RETRY),
            Flushed::Disconnected => {
                let error = Error::new(Kind::Device, "the worker has stopped").help("restart infoplane");
                self.state.worker_stopped(&error);
            }
        }
    }

    /// Writes the layout of the panels once it has not changed for a while.
    fn keep_layout(&mut self, ctx: &egui::Context) {
        let Some(file) = &mut self.layout_file else { return };
        if self.panels.take_changed() {
            file.changed();
        }
        match file.due() {
            Some(Duration::ZERO) if !file.is_writing() => {
                let written = file.write(&self.panels.layout());
                self.say_failure(written);
            }
            Some(due) => ctx.request_repaint_after(due.max(RETRY)),
            None => {}
        }
    }

    fn play(&mut self, ctx: &egui::Context) {
        let dt = ctx.input(|input| input.unstable_dt).min(LONGEST_FRAME_SECS);
        self.state.advance(dt);
        if let Some(secs) = self.state.scrubber.secs_to_next() {
            ctx.request_repaint_after(Duration::from_secs_f32(secs.max(0.0)));
        }
    }

    fn panels_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let state = &self.state;
        let asking = self.asker.is_asking();
        let bar = |ui: &Ui, vertical: i8| theme::panel_frame(ui, Margin::symmetric(14, vertical));
        let frame = bar(ui, 0);
        egui::Panel::top("toolbar").exact_size(42.0).resizable(false).frame(frame).show(ui, |ui| {
            toolbar::toolbar_ui(ui, state, asking, actions);
        });
        let frame = bar(ui, 4);
        egui::Panel::bottom("status").resizable(false).frame(frame).show(ui, |ui| {
            status::status_ui(ui, state, actions);
        });
        let frame = bar(ui, 8);
        egui::Panel::bottom("timeline").resizable(false).frame(frame).show(ui, |ui| {
            timeline_ui::timeline_ui(ui, state, actions);
        });
        let offers_own = self.asker.offers_own(ui.ctx());
        if offers_own || !state.messages.is_empty() {
            let frame = bar(ui, 6);
            egui::Panel::bottom("messages").resizable(false).frame(frame).show(ui, |ui| {
                status::messages_ui(ui, state, actions);
                if offers_own {
                    status::waiting_ui(ui, actions);
                }
            });
        }
        let position = state.scrubber.position();
        let follow = Arc::ptr_eq(&state.runs, &self.last_place.0) && position != self.last_place.1;
        self.last_place = (Arc::clone(&state.runs), position);
        let side = |panel: egui::Panel, size: f32| {
            panel.default_size(size).size_range(200.0..=420.0).frame(egui::Frame::NONE)
        };
        self.hovered = Hovered { chart: self.panels.hovered_run(state), list: None };
        side(egui::Panel::left("runs"), theme::RUNS_WIDTH).show(ui, |ui| {
            runs::runs_panel_ui(ui, state, follow, &mut self.hovered, actions);
        });
        side(egui::Panel::right("controls"), theme::CONTROLS_WIDTH).show(ui, |ui| {
            controls::controls_panel_ui(ui, state, self.panels.less_null(), actions);
        });
        if state.borrows_text() {
            let frame = bar(ui, 4);
            egui::Panel::top("borrowed text").resizable(false).frame(frame).show(ui, |ui| {
                welcome::borrowed_text_ui(ui, asking, actions);
            });
        }
        egui::CentralPanel::no_frame().show(ui, |ui| {
            let area = ui.available_rect_before_wrap();
            ui.painter().rect_filled(area, 0.0, theme::palette(ui.visuals()).ground);
            if state.has_numbers() {
                let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(area));
                panels::panels_ui(&mut ui, state, &mut self.panels, self.hovered.list, actions);
            }
            welcome::welcome_ui(ui, area, state, asking, self.takes_drops, actions);
        });
    }
}

impl App {
    fn palette_ui(&mut self, ctx: &egui::Context, actions: &mut Vec<Action>) {
        let Some(palette) = &mut self.palette else { return };
        let (is_open, action) = panels::palette_ui(ctx, palette, self.panels.less_null());
        actions.extend(action);
        if !is_open {
            self.palette = None;
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.receive(ctx);
        self.send(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let mut actions = Vec::new();
        self.play(&ctx);
        if self.browser.is_none() && !self.exporter.is_open() {
            let is_covered = self.help_open || self.palette.is_some();
            shortcuts::shortcuts(&ctx, &self.state, is_covered, &mut actions);
        }
        shortcuts::dropped_files(&ctx, &mut actions);
        self.panels_ui(ui, &mut actions);
        shortcuts::drop_hint_ui(ui);
        if self.help_open {
            self.help_open = shortcuts::help_ui(&ctx);
        }
        self.palette_ui(&ctx, &mut actions);
        self.export_ui(&ctx, &mut actions);
        self.browser_ui(&ctx);
        widgets::focus_ring(&ctx);
        if !actions.is_empty() {
            // What an action changed is drawn in the next frame.
            ctx.request_repaint();
        }
        actions.into_iter().for_each(|action| self.act(&ctx, action));
        self.keep_layout(&ctx);
        self.send(&ctx);
    }

    fn on_exit(&mut self) {
        self.outbox.send_last(Command::Want(Vec::new()), GOODBYE);
        let is_changed = self.panels.take_changed();
        if let Some(file) = &mut self.layout_file {
            let written = if is_changed || file.due().is_some() {
                file.write(&self.panels.layout()).and(file.finish())
            } else {
                file.finish()
            };
            // There is no window left to say it in.
            drop(written);
        }
    }
}

/// Whether the window is one of Wayland, which winit prefers and on which it delivers no dropped files.
fn on_wayland() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "linux") && (is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET"))
}

/// Opens the window and stays until it is closed.
///
/// `spawn` starts the worker: it gets the window's context, to ask for a frame whenever the worker has said
/// something, and returns where commands go and events come from.
///
/// # Errors
/// Where there is no display, or nothing that could draw on it.
pub fn run(
    start: Start,
    spawn: impl FnOnce(egui::Context) -> Result<(Sender<Command>, Receiver<Event>)>,
) -> Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("infoplane")
        .with_app_id("infoplane")
        .with_inner_size(vec2(1280.0, 800.0))
        .with_min_inner_size(vec2(860.0, 560.0));
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Wgpu,
        ..eframe::NativeOptions::default()
    };
    let create = |cc: &eframe::CreationContext<'_>| {
        let (commands, events) = spawn(cc.egui_ctx.clone())?;
        let app = App::new(&cc.egui_ctx, commands, events, start);
        let app = match dirs::config_dir() {
            Some(folder) => app.with_layout(folder.join("infoplane").join("layout.json")),
            None => app,
        };
        let app: Box<dyn eframe::App> = Box::new(if on_wayland() { app.without_drops() } else { app });
        Ok(app)
    };
    eframe::run_native("infoplane", options, Box::new(create)).map_err(|error| {
        let headless = std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none();
        if headless && cfg!(target_os = "linux") {
            Error::new(Kind::Device, "there is no display to open a window on")
                .help("use `infoplane measure` instead, or set DISPLAY or WAYLAND_DISPLAY")
        } else {
            Error::new(Kind::Device, format!("the window could not be opened: {error}"))
                .help("check that a Vulkan or OpenGL driver is installed, or use `infoplane measure`")
        }
    })
}
