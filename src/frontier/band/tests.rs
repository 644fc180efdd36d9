//! Tests of the outer bound: against brute force on small joints, and where it is known.

use std::ops::ControlFlow;

use super::super::curve::{Options, curve};
use super::super::source::{Shape, Source, counted};
use super::*;
use crate::error::Kind;
use crate::random::SplitMix64;

fn computed(joint: &Joint, effort: Effort) -> Band {
    Band::of(joint, effort, &AtomicBool::new(false)).unwrap()
}

fn text_like(words: usize, pairs: usize) -> Joint {
    let shape = Shape { words, classes: words / 10, followers: 5, own: 0.5, evenness: 0.12 };
    Joint::from_counts(counted(&Source::new(shape, 1).pairs(pairs, 500, 2))).unwrap()
}

fn random_joint(xs: usize, ys: usize, seed: u64) -> Joint {
    let mut random = SplitMix64::new(seed);
    let rows: Vec<Vec<f64>> =
        (0..xs).map(|_| (0..ys).map(|_| (random.unit() - 0.3).max(0.0).powi(3)).collect()).collect();
    Joint::from_weights(&rows).unwrap()
}

/// Σ H(Y_i) − H(Y_1…Y_k) for draws that are independent given X, by going through all of them.
fn correlation(joint: &Joint, draws: u32) -> f64 {
    let mut dense = vec![vec![0.0; joint.ys()]; joint.xs()];
    for (x, row) in dense.iter_mut().enumerate() {
        let (ys, weights) = joint.row(x);
        ys.iter().zip(weights).for_each(|(&y, &weight)| row[y as usize] = weight);
    }
    let mut together = 0.0;
    for code in 0..joint.ys().pow(draws) {
        let y = |draw: u32| code / joint.ys().pow(draw) % joint.ys();
        let of_row = |(row, p): (&Vec<f64>, &f64)| p * (0..draws).map(|draw| row[y(draw)]).product::<f64>();
        let p: f64 = dense.iter().zip(joint.px()).map(of_row).sum();
        if p > 0.0 {
            together -= p * p.ln();
        }
    }
    f64::from(draws) * joint.entropy_y() - together
}

#[test]
fn correlations_are_those_of_brute_force() {
    for seed in 0..6 {
        let joint = random_joint(7, 4, seed);
        let band = computed(&joint, Effort::Independent);
        for draw in band.draws.iter().filter(|draw| draw.draws <= 6) {
            let expected = correlation(&joint, draw.draws as u32);
            let off = (draw.correlation - expected).abs();
            assert!(off <= 4.5 * draw.error + 1e-12, "{draw:?}, {expected} by brute force");
        }
        assert!(band.draws[0].error == 0.0 && band.draws.len() == 15);
    }
}

#[test]
fn what_was_found_is_below_the_bound() {
    let mut joints: Vec<Joint> = (0..4).map(|seed| random_joint(8, 6, seed)).collect();
    joints.push(text_like(200, 20_000));
    for joint in joints {
        let band = computed(&joint, Effort::Coupled);
        let stop = AtomicBool::new(false);
        let found =
            curve(&joint, &Options::default(), None, &stop, &mut |_| ControlFlow::Continue(())).unwrap();
        for (complexity, expressivity) in found.corners() {
            let bound = band.at(complexity, joint.information());
            assert!(expressivity <= bound + 1e-9, "{expressivity} at {complexity}, the bound is {bound}");
        }
        // The bound says more than the data-processing inequality somewhere.
        let middle = joint.information();
        assert!(band.at(middle, joint.information()) < 0.98 * middle);
    }
}

#[test]
fn corners_are_where_the_bound_bends() {
    let joint = text_like(200, 20_000);
    let (information, end) = (joint.information(), joint.entropy_x());
    let band = computed(&joint, Effort::Coupled);
    let corners = band.corners(information, end);
    assert!(corners.len() > 5 && corners[0] == (0.0, 0.0) && corners[corners.len() - 1].0 == end);
    for pair in corners.windows(2) {
        assert!(pair[0].0 < pair[1].0);
        for part in [0.0, 0.3, 0.7, 1.0] {
            let along = |of: fn(&(f64, f64)) -> f64| of(&pair[0]) + part * (of(&pair[1]) - of(&pair[0]));
            assert!(
                (band.at(along(|corner| corner.0), information) - along(|corner| corner.1)).abs() < 1e-12
            );
        }
    }
    let slopes: Vec<f64> =
        corners.windows(2).map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)).collect();
    assert!(slopes.is_sorted_by(|a, b| a > b), "{slopes:?}");
    // Without any lines it is the data-processing inequality.
    assert_eq!(Band::default().corners(1.0, 3.0), [(0.0, 0.0), (1.0, 1.0), (3.0, 1.0)]);
}

#[test]
fn a_function_reaches_the_bound_and_one_row_nothing() {
    let function = Joint::from_counts((0..30).map(|x| (x, x % 5, 1 + u64::from(x))).collect()).unwrap();
    let band = computed(&function, Effort::Coupled);
    for part in [0.1, 0.5, 0.9, 1.0, 1.5] {
        let complexity = part * function.entropy_x();
        let reached = complexity.min(function.information());
        assert!((band.at(complexity, function.information()) - reached).abs() < 1e-12);
    }
    let one_row = Joint::from_counts(vec![(0, 0, 1), (0, 1, 2), (1, 0, 2), (1, 1, 4)]).unwrap();
    let band = computed(&one_row, Effort::Coupled);
    assert!(band.at(1.0, one_row.information()) == 0.0);
    assert!(band.draws.iter().all(|draw| draw.correlation < 1e-12), "{band:?}");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let joint = text_like(300, 20_000);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| computed(&joint, Effort::Coupled))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn work_that_is_stopped_ends() {
    let joint = text_like(200, 5000);
    for effort in [Effort::Independent, Effort::Coupled] {
        let error = Band::of(&joint, effort, &AtomicBool::new(true)).unwrap_err();
        assert_eq!(error.kind(), Kind::Cancelled);
    }
    assert!(coupled::draws(&joint, &AtomicBool::new(true)).is_err());
}
