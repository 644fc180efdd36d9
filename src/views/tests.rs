//! What holds of every view: nothing of what may come brings one down, and each datum says what it is of.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::options::Options;
use super::plane::Basis;
use super::snapshot::{CheckpointData, RunData, Snapshot};
use super::{ALL, View};
use crate::chart::{Chart, CheckpointSubject, RunSubject, csv};
use crate::measures::{Information, Label, LabelEntry, LabelTable, LayerMeasures, Order};
use crate::results::{Estimate, Measurement};

/// A measurement of `layers` blocks, with everything known of it, whose numbers follow from the share of training.
pub fn measurement(layers: usize, share: f64) -> Measurement {
    let layer = |index: usize| {
        let depth = index as f64 / layers.max(1) as f64;
        let labels = Order::ALL.into_iter().flat_map(|order| {
            let wide = order.number() as f64;
            let complexity = (0.1 + 0.1 * wide) * (1.0 - 0.3 * share) * (1.0 - 0.2 * depth);
            let of = |value: f64| Information {
                null: Some(0.02 * wide),
                spread: Some(0.004),
                singletons: Some(0.1 * wide),
                ..Information::new(value, 0.8 * value)
            };
            [
                (Label::Input(order), of(complexity)),
                (Label::Output(order), of(complexity * (0.3 + 0.4 * share))),
            ]
        });
        let mut layer = LayerMeasures::new(Some(index), 0.8 - 0.1 * share, labels);
        layer.entropy.spread = Some(0.01);
        layer
    };
    let layers: Vec<LayerMeasures> = (0..=layers).map(layer).collect();
    let mean = LayerMeasures::mean(&layers[1..]).unwrap();
    let estimate = |documents: usize| Estimate {
        documents,
        positions: 100 * documents,
        information: mean
            .information
            .iter()
            .map(|(label, of)| (label.clone(), of.value + 1.0 / documents as f64))
            .collect(),
    };
    Measurement {
        loss: Some(9.0 - 6.0 * share),
        positions: 25_600,
        temperature: 0.0135,
        label_tables: mean.information.keys().map(|label| (label.clone(), label_table())).collect(),
        convergence: [16, 64, 256].map(estimate).into(),
        layers,
        mean,
        weights: None,
        sample: None,
        warning: None,
    }
}

/// A table of single labels: the first has most positions, and tells least at each.
fn label_table() -> LabelTable {
    let entry = |n: u32| LabelEntry {
        text: format!("·label{n}"),
        positions: u64::from(2000 / (n + 1)),
        information: 0.1 + 0.01 * f64::from(n),
    };
    LabelTable { positions: 25_600, labels: (0..30).map(entry).collect() }
}

/// A run of so many checkpoints, a thousand steps each, of a model of so many blocks.
pub fn run(number: usize, name: &str, checkpoints: usize, layers: usize) -> (RunSubject, RunData) {
    let share = |index: usize| if checkpoints > 1 { index as f64 / (checkpoints - 1) as f64 } else { 1.0 };
    let subject = |index: usize| CheckpointSubject {
        name: format!("step{}", 1000 * index),
        step: Some(1000 * index as u64),
        tokens: Some(1_000_000 * index as u64),
    };
    let subject = RunSubject {
        run: number,
        name: name.to_owned(),
        checkpoints: (0..checkpoints).map(subject).collect(),
        ..RunSubject::default()
    };
    let of =
        |index| CheckpointData::Measured(Arc::new(measurement(layers, share(index))), Basis::recorded(256));
    (subject, RunData { checkpoints: (0..checkpoints).map(of).collect(), ..RunData::default() })
}

/// The run with information about a label that is no n-gram, so much of it as each checkpoint has complexity.
pub fn with_label(
    (subject, mut data): (RunSubject, RunData),
    label: &Label,
    share: f64,
) -> (RunSubject, RunData) {
    for checkpoint in &mut data.checkpoints {
        let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
        let measurement = Arc::make_mut(measurement);
        for layer in measurement.layers.iter_mut().chain([&mut measurement.mean]) {
            let value = share * layer.complexity(Order::Token).map_or(0.0, |information| information.value);
            let information = Information {
                null: Some(0.1 * value),
                spread: Some(0.05 * value),
                labels: Some(2.0),
                ..Information::new(value, value)
            };
            layer.information.insert(label.clone(), information);
        }
    }
    (subject, data)
}

/// A run of the reference, `gutenberg-200k` or `gutenberg-1m`, as it lies among the fixtures.
pub fn reference_run(name: &str) -> (RunSubject, RunData) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/runs/{name}.json"));
    let reference: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let layer = |layer: &Value| {
        let of = |order: Order| {
            let information = |side: &str| {
                let value = |name: String| layer["orders"][order.name()][name].as_f64().unwrap();
                Information::new(value(side.to_owned()), value(format!("{side}_mean")))
            };
            [(Label::Input(order), information("input")), (Label::Output(order), information("output"))]
        };
        let index = layer["layer"].as_u64().map(|index| index as usize);
        LayerMeasures::new(index, layer["entropy"].as_f64().unwrap(), Order::ALL.into_iter().flat_map(of))
    };
    let measurement = |checkpoint: &Value| Measurement {
        loss: checkpoint["loss"].as_f64(),
        positions: checkpoint["positions"].as_u64().unwrap() as usize,
        temperature: checkpoint["temperature"].as_f64().unwrap(),
        layers: checkpoint["layers"].as_array().unwrap().iter().map(layer).collect(),
        mean: layer(&checkpoint["mean"]),
        label_tables: Default::default(),
        convergence: Vec::new(),
        weights: None,
        sample: None,
        warning: None,
    };
    let checkpoints = reference["checkpoints"].as_array().unwrap();
    let subject = |checkpoint: &Value| CheckpointSubject {
        name: checkpoint["name"].as_str().unwrap().to_owned(),
        step: checkpoint["step"].as_u64(),
        tokens: None,
    };
    let data = |checkpoint: &Value| {
        CheckpointData::Measured(Arc::new(measurement(checkpoint)), Basis::recorded(120))
    };
    let run = RunSubject {
        name: name.to_owned(),
        checkpoints: checkpoints.iter().map(subject).collect(),
        ..RunSubject::default()
    };
    (run, RunData { checkpoints: checkpoints.iter().map(data).collect(), ..RunData::default() })
}

pub use super::benchmarks::tests::scored_snapshot;

/// The chart of a view, or what it says is missing.
pub fn drawn(view: &View, runs: Vec<(RunSubject, RunData)>, options: &Options) -> Result<Chart, String> {
    (view.chart)(&Snapshot::new(runs), options)
}

#[test]
fn kinds_are_names_of_their_own() {
    for (index, view) in ALL.iter().enumerate() {
        assert!(view.kind.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", view.kind);
        assert!(ALL[..index].iter().all(|other| other.kind != view.kind), "{}", view.kind);
        assert_eq!(View::of_kind(view.kind).map(|view| view.title), Some(view.title));
    }
}

#[test]
fn every_view_draws_whatever_is_there() {
    let counts = [vec![], vec![0], vec![1], vec![2, 1], vec![28, 28, 28, 28], vec![1000]];
    for view in ALL {
        for counts in &counts {
            let runs =
                counts.iter().enumerate().map(|(n, count)| run(n, &format!("pythia-{n}b"), *count, 3 + n));
            match drawn(view, runs.collect(), &Options::default()) {
                Ok(chart) => {
                    assert!(!chart.facets.is_empty() && !chart.title.is_empty(), "{} {counts:?}", view.kind);
                    csv(&chart).unwrap();
                }
                Err(missing) => {
                    assert!(!missing.contains('\n') && missing.len() > 10, "{}: {missing}", view.kind)
                }
            }
        }
    }
}

#[test]
fn every_view_passes_over_numbers_that_are_none() {
    for view in ALL {
        let (subject, mut data) = run(0, "a", 6, 2);
        for (index, checkpoint) in data.checkpoints.iter_mut().enumerate() {
            let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
            let measurement = Arc::make_mut(measurement);
            match index {
                1 => *checkpoint = CheckpointData::Failed,
                2 => measurement.loss = None,
                3 => {
                    for layer in measurement.layers.iter_mut().chain([&mut measurement.mean]) {
                        layer.entropy.value = f64::NAN;
                        layer
                            .information
                            .values_mut()
                            .for_each(|of| *of = Information::new(f64::NAN, f64::INFINITY));
                        layer.optimality.clear();
                    }
                }
                4 => {
                    for layer in measurement.layers.iter_mut().chain([&mut measurement.mean]) {
                        layer.information.clear();
                    }
                }
                5 => *checkpoint = CheckpointData::Pending,
                _ => {}
            }
        }
        let (other, mut without) = run(1, "b", 3, 2);
        without.checkpoints.iter_mut().for_each(|checkpoint| *checkpoint = CheckpointData::Failed);
        if let Ok(chart) = drawn(view, vec![(subject, data), (other, without)], &Options::default()) {
            csv(&chart).unwrap();
            for facet in &chart.facets {
                assert!(
                    facet.x_range().iter().chain(&facet.y_range()).all(|end| end.is_finite()),
                    "{}",
                    view.kind
                );
            }
        }
    }
}
