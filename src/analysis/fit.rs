//! A line through points by least squares, with the bands of what it says.

use super::centred::{Centred, dot};
use super::correlation::finite;
use super::student;
use crate::sums::sum;

/// The line `y = intercept + slope · x` through points by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// How far y rises where x rises by 1.
    pub slope: f64,
    /// The line at x = 0.
    pub intercept: f64,
    /// The number of points.
    pub n: usize,
    /// The mean of x.
    mean: f64,
    /// The sum of squares of x less its mean.
    squares: f64,
    /// The standard deviation of points about the line, with n − 2 degrees of freedom; `None` for two points.
    residual: Option<f64>,
}

/// How far to both sides of a line something lies with a given certainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    line: Line,
    /// The half width in units of the standard error.
    t: f64,
    residual: f64,
}

impl Line {
    /// The line through the points `[x, y]` whose numbers are finite; `None` for fewer than two of them and where x is
    /// the same in all.
    pub fn through(points: &[[f64; 2]]) -> Option<Self> {
        let points = finite(points);
        let x = Centred::of(points.iter().map(|point| point[0]))?;
        let Some(y) = Centred::of(points.iter().map(|point| point[1])) else {
            let level = points[0][1];
            return Some(Self::new(&x, 0.0, level, 0.0));
        };
        let product = dot(&x.values, &y.values);
        let slope = product / x.squares * (y.scale / x.scale);
        let rest = x.values.iter().zip(&y.values).map(|(a, b)| b - product / x.squares * a);
        let rest = y.scale * sum(rest.map(|rest| rest * rest)).sqrt();
        Some(Self::new(&x, slope, y.mean - slope * x.mean, rest))
    }

    /// A line by the root of the squares it leaves.
    fn new(x: &Centred, slope: f64, intercept: f64, rest: f64) -> Self {
        let n = x.values.len();
        let residual = (n > 2).then(|| rest / ((n - 2) as f64).sqrt());
        Self { slope, intercept, n, mean: x.mean, squares: x.scale * x.scale * x.squares, residual }
    }

    /// The line at x.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// The bands that hold with certainty `level`, 0.95 say; `None` for fewer than three points and for a level that
    /// is not between 0 and 1.
    pub fn band(&self, level: f64) -> Option<Band> {
        let residual = self.residual?;
        Some(Band { line: *self, t: student::quantile(level, self.n - 2)?, residual })
    }
}

impl Band {
    /// Between what the line itself lies at x, the mean of all points there, lower end first.
    pub fn mean(&self, x: f64) -> [f64; 2] {
        self.about(x, 0.0)
    }

    /// Between what one more point would lie at x, lower end first.
    pub fn prediction(&self, x: f64) -> [f64; 2] {
        self.about(x, 1.0)
    }

    /// The line give or take its own uncertainty and so many times that of a point.
    fn about(&self, x: f64, point: f64) -> [f64; 2] {
        let line = &self.line;
        let distance = x - line.mean;
        let variance = point + 1.0 / line.n as f64 + distance * distance / line.squares;
        let half = self.t * self.residual * variance.sqrt();
        [line.at(x) - half, line.at(x) + half]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_points_on_it() {
        let points: Vec<[f64; 2]> = (0..5).map(f64::from).map(|x| [x, 3.0 - 2.0 * x]).collect();
        let line = Line::through(&points).unwrap();
        assert_eq!((line.slope, line.intercept, line.n), (-2.0, 3.0, 5));
        assert_eq!(line.band(0.95).unwrap().prediction(7.0), [-11.0, -11.0]);
    }

    #[test]
    fn a_level_line_has_no_slope_and_an_upright_one_is_none() {
        let line = Line::through(&[[1.0, 4.0], [2.0, 4.0], [f64::NAN, 0.0], [3.0, 4.0]]).unwrap();
        assert_eq!((line.slope, line.intercept, line.n), (0.0, 4.0, 3));
        assert_eq!(Line::through(&[[1.0, 4.0], [1.0, 5.0], [1.0, 6.0]]), None);
        assert_eq!(Line::through(&[[1.0, 4.0]]), None);
    }

    #[test]
    fn two_points_have_a_line_and_no_band() {
        let line = Line::through(&[[0.0, 1.0], [2.0, 5.0]]).unwrap();
        assert_eq!((line.slope, line.intercept), (2.0, 1.0));
        assert_eq!(line.band(0.95), None);
    }

    #[test]
    fn bands_widen_away_from_the_mean_and_with_the_level() {
        let points = [[0.0, 0.1], [1.0, 0.9], [2.0, 2.3], [3.0, 2.8], [4.0, 4.1]];
        let line = Line::through(&points).unwrap();
        let width = |[low, high]: [f64; 2]| high - low;
        let band = line.band(0.95).unwrap();
        assert!(width(band.mean(2.0)) < width(band.mean(4.0)));
        assert!(width(band.mean(4.0)) < width(band.prediction(4.0)));
        assert!(width(band.mean(4.0)) < width(line.band(0.99).unwrap().mean(4.0)));
        assert_eq!(line.band(1.0), None);
    }
}
