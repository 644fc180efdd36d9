//! The shapes that tell runs apart where colour already tells training progress.

use std::f32::consts::TAU;

use super::scene::{Circle, Item, Paint, Path, Stroke};

/// How a marker is filled, outlined and named.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// The inside.
    pub fill: Option<Paint>,
    /// The outline.
    pub stroke: Option<Stroke>,
    /// What a viewer shows under the pointer.
    pub tooltip: Option<String>,
}

/// The marker of run number `run`; all shapes cover about the area of a circle of `radius` pixels.
pub(super) fn marker(run: usize, center: [f32; 2], radius: f32, look: Look) -> Item {
    let Look { fill, stroke, tooltip } = look;
    let points = outline(run);
    if points.is_empty() {
        return Item::Circle(Circle { center, radius, fill, stroke, tooltip });
    }
    let points = points.into_iter().map(|[x, y]| [center[0] + radius * x, center[1] + radius * y]).collect();
    Item::Path(Path { points, closed: true, fill, stroke, tooltip })
}

/// The corners of the marker of run number `run` around the origin, y downwards, with about the area of a circle of radius
/// 1; none of a circle.
pub fn outline(run: usize) -> Vec<[f32; 2]> {
    match run % 8 {
        0 => Vec::new(),
        1 => polygon(1.25, 4, 0.125),
        2 => polygon(1.45, 3, 0.0),
        3 => polygon(1.3, 4, 0.0),
        4 => polygon(1.45, 3, 0.5),
        5 => star(1.5, 5),
        6 => star(1.5, 4),
        _ => polygon(1.15, 5, 0.5),
    }
}

/// A regular polygon with its first corner `turn` of a full turn clockwise from the top.
fn polygon(radius: f32, corners: usize, turn: f32) -> Vec<[f32; 2]> {
    (0..corners).map(|i| around(radius, turn + i as f32 / corners as f32)).collect()
}

/// A star with a ray pointing up.
fn star(radius: f32, rays: usize) -> Vec<[f32; 2]> {
    (0..2 * rays)
        .map(|i| around(if i % 2 == 0 { radius } else { radius * 0.5 }, i as f32 / (2 * rays) as f32))
        .collect()
}

/// The point `radius` from the origin, `turn` of a full turn clockwise from the top.
fn around(radius: f32, turn: f32) -> [f32; 2] {
    let (sin, cos) = (turn * TAU).sin_cos();
    [radius * sin, -radius * cos]
}
