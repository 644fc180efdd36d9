//! Tests of the joint: what is merged, what stays, and what is refused.

use super::*;
use crate::random::SplitMix64;

fn table(rows: &[&[f64]]) -> Joint {
    Joint::from_weights(&rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>()).unwrap()
}

/// A random table of counts, about half of it zeros.
fn random_counts(xs: u32, ys: u32, seed: u64) -> Vec<(u32, u32, u64)> {
    let mut random = SplitMix64::new(seed);
    let all = (0..xs).flat_map(|x| (0..ys).map(move |y| (x, y)));
    all.map(|(x, y)| (x, y, (random.next() % 8).saturating_sub(4))).collect()
}

/// Everything that has to hold of a joint, checked from its entries alone.
fn check(joint: &Joint) {
    let mut mass = vec![vec![0.0; joint.ys()]; joint.xs()];
    for (x, row) in mass.iter_mut().enumerate() {
        let (ys, weights) = joint.row(x);
        assert!(ys.is_sorted_by(|a, b| a < b));
        for (&y, weight) in ys.iter().zip(weights) {
            row[y as usize] = joint.px()[x] * weight;
        }
    }
    for (y, &py) in joint.py().iter().enumerate() {
        let (xs, masses) = joint.column(y);
        assert!(xs.is_sorted_by(|a, b| a < b));
        for (&x, column) in xs.iter().zip(masses) {
            assert!((mass[x as usize][y] - column).abs() < 1e-15);
        }
        assert!((masses.iter().sum::<f64>() - py).abs() < 1e-15);
    }
    assert!(joint.px().is_sorted_by(|a, b| a >= b) && joint.py().is_sorted_by(|a, b| a >= b));
    let information: f64 = (0..joint.xs())
        .flat_map(|x| (0..joint.ys()).map(move |y| (x, y)))
        .filter(|&(x, y)| mass[x][y] > 0.0)
        .map(|(x, y)| mass[x][y] * (mass[x][y] / joint.px()[x] / joint.py()[y]).ln())
        .sum();
    assert!((information - joint.information()).abs() < 1e-13);
    let conditional: f64 = joint.px().iter().zip(joint.hx()).map(|(p, h)| p * h).sum();
    assert!((joint.entropy_y() - conditional - information).abs() < 1e-13);
    // Merging again changes nothing.
    let again = (0..joint.xs()).flat_map(|x| {
        let (ys, weights) = joint.row(x);
        ys.iter()
            .zip(weights)
            .map(move |(&y, weight)| (x as u32, y, weight * joint.px()[x]))
            .collect::<Vec<_>>()
    });
    let again = Joint::from_weighted(again.collect()).unwrap();
    assert_eq!((again.xs(), again.ys(), again.entries()), (joint.xs(), joint.ys(), joint.entries()));
}

#[test]
fn random_tables_are_consistent_in_both_directions() {
    for seed in 0..50 {
        check(&Joint::from_counts(random_counts(7, 5, seed)).unwrap());
    }
}

#[test]
fn proportional_rows_and_columns_become_one() {
    // Rows 0 and 1 are proportional, and so are columns 0 and 2 of all rows.
    let counts = [[1, 2, 3], [2, 4, 6], [5, 1, 15]];
    let list: Vec<_> = (0..3).flat_map(|x| (0..3).map(move |y| (x as u32, y as u32, counts[x][y]))).collect();
    let joint = Joint::from_counts(list).unwrap();
    assert_eq!((joint.xs(), joint.ys(), joint.entries()), (2, 2, 4));
    assert_eq!(joint.px(), [21.0 / 39.0, 18.0 / 39.0]);
    assert_eq!(joint.column(0), (&[0, 1][..], &[20.0 / 39.0, 12.0 / 39.0][..]));
    let before = joint.unmerged();
    assert_eq!((before.xs, before.ys, before.entries, before.total), (3, 3, 9, 39.0));
    assert!(before.entropy_x > joint.entropy_x() && before.entropy_y > joint.entropy_y());
    check(&joint);
}

#[test]
fn splitting_a_row_in_proportion_changes_nothing() {
    for seed in 0..20 {
        let mut whole = random_counts(6, 9, seed);
        whole.iter_mut().filter(|entry| entry.0 == 2).for_each(|entry| entry.2 += 1);
        let joint = Joint::from_counts(whole.iter().map(|&(x, y, n)| (x, y, 7 * n)).collect()).unwrap();
        let split = whole.iter().flat_map(|&(x, y, n)| {
            let parts = if x == 2 { vec![(2, 3 * n), (100, 4 * n)] } else { vec![(x, 7 * n)] };
            parts.into_iter().map(move |(x, n)| (x, y, n))
        });
        let split = Joint::from_counts(split.collect()).unwrap();
        assert_eq!(split.unmerged().xs, joint.unmerged().xs + 1);
        assert_eq!(Joint { unmerged: *joint.unmerged(), ..split }, joint);
    }
}

#[test]
fn the_order_of_the_input_has_no_part_in_the_joint() {
    for seed in 0..20 {
        let counts = random_counts(8, 8, seed);
        let mut shuffled = counts.clone();
        // Pairs in parts, in another order.
        let more =
            shuffled.iter().filter(|entry| entry.2 > 1).map(|&(x, y, n)| (x, y, n - 1)).collect::<Vec<_>>();
        shuffled.iter_mut().for_each(|entry| entry.2 = entry.2.min(1));
        shuffled.extend(more);
        SplitMix64::new(seed).shuffle(&mut shuffled);
        assert_eq!(Joint::from_counts(shuffled).unwrap(), Joint::from_counts(counts).unwrap());
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let counts = random_counts(90, 110, 3);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Joint::from_counts(counts.clone()).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn one_column_and_independence_leave_one_row() {
    for joint in [table(&[&[1.0], &[3.0]]), table(&[&[1.0, 2.0], &[3.0, 6.0]])] {
        assert_eq!((joint.xs(), joint.ys(), joint.information()), (1, 1, 0.0));
        assert_eq!((joint.entropy_x(), joint.entropy_y(), joint.px()[0]), (0.0, 0.0, 1.0));
    }
}

#[test]
fn a_function_of_x_is_merged_to_a_permutation() {
    let joint = table(&[&[0.1, 0.0], &[0.3, 0.0], &[0.0, 0.2], &[0.0, 0.4]]);
    assert_eq!((joint.xs(), joint.ys(), joint.entries()), (2, 2, 2));
    assert!((joint.information() - joint.entropy_x()).abs() < 1e-15);
    assert_eq!(joint.entropy_x(), joint.entropy_y());
    // Nothing repeats: each pair once.
    let joint = Joint::from_counts((0..1000).map(|id| (id, 3 * id, 1)).collect()).unwrap();
    assert_eq!((joint.xs(), joint.ys()), (1000, 1000));
    assert!((joint.information() - 1000f64.ln()).abs() < 1e-14);
}

#[test]
fn rows_and_columns_without_mass_are_left_out() {
    let joint = table(&[&[0.0, 0.0, 0.0], &[0.5, 0.0, 0.1], &[0.1, 0.0, 0.3]]);
    assert_eq!((joint.unmerged().xs, joint.unmerged().ys), (2, 2));
    check(&joint);
}

#[test]
fn masses_far_apart_stay_numbers() {
    let joint = table(&[&[1e300, 1e-300], &[1e-10, 1e299], &[f64::from_bits(1), 1e300]]);
    assert!(joint.information().is_finite() && joint.hx().iter().all(|entropy| entropy.is_finite()));
    let joint = table(&[&[f64::from_bits(3), 0.0], &[f64::from_bits(1), f64::from_bits(1)]]);
    check(&joint);
}

#[test]
fn what_is_no_joint_is_refused() {
    let refused = |rows: &[&[f64]], words: &str| {
        let rows: Vec<_> = rows.iter().map(|row| row.to_vec()).collect();
        let error = Joint::from_weights(&rows).unwrap_err();
        assert!(error.kind() == Kind::Corpus && error.to_string().contains(words), "{error}");
    };
    refused(&[], "no mass");
    refused(&[&[]], "no mass");
    refused(&[&[0.0, 0.0], &[0.0, -0.0]], "no mass");
    refused(&[&[0.5, -0.1]], "negative");
    refused(&[&[0.5, f64::NAN]], "not a finite number");
    refused(&[&[f64::INFINITY]], "not a finite number");
    refused(&[&[f64::MAX, f64::MAX]], "more than can be told");
    refused(&[&[0.5, 0.5], &[1.0]], "row 1 of the joint has 1 columns, row 0 has 2");
    let error = Joint::from_counts(vec![(0, 0, u64::MAX), (1, 0, 1)]).unwrap_err();
    assert!(error.to_string().contains("more than can be told"), "{error}");
    assert!(Joint::from_counts(vec![(4, 4, 0)]).unwrap_err().to_string().contains("no mass"));
}

#[test]
fn counts_near_the_end_of_their_type_are_kept() {
    let large = u64::MAX / 4;
    let joint = Joint::from_counts(vec![(0, 0, large), (0, 1, large), (1, 0, large), (1, 1, 1)]).unwrap();
    assert_eq!((joint.xs(), joint.ys()), (2, 2));
    check(&joint);
}
