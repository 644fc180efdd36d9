//! A key, a sign and a scale of colours, each with its words.

use eframe::egui::{self, Color32, Mesh, Rect, RichText, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::canvas::{dimmed, elided, width_of};
use super::shapes::{self, Look};
use super::{Asked, ChartResponse, Cursor};
use crate::app::theme::{self, palette};
use crate::chart::{Color, ColorBar, Dash, Key, Line, Marker, Note, Sign};

pub(super) const SIZE: f32 = 12.0;
/// The key before a name.
pub(super) const KEY: egui::Vec2 = vec2(22.0, 14.0);

/// What a key says: its name, and where nothing of it is drawn, why.
pub(super) fn key_text(key: &Key, has_detail: bool) -> String {
    let detail = key.is_absent || has_detail && !key.detail.is_empty();
    if detail { format!("{}, {}", key.label, key.detail) } else { key.label.clone() }
}

pub(super) fn key_ui(ui: &mut Ui, key: &Key, cursor: &Cursor, is_column: bool) -> ChartResponse {
    let palette = palette(ui.visuals());
    let stands_back = key.is_absent || cursor.dims(key.of);
    swatch_ui(ui, key.color, key.line, key.marker, stands_back);
    let whole = key_text(key, is_column && key.is_absent);
    // Names that differ at their ends are still told apart.
    let text = RichText::new(elided(ui, &whole, SIZE, ui.available_width())).size(SIZE);
    let text = text.color(if stands_back { palette.weak } else { palette.text });
    let is_run = key.of.run.is_some();
    // Not one of Tab's stops: the list of runs has the same for keys.
    let sense = if is_run { Sense::CLICK } else { Sense::hover() };
    let response = ui.add(egui::Label::new(text).truncate().selectable(false).sense(sense));
    let enabled = ui.is_enabled();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, enabled, &whole));
    let help = if is_run { "Shift+click: this run alone, or all again. Ctrl+click: hide it" } else { "" };
    let lines = [whole.as_str(), key.detail.as_str(), help].into_iter().filter(|line| !line.is_empty());
    let response = response.on_hover_text(lines.collect::<Vec<_>>().join("\n"));
    let is_something = key.of != crate::chart::Of::default();
    let hovered = (response.hovered() && is_something).then_some(key.of);
    let modifiers = ui.input(|input| input.modifiers);
    let asked = match (modifiers.shift, modifiers.command) {
        (true, _) => Some(Asked::Solo(key.of)),
        (false, true) => Some(Asked::Toggle(key.of)),
        (false, false) => None,
    };
    let asked = asked.filter(|_| is_run && response.clicked());
    ChartResponse { hovered, asked, ..ChartResponse::default() }
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
pub(super) fn note_ui(ui: &mut Ui, note: &Note, wraps: bool) {
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

/// The gradient of a scale of colours, and how short it is where there is little room.
const GRADIENT: egui::Vec2 = vec2(70.0, 8.0);
const SHORT: f32 = 16.0;
/// Between a key and its words, and within a scale of colours.
pub(super) const GAP: f32 = 6.0;

/// The width of a scale of colours without its label.
pub(super) fn bar_width(ui: &Ui, bar: &ColorBar) -> f32 {
    let ends: f32 = bar.ends.iter().map(|end| width_of(ui, end, SIZE)).sum();
    ends + GRADIENT.x + 2.0 * GAP + 2.0
}

/// A scale of colours with what stands at its ends.
pub(super) fn bar_ui(ui: &mut Ui, bar: &ColorBar) {
    let word = |ui: &mut Ui, text: &str| {
        ui.add(egui::Label::new(theme::weak(ui, text).size(SIZE)).extend().selectable(false));
    };
    let missing = bar_width(ui, bar) - ui.available_width();
    word(ui, &bar.ends[0]);
    let gradient_size = vec2((GRADIENT.x - missing.max(0.0)).max(SHORT), GRADIENT.y);
    let (rect, response) = ui.allocate_exact_size(gradient_size, Sense::hover());
    let is_dark = ui.visuals().dark_mode;
    ui.painter().add(gradient(rect, |share| theme::ink(bar.map.at(share), is_dark)));
    response.on_hover_text(&bar.label);
    word(ui, &bar.ends[1]);
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
