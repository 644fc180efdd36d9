//! The export of a panel's figure: a dialog in the window, a preview of what will be written, and the clipboard.
//!
//! | file | duty |
//! |---|---|
//! | `choices` | what can be chosen: form, size, look |
//! | `spec` | a figure to be exported, and the file it makes |
//! | `preview` | that file as it looks, made on a thread |
//! | `file` | where it is written, and what is there already |
//! | `remake` | the command lines that remake it |
//! | `dialog` | the dialog as data: what is chosen and asked |
//! | `view`, `controls` | the dialog on screen |

mod choices;
mod controls;
mod dialog;
mod file;
mod preview;
mod remake;
mod spec;
mod view;

use std::path::{Path, PathBuf};

use eframe::egui::{self, Context};
use egui_tiles::TileId;

use super::dialogs::Question;
use super::panels::Exportable;
use super::writing::{Making, Written};
use super::{Action, App};
use crate::error::{Error, Kind, Result};
use crate::state::{Message, Severity};
use crate::words::counted;
use choices::Form;
pub(super) use dialog::Exporter;
use dialog::{Ask, Dialog, Given, Step, words_of};
use file::{FileField, There};
use preview::{image, on_thread, received};
use spec::Spec;

impl App {
    /// Opens the dialog on a panel; on the one used last without.
    ///
    /// # Errors
    /// Where there is no panel.
    pub(super) fn open_export(&mut self, panel: Option<TileId>) -> Result<()> {
        let panels = self.exportable()?;
        let panel = panel.and_then(|id| panels.iter().find(|panel| panel.id == id)).unwrap_or(&panels[0]);
        let folder = self.places.last().cloned().or_else(dirs::home_dir).unwrap_or_default();
        let file = FileField::new(folder, panel.view.kind, self.exporter.choices.form);
        self.exporter.dialog = Some(Dialog::new(panel.id, file));
        Ok(())
    }

    /// The panels, the one used last first; at least one.
    fn exportable(&self) -> Result<Vec<Exportable>> {
        let nothing = |help| Error::new(Kind::Output, "there is nothing to export yet").help(help);
        if !self.state.has_numbers() {
            return Err(nothing("measure first"));
        }
        let panels = self.panels.exportable(self.state.view);
        if panels.is_empty() { Err(nothing("open a view first")) } else { Ok(panels) }
    }

    /// Copies the picture of a panel, as large as pictures were exported last.
    ///
    /// # Errors
    /// Where there is no such panel.
    pub(super) fn copy_picture(&mut self, ctx: &Context, panel: TileId) -> Result<()> {
        let panels = self.exportable()?;
        if let Some(panel) = panels.into_iter().find(|of| of.id == panel) {
            let spec = Spec::new(&self.state, panel.view, panel.options, self.exporter.choices.clone());
            self.exporter.copying = Some(on_thread(ctx, move || spec.pixels()));
        }
        Ok(())
    }

    /// Hands a picture that is ready to the clipboard.
    fn hand_over(&mut self, ctx: &Context) {
        let Some(pixels) = self.exporter.copying.as_ref().and_then(received) else { return };
        self.exporter.copying = None;
        let said = match pixels {
            Ok(pixels) => {
                ctx.copy_image(image(&pixels));
                let [width, height] = pixels.size;
                (Severity::Good, format!("Picture copied, {width} × {height} pixels"))
            }
            Err(error) => (Severity::Error, error.to_string()),
        };
        self.say_of_export(said);
    }

    /// Says something in the dialog, or below the window where it is closed.
    fn say_of_export(&mut self, (severity, text): (Severity, String)) {
        match &mut self.exporter.dialog {
            Some(dialog) => dialog.note = Some((severity, text)),
            None => self.state.say(Message::new(severity, text)),
        }
    }

    /// Takes the file that was chosen for the figure.
    pub(super) fn take_export_file(&mut self, path: &Path) {
        match &mut self.exporter.dialog {
            Some(dialog) => {
                dialog.file.choose(path);
                if let Some(form) = Form::of(path) {
                    self.exporter.choices.form = form;
                }
                (dialog.note, dialog.takes_focus) = (None, true);
            }
            None => {
                let said = "the file was chosen after the export was closed; nothing is written";
                self.state.say(Message::new(Severity::Warning, said));
            }
        }
    }

    /// Says that no file was chosen.
    pub(super) fn no_export_file(&mut self, said: &str) {
        if let Some(dialog) = &mut self.exporter.dialog {
            dialog.note = Some((Severity::Info, said.to_owned()));
        }
    }

    /// Takes in what became of writing: on success the dialog closes, else it says why and stays.
    pub(super) fn exported(&mut self, written: Result<Written>) {
        let is_writing = self.exporter.dialog.as_ref().is_some_and(|dialog| dialog.step == Step::Writing);
        match written {
            Ok(Written { files, left_out, faults }) => {
                self.exporter.dialog.take_if(|_| is_writing);
                if let Some(folder) = files.first().and_then(|file| file.parent()) {
                    self.visited(folder.to_owned());
                }
                if !left_out.is_empty() {
                    let said =
                        format!("{} not written: {}", counted(left_out.len(), "figure"), left_out.join("; "));
                    self.state.say(Message::new(Severity::Warning, said));
                }
                // Of one the dialog has said it.
                if !faults.is_empty() && files.len() > 1 {
                    let said = format!("checked for what journals ask: {}", faults.join("; "));
                    self.state.say(Message::new(Severity::Warning, said));
                }
                self.state.say(Message::new(Severity::Good, words_of(&files)).of_files(files));
            }
            Err(error) => {
                if let Some(dialog) = self.exporter.dialog.as_mut().filter(|_| is_writing) {
                    dialog.step = Step::Choosing;
                    dialog.file.forget();
                    dialog.note = Some((Severity::Error, error.to_string()));
                } else {
                    self.state.say(Message::new(Severity::Error, error.to_string()));
                }
            }
        }
    }

    /// Draws the dialog, where it is open, and does what it asks.
    pub(super) fn export_ui(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        self.hand_over(ctx);
        if !self.exporter.is_open() {
            return;
        }
        let panels = match self.exportable() {
            Ok(panels) => panels,
            Err(error) => {
                // The runs it was of are no longer open.
                self.exporter.dialog = None;
                return self.state.say(Message::new(Severity::Warning, error.to_string()));
            }
        };
        let Exporter { choices, dialog, copying, .. } = &mut self.exporter;
        let Some(dialog) = dialog else { return };
        let place = panels.iter().position(|panel| panel.id == dialog.panel).unwrap_or(0);
        let given = Given {
            state: &self.state,
            panels: &panels,
            place,
            is_copying: copying.is_some(),
            is_asking: self.asker.is_asking(),
            offers_own: self.asker.offers_own(ctx),
            has_keys: self.browser.is_none(),
        };
        let (spec, ask) = view::dialog_ui(ctx, dialog, choices, &given, actions);
        let targets = dialog.targets(&panels, place, choices.form);
        let is_due =
            dialog.step == Step::Asked && (targets.is_empty() || dialog.file.there(ctx, &targets).is_some());
        let ask = ask.or_else(|| is_due.then_some(Ask::Export));
        if let Some(ask) = ask {
            self.follow_export(ctx, ask, spec, (&panels, place));
            ctx.request_repaint();
        }
    }

    fn follow_export(
        &mut self,
        ctx: &Context,
        ask: Ask,
        spec: Spec,
        (panels, place): (&[Exportable], usize),
    ) {
        let Some(dialog) = &mut self.exporter.dialog else { return };
        let form = spec.choices.form;
        let begun = match ask {
            Ask::Close => {
                self.exporter.dialog = None;
                Ok(())
            }
            Ask::Export | Ask::Replace => {
                dialog.note = None;
                let targets = dialog.targets(panels, place, form);
                let there = dialog.file.there(ctx, &targets);
                match (ask, there) {
                    _ if targets.is_empty() => {
                        Err(Error::new(Kind::Output, "the figure needs a file name").help("type one"))
                    }
                    (Ask::Export, None) => {
                        dialog.step = Step::Asked;
                        Ok(())
                    }
                    // The button says what would become of it; that is what has to be pressed.
                    (Ask::Export, Some(There::Files(_))) => {
                        (dialog.step, dialog.takes_focus) = (Step::Choosing, true);
                        Ok(())
                    }
                    _ => {
                        dialog.step = Step::Writing;
                        let making = |(panel, target): (&Exportable, PathBuf)| -> Making {
                            let options = panel.options.clone();
                            let spec = Spec::new(&self.state, panel.view, options, spec.choices.clone());
                            (target, Box::new(move || spec.made()))
                        };
                        let exported = dialog.exported(panels, place);
                        let making: Vec<Making> = exported.into_iter().zip(targets).map(making).collect();
                        self.asker.write(ctx, making)
                    }
                }
            }
            Ask::Browse => {
                let suggested = dialog.file.target(form);
                let suggested =
                    suggested.unwrap_or_else(|| format!("{}.{}", spec.view.kind, form.extension()).into());
                dialog.note = None;
                self.asker.ask(ctx, Question::Figure(suggested))
            }
            Ask::CopyPicture => {
                dialog.note = None;
                self.exporter.copying = Some(on_thread(ctx, move || spec.pixels()));
                Ok(())
            }
            Ask::CopyCommand => {
                if let Some(chart) = dialog.preview.chart_of(&spec) {
                    let out = dialog.target(panels, place, form).unwrap_or_default();
                    let (text, said) = remake::commands(&self.state, &spec, chart, &out);
                    ctx.copy_text(text);
                    dialog.note = Some((Severity::Good, said));
                }
                Ok(())
            }
        };
        if let Err(error) = begun {
            if let Some(dialog) = &mut self.exporter.dialog {
                dialog.step = Step::Choosing;
            }
            self.say_of_export((Severity::Error, error.to_string()));
        }
    }
}

/// The identity of the dialog among the areas of the window.
fn modal_id() -> egui::Id {
    egui::Id::unique("export")
}
