//! States on the unit sphere in three dimensions: a cloud that is made, or a model's hidden states projected.

use super::soft_entropy::normals;

/// States as unit vectors in three dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloud {
    /// What they are, in a few words.
    pub name: String,
    /// The states, each of norm 1.
    pub states: Vec<[f64; 3]>,
    /// The share of the squares of a model's normalized states that the three dimensions hold; `None` for a cloud that is
    /// no projection.
    pub share: Option<f64>,
}

/// The number of centres of a cloud that is made.
const CENTRES: usize = 3;
/// Rounds of the power method: enough for directions that a picture can tell apart.
const ROUNDS: usize = 24;

impl Cloud {
    /// A mixture around three centres. With `numpy.random.default_rng(seed).standard_normal((3 + states, 3))`, the centres
    /// are the first three rows, each divided by its norm; state i is centre i mod 3 plus `scatter` times row 3 + i,
    /// normalized.
    pub fn mixture(seed: u64, states: usize, scatter: f64) -> Self {
        let draw = normals(seed, 3 * (CENTRES + states));
        let rows: Vec<[f64; 3]> = draw.chunks_exact(3).map(|row| [row[0], row[1], row[2]]).collect();
        let (centres, rows) = rows.split_at(CENTRES);
        let centres: Vec<[f64; 3]> = centres.iter().filter_map(|&centre| normalized(centre)).collect();
        let state = |(row, centre): (&[f64; 3], &[f64; 3])| {
            normalized([0, 1, 2].map(|axis| centre[axis] + scatter * row[axis]))
        };
        Self {
            name: format!("{states} states scattered by {scatter} about {CENTRES} centres"),
            states: rows.iter().zip(centres.iter().cycle()).filter_map(state).collect(),
            share: None,
        }
    }

    /// Hidden states `[states, width]` of a model, each normalized, on the three orthogonal directions that hold most of
    /// their squares, and normalized again. States that are zero or not finite are left out; `None` where that leaves
    /// none, or where there are fewer than three dimensions.
    pub fn of_hidden_states(name: impl Into<String>, states: &[f32], width: usize) -> Option<Self> {
        if width < 3 {
            return None;
        }
        let unit = |state: &[f32]| {
            let norm = state.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            let is_measured = norm > 0.0 && norm.is_finite();
            is_measured.then(|| state.iter().map(|&value| f64::from(value) / norm).collect::<Vec<f64>>())
        };
        let states: Vec<Vec<f64>> = states.chunks_exact(width).filter_map(unit).collect();
        let directions = directions(&states, width);
        let place = |state: &Vec<f64>| [0, 1, 2].map(|axis: usize| dot(&directions[axis], state));
        let places: Vec<[f64; 3]> = states.iter().map(place).collect();
        let squares: f64 = places.iter().flatten().map(|value| value * value).sum();
        let share = squares / states.len() as f64;
        let states: Vec<[f64; 3]> = places.into_iter().filter_map(normalized).collect();
        (!states.is_empty()).then(|| Self { name: name.into(), states, share: Some(share) })
    }
}

/// The three orthogonal directions that hold most of the squares of states, by the power method.
fn directions(states: &[Vec<f64>], width: usize) -> [Vec<f64>; 3] {
    let start = normals(0, 3 * width);
    let mut directions = [0, 1, 2].map(|axis| start[axis * width..(axis + 1) * width].to_vec());
    orthonormalize(&mut directions);
    for _ in 0..ROUNDS {
        let mut next = [0, 1, 2].map(|_| vec![0.0; width]);
        for state in states {
            for (next, direction) in next.iter_mut().zip(&directions) {
                let along = dot(direction, state);
                next.iter_mut().zip(state).for_each(|(next, value)| *next += along * value);
            }
        }
        // Where states span less than three dimensions the rest of the directions stay as they are.
        for (next, direction) in next.iter_mut().zip(&directions) {
            next.iter_mut().zip(direction).for_each(|(next, value)| *next += 1e-9 * value);
        }
        orthonormalize(&mut next);
        directions = next;
    }
    directions
}

/// Makes each direction orthogonal to those before it, and of norm 1.
fn orthonormalize(directions: &mut [Vec<f64>; 3]) {
    for index in 0..directions.len() {
        let (before, rest) = directions.split_at_mut(index);
        let own = &mut rest[0];
        for other in before {
            let along = dot(own, other);
            own.iter_mut().zip(other).for_each(|(own, other)| *own -= along * *other);
        }
        let norm = dot(own, own).sqrt();
        own.iter_mut().for_each(|value| *value /= norm);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A vector of norm 1; `None` for one that has no direction.
fn normalized(vector: [f64; 3]) -> Option<[f64; 3]> {
    let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    (norm > 1e-12 && norm.is_finite()).then(|| vector.map(|value| value / norm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_states_lie_on_the_directions_that_hold_them() {
        // In a plane of four dimensions that no axis lies in: the projection keeps every angle.
        let along =
            |angle: f64| [angle.cos() * 0.6, angle.sin(), 0.0, angle.cos() * 0.8].map(|x| 5.0 * x as f32);
        let angles = [0.0, 0.3, 1.2, 2.0, 4.0];
        let states: Vec<f32> =
            angles.into_iter().flat_map(along).chain([0.0; 4]).chain([f32::NAN; 4]).collect();
        let cloud = Cloud::of_hidden_states("", &states, 4).unwrap();
        assert_eq!(cloud.states.len(), angles.len());
        assert!((cloud.share.unwrap() - 1.0).abs() < 1e-9);
        for (a, angle) in cloud.states.iter().zip(angles) {
            for (b, other) in cloud.states.iter().zip(angles) {
                assert!((dot(a, b) - (angle - other).cos()).abs() < 1e-6, "{angle} {other}");
            }
        }
        assert!(Cloud::of_hidden_states("", &[0.0; 8], 4).is_none());
        assert!(Cloud::of_hidden_states("", &[1.0; 8], 2).is_none());
    }

    #[test]
    fn a_cloud_lies_on_the_sphere_around_its_centres() {
        let cloud = Cloud::mixture(1, 90, 0.1);
        assert_eq!(cloud.states.len(), 90);
        for (index, state) in cloud.states.iter().enumerate() {
            assert!((dot(state, state) - 1.0).abs() < 1e-12);
            assert!(dot(state, &cloud.states[index % CENTRES]) > 0.7);
        }
    }
}
