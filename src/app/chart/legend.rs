//! Which line is which, and what signs and colours mean.

use eframe::egui::{self, Color32, Mesh, Rect, RichText, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::canvas::{dimmed, width_of};
use super::shapes::{self, Look};
use super::{ChartResponse, Cursor};
use crate::app::theme::{self, palette};
use crate::chart::{Chart, Color, ColorBar, Dash, Key, Line, Marker, Note, Sign};

/// More keys than these are folded into a count.
const MOST_KEYS: usize = 24;
const SIZE: f32 = 12.0;
/// The key before a name.
const KEY: egui::Vec2 = vec2(22.0, 14.0);

/// A column beside the frames.
pub(super) fn column_ui(ui: &mut Ui, chart: &Chart, cursor: &Cursor) -> ChartResponse {
    ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
    let mut response = ChartResponse::default();
    let scroll = egui::ScrollArea::vertical().id_salt("keys").auto_shrink(false);
    scroll.show(ui, |ui| {
        for key in chart.legend.keys.iter().take(MOST_KEYS) {
            ui.horizontal(|ui| response.merge(key_ui(ui, key, cursor, true)));
        }
        more_ui(ui, chart);
        ui.add_space(4.0);
        for note in &chart.legend.notes {
            ui.horizontal_top(|ui| note_ui(ui, note, true));
        }
        if let Some(bar) = &chart.legend.bar {
            bar_ui(ui, bar);
        }
    });
    response
}

/// Rows below the frames, as far as they end above `bottom`.
pub(super) fn rows_ui(ui: &mut Ui, chart: &Chart, cursor: &Cursor, bottom: f32) -> ChartResponse {
    ui.spacing_mut().item_spacing = vec2(14.0, 3.0);
    let mut response = ChartResponse::default();
    ui.horizontal_wrapped(|ui| {
        for key in chart.legend.keys.iter().take(MOST_KEYS) {
            let label = key_text(key, false);
            piece_ui(ui, &label, bottom, |ui| response.merge(key_ui(ui, key, cursor, false)));
        }
        if let Some(bar) = &chart.legend.bar {
            let text = format!("{} {}          {}", bar.label, bar.ends[0], bar.ends[1]);
            piece_ui(ui, &text, bottom, |ui| bar_ui(ui, bar));
        }
        for note in &chart.legend.notes {
            piece_ui(ui, &note.text, bottom, |ui| note_ui(ui, note, false));
        }
        if ui.cursor().top() + KEY.y < bottom {
            more_ui(ui, chart);
        }
    });
    response
}

/// A key with its words, which a line is not broken within; nothing where there is no room above `bottom`.
fn piece_ui(ui: &mut Ui, text: &str, bottom: f32, add: impl FnOnce(&mut Ui)) {
    let width = width_of(ui, text, SIZE) + KEY.x + 6.0;
    let size = vec2(width.min(ui.max_rect().width()), KEY.y + 2.0);
    let breaks = ui.cursor().left() + size.x > ui.max_rect().right();
    let top = ui.cursor().top() + if breaks { size.y + ui.spacing().item_spacing.y } else { 0.0 };
    if top + size.y > bottom {
        return;
    }
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        add(ui);
    });
}

fn more_ui(ui: &mut Ui, chart: &Chart) {
    if let Some(more) = chart.legend.keys.len().checked_sub(MOST_KEYS).filter(|more| *more > 0) {
        ui.label(theme::weak(ui, format!("and {more} more")).small());
    }
}

/// What a key says: its name, and where nothing of it is drawn, why.
fn key_text(key: &Key, has_detail: bool) -> String {
    let detail = key.is_absent || has_detail && !key.detail.is_empty();
    if detail { format!("{}, {}", key.label, key.detail) } else { key.label.clone() }
}

fn key_ui(ui: &mut Ui, key: &Key, cursor: &Cursor, is_column: bool) -> ChartResponse {
    let palette = palette(ui.visuals());
    let stands_back = key.is_absent || cursor.dims(key.of);
    swatch_ui(ui, key.color, key.line, key.marker, stands_back);
    let text = RichText::new(key_text(key, is_column && key.is_absent)).size(SIZE);
    let text = text.color(if stands_back { palette.weak } else { palette.text });
    let label = egui::Label::new(text).truncate().selectable(false).sense(Sense::hover());
    let response = ui.add(label);
    let response = if key.detail.is_empty() { response } else { response.on_hover_text(&key.detail) };
    let is_something = key.of != crate::chart::Of::default();
    let hovered = (response.hovered() && is_something).then_some(key.of);
    ChartResponse { hovered, ..ChartResponse::default() }
}

/// The line and the mark of a key, as they stand on the chart.
pub(in crate::app) fn swatch_ui(
    ui: &mut Ui,
    of: Color,
    line: Option<Line>,
    marker: Option<Marker>,
    stands_back: bool,
) {
    let (rect, _) = ui.allocate_exact_size(KEY, Sense::hover());
    let color = theme::ink(of, ui.visuals().dark_mode);
    let color = if stands_back { dimmed(color, palette(ui.visuals())) } else { color };
    let mut drawn = Vec::new();
    if let Some(line) = line {
        let ends = vec![rect.left_center(), rect.right_center()];
        shapes::line(ends, Stroke::new(2.0, color), theme::dash(line, of), &mut drawn);
    }
    match marker {
        Some(marker) => {
            let ground = palette(ui.visuals()).ground;
            let look = Look { color, ground, radius: 4.0, is_open: false };
            shapes::marker(marker, rect.center(), look, &mut drawn);
        }
        None if line.is_none() => {
            drawn.push(Shape::rect_filled(rect.shrink2(vec2(5.0, 1.5)), 2.0, color));
        }
        None => {}
    }
    ui.painter().extend(drawn);
}

/// A sign with what it means.
fn note_ui(ui: &mut Ui, note: &Note, wraps: bool) {
    let palette = palette(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(KEY, Sense::hover());
    let (center, stroke) = (rect.center(), Stroke::new(1.4, palette.weak));
    let mut drawn = Vec::new();
    let look = Look { color: palette.weak, ground: palette.ground, radius: 4.0, is_open: true };
    match note.sign {
        Sign::Open => shapes::marker(Marker::Dot, center, look, &mut drawn),
        Sign::Dashed => {
            let ends = vec![rect.left_center(), rect.right_center()];
            let dash = theme::dash(Line { dash: Dash::Stale, is_thin: true }, Color::Muted);
            shapes::line(ends, stroke, dash, &mut drawn);
        }
        Sign::Null => shapes::marker(Marker::Null, center, look, &mut drawn),
        Sign::Whiskers => {
            let (top, foot) = (center - vec2(0.0, 5.0), center + vec2(0.0, 5.0));
            drawn.push(Shape::line_segment([top, foot], stroke));
            for end in [top, foot] {
                drawn.push(Shape::line_segment([end - vec2(3.0, 0.0), end + vec2(3.0, 0.0)], stroke));
            }
        }
        Sign::Exclamation | Sign::Star => {
            let (letter, color) = match note.sign {
                Sign::Exclamation => ("!", palette.warn),
                _ => ("*", palette.text),
            };
            let font = egui::FontId::proportional(13.0);
            ui.painter().text(center, egui::Align2::CENTER_CENTER, letter, font, color);
        }
    }
    ui.painter().extend(drawn);
    let color = if note.sign == Sign::Exclamation { palette.warn } else { palette.weak };
    let text = RichText::new(&note.text).size(SIZE).color(color);
    let label = egui::Label::new(text).selectable(false);
    ui.add(if wraps { label.wrap() } else { label.truncate() }).on_hover_text(&note.text);
}

/// A scale of colours with what stands at its ends.
fn bar_ui(ui: &mut Ui, bar: &ColorBar) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(theme::weak(ui, format!("{} {}", bar.label, bar.ends[0])).size(SIZE));
        let (rect, _) = ui.allocate_exact_size(vec2(70.0, 8.0), Sense::hover());
        let is_dark = ui.visuals().dark_mode;
        ui.painter().add(gradient(rect, |share| theme::ink(bar.map.at(share), is_dark)));
        ui.label(theme::weak(ui, &bar.ends[1]).size(SIZE));
    });
}

/// Colours from left to right.
fn gradient(rect: Rect, color: impl Fn(f32) -> Color32) -> Shape {
    const STEPS: u32 = 24;
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let share = step as f32 / STEPS as f32;
        let (x, color) = (rect.left() + rect.width() * share, color(share));
        mesh.colored_vertex(pos2(x, rect.top()), color);
        mesh.colored_vertex(pos2(x, rect.bottom()), color);
        if step > 0 {
            let corner = 2 * step;
            mesh.add_triangle(corner - 2, corner - 1, corner);
            mesh.add_triangle(corner - 1, corner, corner + 1);
        }
    }
    Shape::mesh(mesh)
}
