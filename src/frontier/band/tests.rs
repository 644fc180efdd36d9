//! Tests of the outer bound: against brute force on small joints, and where it is known.

use super::super::random::SplitMix64;
use super::*;

fn computed(joint: &Joint) -> Band {
    Band::of(joint, Effort::Independent, &AtomicBool::new(false)).unwrap()
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
        let band = computed(&joint);
        for draw in band.draws.iter().filter(|draw| draw.draws <= 6) {
            let expected = correlation(&joint, draw.draws as u32);
            let off = (draw.correlation - expected).abs();
            assert!(off <= 4.5 * draw.error + 1e-12, "{draw:?}, {expected} by brute force");
        }
        assert!(band.draws[0].error == 0.0 && band.draws.len() == 15);
    }
}
