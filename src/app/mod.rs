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
//! | `actions` | how it is done what panels ask of the window |
//! | `keeping` | what outlives the window |
//! | [`dialogs`] | the desktop's dialogs, replaceable in tests, and all else that may block |
//! | `writing` | figures to files |
//! | `portal` | whether the desktop has dialogs |
//! | `browser` | the window's own dialog, where it has none |
//! | `pasted`, `incoming`, `files` | paths in a text, what they lead to, and what becomes of files chosen or dropped |
//! | `regions`, `sides` | where bars, drawers and panels stand |
//! | `toolbar`, `runs`, `controls`, `pins`, `timeline_ui`, `status`, `welcome` | what stands around the charts |
//! | `panels` | charts and numbers side by side |
//! | `export` | the figure of a panel to a file and to the clipboard |
//! | `chart` | any chart, on egui_plot |
//! | `numbers` | the numbers at the scrubber, in a table |
//! | `pair` | a preference pair in tokens |
//! | `shortcuts`, `escape`, `help` | keys and dropped files; what Esc leaves; the page of keys |
//! | `native` | the desktop's window |
//! | `theme`, `widgets` | how all of it looks |

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use eframe::egui::{self, Ui};

use crate::condition::TextSource;
use crate::engine::{Command, Event, RunList};
use crate::error::{Error, Kind, Result};
use crate::settings::Settings;
use crate::state::{Message, Severity, State, UiCommand};

mod actions;
mod browser;
mod chart;
mod controls;
pub mod dialogs;
mod escape;
mod export;
mod files;
mod help;
mod incoming;
mod keeping;
mod native;
mod numbers;
mod outbox;
mod pair;
mod panels;
mod pasted;
mod pins;
mod portal;
mod regions;
mod runs;
mod shortcuts;
mod sides;
mod status;
mod theme;
mod timeline_ui;
mod toolbar;
mod welcome;
mod widgets;
mod writing;

pub use native::run;

use browser::Browser;
use dialogs::{Asker, Dialogs, NativeDialogs};
use egui_tiles::TileId;
use escape::Held;
use export::Exporter;
use outbox::{Flushed, Outbox};
use panels::{LayoutFile, Palette, PanelKind, Panels};
use regions::DrawerFocus;
use runs::Hovered;
use sides::{Drawer, Sides};

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
    /// Ask for preference pairs.
    AskPairs,
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
    /// Show in the panel used last what was in sight before.
    UndoZoom,
    /// Show in it again what was left by that.
    RedoZoom,
    /// Move the focus so many panels on, or back where it is less than zero.
    NextPanel(i32),
    /// Open the menu of the chart used last.
    Menu,
    /// Open or close a drawer.
    Toggle(Drawer),
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
    sides: Sides,
    /// Where the focus goes as drawers open and close.
    drawer_focus: DrawerFocus,
    help_open: bool,
    /// What had the focus in the last frame.
    held: Held,
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
            sides: Sides::Standing,
            drawer_focus: DrawerFocus::default(),
            help_open: false,
            held: Held::Nothing,
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

    /// What the window knows.
    pub fn state(&self) -> &State {
        &self.state
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

    fn play(&mut self, ctx: &egui::Context) {
        let dt = ctx.input(|input| input.unstable_dt).min(LONGEST_FRAME_SECS);
        self.state.advance(dt);
        if let Some(secs) = self.state.scrubber.secs_to_next() {
            ctx.request_repaint_after(Duration::from_secs_f32(secs.max(0.0)));
        }
    }

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
            if !is_covered && shortcuts::is_escape(&ctx) {
                self.escape(&ctx);
            }
            shortcuts::shortcuts(&ctx, &self.state, is_covered, &mut actions);
        }
        shortcuts::dropped_files(&ctx, &mut actions);
        self.regions_ui(ui, &mut actions);
        shortcuts::drop_hint_ui(ui);
        if self.help_open {
            self.help_open = help::help_ui(&ctx);
        }
        self.palette_ui(&ctx, &mut actions);
        self.export_ui(&ctx, &mut actions);
        self.browser_ui(&ctx);
        widgets::focus_ring(&ctx);
        self.held = self.held(&ctx);
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
        self.keep_layout_at_last();
    }
}
