//! Numbers of SciPy, statsmodels and mpmath; `tests/fixtures/scripts` says how they were made.

use serde_json::Value;

use super::correlation::{Coefficient, Correlations};
use super::discovery::adjusted;
use super::fit::Line;
use super::partial::{Row, partial};
use super::student;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn oracle() -> Value {
    json(include_str!("../../tests/fixtures/analysis/correlation.json"))
}

fn scipy() -> Value {
    json(include_str!("../../tests/fixtures/analysis/scipy.json"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[track_caller]
fn near(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found} instead of {expected}");
}

/// A coefficient within 1e-12 and its p-value within 1e-10, both relative.
#[track_caller]
fn is(found: Option<Coefficient>, expected: &Value, n: usize) {
    let (found, expected) = (found.unwrap(), numbers(expected));
    assert_eq!(found.n, n);
    near(found.value, expected[0], 1e-12);
    near(found.p.unwrap(), expected[1], 1e-10);
}

struct Case {
    points: Vec<[f64; 2]>,
    given: Vec<(&'static str, Vec<Row>)>,
}

impl Case {
    fn new(x: &[f64], y: &[f64], given: &[(&'static str, &[&[f64]])]) -> Self {
        let points: Vec<[f64; 2]> = x.iter().zip(y).map(|(&x, &y)| [x, y]).collect();
        let rows = |columns: &[&[f64]]| {
            let row =
                |(index, &point)| Row { point, given: columns.iter().map(|column| column[index]).collect() };
            points.iter().enumerate().map(row).collect()
        };
        let given = given.iter().map(|(name, columns)| (*name, rows(columns))).collect();
        Self { points, given }
    }

    fn check(&self, expected: &Value) {
        let n = self.points.len();
        let of = Correlations::of(&self.points);
        is(of.pearson, &expected["pearson"], n);
        is(of.spearman, &expected["spearman"], n);
        let line = Line::through(&self.points).unwrap();
        near(line.slope, expected["linear_fit"]["slope"].as_f64().unwrap(), 1e-11);
        near(line.intercept, expected["linear_fit"]["intercept"].as_f64().unwrap(), 1e-11);
        for (name, rows) in &self.given {
            match expected.get(*name) {
                Some(expected) => is(partial(rows), expected, n),
                None => assert_eq!(partial(rows), None),
            }
        }
        for band in expected.get("bands").and_then(Value::as_array).into_iter().flatten() {
            let x = band["x"].as_f64().unwrap();
            let of = line.band(band["level"].as_f64().unwrap()).unwrap();
            let ends = [of.mean(x), of.prediction(x)].concat();
            ends.iter()
                .zip(numbers(&band["ends"]))
                .for_each(|(&found, expected)| near(found, expected, 1e-10));
        }
    }
}

#[test]
fn correlations_and_lines_are_those_of_scipy() {
    let oracle = oracle();
    let cases = oracle["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let [x, y, z] = ["x", "y", "z"].map(|name| numbers(&case[name]));
        Case::new(&x, &y, &[("partial_given_z", &[&z])]).check(case);
    }
}

#[test]
fn from_three_points_to_a_hundred_thousand_tied_or_not() {
    let scattered = |n: u64, multiplier: u64| -> Vec<f64> {
        (1..=n).map(|i| (i * multiplier % 1_000_003) as f64 / 1_000_003.0).collect()
    };
    let scipy = scipy();
    let cases = scipy["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let n = case["n"].as_u64().unwrap();
        let [mut x, noise, z, w] =
            [618_033, 414_213, 732_050, 236_067].map(|multiplier| scattered(n, multiplier));
        let strength = case["strength"].as_f64().unwrap();
        let mut y: Vec<f64> =
            x.iter().zip(&noise).zip(&z).map(|((x, noise), z)| strength * x + noise + z).collect();
        if case["tied"].as_bool().unwrap() {
            [&mut x, &mut y].into_iter().flatten().for_each(|value| *value = (*value * 8.0).floor() / 8.0);
        }
        Case::new(&x, &y, &[("given_z", &[&z]), ("given_z_w", &[&z, &w])]).check(case);
    }
}

#[test]
fn p_values_and_quantiles_hold_for_any_number_of_points() {
    let scipy = scipy();
    for case in scipy["p_values"].as_array().unwrap() {
        let [r, degrees, p] = numbers(case)[..] else { panic!("{case}") };
        near(student::two_sided(r, degrees as usize).unwrap(), p, 1e-12);
        near(student::two_sided(-r, degrees as usize).unwrap(), p, 1e-12);
    }
    for case in scipy["quantiles"].as_array().unwrap() {
        let [level, degrees, t] = numbers(case)[..] else { panic!("{case}") };
        near(student::quantile(level, degrees as usize).unwrap(), t, 1e-12);
    }
}

#[test]
fn false_discoveries_are_those_of_scipy() {
    let of = &oracle()["benjamini_hochberg"];
    let p: Vec<Option<f64>> = numbers(&of["p"]).into_iter().map(Some).collect();
    let found = adjusted(&p);
    let expected = numbers(&of["adjusted"]);
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).for_each(|(found, expected)| near(found.unwrap(), expected, 1e-15));
}
