//! The data upon the plane: lines, points, what is current, and the labels over them, in that order.

use eframe::egui::{self, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::theme::{self, Palette};
use crate::bound::largest_expressivity;
use crate::figure::curve;
use crate::state::{Moment, State};
use crate::views::marks::Flag;
use crate::views::plane::{PlanePoint, Trajectory};

/// A dash of a line between stale points and the gap after it, in points of the screen.
pub(super) const DASH: f32 = 4.0;
pub(super) const DASH_GAP: f32 = 3.0;

/// Writes what the line means along the line.
pub(super) fn bound_label(painter: &Painter, transform: &PlotTransform, palette: &Palette) {
    let at = |x: f64| transform.position_from_point(&PlotPoint::new(x, largest_expressivity(x)));
    let [min, max] = [transform.bounds().min(), transform.bounds().max()];
    let (from, to) = (min[0].max(min[1]).max(0.0), max[0].min(max[1]));
    if to <= from {
        return;
    }
    let (start, end) = (at(from), at(to));
    let along = (end - start).normalized();
    if !along.is_finite() || start.distance(end) < 260.0 {
        return;
    }
    let text = "above the bound: I(Y;Z) > I(X;Z)".to_owned();
    let galley = painter.layout_no_wrap(text, FontId::proportional(12.0), palette.weak);
    let middle = start + (end - start) * 0.66;
    // Text hangs below its corner, so it is lifted by its height to stand above the line.
    let up = vec2(along.y, -along.x);
    let corner = middle - along * (galley.size().x / 2.0) + up * (galley.size().y + 6.0);
    painter.add(egui::epaint::TextShape::new(corner, galley, palette.weak).with_angle(along.angle()));
}

/// A label beside a point that is current.
pub(super) struct PointLabel {
    at: Pos2,
    text: String,
    color: Color32,
    /// Whether what it says of φ is to be taken with care.
    doubtful: bool,
}

/// Paints lines and points; the labels of current points come back, to be painted over everything.
pub(super) fn paint_points(
    painter: &Painter,
    transform: &PlotTransform,
    state: &State,
    palette: &Palette,
) -> Vec<PointLabel> {
    let trajectories = &state.drawn().trajectories;
    let moment = |run: usize, point: &PlanePoint| Moment::of(point.checkpoint, state.current_of(run));
    let opacity = |point: &PlanePoint, moment: Moment| {
        let stale = if point.basis.is_stale() { theme::STALE_OPACITY } else { 1.0 };
        if moment == Moment::Later { stale * theme::LATER_OPACITY } else { stale }
    };
    for trajectory in trajectories {
        for pair in trajectory.points.windows(2).filter(|pair| pair[1].joined) {
            let ends = [&pair[0], &pair[1]].map(|point| screen(transform, point));
            let opacity = opacity(&pair[1], moment(trajectory.run, &pair[1]));
            let color = theme::curve_color(trajectory.run, trajectory.style, palette);
            let stroke = Stroke::new(1.4, color.gamma_multiply(0.75 * opacity));
            let stale = pair[1].basis.is_stale().then_some([DASH, DASH_GAP]);
            line(painter, ends, stroke, stale.or(curve::dash(trajectory.style)));
        }
    }
    let mut current = Vec::new();
    for trajectory in trajectories {
        for point in &trajectory.points {
            match moment(trajectory.run, point) {
                Moment::Current => current.push((trajectory, point)),
                other => {
                    let color = theme::curve_color(trajectory.run, trajectory.style, palette);
                    let look = Look { color, current: false, opacity: opacity(point, other) };
                    paint_point(painter, screen(transform, point), point, look, palette);
                }
            }
        }
    }
    let label = |(trajectory, point): (&Trajectory, &PlanePoint)| {
        let at = screen(transform, point);
        let color = theme::curve_color(trajectory.run, trajectory.style, palette);
        painter.circle_filled(at, theme::CURRENT_RADIUS + 6.0, color.gamma_multiply(0.22));
        paint_spread(painter, transform, point, palette);
        let look = Look { color, current: true, opacity: opacity(point, Moment::Current) };
        paint_point(painter, at, point, look, palette);
        let doubtful = point.flags().iter().any(Flag::is_of_optimality);
        let mark = if doubtful { " !" } else { "" };
        let phi = point.optimality.map(|phi| format!("   φ {phi:.3}{mark}")).unwrap_or_default();
        // The name stands beside the present condition's point.
        let name = if trajectory.style == 0 { &point.name } else { &trajectory.distinction };
        PointLabel { at, text: format!("{name}{phi}"), color, doubtful }
    };
    current.into_iter().map(label).collect()
}

/// A line, dashed where a dash and its gap are given.
pub(super) fn line(painter: &Painter, ends: [Pos2; 2], stroke: Stroke, dash: Option<[f32; 2]>) {
    match dash {
        Some([dash, gap]) => painter.extend(Shape::dashed_line(&ends, stroke, dash, gap)),
        None => {
            painter.line_segment(ends, stroke);
        }
    }
}

/// How far a point spreads over seeds of the reference points: a standard deviation each way.
fn paint_spread(painter: &Painter, transform: &PlotTransform, point: &PlanePoint, palette: &Palette) {
    let Some([x, y]) = point.spread else { return };
    let at = [point.complexity, point.expressivity];
    for (dx, dy) in [(x, 0.0), (0.0, y)] {
        let end =
            |sign: f64| transform.position_from_point(&PlotPoint::new(at[0] + sign * dx, at[1] + sign * dy));
        painter.line_segment([end(-1.0), end(1.0)], Stroke::new(1.5, palette.strong));
    }
}

/// How a point is painted beside its own colour.
#[derive(Clone, Copy)]
struct Look {
    color: Color32,
    current: bool,
    opacity: f32,
}

fn paint_point(painter: &Painter, at: Pos2, point: &PlanePoint, look: Look, palette: &Palette) {
    let Look { color, current, opacity } = look;
    let radius = if current { theme::CURRENT_RADIUS } else { theme::POINT_RADIUS };
    let progress = theme::progress_color(point.progress).gamma_multiply(opacity);
    let ring = color.gamma_multiply(opacity);
    // What lies behind must not shine through a faded point.
    painter.circle_filled(at, radius + 1.0, palette.ground);
    if point.basis.is_final() {
        painter.circle(at, radius, progress, Stroke::new(1.4, ring));
    } else {
        // A first estimate, or an answer to other settings, is an empty ring: less ink for less to rest on.
        painter.circle(at, radius - 0.5, palette.ground, Stroke::new(1.0, ring));
        painter.circle_stroke(at, radius - 2.0, Stroke::new(1.6, progress));
    }
    if current {
        painter.circle_stroke(at, radius + 2.5, Stroke::new(1.5, palette.strong.gamma_multiply(opacity)));
    }
    if point.is_above_bound() {
        let beside = at + vec2(radius + 4.0, -radius);
        let font = FontId::proportional(12.5);
        painter.text(beside, egui::Align2::LEFT_BOTTOM, "!", font, palette.warn.gamma_multiply(opacity));
    }
}

/// Paints labels beside their points, none over another and each where it hides the fewest points.
pub(super) fn paint_labels(
    painter: &Painter,
    frame: Rect,
    labels: Vec<PointLabel>,
    dots: &[Pos2],
    palette: &Palette,
) {
    let mut taken: Vec<Rect> = Vec::new();
    for label in labels {
        let ink = if label.doubtful { palette.weak } else { palette.strong };
        let galley = painter.layout_no_wrap(label.text, FontId::proportional(12.5), ink);
        let size = galley.size() + vec2(18.0, 8.0);
        let (right, left) = (14.0, -14.0 - size.x);
        let (below, above, level) = (10.0, -10.0 - size.y, -size.y / 2.0);
        let places =
            [(right, below), (right, above), (left, below), (left, above), (right, level), (left, level)];
        let rects = places.map(|(x, y)| Rect::from_min_size(label.at + vec2(x, y), size));
        let hidden = |rect: &Rect| {
            let dots = dots.iter().filter(|dot| rect.expand(theme::POINT_RADIUS).contains(**dot)).count();
            let labels = taken.iter().filter(|other| other.intersects(*rect)).count();
            dots + 100 * labels + if frame.contains_rect(*rect) { 0 } else { 1000 }
        };
        let rect = rects.into_iter().min_by_key(hidden).unwrap_or(rects[0]);
        let stroke = Stroke::new(1.0, palette.line);
        painter.rect(rect, 6.0, palette.panel.gamma_multiply(0.94), stroke, egui::StrokeKind::Inside);
        let bar = Rect::from_min_size(rect.min + vec2(5.0, 5.0), vec2(3.0, rect.height() - 10.0));
        painter.rect_filled(bar, 1.5, label.color);
        painter.galley(rect.min + vec2(13.0, 4.0), galley, ink);
        taken.push(rect.expand(3.0));
    }
}

/// Where a point stands on the screen.
pub(super) fn screen(transform: &PlotTransform, point: &PlanePoint) -> Pos2 {
    transform.position_from_point(&PlotPoint::new(point.complexity, point.expressivity))
}
