//! Draws any [`Chart`] in the window: the same marks, ticks and colours as the exported figure, and what a pointer adds.
//!
//! It knows no view. egui_plot gives the axes, the grid and the places; the marks are painted over them, so that there
//! is one order of drawing and a mark can have its run's shape.
//!
//! | file | duty |
//! |---|---|
//! | `frame` | a frame and all within it |
//! | `axes`, `canvas` | its axes, and the places of values between them |
//! | `gestures` | zoom, pan, box, fit by the pointer |
//! | `zoom` | what of the axes is in sight, before and after |
//! | `keyboard`, `place` | walking from datum to datum by keys |
//! | `menu` | what can be done with a datum and its run |
//! | `paint`, `series`, `shapes` | marks as shapes |
//! | `labels` | words beside lines and points |
//! | `hit` | what is under the pointer, and its tooltip |
//! | `legend`, `keys` | which line is which, and what signs mean |
//! | `words` | the same for those who do not see it |

use std::collections::HashMap;

use eframe::egui::{Label, Pos2, Rect, TextureHandle, Ui, UiBuilder, Vec2, pos2, vec2};

use crate::app::theme;
use crate::chart::{Aspect, Axis, Chart, Of};

mod axes;
mod canvas;
mod frame;
mod gestures;
mod hit;
mod keyboard;
mod keys;
mod labels;
mod legend;
mod menu;
mod paint;
mod place;
mod series;
mod shapes;
mod words;
mod zoom;

pub(in crate::app) use canvas::{elided, width_of};
pub(in crate::app) use keys::swatch_ui;
use place::Place;
use zoom::{Reach, Zooms};

/// Frames are no narrower than this, and lower ones stand side by side, in points of the screen.
const LEAST: Vec2 = vec2(104.0, 90.0);
/// Lower than this none is drawn: what has no room is counted in a line of this height.
const LOWEST: f32 = 72.0;
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

/// What a chart remembers between frames of the window.
#[derive(Default)]
pub(in crate::app) struct ChartMemory {
    /// What of the axes is in sight.
    zooms: Zooms,
    /// How far the axes reach.
    reach: Reach,
    /// Whether they reach further than the data, which had reached further before.
    is_grown: bool,
    /// The datum that the keyboard walked to.
    walked: Option<Place>,
    /// What a menu was asked of.
    asked_of: Option<Place>,
    /// Whether a key asks for the menu.
    takes_menu: bool,
    /// Where the menu stands that a key opened, while it is open; the frame then has the focus again.
    key_menu: Option<Pos2>,
    /// Whether the first frame is to take the focus.
    takes_focus: bool,
    /// Where a box began to be drawn.
    box_from: Option<Pos2>,
    /// The height that the legend had below the frames.
    legend_height: f32,
    /// How many points of the screen the first frame had to a place across, where all was in sight.
    scale: f64,
    /// Cells as pictures, by facet and mark, for a theme.
    textures: HashMap<(usize, usize, bool), TextureHandle>,
}

impl ChartMemory {
    /// Shows all data again.
    pub fn fit(&mut self) {
        self.zooms.fit();
    }

    /// Whether all data are in sight.
    pub fn is_fitted(&self) -> bool {
        self.zooms.is_fitted()
    }

    /// Shows again what was in sight before; `false` where there is no such thing.
    pub fn undo(&mut self) -> bool {
        self.zooms.undo()
    }

    /// Shows again what was left by going back, likewise.
    pub fn redo(&mut self) -> bool {
        self.zooms.redo()
    }

    /// Gives the focus to the first frame, as Tab does.
    pub fn focus(&mut self) {
        self.takes_focus = true;
    }

    /// How many points of the screen are to a place across in the first frame, where all is in sight.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Opens the menu of the frame that the keyboard is in, else of the first.
    pub fn open_menu(&mut self) {
        self.takes_menu = true;
    }

    /// Leaves the datum that the keyboard walked to; `false` where there is none.
    pub fn put_down(&mut self) -> bool {
        self.walked.take().is_some()
    }

    /// Takes in a chart that is made anew. Where it has but news of the same, as comes while measuring, its axes `grow`:
    /// they hold what they held.
    pub fn chart_changed(&mut self, chart: &Chart, grow: bool) {
        self.textures.clear();
        self.walked = self.walked.and_then(|place| place.again(chart));
        self.asked_of = self.asked_of.and_then(|place| place.again(chart));
        let reach = Reach::of(chart);
        let grown = if grow { reach.clone().grown(&self.reach) } else { reach.clone() };
        self.is_grown = grown != reach;
        self.reach = grown;
    }

    /// Lets axes reach as far as the data do: no more news come.
    pub fn settle(&mut self, chart: &Chart) {
        if std::mem::take(&mut self.is_grown) {
            self.reach = Reach::of(chart);
        }
    }
}

/// What is looked at, of all charts alike.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Cursor {
    /// The checkpoint of each of [`Subjects::runs`](crate::chart::Subjects::runs) that the scrubber stands on; `None` where it has not begun.
    pub current: Vec<Option<usize>>,
    /// What is hovered, anywhere in the window.
    pub hovered: Option<Of>,
    /// Whether one run is drawn and others are hidden.
    pub is_solo: bool,
}

/// Where something stands in training, seen from the scrubber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Past,
    Current,
    Later,
    /// Of no checkpoint in particular.
    None,
}

impl Cursor {
    fn moment(&self, of: Of) -> Moment {
        let (Some(run), Some(checkpoint)) = (of.run, of.checkpoint) else { return Moment::None };
        match self.current.get(run).copied().flatten() {
            Some(current) if checkpoint < current => Moment::Past,
            Some(current) if checkpoint == current => Moment::Current,
            _ => Moment::Later,
        }
    }

    /// Whether something lights up with what is hovered: it is of the same, as far as both say.
    fn lights(&self, of: Of) -> bool {
        self.hovered.is_some_and(|hovered| is_same(hovered, of))
    }

    /// Whether something of another run than the one hovered stands back.
    fn dims(&self, of: Of) -> bool {
        let hovered = self.hovered.and_then(|hovered| hovered.run);
        hovered.is_some_and(|run| of.run.is_some_and(|other| other != run))
    }
}

/// Whether both are of one thing: nothing that both say differs, and they say something in common.
fn is_same(a: Of, b: Of) -> bool {
    fn compared<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<bool> {
        Some(a? == b?)
    }
    let parts = [compared(a.run, b.run), compared(a.checkpoint, b.checkpoint), compared(a.layer, b.layer)];
    parts.iter().flatten().all(|same| *same) && parts.iter().flatten().next().is_some()
}

/// What became of a chart under the pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::app) struct ChartResponse {
    /// What is hovered on it.
    pub hovered: Option<Of>,
    /// What the keyboard walked to, which goes before what the pointer rests on.
    pub walked: Option<Of>,
    /// What was clicked.
    pub clicked: Option<Of>,
    /// How far a picture was turned, in points of the screen.
    pub turned: Vec2,
    /// What was asked of the window.
    pub asked: Option<Asked>,
    /// Whether it has the focus, or the pointer does something with it.
    pub is_active: bool,
    /// Whether it has the focus.
    pub has_focus: bool,
}

/// What a chart asks of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::app) enum Asked {
    /// Hide the run of this, or show it.
    Toggle(Of),
    /// Show the run of this alone, or all again.
    Solo(Of),
    /// Show this panel alone, or all again.
    Maximise,
    /// Export what is shown.
    Export,
}

impl ChartResponse {
    pub fn merge(&mut self, other: Self) {
        self.hovered = other.hovered.or(self.hovered);
        self.walked = other.walked.or(self.walked);
        self.clicked = other.clicked.or(self.clicked);
        self.turned += other.turned;
        self.asked = other.asked.or(self.asked);
        self.is_active |= other.is_active;
        self.has_focus |= other.has_focus;
    }
}

/// Draws a chart into all the room there is.
pub(in crate::app) fn chart_ui(
    ui: &mut Ui,
    chart: &Chart,
    memory: &mut ChartMemory,
    cursor: &Cursor,
) -> ChartResponse {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let mut response = ChartResponse::default();
    if area.width() < 40.0 || area.height() < 40.0 {
        return response;
    }
    let layout = Layout::of(chart, area, memory.legend_height);
    let moves = ui.style().animation_time > 0.0;
    if memory.zooms.advance(ui.input(|input| input.time), moves) {
        ui.ctx().request_repaint();
    }
    for (index, facet) in chart.facets.iter().enumerate().take(layout.frames.len()) {
        let mut ui = ui.new_child(UiBuilder::new().id_salt(("facet", index)).max_rect(layout.frames[index]));
        response.merge(frame::frame_ui(&mut ui, chart, index, facet, memory, cursor));
    }
    if let Some(rect) = layout.more {
        let count = chart.facets.len() - layout.frames.len();
        let mut ui = ui.new_child(UiBuilder::new().id_salt("more").max_rect(rect));
        let text = theme::weak(&ui, format!("and {count} more, for which there is no room")).small();
        ui.add(Label::new(text).truncate().selectable(false)).on_hover_text("A larger panel shows all");
    }
    match layout.legend {
        LegendPlace::Beside(rect) => {
            let mut ui = ui.new_child(UiBuilder::new().id_salt("legend").max_rect(rect));
            ui.shrink_clip_rect(rect);
            response.merge(legend::column_ui(&mut ui, chart, cursor));
        }
        LegendPlace::Below(rect) => {
            let mut ui = ui.new_child(UiBuilder::new().id_salt("legend").max_rect(rect));
            ui.shrink_clip_rect(rect);
            let most = most_below(chart, area);
            response.merge(legend::rows_ui(&mut ui, chart, cursor, rect.top() + most));
            let height = ui.min_rect().height().ceil().min(most);
            if height != memory.legend_height {
                memory.legend_height = height;
                ui.ctx().request_discard("the legend has found its height");
            }
        }
        LegendPlace::None => {}
    }
    response
}

/// The height that a legend takes below the frames at most: a square does not become small for words that stand in lists
/// and tooltips too.
fn most_below(chart: &Chart, area: Rect) -> f32 {
    let most = area.height() * MOST_LEGEND;
    let is_square = chart.facets.len() == 1 && is_equal(chart);
    let spare = area.height() - GAP - LEAST_SQUARE;
    if is_square { most.min(spare.max(LEAST_BELOW)) } else { most }
}

/// Where frames and legend stand.
struct Layout {
    frames: Vec<Rect>,
    /// What says how many frames have no room.
    more: Option<Rect>,
    legend: LegendPlace,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum LegendPlace {
    None,
    Beside(Rect),
    Below(Rect),
}

impl Layout {
    fn of(chart: &Chart, area: Rect, legend_height: f32) -> Self {
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

/// Which axes move together: those of one meaning, across or up.
#[derive(Clone, Debug, PartialEq)]
struct AxisGroup {
    is_across: bool,
    title: String,
    scale: crate::chart::Scale,
}

impl AxisGroup {
    fn of(axis: &Axis, is_across: bool) -> Self {
        Self { is_across, title: axis.title(), scale: axis.scale.clone() }
    }
}

#[cfg(test)]
mod tests;
