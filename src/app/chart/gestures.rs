//! What of a frame's axes is in sight: a box drawn zooms in, the wheel zooms at the pointer, a double click shows all.

use eframe::egui::{self, CursorIcon, PointerButton, Rect, Response, Shape, Stroke, Ui, Vec2, pos2};
use egui_plot::PlotTransform;

use super::ChartMemory;
use super::zoom::Bounds;
use crate::app::theme::palette;
use crate::chart::{Aspect, Facet};

/// Smaller boxes are clicks that shook, in points of the screen.
const LEAST_BOX: f32 = 6.0;
/// Follows what the pointer does on a frame; answers with what is to be painted over it.
pub(super) fn follow(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    facet: &Facet,
    (seen, all): (Bounds, Bounds),
    memory: &mut ChartMemory,
) -> Option<Shape> {
    let frame = *transform.frame();
    if response.double_clicked() {
        memory.fit();
        memory.box_from = None;
        return None;
    }
    // Places a point of the screen is long, across and up.
    let [dx, dy] = transform.dvalue_dpos();
    let shift = ui.input(|input| input.modifiers.shift);
    let pans = response.dragged_by(PointerButton::Middle)
        || response.dragged_by(PointerButton::Primary) && shift && memory.box_from.is_none();
    if pans {
        if response.drag_started() {
            memory.zooms.begin();
        }
        let delta = response.drag_delta();
        let moved = seen.moved([-f64::from(delta.x) * dx, -f64::from(delta.y) * dy]);
        memory.zooms.set(facet, moved);
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    }
    wheel(ui, response, transform, facet, (seen, all), memory);
    if response.drag_started_by(PointerButton::Primary) && !shift {
        memory.box_from = ui.input(|input| input.pointer.press_origin()).filter(|at| frame.contains(*at));
    }
    let from = memory.box_from.filter(|from| frame.contains(*from))?;
    let to = frame.clamp(response.interact_pointer_pos()?);
    let mut rect = Rect::from_two_pos(from, to);
    if facet.aspect == Aspect::Equal {
        // One scale on both axes: the box is a square.
        let side = rect.width().max(rect.height());
        let direction = to - from;
        let corner = from + egui::vec2(side.copysign(direction.x), side.copysign(direction.y));
        rect = Rect::from_two_pos(from, corner);
    }
    if response.drag_stopped() {
        memory.box_from = None;
        if rect.width().min(rect.height()) >= LEAST_BOX {
            let (a, b) = (rect.left_bottom(), rect.right_top());
            let [a, b] = [a, b].map(|at| transform.value_from_position(at));
            let zoomed = Bounds { x: [a.x, b.x], y: [a.y, b.y] };
            // Not nearer than numbers can tell places apart.
            if zoomed.scaled([a.x, a.y], [1.0, 1.0], all).is_some() {
                memory.zooms.begin();
                memory.zooms.set(facet, zoomed);
            }
        }
        return None;
    }
    let palette = palette(ui.visuals());
    let fill = palette.accent.gamma_multiply(0.12);
    let stroke = Stroke::new(1.0, palette.accent);
    Some(Shape::Rect(egui::epaint::RectShape::new(rect, 0.0, fill, stroke, egui::StrokeKind::Inside)))
}

/// The wheel zooms at the pointer, over an axis along that axis alone; with Shift it pans.
fn wheel(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    facet: &Facet,
    (seen, all): (Bounds, Bounds),
    memory: &mut ChartMemory,
) {
    let Some(pointer) = ui.input(|input| input.pointer.hover_pos()) else { return };
    let frame = *transform.frame();
    let below = Rect::from_min_max(frame.left_bottom(), pos2(frame.right(), ui.max_rect().bottom()));
    let beside = Rect::from_min_max(pos2(ui.max_rect().left(), frame.top()), frame.left_bottom());
    let over = [below.contains(pointer), beside.contains(pointer)];
    if !(response.contains_pointer() || over.contains(&true) && ui.rect_contains_pointer(ui.max_rect())) {
        return;
    }
    let (scroll, pinch, shift) =
        ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta(), input.modifiers.shift));
    let (at, now) = (transform.value_from_position(frame.clamp(pointer)), ui.input(|input| input.time));
    if shift && scroll != Vec2::ZERO {
        let [dx, dy] = transform.dvalue_dpos();
        memory.zooms.begin_turn(now);
        let moved = seen.moved([-f64::from(scroll.x) * dx, -f64::from(scroll.y) * dy]);
        memory.zooms.set(facet, moved);
        return;
    }
    let factor = f64::from(pinch).recip() * (-f64::from(scroll.y) / 240.0).exp();
    if factor == 1.0 {
        return;
    }
    let factors = match over {
        _ if facet.aspect == Aspect::Equal => [factor; 2],
        [true, _] => [factor, 1.0],
        [_, true] => [1.0, factor],
        _ => [factor; 2],
    };
    if let Some(scaled) = seen.scaled([at.x, at.y], factors, all) {
        memory.zooms.begin_turn(now);
        memory.zooms.set(facet, scaled);
    }
}
