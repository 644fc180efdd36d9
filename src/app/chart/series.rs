//! Series upon a frame: bands and areas, then lines, then marks, so that nothing of one run hides another's points.

use eframe::egui::{Color32, Pos2, Shape, Stroke, pos2};

use super::canvas::{Canvas, dimmed};
use super::shapes::{self, Look};
use super::{Cursor, Moment};
use crate::app::theme;
use crate::chart::{Dash, Datum, Fill, Line, Marker, Series};

/// Up to so many data all marks and whiskers of a frame are drawn; of more, those that have room.
const FEW: usize = 120;
const FEW_WHISKERS: usize = 60;
/// The room a mark takes among many, in points of the screen.
const SLOT: f32 = 11.0;
/// The radius of a mark, and of one at the scrubber.
pub(super) const RADIUS: f32 = 4.0;
pub(super) const CURRENT_RADIUS: f32 = 6.0;

/// A series with the places of its data.
struct Placed<'a> {
    series: &'a Series,
    places: Vec<Option<Pos2>>,
    color: Color32,
    /// Whether its data are of several checkpoints of a run: those after the scrubber stand back.
    is_of_time: bool,
}

impl Placed<'_> {
    /// Whether a datum comes after the scrubber.
    fn is_later(&self, cursor: &Cursor, datum: &Datum) -> bool {
        self.is_of_time && cursor.moment(datum.of) == Moment::Later
    }
}

/// Draws series that follow each other in a frame.
pub(super) fn paint<'a>(canvas: &Canvas<'_>, series: impl Iterator<Item = &'a Series>, cursor: &Cursor) {
    let place = |series: &'a Series| {
        let of = series.data.first().map(|datum| datum.of).unwrap_or_default();
        let color = theme::ink(series.color, canvas.is_dark);
        let dims = series.is_faint || cursor.dims(of);
        let first = series.data.first().and_then(|datum| datum.of.checkpoint);
        Placed {
            series,
            places: series.data.iter().map(|datum| canvas.at(datum.x, datum.y)).collect(),
            color: if dims { dimmed(color, canvas.palette) } else { color },
            is_of_time: series.data.iter().any(|datum| datum.of.checkpoint != first),
        }
    };
    let mut placed: Vec<Placed<'_>> = series.map(place).collect();
    // What is hovered lies over the others.
    placed.sort_by_key(|placed| {
        placed.series.data.first().is_some_and(|datum| {
            cursor.hovered.is_some_and(|hovered| hovered.run.is_some() && hovered.run == datum.of.run)
        })
    });
    let mut shapes = Vec::new();
    placed.iter().for_each(|placed| fills(canvas, placed, cursor, &mut shapes));
    placed.iter().for_each(|placed| lines(canvas, placed, cursor, &mut shapes));
    let count: usize = placed.iter().map(|placed| placed.places.len()).sum();
    placed.iter().for_each(|placed| whiskers(canvas, placed, cursor, count, &mut shapes));
    marks(canvas, &placed, cursor, count, &mut shapes);
    canvas.painter.extend(shapes);
}

/// The stretches of a series that a line joins, as ranges of data with places.
fn stretches(placed: &Placed<'_>) -> Vec<std::ops::Range<usize>> {
    let mut stretches: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, (datum, at)) in placed.series.data.iter().zip(&placed.places).enumerate() {
        if at.is_none() {
            continue;
        }
        match stretches.last_mut() {
            Some(last) if datum.joined && last.end == index => last.end = index + 1,
            _ => stretches.push(index..index + 1),
        }
    }
    stretches
}

fn fills(canvas: &Canvas<'_>, placed: &Placed<'_>, cursor: &Cursor, shapes: &mut Vec<Shape>) {
    let (is_area, strength) = match placed.series.fill {
        Fill::Band => (false, 0.18),
        Fill::Area => (true, if cursor.hovered.is_some() { 0.6 } else { 0.8 }),
        Fill::None | Fill::Whiskers => return,
    };
    for stretch in stretches(placed).into_iter().filter(|stretch| stretch.len() > 1) {
        let edges = placed.series.data[stretch].iter().filter_map(|datum| {
            let (low, high) = if is_area {
                (datum.low.unwrap_or(0.0), datum.high.unwrap_or(datum.y))
            } else {
                (datum.low?, datum.high?)
            };
            Some((canvas.at(datum.x, high)?, canvas.at(datum.x, low)?))
        });
        let (upper, lower): (Vec<_>, Vec<_>) = edges.unzip();
        shapes.push(shapes::band(&upper, &lower, theme::faded(placed.color, strength)));
    }
}

fn lines(canvas: &Canvas<'_>, placed: &Placed<'_>, cursor: &Cursor, shapes: &mut Vec<Shape>) {
    let Some(line) = placed.series.line else { return };
    let lights = placed.series.data.first().is_some_and(|datum| {
        cursor.hovered.is_some_and(|hovered| hovered.run.is_some() && hovered.run == datum.of.run)
    });
    let width: f32 = (if line.is_thin { 1.0 } else { 1.5 }) + (if lights { 1.0 } else { 0.0 });
    for stretch in stretches(placed) {
        let is_stale = placed.series.data[stretch.start].is_stale;
        let line = if is_stale { Line { dash: Dash::Stale, ..line } } else { line };
        // The part up to the scrubber is whole, the rest stands back.
        let later = stretch.clone().find(|index| placed.is_later(cursor, &placed.series.data[*index]));
        let split = later.unwrap_or(stretch.end);
        let parts = [(stretch.start, split, false), (split.max(stretch.start + 1) - 1, stretch.end, true)];
        for (from, to, is_later) in parts {
            if to <= from + 1 {
                continue;
            }
            let points = thinned(placed.places[from..to].iter().flatten().copied());
            let color = match is_later {
                true => theme::mixed(placed.color, canvas.palette.ground, 0.45),
                false => placed.color,
            };
            let width = if is_later { width.min(1.0) } else { width };
            let dash = theme::dash(line, placed.series.color);
            shapes::line(points, Stroke::new(width, color), dash, shapes);
        }
    }
}

/// Points without those that lie on the pixel of the one before.
fn thinned(points: impl Iterator<Item = Pos2>) -> Vec<Pos2> {
    let mut kept: Vec<Pos2> = Vec::new();
    let mut last = None;
    for point in points {
        if kept.last().is_none_or(|before| before.distance_sq(point) > 0.36) {
            kept.push(point);
            last = None;
        } else {
            last = Some(point);
        }
    }
    kept.extend(last);
    kept
}

/// How far data spread, each way.
fn whiskers(
    canvas: &Canvas<'_>,
    placed: &Placed<'_>,
    cursor: &Cursor,
    count: usize,
    shapes: &mut Vec<Shape>,
) {
    if placed.series.fill != Fill::Whiskers {
        return;
    }
    for (datum, at) in placed.series.data.iter().zip(&placed.places) {
        let Some(at) = at else { continue };
        let stands_out = cursor.moment(datum.of) == Moment::Current || cursor.lights(datum.of);
        if count > FEW_WHISKERS && !stands_out || placed.is_later(cursor, datum) {
            continue;
        }
        let stroke = Stroke::new(if stands_out { 1.4 } else { 0.8 }, placed.color);
        let ends = |low: Option<Pos2>, high: Option<Pos2>| low.zip(high).map(|(low, high)| [low, high]);
        let up = datum.low.zip(datum.high);
        let up = up.and_then(|(low, high)| ends(canvas.at(datum.x, low), canvas.at(datum.x, high)));
        let across = datum.x_spread.and_then(|spread| {
            ends(canvas.at(datum.x - spread, datum.y), canvas.at(datum.x + spread, datum.y))
        });
        for (ends, cap) in [(up, pos2(2.5, 0.0)), (across, pos2(0.0, 2.5))] {
            // What the mark itself covers needs no line.
            let Some(ends) = ends.filter(|ends| ends[0].distance(*at) > RADIUS) else { continue };
            shapes.push(Shape::line_segment(ends, stroke));
            for end in ends {
                shapes.push(Shape::line_segment([end - cap.to_vec2(), end + cap.to_vec2()], stroke));
            }
        }
    }
}

/// The marks of all series, by checkpoint and then by run; where there are too many, those that have room, each series
/// as many as the others.
fn marks(canvas: &Canvas<'_>, all: &[Placed<'_>], cursor: &Cursor, count: usize, shapes: &mut Vec<Shape>) {
    let longest = all.iter().map(|placed| placed.places.len()).max().unwrap_or(0);
    let mut room = Room::of(canvas, count > FEW);
    let mut drawn = vec![0usize; all.len()];
    let mut order: Vec<usize> = (0..all.len()).collect();
    let mut above = Vec::new();
    // In a small frame marks are small.
    let scale = (canvas.rect().size().min_elem() / 170.0).clamp(0.6, 1.0);
    for index in 0..longest {
        if count > FEW && all.len() > 1 {
            order.sort_by_key(|series| drawn[*series]);
        }
        for &number in &order {
            let placed = &all[number];
            let (Some(marker), Some(datum)) = (placed.series.marker, placed.series.data.get(index)) else {
                continue;
            };
            let Some(at) = placed.places[index].filter(|at| canvas.rect().expand(8.0).contains(*at)) else {
                continue;
            };
            let is_current = cursor.moment(datum.of) == Moment::Current && placed.is_of_time;
            let lights = cursor.lights(datum.of) && !cursor.dims(datum.of) && stands_out(cursor, datum);
            if is_current || lights {
                above.push((placed, datum, marker, at, is_current, lights));
                continue;
            }
            let is_end = index == 0 || index + 1 == placed.places.len();
            if marker != Marker::Speck {
                if placed.is_later(cursor, datum) || !room.takes(at, is_end) {
                    continue;
                }
                drawn[number] += 1;
            }
            shapes::marker(marker, at, look(canvas, placed, datum, cursor, RADIUS * scale), shapes);
        }
    }
    for (placed, datum, marker, at, is_current, lights) in above {
        let radius = scale * if is_current { CURRENT_RADIUS } else { RADIUS + 1.0 };
        let look = look(canvas, placed, datum, cursor, radius);
        if marker == Marker::Null {
            shapes::marker(marker, at, look, shapes);
            continue;
        }
        shapes.push(Shape::circle_filled(at, radius + 4.0, canvas.palette.ground));
        shapes::marker(marker, at, look, shapes);
        if is_current || lights {
            let width = if lights { 2.0 } else { 1.5 };
            shapes.push(Shape::circle_stroke(at, radius + 3.0, Stroke::new(width, canvas.palette.strong)));
        }
    }
}

/// Whether a datum lights up by itself, not only with its whole run.
fn stands_out(cursor: &Cursor, datum: &Datum) -> bool {
    let hovered = cursor.hovered.unwrap_or_default();
    hovered.checkpoint.is_some() && datum.of.checkpoint.is_some()
        || hovered.layer.is_some() && datum.of.layer.is_some()
        || datum.of.checkpoint.is_none() && datum.of.layer.is_none()
}

fn look(canvas: &Canvas<'_>, placed: &Placed<'_>, datum: &Datum, cursor: &Cursor, radius: f32) -> Look {
    let color = match datum.color {
        Some(color) if placed.series.is_faint || cursor.dims(datum.of) => {
            dimmed(theme::ink(color, canvas.is_dark), canvas.palette)
        }
        Some(color) => theme::ink(color, canvas.is_dark),
        None => placed.color,
    };
    let radius = radius * datum.size.unwrap_or(1.0);
    Look { color, ground: canvas.palette.ground, radius, is_open: datum.is_open }
}

/// Which places of a frame have a mark already.
struct Room {
    taken: Vec<bool>,
    columns: usize,
    corner: Pos2,
    is_counted: bool,
}

impl Room {
    fn of(canvas: &Canvas<'_>, is_counted: bool) -> Self {
        let frame = canvas.rect().expand(2.0 * SLOT);
        let columns = (frame.width() / SLOT) as usize + 1;
        let rows = (frame.height() / SLOT) as usize + 1;
        let taken = if is_counted { vec![false; columns * rows] } else { Vec::new() };
        Self { taken, columns, corner: frame.min, is_counted }
    }

    /// Takes a place where it is free, or has to be.
    fn takes(&mut self, at: Pos2, must: bool) -> bool {
        if !self.is_counted {
            return true;
        }
        let cell = (at - self.corner) / SLOT;
        let index = cell.y.max(0.0) as usize * self.columns + cell.x.max(0.0) as usize;
        let is_free = self.taken.get(index).is_some_and(|taken| !taken);
        if let Some(taken) = self.taken.get_mut(index) {
            *taken = true;
        }
        is_free || must
    }
}
