//! What can be chosen of a figure, on screen.

use eframe::egui::{self, Align, ComboBox, DragValue, Layout, TextEdit, Ui, vec2};

use super::choices::{Choices, Form, RESOLUTIONS, SIDES, SIZES, Scope};
use super::{Dialog, Given, Step};
use crate::app::theme;
use crate::app::widgets::segmented_ui;
use crate::figure::Theme;

/// The width of the labels.
const LABEL: f32 = 58.0;

/// Draws the column of choices.
pub(super) fn controls_ui(
    ui: &mut Ui,
    dialog: &mut Dialog,
    choices: &mut Choices,
    given: &Given<'_>,
    laid_out: Option<[f32; 2]>,
) -> bool {
    let panel = &given.panels[given.place];
    let before = choices.form;
    row_ui(ui, "What", |ui, _| {
        if let Some(scope) = one_ui(ui, dialog.scope, Scope::ALL, Scope::name) {
            dialog.scope = scope;
            dialog.suggest(panel.view.kind, choices.form);
            (dialog.step, dialog.note) = (Step::Choosing, None);
        }
    });
    row_ui(ui, "Panel", |ui, label| {
        let combo = ComboBox::from_id_salt("panel").selected_text(&panel.name).width(ui.available_width());
        let shown = combo.show_ui(ui, |ui| {
            for other in given.panels {
                if ui.selectable_label(other.id == panel.id, &other.name).clicked() {
                    dialog.panel = other.id;
                    dialog.suggest(other.view.kind, choices.form);
                    dialog.note = None;
                }
            }
        });
        shown.response.labelled_by(label);
    });
    row_ui(ui, "Format", |ui, _| {
        choices.form = one_ui(ui, choices.form, Form::ALL, Form::name).unwrap_or(choices.form);
    });
    row_ui(ui, "", |ui, _| {
        let names = RESOLUTIONS.map(|dpi| format!("{dpi} dpi"));
        let names = names.each_ref().map(String::as_str);
        let selected = RESOLUTIONS.iter().position(|dpi| *dpi == choices.dpi).unwrap_or(0);
        let is_png = choices.form == Form::Png;
        if let Some(chosen) = segmented_ui(ui, selected, &names, |_| is_png, "Of a PNG") {
            choices.dpi = RESOLUTIONS[chosen];
        }
    });
    ui.add_space(6.0);
    let is_drawn = choices.form != Form::Csv;
    let entered = ui.add_enabled_ui(is_drawn, |ui| drawn_ui(ui, choices, laid_out)).inner;
    if choices.form != before {
        dialog.file.set_form(choices.form);
        dialog.note = None;
    }
    entered
}

/// Draws what can be chosen of a picture; whether Enter was pressed in a field of text.
fn drawn_ui(ui: &mut Ui, choices: &mut Choices, laid_out: Option<[f32; 2]>) -> bool {
    row_ui(ui, "Size", |ui, label| {
        let name = choices.size().map_or("of its own", |size| size.name);
        let combo = ComboBox::from_id_salt("size").selected_text(name).width(ui.available_width());
        let shown = combo.show_ui(ui, |ui| {
            for size in &SIZES {
                if ui.selectable_label(choices.size() == Some(size), size.name).clicked() {
                    (choices.width, choices.height) = (size.width, size.height);
                }
            }
        });
        shown.response.labelled_by(label);
    });
    row_ui(ui, "Width", |ui, label| {
        ui.add(side(&mut choices.width)).labelled_by(label);
    });
    row_ui(ui, "Height", |ui, label| {
        // What suits the chart, until another is asked for.
        let suits = laid_out.map_or(0.6 * choices.width, |[_, height]| height);
        let mut height = choices.height.unwrap_or((10.0 * suits).round() / 10.0);
        let mut is_automatic = choices.height.is_none();
        let number = ui.add_enabled(!is_automatic, side(&mut height)).labelled_by(label);
        if number.changed() {
            choices.height = Some(height);
        }
        let help = "As high as suits the chart";
        if ui.checkbox(&mut is_automatic, "automatic").on_hover_text(help).changed() {
            choices.height = (!is_automatic).then_some(height.clamp(*SIDES.start(), *SIDES.end()));
        }
    });
    ui.add_space(6.0);
    row_ui(ui, "Look", |ui, _| {
        let selected = usize::from(choices.theme == Theme::Dark);
        if let Some(chosen) = segmented_ui(ui, selected, &["light", "dark"], |_| true, "") {
            choices.theme = if chosen == 0 { Theme::Light } else { Theme::Dark };
        }
    });
    let mut entered = false;
    row_ui(ui, "Title", |ui, label| {
        let edit = TextEdit::singleline(&mut choices.title).hint_text("none").desired_width(f32::INFINITY);
        let response = ui.add(edit).labelled_by(label);
        entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    });
    row_ui(ui, "", |ui, _| {
        ui.checkbox(&mut choices.has_caption, "Caption")
            .on_hover_text("What the numbers were measured under, below the figure");
    });
    entered
}

/// Choices side by side of what has names; another than `now`, where it is chosen.
pub(super) fn one_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    now: T,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Option<T> {
    let selected = all.iter().position(|one| *one == now).unwrap_or(0);
    let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
    segmented_ui(ui, selected, &names, |_| true, "").map(|chosen| all[chosen])
}

/// A field of a side of the figure.
fn side(millimetres: &mut f32) -> DragValue<'_> {
    DragValue::new(millimetres).range(SIDES).suffix(" mm").speed(0.5).max_decimals(2)
}

/// A row: a label of fixed width, and what it names.
fn row_ui(ui: &mut Ui, label: &str, add: impl FnOnce(&mut Ui, egui::Id)) {
    ui.horizontal(|ui| {
        let size = vec2(LABEL, ui.spacing().interact_size.y);
        let named = ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(LABEL);
            if label.is_empty() { ui.scope_id() } else { ui.label(theme::weak(ui, label)).id }
        });
        add(ui, named.inner);
    });
}
