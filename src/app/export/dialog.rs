//! The dialog as data: what is chosen, what is asked, and the files that come of it.

use std::path::{Path, PathBuf};

use crossbeam_channel::Receiver;
use egui_tiles::TileId;
use serde_json::{Map, Value};

use super::choices::{Choices, Form, Scope, Zoom};
use super::file::FileField;
use super::preview::Preview;
use crate::app::panels::Exportable;
use crate::error::Result;
use crate::figure::{Pixels, Vision};
use crate::state::{Severity, State};
use crate::words::counted;

/// Exports figures: what was chosen last, and the dialog while it is open.
#[derive(Default)]
pub(in crate::app) struct Exporter {
    pub(super) choices: Choices,
    /// Those that were kept last.
    kept: Map<String, Value>,
    pub(super) dialog: Option<Dialog>,
    /// A picture on its way to the clipboard.
    pub(super) copying: Option<Receiver<Result<Pixels>>>,
}

/// The dialog.
pub(super) struct Dialog {
    /// The panel whose figure is shown, and exported where no others are.
    pub(super) panel: TileId,
    pub(super) scope: Scope,
    pub(super) zoom: Zoom,
    /// Who the preview is seen by.
    pub(super) vision: Vision,
    pub(super) file: FileField,
    pub(super) preview: Preview,
    pub(super) step: Step,
    /// What there is to be said of the last thing asked.
    pub(super) note: Option<(Severity, String)>,
    /// Whether the button that exports is to get the focus.
    pub(super) takes_focus: bool,
}

/// How far the export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Everything can still be chosen.
    Choosing,
    /// It is asked for, and waits for word on what is at its place.
    Asked,
    /// The file is being written.
    Writing,
}

/// What the dialog asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Close,
    Export,
    /// The same, and the file that is there goes.
    Replace,
    Browse,
    CopyPicture,
    CopyCommand,
}

/// What the dialog is drawn from, beside what is chosen.
pub(super) struct Given<'g> {
    pub(super) state: &'g State,
    pub(super) panels: &'g [Exportable],
    /// Which of the panels is exported.
    pub(super) place: usize,
    /// Whether a picture is on its way to the clipboard.
    pub(super) is_copying: bool,
    /// Whether a dialog of the desktop is open.
    pub(super) is_asking: bool,
    /// Whether it is open for so long that the window's own is to be offered.
    pub(super) offers_own: bool,
    /// Whether keys are the dialog's.
    pub(super) has_keys: bool,
}

impl Exporter {
    /// The panel whose figure is being exported.
    pub(in crate::app) fn panel(&self) -> Option<TileId> {
        self.dialog.as_ref().map(|dialog| dialog.panel)
    }

    /// Whether the dialog is open.
    pub(in crate::app) fn is_open(&self) -> bool {
        self.dialog.is_some()
    }

    /// What is kept of the choices from one window to the next.
    pub(in crate::app) fn kept(&self) -> &Map<String, Value> {
        &self.kept
    }

    /// Takes up what was kept.
    pub(in crate::app) fn restore(&mut self, kept: &Map<String, Value>) {
        self.choices = Choices::of(kept);
        self.kept = self.choices.kept();
    }

    /// Whether the choices are others than when this was asked last.
    pub(in crate::app) fn take_changed(&mut self) -> bool {
        let kept = self.choices.kept();
        let is_changed = kept != self.kept;
        self.kept = kept;
        is_changed
    }
}

impl Dialog {
    /// A dialog on a panel, whose figure goes to a file.
    pub(super) fn new(panel: TileId, file: FileField) -> Self {
        Self {
            panel,
            scope: Scope::default(),
            zoom: Zoom::default(),
            vision: Vision::default(),
            file,
            preview: Preview::default(),
            step: Step::Choosing,
            note: None,
            takes_focus: true,
        }
    }

    /// The panels that are exported, of the one shown and all that there are, in an order that stays.
    pub(super) fn exported<'p>(&self, panels: &'p [Exportable], place: usize) -> Vec<&'p Exportable> {
        match self.scope {
            Scope::Panel => panels.get(place).into_iter().collect(),
            Scope::All => {
                let mut all: Vec<&Exportable> = panels.iter().collect();
                all.sort_by_key(|panel| panel.id.0);
                all
            }
        }
    }

    /// The files of the panels that are exported; none where no file is named.
    pub(super) fn targets(&self, panels: &[Exportable], place: usize, form: Form) -> Vec<PathBuf> {
        match self.scope {
            Scope::Panel => self.file.target(form).into_iter().collect(),
            Scope::All => {
                self.file.targets(form, self.exported(panels, place).into_iter().map(|panel| panel.view.kind))
            }
        }
    }

    /// The file of the panel that is shown, likewise.
    pub(super) fn target(&self, panels: &[Exportable], place: usize, form: Form) -> Option<PathBuf> {
        let at = self.exported(panels, place).iter().position(|panel| panel.id == panels[place].id)?;
        self.targets(panels, place, form).into_iter().nth(at)
    }

    /// Suggests a name for the file, unless one is given.
    pub(super) fn suggest(&mut self, kind: &str, form: Form) {
        let name = if self.scope == Scope::All { "figure" } else { kind };
        self.file.suggest(name, form);
    }
}

/// What is said of files that were written.
pub(super) fn words_of(files: &[PathBuf]) -> String {
    match files {
        [file] => format!("Figure written to {}", file.display()),
        _ => {
            let folder = files.first().and_then(|file| file.parent()).unwrap_or(Path::new(""));
            let names = files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy());
            let names = names.collect::<Vec<_>>().join(", ");
            format!("{} written to {}: {names}", counted(files.len(), "figure"), folder.display())
        }
    }
}
