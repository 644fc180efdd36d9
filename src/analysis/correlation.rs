//! Correlation of two quantities: Pearson's of their values and Spearman's of their ranks.

use super::centred::{Centred, dot};
use super::student;

/// The fewest points that a p-value is shown for: with three, chance alone gives one that looks remarkable too often
/// for a reader who does not look at n.
const FEWEST_SHOWN: usize = 4;

/// A coefficient of correlation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// The coefficient, from −1 to 1.
    pub value: f64,
    /// The two-sided p-value: how often quantities that have nothing to do with each other correlate as strongly.
    /// `None` where no degree of freedom is left to say so, as with two points.
    pub p: Option<f64>,
    /// The number of points.
    pub n: usize,
}

impl Coefficient {
    /// A coefficient with its p-value by so many degrees of freedom.
    pub(super) fn new(value: f64, n: usize, degrees: usize) -> Self {
        let value = value.clamp(-1.0, 1.0);
        Self { value, p: student::two_sided(value, degrees), n }
    }

    /// The p-value where figures and tables show one; `None` for fewer than four points.
    pub fn shown_p(&self) -> Option<f64> {
        self.p.filter(|_| self.n >= FEWEST_SHOWN)
    }
}

/// Both coefficients of the same points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Correlations {
    /// Pearson's; `None` where there is none.
    pub pearson: Option<Coefficient>,
    /// Spearman's; `None` where there is none.
    pub spearman: Option<Coefficient>,
}

impl Correlations {
    /// Both coefficients of the points `[x, y]` whose numbers are finite.
    pub fn of(points: &[[f64; 2]]) -> Self {
        Self { pearson: pearson(points), spearman: spearman(points) }
    }
}

/// Pearson's coefficient of the points `[x, y]` whose numbers are finite; `None` for fewer than two of them and where
/// x or y is the same in all.
pub fn pearson(points: &[[f64; 2]]) -> Option<Coefficient> {
    of_finite(&finite(points))
}

/// Spearman's coefficient, Pearson's of the ranks, of the points `[x, y]` whose numbers are finite; those that tie
/// have the mean of their ranks. `None` as for [`pearson`].
pub fn spearman(points: &[[f64; 2]]) -> Option<Coefficient> {
    let points = finite(points);
    let [x, y] = [0, 1].map(|axis| ranks(&points.iter().map(|point| point[axis]).collect::<Vec<_>>()));
    of_finite(&x.into_iter().zip(y).map(|(x, y)| [x, y]).collect::<Vec<_>>())
}

fn of_finite(points: &[[f64; 2]]) -> Option<Coefficient> {
    let n = points.len();
    let [x, y] = [0, 1].map(|axis| Centred::of(points.iter().map(|point| point[axis])));
    let (x, y) = (x?, y?);
    // One root of both, so that quantities in proportion give 1 and not one digit less.
    let value = dot(&x.values, &y.values) / (x.squares * y.squares).sqrt();
    Some(Coefficient::new(value, n, n.saturating_sub(2)))
}

/// The points whose numbers are finite.
pub(super) fn finite(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    points.iter().copied().filter(|point| point.iter().all(|value| value.is_finite())).collect()
}

/// The ranks of finite numbers from 1; numbers that tie have the mean of their ranks.
pub fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| numbers[a] == numbers[b]) {
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|&index| ranks[index] = rank);
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(x: &[f64], y: &[f64]) -> Vec<[f64; 2]> {
        x.iter().zip(y).map(|(&x, &y)| [x, y]).collect()
    }

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -1.0, 3.0]), [4.0, 2.0, 4.0, 1.0, 4.0]);
        assert_eq!(ranks(&[0.0, -0.0, 1.0]), [1.5, 1.5, 3.0]);
        assert!(ranks(&[]).is_empty());
    }

    #[test]
    fn what_is_in_proportion_correlates_fully() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        for (factor, value) in [(3.0, 1.0), (-7.0, -1.0)] {
            let y: Vec<f64> = x.iter().map(|x| factor * x + 2.0).collect();
            let full = Some(Coefficient { value, p: Some(0.0), n: 50 });
            assert_eq!(Correlations::of(&points(&x, &y)), Correlations { pearson: full, spearman: full });
        }
        let curved: Vec<f64> = x.iter().map(|x| x.powi(3)).collect();
        assert_eq!(spearman(&points(&x, &curved)).unwrap().value, 1.0);
    }

    #[test]
    fn points_with_a_number_missing_are_left_out() {
        let (x, y) = ([1.0, 2.0, f64::NAN, 4.0, 5.0], [2.0, 1.0, 3.0, f64::INFINITY, 7.0]);
        let kept = points(&[1.0, 2.0, 5.0], &[2.0, 1.0, 7.0]);
        assert_eq!(Correlations::of(&points(&x, &y)), Correlations::of(&kept));
        assert_eq!(pearson(&kept).unwrap().n, 3);
    }

    #[test]
    fn a_p_value_needs_points() {
        let none = [&[][..], &[[1.0, 2.0]], &[[1.0, 1.0], [1.0, 3.0], [1.0, 4.0]], &[[1.0, 2.0], [2.0, 2.0]]];
        for points in none {
            assert_eq!(Correlations::of(points), Correlations::default(), "{points:?}");
        }
        let of = |n: usize| pearson(&[[1.0, 1.0], [2.0, 3.0], [3.0, 2.0], [4.0, 5.0]][..n]).unwrap();
        assert_eq!((of(2).value, of(2).p), (1.0, None));
        assert!(of(3).p.is_some() && of(3).shown_p().is_none());
        assert!(of(4).p.is_some() && of(4).shown_p() == of(4).p);
    }

    #[test]
    fn size_and_place_of_numbers_do_not_matter() {
        let x = [0.3, 0.1, 0.7, 0.2];
        let plain = pearson(&points(&x, &[1.0, 2.0, 5.0, 3.0])).unwrap().value;
        for scale in [1e300, 1e-300] {
            let scaled: Vec<f64> = x.iter().map(|x| x * scale).collect();
            let of = pearson(&points(&scaled, &[1.0, 2.0, 5.0, 3.0])).unwrap().value;
            assert!((of - plain).abs() < 1e-14, "{of} {plain}");
        }
    }
}
