use std::sync::Arc;

use super::super::snapshot::CheckpointData;
use super::super::tests::{measurement, run};
use super::*;
use crate::analysis::benchmarks::{Benchmark, Benchmarks, Scores, Unit};
use crate::chart::csv;

/// The families of [`scored_snapshot`], of three sizes each.
pub const FAMILIES: [&str; 4] = ["pythia", "OLMo-2", "Qwen2.5", "SmolLM2"];

/// Scores that fall as complexity rises, with a remainder.
fn scores(number: usize) -> [f64; 2] {
    [30.0 + 3.0 * number as f64 + (number * 7 % 5) as f64, 0.2 + 0.01 * (number * 5 % 12) as f64]
}

/// The runs of [`scored_snapshot`] without scores, whose complexity falls from one to the next.
fn models() -> Vec<(crate::chart::RunSubject, super::super::snapshot::RunData)> {
    let names = FAMILIES.into_iter().flat_map(|family| [1, 7, 32].map(|size| format!("{family}-{size}B")));
    let of = |(number, name): (usize, String)| {
        let (subject, mut data) = run(number, &name, 1, 2);
        if let Some(CheckpointData::Measured(measured, _)) = data.checkpoints.first_mut() {
            *measured = Arc::new(measurement(2, 0.08 * number as f64));
        }
        (subject, data)
    };
    names.enumerate().map(of).collect()
}

fn table(rows: impl Iterator<Item = (String, [Option<f64>; 2])>) -> Benchmarks {
    let benchmark = |name: &str, unit| Benchmark { name: name.to_owned(), unit };
    let row = |(model, values): (String, [Option<f64>; 2])| Scores {
        model,
        checkpoint: None,
        parameters: None,
        values: values.into(),
    };
    Benchmarks {
        benchmarks: vec![benchmark("A", Unit::Percent), benchmark("B", Unit::Fraction)],
        rows: rows.map(row).collect(),
        notes: Vec::new(),
    }
}

/// Twelve models of four families with two scores each.
pub fn scored_snapshot() -> Snapshot {
    let models = models();
    let rows = models.iter().enumerate();
    let rows = rows.map(|(number, (subject, _))| (format!("org/{}", subject.name), scores(number).map(Some)));
    let table = table(rows.collect::<Vec<_>>().into_iter());
    Snapshot::new(models).with_benchmarks(table)
}

fn chosen(quantity: Quantity) -> Options {
    Options { quantity: Some(quantity), ..Options::default() }
}

#[test]
fn a_quantity_is_drawn_against_a_score_with_its_line_and_correlation() {
    let options = Options { score: Some("a".to_owned()), ..chosen(Quantity::Complexity) };
    let chart = (VIEW.chart)(&scored_snapshot(), &options).unwrap();
    let [facet] = &chart.facets[..] else { panic!("one frame") };
    assert_eq!((&*facet.y.label, &*facet.y.unit), ("A", "%"));
    let points: Vec<[f64; 2]> = chart
        .data()
        .filter(|(.., datum)| datum.of.run.is_some())
        .map(|(.., datum)| [datum.x, datum.y])
        .collect();
    assert_eq!(points.len(), 12);
    // Of token complexity 0.2 (1 - 0.3 s) (1 - 0.2 d), over layers of depth d = 0.5 and 1, at s = 0.08 i.
    for (number, [x, y]) in points.iter().enumerate() {
        assert!((x - 0.2 * (1.0 - 0.3 * 0.08 * number as f64) * 0.85).abs() < 1e-12);
        assert_eq!(*y, scores(number)[0]);
    }
    let text = String::from_utf8(csv(&chart).unwrap()).unwrap();
    let coefficients: Vec<&str> =
        text.lines().filter(|line| line.contains("earson") || line.contains("spearman")).collect();
    assert_eq!(coefficients.len(), 2, "{text}");
    let pearson = crate::analysis::correlation::pearson(&points).unwrap();
    assert!(coefficients[0].contains(&format!(",{},", pearson.value)) && coefficients[0].contains(",12,"));
    assert!(
        facet
            .marks
            .iter()
            .any(|mark| matches!(mark, Mark::Remark(remark) if remark.text.starts_with("r = −0.9")))
    );
    let keys: Vec<&str> = chart.legend.keys.iter().map(|key| &*key.label).collect();
    assert_eq!(keys, ["Pythia", "OLMo", "Qwen", "SmolLM"]);
}

#[test]
fn the_average_is_over_benchmarks_in_per_cent() {
    let chart = (VIEW.chart)(&scored_snapshot(), &chosen(Quantity::Optimality)).unwrap();
    let first = chart.data().find(|(.., datum)| datum.of.run == Some(0)).unwrap().2;
    assert!((first.y - (30.0 + 20.0) / 2.0).abs() < 1e-12);
    assert_eq!(chart.facets[0].y.title(), "mean of 2 benchmarks (%)");
}

#[test]
fn without_a_choice_all_measures_are_shown_and_orders_by_facet() {
    let chart = (VIEW.chart)(&scored_snapshot(), &Options::default()).unwrap();
    let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
    assert_eq!(titles[..3], ["complexity, token", "expressivity, token", "optimality, token"]);
    assert_eq!(titles.len(), 8, "no preference was measured: {titles:?}");
    let options = Options { facet: FacetBy::Order, ..chosen(Quantity::Optimality) };
    let chart = (VIEW.chart)(&scored_snapshot(), &options).unwrap();
    assert_eq!(chart.facets.len(), 4);
    assert_eq!(chart.facets[3].title, "optimality, quadgram");
}

#[test]
fn few_points_have_no_p_and_missing_scores_are_left_out() {
    let models = models();
    let rows = models.iter().take(5).enumerate().map(|(number, (subject, _))| {
        (subject.name.clone(), [(number < 3).then_some(number as f64), Some(0.5)])
    });
    let table = table(rows.collect::<Vec<_>>().into_iter().chain([("nobody".to_owned(), [Some(1.0), None])]));
    let snapshot = Snapshot::new(models).with_benchmarks(table);
    let of = |score: &str| {
        let options = Options { score: Some(score.to_owned()), ..chosen(Quantity::Complexity) };
        (VIEW.chart)(&snapshot, &options).unwrap()
    };
    let statistics = |chart: &Chart| {
        chart
            .data()
            .filter_map(|(.., datum)| datum.statistic)
            .map(|of| (of.name, of.p, of.n))
            .collect::<Vec<_>>()
    };
    assert_eq!(statistics(&of("A")), [("pearson", None, 3), ("spearman", None, 3)]);
    // A constant column has a level line and no correlation.
    let level = of("B");
    assert_eq!(statistics(&level), []);
    assert!(level.data().any(|(_, series, _)| series == "fit"));
    assert!(level.caption.iter().any(|text| text.starts_with("Without scores: ")));
    assert!(level.caption.iter().any(|text| text == "1 model with scores not measured"));
}

#[test]
fn what_is_missing_is_said() {
    let none = (VIEW.chart)(&Snapshot::new(models()), &Options::default()).unwrap_err();
    assert!(none.starts_with("no scores of benchmarks are given"));
    let other =
        Snapshot::new(models()).with_benchmarks(table([("x".to_owned(), [Some(1.0); 2])].into_iter()));
    assert!(
        (VIEW.chart)(&other, &Options::default()).unwrap_err().starts_with("no run has the name of a model")
    );
    let options = Options { score: Some("C".to_owned()), ..Options::default() };
    let unknown = (VIEW.chart)(&scored_snapshot(), &options).unwrap_err();
    assert_eq!(unknown, "the scores have no benchmark `C`: they have A, B");
    let missing = (VIEW.chart)(&scored_snapshot(), &chosen(Quantity::Preference)).unwrap_err();
    assert!(missing.starts_with("no checkpoint with scores has a number for preference"));
}
