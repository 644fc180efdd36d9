//! Marks, lines and areas as shapes of the screen.

use eframe::egui::epaint::CircleShape;
use eframe::egui::{Color32, Mesh, Pos2, Shape, Stroke, pos2};

use crate::chart::Marker;
use crate::figure::outline;

/// The radius of a speck.
const SPECK: f32 = 1.6;
/// The arm of a cross.
const NULL: f32 = 3.5;

/// A line through points, dashed where a dash and its gap are given.
pub(super) fn line(points: Vec<Pos2>, stroke: Stroke, dash: Option<[f32; 2]>, shapes: &mut Vec<Shape>) {
    if points.len() < 2 {
        return;
    }
    match dash {
        Some([dash, gap]) => shapes.extend(Shape::dashed_line(&points, stroke, dash, gap)),
        None => shapes.push(Shape::line(points, stroke)),
    }
}

/// How a mark is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub color: Color32,
    /// Behind the mark.
    pub ground: Color32,
    pub radius: f32,
    pub is_open: bool,
}

/// The mark of a datum; all shapes cover about the area of a circle.
pub(super) fn marker(marker: Marker, at: Pos2, look: Look, shapes: &mut Vec<Shape>) {
    let Look { color, ground, radius, is_open } = look;
    let (fill, stroke) = match is_open {
        true => (ground, Stroke::new(1.5, color)),
        false => (color, Stroke::new(1.0, ground)),
    };
    let run = match marker {
        Marker::Null => {
            for (dx, dy) in [(NULL, 0.0), (0.0, NULL)] {
                let ends = [pos2(at.x - dx, at.y - dy), pos2(at.x + dx, at.y + dy)];
                shapes.push(Shape::line_segment(ends, Stroke::new(1.4, color)));
            }
            return;
        }
        Marker::Speck => {
            shapes.push(Shape::circle_filled(at, SPECK, color));
            return;
        }
        Marker::Dot => 0,
        Marker::Run(run) => run,
    };
    let corners = outline(run);
    if corners.is_empty() {
        shapes.push(Shape::Circle(CircleShape { center: at, radius, fill, stroke }));
        return;
    }
    let points: Vec<Pos2> =
        corners.into_iter().map(|[x, y]| pos2(at.x + radius * x, at.y + radius * y)).collect();
    if points.len() > 5 {
        // A star is not convex: its inside is a fan around the middle.
        shapes.push(fan(at, &points, fill));
        shapes.push(Shape::closed_line(points, stroke));
    } else {
        shapes.push(Shape::convex_polygon(points, fill, stroke));
    }
}

fn fan(center: Pos2, points: &[Pos2], color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    mesh.colored_vertex(center, color);
    points.iter().for_each(|point| mesh.colored_vertex(*point, color));
    let count = points.len() as u32;
    (0..count).for_each(|i| mesh.add_triangle(0, 1 + i, 1 + (i + 1) % count));
    Shape::mesh(mesh)
}

/// A band between two lines of as many points.
pub(super) fn band(upper: &[Pos2], lower: &[Pos2], color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for (index, (upper, lower)) in upper.iter().zip(lower).enumerate() {
        mesh.colored_vertex(*upper, color);
        mesh.colored_vertex(*lower, color);
        if index > 0 {
            let corner = 2 * index as u32;
            mesh.add_triangle(corner - 2, corner - 1, corner);
            mesh.add_triangle(corner - 1, corner, corner + 1);
        }
    }
    Shape::mesh(mesh)
}

/// The inside of an outline that does not cross itself, convex or not: ears are cut off it one by one.
pub(super) fn area(outline: &[Pos2], color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    outline.iter().for_each(|point| mesh.colored_vertex(*point, color));
    let cross = |a: usize, b: usize, c: usize| {
        let (a, b, c) = (outline[a], outline[b], outline[c]);
        f64::from(b.x - a.x) * f64::from(c.y - a.y) - f64::from(b.y - a.y) * f64::from(c.x - a.x)
    };
    let count = outline.len();
    let turns: f64 = (1..count.saturating_sub(1)).map(|i| cross(0, i, i + 1)).sum();
    let mut left: Vec<usize> = if turns < 0.0 { (0..count).rev().collect() } else { (0..count).collect() };
    while left.len() > 2 {
        let corner =
            |i: usize| (left[(i + left.len() - 1) % left.len()], left[i], left[(i + 1) % left.len()]);
        let is_ear = |i: &usize| {
            let (a, b, c) = corner(*i);
            let is_inside = |p: usize| {
                p != a
                    && p != b
                    && p != c
                    && cross(a, b, p) > 0.0
                    && cross(b, c, p) > 0.0
                    && cross(c, a, p) > 0.0
            };
            cross(a, b, c) > 0.0 && !left.iter().any(|p| is_inside(*p))
        };
        // Of what is left without an ear nothing has an inside.
        let ear = (0..left.len()).find(is_ear).unwrap_or(0);
        let (a, b, c) = corner(ear);
        mesh.add_triangle(a as u32, b as u32, c as u32);
        left.remove(ear);
    }
    Shape::mesh(mesh)
}
