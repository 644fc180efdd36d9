//! The small widgets several panels share: icon buttons, status marks, rows of settings.

use eframe::egui::{
    self, Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::theme::{self, palette};
use crate::state::Status;
use crate::words::thousands;

/// Drawn rather than taken from a font, so that all have one weight and sit on pixel centres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    Play,
    Pause,
    Back,
    Forward,
    First,
    Last,
    Loop,
    Close,
    Fit,
    More,
    Contrast,
    Help,
}

/// A button that shows an icon and is called `name`.
pub(super) fn icon_button(ui: &mut Ui, icon: Icon, name: &str, selected: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(theme::icon_size(ui), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, selected, name));
    if ui.is_rect_visible(rect) {
        let palette = palette(ui.visuals());
        let visuals = ui.style().interact(&response);
        let fill = match (selected, response.hovered() || response.has_focus()) {
            (true, _) => palette.selection,
            (false, true) => visuals.bg_fill,
            (false, false) => Color32::TRANSPARENT,
        };
        ui.painter().rect_filled(rect, visuals.corner_radius, fill);
        let color = if selected { palette.strong } else { visuals.fg_stroke.color };
        paint_icon(ui, icon, rect.center(), color);
    }
    response
}

fn paint_icon(ui: &Ui, icon: Icon, center: Pos2, color: Color32) {
    let painter = ui.painter();
    let at = |x: f32, y: f32| center + vec2(x, y);
    let triangle = |tip: f32, base: f32| {
        painter.add(Shape::convex_polygon(
            vec![at(tip, 0.0), at(base, -5.0), at(base, 5.0)],
            color,
            Stroke::NONE,
        ));
    };
    let bar = |x: f32| {
        painter.rect_filled(Rect::from_center_size(at(x, 0.0), vec2(2.5, 10.0)), 1.0, color);
    };
    let stroke = Stroke::new(1.5, color);
    match icon {
        Icon::Play => triangle(5.5, -4.0),
        Icon::Pause => {
            bar(-3.0);
            bar(3.0);
        }
        Icon::Back => {
            triangle(-4.0, 3.0);
            bar(5.0);
        }
        Icon::Forward => {
            triangle(4.0, -3.0);
            bar(-5.0);
        }
        Icon::First => {
            bar(-6.0);
            triangle(-4.0, 1.0);
            triangle(1.0, 6.0);
        }
        Icon::Last => {
            bar(6.0);
            triangle(4.0, -1.0);
            triangle(-1.0, -6.0);
        }
        Icon::Loop => {
            let arc = |from: f32, to: f32| -> Vec<Pos2> {
                (0..=12)
                    .map(|i| (from + (to - from) * i as f32 / 12.0).to_radians())
                    .map(|angle| at(5.0 * angle.cos(), 5.0 * angle.sin()))
                    .collect()
            };
            painter.add(Shape::line(arc(-60.0, 230.0), stroke));
            let tip = at(5.0 * (-60f32).to_radians().cos(), 5.0 * (-60f32).to_radians().sin());
            painter.add(Shape::convex_polygon(
                vec![tip + vec2(-4.0, -1.0), tip + vec2(1.5, -3.5), tip + vec2(0.5, 2.5)],
                color,
                Stroke::NONE,
            ));
        }
        Icon::Close => {
            painter.line_segment([at(-4.0, -4.0), at(4.0, 4.0)], stroke);
            painter.line_segment([at(-4.0, 4.0), at(4.0, -4.0)], stroke);
        }
        Icon::Fit => {
            for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
                let corner = at(5.5 * x, 5.5 * y);
                let ends = [corner - vec2(4.0 * x, 0.0), corner, corner - vec2(0.0, 4.0 * y)];
                painter.add(Shape::line(ends.to_vec(), stroke));
            }
        }
        Icon::More => {
            for x in [-4.5, 0.0, 4.5] {
                painter.circle_filled(at(x, 0.0), 1.4, color);
            }
        }
        Icon::Contrast => {
            painter.circle_stroke(center, 5.5, stroke);
            let half = (0..=12).map(|i| (90.0 + 15.0 * i as f32).to_radians());
            let points = half.map(|angle| at(5.5 * angle.cos(), 5.5 * angle.sin())).collect();
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Icon::Help => {
            let font = egui::FontId::proportional(16.0);
            painter.text(center, egui::Align2::CENTER_CENTER, "?", font, color);
        }
    }
}

/// Which of the keys that move time a widget with the focus has use for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnKeys {
    /// None of them.
    None,
    /// The arrows, Home and End.
    Arrows,
    /// Space as well, and all with Shift.
    All,
}

/// Where the widget is remembered that has use for keys that move time.
fn own_keys_id() -> egui::Id {
    egui::Id::unique("widget with keys of its own")
}

fn keep(ui: &Ui, response: &Response, keys: OwnKeys) {
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(own_keys_id(), (response.id, keys)));
    }
}

/// Leaves the keys that move time to this widget for as long as it has the focus.
pub(super) fn own_keys(ui: &Ui, response: &Response) {
    keep(ui, response, OwnKeys::All);
}

/// Leaves the arrows, Home and End to this widget, for this frame and the next.
pub(super) fn own_arrows(ui: &Ui, response: &Response) {
    keep(ui, response, OwnKeys::Arrows);
}

/// Which keys that move time the widget with the focus has use for: all in text fields, numbers and sliders. Arrows that a
/// widget took in the last frame are its own in this one alone.
pub(super) fn take_own_keys(ctx: &egui::Context) -> OwnKeys {
    if ctx.text_edit_focused() {
        return OwnKeys::All;
    }
    let Some(focused) = ctx.memory(|memory| memory.focused()) else { return OwnKeys::None };
    let own = ctx.data_mut(|data| {
        let own: Option<(egui::Id, OwnKeys)> = data.get_temp(own_keys_id());
        if own.is_some_and(|(_, keys)| keys == OwnKeys::Arrows) {
            data.remove::<(egui::Id, OwnKeys)>(own_keys_id());
        }
        own
    });
    own.filter(|(id, _)| *id == focused).map_or(OwnKeys::None, |(_, keys)| keys)
}

/// Draws a ring around the widget that has the focus, whichever it is.
pub(super) fn focus_ring(ctx: &egui::Context) {
    let focused = ctx.memory(|memory| memory.focused());
    let Some(response) = focused.and_then(|id| ctx.read_response(id)) else { return };
    let seen = response.interact_rect;
    if !seen.is_positive() {
        // It is scrolled out of sight.
        return;
    }
    let visuals = ctx.global_style().visuals.clone();
    let stroke = Stroke::new(theme::FOCUS_RING, palette(&visuals).accent);
    let painter = ctx.layer_painter(response.layer_id).with_clip_rect(seen.expand(theme::FOCUS_RING + 1.0));
    painter.rect_stroke(response.rect.expand(1.0), 6.0, stroke, egui::StrokeKind::Outside);
}

/// A mark for what has become of a checkpoint, in a square of the height of a line.
pub(super) fn status_mark(ui: &mut Ui, status: &Status, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
    let palette = palette(ui.visuals());
    let (painter, center) = (ui.painter(), rect.center());
    match status {
        Status::Waiting => {
            painter.circle_stroke(center, 3.5, Stroke::new(1.0, palette.weak.gamma_multiply(0.6)));
        }
        Status::Measuring(share) => {
            painter.circle_stroke(center, 5.0, Stroke::new(1.5, palette.hovered));
            let turn = share.clamp(0.04, 1.0) * std::f32::consts::TAU;
            let arc = (0..=24).map(|i| turn * i as f32 / 24.0 - std::f32::consts::FRAC_PI_2);
            let points = arc.map(|angle| center + 5.0 * egui::Vec2::angled(angle)).collect();
            painter.add(Shape::line(points, Stroke::new(1.5, palette.accent)));
        }
        Status::Preview => {
            painter.circle_stroke(center, 3.75, Stroke::new(1.5, color));
        }
        Status::Complete => {
            painter.circle_filled(center, 4.5, color);
        }
        Status::Failed(_) => {
            let stroke = Stroke::new(1.6, palette.error);
            painter.line_segment([center + vec2(-3.5, -3.5), center + vec2(3.5, 3.5)], stroke);
            painter.line_segment([center + vec2(-3.5, 3.5), center + vec2(3.5, -3.5)], stroke);
        }
    }
    response
}

/// A word for a status.
pub(super) fn status_word(status: &Status) -> &'static str {
    match status {
        Status::Waiting => "waiting",
        Status::Measuring(_) => "measuring",
        Status::Preview => "first estimate",
        Status::Complete => "measured",
        Status::Failed(_) => "failed",
    }
}

/// A row of settings: a label of fixed width, the widget after it, named by the label.
pub(super) fn row_ui(
    ui: &mut Ui,
    label: &str,
    help: &str,
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.horizontal(|ui| {
        let size = vec2(theme::LABEL_WIDTH, ui.spacing().interact_size.y);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let labelled = ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_min_width(theme::LABEL_WIDTH);
            let text = theme::weak(ui, label);
            ui.add(egui::Label::new(text).truncate()).on_hover_text(help)
        });
        let name = labelled.inner;
        // Numbers beside sliders are as wide as numbers alone.
        ui.spacing_mut().interact_size.x = theme::VALUE_WIDTH;
        ui.spacing_mut().slider_width =
            (ui.available_width() - theme::VALUE_WIDTH - ui.spacing().item_spacing.x).max(40.0);
        add(ui).labelled_by(name.id)
    })
    .inner
}

/// Choices side by side, of which one holds; the chosen index, where it changed. Disabled ones say why.
pub(super) fn segmented_ui(
    ui: &mut Ui,
    selected: usize,
    choices: &[&str],
    enabled: impl Fn(usize) -> bool,
    why_disabled: &str,
) -> Option<usize> {
    let palette = palette(ui.visuals());
    let mut chosen = None;
    let height = ui.spacing().interact_size.y + 2.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    ui.painter().rect_filled(rect, 6.0, palette.raised);
    // Longer words get more room.
    let weight = |choice: &str| choice.len() as f32 + 3.0;
    let unit = rect.width() / choices.iter().map(|choice| weight(choice)).sum::<f32>().max(1.0);
    let mut right = rect.left();
    for (index, choice) in choices.iter().enumerate() {
        let (left, width) = (right, unit * weight(choice));
        right += width;
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, height));
        let can = enabled(index);
        let sense = if can { Sense::click() } else { Sense::hover() };
        let response = ui.interact(cell, ui.scope_id().with(("segment", *choice)), sense);
        let info = || WidgetInfo::selected(Role::RadioButton, can, index == selected, *choice);
        response.widget_info(info);
        let color = match (can, index == selected) {
            (false, _) => palette.weak.gamma_multiply(0.5),
            (true, true) => palette.strong,
            (true, false) if response.hovered() => palette.strong,
            (true, false) => palette.text,
        };
        if index == selected {
            ui.painter().rect_filled(cell.shrink(2.0), 4.0, palette.selection);
        } else if can && (response.hovered() || response.has_focus()) {
            ui.painter().rect_filled(cell.shrink(2.0), 4.0, palette.hovered);
        }
        let font = egui::FontId::proportional(12.5);
        ui.painter().text(cell.center(), egui::Align2::CENTER_CENTER, choice, font, color);
        if can && response.clicked() && index != selected {
            chosen = Some(index);
        }
        if !can {
            response.on_hover_text(why_disabled);
        }
    }
    chosen
}

/// A count in the fewest characters: `12.5B`, `340M`, `7.2k`.
pub(super) fn short_count(value: u64) -> String {
    for (unit, name) in [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")] {
        if value >= unit {
            let share = value as f64 / unit as f64;
            let decimals = if share >= 100.0 || value.is_multiple_of(unit) { 0 } else { 1 };
            return format!("{share:.decimals$}{name}");
        }
    }
    value.to_string()
}

/// What a checkpoint's name says of training: `step 2 000 · 1.2B tokens`.
pub(super) fn training_label(step: Option<u64>, tokens: Option<u64>) -> Option<String> {
    let step = step.map(|step| format!("step {}", thousands(step)));
    let tokens = tokens.map(|tokens| format!("{} tokens", short_count(tokens)));
    let parts: Vec<String> = step.into_iter().chain(tokens).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_easily() {
        assert_eq!(short_count(999), "999");
        assert_eq!(short_count(1_000), "1k");
        assert_eq!(short_count(12_500_000_000), "12.5B");
        assert_eq!(short_count(340_200_000), "340M");
        assert_eq!(training_label(Some(2000), None).as_deref(), Some("step 2\u{a0}000"));
        assert_eq!(training_label(None, None), None);
    }
}
