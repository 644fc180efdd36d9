//! A square frame with both axes on one scale from 0: grid, ticks and axis titles.

use super::scene::{Anchor, Item, Paint, Path, Rect, Stroke, Text};
use super::style::Inks;

/// The size of tick labels in pixels.
const TICK_SIZE: f32 = 12.0;
/// The size of axis titles in pixels.
const TITLE_SIZE: f32 = 13.0;
/// The most intervals the ticks cut an axis into.
const INTERVALS: f64 = 7.0;

/// A square of the scene that shows [0, extent] on both axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The top left corner in pixels.
    pub min: [f32; 2],
    /// The side in pixels.
    pub side: f32,
    /// The value at the far end of both axes, above 0.
    pub extent: f64,
}

impl Frame {
    /// The place of two values, the first across and the second up, in pixels.
    pub fn at(&self, across: f64, up: f64) -> [f32; 2] {
        let x = (across / self.extent) as f32 * self.side;
        let y = (up / self.extent) as f32 * self.side;
        [self.min[0] + x, self.min[1] + self.side - y]
    }

    /// The right edge in pixels.
    pub fn right(&self) -> f32 {
        self.min[0] + self.side
    }

    /// The bottom edge in pixels.
    pub fn bottom(&self) -> f32 {
        self.min[1] + self.side
    }

    /// The frame's rectangle, grown by `margin` pixels on all sides.
    pub fn rect(&self, margin: f32) -> Rect {
        Rect {
            min: [self.min[0] - margin, self.min[1] - margin],
            size: [self.side + 2.0 * margin; 2],
            ..Rect::default()
        }
    }
}

/// A tick's value with its label; steps are 1, 2 or 5 times a power of ten, from 0 to at most `extent`.
pub(super) fn ticks(extent: f64) -> Vec<(f64, String)> {
    // Slack, so that an extent of exactly seven steps does not round to the next coarser one.
    let least = extent / INTERVALS * 0.999;
    let exponent = least.log10().floor() as i32;
    let (factor, exponent) = match least / 10f64.powi(exponent) {
        ratio if ratio <= 1.0 => (1.0, exponent),
        ratio if ratio <= 2.0 => (2.0, exponent),
        ratio if ratio <= 5.0 => (5.0, exponent),
        _ => (1.0, exponent + 1),
    };
    let step = factor * 10f64.powi(exponent);
    let decimals = exponent.min(0).unsigned_abs() as usize;
    // A little slack, so that rounding does not lose a tick that lies on the edge.
    let count = (extent / step + 1e-6).floor() as usize;
    (0..=count)
        .map(|i| {
            let value = i as f64 * step;
            (value, if i == 0 { "0".to_owned() } else { format!("{value:.decimals$}") })
        })
        .collect()
}

/// The grid, which lies under the data: a line at every tick but the first, and none on the frame.
pub(super) fn grid(frame: &Frame, inks: &Inks) -> Vec<Item> {
    let Frame { min: [left, top], extent, .. } = *frame;
    let (right, bottom) = (frame.right(), frame.bottom());
    let mut items = Vec::new();
    for (value, _) in ticks(extent).into_iter().skip(1).filter(|(value, _)| value / extent < 0.995) {
        let [x, y] = frame.at(value, value);
        let stroke = Stroke::new(Paint::solid(inks.grid), 1.0);
        items.push(Item::Path(Path::line(vec![[x, top], [x, bottom]], stroke)));
        items.push(Item::Path(Path::line(vec![[left, y], [right, y]], stroke)));
    }
    items
}

/// The frame, ticks, their labels and the axis titles `(across, up)`, which lie over the grid.
pub(super) fn over(frame: &Frame, (across, up): (&str, &str), inks: &Inks) -> Vec<Item> {
    let Frame { min: [left, top], side, extent } = *frame;
    let bottom = frame.bottom();
    let stroke = Stroke::new(Paint::solid(inks.frame), 1.0);
    let mut items = vec![Item::Rect(Rect { stroke: Some(stroke), ..frame.rect(0.0) })];
    for (value, label) in ticks(extent) {
        let [x, y] = frame.at(value, value);
        items.push(Item::Path(Path::line(vec![[x, bottom], [x, bottom + 5.0]], stroke)));
        items.push(Item::Path(Path::line(vec![[left - 5.0, y], [left, y]], stroke)));
        let under = Text::new([x, bottom + 19.0], label.clone(), TICK_SIZE, inks.text);
        items.push(Item::Text(under.anchored(Anchor::Middle)));
        // Letters centre on the tick when the baseline lies about a third of an em under it.
        let beside = Text::new([left - 9.0, y + 0.35 * TICK_SIZE], label, TICK_SIZE, inks.text);
        items.push(Item::Text(beside.anchored(Anchor::End)));
    }
    let across = Text::new([left + side / 2.0, bottom + 42.0], across, TITLE_SIZE, inks.text);
    items.push(Item::Text(across.anchored(Anchor::Middle)));
    let up = Text::new([left - 50.0, top + side / 2.0], up, TITLE_SIZE, inks.text);
    items.push(Item::Text(up.anchored(Anchor::Middle).turned(-90.0)));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(extent: f64) -> Vec<String> {
        ticks(extent).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_step_by_one_two_or_five() {
        assert_eq!(labels(0.6), ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
        assert_eq!(labels(0.616), ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
        assert_eq!(labels(0.26), ["0", "0.05", "0.10", "0.15", "0.20", "0.25"]);
        assert_eq!(labels(1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(0.02), ["0", "0.005", "0.010", "0.015", "0.020"]);
    }

    #[test]
    fn ticks_lie_in_the_frame_at_any_extent() {
        for i in 1..=200 {
            let extent = 0.005 * f64::from(i);
            let ticks = ticks(extent);
            assert!((3..=8).contains(&ticks.len()), "{extent}: {ticks:?}");
            assert!(ticks.iter().all(|(value, _)| *value <= extent * 1.000_001));
        }
    }
}
