//! The menu of a chart: what can be done with the datum under the pointer, with its run, and with the chart.

use eframe::egui::{Popup, Response, Ui};

use super::canvas::Canvas;
use super::hit::{self, Found};
use super::{Asked, ChartMemory, Cursor};
use crate::app::theme;
use crate::chart::{Chart, Of};

/// What became of the menu.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Menu {
    pub is_open: bool,
    pub asked: Option<Asked>,
}

/// Opens the menu at the pointer where the frame was clicked by the right button, and shows it while it is open. `under`
/// is the datum under the pointer.
pub(super) fn menu_ui(
    response: &Response,
    chart: &Chart,
    canvas: &Canvas<'_>,
    under: Option<&Found<'_>>,
    memory: &mut ChartMemory,
    cursor: &Cursor,
) -> Menu {
    if response.secondary_clicked() {
        memory.asked_of = under.map(|found| found.place);
    }
    let mut asked = None;
    let shown = Popup::context_menu(response).show(|ui| {
        let of = memory.asked_of.map(|place| place.of);
        if let Some(words) = of.map(|of| chart.subjects.words(of)).filter(|words| !words.is_empty()) {
            ui.label(theme::weak(ui, words).small());
        }
        let datum = memory.asked_of.and_then(|place| hit::at_place(canvas, place));
        let item = |ui: &mut Ui, name: &str, help: &str| ui.button(name).on_hover_text(help).clicked();
        if let Some(found) = &datum
            && item(ui, "Copy values", "Its name and its numbers, as text")
        {
            ui.ctx().copy_text(hit::text(chart, canvas.facet, found));
        }
        if let Some(of) = of.filter(|of| of.run.is_some()) {
            asked = run_ui(ui, of, cursor);
        }
        if of.is_some() {
            ui.separator();
        }
        if item(ui, "Fit", "Show all data (double click, F)") {
            memory.fit();
        }
        if item(ui, "Maximise panel", "This panel alone, or all again (double click on its header)") {
            asked = Some(Asked::Maximise);
        }
        if item(ui, "Export…", "What is shown, as a file (Ctrl+E)") {
            asked = Some(Asked::Export);
        }
    });
    Menu { is_open: shown.is_some(), asked }
}

/// What can be done with the run of a datum.
fn run_ui(ui: &mut Ui, of: Of, cursor: &Cursor) -> Option<Asked> {
    let mut asked = None;
    let hide = ui.button("Hide this run").on_hover_text("The list of runs shows it again");
    if hide.clicked() {
        asked = Some(Asked::Toggle(of));
    }
    let (name, help) = match cursor.is_solo {
        true => ("Show all runs", "And no longer this one alone"),
        false => ("Solo this run", "Hide all other runs"),
    };
    if ui.button(name).on_hover_text(help).clicked() {
        asked = Some(Asked::Solo(of));
    }
    asked
}
