//! What stands in the middle while there is nothing to draw: what to do next.

use eframe::egui::{self, Align, Layout, Rect, RichText, Ui, vec2};

use super::Action;
use super::theme::{self, palette};
use super::widgets::{Icon, icon_button};
use crate::state::{State, UiCommand};

/// Draws the invitation over `area`, where there is nothing else to see.
///
/// `asking` says that a dialog is open already, `takes_drops` that files can be dropped on the window.
pub(super) fn welcome_ui(
    ui: &mut Ui,
    area: Rect,
    state: &State,
    asking: bool,
    takes_drops: bool,
    actions: &mut Vec<Action>,
) {
    if state.has_numbers() {
        return;
    }
    if !state.open_runs().is_empty() && state.shown_text().is_some() {
        let text =
            if state.is_busy() { "Measuring the first checkpoint…" } else { "No checkpoint is measured." };
        let text = theme::weak(ui, text);
        // Below the bound, where the points are going to be.
        let place = area.center() + vec2(area.width() / 5.0, area.height() / 5.0);
        ui.put(Rect::from_center_size(place, vec2(area.width() / 2.0, 24.0)), egui::Label::new(text));
        return;
    }
    let size = vec2(430.0f32.min(area.width() - 24.0), 236.0);
    let place = Rect::from_center_size(area.center(), size);
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(Layout::top_down(Align::Min)));
    theme::card_frame(ui.visuals()).inner_margin(egui::Margin::same(22)).show(&mut ui, |ui| {
        ui.set_width(ui.available_width());
        let (title, text) = if state.open_runs().is_empty() {
            (
                "Training on the information plane",
                "See what a language model keeps of its input and what it tells of its output, \
                 checkpoint by checkpoint.",
            )
        } else {
            (
                "Choose a text corpus",
                "The models read it while they are measured: a .txt file, JSON lines (also .gz), \
                 or tokens as .safetensors.",
            )
        };
        ui.label(RichText::new(title).heading().color(palette(ui.visuals()).strong));
        ui.add(egui::Label::new(theme::weak(ui, text)).wrap());
        ui.add_space(10.0);
        ui.add_enabled_ui(!asking && !state.opening, |ui| {
            let done = !state.open_runs().is_empty();
            let folder =
                if state.opening { "Looking for checkpoints…" } else { "Open a folder of checkpoints" };
            if step_ui(ui, "1", folder, done) {
                actions.push(Action::AskFolder);
            }
            if step_ui(ui, "2", "Choose a text to measure on", state.asked().text().is_some()) {
                actions.push(Action::AskText);
            }
        });
        ui.add_space(6.0);
        let hint = match takes_drops {
            true => "Or drop folders and text files on this window, or paste them (Ctrl+V).",
            false => "Or copy folders and text files, or a path, and paste them here (Ctrl+V).",
        };
        ui.label(theme::weak(ui, hint).small());
    });
}

/// A step to be taken: a wide button with its number, ticked off once done.
fn step_ui(ui: &mut Ui, number: &str, text: &str, done: bool) -> bool {
    ui.horizontal(|ui| {
        let palette = palette(ui.visuals());
        let (rect, _) = ui.allocate_exact_size(vec2(24.0, 30.0), egui::Sense::hover());
        let (fill, color) =
            if done { (palette.good, palette.panel) } else { (palette.raised, palette.strong) };
        ui.painter().circle_filled(rect.center(), 11.0, fill);
        let font = egui::FontId::proportional(13.0);
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, number, font, color);
        let button = egui::Button::new(text).min_size(vec2(ui.available_width(), 30.0));
        ui.add(button).clicked()
    })
    .inner
}

/// Says that nobody chose the text the models read, and offers to choose one.
pub(super) fn borrowed_text_ui(ui: &mut Ui, asking: bool, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = icon_button(ui, Icon::Close, "Keep the demo's text", false);
            if close.on_hover_text("Keep the demo's text").clicked() {
                actions.push(UiCommand::KeepText.into());
            }
            if ui.add_enabled(!asking, egui::Button::new("Choose your own text…")).clicked() {
                actions.push(Action::AskText);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let color = palette(ui.visuals()).warn;
                let text =
                    RichText::new("! Measured on the demo's books, since no text was named").color(color);
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
}
