//! What has to be asked of the desktop, and everything else that would make the window wait.
//!
//! A dialog blocks until the user answers, so each is asked on a thread of its own, and its answer comes
//! back through a bounded channel. Tests answer in place of the desktop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use eframe::egui;

use crate::condition::TextSource;
use crate::error::{Error, Kind, Result};
use crate::figure::{self, Scene};

/// Asks the user for files; may block.
pub trait Dialogs: Send + Sync {
    /// A folder with a model, a run or several; `None` when the user changed their mind.
    fn open_folder(&self) -> Option<PathBuf>;

    /// A text or token file.
    fn choose_text(&self) -> Option<PathBuf>;

    /// Where to write a figure; `extension` is `svg` or `png`.
    fn save_figure(&self, extension: &str) -> Option<PathBuf>;
}

/// The dialogs of the desktop.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeDialogs;

impl Dialogs for NativeDialogs {
    fn open_folder(&self) -> Option<PathBuf> {
        rfd::FileDialog::new().set_title("Open checkpoints").pick_folder()
    }

    fn choose_text(&self) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Choose a text corpus")
            .add_filter("Text or tokens", &["txt", "jsonl", "json", "gz", "safetensors"])
            .add_filter("All files", &["*"])
            .pick_file()
    }

    fn save_figure(&self, extension: &str) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Export the information plane")
            .set_file_name(format!("plane.{extension}"))
            .add_filter(extension.to_uppercase(), &[extension])
            .save_file()
    }
}

/// Text or tokens, by the extension of a file.
pub fn text_source(path: PathBuf) -> TextSource {
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        TextSource::Tokens(path)
    } else {
        TextSource::Corpus(path)
    }
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Answer {
    Folder(Option<PathBuf>),
    Text(Option<PathBuf>),
    /// Where the figure now lies.
    Exported(Result<Option<PathBuf>>),
    /// The dialog broke down.
    Failed(Error),
}

/// Asks one thing at a time on a thread of its own.
pub(super) struct Asker {
    dialogs: Arc<dyn Dialogs>,
    sender: Sender<Answer>,
    receiver: Receiver<Answer>,
    asking: bool,
}

impl Asker {
    pub(super) fn new(dialogs: Arc<dyn Dialogs>) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        Self { dialogs, sender, receiver, asking: false }
    }

    /// Whether an answer is still to come.
    pub(super) fn is_asking(&self) -> bool {
        self.asking
    }

    /// The answer, once there.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        let answer = self.receiver.try_recv().ok()?;
        self.asking = false;
        Some(answer)
    }

    pub(super) fn ask_folder(&mut self, ctx: &egui::Context) -> Result<()> {
        self.ask(ctx, |dialogs| Answer::Folder(dialogs.open_folder()))
    }

    pub(super) fn ask_text(&mut self, ctx: &egui::Context) -> Result<()> {
        self.ask(ctx, |dialogs| Answer::Text(dialogs.choose_text()))
    }

    /// Asks where to write `scene` and writes it there.
    pub(super) fn export(
        &mut self,
        ctx: &egui::Context,
        scene: Scene,
        extension: &'static str,
    ) -> Result<()> {
        self.ask(ctx, move |dialogs| {
            let Some(mut path) = dialogs.save_figure(extension) else { return Answer::Exported(Ok(None)) };
            if path.extension().is_none() {
                path.set_extension(extension);
            }
            // Two pixels a point: sharp on paper and on dense screens.
            Answer::Exported(figure::write(&scene, &path, 2.0).map(|()| Some(path)))
        })
    }

    fn ask(
        &mut self,
        ctx: &egui::Context,
        question: impl FnOnce(&dyn Dialogs) -> Answer + Send + 'static,
    ) -> Result<()> {
        if self.asking {
            return Ok(());
        }
        let (dialogs, sender, ctx) = (Arc::clone(&self.dialogs), self.sender.clone(), ctx.clone());
        std::thread::Builder::new()
            .name("infoplane-dialog".to_owned())
            .spawn(move || {
                // Whatever becomes of the dialog, there is an answer: without one none could be opened again.
                let question = AssertUnwindSafe(|| question(&*dialogs));
                let answer = catch_unwind(question).unwrap_or_else(|_| {
                    let error = Error::new(Kind::Output, "the dialog of the desktop broke down");
                    Answer::Failed(error.help("drop folders and files on the window instead"))
                });
                // The window may be gone by now, and then nobody waits for the answer.
                let _ = sender.send(answer);
                ctx.request_repaint();
            })
            .map_err(|error| Error::new(Kind::Output, format!("no dialog could be opened: {error}")))?;
        self.asking = true;
        Ok(())
    }
}
