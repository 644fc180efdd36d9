//! What holds of every figure: it passes its own check, in every width and theme.

use super::*;
use crate::chart::ColorBy;
use crate::figure::check;
use crate::figure::kept::assert_as_kept;
use crate::labels::sentence;
use crate::measures::{Label, Order};
use crate::views::frontier::tests as frontier;
use crate::views::options::{Differences, Heed, Options, PlaneY};
use crate::views::snapshot::Snapshot;
use crate::views::tests::{drawn, run, scored_snapshot, with_label};
use crate::views::{ALL, View};

/// Faults of a figure, a line each.
fn faults(scene: &Scene) -> Vec<String> {
    check(scene).into_iter().flat_map(|finding| finding.faults).collect()
}

fn chart_of(view: &View, runs: usize, checkpoints: usize) -> Option<Chart> {
    let runs = (0..runs).map(|n| run(n, &format!("gutenberg-{n}-1.4b"), checkpoints, 4)).collect();
    drawn(view, runs, &Options::default()).ok()
}

#[test]
fn every_figure_passes_its_own_check() {
    let mut wrong = Vec::new();
    for view in ALL {
        for (runs, checkpoints) in [(1, 1), (1, 14), (4, 28), (12, 5)] {
            let Some(chart) = chart_of(view, runs, checkpoints) else { continue };
            for width in [TWO_COLUMNS, 252.0, 720.0] {
                for theme in [Theme::Light, Theme::Dark] {
                    let options = FigureOptions {
                        theme,
                        width,
                        title: Some(chart.title.clone()),
                        ..FigureOptions::default()
                    };
                    let faults = faults(&layout(&chart, &options));
                    wrong.extend(faults.first().map(|fault| {
                        format!(
                            "{} of {runs} runs, {checkpoints} checkpoints, {width} pt: {fault} ({})",
                            view.kind,
                            faults.len()
                        )
                    }));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ten_thousand_points_are_a_small_file() {
    let chart = chart_of(View::of_kind("plane").unwrap(), 10, 1000).unwrap();
    let svg = crate::figure::svg(&layout(&chart, &FigureOptions::default()));
    assert!(svg.len() < 2_000_000, "{} bytes", svg.len());
}

#[test]
fn numbers_that_are_none_leave_no_mark() {
    let mut chart = chart_of(View::of_kind("timecourse").unwrap(), 1, 3).unwrap();
    for mark in &mut chart.facets[0].marks {
        if let crate::chart::Mark::Series(series) = mark
            && series.data.len() == 3
        {
            series.data[1].y = f64::NAN;
            series.data[2].x = f64::INFINITY;
        }
    }
    let svg = crate::figure::svg(&layout(&chart, &FigureOptions::default()));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

/// Two runs with a text or, where a view shows scores, twelve models with theirs.
fn snapshot_for(view: &View) -> Snapshot {
    if view.heeds.contains(&Heed::Score) || view.kind == "correlations" {
        return scored_snapshot();
    }
    if view.kind == "preference" {
        let names =
            ["Llama-3.1-8B", "Llama-3.1-8B-Instruct", "gemma-3-1b-pt", "gemma-3-1b-it", "Mistral-7B-v0.3"];
        let of = |(n, name): (usize, &&str)| {
            with_label(run(n, name, 1, 4), &Label::Preference, 0.02 * (n + 1) as f64)
        };
        return Snapshot::new(names.iter().enumerate().map(of).collect::<Vec<_>>());
    }
    let runs = (0..2).map(|n| run(n, &format!("gutenberg-{n}-1.4b"), 5, 4));
    let text = "the cat sat on the mat and the cat sat on the dog while it rained all day long";
    let words: Vec<&str> = text.split(' ').collect();
    let ids = words.iter().map(|word| words.iter().position(|other| other == word).unwrap() as u32);
    let sentence = sentence::of(&[ids.collect()], |id| words[id as usize].to_owned(), 0, Order::Quadgram);
    Snapshot::new(runs.collect::<Vec<_>>())
        .with_sentence(0, Ok(sentence.unwrap().into()))
        .with_frontier(Order::Token, Ok(frontier::made().into()))
}

#[test]
fn every_figure_is_drawn_as_in_the_picture_kept_of_it() {
    for view in ALL {
        let chart = (view.chart)(&snapshot_for(view), &Options::default());
        let chart = chart.unwrap_or_else(|missing| panic!("{}: {missing}", view.kind));
        let current = vec![Of::checkpoint(0, 2)];
        let scene = layout(&chart, &FigureOptions { width: 252.0, current, ..FigureOptions::default() });
        assert_as_kept(&scene, view.kind);
    }
}

#[test]
fn runs_colored_by_a_number_have_its_scale_in_the_legend() {
    let names = ["pythia-70m", "pythia-410m", "pythia-1.4b", "mine"];
    let runs = names.iter().enumerate().map(|(n, name)| run(n, name, 5, 4)).collect::<Vec<_>>();
    let snapshot = Snapshot::new(runs).colored_by(ColorBy::Size);
    let chart = (View::of_kind("plane").unwrap().chart)(&snapshot, &Options::default()).unwrap();
    let scene = layout(&chart, &FigureOptions { width: 252.0, ..FigureOptions::default() });
    assert_eq!(faults(&scene), [""; 0]);
    let svg = crate::figure::svg(&scene);
    for words in ["70M", "1.4B"] {
        assert!(svg.contains(&format!(">{words}</text>")), "{words}");
    }
    assert_as_kept(&scene, "plane-by-size");
}

#[test]
fn the_gap_to_the_bound_and_differences_to_the_first_run_have_pictures_too() {
    let gap = Options { y: PlaneY::Gap, ..Options::default() };
    let differences = Options { differences: Differences::FirstRun, ..Options::default() };
    for (kind, options, name) in
        [("plane", gap, "plane-gap"), ("timecourse", differences, "timecourse-differences")]
    {
        let view = View::of_kind(kind).unwrap();
        let chart = (view.chart)(&snapshot_for(view), &options).unwrap();
        for width in [TWO_COLUMNS, 252.0] {
            let scene = layout(&chart, &FigureOptions { width, ..FigureOptions::default() });
            assert_eq!(faults(&scene), [""; 0], "{name}");
        }
        let scene = layout(&chart, &FigureOptions { width: 252.0, ..FigureOptions::default() });
        assert_as_kept(&scene, name);
    }
}
