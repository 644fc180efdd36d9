//! Where values stand within a frame.

use crate::chart::{Aspect, Axis, Facet, Tick};
use crate::figure::scene::Rect;

/// A rectangle of the scene that shows a range of values on each axis.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The top left corner.
    pub min: [f32; 2],
    /// Width and height.
    pub size: [f32; 2],
    /// The ranges across and up.
    pub ranges: [[f64; 2]; 2],
    axes: [Axis; 2],
    places: [[f64; 2]; 2],
    is_equal: bool,
}

/// The least distance of ticks, in points.
const TICK_GAP: [f32; 2] = [34.0, 18.0];

impl Frame {
    /// The frame of a facet.
    pub fn new(min: [f32; 2], size: [f32; 2], facet: &Facet) -> Self {
        let ranges = [facet.x_range(), facet.y_range()];
        let axes = [facet.x.clone(), facet.y.clone()];
        let places = [0, 1].map(|axis: usize| ranges[axis].map(|value| axes[axis].place(value)));
        Self { min, size, ranges, axes, places, is_equal: facet.aspect == Aspect::Equal }
    }

    /// The place of a value of an axis, 0 across and 1 up.
    pub fn along(&self, axis: usize, value: f64) -> f32 {
        let [from, to] = self.places[axis];
        let share = ((self.axes[axis].place(value) - from) / (to - from)) as f32;
        match axis {
            0 => self.min[0] + share * self.size[0],
            _ => self.min[1] + (1.0 - share) * self.size[1],
        }
    }

    /// The place of two values; `None` where they have none.
    pub fn at(&self, x: f64, y: f64) -> Option<[f32; 2]> {
        let place = [self.along(0, x), self.along(1, y)];
        place.iter().all(|along| along.is_finite()).then_some(place)
    }

    /// The right edge.
    pub fn right(&self) -> f32 {
        self.min[0] + self.size[0]
    }

    /// The bottom edge.
    pub fn bottom(&self) -> f32 {
        self.min[1] + self.size[1]
    }

    /// The rectangle, grown by a margin on all sides.
    pub fn rect(&self, margin: f32) -> Rect {
        Rect {
            min: self.min.map(|edge| edge - margin),
            size: self.size.map(|side| side + 2.0 * margin),
            ..Rect::default()
        }
    }

    /// Whether a place lies within.
    pub fn holds(&self, [x, y]: [f32; 2]) -> bool {
        let slack = 0.5;
        x >= self.min[0] - slack
            && x <= self.right() + slack
            && y >= self.min[1] - slack
            && y <= self.bottom() + slack
    }

    /// The ticks of an axis, as many as there is room for.
    pub fn ticks(&self, axis: usize) -> Vec<Tick> {
        let most = match (&self.axes[axis].scale, axis) {
            (crate::chart::Scale::Category(_), 0) => (self.size[0] / 8.0) as usize,
            (crate::chart::Scale::Category(_), _) => (self.size[1] / 7.5) as usize,
            // Axes on one scale have the same ticks.
            _ if self.is_equal => (self.size[0].min(self.size[1]) / TICK_GAP[0]) as usize,
            _ => (self.size[axis] / TICK_GAP[axis]) as usize,
        };
        self.axes[axis].ticks(self.ranges[axis], most.max(3))
    }
}
