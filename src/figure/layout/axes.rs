//! Axes: the room they need, their lines, ticks and titles.

use super::frame::Frame;
use super::{Context, Shows, marks, size, width};
use crate::chart::{Chart, Facet, Scale, Tick};
use crate::figure::scene::{Anchor, Item, Paint, Path, Stroke, Text};
use crate::figure::text::{elide, width as text_width};

/// The length of a tick.
const TICK: f32 = 2.5;
/// The gap between a tick and its label, and between labels and titles.
const PAD: f32 = 2.5;
/// The widest label of a tick.
const WIDEST: f32 = 96.0;
/// How far labels of names are turned where they do not fit side by side, in degrees.
const TURN: f32 = -40.0;
/// The height of a row of names.
const ROW: f32 = 9.0;
/// Many rows share no more than this height.
const HIGHEST: f32 = 330.0;

/// The room around a frame.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub left: f32,
    pub right: f32,
    pub top: f32,
    pub bottom: f32,
    /// What of the room at the left and at the bottom is for titles.
    titles: [f32; 2],
}

impl Room {
    /// The room left of frames that others stand left of; `is_shared` says that the outer ones bear the title.
    pub fn inner_left(&self, is_shared: bool) -> f32 {
        self.left - if is_shared { self.titles[0] } else { 0.0 }
    }

    /// The room below frames that others stand below, likewise.
    pub fn inner_bottom(&self, is_shared: bool) -> f32 {
        self.bottom - if is_shared { self.titles[1] } else { 0.0 }
    }

    /// The room that the axes of all facets need beside frames of about this size; `titled` says that facets have titles.
    pub fn of(chart: &Chart, frame: [f32; 2], titled: bool) -> Self {
        let facets = || chart.facets.iter().filter(|facet| !facet.is_bare);
        let frames: Vec<Frame> = facets().map(|facet| Frame::new([0.0; 2], frame, facet)).collect();
        let beside =
            frames.iter().flat_map(|frame| frame.ticks(1)).map(|tick| label_width(&tick)).fold(0.0, f32::max);
        let below =
            frames.iter().zip(facets()).map(|(frame, facet)| label_height(frame, facet)).fold(0.0, f32::max);
        let reach = frames.iter().zip(facets()).map(|(frame, facet)| reach(frame, facet)).fold(0.0, f32::max);
        let title = |has_title: bool| if has_title { size::TEXT + PAD } else { 0.0 };
        let has_title = |of: fn(&Facet) -> &str| facets().any(|facet| !of(facet).is_empty());
        let titles = [title(has_title(|facet| &facet.y.label)), title(has_title(|facet| &facet.x.label))];
        Self {
            left: (TICK + PAD + beside + PAD + titles[0]).max(reach),
            // The last label across reaches over the frame's edge by its half.
            right: 8.0,
            top: if titled { size::TEXT + 6.0 } else { 4.0 },
            bottom: TICK + PAD + below + PAD + titles[1],
            titles,
        }
    }
}

/// The height of a frame whose rows of names have room, `suits` where it has none.
pub fn height_for(facet: &Facet, suits: f32) -> f32 {
    match &facet.y.scale {
        Scale::Category(names) => {
            let row = ROW.max(marks::LINE * marks::lines(facet) as f32 + 3.0);
            (row * names.len() as f32).clamp(suits.min(60.0), HIGHEST.max(suits))
        }
        _ => suits,
    }
}

fn label_width(tick: &Tick) -> f32 {
    text_width(&tick.label, size::SMALL).min(WIDEST)
}

/// Whether the labels across stand one into the other when level.
fn is_crowded(frame: &Frame, ticks: &[Tick]) -> bool {
    let far = |pair: &[Tick]| frame.along(0, pair[1].value) - frame.along(0, pair[0].value);
    ticks.windows(2).any(|pair| 0.5 * (label_width(&pair[0]) + label_width(&pair[1])) + 3.0 > far(pair))
}

/// The height of the labels across.
fn label_height(frame: &Frame, facet: &Facet) -> f32 {
    let ticks = frame.ticks(0);
    let widest = ticks.iter().map(label_width).fold(0.0, f32::max);
    match facet.x.scale {
        Scale::Category(_) if is_crowded(frame, &ticks) => {
            size::SMALL + widest * TURN.to_radians().sin().abs()
        }
        _ => size::SMALL,
    }
}

/// How far turned labels across reach over the frame's left edge.
fn reach(frame: &Frame, facet: &Facet) -> f32 {
    let ticks = frame.ticks(0);
    if !matches!(facet.x.scale, Scale::Category(_)) || !is_crowded(frame, &ticks) {
        return 0.0;
    }
    let over = |tick: &Tick| {
        let letters =
            label_width(tick) * TURN.to_radians().cos() + 0.72 * size::SMALL * TURN.to_radians().sin().abs();
        letters - (frame.along(0, tick.value) - frame.min[0])
    };
    ticks.iter().map(over).fold(0.0, f32::max)
}

/// Both axes with what they say.
pub fn items(facet: &Facet, frame: &Frame, shows: &Shows, context: &Context<'_>) -> Vec<Item> {
    if facet.is_bare {
        return Vec::new();
    }
    let (inks, [left, top]) = (&context.inks, frame.min);
    let (right, bottom) = (frame.right(), frame.bottom());
    let stroke = Stroke::new(Paint::solid(inks.frame), width::AXIS);
    let line = |from: [f32; 2], to: [f32; 2]| Item::Path(Path::line(vec![from, to], stroke));
    // No line on top and at the right: they would say nothing.
    let mut items = vec![Item::Path(Path::line(vec![[left, top], [left, bottom], [right, bottom]], stroke))];
    let across = frame.ticks(0);
    let turned = matches!(facet.x.scale, Scale::Category(_)) && is_crowded(frame, &across);
    let mut last = f32::NEG_INFINITY;
    for tick in across {
        let x = frame.along(0, tick.value);
        items.push(line([x, bottom], [x, bottom + TICK]));
        let label = elide(&tick.label, size::SMALL, WIDEST);
        let y = bottom + TICK + PAD + 0.75 * size::SMALL;
        let text = Text::new([x, y], label, size::SMALL, inks.text);
        if turned {
            items.push(Item::Text(text.anchored(Anchor::End).turned(TURN)));
            continue;
        }
        let half = 0.5 * label_width(&tick);
        // A label that would touch the one before is left out; its tick stays.
        if x - half > last + 2.0 {
            last = x + half;
            items.push(Item::Text(text.anchored(Anchor::Middle)));
        }
    }
    let mut beside: f32 = 0.0;
    for tick in frame.ticks(1) {
        let y = frame.along(1, tick.value);
        items.push(line([left - TICK, y], [left, y]));
        let label = elide(&tick.label, size::SMALL, WIDEST);
        beside = beside.max(label_width(&tick));
        // Letters centre on the tick when the baseline lies about a third of an em under it.
        let text = Text::new([left - TICK - PAD, y + 0.35 * size::SMALL], label, size::SMALL, inks.text);
        items.push(Item::Text(text.anchored(Anchor::End)));
    }
    if shows.x && !facet.x.label.is_empty() {
        let y = bottom + TICK + PAD + label_height(frame, facet) + PAD + 0.8 * size::TEXT;
        let title = elide(&facet.x.title(), size::TEXT, frame.size[0] + 16.0);
        let title = Text::new([0.5 * (left + right), y], title, size::TEXT, inks.text);
        items.push(Item::Text(title.anchored(Anchor::Middle)));
    }
    if shows.y && !facet.y.label.is_empty() {
        let title = elide(&facet.y.title(), size::TEXT, frame.size[1] + 16.0);
        let x = left - TICK - PAD - beside - PAD - 0.2 * size::TEXT;
        let title = Text::new([x, 0.5 * (top + bottom)], title, size::TEXT, inks.text);
        items.push(Item::Text(title.anchored(Anchor::Middle).turned(-90.0)));
    }
    items
}
