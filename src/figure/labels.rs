//! Finds room for the names of checkpoints, so that they cover neither points, lines nor one another.

use super::scene::{Anchor, Item, Paint, Path, Rect, Stroke, Text, Weight};
use super::style::Inks;
use super::text::width;

/// How far a label may lie from its marker's edge, in heights of its letters; nearer is preferred.
const DISTANCES: [f32; 5] = [0.4, 1.25, 2.3, 3.7, 5.3];
/// From this distance on a thin line leads from the point to its label.
const LEADER_FROM: f32 = 1.25;
/// In how many directions around its point a label is tried.
const DIRECTIONS: usize = 16;
/// The pixels between samples of a line to be kept clear of.
const LINE_STEP: f32 = 6.0;

/// A name to be placed beside its point.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// The point in pixels.
    pub point: [f32; 2],
    /// The radius of its marker in pixels.
    pub radius: f32,
    /// The name.
    pub text: String,
    /// The em in pixels.
    pub size: f32,
    /// The strength of the strokes.
    pub weight: Weight,
    /// The colour.
    pub fill: Paint,
    /// Whether it is drawn even where it must cover another label.
    pub required: bool,
}

/// What labels keep off, with what covering it costs.
#[derive(Debug)]
pub(super) struct Placer {
    bounds: Area,
    taken: Vec<(Area, f32)>,
}

/// The cost of covering another text.
const TEXT_COST: f32 = 100.0;
/// The cost of covering a marker.
const MARKER_COST: f32 = 12.0;
/// The cost of covering a stretch of [`LINE_STEP`] pixels of a line.
const LINE_COST: f32 = 3.0;

impl Placer {
    /// A placer that keeps labels within a rectangle.
    pub fn new(bounds: Rect) -> Self {
        let [left, top] = bounds.min;
        Self { bounds: [left, top, left + bounds.size[0], top + bounds.size[1]], taken: Vec::new() }
    }

    /// Keeps labels off a marker.
    pub fn avoid_marker(&mut self, [x, y]: [f32; 2], radius: f32) {
        self.taken.push(([x - radius, y - radius, x + radius, y + radius], MARKER_COST));
    }

    /// Keeps labels off a line, less strictly than off markers.
    pub fn avoid_line(&mut self, points: &[[f32; 2]]) {
        for pair in points.windows(2) {
            self.taken.extend(samples(pair[0], pair[1]).map(|area| (area, LINE_COST)));
        }
    }

    /// Keeps labels off text that already stands in the figure; only level or 45-degree text occurs.
    pub fn avoid_text(&mut self, text: &Text) {
        let length = width(&text.text, text.size);
        let turn = text.rotation_degrees.to_radians();
        let start = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * length,
            Anchor::End => -length,
        };
        // A row of squares as large as a letter covers text at any angle.
        let half = 0.5 * text.size;
        let count = (length / half).ceil() as usize;
        for i in 0..=count {
            let along = start + length * i as f32 / count.max(1) as f32;
            let lift = 0.3 * text.size;
            let x = text.position[0] + along * turn.cos() + lift * turn.sin();
            let y = text.position[1] + along * turn.sin() - lift * turn.cos();
            self.taken.push(([x - half, y - half, x + half, y + half], TEXT_COST));
        }
    }

    /// Draws a label at the best place around its point, or not at all where it would cover another.
    pub fn place(&mut self, label: &Label, inks: &Inks) -> Vec<Item> {
        let mut best: Option<(f32, Place)> = None;
        for distance in DISTANCES.map(|heights| heights * label.size) {
            for i in 0..DIRECTIONS {
                let place = Place::new(label, i as f32 / DIRECTIONS as f32, distance);
                let Some(cost) = self.cost(&place) else { continue };
                let cost = cost + 0.15 * distance;
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, place));
                }
            }
        }
        let Some((cost, place)) = best else { return Vec::new() };
        if cost >= TEXT_COST && !label.required {
            return Vec::new();
        }
        self.taken.push((place.area, TEXT_COST));
        self.taken.extend(place.leader_samples().map(|area| (area, TEXT_COST)));
        place.draw(label, inks)
    }

    /// What it costs to cover a place; nothing where it leaves the bounds.
    fn cost(&self, place: &Place) -> Option<f32> {
        let ([left, top, right, bottom], [min_x, min_y, max_x, max_y]) = (place.area, self.bounds);
        if left < min_x || right > max_x || top < min_y || bottom > max_y {
            return None;
        }
        let leader: Vec<Area> = place.leader_samples().collect();
        let covered = |area: &Area| overlap(area, &place.area) || leader.iter().any(|l| overlap(area, l));
        Some(self.taken.iter().filter(|(area, _)| covered(area)).map(|(_, cost)| cost).sum())
    }
}

/// Somewhere a label could be.
#[derive(Debug)]
struct Place {
    /// What the letters cover.
    area: Area,
    /// The direction from the point, of length 1.
    direction: [f32; 2],
    /// Both ends of the thin line from the marker to the label, where it is far.
    leader: Option<[[f32; 2]; 2]>,
}

impl Place {
    /// The place `turn` of a full turn around the label's point and `distance` pixels from its marker.
    fn new(label: &Label, turn: f32, distance: f32) -> Self {
        // Bold letters are about a tenth wider.
        let boldness = if label.weight == Weight::Bold { 1.1 } else { 1.0 };
        let half = [0.5 * boldness * width(&label.text, label.size), 0.55 * label.size];
        let (sin, cos) = (turn * std::f32::consts::TAU).sin_cos();
        let direction = [cos, sin];
        let away = |pixels: f32, k: usize| label.point[k] + direction[k] * (label.radius + pixels);
        let [x, y] = std::array::from_fn(|k| away(distance, k) + direction[k] * half[k]);
        let leader = (distance >= LEADER_FROM * label.size).then(|| {
            [std::array::from_fn(|k| away(2.0, k)), std::array::from_fn(|k| away(distance - 2.0, k))]
        });
        Self { area: [x - half[0], y - half[1], x + half[0], y + half[1]], direction, leader }
    }

    /// The leader as small areas, none where there is no leader.
    fn leader_samples(&self) -> impl Iterator<Item = Area> {
        self.leader.into_iter().flat_map(|[from, to]| samples(from, to))
    }

    /// The items of a label put here.
    fn draw(&self, label: &Label, inks: &Inks) -> Vec<Item> {
        let [left, top, right, bottom] = self.area;
        let mut items = Vec::new();
        if let Some(ends) = self.leader {
            let stroke = Stroke::new(Paint::solid(inks.muted), 0.75);
            items.push(Item::Path(Path::line(ends.to_vec(), stroke)));
        }
        // Text hangs from the side that faces its point, so that a wrong guess of its width shows on the other.
        let (x, anchor) = match self.direction[0] {
            d if d > 0.3 => (left, Anchor::Start),
            d if d < -0.3 => (right, Anchor::End),
            _ => (0.5 * (left + right), Anchor::Middle),
        };
        items.push(Item::Text(Text {
            position: [x, 0.5 * (top + bottom) + 0.35 * label.size],
            text: label.text.clone(),
            size: label.size,
            anchor,
            rotation_degrees: 0.0,
            weight: label.weight,
            fill: label.fill,
            halo: Some(Stroke::new(Paint::faint(inks.ground, 0.85), 3.0)),
        }));
        items
    }
}

/// A rectangle as `[left, top, right, bottom]` in pixels.
type Area = [f32; 4];

/// Whether two areas share an inner point.
fn overlap(a: &Area, b: &Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// A straight line as small areas [`LINE_STEP`] pixels apart.
fn samples([x0, y0]: [f32; 2], [x1, y1]: [f32; 2]) -> impl Iterator<Item = Area> {
    let count = ((x1 - x0).hypot(y1 - y0) / LINE_STEP).ceil().max(1.0) as usize;
    (0..count).map(move |i| {
        let share = (i as f32 + 0.5) / count as f32;
        let (x, y) = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share);
        [x - 1.0, y - 1.0, x + 1.0, y + 1.0]
    })
}

#[cfg(test)]
mod tests {
    use super::super::style::Theme;
    use super::*;

    fn label(point: [f32; 2]) -> Label {
        Label {
            point,
            radius: 4.0,
            text: "step-1000".to_owned(),
            size: 11.0,
            weight: Weight::Regular,
            fill: Paint::solid([0; 3]),
            required: false,
        }
    }

    fn placer() -> Placer {
        Placer::new(Rect { min: [0.0; 2], size: [300.0; 2], ..Rect::default() })
    }

    #[test]
    fn labels_of_one_point_do_not_overlap() {
        let mut placer = placer();
        let inks = Theme::Light.inks();
        let drawn = (0..40).filter(|_| !placer.place(&label([150.0, 150.0]), &inks).is_empty()).count();
        assert!((4..40).contains(&drawn), "{drawn}");
        for (i, (a, _)) in placer.taken.iter().enumerate() {
            for (b, _) in &placer.taken[..i] {
                // Leaders of one point start together; only what is written must be apart.
                let written = |area: &Area| area[2] - area[0] > 10.0;
                assert!(!(written(a) || written(b)) || !overlap(a, b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn labels_stay_inside_and_off_markers() {
        let mut placer = placer();
        placer.avoid_marker([290.0, 10.0], 5.0);
        placer.avoid_line(&[[290.0, 10.0], [0.0, 300.0]]);
        assert!(!placer.place(&label([290.0, 10.0]), &Theme::Light.inks()).is_empty());
        let (area, _) = placer.taken.iter().find(|(area, _)| area[2] - area[0] > 20.0).unwrap();
        assert!(area[2] <= 300.0 && area[1] >= 0.0);
        assert!(area[2] <= 285.0 || area[1] >= 15.0);
    }
}
