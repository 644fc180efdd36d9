//! One trajectory under several conditions, and the mean over labels against the expectation (paper, figures 17 and 18).

use super::datum;
use super::marks::Flag;
use super::options::{Heed, LayerChoice, Options};
use super::plane::chart::{frame, series, side_by_side};
use super::snapshot::{CheckpointData, Measure, Run, Snapshot};
use super::{View, explain};
use crate::chart::{Chart, Color, Dash, Datum, Facet, Fill, Key, Line, Mark, Series};
use crate::measures::LayerMeasures;
use crate::words::counted;

/// The view.
pub const VIEW: View = View {
    kind: "robustness",
    title: "Robustness",
    paper: "17, 18",
    about: "The trajectory of a run under several conditions, such as another text or number of reference points, and with \
            every label weighing alike.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::LessNull],
    chart,
};

/// More runs than this share their frames.
const FRAMES: usize = 3;

/// The name of information weighted by how often each label occurs, and with every label weighing alike.
const EXPECTATION: &str = "expectation";
const MEAN: &str = "mean";

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let groups = groups(snapshot);
    let under_several = groups.iter().filter(|group| group.runs.len() > 1);
    let conditions = under_several.map(|group| conditions(group, options));
    let weights = groups.iter().map(|group| weights(group, options));
    let facets: Vec<Facet> = conditions.chain(weights).collect();
    let mut chart = side_by_side(snapshot, options, facets, &[options.order])?;
    chart.title = format!("{}, {}, {}", VIEW.title, options.order, options.layers.name());
    chart.legend.keys.extend([(EXPECTATION, Dash::Solid), (MEAN, MEAN_DASH)].map(|(name, dash)| Key {
        label: format!("{name} over labels"),
        color: Color::Text,
        line: Some(Line { dash, is_thin: false }),
        ..Key::default()
    }));
    chart.caption.push(
        "The mean weighs every label alike: it is no mutual information, and the bound need not hold for it"
            .to_owned(),
    );
    if options.less_null {
        chart
            .caption
            .push("Shuffled labels were measured for the expectation alone: the mean is as it is".to_owned());
    }
    chart.caption.extend(groups.iter().flat_map(|group| differences(group, options)));
    Ok(chart)
}

/// The dash of the mean over labels.
const MEAN_DASH: Dash = Dash::Stale;

/// What is shown in a frame of its own: a run under all its conditions.
struct Group<'s> {
    /// The run's name; empty where many runs share a frame.
    name: String,
    /// The run, once a condition.
    runs: Vec<Run<'s>>,
}

/// Runs of one name together; many names share a frame.
fn groups(snapshot: &Snapshot) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in snapshot.runs() {
        match groups.iter_mut().find(|group| group.name == run.subject.name) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group { name: run.subject.name.clone(), runs: vec![run] }),
        }
    }
    if groups.len() > FRAMES {
        return vec![Group { name: String::new(), runs: snapshot.runs().collect() }];
    }
    groups
}

/// The frame of a run's trajectories, one a condition.
fn conditions(group: &Group<'_>, options: &Options) -> Facet {
    let trajectory = |run: &Run<'_>| {
        let series = series(*run, options, false);
        let label = if group.name.is_empty() { run.subject.label() } else { run.subject.condition.clone() };
        let data = datum::course(*run, |measure| {
            series.data.iter().find(|datum| datum.of.checkpoint == Some(measure.index)).cloned()
        });
        Mark::Series(Series { label, data, ..series })
    };
    let title = named(group, "by condition");
    frame(title, options, group.runs.iter().map(trajectory))
}

/// What a frame shows, with the run that it is of.
fn named(group: &Group<'_>, what: &str) -> String {
    if group.name.is_empty() { what.to_owned() } else { format!("{}, {what}", group.name) }
}

/// The frame of a run's trajectories with labels weighted by how often they occur, and with all weighing alike.
fn weights(group: &Group<'_>, options: &Options) -> Facet {
    let of = |run: &Run<'_>| {
        let expectation =
            Series { name: EXPECTATION.to_owned(), label: String::new(), ..series(*run, options, false) };
        let mean = Series {
            name: MEAN.to_owned(),
            line: Some(Line { dash: MEAN_DASH, is_thin: false }),
            fill: Fill::None,
            data: datum::course(*run, |measure| mean(measure, options)),
            ..expectation.clone()
        };
        [Mark::Series(expectation), Mark::Series(mean)]
    };
    let title = named(group, "by weight of labels");
    frame(title, options, group.runs.iter().flat_map(of))
}

/// A checkpoint's place with every label weighing alike; `None` where it lacks the order or the layer.
fn mean(measure: &Measure<'_>, options: &Options) -> Option<Datum> {
    let layer = options.layers.of(measure.measurement)?;
    let [complexity, expressivity] = layer.plane(options.order)?;
    let raw = Options { less_null: false, ..options.clone() };
    let flags = explain::flags(measure, &raw);
    let of = datum::subject(super::quantity::Quantity::Complexity, measure, options);
    Some(Datum {
        joined: measure.joined,
        is_open: !measure.basis.is_final(),
        is_stale: measure.basis.is_stale(),
        flags: flags.iter().filter(|flag| flag.is_of_null()).map(Flag::short).collect(),
        color: flags.iter().any(Flag::is_of_null).then_some(Color::Muted),
        ..Datum::new(complexity.mean, expressivity.mean, of)
    })
}

/// How far a run's numbers under its other conditions lie from those under the first, at the checkpoints that both have.
fn differences(group: &Group<'_>, options: &Options) -> Vec<String> {
    let Some((first, others)) = group.runs.split_first().filter(|_| !group.name.is_empty()) else {
        return Vec::new();
    };
    let difference = |other: &Run<'_>| {
        let pairs: Vec<[f64; 2]> =
            other.measured().filter_map(|measure| apart(first, &measure, options)).collect();
        let most = |axis: usize| pairs.iter().map(|pair| pair[axis]).fold(0.0, f64::max);
        (!pairs.is_empty()).then(|| {
            format!(
                "{} against {}: complexity differs by at most {:.4}, expressivity by at most {:.4}, over {}",
                other.subject.label(),
                if first.subject.condition.is_empty() { "the first" } else { &first.subject.condition },
                most(0),
                most(1),
                counted(pairs.len(), "checkpoint")
            )
        })
    };
    others.iter().filter_map(difference).collect()
}

/// How far complexity and expressivity of a checkpoint lie from those of the same checkpoint of another run; `None` where
/// either lacks them.
fn apart(of: &Run<'_>, measure: &Measure<'_>, options: &Options) -> Option<[f64; 2]> {
    let same = |name: &String| *name == measure.subject.name;
    let index = of.subject.checkpoints.iter().position(|checkpoint| same(&checkpoint.name))?;
    let CheckpointData::Measured(other, _) = of.data.checkpoints.get(index)? else { return None };
    let place = |layer: &LayerMeasures| {
        let [complexity, expressivity] = layer.plane(options.order)?;
        Some([options.value(complexity)?, options.value(expressivity)?])
    };
    let layers: LayerChoice = options.layers;
    let (own, other) = (place(layers.of(measure.measurement)?)?, place(layers.of(other)?)?);
    let apart = [(own[0] - other[0]).abs(), (own[1] - other[1]).abs()];
    apart.iter().all(|apart| apart.is_finite()).then_some(apart)
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::RunData;
    use super::super::tests::{drawn, run};
    use super::*;
    use crate::chart::RunSubject;

    /// The run under another condition, all its numbers by a share larger.
    fn other(number: usize, condition: &str, share: f64) -> (RunSubject, RunData) {
        let (subject, mut data) = run(number, "a", 3, 2);
        for checkpoint in &mut data.checkpoints {
            let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
            let mean = &mut std::sync::Arc::make_mut(measurement).mean;
            mean.information.values_mut().for_each(|information| information.value *= 1.0 + share);
        }
        (RunSubject { condition: condition.to_owned(), ..subject }, data)
    }

    #[test]
    fn conditions_of_a_run_are_overlaid_and_their_differences_told() {
        let runs = vec![other(0, "n = 100", 0.0), other(1, "n = 50", 0.1)];
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles, ["a, by condition", "a, by weight of labels"]);
        // Complexity of tokens is at most 0.17, at the first checkpoint (0.2 · 0.85): a tenth of it. Expressivity is largest
        // half-way, 0.5 · 0.1445, or at the end, 0.7 · 0.119 = 0.0833.
        let told = chart.caption.iter().find(|text| text.contains("against n = 100")).unwrap();
        assert!(
            told.contains("at most 0.0170, expressivity by at most 0.0083, over 3 checkpoints"),
            "{told}"
        );
    }

    #[test]
    fn one_condition_shows_the_mean_against_the_expectation() {
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2)], &Options::default()).unwrap();
        assert_eq!(chart.facets.len(), 1);
        let last = |series: &str| {
            let is_of =
                |(_, name, datum): &(&Facet, &str, &Datum)| *name == series && datum.of.checkpoint == Some(2);
            chart.data().find(is_of).map(|(.., datum)| [datum.x, datum.y]).unwrap()
        };
        // The fixture's mean over labels is 0.8 of the expectation.
        let ([x, y], [mean_x, mean_y]) = (last("expectation"), last("mean"));
        assert!((mean_x - 0.8 * x).abs() < 1e-12 && (mean_y - 0.8 * y).abs() < 1e-12);
    }

    #[test]
    fn many_runs_share_their_frames() {
        let runs = (0..200).map(|number| run(number, &format!("m{number}"), 1, 2)).collect();
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        assert_eq!(chart.facets.len(), 2);
    }
}
