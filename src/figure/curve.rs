//! How trajectories of one run under several conditions are told apart: by their lines, and by shades of its colour.

use super::color::{Rgb, mix, run_color};

/// Lengths in pixels of a dash and of the gap after it, of the first conditions beside the present one. None is that of
/// a line between stale points.
const DASHES: [[f32; 2]; 4] = [[1.5, 3.0], [9.0, 4.0], [1.5, 7.0], [16.0, 5.0]];
/// How far the colour of a run is moved towards the ground while dashes are new, and once they repeat.
const SHADES: [f32; 2] = [0.3, 0.55];

/// The dash of a trajectory's line; `None` for a whole line.
pub fn dash(style: usize) -> Option<[f32; 2]> {
    Some(DASHES[style.checked_sub(1)? % DASHES.len()])
}

/// The colour of a trajectory on a ground; after eight conditions beside the present one it repeats.
pub fn shade(run: usize, style: usize, ground: Rgb) -> Rgb {
    let color = run_color(run);
    match style.checked_sub(1) {
        None => color,
        Some(beside) => mix(color, ground, SHADES[beside / DASHES.len() % SHADES.len()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_conditions_of_a_run_have_looks_of_their_own() {
        let looks: Vec<_> = (0..9).map(|style| (dash(style), shade(3, style, [255; 3]))).collect();
        assert_eq!(looks[0], (None, run_color(3)));
        for (index, look) in looks.iter().enumerate() {
            assert!(!looks[..index].contains(look), "{index}");
        }
    }
}
