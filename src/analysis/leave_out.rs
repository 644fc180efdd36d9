//! What a correlation over models owes to any one group of them, as the family of one maker.

use super::correlation::Coefficient;

/// A model's point and the group that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped<G> {
    /// The group.
    pub group: G,
    /// Two quantities of the model.
    pub point: [f64; 2],
}

/// For each group, in the order in which they come, the coefficient of all points without it; `None` where those left
/// have none.
pub fn without_each<G: Clone + PartialEq>(
    points: &[Grouped<G>],
    coefficient: impl Fn(&[[f64; 2]]) -> Option<Coefficient>,
) -> Vec<(G, Option<Coefficient>)> {
    let mut groups: Vec<G> = Vec::new();
    for Grouped { group, .. } in points {
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    let without = |group: G| {
        let others = points.iter().filter(|point| point.group != group);
        let others: Vec<[f64; 2]> = others.map(|other| other.point).collect();
        (group, coefficient(&others))
    };
    groups.into_iter().map(without).collect()
}

/// Between what values the coefficient moves as one group after the other is left out, the lowest first; `None` for
/// fewer than two groups, and where it has no value without one of them.
pub fn range<G: Clone + PartialEq>(
    points: &[Grouped<G>],
    coefficient: impl Fn(&[[f64; 2]]) -> Option<Coefficient>,
) -> Option<[f64; 2]> {
    let values: Option<Vec<f64>> =
        without_each(points, coefficient).into_iter().map(|(_, of)| of.map(|of| of.value)).collect();
    let values = values.filter(|values| values.len() > 1)?;
    Some([values.iter().copied().fold(1.0, f64::min), values.iter().copied().fold(-1.0, f64::max)])
}

#[cfg(test)]
mod tests {
    use super::super::correlation::{pearson, spearman};
    use super::*;

    #[test]
    fn one_group_may_carry_it_all() {
        let points =
            [("a", [0.0, 0.0]), ("a", [1.0, 0.1]), ("b", [0.0, 0.1]), ("b", [1.0, 0.0]), ("c", [9.0, 9.0])];
        let points: Vec<Grouped<&str>> =
            points.into_iter().map(|(group, point)| Grouped { group, point }).collect();
        let without = without_each(&points, pearson);
        assert_eq!(without.iter().map(|(group, _)| *group).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(without[2].1.unwrap().n, 4);
        let [low, high] = range(&points, pearson).unwrap();
        assert!(low.abs() < 1e-15 && high > 0.99, "{low} {high}");
        assert!(range(&points[..2], spearman).is_none());
        assert!(range::<&str>(&[], pearson).is_none());
    }
}
