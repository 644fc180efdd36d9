//! What outlives the window: where panels stand and what was chosen of figures, in a file.

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui;

use super::panels::{Layout, LayoutFile, Panels};
use super::{App, RETRY};
use crate::state::{Message, Severity};

impl App {
    /// Restores the layout of the panels from a file, and keeps it there. Where that cannot be read, the panels stand as
    /// they come, and the window says why.
    #[must_use]
    pub fn with_layout(mut self, path: PathBuf) -> Self {
        let (file, layout) = LayoutFile::open(path);
        self.layout_file = Some(file);
        if let Some(layout) = self.say_failure(layout).flatten() {
            let (panels, unknown) = Panels::of(&layout);
            self.panels = panels;
            self.exporter.restore(&layout.export);
            if !unknown.is_empty() {
                let text = format!("the layout names views that there are not: {}", unknown.join(", "));
                self.state.say(Message::new(Severity::Warning, text));
            }
        }
        self
    }

    /// Where all panels stand, and what else is kept with that.
    fn layout(&self) -> Layout {
        self.panels.layout().with_export(self.exporter.kept().clone())
    }

    /// Whether what is kept is another than when this was asked last.
    fn take_changed(&mut self) -> bool {
        // Both are asked, whatever the first says.
        self.panels.take_changed() | self.exporter.take_changed()
    }

    /// Writes the layout once it has not changed for a while.
    pub(super) fn keep_layout(&mut self, ctx: &egui::Context) {
        let is_changed = self.take_changed();
        let Some(file) = &mut self.layout_file else { return };
        if is_changed {
            file.changed();
        }
        match file.due() {
            Some(Duration::ZERO) if !file.is_writing() => {
                let layout = self.layout();
                let written = self.layout_file.as_mut().map_or(Ok(()), |file| file.write(&layout));
                self.say_failure(written);
            }
            Some(due) => ctx.request_repaint_after(due.max(RETRY)),
            None => {}
        }
    }

    /// Writes what is not written yet: the window closes.
    pub(super) fn keep_layout_at_last(&mut self) {
        let (is_changed, layout) = (self.take_changed(), self.layout());
        if let Some(file) = &mut self.layout_file {
            let written = if is_changed || file.due().is_some() {
                file.write(&layout).and(file.finish())
            } else {
                file.finish()
            };
            // There is no window left to say it in.
            drop(written);
        }
    }
}
