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
    let points = match run % 8 {
        0 => return Item::Circle(Circle { center, radius, fill, stroke, tooltip }),
        1 => polygon(center, radius * 1.25, 4, 0.125),
        2 => polygon(center, radius * 1.45, 3, 0.0),
        3 => polygon(center, radius * 1.3, 4, 0.0),
        4 => polygon(center, radius * 1.45, 3, 0.5),
        5 => star(center, radius * 1.5, 5),
        6 => star(center, radius * 1.5, 4),
        _ => polygon(center, radius * 1.15, 5, 0.5),
    };
    Item::Path(Path { points, closed: true, fill, stroke, tooltip })
}

/// A regular polygon with its first corner `turn` of a full turn clockwise from the top.
fn polygon(center: [f32; 2], radius: f32, corners: usize, turn: f32) -> Vec<[f32; 2]> {
    (0..corners).map(|i| around(center, radius, turn + i as f32 / corners as f32)).collect()
}

/// A star with a ray pointing up.
fn star([x, y]: [f32; 2], radius: f32, rays: usize) -> Vec<[f32; 2]> {
    (0..2 * rays)
        .map(|i| around([x, y], if i % 2 == 0 { radius } else { radius * 0.5 }, i as f32 / (2 * rays) as f32))
        .collect()
}

/// The point `radius` pixels from `center`, `turn` of a full turn clockwise from the top.
fn around([x, y]: [f32; 2], radius: f32, turn: f32) -> [f32; 2] {
    let (sin, cos) = (turn * TAU).sin_cos();
    [x + radius * sin, y - radius * cos]
}
