//! What of a chart's axes is in sight: now, before and after, and on the way from one to the other. Nothing here draws.

use super::AxisGroup;
use crate::chart::{Axis, Chart, Facet};

/// The nearest and the furthest look, against that on everything.
const CLOSEST: f64 = 1e-9;
const FURTHEST: f64 = 20.0;
/// So many looks are kept to come back to.
const MOST_KEPT: usize = 64;
/// Turns of the wheel that follow each other within this are one, in seconds.
const ONE_TURN: f64 = 0.5;
/// How long it takes to come to a look, in seconds.
const WAY: f64 = 0.15;

/// Where axes begin and end in sight, in places along them, where that is not everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Zoom(Vec<(AxisGroup, [f64; 2])>);

impl Zoom {
    fn get(&self, group: &AxisGroup) -> Option<[f64; 2]> {
        self.0.iter().find(|(of, _)| of == group).map(|(_, range)| *range)
    }

    fn set(&mut self, group: AxisGroup, range: [f64; 2]) {
        self.0.retain(|(of, _)| *of != group);
        self.0.push((group, range));
    }
}

/// The places at the edges of a frame, across and up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    pub x: [f64; 2],
    pub y: [f64; 2],
}

impl Bounds {
    /// What a zoom shows of a frame; `all` where nobody has zoomed.
    fn of(facet: &Facet, all: Self, zoom: &Zoom) -> Self {
        let of = |is_across: bool, all: [f64; 2]| {
            let axis = if is_across { &facet.x } else { &facet.y };
            zoom.get(&AxisGroup::of(axis, is_across)).unwrap_or(all)
        };
        Self { x: of(true, all.x), y: of(false, all.y) }
    }

    /// The range about a place grown by factors, across and up; `None` where that is too near or too far.
    pub fn scaled(self, about: [f64; 2], factors: [f64; 2], all: Self) -> Option<Self> {
        let scale =
            |range: [f64; 2], about: f64, factor: f64| range.map(|end| about + (end - about) * factor);
        let scaled = Self { x: scale(self.x, about[0], factors[0]), y: scale(self.y, about[1], factors[1]) };
        let width = |range: [f64; 2]| range[1] - range[0];
        let is_fine = |own: [f64; 2], all: [f64; 2]| {
            let share = width(own) / width(all);
            (CLOSEST..=FURTHEST).contains(&share) && width(own) > 1e-12 * own[0].abs().max(own[1].abs())
        };
        (is_fine(scaled.x, all.x) && is_fine(scaled.y, all.y)).then_some(scaled)
    }

    pub fn moved(self, by: [f64; 2]) -> Self {
        Self { x: self.x.map(|end| end + by[0]), y: self.y.map(|end| end + by[1]) }
    }
}

/// The range on the way from one to another, a share of the way along.
fn between(from: [f64; 2], to: [f64; 2], share: f64) -> [f64; 2] {
    // At its end it is the range itself, to the last digit.
    if share >= 1.0 { to } else { [0, 1].map(|end| from[end] + (to[end] - from[end]) * share) }
}

/// How far along one is after a share of the time: fast at first, and slow at the end.
fn eased(time: f64) -> f64 {
    1.0 - (1.0 - time.clamp(0.0, 1.0)).powi(3)
}

/// What is in sight, and what was.
#[derive(Clone, Debug, Default)]
pub(super) struct Zooms {
    zoom: Zoom,
    /// What was in sight before, the latest last.
    before: Vec<Zoom>,
    /// What was in sight before that was left by going back, the nearest last.
    after: Vec<Zoom>,
    /// What is being left, since when, and how far along one is.
    way: Option<Way>,
    /// When the wheel was turned last, in seconds.
    turned: Option<f64>,
}

#[derive(Clone, Debug)]
struct Way {
    from: Zoom,
    /// In seconds; `None` before it was drawn.
    since: Option<f64>,
    share: f64,
}

impl Zooms {
    /// Whether all data are in sight, or on their way there.
    pub fn is_fitted(&self) -> bool {
        self.zoom.0.is_empty()
    }

    /// Begins a change of what is in sight: what is now can be come back to.
    pub fn begin(&mut self) {
        if self.before.len() == MOST_KEPT {
            self.before.remove(0);
        }
        self.before.push(self.zoom.clone());
        self.after.clear();
        (self.way, self.turned) = (None, None);
    }

    /// Begins one by the wheel, unless it goes on turning.
    pub fn begin_turn(&mut self, now: f64) {
        if self.turned.is_none_or(|before| !(0.0..ONE_TURN).contains(&(now - before))) {
            self.begin();
        }
        self.turned = Some(now);
    }

    /// Shows these bounds of a frame, and of all that have the same axes.
    pub fn set(&mut self, facet: &Facet, bounds: Bounds) {
        self.way = None;
        self.zoom.set(AxisGroup::of(&facet.x, true), bounds.x);
        self.zoom.set(AxisGroup::of(&facet.y, false), bounds.y);
    }

    /// Shows all data.
    pub fn fit(&mut self) {
        if !self.is_fitted() {
            self.begin();
            self.go(Zoom::default());
        }
    }

    /// Goes back to what was in sight before; `false` where there is nothing to go back to.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.before.pop() else { return false };
        self.after.push(self.zoom.clone());
        self.go(before);
        true
    }

    /// Goes forth again to what was left by going back, likewise.
    pub fn redo(&mut self) -> bool {
        let Some(after) = self.after.pop() else { return false };
        self.before.push(self.zoom.clone());
        self.go(after);
        true
    }

    fn go(&mut self, to: Zoom) {
        let from = std::mem::replace(&mut self.zoom, to);
        (self.way, self.turned) = (Some(Way { from, since: None, share: 0.0 }), None);
    }

    /// Goes on to what is to be in sight, at a time in seconds; at once where nothing may move. `true` while there is
    /// some way to go.
    pub fn advance(&mut self, now: f64, moves: bool) -> bool {
        let Some(way) = &mut self.way else { return false };
        let since = *way.since.get_or_insert(now);
        way.share = eased((now - since) / WAY);
        if !moves || way.share >= 1.0 {
            self.way = None;
        }
        self.way.is_some()
    }

    /// What is in sight of a frame, of which everything would be `all`.
    pub fn bounds(&self, facet: &Facet, all: Bounds) -> Bounds {
        let to = Bounds::of(facet, all, &self.zoom);
        let Some(way) = &self.way else { return to };
        let from = Bounds::of(facet, all, &way.from);
        Bounds { x: between(from.x, to.x, way.share), y: between(from.y, to.y, way.share) }
    }
}

/// How far the axes of a chart reach to hold all its data, in places along them, by facet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reach(Vec<[(AxisGroup, [f64; 2]); 2]>);

impl Reach {
    /// That of a chart.
    pub fn of(chart: &Chart) -> Self {
        let places = |axis: &Axis, range: [f64; 2]| range.map(|end| axis.place(end));
        let of = |facet: &Facet| {
            [
                (AxisGroup::of(&facet.x, true), places(&facet.x, facet.x_range())),
                (AxisGroup::of(&facet.y, false), places(&facet.y, facet.y_range())),
            ]
        };
        Self(chart.facets.iter().map(of).collect())
    }

    /// The same, no less than another: an axis that is still the same holds what it held.
    #[must_use]
    pub fn grown(mut self, before: &Self) -> Self {
        for (now, before) in self.0.iter_mut().zip(&before.0) {
            for ((group, range), (old_group, old)) in now.iter_mut().zip(before) {
                if group == old_group {
                    *range = [range[0].min(old[0]), range[1].max(old[1])];
                }
            }
        }
        self
    }

    /// That of a facet's axes, across and up.
    pub fn get(&self, facet: usize) -> Option<[[f64; 2]; 2]> {
        self.0.get(facet).map(|[(_, x), (_, y)]| [*x, *y])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Datum, Mark, Of, Series};

    const ALL: Bounds = Bounds { x: [0.0, 1.0], y: [0.0, 2.0] };
    const NEAR: Bounds = Bounds { x: [0.25, 0.5], y: [0.5, 1.0] };

    fn facet() -> Facet {
        Facet { x: Axis::new("across", ""), y: Axis::new("up", ""), ..Facet::default() }
    }

    /// A chart whose data reach from one to another, up.
    fn chart(low: f64, high: f64) -> Chart {
        let data = [low, high].map(|y| Datum::new(1.0, y, Of::default())).to_vec();
        let facet = Facet { marks: vec![Mark::Series(Series { data, ..Series::default() })], ..facet() };
        Chart::of("", facet, &Default::default())
    }

    #[test]
    fn what_was_in_sight_is_come_back_to_and_left_again() {
        let (facet, mut zooms) = (facet(), Zooms::default());
        let seen = |zooms: &mut Zooms| {
            zooms.advance(0.0, false);
            zooms.bounds(&facet, ALL)
        };
        assert!(!zooms.undo() && !zooms.redo());
        zooms.begin();
        zooms.set(&facet, NEAR);
        let moved = NEAR.moved([0.1, 0.0]);
        zooms.begin();
        zooms.set(&facet, moved);
        zooms.fit();
        assert_eq!(seen(&mut zooms), ALL);
        zooms.fit();
        for expected in [moved, NEAR, ALL] {
            assert!(zooms.undo());
            assert_eq!(seen(&mut zooms), expected, "what shows all already is no step");
        }
        assert!(!zooms.undo() && zooms.is_fitted());
        assert!(zooms.redo() && seen(&mut zooms) == NEAR);
        zooms.begin();
        zooms.set(&facet, moved);
        assert!(!zooms.redo(), "from here on there is another way forth");
        assert!(zooms.undo() && seen(&mut zooms) == NEAR);
        for _ in 0..3 * MOST_KEPT {
            zooms.begin();
        }
        assert_eq!(zooms.before.len(), MOST_KEPT);
    }

    #[test]
    fn turns_of_the_wheel_without_a_rest_are_one() {
        let (facet, mut zooms) = (facet(), Zooms::default());
        for (time, zoom) in [(0.0, NEAR), (0.3, NEAR.moved([0.1, 0.1])), (0.6, NEAR.moved([0.2, 0.2]))] {
            zooms.begin_turn(time);
            zooms.set(&facet, zoom);
        }
        zooms.begin_turn(5.0);
        zooms.set(&facet, NEAR);
        assert!(zooms.undo() && zooms.undo() && !zooms.undo());
    }

    #[test]
    fn the_way_to_a_look_is_short_slows_down_and_ends_there() {
        let (facet, mut zooms) = (facet(), Zooms::default());
        zooms.begin();
        zooms.set(&facet, NEAR);
        assert!(!zooms.advance(0.0, true), "what the hand does is followed at once");
        zooms.fit();
        assert!(zooms.advance(10.0, true), "the clock begins with the first frame");
        assert_eq!(zooms.bounds(&facet, ALL), NEAR);
        let at = |zooms: &mut Zooms, time: f64| {
            assert!(zooms.advance(time, true));
            zooms.bounds(&facet, ALL).x[1]
        };
        let (a, b, c) = (at(&mut zooms, 10.05), at(&mut zooms, 10.1), at(&mut zooms, 10.149));
        assert!(0.5 < a && a < b && b < c && c < 1.0);
        assert!(b - a < a - 0.5, "fast at first");
        assert!(!zooms.advance(10.16, true));
        assert_eq!(zooms.bounds(&facet, ALL), ALL);
        // Where nothing may move, it is there at once.
        assert!(zooms.undo() && !zooms.advance(20.0, false));
        assert_eq!(zooms.bounds(&facet, ALL), NEAR);
    }

    #[test]
    fn axes_grow_with_news_and_shrink_with_none() {
        let of = |low, high| Reach::of(&chart(low, high));
        let up = |reach: &Reach| reach.get(0).unwrap()[1];
        let (first, second) = (of(1.0, 2.0), of(1.5, 3.0));
        let grown = second.clone().grown(&first);
        assert_eq!(up(&grown), [up(&first)[0], up(&second)[1]]);
        assert_eq!(of(1.8, 1.9).grown(&grown), grown);
        let mut other = chart(1.8, 1.9);
        other.facets[0].y.label = "another quantity".to_owned();
        assert_eq!(up(&Reach::of(&other).grown(&grown)), up(&of(1.8, 1.9)), "it is another axis");
        assert_eq!(Reach::default().grown(&grown).get(0), None);
    }
}
