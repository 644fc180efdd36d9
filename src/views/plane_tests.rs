//! Points, lines and captions of recorded results.

use super::*;
use crate::measures::Label;
use crate::results::{CheckpointResult, Estimate, Outcome, ResultSettings};
use crate::settings::Settings;
use crate::views::marks::caption;

fn measurement(layers: usize, orders: Order, documents: usize) -> Measurement {
    let labelled = |order: Order| {
        let number = order.number() as f64;
        let complexity = Information { kept: Some(0.1 * number), ..Information::new(0.2 * number, 0.0) };
        let expressivity = Information { kept: Some(0.05 * number), ..Information::new(0.1, 0.0) };
        [(Label::Input(order), complexity), (Label::Output(order), expressivity)]
    };
    let layer = |layer| LayerMeasures::new(layer, 0.5, orders.and_below().flat_map(labelled));
    Measurement {
        loss: 3.0,
        positions: 10 * documents,
        temperature: 0.0135,
        layers: (0..layers).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        convergence: vec![Estimate {
            documents,
            positions: 10 * documents,
            information: [(Label::Input(Order::Token), 0.2), (Label::Output(Order::Token), 0.1)].into(),
        }],
        weights: None,
        sample: None,
    }
}

/// Results of runs of two checkpoints, each with its number of hidden states.
fn file(path: &str, settings: Settings, runs: &[(&str, usize)]) -> (PathBuf, Results) {
    let widest = Order::widest_of(&settings);
    let checkpoints = runs.iter().flat_map(|(run, layers)| {
        [0, 1].map(|step| CheckpointResult {
            run: (*run).to_owned(),
            name: format!("step{step}"),
            step: Some(step),
            tokens: None,
            path: PathBuf::new(),
            outcome: Outcome::Measured(Box::new(measurement(*layers, widest, 40 + step as usize))),
        })
    });
    let settings = ResultSettings {
        settings,
        corpus: PathBuf::from("/d/books.jsonl"),
        documents: 64,
        skipped_documents: 0,
        device: "CPU".to_owned(),
        version: "0".to_owned(),
    };
    (PathBuf::from(path), Results { settings, checkpoints: checkpoints.collect() })
}

#[test]
fn two_files_under_different_settings_are_told_apart() {
    let n = |path, points| file(path, Settings { points, ..Settings::default() }, &[("a", 3)]);
    let drawn = trajectories(&[n("one.json", 50), n("two.json", 100)], PlaneView::default());
    let labels: Vec<String> = drawn.iter().map(Trajectory::label).collect();
    assert_eq!(labels, ["a, n = 50", "a, n = 100"]);
    assert_eq!(drawn.iter().map(|t| t.run).collect::<Vec<_>>(), [0, 1]);
    let words = caption(&drawn);
    assert!(words.contains("a: n = 50; a: n = 100"), "{words}");
    assert!(words.contains("40 to 41 documents"), "those behind the points, not those asked for: {words}");
    let alike = trajectories(&[n("one.json", 50), n("two.json", 50)], PlaneView::default());
    assert_eq!(alike.iter().map(Trajectory::label).collect::<Vec<_>>(), ["a, one.json", "a, two.json"]);
}

#[test]
fn a_run_without_the_layer_or_the_order_keeps_its_place_and_a_reason() {
    let files =
        [file("r.json", Settings { max_order: 2, ..Settings::default() }, &[("deep", 9), ("shallow", 3)])];
    let view = |order, layers| PlaneView { order, layers };
    let drawn = trajectories(&files, view(Order::Token, LayerChoice::Layer(4)));
    assert_eq!(drawn[0].absence, None);
    assert_eq!((drawn[1].absence.as_deref(), drawn[1].points.len()), (Some("no layer 4"), 0));
    assert!(caption(&drawn).ends_with("Not drawn: shallow, no layer 4"), "{}", caption(&drawn));
    assert_eq!(
        trajectories(&files, view(Order::Trigram, LayerChoice::Mean))[0].absence.as_deref(),
        Some("no trigrams")
    );
    let last = trajectories(&files, view(Order::Token, LayerChoice::Last));
    assert!(last.iter().all(|t| t.points.len() == 2 && t.absence.is_none()));
    let mut failed = files.clone();
    for checkpoint in &mut failed[0].1.checkpoints[2..] {
        checkpoint.outcome = Outcome::Failed { error: "cut short".to_owned() };
    }
    assert_eq!(trajectories(&failed, PlaneView::default())[1].absence.as_deref(), Some("nothing measured"));
}

#[test]
fn a_minimum_count_is_named_with_what_it_keeps() {
    let files = [file("r.json", Settings { min_count: 5, ..Settings::default() }, &[("a", 3)])];
    let words = caption(&trajectories(&files, PlaneView { order: Order::Bigram, layers: LayerChoice::Mean }));
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
