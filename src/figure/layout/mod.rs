//! A chart as a scene: every place, size and width, in points at the size at which the figure will be printed.
//!
//! | file | duty |
//! |---|---|
//! | `frame` | where values stand within a frame |
//! | `axes` | the room that axes need, their lines, ticks and titles |
//! | `marks` | marks within a frame |
//! | `sampled` | which of many marks are drawn |
//! | `legend` | the column beside the frames |

mod axes;
mod frame;
mod legend;
mod marks;
mod sampled;

use std::collections::HashSet;

use self::axes::Room;
use self::frame::Frame;
use super::scene::{Anchor, Item, Paint, Rect, Scene, Text};
use super::style::{Inks, Theme};
use super::text::{elide, wrap};
use crate::chart::{Aspect, Chart, Facet, Of};

/// Sizes of text in points: nothing is below 5, which journals ask for.
mod size {
    /// Ticks, captions and what explains signs.
    pub const SMALL: f32 = 6.0;
    /// Axis titles, names and keys.
    pub const TEXT: f32 = 7.0;
    /// The title.
    pub const TITLE: f32 = 8.5;
}

/// Widths of lines in points.
mod width {
    /// Axes and ticks.
    pub const AXIS: f32 = 0.5;
    /// A line of data.
    pub const DATA: f32 = 1.1;
    /// A thin line.
    pub const THIN: f32 = 0.6;
}

/// What of a figure can be chosen beside its chart.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureOptions {
    /// The ground and all colours.
    pub theme: Theme,
    /// The width in points: 1/72 inch each.
    pub width: f32,
    /// The height in points; `None` for what suits the chart.
    pub height: Option<f32>,
    /// A title above; `None` for none.
    pub title: Option<String>,
    /// Whether what the numbers were measured under stands below.
    pub has_caption: bool,
    /// The checkpoints that are emphasised.
    pub current: Vec<Of>,
}

/// A millimetre in points, 1/72 inch each.
pub const POINTS_PER_MM: f32 = 72.0 / 25.4;
/// The width of two columns of a journal, 183 mm, in points.
pub const TWO_COLUMNS: f32 = 183.0 * POINTS_PER_MM;

impl Default for FigureOptions {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            width: TWO_COLUMNS,
            height: None,
            title: None,
            has_caption: true,
            current: Vec::new(),
        }
    }
}

/// The margin around everything, in points.
const MARGIN: f32 = 8.0;
/// The gap between frames and what stands beside them.
const GAP: f32 = 12.0;
/// The height of a line of small text.
const LINE: f32 = 8.5;
/// No column of frames is narrower than this, whatever a chart asks for.
const NARROWEST: f32 = 82.0;
/// No frame is narrower or lower than this.
const LEAST: f32 = 40.0;

/// What marks need to know of the figure.
pub(super) struct Context<'c> {
    theme: Theme,
    inks: Inks,
    chart: &'c Chart,
    current: HashSet<Of>,
}

impl Context<'_> {
    /// Whether a datum is of an emphasised checkpoint.
    fn is_current(&self, of: Of) -> bool {
        self.current.contains(&Of { layer: None, order: None, ..of })
    }
}

/// Lays a chart out.
pub fn layout(chart: &Chart, options: &FigureOptions) -> Scene {
    let inks = options.theme.inks();
    let checkpoint = |of: &Of| Of { layer: None, order: None, ..*of };
    let current = options.current.iter().map(checkpoint).collect();
    let context = Context { theme: options.theme, inks, chart, current };
    let width = options.width.max(4.0 * LEAST);
    let mut items = Vec::new();
    let mut top = MARGIN;
    if let Some(title) = &options.title {
        let title = elide(title, size::TITLE, width - 2.0 * MARGIN);
        items.push(Item::Text(Text::new([MARGIN, top + size::TITLE], title, size::TITLE, inks.text).bold()));
        top += size::TITLE + 8.0;
    }
    let column = legend::width(chart, width);
    let area = width - 2.0 * MARGIN - column;
    let caption: Vec<String> =
        if options.has_caption { caption(chart, width - 2.0 * MARGIN) } else { Vec::new() };
    let below = if caption.is_empty() { 0.0 } else { GAP + LINE * caption.len() as f32 };
    let grid = Grid::new(chart, area, options.height.map(|height| height - top - below - MARGIN));
    let bottom = top + grid.height;
    for (index, facet) in chart.facets.iter().enumerate() {
        let frame = grid.frame(index, facet, [MARGIN, top]);
        items.extend(marks::under(facet, &frame, &context));
        items.extend(axes::items(facet, &frame, &grid.shows(index), &context));
        items.extend(marks::over(facet, &frame, &context));
        items.extend(facet_title(facet, &frame, &inks));
    }
    let legend = legend::items(&context, [width - MARGIN - column + GAP, top], column - GAP);
    // The legend may be higher than the frames.
    let bottom = bottom.max(top + legend.height);
    items.extend(legend.items);
    for (line, text) in caption.iter().enumerate() {
        let at = [MARGIN, bottom + GAP + LINE * line as f32 + 2.0];
        items.push(Item::Text(Text::new(at, text, size::SMALL, inks.muted)));
    }
    let height = bottom + below + MARGIN;
    let ground = Rect { size: [width, height], fill: Some(Paint::solid(inks.ground)), ..Rect::default() };
    items.insert(0, Item::Rect(ground));
    Scene {
        width,
        height,
        title: Some(options.title.clone().unwrap_or_else(|| chart.title.clone())),
        description: Some(chart.caption.join(". ")).filter(|text| !text.is_empty()),
        items,
    }
}

/// What a facet is of, above its frame.
fn facet_title(facet: &Facet, frame: &Frame, inks: &Inks) -> Option<Item> {
    let title = elide(&facet.title, size::TEXT, frame.size[0]);
    let at = [frame.min[0], frame.min[1] - 4.0];
    (!title.is_empty())
        .then(|| Item::Text(Text::new(at, title, size::TEXT, inks.text).bold().anchored(Anchor::Start)))
}

/// The caption's lines: a sentence after the other, each with its stop.
fn caption(chart: &Chart, width: f32) -> Vec<String> {
    let stopped = |sentence: &String| match sentence.ends_with(['.', '!', '?']) {
        true => sentence.clone(),
        false => format!("{sentence}."),
    };
    wrap(&chart.caption.iter().map(stopped).collect::<Vec<_>>().join(" "), size::SMALL, width)
}

/// Frames of one width, those of a row of one height.
struct Grid {
    columns: usize,
    /// The width of a frame.
    width: f32,
    /// The height of the frames of each row.
    heights: Vec<f32>,
    /// The room around the outer frames.
    room: Room,
    /// Whether titles of axes stand at the outer frames only, since all are the same.
    shares: [bool; 2],
    count: usize,
    height: f32,
}

/// Which titles a frame's axes bear.
pub(super) struct Shows {
    x: bool,
    y: bool,
}

impl Grid {
    fn new(chart: &Chart, width: f32, height: Option<f32>) -> Self {
        let count = chart.facets.len().max(1);
        let is_equal = chart.facets.iter().all(|facet| facet.aspect == Aspect::Equal);
        let columns = match chart.columns {
            0 if is_equal => count.min(4).min((width / 105.0).max(1.0) as usize),
            0 => count.min(3).min((width / 140.0).max(1.0) as usize),
            columns => columns.min(count).min((width / NARROWEST).max(1.0) as usize),
        };
        let rows = count.div_ceil(columns);
        let same = |of: fn(&Facet) -> String| {
            chart.facets.windows(2).all(|pair| of(&pair[0]) == of(&pair[1])) && count > 1
        };
        let shares = [same(|facet| facet.x.title()), same(|facet| facet.y.title())];
        let titled = chart.facets.iter().any(|facet| !facet.title.is_empty());
        let frame_width = |room: &Room| {
            let inner = (columns - 1) as f32 * (room.inner_left(shares[1]) + GAP);
            ((width - room.left - inner) / columns as f32 - room.right).max(LEAST)
        };
        // How wide labels are decides on how wide frames are, and that on which labels there are.
        let first = Room::of(chart, [0.6 * width / columns as f32; 2], titled);
        let guess = frame_width(&first);
        let room = Room::of(chart, [guess, if is_equal { guess } else { 0.62 * guess }], titled);
        let frame_width = frame_width(&room);
        let suits = |facet: &Facet| match (facet.aspect, count) {
            // A square as large as there is room, but never a poster.
            (Aspect::Equal, _) => frame_width.min(330.0),
            (Aspect::Free, 1) => axes::height_for(facet, (0.58 * frame_width).min(300.0)),
            (Aspect::Free, _) => axes::height_for(facet, (0.66 * frame_width).min(180.0)),
        };
        let highest = |row: &[Facet]| row.iter().map(suits).fold(LEAST, f32::max);
        let mut heights: Vec<f32> = chart.facets.chunks(columns).map(highest).collect();
        let inner = (rows - 1) as f32 * (room.inner_bottom(shares[0]) + GAP);
        let outer = rows as f32 * room.top + inner + room.bottom;
        if let Some(height) = height {
            let factor = (height - outer).max(0.0) / heights.iter().sum::<f32>();
            heights.iter_mut().for_each(|height| *height = (*height * factor).max(LEAST));
        }
        let width = if is_equal { heights.iter().copied().fold(frame_width, f32::min) } else { frame_width };
        if is_equal {
            heights.fill(width);
        }
        let height = heights.iter().sum::<f32>() + outer;
        Self { columns, width, heights, room, shares, count, height }
    }

    /// The frame of a facet, with the top left corner of all.
    fn frame(&self, index: usize, facet: &Facet, [left, top]: [f32; 2]) -> Frame {
        let (column, row) = (index % self.columns, index / self.columns);
        let room = &self.room;
        let across = self.width + room.right + GAP + room.inner_left(self.shares[1]);
        let between = room.inner_bottom(self.shares[0]) + GAP + room.top;
        let above: f32 = self.heights[..row].iter().map(|height| height + between).sum();
        let (x, y) = (left + room.left + column as f32 * across, top + room.top + above);
        let size = [self.width, self.heights[row]];
        match facet.aspect {
            // Beside others a square stands in the middle of its room.
            Aspect::Equal => {
                let side = size[0].min(size[1]);
                let min = [x + 0.5 * (size[0] - side), y];
                Frame::new(min, [side; 2], facet)
            }
            Aspect::Free => Frame::new([x, y], size, facet),
        }
    }

    /// Which titles the axes of a facet bear.
    fn shows(&self, index: usize) -> Shows {
        let (column, row) = (index % self.columns, index / self.columns);
        let is_last = row + 1 == self.heights.len() || index + self.columns >= self.count;
        Shows { x: !self.shares[0] || is_last, y: !self.shares[1] || column == 0 }
    }
}

#[cfg(test)]
mod tests;
