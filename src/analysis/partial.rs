//! Partial correlation: of what other quantities leave of two.

use super::centred::{Centred, dot};
use super::correlation::Coefficient;

/// What rounding leaves of a quantity that others determine, as a share of it.
const ROUNDING: f64 = 1e-12;

/// A point and the other quantities at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The two quantities.
    pub point: [f64; 2],
    /// The quantities given; as many in all rows. Where one has fewer, those missing are not known.
    pub given: Vec<f64>,
}

/// Pearson's coefficient of what least squares on the quantities given leave of x and of y, over the rows whose
/// numbers are all finite, with n − 2 − k degrees of freedom for k given. One that is constant, or that others given
/// determine, leaves out nothing and does not count.
///
/// `None` where no degree of freedom is left, and where x or y is constant or determined by what is given.
pub fn partial(rows: &[Row]) -> Option<Coefficient> {
    let given = rows.iter().map(|row| row.given.len()).max().unwrap_or(0);
    let known = |row: &&Row| row.given.len() == given && row.given.iter().all(|value| value.is_finite());
    let rows: Vec<&Row> =
        rows.iter().filter(known).filter(|row| row.point.iter().all(|value| value.is_finite())).collect();
    let n = rows.len();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in 0..given {
        let Some(centred) = Centred::of(rows.iter().map(|row| row.given[column])) else { continue };
        basis.extend(rest(centred, &basis));
    }
    let degrees = n.checked_sub(2 + basis.len()).filter(|&degrees| degrees > 0)?;
    let [x, y] = [0, 1].map(|axis| {
        let centred = Centred::of(rows.iter().map(|row| row.point[axis]))?;
        rest(centred, &basis)
    });
    Some(Coefficient::new(dot(&x?, &y?), n, degrees))
}

/// What is left of numbers without their part along each of `basis`, at length 1; `None` where nothing is.
fn rest(numbers: Centred, basis: &[Vec<f64>]) -> Option<Vec<f64>> {
    let (mut rest, whole) = (numbers.values, numbers.squares.sqrt());
    // Once more for what rounding left of the first time.
    for along in basis.iter().chain(basis) {
        let part = dot(&rest, along);
        rest.iter_mut().zip(along).for_each(|(value, along)| *value -= part * along);
    }
    let length = dot(&rest, &rest).sqrt();
    rest.iter_mut().for_each(|value| *value /= length);
    (length > ROUNDING * whole).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::super::correlation::pearson;
    use super::*;

    const X: [f64; 7] = [0.3, 1.9, -0.4, 2.2, 0.8, -1.1, 0.5];
    const Y: [f64; 7] = [0.1, 2.5, 0.4, 1.2, -0.3, -0.9, 1.5];
    const Z: [f64; 7] = [1.0, 2.0, 4.0, 3.0, 0.0, -2.0, 5.0];

    fn rows(given: impl Fn(usize) -> Vec<f64>) -> Vec<Row> {
        (0..X.len()).map(|index| Row { point: [X[index], Y[index]], given: given(index) }).collect()
    }

    #[test]
    fn given_nothing_it_is_pearsons() {
        let points: Vec<[f64; 2]> = X.iter().zip(&Y).map(|(&x, &y)| [x, y]).collect();
        let (plain, none) = (pearson(&points).unwrap(), partial(&rows(|_| vec![])).unwrap());
        assert!((plain.value - none.value).abs() < 1e-15 && none.n == 7);
        assert!((plain.p.unwrap() - none.p.unwrap()).abs() < 1e-14);
        assert_eq!(partial(&rows(|_| vec![3.0])), Some(none));
    }

    #[test]
    fn given_one_it_is_the_textbook_formula() {
        let points =
            |a: &[f64], b: &[f64]| -> Vec<[f64; 2]> { a.iter().zip(b).map(|(&a, &b)| [a, b]).collect() };
        let r = |a: &[f64], b: &[f64]| pearson(&points(a, b)).unwrap().value;
        let (xy, xz, yz) = (r(&X, &Y), r(&X, &Z), r(&Y, &Z));
        let expected = (xy - xz * yz) / ((1.0 - xz * xz) * (1.0 - yz * yz)).sqrt();
        let of = partial(&rows(|index| vec![Z[index]])).unwrap();
        assert!((of.value - expected).abs() < 1e-14);
        // Twice the same is once.
        let twice = partial(&rows(|index| vec![Z[index], 2.0 * Z[index] + 1.0])).unwrap();
        assert!((twice.value - of.value).abs() < 1e-12 && (twice.p.unwrap() - of.p.unwrap()).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_left_of_what_is_given() {
        assert_eq!(partial(&rows(|index| vec![3.0 * X[index] - 1.0])), None);
        assert_eq!(partial(&rows(|index| vec![Z[index], X[index] + Z[index]])), None);
        assert_eq!(partial(&rows(|index| vec![Z[index]])[..3]), None);
        assert_eq!(partial(&[]), None);
    }

    #[test]
    fn rows_with_a_number_missing_are_left_out() {
        let mut some = rows(|index| vec![Z[index]]);
        some[2].given[0] = f64::NAN;
        some[4].given.clear();
        let of = partial(&some).unwrap();
        assert_eq!(of.n, 5);
        some.remove(4);
        some.remove(2);
        assert_eq!(partial(&some), Some(of));
    }
}
