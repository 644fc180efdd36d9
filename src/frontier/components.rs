//! What X and Y have in common for certain: the parts into which pairs fall that share no label.
//!
//! The entropy of the part is the Gács-Körner information. Both labels tell it in full, so a representation can be of it
//! alone: up to that complexity the frontier is the line I(Y;Z) = I(X;Z), and beyond it lies below.

use super::joint::Joint;
use crate::sums::entropy;

/// The Gács-Körner common information of a joint in nats: the entropy of the connected components of its graph, in
/// which an x and a y are joined if their pair has mass.
pub fn common_information(joint: &Joint) -> f64 {
    // Rows of one column are of one component; each row points on towards the first of its component.
    let mut towards: Vec<u32> = (0..joint.xs() as u32).collect();
    for y in 0..joint.ys() {
        let xs = joint.column(y).0;
        for &x in &xs[1..] {
            let (one, other) = (first(&mut towards, xs[0]), first(&mut towards, x));
            towards[one.max(other) as usize] = one.min(other);
        }
    }
    let mut masses = vec![0.0; joint.xs()];
    for (x, mass) in joint.px().iter().enumerate() {
        masses[first(&mut towards, x as u32) as usize] += mass;
    }
    // The mass of one component alone may be off 1 by its sum.
    if masses[0] > 1.0 - 1e-12 { 0.0 } else { entropy(&masses) }
}

/// The first row of the component of a row. Shortens the way to it by half.
fn first(towards: &mut [u32], mut row: u32) -> u32 {
    while towards[row as usize] != row {
        towards[row as usize] = towards[towards[row as usize] as usize];
        row = towards[row as usize];
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    fn of(counts: &[(u32, u32, u64)]) -> f64 {
        common_information(&Joint::from_counts(counts.to_vec()).unwrap())
    }

    #[test]
    fn blocks_tell_which_they_are() {
        // Three blocks of masses 1/2, 1/4, 1/4, each with noise of its own.
        let counts = [(0, 0, 3), (0, 1, 1), (1, 0, 1), (1, 1, 3), (2, 5, 4), (3, 7, 2), (4, 7, 1), (4, 8, 1)];
        assert!((of(&counts) - 1.5 * 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn a_function_has_all_in_common_and_a_path_nothing() {
        let function: Vec<_> = (0..20).map(|x| (x, x % 5, 1)).collect();
        assert!((of(&function) - 5f64.ln()).abs() < 1e-12);
        // Each label meets the next only: one component, whatever the order in which it is found.
        let mut path: Vec<_> = (0..200).flat_map(|x| [(x, x, 1), (x, x + 1, 2)]).collect();
        SplitMix64::new(1).shuffle(&mut path);
        assert_eq!(of(&path), 0.0);
    }
}
