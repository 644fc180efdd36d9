//! Trajectories and captions of recorded results.

use std::path::PathBuf;

use super::*;
use crate::chart::Chart;
use crate::condition::{Condition, TextSource};
use crate::measures::{Label, LayerMeasures};
use crate::results::{CheckpointResult, ConditionResults, Estimate, Outcome, Provenance, Results, join};
use crate::settings::Settings;
use crate::views::options::Options;
use crate::views::snapshot::Snapshot;

fn measurement(layers: usize, orders: Order, documents: usize) -> Measurement {
    let labelled = |order: Order| {
        let number = order.number() as f64;
        let complexity = Information { kept: Some(0.1 * number), ..Information::new(0.2 * number, 0.0) };
        let expressivity = Information { kept: Some(0.05 * number), ..Information::new(0.1, 0.0) };
        [(Label::Input(order), complexity), (Label::Output(order), expressivity)]
    };
    let layer = |layer| LayerMeasures::new(layer, 0.5, orders.and_below().flat_map(labelled));
    Measurement {
        loss: Some(3.0),
        positions: 10 * documents,
        temperature: 0.0135,
        layers: (0..layers).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        label_tables: Default::default(),
        convergence: vec![Estimate {
            documents,
            positions: 10 * documents,
            information: [(Label::Input(Order::Token), 0.2), (Label::Output(Order::Token), 0.1)].into(),
        }],
        weights: None,
        sample: None,
        warning: None,
    }
}

/// Results of runs of two checkpoints, each with its number of hidden states.
fn file(path: &str, settings: Settings, runs: &[(&str, usize)]) -> (PathBuf, Results) {
    let widest = Order::widest_of(&settings);
    let condition = Condition { settings, text: TextSource::Corpus("/d/books.jsonl".into()) };
    let checkpoints = runs.iter().flat_map(|(run, layers)| {
        [0, 1].map(|step| CheckpointResult {
            run: (*run).to_owned(),
            name: format!("step{step}"),
            step: Some(step),
            tokens: None,
            path: PathBuf::new(),
            provenance: Provenance::of(&condition, [64, 0], "CPU"),
            outcome: Outcome::Measured(Box::new(measurement(*layers, widest, 40 + step as usize))),
        })
    });
    let checkpoints = checkpoints.collect();
    (PathBuf::from(path), Results { conditions: vec![ConditionResults { condition, checkpoints }] })
}

fn drawn(files: &[(PathBuf, Results)], order: Order, layers: LayerChoice) -> Result<Chart, String> {
    let options = Options { order, layers, ..Options::default() };
    (VIEW.chart)(&Snapshot::recorded(&join(files.to_vec()).0), &options)
}

/// The same by default.
fn usual(files: &[(PathBuf, Results)]) -> Chart {
    drawn(files, Order::Token, LayerChoice::Mean).expect("it is measured")
}

fn labels(chart: &Chart) -> Vec<&str> {
    chart.legend.keys.iter().map(|key| key.label.as_str()).collect()
}

/// The number of data of each run.
fn counts(chart: &Chart) -> Vec<usize> {
    let of = |run: usize| chart.data().filter(move |(.., datum)| datum.of.run == Some(run)).count();
    (0..chart.subjects.runs.len()).map(of).collect()
}

#[test]
fn two_files_under_different_settings_are_told_apart() {
    let n = |path, points| file(path, Settings { points, ..Settings::default() }, &[("a", 3)]);
    let plane = usual(&[n("one.json", 50), n("two.json", 100)]);
    assert_eq!(labels(&plane), ["a, n = 50", "a, n = 100"]);
    assert_eq!(plane.subjects.runs.iter().map(|run| run.run).collect::<Vec<_>>(), [0, 1]);
    let words = plane.caption.join(". ");
    assert!(words.contains("a: n = 50; a: n = 100"), "{words}");
    assert!(words.contains("40 to 41 documents"), "those behind the points, not those asked for: {words}");
}

#[test]
fn parts_of_a_run_are_one_trajectory_and_those_in_conflict_are_apart() {
    let whole = file("whole.json", Settings::default(), &[("a", 3), ("b", 3)]);
    let part = |path: &str, place: usize| {
        let mut results = whole.1.clone();
        results.conditions[0].checkpoints = vec![results.conditions[0].checkpoints[place].clone()];
        (PathBuf::from(path), results)
    };
    let parts = [part("one.json", 1), part("two.json", 0), part("three.json", 2), part("four.json", 3)];
    let alone = usual(std::slice::from_ref(&whole));
    assert_eq!(usual(&parts), alone);
    // The same numbers twice are the same numbers.
    assert_eq!(usual(&[whole.clone(), parts[0].clone()]), alone);

    let mut other = parts[1].clone();
    let Outcome::Measured(numbers) = &mut other.1.conditions[0].checkpoints[0].outcome else { panic!() };
    numbers.loss = Some(2.0);
    let files = [whole, other];
    let apart = usual(&files);
    assert_eq!(labels(&apart), ["a, whole.json", "a, two.json", "b"]);
    assert_eq!(counts(&apart), [2, 1, 2]);
    let (runs, notes) = join(files.to_vec());
    assert_eq!(runs.iter().map(|run| run.apart).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(
        notes,
        [
            "run `a` is shown once for each of its files: checkpoint `a/step0` differs: its `loss` is 3 in whole.json and 2 \
          in two.json"
        ]
    );
    assert_ne!(labels(&apart)[0], labels(&alone)[0], "it has another label");
}

#[test]
fn a_run_without_the_layer_or_the_order_keeps_its_place_and_a_reason() {
    let files =
        [file("r.json", Settings { max_order: 2, ..Settings::default() }, &[("deep", 9), ("shallow", 3)])];
    let plane = drawn(&files, Order::Token, LayerChoice::Layer(4)).unwrap();
    let keys = &plane.legend.keys;
    assert!(!keys[0].is_absent && keys[1].is_absent);
    assert_eq!((keys[1].detail.as_str(), counts(&plane)), ("no layer 4", vec![2, 0]));
    let said = plane.caption.last().unwrap();
    assert_eq!(said, "Not drawn: shallow, no layer 4");
    let trigrams = drawn(&files, Order::Trigram, LayerChoice::Mean).unwrap_err();
    assert!(
        trigrams.contains("trigrams") && trigrams.ends_with("choose another order or layer"),
        "{trigrams}"
    );
    let last = drawn(&files, Order::Token, LayerChoice::Last).unwrap();
    assert_eq!(counts(&last), [2, 2]);
    assert!(last.legend.keys.iter().all(|key| !key.is_absent));
    let mut failed = files.clone();
    for checkpoint in &mut failed[0].1.conditions[0].checkpoints[2..] {
        checkpoint.outcome = Outcome::Failed { error: "cut short".to_owned() };
    }
    assert_eq!(usual(&failed).legend.keys[1].detail, "nothing measured");
}

#[test]
fn a_minimum_count_is_named_with_what_it_keeps() {
    let files = [file("r.json", Settings { min_count: 5, ..Settings::default() }, &[("a", 3)])];
    let words = drawn(&files, Order::Bigram, LayerChoice::Mean).unwrap().caption.join(". ");
    assert!(words.contains("labels seen at least 5 times; 10.0 % of positions kept"), "{words}");
}

#[test]
fn finished_points_are_joined_and_first_estimates_only_among_themselves() {
    let basis = |documents, complete, earlier| Basis { documents, complete, earlier };
    let whole = basis(64, true, 0);
    assert!(whole.joins(&whole) && whole.joins(&basis(16, true, 0)));
    assert!(basis(16, false, 0).joins(&basis(16, false, 0)));
    for other in [basis(16, false, 0), basis(64, false, 0), basis(64, true, 1)] {
        assert!(!whole.joins(&other) && !other.joins(&whole), "{other:?}");
    }
    assert!(!basis(16, false, 0).joins(&basis(64, false, 0)));
    assert!(!basis(64, true, 1).joins(&basis(64, true, 2)), "two earlier settings");
}
