//! Where the frames of a chart stand, and its legend, by the room there is.

use eframe::egui::{Rect, Vec2, pos2, vec2};

use super::frame;
use crate::chart::{Aspect, Chart};

/// Frames are no narrower than this, and lower ones stand side by side, in points of the screen.
const LEAST: Vec2 = vec2(104.0, 90.0);
/// Lower than this none is drawn: what has no room is counted in a line of this height.
pub(super) const LOWEST: f32 = 72.0;
const MORE: f32 = 18.0;
/// Between frames.
const GAP: f32 = 6.0;
/// The width of a legend beside the frames.
const LEGEND_WIDTH: f32 = 210.0;
const LEAST_LEGEND: f32 = 140.0;
/// The share of the height that a legend below the frames takes at most.
const MOST_LEGEND: f32 = 0.3;
/// A square with its axis across is no lower than this because of what stands below it, of which two lines stand there in
/// any case.
const LEAST_SQUARE: f32 = 400.0;
const LEAST_BELOW: f32 = 38.0;
/// Charts narrower or lower than this have no legend: its names stand in tooltips.
const LEGEND_FROM: Vec2 = vec2(260.0, 230.0);

/// The height that a legend takes below the frames at most: a square does not become small for words that stand in lists
/// and tooltips too.
pub(super) fn most_below(chart: &Chart, area: Rect) -> f32 {
    let most = area.height() * MOST_LEGEND;
    let is_square = chart.facets.len() == 1 && is_equal(chart);
    let spare = area.height() - GAP - LEAST_SQUARE;
    if is_square { most.min(spare.max(LEAST_BELOW)) } else { most }
}

/// Where frames and legend stand.
pub(super) struct Layout {
    pub frames: Vec<Rect>,
    /// What says how many frames have no room.
    pub more: Option<Rect>,
    pub legend: LegendPlace,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LegendPlace {
    None,
    Beside(Rect),
    Below(Rect),
}

impl Layout {
    pub fn of(chart: &Chart, area: Rect, legend_height: f32) -> Self {
        let count = chart.facets.len().max(1);
        let columns = columns(chart, area);
        let rows = count.div_ceil(columns);
        let has_legend =
            !chart.legend.is_empty() && area.width() >= LEGEND_FROM.x && area.height() >= LEGEND_FROM.y;
        let is_equal = is_equal(chart);
        // A square leaves room at its side in a wide panel.
        let spare = if is_equal { area.width() - squares(area.size(), columns, rows) } else { 0.0 };
        // The places that frames leave free in the last row, where a legend is not too narrow there.
        let widest = if is_equal { area.height() / rows as f32 + frame::SQUARE_EXTRA } else { f32::INFINITY };
        let last_row = (count % columns) as f32 * (area.width() / columns as f32).min(widest);
        let free_cell = columns * rows > count && area.width() - last_row >= LEAST_LEGEND;
        let (mut room, mut legend) = (area, LegendPlace::None);
        if has_legend && !free_cell {
            if spare >= LEAST_LEGEND || area.width() > 1.5 * area.height() && area.width() > 560.0 {
                room.max.x -= LEGEND_WIDTH.min(spare.max(LEAST_LEGEND));
                let left = if is_equal {
                    room.left() + squares(room.size(), columns, rows).min(room.width())
                } else {
                    room.right()
                };
                legend =
                    LegendPlace::Beside(Rect::from_min_max(pos2(left + GAP, area.top() + 10.0), area.max));
            } else {
                room.max.y -= legend_height.clamp(18.0, most_below(chart, area)) + GAP;
                let below = Rect::from_min_max(pos2(area.left() + 8.0, room.bottom() + GAP), area.max);
                legend = LegendPlace::Below(below);
            }
        }
        let seen = rows.min(((room.height() - MORE + GAP) / (LOWEST + GAP)) as usize).max(1);
        let has_all = rows == 1 || room.height() + GAP >= rows as f32 * (LOWEST + GAP);
        let (rows, shown) = if has_all { (rows, count) } else { (seen, count.min(seen * columns)) };
        let more = (shown < count).then(|| room.split_top_bottom_at_y(room.bottom() - MORE));
        if let Some((frames, _)) = more {
            room = frames;
        }
        let part = |length: f32, count: usize| (length - GAP * (count - 1) as f32) / count as f32;
        let mut size = vec2(part(room.width(), columns), part(room.height(), rows));
        if is_equal {
            size.x = size.x.min(size.y + frame::SQUARE_EXTRA);
        }
        let cell = |index: usize| {
            let (column, row) = ((index % columns) as f32, (index / columns) as f32);
            Rect::from_min_size(room.min + vec2(column * (size.x + GAP), row * (size.y + GAP)), size)
        };
        if has_legend && free_cell && shown == count {
            let mut rect = cell(count);
            rect.max.x = room.max.x;
            legend = LegendPlace::Beside(rect.shrink2(vec2(16.0, 12.0)));
        }
        let more = more.map(|(_, line)| line.shrink2(vec2(8.0, 2.0)));
        Self { frames: (0..shown).map(cell).collect(), more, legend }
    }
}

/// The width that squares take in so many columns and rows of an area.
fn squares(area: Vec2, columns: usize, rows: usize) -> f32 {
    columns as f32 * (area.y / rows as f32 + frame::SQUARE_EXTRA)
}

/// Whether all frames are squares.
fn is_equal(chart: &Chart) -> bool {
    chart.facets.iter().all(|facet| facet.aspect == Aspect::Equal)
}

/// How many frames stand side by side: those that the chart asks for, as far as there is room; else as many as leave each
/// frame the most of a good shape.
fn columns(chart: &Chart, area: Rect) -> usize {
    let count = chart.facets.len().max(1);
    let room = ((area.width() / LEAST.x) as usize).clamp(1, count);
    if chart.columns > 0 {
        // More than were asked for where they would be low: a dozen frames in a wide panel.
        let is_low = |columns: &usize| area.height() / (count.div_ceil(*columns) as f32) < LEAST.y;
        let asked = chart.columns.min(room);
        return (asked..=room).find(|columns| !is_low(columns)).unwrap_or(asked);
    }
    // Squares are as wide as high, others best a little wider.
    let shape = if is_equal(chart) { 1.0 } else { 1.3 };
    let shortest = |columns: usize| {
        let rows = count.div_ceil(columns);
        let side = (area.width() / columns as f32).min(shape * area.height() / rows as f32);
        // Of two alike, the one with fewer empty places.
        side - 0.01 * (columns * rows - count) as f32
    };
    (1..=room).max_by(|a, b| shortest(*a).total_cmp(&shortest(*b))).unwrap_or(1)
}
