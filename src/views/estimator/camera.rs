//! From where the sphere is looked at: from afar, so that nothing is foreshortened but by its own slant.

use crate::chart::{Color, Curve, Dash, Line};
use crate::views::options::Sphere;

/// A direction to look from.
pub(super) struct Camera {
    yaw: [f64; 2],
    pitch: [f64; 2],
}

/// A point as it is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Across and up.
    pub at: [f64; 2],
    /// Whether it lies on the half that faces away.
    pub is_behind: bool,
}

/// How strongly what lies behind is drawn, against what lies in front.
pub(super) const BEHIND: f32 = 0.35;
/// Pieces of a curve on the sphere.
const PIECES: usize = 48;

impl Camera {
    pub fn of(sphere: &Sphere) -> Self {
        let turn = |angle: f64| [angle.cos(), angle.sin()];
        Self { yaw: turn(sphere.yaw), pitch: turn(sphere.pitch) }
    }

    pub fn see(&self, [x, y, z]: [f64; 3]) -> Seen {
        let ([cos, sin], [up, down]) = (self.yaw, self.pitch);
        let (across, toward) = (cos * x + sin * z, cos * z - sin * x);
        Seen { at: [across, up * y - down * toward], is_behind: down * y + up * toward < 0.0 }
    }

    /// The sphere itself: its disc, its outline and three great circles, faint behind.
    pub fn globe(&self) -> Vec<Curve> {
        let angle = |piece: usize| std::f64::consts::TAU * piece as f64 / PIECES as f64;
        let circle: Vec<[f64; 2]> =
            (0..=PIECES).map(|piece| [angle(piece).cos(), angle(piece).sin()]).collect();
        let disc = Curve { points: circle.clone(), color: Color::Muted, is_area: true, ..Curve::default() };
        let planes: [fn(f64, f64) -> [f64; 3]; 3] =
            [|a, b| [a, 0.0, b], |a, b| [a, b, 0.0], |a, b| [0.0, a, b]];
        let circles = planes.into_iter().flat_map(|plane| {
            let seen: Vec<Seen> =
                (0..=PIECES).map(|piece| self.see(plane(angle(piece).cos(), angle(piece).sin()))).collect();
            // Each piece belongs to the half that it ends in.
            let pieces: Vec<[Seen; 2]> = seen.windows(2).map(|pair| [pair[0], pair[1]]).collect();
            let halves = pieces.chunk_by(|a, b| a[1].is_behind == b[1].is_behind);
            let arc = |half: &[[Seen; 2]]| {
                let points = half.iter().map(|piece| piece[0].at).chain(half.last().map(|piece| piece[1].at));
                line(points.collect(), Color::Muted, if half[0][1].is_behind { 0.12 } else { 0.35 })
            };
            halves.map(arc).collect::<Vec<_>>()
        });
        [disc]
            .into_iter()
            .chain(circles.collect::<Vec<_>>())
            .chain([line(circle, Color::Muted, 0.6)])
            .collect()
    }

    /// The shortest way over the sphere from one point to another.
    pub fn way(&self, from: [f64; 3], to: [f64; 3]) -> Vec<[f64; 2]> {
        let cosine: f64 = from.iter().zip(to).map(|(a, b)| a * b).sum::<f64>().clamp(-1.0, 1.0);
        let angle = cosine.acos();
        let pieces = (angle / 0.15).ceil().max(1.0) as usize;
        let at = |piece: usize| {
            let share = piece as f64 / pieces as f64;
            // Where both are one point, or opposite ones, every way is as short.
            let [a, b] = match angle.sin() {
                sine if sine > 1e-9 => [((1.0 - share) * angle).sin() / sine, (share * angle).sin() / sine],
                _ => [1.0 - share, share],
            };
            self.see([0, 1, 2].map(|axis| a * from[axis] + b * to[axis])).at
        };
        (0..=pieces).map(at).collect()
    }
}

/// A line by weight.
pub(super) fn line(points: Vec<[f64; 2]>, color: Color, weight: f32) -> Curve {
    let line = Some(Line { dash: Dash::Solid, is_thin: true });
    Curve { points, color, line, weight: Some(weight), ..Curve::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_moves_the_front_to_the_side_and_tilting_down() {
        let camera = |yaw, pitch| Camera::of(&Sphere { yaw, pitch, ..Sphere::default() });
        let quarter = std::f64::consts::FRAC_PI_2;
        let near = |seen: Seen, at: [f64; 2]| seen.at.iter().zip(at).all(|(a, b)| (a - b).abs() < 1e-12);
        let front = [0.0, 0.0, 1.0];
        assert!(near(camera(0.0, 0.0).see(front), [0.0, 0.0]) && !camera(0.0, 0.0).see(front).is_behind);
        assert!(camera(0.0, 0.0).see([0.0, 0.0, -1.0]).is_behind);
        assert!(near(camera(quarter, 0.0).see(front), [1.0, 0.0]));
        assert!(near(camera(0.0, quarter).see(front), [0.0, -1.0]));
        assert!(near(camera(0.4, quarter).see([0.0, 1.0, 0.0]), [0.0, 0.0]));
    }

    #[test]
    fn ways_stay_on_the_sphere() {
        let camera = Camera::of(&Sphere { yaw: 0.0, pitch: 0.0, ..Sphere::default() });
        let way = camera.way([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        assert!(way.iter().all(|[x, y]| (x.hypot(*y) - 1.0).abs() < 1e-12) && way.len() > 8);
        assert!(camera.way([1.0, 0.0, 0.0], [1.0, 0.0, 0.0]).iter().flatten().all(|x| x.is_finite()));
    }
}
