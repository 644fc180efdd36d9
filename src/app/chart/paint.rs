//! The marks of a frame, in the order of the chart, and the cursor of time over them.

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align, Color32, ColorImage, FontId, Rect, Shape, Stroke, StrokeKind, TextureOptions, Ui, pos2, vec2,
};

use super::canvas::{Canvas, dimmed, within};
use super::labels::{self, Labels};
use super::shapes;
use super::{ChartMemory, Cursor, Moment, series};
use crate::app::theme;
use crate::chart::{Bars, Cell, Cells, Chart, Curve, Dash, Datum, Line, Mark, Rule};

/// Cells have numbers from this height and width on, in points of the screen.
const CELL_WITH_NUMBER: [f32; 2] = [30.0, 14.0];
/// No more cells than these have numbers.
const MOST_NUMBERS: usize = 900;

/// Draws all marks of a facet and what is current on it.
pub(super) fn marks(
    ui: &Ui,
    canvas: &Canvas<'_>,
    chart: &Chart,
    facet: usize,
    memory: &mut ChartMemory,
    cursor: &Cursor,
) {
    let mut labels = Labels::of(canvas);
    let marks = &canvas.facet.marks;
    let mut index = 0;
    while index < marks.len() {
        match &marks[index] {
            Mark::Series(_) => {
                // Series that follow each other are drawn together.
                let of = |mark: &'_ Mark| matches!(mark, Mark::Series(_));
                let count = marks[index..].iter().take_while(|mark| of(mark)).count();
                let group = marks[index..index + count].iter().filter_map(|mark| match mark {
                    Mark::Series(series) => Some(series),
                    _ => None,
                });
                series::paint(canvas, group, cursor);
                index += count;
                continue;
            }
            Mark::Bars(bars) => paint_bars(canvas, bars, cursor),
            Mark::Cells(cells) => paint_cells(ui, canvas, cells, (facet, index), memory, cursor),
            Mark::Curve(curve) => paint_curve(canvas, curve),
            Mark::Rule(rule) => paint_rule(canvas, rule, cursor),
            Mark::Words(_) | Mark::Remark(_) => {}
        }
        index += 1;
    }
    time(canvas, cursor);
    labels::paint(canvas, chart, cursor, &mut labels);
}

fn paint_curve(canvas: &Canvas<'_>, curve: &Curve) {
    let color = theme::ink(curve.color, canvas.is_dark);
    // A curve of a weight is as wide and opaque as that is great.
    let weight = curve.weight.map(|weight| weight.clamp(0.0, 1.0));
    let color = theme::faded(color, weight.unwrap_or(1.0));
    let points: Vec<_> = curve.points.iter().filter_map(|[x, y]| canvas.at(*x, *y)).collect();
    if curve.is_area {
        canvas.painter.add(shapes::area(&points, theme::faded(color, 0.1)));
    }
    if let Some(line) = curve.line {
        let mut shapes = Vec::new();
        // Dashes are cut to the frame, or a line far beyond it would have millions.
        for pair in points.windows(2).filter_map(|pair| within(canvas.rect(), [pair[0], pair[1]])) {
            let width = weight.map_or(if line.is_thin { 1.0 } else { 1.5 }, |weight| 0.4 + 1.6 * weight);
            let dash = theme::dash(line, curve.color);
            shapes::line(pair.to_vec(), Stroke::new(width, color), dash, &mut shapes);
        }
        canvas.painter.extend(shapes);
    }
}

fn paint_rule(canvas: &Canvas<'_>, rule: &Rule, cursor: &Cursor) {
    let frame = canvas.rect();
    let zero = [canvas.facet.x.value(0.0), canvas.facet.y.value(0.0)];
    let at = if rule.is_upright { canvas.at(rule.at, zero[1]) } else { canvas.at(zero[0], rule.at) };
    let Some(at) = at else { return };
    let ends = match rule.is_upright {
        true => [pos2(at.x, frame.top()), pos2(at.x, frame.bottom())],
        false => [pos2(frame.left(), at.y), pos2(frame.right(), at.y)],
    };
    let color = theme::ink(rule.color, canvas.is_dark);
    let color = if cursor.dims(rule.of) { dimmed(color, canvas.palette) } else { color };
    let width = if cursor.lights(rule.of) { 2.0 } else { 1.0 };
    let mut lines = Vec::new();
    let dash = theme::dash(Line { dash: Dash::Bound, is_thin: true }, rule.color);
    shapes::line(ends.to_vec(), Stroke::new(width, color), dash, &mut lines);
    canvas.painter.extend(lines);
}

fn paint_bars(canvas: &Canvas<'_>, bars: &Bars, cursor: &Cursor) {
    for datum in &bars.data {
        let Some(rect) = bar(canvas, bars, datum) else { continue };
        let color = theme::ink(datum.color.unwrap_or(bars.color), canvas.is_dark);
        let color = if cursor.dims(datum.of) { dimmed(color, canvas.palette) } else { color };
        canvas.painter.rect_filled(rect, 0.0, color);
        if cursor.lights(datum.of) && cursor.hovered.is_some() {
            let stroke = Stroke::new(1.5, canvas.palette.strong);
            canvas.painter.rect_stroke(rect, 0.0, stroke, StrokeKind::Inside);
        }
    }
}

/// Where a bar stands: from zero to its value, in a stack between its ends.
pub(super) fn bar(canvas: &Canvas<'_>, bars: &Bars, datum: &Datum) -> Option<Rect> {
    let half = bars.width / 2.0;
    let (low, high) = datum.low.zip(datum.high).unwrap_or((0.0, datum.y));
    let foot = canvas.at(datum.x - half, low).or_else(|| {
        // A logarithm has no zero: there bars stand on the frame.
        canvas.at(datum.x - half, high).map(|at| pos2(at.x, canvas.rect().bottom()))
    });
    Some(Rect::from_two_pos(foot?, canvas.at(datum.x + half, high)?))
}

fn paint_cells(
    ui: &Ui,
    canvas: &Canvas<'_>,
    cells: &Cells,
    (facet, index): (usize, usize),
    memory: &mut ChartMemory,
    cursor: &Cursor,
) {
    let (columns, rows) = (cells.columns, cells.rows);
    if columns == 0 || rows == 0 {
        return;
    }
    let [width, height] = [columns as f64 - 0.5, rows as f64 - 0.5];
    let (Some(corner), Some(opposite)) = (canvas.at(-0.5, height), canvas.at(width, -0.5)) else { return };
    let texture = memory.textures.entry((facet, index, canvas.is_dark)).or_insert_with(|| {
        let mut image = ColorImage::filled([columns, rows], Color32::TRANSPARENT);
        for cell in cells.cells.iter().filter(|cell| cell.datum.y.is_finite()) {
            if cell.column < columns && cell.row < rows {
                let place = (rows - 1 - cell.row) * columns + cell.column;
                image.pixels[place] = ground(cells, cell, canvas.is_dark);
            }
        }
        ui.ctx().load_texture("cells", image, TextureOptions::NEAREST)
    });
    let rect = Rect::from_two_pos(corner, opposite);
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    canvas.painter.image(texture.id(), rect, uv, Color32::WHITE);
    let size = rect.size() / vec2(columns as f32, rows as f32);
    let has_numbers = cells.has_numbers
        && size.x >= CELL_WITH_NUMBER[0]
        && size.y >= CELL_WITH_NUMBER[1]
        && cells.cells.len() <= MOST_NUMBERS;
    for cell in &cells.cells {
        let Some(center) = canvas.at(cell.column as f64, cell.row as f64) else { continue };
        let rect = Rect::from_center_size(center, size);
        if has_numbers && cell.datum.y.is_finite() || !cell.sign.is_empty() {
            let ink = theme::ink_on(ground(cells, cell, canvas.is_dark));
            let number = if has_numbers { format!("{:.2}", cell.datum.y) } else { String::new() };
            let text = format!("{number}{}", cell.sign);
            let mut job = LayoutJob::simple(text, FontId::proportional(11.0), ink, f32::INFINITY);
            job.halign = Align::Center;
            let galley = canvas.painter.layout_job(job);
            // Words that have no room in their cell stand in its tooltip.
            if galley.size().x <= size.x && galley.size().y <= size.y {
                let at = center - vec2(0.0, galley.size().y / 2.0);
                canvas.painter.galley(at, galley, ink);
            }
        }
        let is_current = cursor.moment(cell.datum.of) == Moment::Current;
        let lights = cursor.lights(cell.datum.of) && !cursor.dims(cell.datum.of);
        if lights
            && cursor.hovered.is_some_and(|hovered| hovered.checkpoint.is_some() || hovered.layer.is_some())
        {
            let stroke = Stroke::new(1.5, canvas.palette.strong);
            canvas.painter.rect_stroke(rect, 0.0, stroke, StrokeKind::Inside);
        } else if is_current {
            for (from, to) in [(rect.left_top(), rect.left_bottom()), (rect.right_top(), rect.right_bottom())]
            {
                canvas.painter.line_segment([from, to], Stroke::new(1.0, canvas.palette.strong));
            }
        }
    }
}

/// The colour of a cell: its own, else what its value has.
fn ground(cells: &Cells, cell: &Cell, is_dark: bool) -> Color32 {
    theme::ink(cell.datum.color.unwrap_or_else(|| cells.map.at(share(cells, cell.datum.y))), is_dark)
}

/// How far a value lies from the least to the largest of a scale of colours.
fn share(cells: &Cells, value: f64) -> f32 {
    let [least, largest] = cells.range;
    let share = (value - least) / (largest - least);
    if share.is_finite() { share.clamp(0.0, 1.0) as f32 } else { 0.5 }
}

/// The scrubber's place on an axis of time: upright lines through what is current, one where runs agree.
fn time(canvas: &Canvas<'_>, cursor: &Cursor) {
    if !canvas.facet.x.is_time {
        return;
    }
    let frame = canvas.rect();
    let mut seen: Vec<f32> = Vec::new();
    for datum in canvas.facet.marks.iter().flat_map(Mark::data) {
        if cursor.moment(datum.of) != Moment::Current {
            continue;
        }
        let Some(at) = canvas.at(datum.x, datum.y) else { continue };
        if seen.iter().all(|x| (x - at.x).abs() > 1.0) {
            seen.push(at.x);
            let stroke = Stroke::new(1.0, theme::faded(canvas.palette.strong, 0.45));
            canvas
                .painter
                .add(Shape::line_segment([pos2(at.x, frame.top()), pos2(at.x, frame.bottom())], stroke));
        }
    }
}
