//! Words upon a frame: beside ends and current points, along curves and rules, in corners; none over another.

use eframe::egui::{Color32, FontId, Pos2, Rect, Shape, Stroke, Vec2, epaint::TextShape, pos2, vec2};

use super::canvas::{Canvas, within};
use super::series::CURRENT_RADIUS;
use super::{Cursor, Moment};
use crate::app::theme;
use crate::chart::{Chart, Color, Curve, Mark, Remark, Rule, Series};

const SIZE: f32 = 12.0;
/// How far from a datum its words begin, and from where on a line leads to them, in points of the screen.
const AWAY: f32 = CURRENT_RADIUS + 6.0;
const LED_FROM: f32 = AWAY + 6.0;
/// Words beside a datum cover no more data than this.
const MOST_COVERED: usize = 1;
/// Up to so many marked data of a frame have an exclamation mark each; else those that stand out.
const FEW_FLAGS: usize = 12;

/// Where words stand already, and where data lie.
pub(super) struct Labels {
    taken: Vec<Rect>,
    dots: Vec<Pos2>,
}

impl Labels {
    pub fn of(canvas: &Canvas<'_>) -> Self {
        let data = canvas.facet.marks.iter().filter(|mark| matches!(mark, Mark::Series(_)));
        let places = data.flat_map(Mark::data).filter_map(|datum| canvas.at(datum.x, datum.y));
        let mut dots: Vec<Pos2> = Vec::new();
        // Of those that lie on each other one is enough.
        for at in places {
            if dots.last().is_none_or(|last| last.distance_sq(at) > 16.0) {
                dots.push(at);
            }
        }
        Self { taken: Vec::new(), dots }
    }

    fn is_free(&self, rect: Rect) -> bool {
        !self.taken.iter().any(|taken| taken.intersects(rect))
    }

    /// How many data lie under words.
    fn covered(&self, rect: Rect) -> usize {
        let rect = rect.expand(3.0);
        self.dots.iter().filter(|dot| rect.contains(**dot)).count()
    }

    /// A place for words of a size beside a point: the free one that covers the fewest data; `None` where all cover
    /// words or several data, or leave the frame.
    fn beside(&self, canvas: &Canvas<'_>, at: Pos2, size: Vec2) -> Option<Rect> {
        // Right, left and middle, and likewise up and down, at so much from the point.
        let across = |far: f32| (far, -far - size.x, -size.x / 2.0);
        let up = |far: f32| (far, -far - size.y, -size.y / 2.0);
        let places = [1.0f32, 2.0, 3.2, 4.6].into_iter().flat_map(|far| {
            let (away, near) = (far * AWAY, far * AWAY * 0.7);
            let ((right, left, middle), (below, above, level)) = (across(away), up(away));
            let ((by_right, by_left, _), (by_below, by_above, _)) = (across(near), up(near));
            [
                (right, level),
                (by_right, by_above),
                (by_right, by_below),
                (left, level),
                (by_left, by_above),
                (by_left, by_below),
                (middle, above),
                (middle, below),
            ]
        });
        let rects = places.map(|(x, y)| Rect::from_min_size(at + vec2(x, y), size));
        let free = rects.filter(|rect| canvas.rect().contains_rect(*rect) && self.is_free(*rect));
        let ranked = free.enumerate().map(|(index, rect)| (self.covered(rect), index, rect));
        // Words that would hide the course of data are left to the legend.
        ranked
            .filter(|(covered, ..)| *covered <= MOST_COVERED)
            .min_by_key(|(covered, index, _)| (*covered, *index))
            .map(|(.., rect)| rect)
    }
}

/// Draws all words of a facet.
pub(super) fn paint(canvas: &Canvas<'_>, chart: &Chart, cursor: &Cursor, labels: &mut Labels) {
    remarks(canvas, labels);
    for mark in &canvas.facet.marks {
        match mark {
            Mark::Curve(curve) if !curve.label.is_empty() => along(canvas, curve, labels),
            Mark::Rule(rule) if !rule.label.is_empty() => rule_label(canvas, rule, labels),
            Mark::Words(words) => {
                let Some(at) = canvas.at(words.at[0], words.at[1]) else { continue };
                let color = theme::ink(words.color, canvas.is_dark);
                let font = FontId::proportional(SIZE);
                let galley = canvas.painter.layout_no_wrap(words.text.clone(), font, color);
                let rect = Rect::from_center_size(at, galley.size());
                if labels.is_free(rect) {
                    canvas.painter.galley(rect.min, galley, color);
                    labels.taken.push(rect);
                }
            }
            _ => {}
        }
    }
    let series = || {
        canvas.facet.marks.iter().filter_map(|mark| match mark {
            Mark::Series(series) => Some(series),
            _ => None,
        })
    };
    // First what is hovered, then what the scrubber stands on.
    let of_run = |series: &&Series| {
        let run = series.data.first().and_then(|datum| datum.of.run);
        cursor.hovered.is_some_and(|hovered| hovered.run.is_some() && hovered.run == run)
    };
    for series in series().filter(of_run).chain(series().filter(|series| !of_run(series))) {
        series_label(canvas, chart, series, cursor, labels);
    }
    flags(canvas, cursor, labels);
}

/// The name of a series beside its datum at the scrubber, else beside its last.
fn series_label(canvas: &Canvas<'_>, chart: &Chart, series: &Series, cursor: &Cursor, labels: &mut Labels) {
    if series.label.is_empty() || series.data.first().is_some_and(|datum| cursor.dims(datum.of)) {
        return;
    }
    let current = series.data.iter().find(|datum| cursor.moment(datum.of) == Moment::Current);
    let is_at_scrubber = current.is_some();
    let Some(datum) = current.or(series.data.last()) else { return };
    let Some(at) = canvas.at(datum.x, datum.y).filter(|at| canvas.rect().contains(*at)) else { return };
    let flag = if datum.flags.is_empty() || !is_at_scrubber { "" } else { " !" };
    let more = datum.more.first().filter(|_| is_at_scrubber && chart.subjects.runs.len() <= 4);
    let more = more.map(|more| format!("   {more}")).unwrap_or_default();
    let ink = if datum.flags.is_empty() { canvas.palette.text } else { canvas.palette.weak };
    let text = format!("{}{more}{flag}", series.label);
    let galley = canvas.painter.layout_no_wrap(text, FontId::proportional(SIZE), ink);
    let size = galley.size() + vec2(14.0, 4.0);
    let Some(rect) = labels.beside(canvas, at, size) else { return };
    let (color, nearest) = (theme::ink(series.color, canvas.is_dark), rect.clamp(at));
    if nearest.distance(at) > LED_FROM {
        let from = at + (nearest - at).normalized() * (CURRENT_RADIUS + 4.0);
        canvas.painter.line_segment([from, nearest], Stroke::new(1.0, theme::faded(color, 0.7)));
    }
    // Words upon lines are read on a ground of their own.
    canvas.painter.rect_filled(rect, 4.0, theme::faded(canvas.palette.ground, 0.8));
    let bar = Rect::from_min_size(rect.min + vec2(3.0, 3.0), vec2(3.0, rect.height() - 6.0));
    canvas.painter.rect_filled(bar, 1.5, color);
    canvas.painter.galley(rect.min + vec2(10.0, 2.0), galley, ink);
    labels.taken.push(rect.expand(2.0));
}

/// What a curve means, along the longest part of it in sight.
fn along(canvas: &Canvas<'_>, curve: &Curve, labels: &mut Labels) {
    let points: Vec<Pos2> = curve.points.iter().filter_map(|[x, y]| canvas.at(*x, *y)).collect();
    let seen = points.windows(2).filter_map(|pair| within(canvas.rect(), [pair[0], pair[1]]));
    let longest = seen.max_by(|a, b| a[0].distance(a[1]).total_cmp(&b[0].distance(b[1])));
    let Some([mut start, mut end]) = longest else { return };
    if end.x < start.x {
        std::mem::swap(&mut start, &mut end);
    }
    let color = theme::ink(curve.color, canvas.is_dark);
    let galley = canvas.painter.layout_no_wrap(curve.label.clone(), FontId::proportional(SIZE), color);
    let (length, height) = (galley.size().x, galley.size().y);
    let along = (end - start).normalized();
    if !along.is_finite() || start.distance(end) < length + 60.0 {
        return;
    }
    // Text hangs below its corner, so it is lifted by its height to stand above the line.
    let up = vec2(along.y, -along.x);
    let from = start + (end - start) * 0.62 - along * (length / 2.0);
    let corner = from + up * (height + 5.0);
    canvas.painter.add(TextShape::new(corner, galley, color).with_angle(along.angle()));
    // Squares along the text, as it lies at an angle.
    let steps = (length / height).ceil() as usize;
    for step in 0..=steps {
        let middle = from + along * (length * step as f32 / steps.max(1) as f32) + up * (5.0 + height / 2.0);
        labels.taken.push(Rect::from_center_size(middle, Vec2::splat(height)));
    }
}

fn rule_label(canvas: &Canvas<'_>, rule: &Rule, labels: &mut Labels) {
    let (frame, color) = (canvas.rect(), theme::ink(rule.color, canvas.is_dark));
    let galley = canvas.painter.layout_no_wrap(rule.label.clone(), FontId::proportional(11.0), color);
    let size = galley.size();
    let zero = [canvas.facet.x.value(0.0), canvas.facet.y.value(0.0)];
    let at = if rule.is_upright { canvas.at(rule.at, zero[1]) } else { canvas.at(zero[0], rule.at) };
    let Some(at) = at.filter(|at| match rule.is_upright {
        true => frame.x_range().contains(at.x),
        false => frame.y_range().contains(at.y),
    }) else {
        return;
    };
    // From the far end on, a line lower where another's words stand.
    let places = (0..8).flat_map(|step| {
        let down = step as f32 * size.y;
        match rule.is_upright {
            true => [pos2(at.x + 4.0, frame.top() + down), pos2(at.x - 4.0 - size.x, frame.top() + down)],
            false => [
                pos2(frame.right() - size.x - 4.0 - down, at.y - size.y),
                pos2(frame.right() - size.x - 4.0 - down, at.y + 1.0),
            ],
        }
    });
    let rects = places.map(|at| Rect::from_min_size(at, size));
    let free = rects.filter(|rect| frame.contains_rect(*rect) && labels.is_free(*rect)).enumerate();
    // Of those free the one that hides the fewest data.
    if let Some((_, rect)) = free.min_by_key(|(index, rect)| (labels.covered(*rect), *index)) {
        canvas.painter.rect_filled(rect, 2.0, theme::faded(canvas.palette.ground, 0.75));
        canvas.painter.galley(rect.min, galley, color);
        labels.taken.push(rect);
    }
}

/// Lines of words in the corner where the fewest data lie.
fn remarks(canvas: &Canvas<'_>, labels: &mut Labels) {
    let remarks: Vec<&Remark> = canvas
        .facet
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Remark(remark) => Some(remark),
            _ => None,
        })
        .collect();
    if remarks.is_empty() {
        return;
    }
    let lines: Vec<_> = remarks
        .iter()
        .map(|remark| {
            let color = match remark.color {
                Color::Text | Color::Muted => theme::ink(remark.color, canvas.is_dark),
                // Words in ink, with their key before them.
                _ => canvas.palette.text,
            };
            canvas.painter.layout_no_wrap(remark.text.clone(), FontId::proportional(11.5), color)
        })
        .collect();
    let width = lines.iter().map(|line| line.size().x).fold(0.0, f32::max) + 12.0;
    let height: f32 = lines.iter().map(|line| line.size().y + 1.0).sum();
    let frame = canvas.rect().shrink(6.0);
    let size = vec2(width, height);
    // What would take most of a small frame stands in tables and in what is said of it.
    if width > frame.width() || height > frame.height() * 0.45 {
        return;
    }
    let corners = [
        frame.left_top(),
        pos2(frame.right() - width, frame.top()),
        pos2(frame.left(), frame.bottom() - height),
        pos2(frame.right() - width, frame.bottom() - height),
    ];
    let rects = corners.map(|corner| Rect::from_min_size(corner, size));
    let Some(rect) = rects.into_iter().min_by_key(|rect| labels.covered(*rect)) else { return };
    canvas.painter.rect_filled(rect.expand(2.0), 4.0, theme::faded(canvas.palette.ground, 0.75));
    let mut top = rect.top();
    for (remark, line) in remarks.iter().zip(lines) {
        let height = line.size().y;
        let key = Rect::from_min_size(pos2(rect.left(), top + 2.0), vec2(3.0, height - 4.0));
        canvas.painter.rect_filled(key, 1.5, theme::ink(remark.color, canvas.is_dark));
        canvas.painter.galley(pos2(rect.left() + 8.0, top), line, Color32::PLACEHOLDER);
        top += height + 1.0;
    }
    labels.taken.push(rect.expand(2.0));
}

/// Exclamation marks beside data that are to be taken with care, unless there are many.
fn flags(canvas: &Canvas<'_>, cursor: &Cursor, labels: &mut Labels) {
    let marked = || {
        let series = canvas.facet.marks.iter().filter_map(|mark| match mark {
            // The name beside a current datum has the mark already.
            Mark::Series(series) if series.marker.is_some() => Some(series),
            _ => None,
        });
        let data = series.flat_map(|series| series.data.iter().map(move |datum| (series, datum)));
        data.filter(|(_, datum)| datum.is_marked)
    };
    let is_few = marked().count() <= FEW_FLAGS;
    for (series, datum) in marked() {
        let is_current = cursor.moment(datum.of) == Moment::Current;
        let is_named = is_current && !series.label.is_empty();
        if is_named || !(is_few || is_current) || cursor.moment(datum.of) == Moment::Later {
            continue;
        }
        let Some(at) = canvas.at(datum.x, datum.y) else { continue };
        let sign =
            canvas.painter.layout_no_wrap("!".to_owned(), FontId::proportional(SIZE), canvas.palette.warn);
        let (width, height) = (sign.size().x, sign.size().y);
        // Above it at its right, else at its left, else below.
        let places = [(5.0, -4.0 - height), (-5.0 - width, -4.0 - height), (5.0, 4.0), (-5.0 - width, 4.0)];
        let mut rects = places.into_iter().map(|(x, y)| Rect::from_min_size(at + vec2(x, y), sign.size()));
        let free = rects.find(|rect| canvas.rect().contains_rect(*rect) && labels.is_free(*rect));
        if let Some(rect) = free {
            canvas.painter.galley(rect.min, sign, canvas.palette.warn);
            labels.taken.push(rect);
        }
    }
    hairs(canvas, cursor);
}

/// Short lines on both axes where something current stands.
fn hairs(canvas: &Canvas<'_>, cursor: &Cursor) {
    let frame = canvas.rect();
    let mut shapes = Vec::new();
    for mark in &canvas.facet.marks {
        let Mark::Series(series) = mark else { continue };
        let Some(datum) = series.data.iter().find(|datum| cursor.moment(datum.of) == Moment::Current) else {
            continue;
        };
        let Some(at) = canvas.at(datum.x, datum.y).filter(|at| frame.contains(*at)) else { continue };
        let stroke = Stroke::new(1.5, theme::ink(series.color, canvas.is_dark));
        let up = [pos2(at.x, frame.bottom()), pos2(at.x, frame.bottom() - 6.0)];
        let across = [pos2(frame.left(), at.y), pos2(frame.left() + 6.0, at.y)];
        shapes.extend([up, across].map(|ends| Shape::line_segment(ends, stroke)));
    }
    canvas.painter.extend(shapes);
}
