//! The column beside the plane: what each run is, what the marks mean, and which colour stands for which part of
//! training.

use super::color::{mix, progress_color, run_color};
use super::curve::{dash, shade};
use super::marker::{Look, marker};
use super::scene::{Anchor, Circle, Item, Paint, Path, Rect, Stroke, Text};
use super::style::{Inks, STALE_DASH};
use super::text::{elide, wrap};
use crate::views::marks::{Note, Sign};

/// How many strips the colour bar is drawn with; its steps are then below what an eye can see.
const STRIPS: usize = 64;
/// The least height of a run's name with lines under it, in pixels.
const NAME_ROW: f32 = 16.0;
/// The least height of a row, in pixels.
const SHORT_ROW: f32 = 19.0;
/// The height kept for the colour bar under the runs, in pixels.
const BAR_ROOM: f32 = 78.0;

/// The height of a line of small text, in pixels.
const NOTE_ROW: f32 = 15.0;
/// The size of text that stands back, in pixels.
const SMALL: f32 = 11.0;
/// Where text starts beside a key, in pixels.
const INDENT: f32 = 34.0;

/// What the legend holds.
#[derive(Clone, Debug)]
pub(super) struct Legend {
    /// The runs.
    pub entries: Vec<Entry>,
    /// The signs that occur.
    pub notes: Vec<Note>,
    /// Whether any run has a way through training for colours to show.
    pub progress: bool,
}

/// A run as the legend names it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The run's index, which decides its colour and shape.
    pub run: usize,
    /// Which of several conditions of the run, which decides its line and shade.
    pub style: usize,
    /// Its name.
    pub name: String,
    /// What tells it from others; mostly empty.
    pub distinction: String,
    /// What else is said of it, where there is room; of one that is not on the plane the reason, in any case.
    pub details: String,
    /// Whether it has anything on the plane.
    pub present: bool,
}

/// The legend: runs, signs and the colour bar, in a column with its top left corner and its size in pixels.
pub(super) fn column(
    [left, top]: [f32; 2],
    [width, height]: [f32; 2],
    legend: &Legend,
    inks: &Inks,
) -> Vec<Item> {
    let mut items = Vec::new();
    let entries = &legend.entries;
    let notes: Vec<(Sign, Vec<String>)> =
        legend.notes.iter().map(|note| (note.sign, wrap(&note.text, SMALL, width - INDENT))).collect();
    let note_lines: usize = notes.iter().map(|(_, lines)| lines.len()).sum();
    let bar_room = if legend.progress { BAR_ROOM } else { 0.0 };
    let room = height - bar_room - NOTE_ROW * note_lines as f32;
    let under: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let distinction = wrap(&entry.distinction, SMALL, width - INDENT);
            let details = Some(elide(&entry.details, SMALL, width - INDENT));
            distinction.into_iter().chain(details.filter(|details| !details.is_empty())).collect()
        })
        .collect();
    let lines: usize = under.iter().map(Vec::len).sum();
    let count = entries.len().max(1) as f32;
    // What is left of the room goes between runs, as far as it helps.
    let spare = (room - NAME_ROW * entries.len() as f32 - NOTE_ROW * lines as f32) / count;
    let tall = spare >= 0.0;
    let short = (room / count).clamp(SHORT_ROW, 24.0);
    let fitting = (room / short) as usize;
    // The last row says how many runs it stands for.
    let shown = if tall || entries.len() <= fitting { entries.len() } else { fitting.saturating_sub(1) };
    let mut y = top + 9.0;
    for (entry, under) in entries[..shown].iter().zip(under) {
        let (color, ink) = match entry.present {
            true => (shade(entry.run, entry.style, inks.ground), inks.text),
            false => (mix(run_color(entry.run), inks.ground, 0.6), inks.muted),
        };
        let stroke = Stroke { dash: dash(entry.style), ..Stroke::new(Paint::solid(color), 1.75) };
        items.push(Item::Path(Path::line(vec![[left, y], [left + 26.0, y]], stroke)));
        let outline = Stroke::new(Paint::solid(color), 1.5);
        let look = Look { fill: Some(Paint::solid(inks.ground)), stroke: Some(outline), tooltip: None };
        items.push(marker(entry.run, [left + 13.0, y], 4.5, look));
        let mut name = entry.name.clone();
        if !tall {
            let reason = if entry.present { "" } else { entry.details.as_str() };
            for words in [entry.distinction.as_str(), reason].into_iter().filter(|words| !words.is_empty()) {
                name += &format!(", {words}");
            }
        }
        let name = elide(&name, 13.0, width - INDENT);
        items.push(Item::Text(Text::new([left + INDENT, y + 4.5], name, 13.0, ink)));
        if tall {
            for (i, line) in under.iter().enumerate() {
                let at = [left + INDENT, y + 19.0 + NOTE_ROW * i as f32];
                items.push(Item::Text(Text::new(at, line, SMALL, inks.muted)));
            }
            y += NAME_ROW + NOTE_ROW * under.len() as f32 + spare.min(5.0);
        } else {
            y += short;
        }
    }
    if shown < entries.len() {
        let more = format!("and {} more runs", entries.len() - shown);
        items.push(Item::Text(Text::new([left + INDENT, y + 4.5], more, 12.0, inks.muted)));
        y += short;
    }
    for (sign, lines) in notes {
        items.push(sign_item(sign, [left, y], inks));
        for line in lines {
            items.push(Item::Text(Text::new([left + INDENT, y + 4.0], line, SMALL, inks.muted)));
            y += NOTE_ROW;
        }
    }
    if legend.progress {
        items.extend(color_bar([left, y + 23.0], width, inks));
    }
    items
}

/// A sign as it stands on the plane, at the left end of its line.
fn sign_item(sign: Sign, [left, y]: [f32; 2], inks: &Inks) -> Item {
    let stroke = Stroke::new(Paint::solid(inks.muted), 1.5);
    match sign {
        Sign::Open => {
            let fill = Some(Paint::solid(inks.ground));
            Item::Circle(Circle {
                center: [left + 13.0, y],
                radius: 4.2,
                fill,
                stroke: Some(stroke),
                ..Circle::default()
            })
        }
        Sign::Dashed => {
            let stroke = Stroke { dash: Some(STALE_DASH), ..stroke };
            Item::Path(Path::line(vec![[left, y], [left + 26.0, y]], stroke))
        }
        Sign::Exclamation => {
            let sign = Text::new([left + 13.0, y + 4.5], "!", 13.0, inks.text).bold();
            Item::Text(sign.anchored(Anchor::Middle))
        }
    }
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

#[cfg(test)]
#[path = "legend_tests.rs"]
mod tests;
