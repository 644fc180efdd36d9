//! The estimator against the published package and the definition in float64.

use std::collections::BTreeMap;

use infoplane::device::Compute;
use infoplane::estimator::{Binning, ReferencePoints, SampleLabels, temperature, unit_rows};
use infoplane::labels::{LabelSet, Levels};
use infoplane::measures::soft_entropy::{distribution, efficiency};
use infoplane::measures::{Label, LayerMeasures, Order};
use infoplane::settings::Temperature;

use super::support::{Tensors, devices, fixture, json, layer_answer, layer_statistics, number};

#[test]
fn temperatures_are_the_packages() {
    let table = json(&fixture("estimator/temperature.json"));
    let mut worst = [0.0f64; 3];
    for row in table.as_array().unwrap() {
        let (points, width) = (number(&row["n"]) as usize, number(&row["d"]) as usize);
        let presets = [
            ("bounds", Temperature::Root),
            ("exact", Temperature::Exact),
            ("leading_order", Temperature::Leading),
        ];
        for ((name, preset), worst) in presets.into_iter().zip(&mut worst) {
            let Some(expected) = row[name].as_f64() else { continue };
            let actual = temperature(preset, points, width).unwrap();
            let deviation = (actual / expected - 1.0).abs();
            *worst = worst.max(deviation);
            // The package's root finder stops at 1e-12 absolute and its form of the bound cancels, which at
            // three dimensions and ε near 1e-5 is more than 1e-9 of it.
            let resolved = (actual - expected).abs() < 1e-12;
            assert!(
                deviation < 1e-9 || (width == 3 && resolved),
                "{name} n={points} d={width}: {actual} for {expected}, {deviation:e}"
            );
        }
    }
    println!(
        "temperatures: root {:.1e}, exact {:.1e}, leading {:.1e} relative",
        worst[0], worst[1], worst[2]
    );
}

#[test]
fn reference_points_are_numpys() {
    let oracle = Tensors::read(&fixture("estimator/reference_points.safetensors"));
    let mut worst = 0.0f64;
    for name in oracle.names() {
        let (shape, expected) = oracle.get(&name, f64::from_le_bytes);
        let seed = name.split('_').next().unwrap()[4..].parse().unwrap();
        let actual = unit_rows(seed, shape[0], shape[1]);
        assert_eq!(actual.len(), expected.len());
        for (a, b) in actual.iter().zip(&expected) {
            worst = worst.max((a - b).abs());
        }
    }
    println!("reference points: {worst:.1e} absolute");
    assert!(worst <= 1e-12, "{worst:e}");
}

#[test]
fn entropies_and_informations_are_those_of_the_definition() {
    let cases = json(&fixture("estimator/synthetic.json"));
    let oracle = Tensors::read(&fixture("estimator/synthetic.safetensors"));
    for (backend, compute) in devices() {
        let mut worst = 0.0f64;
        for case in cases.as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let (_, states) = oracle.get(&format!("{name}.z"), f32::from_le_bytes);
            let (_, labels) = oracle.get(&format!("{name}.labels"), i64::from_le_bytes);
            let ids: Vec<u32> = labels.iter().map(|&label| label as u32).collect();
            let width = number(&case["d"]) as usize;
            let points = number(&case["n"]) as usize;
            let measured = measure(&compute, &states, width, &ids, points, number(&case["seed"]) as u64);
            let expected = &case["float64"];
            let pairs = [
                (measured[0], number(&expected["H"])),
                (measured[1], number(&expected["MI_expectation"])),
                (measured[2], number(&expected["MI_mean"])),
            ];
            for (actual, expected) in pairs {
                worst = worst.max((actual - expected).abs());
                assert!((actual - expected).abs() < 1e-5, "{backend:?} {name}: {actual} for {expected}");
            }
        }
        println!("{backend:?} entropies and informations: {worst:.1e} absolute");
    }
}

#[test]
fn the_formula_that_the_sphere_shows_is_the_definition() {
    let cases = json(&fixture("estimator/synthetic.json"));
    let oracle = Tensors::read(&fixture("estimator/synthetic.safetensors"));
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let (_, states) = oracle.get(&format!("{name}.z"), f32::from_le_bytes);
        let (width, points) = (number(&case["d"]) as usize, number(&case["n"]) as usize);
        let epsilon = temperature(Temperature::Root, points, width).unwrap();
        let states: Vec<f64> = states.into_iter().map(f64::from).collect();
        let rows = unit_rows(number(&case["seed"]) as u64, points, width);
        let actual = efficiency(&distribution(states.chunks_exact(width), &rows, epsilon));
        let expected = number(&case["float64"]["H"]);
        assert!((actual - expected).abs() < 1e-9, "{name}: {actual} for {expected}");
    }
}

#[test]
fn a_state_too_large_spoils_the_prefixes_that_hold_it() {
    const WIDTH: usize = 24;
    const POINTS: usize = 20;
    let ids: Vec<u32> = (0..90).map(|position| position % 7).collect();
    let labels = tokens_of(&ids);
    let binning = Binning { points: POINTS, temperature: 0.1 };
    for size in [1e19f32, 5e19, 1e20, f32::INFINITY, f32::NAN] {
        let mut states: Vec<f32> = unit_rows(5, 90, WIDTH).iter().map(|&x| x as f32).collect();
        states[70 * WIDTH..71 * WIDTH].fill(size);
        let finite = devices().map(|(_, compute)| {
            let reference = ReferencePoints::new(0, POINTS, WIDTH);
            let of = (binning, 1);
            let found =
                layer_statistics(&compute, (&states, WIDTH), reference, labels.clone(), &[70, 90], of);
            found
                .iter()
                .map(|found| LayerMeasures::of_statistics(0, POINTS, found).is_finite())
                .collect::<Vec<_>>()
        });
        assert_eq!(finite, [vec![true, false], vec![true, false]], "{size:e}");
    }
}

#[test]
fn single_labels_have_the_entropy_of_their_own_states() {
    const WIDTH: usize = 24;
    const POINTS: usize = 20;
    // Labels of many positions and of few, one that occurs once, and in the prefix another.
    let ids: Vec<u32> = (0..700u32).map(|p| if p == 5 { 999 } else { p * p % 37 % (1 + p % 9) }).collect();
    let finer: Vec<u32> = ids.iter().zip(0..).map(|(id, p): (&u32, u32)| id * 8 + p % 3).collect();
    let tree = |of: fn(Order) -> Label| {
        let sets =
            [(of(Order::Token), LabelSet::from_ids(&ids)), (of(Order::Bigram), LabelSet::from_ids(&finer))];
        Levels(sets.into())
    };
    let labels = SampleLabels::of_trees(&[tree(Label::Input), tree(Label::Output)]);
    let states: Vec<f32> = unit_rows(5, 700, WIDTH).iter().map(|&x| x as f32).collect();
    let wide: Vec<f64> = states.iter().map(|&x| f64::from(x)).collect();
    let (rows, binning) = (unit_rows(0, POINTS, WIDTH), Binning { points: POINTS, temperature: 0.1 });
    let unit = (POINTS as f64).ln();
    let entropy = |positions: &[usize]| {
        let states = positions.iter().map(|&p| &wide[p * WIDTH..(p + 1) * WIDTH]);
        unit * efficiency(&distribution(states, &rows, binning.temperature))
    };
    for (_, compute) in devices() {
        for min_count in [1, 4] {
            let reference = ReferencePoints::new(0, POINTS, WIDTH);
            let of = (binning, min_count);
            let answer = layer_answer(&compute, (&states, WIDTH), reference, labels.clone(), &[400, 600], of);
            let levels: Vec<&Label> = answer.labels.iter().map(|(label, _)| label).collect();
            assert_eq!(levels, answer.layers[0][1].sets.iter().map(|(label, _)| label).collect::<Vec<_>>());
            for (label, found) in &answer.labels {
                let ids = if label.order() == Some(Order::Token) { &ids } else { &finer };
                let mut of_label: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
                (0..600).for_each(|p| of_label.entry(ids[p]).or_default().push(p));
                let kept: Vec<usize> = of_label
                    .values()
                    .filter(|of| of.len() >= min_count as usize)
                    .flatten()
                    .copied()
                    .collect();
                assert_eq!(found.kept, kept.len());
                assert!((found.entropy - entropy(&kept)).abs() < 1e-5);
                let expected: BTreeMap<u32, &Vec<usize>> = of_label
                    .values()
                    .filter(|of| of.len() >= 2.max(min_count as usize))
                    .map(|of| (of[0] as u32, of))
                    .collect();
                assert_eq!(found.labels.len(), expected.len());
                for one in &found.labels {
                    let positions = expected[&one.first];
                    assert_eq!(one.positions as usize, positions.len());
                    let expected = entropy(positions);
                    assert!((one.entropy - expected).abs() < 1e-5, "{} for {expected}", one.entropy);
                }
            }
        }
    }
}

/// The same labels before and after each position.
fn tokens_of(ids: &[u32]) -> SampleLabels {
    let tree = |label| Levels(vec![(label, LabelSet::from_ids(ids))]);
    SampleLabels::of_trees(&[Label::Input(Order::Token), Label::Output(Order::Token)].map(tree))
}

/// 𝓗(Z), I and its unweighted variant of given states and labels, through every kernel of a device.
fn measure(
    compute: &Compute,
    states: &[f32],
    width: usize,
    ids: &[u32],
    points: usize,
    seed: u64,
) -> [f64; 3] {
    let labels = tokens_of(ids);
    let binning = Binning { points, temperature: temperature(Temperature::Root, points, width).unwrap() };
    let reference = ReferencePoints::new(seed, points, width);
    let statistics =
        layer_statistics(compute, (states, width), reference, labels, &[ids.len()], (binning, 1));
    let measures = LayerMeasures::of_statistics(1, points, &statistics[0]);
    let complexity = measures.complexity(Order::Token).unwrap();
    [measures.entropy.value, complexity.value, complexity.mean]
}
