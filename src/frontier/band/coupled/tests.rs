//! Tests of couplings: their marginals are exact, and what is computed of them is what going through all pairs gives.

use super::*;

fn random_joint(xs: usize, ys: usize, seed: u64) -> Joint {
    let mut random = SplitMix64::new(seed);
    let rows: Vec<Vec<f64>> =
        (0..xs).map(|_| (0..ys).map(|_| (random.unit() - 0.4).max(0.0).powi(3)).collect()).collect();
    Joint::from_weights(&rows).unwrap()
}

fn coupling(joint: &Joint, alone: usize) -> Coupling<'_> {
    Coupling::new(joint, Classes::with(joint, alone), &AtomicBool::new(false)).unwrap()
}

/// C_x(y_1, y_2) as dense tables.
fn tables(coupling: &Coupling) -> Vec<Vec<Vec<f64>>> {
    let joint = coupling.joint;
    let table = |x: usize| {
        let row = joint.row_starts()[x]..joint.row_starts()[x + 1];
        let mut table = vec![vec![0.0; joint.ys()]; joint.ys()];
        for one in row.clone() {
            for two in row.clone() {
                table[joint.row_ys()[one] as usize][joint.row_ys()[two] as usize] =
                    coupling.mass(x, one, two);
            }
        }
        table
    };
    (0..joint.xs()).map(table).collect()
}

fn entropy_of(masses: impl Iterator<Item = f64>) -> f64 {
    masses.filter(|&mass| mass > 0.0).map(|mass| -mass * mass.ln()).sum()
}

/// TC of the pair and of the pair with one more draw, by going through all of them.
fn correlations(joint: &Joint, tables: &[Vec<Vec<f64>>]) -> [f64; 2] {
    let ys = joint.ys();
    let mut pairs = vec![0.0; ys * ys];
    let mut triples = vec![0.0; ys * ys * ys];
    for (x, table) in tables.iter().enumerate() {
        for one in 0..ys {
            for two in 0..ys {
                let mass = joint.px()[x] * table[one][two];
                pairs[one * ys + two] += mass;
                let (others, weights) = joint.row(x);
                for (&three, weight) in others.iter().zip(weights) {
                    triples[(one * ys + two) * ys + three as usize] += mass * weight;
                }
            }
        }
    }
    [
        2.0 * joint.entropy_y() - entropy_of(pairs.into_iter()),
        3.0 * joint.entropy_y() - entropy_of(triples.into_iter()),
    ]
}

#[test]
fn marginals_are_exact_whatever_the_classes() {
    for (seed, alone) in [(0, 12), (1, 12), (2, 3), (3, 3), (4, 0)] {
        let joint = random_joint(15, 12, seed);
        for (x, table) in tables(&coupling(&joint, alone)).iter().enumerate() {
            let (ys, weights) = joint.row(x);
            let mut wanted = vec![0.0; joint.ys()];
            ys.iter().zip(weights).for_each(|(&y, &weight)| wanted[y as usize] = weight);
            for y in 0..joint.ys() {
                let (along, across): (f64, f64) =
                    (table[y].iter().sum(), table.iter().map(|row| row[y]).sum());
                assert!(
                    (along - wanted[y]).abs() < 1e-14 && (across - wanted[y]).abs() < 1e-14,
                    "{along} {across}"
                );
                assert!(table[y].iter().all(|&mass| mass >= 0.0));
            }
        }
    }
}

#[test]
fn correlations_are_those_of_brute_force() {
    for (seed, alone) in [(0, 12), (1, 12), (2, 3), (3, 3), (4, 0)] {
        let joint = random_joint(15, 12, seed);
        let coupling = coupling(&joint, alone);
        let draws = coupling.draws(&AtomicBool::new(false)).unwrap();
        for (draw, expected) in draws.iter().zip(correlations(&joint, &tables(&coupling))) {
            let off = (draw.correlation - expected).abs();
            assert!(draw.error > 0.0 && off < 4.5 * draw.error, "{draw:?}, {expected} by brute force");
        }
    }
}

#[test]
fn a_pair_that_was_coupled_tells_less_of_itself() {
    for seed in 0..4 {
        let joint = random_joint(15, 12, seed);
        let tables = tables(&coupling(&joint, 12));
        let mut independent = tables.clone();
        for (x, table) in independent.iter_mut().enumerate() {
            let weights: Vec<f64> = tables[x].iter().map(|row| row.iter().sum()).collect();
            for (row, one) in table.iter_mut().zip(&weights) {
                row.iter_mut().zip(&weights).for_each(|(mass, two)| *mass = one * two);
            }
        }
        let [coupled, independent] = [&tables, &independent].map(|tables| correlations(&joint, tables)[0]);
        assert!(coupled < 0.8 * independent, "{coupled} of {independent}");
    }
}
