//! Curves against closed forms, against optima found elsewhere, and against what every frontier is.

use std::f64::consts::LN_2;

use super::*;
use crate::frontier::random::SplitMix64;

fn found(joint: &Joint, options: &Options) -> Frontier {
    curve(joint, options, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(())).unwrap()
}

fn at_betas(joint: &Joint, betas: &[f64]) -> Vec<Point> {
    let frontier = found(joint, &Options { betas: betas.to_vec(), ..Options::default() });
    let best = |&beta: &f64| {
        let at_beta = frontier.points.iter().filter(|point| point.beta == beta);
        *at_beta.min_by(|a, b| a.lagrangian().total_cmp(&b.lagrangian())).unwrap()
    };
    betas.iter().map(best).collect()
}

/// Rows with a few heavy columns each, as `concentration` is small; row x has mass `mass(x)`.
fn random_rows(
    seed: u64,
    [xs, ys]: [usize; 2],
    concentration: f64,
    mass: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let mut random = SplitMix64::new(seed);
    let rows = (0..xs).map(|x| {
        let row: Vec<f64> = (0..ys).map(|_| random.unit().powf(1.0 / concentration)).collect();
        let total: f64 = row.iter().sum();
        row.iter().map(|weight| mass(x) * weight / total).collect()
    });
    rows.collect()
}

fn binary_entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

#[test]
fn a_binary_symmetric_channel_has_the_curve_of_mrs_gerber() {
    const NOISE: f64 = 0.1;
    let joint = Joint::from_weights(&[vec![1.0 - NOISE, NOISE], vec![NOISE, 1.0 - NOISE]]).unwrap();
    // Below 1 / (1 − 2δ)² nothing is worth its price.
    for point in at_betas(&joint, &[1.1, 1.5, 1.56]) {
        assert!(point.complexity < 1e-9 && point.expressivity < 1e-9, "{point:?}");
    }
    for point in at_betas(&joint, &[1.6, 1.7, 2.0, 2.5, 3.0, 5.0, 10.0, 50.0]) {
        // H(X|Z) is the entropy of a flip with probability `a`, found by halving.
        let (mut low, mut high) = (0.0, 0.5);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if binary_entropy(middle) < LN_2 - point.complexity { low = middle } else { high = middle }
        }
        let both = low * (1.0 - NOISE) + (1.0 - low) * NOISE;
        let error = point.expressivity - (LN_2 - binary_entropy(both));
        assert!(point.complexity > 0.01 && error.abs() < 1e-9, "{point:?}: {error:e}");
    }
}

#[test]
fn of_a_function_of_x_all_that_is_kept_is_told() {
    let mut random = SplitMix64::new(4);
    let masses: Vec<f64> = (0..20).map(|_| 0.05 + random.unit()).collect();
    let mut rows = vec![vec![0.0; 5]; 20];
    for (x, row) in rows.iter_mut().enumerate() {
        row[(7 * x + x / 3) % 5] = masses[x];
    }
    let joint = Joint::from_weights(&rows).unwrap();
    for point in at_betas(&joint, &[1.05, 1.2, 2.0, 10.0]) {
        let errors = [point.complexity - joint.entropy_y(), point.expressivity - joint.entropy_y()];
        assert!(errors.iter().all(|error| error.abs() < 1e-9), "{point:?}");
    }
    let frontier = found(&joint, &Options::default());
    for step in 0..=20 {
        let complexity = joint.entropy_y() * f64::from(step) / 20.0;
        assert!((frontier.at(complexity) - complexity).abs() < 1e-12);
    }
    assert!(frontier.entropy_x > joint.entropy_x() + 0.5);
}

#[test]
fn no_worse_than_the_best_of_many_restarts() {
    #[derive(serde::Deserialize)]
    struct Case {
        pxy: Vec<Vec<f64>>,
        frontier: Vec<Optimum>,
    }
    #[derive(serde::Deserialize)]
    struct Optimum {
        beta: f64,
        lagrangian: f64,
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/frontier/oracle.json");
    let cases: std::collections::BTreeMap<String, Case> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 2);
    for (name, case) in cases {
        let joint = Joint::from_weights(&case.pxy).unwrap();
        let betas: Vec<f64> = case.frontier.iter().map(|optimum| optimum.beta).collect();
        assert_eq!(betas.len(), 9);
        for (point, optimum) in at_betas(&joint, &betas).iter().zip(&case.frontier) {
            let excess = point.lagrangian() - optimum.lagrangian;
            assert!(excess < 1e-9, "{name} at β = {}: {excess:e}", point.beta);
            // Nothing that is better is near: a Lagrangian below this would be a mistake in it.
            assert!(point.ratio < 1e-9 && point.residual.abs() < 1e-9, "{name}: {point:?}");
        }
    }
}

/// What is true of every frontier.
fn check(joint: &Joint, frontier: &Frontier) {
    let limit = joint.information() + 1e-9;
    for point in &frontier.points {
        assert!(point.expressivity <= limit.min(point.complexity + 1e-9), "{point:?}");
        assert!(point.complexity <= joint.entropy_x(), "{point:?}");
        assert!(point.expressivity <= frontier.at(point.complexity) + 1e-9, "{point:?}");
    }
    let corners = frontier.corners();
    assert_eq!(corners[0], (0.0, 0.0));
    assert_eq!(corners[corners.len() - 1], (joint.entropy_x(), joint.information()));
    let slopes: Vec<f64> = corners
        .windows(2)
        .filter(|pair| pair[1].0 > pair[0].0)
        .map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0))
        .collect();
    assert!(slopes.windows(2).all(|pair| pair[0] >= pair[1] - 1e-6), "{slopes:?}");
    assert!(slopes.iter().all(|slope| (0.0..=1.0 + 1e-9).contains(slope)), "{slopes:?}");
}

#[test]
fn random_joints_leave_nothing_to_find() {
    let betas = [1.05, 1.3, 1.8, 2.2, 2.9, 4.0, 7.0, 30.0];
    for (seed, shape, concentration) in
        [(1, [10, 7], 0.3), (2, [15, 15], 0.12), (3, [6, 20], 0.5), (4, [24, 5], 0.2), (5, [3, 3], 1.0)]
    {
        let rows = random_rows(seed, shape, concentration, |x| 1.0 / (1.0 + x as f64));
        let joint = Joint::from_weights(&rows).unwrap();
        let frontier = found(&joint, &Options { betas: betas.to_vec(), ..Options::default() });
        check(&joint, &frontier);
        for point in frontier.points.iter().filter(|point| betas.contains(&point.beta)) {
            assert!(point.ratio < 1e-9 && point.residual.abs() < 1e-9, "{shape:?}: {point:?}");
        }
    }
}

#[test]
fn joints_with_nothing_to_trade_have_straight_curves() {
    let alone = |rows: &[Vec<f64>]| {
        let joint = Joint::from_weights(rows).unwrap();
        let frontier = found(&joint, &Options { betas: vec![0.5, 1.0, 3.0], ..Options::default() });
        check(&joint, &frontier);
        assert_eq!(frontier.points.len(), 3);
        assert!(frontier.points.iter().all(|point| point.expressivity == 0.0));
        assert_eq!((frontier.at(0.0), frontier.at(1.0)), (0.0, 0.0));
    };
    // One column; independent; one pair.
    alone(&[vec![1.0], vec![2.0]]);
    alone(&[vec![1.0, 2.0, 4.0], vec![2.0, 4.0, 8.0]]);
    alone(&[vec![3.0]]);
    // A permutation.
    let counts = (0..30).map(|x| (x, (x * 7) % 30, u64::from(x) + 1)).collect();
    let joint = Joint::from_counts(counts).unwrap();
    let frontier = found(&joint, &Options { betas: vec![1.5], ..Options::default() });
    check(&joint, &frontier);
    assert!((frontier.at(0.7) - 0.7).abs() < 1e-12);
}

#[test]
fn senseless_trade_offs_and_codebooks_are_refused() {
    let joint = Joint::from_weights(&[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap();
    for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = Options { betas: vec![2.0, beta], ..Options::default() };
        let error =
            curve(&joint, &options, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }
    let options = Options { clusters: Some(0), ..Options::default() };
    let error = curve(&joint, &options, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(()));
    assert_eq!(error.unwrap_err().kind(), Kind::Usage);
}
