//! What has to be asked of the desktop, and everything else that would make the window wait.
//!
//! A dialog blocks until the user answers, and so may a file of another machine; so each is waited for on a thread of
//! its own, and the answer comes back through a bounded channel. Tests answer in place of the desktop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use eframe::egui;

use super::incoming::{self, Incoming};
use super::portal;
use super::writing::{Making, Written, written};
use crate::corpus;
use crate::error::{Error, Kind, Result};

/// A dialog that is open for longer may be one that nobody sees: the window offers its own.
const OFFER_OWN: Duration = Duration::from_millis(1500);
/// Nobody opens, reads and cancels a dialog in less.
const TOO_SHORT_FOR_A_USER: Duration = Duration::from_millis(250);

/// Asks the user for files; may block.
pub trait Dialogs: Send + Sync {
    /// A folder with a model, a run or several; `None` when the user changed their mind.
    ///
    /// # Errors
    /// Where no dialog can be shown.
    fn open_folder(&self) -> Result<Option<PathBuf>>;

    /// A text or token file; `None` when the user changed their mind.
    ///
    /// # Errors
    /// Where no dialog can be shown.
    fn choose_text(&self) -> Result<Option<PathBuf>>;

    /// A file of preference pairs; `None` when the user changed their mind.
    ///
    /// # Errors
    /// Where no dialog can be shown.
    fn choose_pairs(&self) -> Result<Option<PathBuf>>;

    /// A file of benchmark scores; `None` when the user changed their mind.
    ///
    /// # Errors
    /// Where no dialog can be shown.
    fn choose_scores(&self) -> Result<Option<PathBuf>>;

    /// Where to write a figure, `None` when the user changed their mind; `suggested` is what is offered.
    ///
    /// # Errors
    /// Where no dialog can be shown.
    fn save_figure(&self, suggested: &Path) -> Result<Option<PathBuf>>;
}

/// The dialogs of the desktop.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeDialogs;

impl Dialogs for NativeDialogs {
    fn open_folder(&self) -> Result<Option<PathBuf>> {
        shown(|| rfd::FileDialog::new().set_title(TITLE_FOLDER).pick_folder())
    }

    fn choose_text(&self) -> Result<Option<PathBuf>> {
        shown(|| {
            rfd::FileDialog::new()
                .set_title(TITLE_TEXT)
                .add_filter("Text or tokens", &[&corpus::EXTENSIONS[..], &["safetensors"]].concat())
                .add_filter("All files", &["*"])
                .pick_file()
        })
    }

    fn choose_pairs(&self) -> Result<Option<PathBuf>> {
        shown(|| {
            rfd::FileDialog::new()
                .set_title(TITLE_PAIRS)
                .add_filter("Preference pairs", &corpus::EXTENSIONS)
                .add_filter("All files", &["*"])
                .pick_file()
        })
    }

    fn choose_scores(&self) -> Result<Option<PathBuf>> {
        shown(|| {
            rfd::FileDialog::new()
                .set_title(TITLE_SCORES)
                .add_filter("Scores", &["csv", "tsv", "json"])
                .add_filter("All files", &["*"])
                .pick_file()
        })
    }

    fn save_figure(&self, suggested: &Path) -> Result<Option<PathBuf>> {
        shown(|| {
            let dialog = rfd::FileDialog::new().set_title(TITLE_FIGURE);
            let dialog = suggested.parent().into_iter().fold(dialog, rfd::FileDialog::set_directory);
            let name = suggested.file_name().unwrap_or_default().to_string_lossy();
            let extension = suggested.extension().unwrap_or_default().to_string_lossy();
            let dialog = dialog.set_file_name(name).add_filter(extension.to_uppercase(), &[&*extension]);
            dialog.save_file()
        })
    }
}

/// What a dialog answers, where the desktop has one to show.
fn shown(dialog: impl FnOnce() -> Option<PathBuf>) -> Result<Option<PathBuf>> {
    portal::check()?;
    let since = Instant::now();
    match dialog() {
        None if since.elapsed() < TOO_SHORT_FOR_A_USER => {
            Err(Error::new(Kind::Output, "the desktop's dialog closed as soon as it was opened"))
        }
        answer => Ok(answer),
    }
}

const TITLE_FOLDER: &str = "Open checkpoints";
const TITLE_TEXT: &str = "Choose a text corpus";
const TITLE_PAIRS: &str = "Choose preference pairs";
const TITLE_SCORES: &str = "Open benchmark scores";
const TITLE_FIGURE: &str = "Export figure";

/// What the user is asked for.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// A folder to open.
    Folder,
    /// A text to measure on.
    Text,
    /// Preference pairs to measure, beside a text or alone.
    Pairs,
    /// Scores of benchmarks.
    Scores,
    /// Where to write a figure; this path is offered.
    Figure(PathBuf),
}

impl Question {
    /// The title of a dialog that asks it.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Folder => TITLE_FOLDER,
            Self::Text => TITLE_TEXT,
            Self::Pairs => TITLE_PAIRS,
            Self::Scores => TITLE_SCORES,
            Self::Figure(..) => TITLE_FIGURE,
        }
    }

    /// Whether a folder answers it.
    pub(super) fn takes_folders(&self) -> bool {
        matches!(self, Self::Folder)
    }

    /// The file that is offered to be written; `None` where one is chosen to be read.
    pub(super) fn saves(&self) -> Option<&Path> {
        match self {
            Self::Figure(suggested) => Some(suggested),
            Self::Folder | Self::Text | Self::Pairs | Self::Scores => None,
        }
    }
}

/// What came of something that was waited for.
#[derive(Debug)]
pub(super) enum Answer {
    /// The user's choice in a dialog of the desktop, `None` where they changed their mind; or why there was no dialog.
    Chosen(Question, Result<Option<PathBuf>>),
    /// What the paths lead to that were dropped, pasted or chosen.
    Looked(Vec<Result<Incoming>>),
    /// Where figures now lie.
    Written(Result<Written>),
}

/// A dialog of the desktop that is open.
struct Open {
    number: u64,
    question: Question,
    since: Instant,
}

/// Waits on threads of its own; one dialog of the desktop is open at a time.
pub(super) struct Asker {
    dialogs: Arc<dyn Dialogs>,
    sender: Sender<(u64, Answer)>,
    receiver: Receiver<(u64, Answer)>,
    open: Option<Open>,
    /// How many threads were ever started.
    count: u64,
}

impl Asker {
    pub(super) fn new(dialogs: Arc<dyn Dialogs>) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        Self { dialogs, sender, receiver, open: None, count: 0 }
    }

    /// Whether a dialog of the desktop is open.
    pub(super) fn is_asking(&self) -> bool {
        self.open.is_some()
    }

    /// Whether a dialog of the desktop is open for so long that the window's own is to be offered; asks for a frame
    /// when it will be.
    pub(super) fn offers_own(&self, ctx: &egui::Context) -> bool {
        let Some(open) = &self.open else { return false };
        let left = OFFER_OWN.saturating_sub(open.since.elapsed());
        if !left.is_zero() {
            ctx.request_repaint_after(left);
        }
        left.is_zero()
    }

    /// Waits no longer for the dialog of the desktop, whatever it answers; what it asks.
    pub(super) fn leave(&mut self) -> Option<Question> {
        self.open.take().map(|open| open.question)
    }

    /// An answer, once there.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        loop {
            let (number, answer) = self.receiver.try_recv().ok()?;
            if !matches!(answer, Answer::Chosen(..)) {
                return Some(answer);
            }
            if self.open.as_ref().is_some_and(|open| open.number == number) {
                self.open = None;
                return Some(answer);
            }
        }
    }

    /// Asks for something in a dialog of the desktop, unless one is open.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn ask(&mut self, ctx: &egui::Context, question: Question) -> Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let (dialogs, asked) = (Arc::clone(&self.dialogs), question.clone());
        let number = self.wait(ctx, move || {
            // Whatever becomes of the dialog, there is an answer: without one none could be opened again.
            let ask = AssertUnwindSafe(|| match &asked {
                Question::Folder => dialogs.open_folder(),
                Question::Text => dialogs.choose_text(),
                Question::Pairs => dialogs.choose_pairs(),
                Question::Scores => dialogs.choose_scores(),
                Question::Figure(suggested) => dialogs.save_figure(suggested),
            });
            let answer = catch_unwind(ask)
                .unwrap_or_else(|_| Err(Error::new(Kind::Output, "the dialog of the desktop broke down")));
            Answer::Chosen(asked, answer)
        })?;
        self.open = Some(Open { number, question, since: Instant::now() });
        Ok(())
    }

    /// Finds out what paths lead to.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn look(&mut self, ctx: &egui::Context, paths: Vec<PathBuf>) -> Result<()> {
        self.wait(ctx, move || Answer::Looked(paths.iter().map(|path| incoming::look(path)).collect()))?;
        Ok(())
    }

    /// Finds out whether a file that was chosen as the text holds text or tokens.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn look_at_text(&mut self, ctx: &egui::Context, path: PathBuf) -> Result<()> {
        self.wait(ctx, move || Answer::Looked(vec![Ok(Incoming::Text(incoming::text(&path)))]))?;
        Ok(())
    }

    /// Reads scores that were chosen as such.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn look_at_scores(&mut self, ctx: &egui::Context, path: PathBuf) -> Result<()> {
        self.wait(ctx, move || Answer::Looked(vec![incoming::scores(&path)]))?;
        Ok(())
    }

    /// Makes files, and writes them once all are made.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn write(&mut self, ctx: &egui::Context, making: Vec<Making>) -> Result<()> {
        // Whatever becomes of it there is an answer, which the export waits for.
        self.wait(ctx, move || Answer::Written(written(making)))?;
        Ok(())
    }

    /// Does something that may block on a thread of its own; the number of the answer.
    fn wait(&mut self, ctx: &egui::Context, work: impl FnOnce() -> Answer + Send + 'static) -> Result<u64> {
        let (number, sender, ctx) = (self.count, self.sender.clone(), ctx.clone());
        std::thread::Builder::new()
            .name("infoplane-dialog".to_owned())
            .spawn(move || {
                // The window may be gone by now, and then nobody waits for the answer.
                let _ = sender.send((number, work()));
                ctx.request_repaint();
            })
            .map_err(|error| Error::new(Kind::Output, format!("no thread could be started: {error}")))?;
        self.count += 1;
        Ok(number)
    }
}
