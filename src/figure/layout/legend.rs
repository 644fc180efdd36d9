//! The column beside the frames: what each line is, what signs mean, and what colours stand for.

use super::marks::{speck, stroke};
use super::{Context, LINE, size};
use crate::chart::{Chart, ColorBar, Key, Marker, Sign};
use crate::figure::color::mix;
use crate::figure::ink;
use crate::figure::marker::{Look, marker};
use crate::figure::scene::{Anchor, Circle, Item, Paint, Path, Rect, Stroke, Text};
use crate::figure::text::{elide, wrap};

/// The width of the column with the gap before it, in points.
const COLUMN: f32 = 124.0;
/// The share of a narrow figure that it takes at the most.
const MOST: f32 = 0.3;
/// Where text starts beside a key.
const INDENT: f32 = 22.0;
/// The height of a key's name.
const ROW: f32 = 10.0;
/// More keys than this are folded into a count.
const MOST_KEYS: usize = 24;
/// How many strips a bar of colours is drawn with; its steps are then below what an eye can see.
const STRIPS: usize = 48;
const BAR: f32 = 7.0;

/// The column, with the height it takes.
#[derive(Debug, Default)]
pub struct Column {
    pub items: Vec<Item>,
    pub height: f32,
}

/// The width that the legend of a chart takes of a figure; 0 of one that needs none.
pub fn width(chart: &Chart, figure: f32) -> f32 {
    let legend = &chart.legend;
    let is_empty = legend.keys.is_empty() && legend.notes.is_empty() && legend.bar.is_none();
    if is_empty { 0.0 } else { COLUMN.min(MOST * figure) }
}

/// The legend with its top left corner and its width.
pub fn items(context: &Context<'_>, [left, top]: [f32; 2], width: f32) -> Column {
    let (legend, inks) = (&context.chart.legend, &context.inks);
    if self::width(context.chart, f32::MAX) == 0.0 {
        return Column::default();
    }
    let mut items = Vec::new();
    let mut y = top + 4.0;
    let room = width - INDENT;
    for key in legend.keys.iter().take(MOST_KEYS) {
        let (ink, faint) = if key.is_absent { (inks.muted, 0.6) } else { (inks.text, 0.0) };
        items.extend(sign_of(key, [left, y], faint, context));
        for (line, text) in wrap(&key.label, size::TEXT, room).into_iter().enumerate() {
            if line > 0 {
                y += LINE;
            }
            items.push(Item::Text(Text::new([left + INDENT, y + 2.4], text, size::TEXT, ink)));
        }
        y += ROW - 1.0;
        for text in wrap(&key.detail, size::SMALL, room) {
            items.push(Item::Text(Text::new([left + INDENT, y + 1.5], text, size::SMALL, inks.muted)));
            y += LINE - 0.5;
        }
        y += 2.0;
    }
    if legend.keys.len() > MOST_KEYS {
        let more = format!("and {} more", legend.keys.len() - MOST_KEYS);
        items.push(Item::Text(Text::new([left + INDENT, y + 2.0], more, size::SMALL, inks.muted)));
        y += ROW;
    }
    if !legend.notes.is_empty() {
        y += 3.0;
    }
    for note in &legend.notes {
        items.extend(sign(note.sign, [left + 8.0, y], context));
        for text in wrap(&note.text, size::SMALL, room) {
            items.push(Item::Text(Text::new([left + INDENT, y + 2.0], text, size::SMALL, inks.muted)));
            y += LINE - 0.5;
        }
        y += 1.5;
    }
    if let Some(bar) = &legend.bar {
        y += 8.0;
        items.extend(color_bar(bar, [left, y], width, context));
        y += BAR + 14.0;
    }
    Column { items, height: y - top }
}

/// The line and the mark of a key.
fn sign_of(key: &Key, [left, y]: [f32; 2], faint: f32, context: &Context<'_>) -> Vec<Item> {
    let color = mix(context.theme.rgb(key.color), context.inks.ground, faint);
    let mut items = Vec::new();
    if let Some(line) = key.line {
        let ends = vec![[left, y], [left + 16.0, y]];
        items.push(Item::Path(Path::line(ends, stroke(line, key.color, color))));
    }
    let look = || Look {
        fill: Some(Paint::solid(color)),
        stroke: Some(Stroke::new(Paint::solid(context.inks.ground), 0.5)),
        tooltip: None,
    };
    let center = [left + 8.0, y];
    match key.marker {
        Some(Marker::Run(run)) => items.push(marker(run, center, 2.6, look())),
        Some(Marker::Speck) => items.push(Item::Circle(speck(center, color))),
        Some(Marker::Dot) => items.push(marker(0, center, 2.6, look())),
        Some(Marker::Null) => items.extend(sign(Sign::Null, center, context)),
        // Neither line nor mark: an area or bars.
        None if key.line.is_none() => items.push(Item::Rect(Rect {
            min: [left + 4.0, y - 3.5],
            size: [8.0, 7.0],
            fill: Some(Paint::solid(color)),
            stroke: None,
        })),
        None => {}
    }
    items
}

/// A sign as it stands in a frame.
fn sign(sign: Sign, [x, y]: [f32; 2], context: &Context<'_>) -> Vec<Item> {
    let inks = &context.inks;
    let stroke = Stroke::new(Paint::solid(inks.muted), 0.9);
    let line = |from: [f32; 2], to: [f32; 2]| Item::Path(Path::line(vec![from, to], stroke));
    match sign {
        Sign::Open => {
            let fill = Some(Paint::solid(inks.ground));
            let circle =
                Circle { center: [x, y], radius: 2.6, fill, stroke: Some(stroke), ..Circle::default() };
            vec![Item::Circle(circle)]
        }
        Sign::Dashed => {
            let line = crate::chart::Line { dash: crate::chart::Dash::Stale, is_thin: false };
            let stroke = Stroke { dash: ink::dash(line, crate::chart::Color::Muted), ..stroke };
            vec![Item::Path(Path::line(vec![[x - 8.0, y], [x + 8.0, y]], stroke))]
        }
        Sign::Exclamation | Sign::Star => {
            let text = if sign == Sign::Star { "*" } else { "!" };
            let text = Text::new([x, y + 2.4], text, size::TEXT, inks.text).bold();
            vec![Item::Text(text.anchored(Anchor::Middle))]
        }
        Sign::Null => vec![line([x - 2.6, y], [x + 2.6, y]), line([x, y - 2.6], [x, y + 2.6])],
        Sign::Whiskers => vec![
            line([x, y - 3.0], [x, y + 3.0]),
            line([x - 1.5, y - 3.0], [x + 1.5, y - 3.0]),
            line([x - 1.5, y + 3.0], [x + 1.5, y + 3.0]),
        ],
    }
}

/// A scale of colours, with the top left corner of its bar.
fn color_bar(bar: &ColorBar, [left, top]: [f32; 2], width: f32, context: &Context<'_>) -> Vec<Item> {
    let inks = &context.inks;
    let title = elide(&bar.label, size::TEXT, width);
    let mut items = vec![Item::Text(Text::new([left, top - 3.5], title, size::TEXT, inks.text))];
    for strip in 0..STRIPS {
        // Each strip reaches to the far end and is covered by the next: neighbours leave no seam.
        let start = width * strip as f32 / STRIPS as f32;
        let color = context.theme.rgb(bar.map.at((strip as f32 + 0.5) / STRIPS as f32));
        items.push(Item::Rect(Rect {
            min: [left + start, top],
            size: [width - start, BAR],
            fill: Some(Paint::solid(color)),
            stroke: None,
        }));
    }
    let y = top + BAR + 7.5;
    for (x, text, anchor) in [(left, &bar.ends[0], Anchor::Start), (left + width, &bar.ends[1], Anchor::End)]
    {
        let text = elide(text, size::SMALL, 0.5 * width);
        items.push(Item::Text(Text::new([x, y], text, size::SMALL, inks.muted).anchored(anchor)));
    }
    items
}
