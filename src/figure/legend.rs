//! The column beside the plane: what each run is, and which colour stands for which part of training.

use super::color::{progress_color, run_color};
use super::marker::{Look, marker};
use super::plane::Inks;
use super::text::elide;
use super::{Anchor, Item, Paint, Path, Rect, Stroke, Text};

/// How many strips the colour bar is drawn with; its steps are then below what an eye can see.
const STRIPS: usize = 64;
/// The height of a run's name with a line of details under it, in pixels.
const TALL_ROW: f32 = 36.0;
/// The least height of a row, in pixels.
const SHORT_ROW: f32 = 19.0;
/// The height kept for the colour bar under the runs, in pixels.
const BAR_ROOM: f32 = 78.0;

/// A run as the legend names it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The run's index, which decides its colour and shape.
    pub run: usize,
    /// Its name.
    pub name: String,
    /// What else is said of it, where there is room.
    pub details: String,
}

/// The legend and under it the colour bar, in a column with its top left corner and its size in pixels.
pub(super) fn column(
    [left, top]: [f32; 2],
    [width, height]: [f32; 2],
    entries: &[Entry],
    inks: &Inks,
) -> Vec<Item> {
    let mut items = Vec::new();
    let room = height - BAR_ROOM;
    let row = (room / entries.len().max(1) as f32).min(TALL_ROW);
    let tall = row >= 31.0;
    let row = if tall { row } else { row.clamp(SHORT_ROW, 24.0) };
    let fitting = (room / row) as usize;
    // The last row says how many runs it stands for.
    let shown = if entries.len() > fitting { fitting.saturating_sub(1) } else { entries.len() };
    for (i, entry) in entries[..shown].iter().enumerate() {
        let y = top + row * i as f32 + 9.0;
        let color = run_color(entry.run);
        let stroke = Stroke::new(Paint::solid(color), 1.75);
        items.push(Item::Path(Path::line(vec![[left, y], [left + 26.0, y]], stroke)));
        let outline = Stroke::new(Paint::solid(color), 1.5);
        let look = Look { fill: Some(Paint::solid(inks.ground)), stroke: Some(outline), tooltip: None };
        items.push(marker(entry.run, [left + 13.0, y], 4.5, look));
        let name = elide(&entry.name, 13.0, width - 34.0);
        items.push(Item::Text(Text::new([left + 34.0, y + 4.5], name, 13.0, inks.text)));
        if tall {
            let details = elide(&entry.details, 11.0, width - 34.0);
            items.push(Item::Text(Text::new([left + 34.0, y + 19.0], details, 11.0, inks.muted)));
        }
    }
    if shown < entries.len() {
        let y = top + row * shown as f32 + 13.5;
        let more = format!("and {} more runs", entries.len() - shown);
        items.push(Item::Text(Text::new([left + 34.0, y], more, 12.0, inks.muted)));
    }
    let rows = if shown < entries.len() { shown + 1 } else { shown };
    items.extend(color_bar([left, top + row * rows as f32 + 32.0], width, inks));
    items
}

/// The colours of training progress from first to last, with the top left corner of the bar in pixels.
fn color_bar([left, top]: [f32; 2], width: f32, inks: &Inks) -> Vec<Item> {
    let mut items = vec![Item::Text(Text::new([left, top - 9.0], "training progress", 12.0, inks.text))];
    let height = 12.0;
    for i in 0..STRIPS {
        // Each strip reaches to the far end and is covered by the next: neighbours leave no seam.
        let start = width * i as f32 / STRIPS as f32;
        let color = progress_color((i as f32 + 0.5) / STRIPS as f32);
        items.push(Item::Rect(Rect {
            min: [left + start, top],
            size: [width - start, height],
            fill: Some(Paint::solid(color)),
            stroke: None,
        }));
    }
    let first = Text::new([left, top + height + 15.0], "first checkpoint", 11.0, inks.muted);
    items.push(Item::Text(first));
    let last = Text::new([left + width, top + height + 15.0], "last", 11.0, inks.muted);
    items.push(Item::Text(last.anchored(Anchor::End)));
    items
}
