//! The estimator against the published package and the definition in float64.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use infoplane::device::Compute;
use infoplane::estimator::{
    Binning, Estimator, Question, ReferencePoints, Row, SampleLabels, Scores, Target, layer_measures,
    temperature, unit_rows,
};
use infoplane::labels::LabelSet;
use infoplane::settings::Temperature;
use infoplane::store::{ChunkKey, Losses, ScoreTable};

use super::support::{Tensors, devices, fixture, json, number};

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

/// 𝓗(Z), I and its unweighted variant of given states and labels, through every kernel of a device.
fn measure(
    compute: &Compute,
    states: &[f32],
    width: usize,
    ids: &[u32],
    points: usize,
    seed: u64,
) -> [f64; 3] {
    let mut estimator = Estimator::new(compute).unwrap();
    let reference = estimator.reference(ReferencePoints::new(seed, points, width)).unwrap();
    let positions = ids.len();
    let hidden =
        Tensor::<2>::from_data(TensorData::new(states.to_vec(), [positions, width]), &compute.tensors());
    let rows: Vec<Row> = (0..positions as u32).map(|row| Row { source: row, target: row }).collect();
    let set = LabelSet::from_ids(ids);
    let labels = Arc::new(SampleLabels::from_sets(&[[set.clone(), set]]));
    let binning = Binning { points, temperature: temperature(Temperature::Root, points, width).unwrap() };
    let question = Question { binning, min_count: 1, prefixes: vec![positions] };
    let planes = estimator.device_planes(1, positions, points).unwrap();
    let chunks = [ChunkKey { end: positions, tokens: 0 }];
    let (mut table, _) = ScoreTable::new(1, points, &chunks, None);
    let target = match &planes {
        Some(planes) => Target::Device(&planes[0]),
        None => Target::Host(table.open(0, 0).unwrap()),
    };
    estimator.score(hidden, &reference, &rows, target).unwrap();
    table.finish(0, Losses::default()).unwrap();
    let host = || Scores::Host(vec![table.plane(0)]);
    let scores = planes.as_ref().map_or_else(host, |planes| Scores::Device(vec![&planes[0]]));
    let statistics = estimator.statistics(&scores, &question, &labels, &mut || false).unwrap();
    let measures = layer_measures(1, points, &statistics[0][0]);
    let order = measures.orders.get(1).unwrap();
    [measures.entropy, order.input, order.input_mean]
}
