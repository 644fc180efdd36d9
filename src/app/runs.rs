//! The panel of runs: what is open and what has become of it.

use eframe::egui::{
    self, Align, Layout, Margin, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2,
};

use super::Action;
use super::status::measured_text;
use super::theme::{self, palette};
use super::widgets::{short_count, status_mark, status_word, training_label};
use crate::checkpoints::CheckpointKey;
use crate::state::{State, UiCommand};

/// The height of a checkpoint's row, in points of the screen.
const ROW: f32 = 21.0;

/// What is hovered, in the list and elsewhere: a run by its number, and a checkpoint of it by its place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hovered {
    /// On a chart.
    pub chart: Option<(usize, Option<usize>)>,
    /// In the list.
    pub list: Option<(usize, Option<usize>)>,
}

/// Draws the whole panel; `follow` scrolls the list to the checkpoint under the scrubber.
pub(super) fn runs_panel_ui(
    ui: &mut Ui,
    state: &State,
    follow: bool,
    hovered: &mut Hovered,
    actions: &mut Vec<Action>,
) {
    let frame = theme::panel_frame(ui, Margin { left: 14, right: 4, top: 12, bottom: 0 });
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        ui.label(theme::section(ui, "Runs"));
        ui.add_space(2.0);
        if state.open_runs().is_empty() {
            let hint = if state.opening { "Looking for checkpoints…" } else { "Nothing is open." };
            ui.label(theme::weak(ui, hint));
            return;
        }
        egui::ScrollArea::vertical().id_salt("runs").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            for run in 0..state.open_runs().len() {
                run_ui(ui, state, run, follow, hovered, actions);
                ui.add_space(10.0);
            }
        });
    });
}

fn run_ui(
    ui: &mut Ui,
    state: &State,
    run: usize,
    follow: bool,
    hovered: &mut Hovered,
    actions: &mut Vec<Action>,
) {
    let (Some(open), Some(words)) = (state.open_runs().get(run), state.drawn().runs.get(run)) else { return };
    let (counts, visible) = (words.counts, state.is_visible(run));
    let measured = match counts.failed {
        0 => format!("{}/{}", counts.measured, counts.all),
        _ => measured_text(counts),
    };
    let toggle = ui.horizontal(|ui| {
        ui.set_height(24.0);
        let mut visible = visible;
        let toggle = ui.add(egui::Checkbox::without_text(&mut visible));
        let (enabled, name) = (ui.is_enabled(), format!("Show {}", open.run.name));
        toggle.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, visible, &name));
        let toggle = toggle.on_hover_text("Draw this run");
        if toggle.changed() {
            actions.push(UiCommand::SetVisible { run, visible }.into());
        }
        let (swatch, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        ui.painter().rect_filled(swatch, 3.0, theme::ink(state.color_of(run), ui.visuals().dark_mode));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            ui.label(theme::weak(ui, measured).small());
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = RichText::new(&open.run.name).color(palette(ui.visuals()).strong);
                ui.add(egui::Label::new(name).truncate()).on_hover_text(open.run.path.display().to_string());
            });
        });
        toggle
    });
    if toggle.response.contains_pointer() && visible {
        hovered.list = Some((run, None));
    }
    if hovered.chart == Some((run, None)) {
        let stroke = egui::Stroke::new(1.0, palette(ui.visuals()).strong);
        let around = toggle.response.rect.expand2(vec2(2.0, 0.0));
        ui.painter().rect_stroke(around, 5.0, stroke, egui::StrokeKind::Inside);
    }
    if !words.distinction.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(24.0);
            let text = theme::weak(ui, &words.distinction).small();
            ui.add(egui::Label::new(text).truncate())
                .on_hover_text("What this run differs in from the others");
        });
    }
    // A hidden run folds: what is not drawn need not be listed.
    if !visible {
        return;
    }
    // An assistive device has the whole list; otherwise only what is in sight is laid out.
    let whole = ui.ctx().has_accesskit_node(toggle.inner.id);
    let current = state.current_of(run);
    let top = ui.cursor().min;
    let list = ui.scope_id().with(("checkpoints", run));
    let focused = ui.memory(|memory| memory.has_focus(list));
    let followed = if !follow {
        None
    } else if focused {
        current.and_then(|index| state.runs.key(run, index))
    } else {
        state.focus()
    };
    let (seen, mut skipped) = (ui.clip_rect().y_range(), 0.0);
    for (index, key) in open.keys().iter().copied().enumerate() {
        let failure = state.error(key);
        let row = ui.cursor().top() + skipped;
        let in_sight = row <= seen.max && row + ROW >= seen.min;
        if !in_sight && !whole && failure.is_none() && followed != Some(key) {
            skipped += ROW + ui.spacing().item_spacing.y;
            continue;
        }
        ui.add_space(std::mem::take(&mut skipped));
        let is_current = current == Some(index);
        let response = checkpoint_ui(ui, state, key, is_current);
        if response.hovered() {
            hovered.list = Some((run, Some(index)));
        }
        if hovered.chart == Some((run, Some(index))) {
            let stroke = egui::Stroke::new(1.0, palette(ui.visuals()).strong);
            ui.painter().rect_stroke(response.rect, 5.0, stroke, egui::StrokeKind::Inside);
        }
        if response.clicked() {
            actions.push(UiCommand::Focus(key).into());
        }
        if followed == Some(key) {
            response.scroll_to_me(None);
        }
        if let Some(error) = failure {
            ui.horizontal(|ui| {
                ui.add_space(24.0);
                let text = RichText::new(error.to_string()).small().color(palette(ui.visuals()).error);
                ui.add(egui::Label::new(text).wrap());
            });
        }
    }
    ui.add_space(skipped);
    // All rows are one stop of Tab; within it the arrows move the scrubber, and the row with it.
    let bottom = egui::pos2(ui.max_rect().right() - 8.0, ui.min_rect().bottom());
    let response = ui.interact(Rect::from_min_max(top, bottom), list, Sense::focusable_noninteractive());
    let (enabled, name) = (ui.is_enabled(), format!("Checkpoints of {}", open.run.name));
    response.widget_info(|| WidgetInfo::labeled(Role::ListBox, enabled, &name));
    if response.has_focus() {
        let count = |key| ui.input_mut(|input| input.count_and_consume_key(egui::Modifiers::NONE, key));
        let (up, down) = (count(egui::Key::ArrowUp), count(egui::Key::ArrowDown));
        if up + down > 0 {
            ui.memory_mut(|memory| memory.move_focus(egui::FocusDirection::None));
            let last = open.keys().len().saturating_sub(1);
            let index = (current.unwrap_or(0) + down).saturating_sub(up).min(last);
            actions.extend(state.runs.key(run, index).map(|key| UiCommand::Focus(key).into()));
        }
    }
}

fn checkpoint_ui(ui: &mut Ui, state: &State, key: CheckpointKey, current: bool) -> Response {
    let palette = palette(ui.visuals());
    let Some((open, checkpoint)) = state.runs.get(key) else { return ui.label("") };
    let index = state.runs.place(key).map_or(0, |(_, index)| index);
    let row = vec2(ui.available_width() - 8.0, ROW);
    let (rect, response) = ui.allocate_exact_size(row, Sense::CLICK);
    let (enabled, status) = (ui.is_enabled(), state.status(key));
    let name = || format!("{} / {}, {}", open.run.name, checkpoint.name, status_word(&status));
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, enabled, current, name()));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if current {
        ui.painter().rect_filled(rect, 5.0, palette.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 5.0, palette.raised);
    }
    let mut row = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(Rect::from_min_max(rect.min + vec2(5.0, 0.0), rect.max - vec2(6.0, 0.0)))
            .layout(Layout::left_to_right(Align::Center)),
    );
    let last = open.keys().len().saturating_sub(1).max(1);
    let progress = if open.keys().len() > 1 { index as f32 / last as f32 } else { 1.0 };
    let color = theme::progress_color(&row, progress);
    status_mark(&mut row, &status, color);
    row.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let training = match (checkpoint.tokens, checkpoint.step) {
            (Some(tokens), _) => format!("{} tok", short_count(tokens)),
            (None, Some(step)) => short_count(step),
            (None, None) => String::new(),
        };
        let text = theme::weak(ui, training).small();
        ui.add(egui::Label::new(text).selectable(false));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let strength = if current { palette.strong } else { palette.text };
            let text = RichText::new(&checkpoint.name).size(12.5).color(strength);
            ui.add(egui::Label::new(text).truncate().selectable(false));
        });
    });
    let hint = match training_label(checkpoint.step, checkpoint.tokens) {
        Some(training) => format!("{} — {}", training, status_word(&status)),
        None => status_word(&status).to_owned(),
    };
    response.on_hover_text(hint)
}
