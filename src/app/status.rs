//! The bar at the very bottom: what the worker does, on what, and what went wrong.

use eframe::egui::{
    self, Align, Color32, CornerRadius, Layout, ProgressBar, RichText, Role, Shape, Stroke, Ui, WidgetInfo,
};

use super::Action;
use super::theme::{self, Palette, palette};
use super::widgets::{Icon, icon_button};
use crate::state::{Counts, Message, Severity, State, UiCommand};
use crate::words::rough_duration;

/// More messages than this are folded into a count.
const MOST_SHOWN: usize = 3;

/// Draws the messages, the newest lowest.
pub(super) fn messages_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let hidden = state.messages.len().saturating_sub(MOST_SHOWN);
    if hidden > 0 {
        ui.label(theme::weak(ui, format!("and {hidden} earlier messages")).small());
    }
    for message in &state.messages[hidden..] {
        message_ui(ui, message, actions);
    }
}

fn message_ui(ui: &mut Ui, message: &Message, actions: &mut Vec<Action>) {
    let palette = palette(ui.visuals());
    let color = severity_color(message.severity, palette);
    ui.horizontal(|ui| {
        severity_mark(ui, message.severity, color);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Dismiss: {}", message.text);
            if icon_button(ui, Icon::Close, &name, false).on_hover_text("Dismiss").clicked() {
                actions.push(UiCommand::Dismiss(message.number).into());
            }
            paths_ui(ui, &message.files);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new(severity_word(message.severity)).strong().color(color));
                ui.add(egui::Label::new(RichText::new(&message.text).color(color)).wrap());
            });
        });
    });
}

/// A button that copies the paths of files, a line each.
fn paths_ui(ui: &mut Ui, files: &[std::path::PathBuf]) {
    let name = match files.len() {
        0 => return,
        1 => "Copy path",
        _ => "Copy paths",
    };
    let paths: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let text = paths.join("\n");
    if ui.button(RichText::new(name).small()).on_hover_text(&text).clicked() {
        ui.ctx().copy_text(text);
    }
}

/// Says that a dialog of the desktop is open, and offers the window's own: it may have failed to appear.
pub(super) fn waiting_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        severity_mark(ui, Severity::Info, palette(ui.visuals()).text);
        ui.label("A dialog of the desktop is open.");
        if ui.button("Browse here instead").clicked() {
            actions.push(Action::BrowseInstead);
        }
    });
}

/// A sign for how much a message matters, drawn so that no font need have it.
pub(super) fn severity_mark(ui: &mut Ui, severity: Severity, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(12.0, 18.0), egui::Sense::hover());
    let (painter, center, stroke) = (ui.painter(), rect.center(), Stroke::new(1.8, color));
    let at = |x: f32, y: f32| center + egui::vec2(x, y);
    match severity {
        Severity::Good => {
            painter.add(Shape::line(vec![at(-4.5, 0.5), at(-1.5, 3.5), at(4.5, -3.5)], stroke));
        }
        Severity::Info => {
            painter.circle_filled(at(0.0, -4.0), 1.2, color);
            painter.line_segment([at(0.0, -1.0), at(0.0, 5.0)], stroke);
        }
        Severity::Warning => {
            painter.line_segment([at(0.0, -5.0), at(0.0, 1.0)], stroke);
            painter.circle_filled(at(0.0, 4.0), 1.2, color);
        }
        Severity::Error => {
            painter.line_segment([at(-3.5, -3.5), at(3.5, 3.5)], stroke);
            painter.line_segment([at(-3.5, 3.5), at(3.5, -3.5)], stroke);
        }
    }
}

/// A word for how much a message matters.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "Done",
        Severity::Info => "Note",
        Severity::Warning => "Warning",
        Severity::Error => "Error",
    }
}

pub(super) fn severity_color(severity: Severity, palette: &Palette) -> Color32 {
    match severity {
        Severity::Good => palette.good,
        Severity::Info => palette.text,
        Severity::Warning => palette.warn,
        Severity::Error => palette.error,
    }
}

/// Draws device, progress and what can be done about it.
pub(super) fn status_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label(theme::weak(ui, state.shown_device()).small()).on_hover_text("The device that computes");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if state.opening {
                ui.label(theme::weak(ui, "Looking for checkpoints…").small());
                return;
            }
            if state.is_busy() {
                if ui
                    .button(RichText::new("Cancel").small())
                    .on_hover_text("Stop measuring (Ctrl+.)")
                    .clicked()
                {
                    actions.push(UiCommand::Cancel.into());
                }
                progress_ui(ui, state);
                return;
            }
            if state.can_resume() {
                let (name, help) = match state.only_failures_left() {
                    true => ("Try again", "Measure the checkpoints that failed once more"),
                    false => ("Resume", "Measure the checkpoints that are not measured yet, or failed"),
                };
                if ui.button(RichText::new(name).small()).on_hover_text(help).clicked() {
                    actions.push(UiCommand::Resume.into());
                }
            }
            ui.label(theme::weak(ui, rest_text(state)).small());
        });
    });
}

/// What to say when nothing is being measured.
fn rest_text(state: &State) -> String {
    let counts = state.drawn().counts();
    match (counts.all, state.asked().text().is_some() || state.is_all_recorded()) {
        (0, _) => String::new(),
        (all, false) => format!("{all} checkpoints, no text to measure on yet"),
        (_, true) => measured_text(counts),
    }
}

/// How many checkpoints of all are measured, failed ones apart: `28 of 28 checkpoints measured`, `4 measured, 2 failed`.
pub(super) fn measured_text(counts: Counts) -> String {
    let Counts { measured, failed, all } = counts;
    match failed {
        0 => format!("{measured} of {all} checkpoints measured"),
        failed if measured + failed == all => format!("{measured} measured, {failed} failed"),
        failed => format!("{measured} of {all} measured, {failed} failed"),
    }
}

fn progress_ui(ui: &mut Ui, state: &State) {
    let share = state.progress.as_ref().map_or(0.0, |progress| progress.total_share.clamp(0.0, 1.0));
    let palette = palette(ui.visuals());
    let bar = ProgressBar::new(share)
        .desired_width(180.0)
        .desired_height(6.0)
        .corner_radius(CornerRadius::same(3))
        .fill(palette.accent);
    let response = ui.add(bar);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo {
        enabled,
        label: Some("Progress".to_owned()),
        value: Some(f64::from(share)),
        ..WidgetInfo::new(Role::ProgressIndicator)
    });
    ui.label(theme::weak(ui, progress_text(state)).small());
}

fn progress_text(state: &State) -> String {
    let Some(progress) = &state.progress else { return "Preparing the text…".to_owned() };
    let name = state.checkpoint(progress.checkpoint).map_or("", |checkpoint| checkpoint.name.as_str());
    let left = progress.remaining.map(|left| format!(", {} left", rough_duration(left))).unwrap_or_default();
    let words = state.condition_words();
    let beside = words.iter().skip(1).find(|(condition, _)| *condition == progress.condition);
    let under = beside.map(|(_, words)| format!(", {words}")).unwrap_or_default();
    let counts = state.drawn().counts();
    // Numbers come before what tells whether to believe them.
    let beyond = beside.is_none() && counts.measured + counts.failed == counts.all;
    let rest = if beyond { ", null and spread to come" } else { "" };
    format!("{name}{under}   {}{rest}{left}", measured_text(counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_checkpoints_are_not_measured_ones() {
        let text = |measured, failed, all| measured_text(Counts { measured, failed, all });
        assert_eq!(text(28, 0, 28), "28 of 28 checkpoints measured");
        assert_eq!(text(4, 2, 6), "4 measured, 2 failed");
        assert_eq!(text(1, 2, 6), "1 of 6 measured, 2 failed");
    }
}
