//! Numbers less their mean.

use crate::sums::sum;

/// At least two finite numbers, not all alike, less their mean and in units of the largest distance from it, so that
/// no square overflows or vanishes.
pub struct Centred {
    /// The mean.
    pub mean: f64,
    /// The unit: the largest distance from the mean.
    pub scale: f64,
    /// The distances from the mean, in the unit.
    pub values: Vec<f64>,
    /// The sum of their squares.
    pub squares: f64,
}

impl Centred {
    /// Numbers less their mean; `None` for fewer than two, for numbers that are all alike, and for such as are not
    /// finite or too large for their distances to be.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = numbers.into_iter().collect();
        let first = *values.first()?;
        if values.iter().all(|&value| value == first) {
            return None;
        }
        let count = values.len() as f64;
        let mean = match sum(values.iter().copied()) / count {
            mean if mean.is_finite() => mean,
            _ => sum(values.iter().map(|value| value / count)),
        };
        let scale = values.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max);
        values.iter_mut().for_each(|value| *value = (*value - mean) / scale);
        let squares = dot(&values, &values);
        (squares.is_finite() && squares > 0.0).then_some(Self { mean, scale, values, squares })
    }
}

/// The sum of products.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum(a.iter().zip(b).map(|(a, b)| a * b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_centred() {
        let centred = Centred::of([1e308, -1e308, 1e308, 1e308]).unwrap();
        assert!(centred.squares.is_finite() && (centred.mean - 5e307).abs() < 1e293);
        assert!(Centred::of([3e-320, 1e-320]).is_some());
        for none in [&[][..], &[1.0], &[0.1, 0.1, 0.1], &[0.0, -0.0], &[1.0, f64::NAN], &[1.0, f64::INFINITY]]
        {
            assert!(Centred::of(none.iter().copied()).is_none(), "{none:?}");
        }
    }
}
