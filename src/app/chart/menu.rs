//! The menu of a chart: what can be done with the datum under the pointer, with its run, and with the chart.

use eframe::egui::{FocusDirection, Id, Key, Modifiers, Popup, Response, SetOpenCommand, Ui};

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

/// Opens the menu at the pointer where frame number `index` was clicked by the right button, or where a key asks for it at
/// the datum walked to, and shows it while it is open. `under` is the datum under the pointer.
pub(super) fn menu_ui(
    response: &Response,
    chart: &Chart,
    canvas: &Canvas<'_>,
    (index, under): (usize, Option<&Found<'_>>),
    memory: &mut ChartMemory,
    cursor: &Cursor,
) -> Menu {
    if response.secondary_clicked() {
        (memory.asked_of, memory.key_menu) = (under.map(|found| found.place), None);
    }
    let by_key = memory.takes_menu && memory.walked.map_or(0, |place| place.facet) == index;
    if by_key {
        (memory.takes_menu, memory.asked_of) = (false, memory.walked);
        let at = memory.walked.and_then(|place| hit::at_place(canvas, place)).map(|found| found.at);
        memory.key_menu = Some(at.unwrap_or_else(|| canvas.rect().center()));
    }
    let popup = Popup::context_menu(response);
    let popup = match memory.key_menu {
        Some(at) => popup.open_memory(by_key.then_some(SetOpenCommand::Bool(true))).at_position(at),
        None => popup,
    };
    let mut asked = None;
    let shown = popup.show(|ui| {
        // Where keys opened it they go on in it.
        let mut items = Items { takes_focus: by_key, ..Items::default() };
        let of = memory.asked_of.map(|place| place.of);
        if let Some(words) = of.map(|of| chart.subjects.words(of)).filter(|words| !words.is_empty()) {
            ui.label(theme::weak(ui, words).small());
        }
        let datum = memory.asked_of.and_then(|place| hit::at_place(canvas, place));
        if let Some(found) = &datum
            && items.item_ui(ui, "Copy values", "Its name and its numbers, as text")
        {
            ui.ctx().copy_text(hit::text(chart, canvas.facet, found));
        }
        if let Some(of) = of.filter(|of| of.run.is_some()) {
            asked = run_ui(ui, &mut items, of, cursor);
        }
        if of.is_some() {
            ui.separator();
        }
        if items.item_ui(ui, "Fit", "Show all data (double click, F)") {
            memory.fit();
        }
        let help = "This panel alone, or all again (double click on its header)";
        if items.item_ui(ui, "Maximise panel", help) {
            asked = Some(Asked::Maximise);
        }
        if items.item_ui(ui, "Export…", "What is shown, as a file (Ctrl+E)") {
            asked = Some(Asked::Export);
        }
        items.follow_keys(ui);
    });
    let is_of_frame = memory.asked_of.map_or(0, |place| place.facet) == index;
    if shown.is_none() && is_of_frame && memory.key_menu.take().is_some() {
        // And stands where it was.
        memory.walked = memory.asked_of;
        response.request_focus();
    }
    Menu { is_open: shown.is_some(), asked }
}

/// What can be done with the run of a datum.
fn run_ui(ui: &mut Ui, items: &mut Items, of: Of, cursor: &Cursor) -> Option<Asked> {
    let mut asked = None;
    if items.item_ui(ui, "Hide this run", "The list of runs shows it again") {
        asked = Some(Asked::Toggle(of));
    }
    let (name, help) = match cursor.is_solo {
        true => ("Show all runs", "And no longer this one alone"),
        false => ("Solo this run", "Hide all other runs"),
    };
    if items.item_ui(ui, name, help) {
        asked = Some(Asked::Solo(of));
    }
    asked
}

/// The items of a menu, from one to the next of which the arrows go.
#[derive(Default)]
struct Items {
    ids: Vec<Id>,
    /// Whether the first is to take the focus.
    takes_focus: bool,
}

impl Items {
    /// Draws an item; whether it was chosen.
    fn item_ui(&mut self, ui: &mut Ui, name: &str, help: &str) -> bool {
        let button = ui.button(name).on_hover_text(help);
        self.ids.push(button.id);
        if std::mem::take(&mut self.takes_focus) {
            button.request_focus();
        }
        button.clicked()
    }

    /// Moves the focus by the arrows, where an item has it; the ends meet.
    fn follow_keys(&self, ui: &Ui) {
        let focused = ui.memory(|memory| memory.focused());
        let Some(at) = self.ids.iter().position(|id| Some(*id) == focused) else { return };
        let count = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        let (up, down) = (count(Key::ArrowUp), count(Key::ArrowDown));
        if up + down > 0 {
            let all = self.ids.len();
            let next = self.ids[(at + down + all - up % all) % all];
            ui.memory_mut(|memory| {
                // The toolkit has taken the arrow for a wish to move the focus by places.
                memory.move_focus(FocusDirection::None);
                memory.request_focus(next);
            });
        }
    }
}
