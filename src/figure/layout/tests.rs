//! What holds of every figure: no text below what journals ask for, none over another, and none outside.

use super::*;
use crate::figure::text::width as text_width;
use crate::views::options::Options;
use crate::views::tests::{drawn, run};
use crate::views::{ALL, View};

/// The boxes of all level texts of a scene as `[left, top, right, bottom]`, with what they say; halos and turned text
/// left out.
fn boxes(items: &[Item]) -> Vec<([f32; 4], String, f32)> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Group(group) => found.extend(boxes(&group.items)),
            Item::Text(text) => {
                let width = text_width(&text.text, text.size);
                let left = match text.anchor {
                    Anchor::Start => text.position[0],
                    Anchor::Middle => text.position[0] - 0.5 * width,
                    Anchor::End => text.position[0] - width,
                };
                let [_, y] = text.position;
                let area = [left, y - 0.72 * text.size, left + width, y + 0.2 * text.size];
                if text.rotation_degrees == 0.0 {
                    found.push((area, text.text.clone(), text.size));
                }
            }
            _ => {}
        }
    }
    found
}

/// Faults of a figure, a line each.
fn faults(scene: &Scene) -> Vec<String> {
    let boxes = boxes(&scene.items);
    let mut faults = Vec::new();
    for (index, (area, text, size)) in boxes.iter().enumerate() {
        if *size < 5.0 {
            faults.push(format!("`{text}` is set in {size} pt"));
        }
        let [left, top, right, bottom] = *area;
        if left < -1.0 || top < -1.0 || right > scene.width + 1.0 || bottom > scene.height + 1.0 {
            faults
                .push(format!("`{text}` leaves the figure: {area:?} of {} x {}", scene.width, scene.height));
        }
        for (other, words, _) in &boxes[..index] {
            let apart = right <= other[0] || other[2] <= left || bottom <= other[1] || other[3] <= top;
            if !apart {
                faults.push(format!("`{text}` stands on `{words}`"));
            }
        }
    }
    faults
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
