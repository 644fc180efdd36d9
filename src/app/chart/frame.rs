//! A frame with its axes and all that is drawn within.

use eframe::egui::{self, Align2, FontId, PointerButton, Response, Stroke, Ui, vec2};

use super::axes::{Metrics, plot};
use super::canvas::{Canvas, galley};
use super::{ChartMemory, ChartResponse, Cursor, gestures, hit, keyboard, menu, paint, words};
use crate::app::theme::palette;
use crate::chart::{Aspect, Chart, Facet, Mark};

/// The room that the axis up takes more than the axis across, of a square frame.
pub(super) const SQUARE_EXTRA: f32 = 16.0;
/// The height of a facet's title.
const FACET_TITLE: f32 = 18.0;

/// Draws facet number `index` into the room of `ui`.
pub(super) fn frame_ui(
    ui: &mut Ui,
    chart: &Chart,
    index: usize,
    facet: &Facet,
    memory: &mut ChartMemory,
    cursor: &Cursor,
) -> ChartResponse {
    let palette = palette(ui.visuals());
    let mut area = ui.max_rect();
    if !facet.title.is_empty() {
        let title = galley(ui, &facet.title, FontId::proportional(12.5), palette.text, area.width());
        let left = (area.width() - title.size().x).clamp(0.0, 46.0);
        ui.painter().galley(area.min + vec2(left, 1.0), title, palette.text);
        area.min.y += FACET_TITLE;
    }
    let metrics = Metrics::of(ui, index, facet, area.size(), memory);
    if index == 0 {
        let [low, high] = metrics.all.x;
        memory.scale = f64::from(metrics.frame.x) / (high - low);
    }
    if facet.aspect == Aspect::Equal {
        let side = metrics.frame.x;
        area.max = area.min + vec2(side + metrics.left, side + metrics.below);
    }
    let response = plot(ui, area, facet, &metrics, palette);
    let transform = response.transform;
    let response = response.response;
    let painter = ui.painter().with_clip_rect(transform.frame().intersect(ui.clip_rect()));
    let is_dark = ui.visuals().dark_mode;
    let canvas = Canvas { painter: &painter, transform, facet, palette, is_dark };
    if !facet.is_bare && facet.marks.iter().all(|mark| !matches!(mark, Mark::Cells(_))) {
        edges(ui, &canvas);
    }
    paint::marks(ui, &canvas, chart, index, memory, cursor);
    if memory.is_fitted() && is_out_of_sight(&canvas) {
        note(&canvas, "no number of it has a place on these axes");
    } else if is_out_of_sight(&canvas) {
        note(&canvas, "data outside: F or a double click shows all");
    }
    // A picture is turned, not zoomed.
    let over = match facet.is_bare {
        true => None,
        false => gestures::follow(ui, &response, &transform, facet, (metrics.seen, metrics.all), memory),
    };
    let is_boxed = over.is_some();
    over.into_iter().for_each(|shape| {
        painter.add(shape);
    });
    let under = if is_boxed { None } else { hit::under_pointer(&response, &canvas, index) };
    let entered = keyboard::follow(ui, &response, index, facet, memory, cursor);
    let menu = menu::menu_ui(&response, chart, &canvas, (index, under.as_ref()), memory, cursor);
    describe(ui, &response, chart, facet, cursor);
    let mut said = ChartResponse {
        turned: if facet.is_bare { response.drag_delta() } else { egui::Vec2::ZERO },
        clicked: entered.map(|place| place.of),
        asked: menu.asked,
        is_active: keyboard::is_active(ui, &response),
        has_focus: response.has_focus(),
        ..ChartResponse::default()
    };
    // A menu speaks of what it was asked of, and nothing stands in its way.
    let walked = if menu.is_open { memory.asked_of } else { memory.walked };
    let found = match walked.filter(|place| place.facet == index) {
        Some(place) => hit::at_place(&canvas, place).inspect(|found| said.walked = Some(found.place.of)),
        None => under.inspect(|found| {
            said.hovered = Some(found.place.of);
            said.clicked =
                said.clicked.or(said.hovered.filter(|_| response.clicked_by(PointerButton::Primary)));
        }),
    };
    if let Some(found) = found.filter(|_| !menu.is_open) {
        if said.walked.is_some() && ui.input(|input| input.events.contains(&egui::Event::Copy)) {
            ui.ctx().copy_text(hit::text(chart, facet, &found));
        }
        hit::tooltip_ui(&response, chart, &canvas, &found);
    }
    said
}

/// The lines along the axes.
fn edges(ui: &Ui, canvas: &Canvas<'_>) {
    let frame = canvas.rect();
    let stroke = Stroke::new(1.0, canvas.palette.line);
    ui.painter().line_segment([frame.left_top(), frame.left_bottom()], stroke);
    ui.painter().line_segment([frame.left_bottom(), frame.right_bottom()], stroke);
}

/// Whether no datum is in sight although there are some.
fn is_out_of_sight(canvas: &Canvas<'_>) -> bool {
    let has = canvas.facet.marks.iter().any(|mark| mark.data().any(|datum| datum.y.is_finite()));
    let marks = canvas.facet.marks.iter();
    // What is not drawn at a place of its own is always in sight.
    let mut placed = marks.filter(|mark| matches!(mark, Mark::Series(_))).flat_map(Mark::data).peekable();
    has && placed.peek().is_some()
        && !placed.any(|datum| canvas.at(datum.x, datum.y).is_some_and(|at| canvas.rect().contains(at)))
}

/// A line of words in the middle.
fn note(canvas: &Canvas<'_>, text: &str) {
    let font = FontId::proportional(12.5);
    canvas.painter.text(canvas.rect().center(), Align2::CENTER_CENTER, text, font, canvas.palette.weak);
}

/// Says in words what the frame shows, for those who do not see it.
fn describe(ui: &Ui, response: &Response, chart: &Chart, facet: &Facet, cursor: &Cursor) {
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, enabled, words::of(chart, facet, cursor))
    });
}
