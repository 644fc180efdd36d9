//! The information plane as a figure to publish: trajectories under the bound, with legend and colour bar.

mod bound;

use self::bound::Bound;
use super::axis::{self, Frame};
use super::color::{Rgb, mix, progress_color};
use super::curve::{dash, shade};
use super::labels::{Label, Placer};
use super::legend::{self, Entry, Legend};
use super::marker::{Look, marker};
use super::scene::{Anchor, Circle, Group, Item, Paint, Path, Rect, Scene, Stroke, Text, Weight};
use super::style::{Inks, STALE_DASH, Theme};
use super::text::{elide, wrap};
use crate::views::marks::{Flag, notes};
use crate::views::plane::{PlanePoint, PlaneView, Trajectory, axis_labels, extent};
use crate::words::counted;

/// The side of the square both axes span, in pixels.
const SIDE: f32 = 480.0;
/// The room left of the frame for tick labels and the axis title, in pixels.
const LEFT: f32 = 72.0;
/// The column of the legend and the gaps on both sides of it, in pixels.
const COLUMN: f32 = 210.0;
const COLUMN_GAP: f32 = 24.0;
const MARGIN: f32 = 20.0;
/// The room under the frame for tick labels and the axis title, in pixels.
const UNDER: f32 = 58.0;
/// Sizes of text in pixels.
const TITLE_SIZE: f32 = 17.0;
const CAPTION_SIZE: f32 = 11.0;
const LABEL_SIZE: f32 = 11.5;
/// The widest name written beside a point, in pixels.
const LABEL_WIDTH: f32 = 150.0;
/// Points under one name that are no further apart than this share its label, in pixels.
const TOGETHER: f32 = 16.0;
/// The size of the exclamation mark beside a point above the bound, in pixels.
const FLAG_SIZE: f32 = 12.0;
/// From more points than this a run's markers touch on an ordinary trajectory.
const DENSE: usize = 40;

/// What of the plane's figure can be chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlaneFigureOptions {
    /// A title above the plane, on one line.
    pub title: Option<String>,
    /// Words under the plane, such as the settings measured under; wrapped where too long for a line.
    pub caption: Option<String>,
    /// Checkpoints emphasised and labelled with their optimality; those not on the plane are passed over.
    pub highlight: Vec<Highlight>,
    /// The ground and the colours of everything that is not data.
    pub theme: Theme,
}

/// A checkpoint to be emphasised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// [`Trajectory::run`] of its run.
    pub run: usize,
    /// [`PlanePoint::checkpoint`] of the point.
    pub checkpoint: usize,
}

/// The plane with its trajectories, 806 pixels wide and as high as title and caption need.
///
/// Points with a measure that is not finite are left out. Trajectories of any number can be drawn; beyond
/// eight runs colours and shapes repeat.
pub fn plane_figure(trajectories: &[Trajectory], view: PlaneView, options: &PlaneFigureOptions) -> Scene {
    let inks = options.theme.inks();
    let width = LEFT + SIDE + COLUMN_GAP + COLUMN + MARGIN;
    let top = if options.title.is_some() { 48.0 } else { MARGIN };
    let frame = Frame { min: [LEFT, top], side: SIDE, extent: extent(trajectories) };

    let title = options.title.iter().map(|title| {
        let title = elide(title, TITLE_SIZE, width - LEFT - MARGIN);
        Item::Text(Text::new([LEFT, 31.0], title, TITLE_SIZE, inks.text).bold())
    });
    let caption = options.caption.as_deref().unwrap_or_default();
    let lines = wrap(caption, CAPTION_SIZE, width - LEFT - MARGIN);
    let caption_top = frame.bottom() + UNDER;
    let height = caption_top + if lines.is_empty() { 0.0 } else { 16.0 * lines.len() as f32 + 14.0 };
    let caption = lines.into_iter().enumerate().map(|(i, line)| {
        let y = caption_top + 12.0 + 16.0 * i as f32;
        Item::Text(Text::new([LEFT, y], line, CAPTION_SIZE, inks.muted))
    });

    let ground = Rect { size: [width, height], fill: Some(Paint::solid(inks.ground)), ..Rect::default() };
    let mut items = vec![Item::Rect(ground)];
    items.extend(title);
    let bound = Bound::new(&frame, &inks);
    let data = data(&frame, trajectories, options, &bound, &inks);
    items.extend(axis::grid(&frame, &inks));
    items.extend(bound.items());
    let (across, up) = axis_labels(view);
    items.extend(axis::over(&frame, (&across, &up), &inks));
    // Above the frame's line, so that markers at the origin stay whole; wider, so that they are not cut.
    items.push(Item::Group(Group { clip: Some(frame.rect(8.0)), items: data }));
    let corner = [frame.right() + COLUMN_GAP, top];
    let legend = Legend {
        entries: entries(trajectories),
        notes: notes(trajectories),
        progress: trajectories.iter().any(|trajectory| drawable(trajectory).count() > 1),
    };
    items.extend(legend::column(corner, [COLUMN, SIDE], &legend, &inks));
    items.extend(caption);
    Scene { width, height, items, title: options.title.clone(), description: options.caption.clone() }
}

/// The points of a trajectory that have a place on the plane.
fn drawable(trajectory: &Trajectory) -> impl DoubleEndedIterator<Item = &PlanePoint> + Clone {
    trajectory.points.iter().filter(|point| is_drawable(point))
}

fn is_drawable(point: &PlanePoint) -> bool {
    point.complexity.is_finite() && point.expressivity.is_finite()
}

/// Trajectories, points and names.
fn data(
    frame: &Frame,
    trajectories: &[Trajectory],
    options: &PlaneFigureOptions,
    bound: &Bound,
    inks: &Inks,
) -> Vec<Item> {
    let mut placer = Placer::new(frame.rect(-4.0));
    bound.keep_clear(&mut placer);
    let (mut lines, mut points, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for trajectory in trajectories {
        let color = shade(trajectory.run, trajectory.style, inks.ground);
        let place = |p: &PlanePoint| frame.at(p.complexity, p.expressivity);
        let count = drawable(trajectory).count();
        for (stale, line) in joined(trajectory, place) {
            placer.avoid_line(&line);
            let dash = if stale { Some(STALE_DASH) } else { dash(trajectory.style) };
            lines.push(Item::Path(Path::line(
                line,
                Stroke { dash, ..Stroke::new(Paint::faint(color, 0.85), 1.5) },
            )));
        }
        // Many points stand close: smaller markers, and one rim around all of them, keep colours in sight.
        let dense = count > DENSE;
        let radius = if dense { 3.2 } else { 4.2 };
        if dense {
            let look = Look { fill: Some(Paint::solid(color)), stroke: None, tooltip: None };
            let rims =
                drawable(trajectory).map(|p| marker(trajectory.run, place(p), radius + 1.0, look.clone()));
            points.extend(rims);
        }
        for (i, point) in drawable(trajectory).enumerate() {
            let center = place(point);
            let highlight = Highlight { run: trajectory.run, checkpoint: point.checkpoint };
            let highlighted = options.highlight.contains(&highlight);
            let radius = if highlighted { radius + 2.0 } else { radius };
            let ring = if highlighted { radius + 4.0 } else { radius };
            placer.avoid_marker(center, ring);
            if highlighted {
                let stroke = Some(Stroke::new(Paint::solid(inks.text), 1.25));
                points.push(Item::Circle(Circle { center, radius: ring, stroke, ..Circle::default() }));
            }
            let filled = point.basis.is_final();
            let outline = match filled {
                true => Stroke::new(Paint::solid(mix(color, inks.ground, 0.1)), 1.0),
                false => Stroke::new(Paint::solid(color), 1.5),
            };
            let look = Look {
                // What rests on less, or on other settings, is an open mark.
                fill: Some(Paint::solid(if filled { progress_color(point.progress) } else { inks.ground })),
                stroke: (!dense || highlighted).then_some(outline),
                tooltip: Some(tooltip(trajectory, point)),
            };
            points.push(marker(trajectory.run, center, radius, look));
            if point.flags().contains(&Flag::AboveBound) {
                let beside = [center[0] + ring + 2.0, center[1] - ring];
                let flag = Text::new(beside, "!", FLAG_SIZE, inks.text).bold();
                placer.avoid_text(&flag);
                points.push(Item::Text(flag));
            }
            if highlighted || i == 0 || i + 1 == count {
                let label = label(point, (center, ring), (color, highlighted), inks);
                labels.push((priority(highlighted, i), label));
            }
        }
    }
    if points.is_empty() {
        let [x, y] = frame.at(frame.extent * 0.62, frame.extent * 0.3);
        let text = Text::new([x, y], "no measured checkpoints", 15.0, inks.muted).anchored(Anchor::Middle);
        return vec![Item::Text(text)];
    }
    labels.sort_by_key(|(priority, _)| *priority);
    let labels = shared(labels.into_iter().map(|(_, label)| label), inks);
    let labels: Vec<Item> = labels.iter().flat_map(|label| placer.place(label, inks)).collect();
    lines.into_iter().chain(points).chain(labels).collect()
}

/// The lines of a trajectory, each with whether it is of stale points: a line ends where the next point is not to be
/// compared with the one before, or cannot be drawn.
fn joined(trajectory: &Trajectory, place: impl Fn(&PlanePoint) -> [f32; 2]) -> Vec<(bool, Vec<[f32; 2]>)> {
    let mut lines: Vec<(bool, Vec<[f32; 2]>)> = Vec::new();
    let mut whole = false;
    for point in &trajectory.points {
        whole &= point.joined;
        if !is_drawable(point) {
            continue;
        }
        match lines.last_mut() {
            Some((_, line)) if whole => line.push(place(point)),
            _ => lines.push((point.basis.is_stale(), vec![place(point)])),
        }
        whole = true;
    }
    lines.retain(|(_, line)| line.len() > 1);
    lines
}

/// The labels with one for all points that lie together under one name, as runs do at their first step.
fn shared(labels: impl Iterator<Item = Label>, inks: &Inks) -> Vec<Label> {
    let mut kept: Vec<Label> = Vec::new();
    for label in labels {
        let near = |other: &&mut Label| {
            let [dx, dy] = [0, 1].map(|k| other.point[k] - label.point[k]);
            other.text == label.text && dx.hypot(dy) < TOGETHER
        };
        match kept.iter_mut().find(near) {
            // No run's colour, since it speaks for several.
            Some(other) => other.fill = Paint::solid(inks.text),
            None => kept.push(label),
        }
    }
    kept
}

/// Whose name is placed first while there is room: emphasised checkpoints, then last ones, then first.
fn priority(highlighted: bool, index: usize) -> u8 {
    match (highlighted, index) {
        (true, _) => 0,
        (false, 0) => 2,
        (false, _) => 1,
    }
}

/// The name beside a point.
fn label(
    point: &PlanePoint,
    (center, radius): ([f32; 2], f32),
    (color, highlighted): (Rgb, bool),
    inks: &Inks,
) -> Label {
    let name = elide(&point.name, LABEL_SIZE, LABEL_WIDTH);
    let text = match phi(point) {
        Some(phi) if highlighted => format!("{name} · {phi}"),
        _ => name,
    };
    Label {
        point: center,
        radius,
        text,
        size: LABEL_SIZE,
        weight: if highlighted { Weight::Bold } else { Weight::Regular },
        // Towards the colour of text, since letters are thinner than lines.
        fill: Paint::solid(mix(color, inks.text, 0.4)),
        required: highlighted,
    }
}

/// Optimality in words, with an exclamation mark where it says little.
fn phi(point: &PlanePoint) -> Option<String> {
    let mark = if point.flags().iter().any(Flag::is_of_optimality) { " !" } else { "" };
    point.optimality.map(|optimality| format!("φ {optimality:.2}{mark}"))
}

/// What a viewer shows of a point under the pointer.
fn tooltip(trajectory: &Trajectory, point: &PlanePoint) -> String {
    let PlanePoint { name, complexity, expressivity, loss, basis, .. } = point;
    let label = trajectory.label();
    let mut text = format!("{label} · {name} · I(X;Z) {complexity:.4} · I(Y;Z) {expressivity:.4}");
    if let Some(optimality) = point.optimality {
        text.push_str(&format!(" · φ {optimality:.3}"));
    }
    if let Some([input, output]) = point.spread {
        text.push_str(&format!(" · standard deviations over seeds {input:.4}, {output:.4}"));
    }
    if let Some(loss) = loss {
        text.push_str(&format!(" · loss {loss:.3}"));
    }
    match (basis.is_stale(), basis.complete) {
        (true, _) => text.push_str(" · measured under earlier settings"),
        (false, false) => {
            let documents = counted(basis.documents, "document");
            text.push_str(&format!(" · first estimate on {documents}"));
        }
        (false, true) => {}
    }
    for flag in point.flags() {
        text.push_str(&format!(" · ! {}", flag.short()));
    }
    text
}

/// The legend's entry of every run with something on the plane, or a reason to have nothing there.
fn entries(trajectories: &[Trajectory]) -> Vec<Entry> {
    let entry = |trajectory: &Trajectory| {
        let (run, style, name) = (trajectory.run, trajectory.style, trajectory.name.clone());
        let distinction = trajectory.distinction.clone();
        let Some(last) = drawable(trajectory).next_back() else {
            let details = trajectory.absence.clone()?;
            return Some(Entry { run, style, name, distinction, details, present: false });
        };
        let count = drawable(trajectory).count();
        let mut details = counted(count, "checkpoint");
        if let Some(phi) = phi(last) {
            details.push_str(&format!(", {}{phi}", if count == 1 { "" } else { "last " }));
        }
        Some(Entry { run, style, name, distinction, details, present: true })
    };
    trajectories.iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests;
