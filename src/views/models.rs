//! Many models on one information plane (paper, figures 5, 8 and 9).

use super::View;
use super::families::{Families, last, size};
use super::options::{Heed, Options};
use super::plane::chart::{datum, frame, side_by_side};
use super::snapshot::{Run, Snapshot};
use crate::chart::{Chart, Datum, Facet, Fill, Legend, Mark, Series};

/// The view.
pub const VIEW: View = View {
    kind: "models",
    title: "Models",
    paper: "5, 8, 9",
    about: "Many models on one information plane, by family, size and post-training; of each its last checkpoint.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::LessNull],
    chart,
};

/// Beyond so many models whiskers would hide marks and names.
const WITH_SPREAD: usize = 12;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let families = Families::of(snapshot);
    let drawn: Vec<(Run<'_>, Series)> =
        snapshot.runs().filter_map(|run| Some((run, series(run, &families, options)?))).collect();
    let runs: Vec<Run<'_>> = drawn.iter().map(|(run, _)| *run).collect();
    let fill = if drawn.len() > WITH_SPREAD { Fill::None } else { Fill::Whiskers };
    let marks = drawn.into_iter().map(|(_, series)| Mark::Series(Series { fill, ..series }));
    let frame = frame(String::new(), options, marks);
    let mut chart = side_by_side(snapshot, options, vec![frame], &[options.order])?;
    near(&mut chart.facets[0]);
    chart.title = format!("{}, {}, {}", VIEW.title, options.order, options.layers.name());
    let mut keys = families.keys(&runs, None);
    keys.extend(families.training_keys(&runs));
    // Runs have their names beside their marks; those that have none are named where they would be looked for.
    keys.extend(chart.legend.keys.into_iter().filter(|key| key.is_absent));
    chart.legend = Legend { keys, bar: families.bar(), ..chart.legend };
    if runs.iter().any(|run| families.model(*run).parameters.is_some()) {
        chart.caption.push("Marks are larger for more parameters".to_owned());
    }
    if runs.iter().any(|run| run.measured().nth(1).is_some()) {
        chart.caption.push("Of each run the last checkpoint measured".to_owned());
    }
    Ok(chart)
}

/// Looks at the models from as near as all of them allow, with a margin for their names; a step across stays as long as
/// one up.
fn near(facet: &mut Facet) {
    let reach = |of: fn(&Datum) -> f64| {
        let values = facet.marks.iter().flat_map(Mark::data).map(of).filter(|value| value.is_finite());
        values.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], value| {
            [least.min(value), most.max(value)]
        })
    };
    let ends = [reach(|datum| datum.x), reach(|datum| datum.y)];
    let far = ends.iter().map(|[least, most]| most - least).fold(0.02, f64::max);
    if !far.is_finite() {
        return;
    }
    let width = 1.3 * far;
    let around = |[least, most]: [f64; 2]| {
        let from = 0.5 * (least + most) - 0.5 * width;
        // Nothing lies below zero where nothing measured does.
        let from = if least >= 0.0 { from.max(0.0) } else { from };
        Some([from, from + width])
    };
    [facet.x.range, facet.y.range] = ends.map(around);
}

/// The point of a model; `None` where its last checkpoint lacks the order or the layer.
fn series(run: Run<'_>, families: &Families, options: &Options) -> Option<Series> {
    let mut datum = datum(run, &last(run)?, options, false)?;
    let model = families.model(run);
    datum.joined = false;
    datum.size = model.parameters.map(mark_size);
    let words = model.parameters.map(|parameters| format!("{} parameters", size(parameters)));
    let trained = model.is_post_trained.then(|| "post-trained".to_owned());
    datum.more.extend(std::iter::once(model.family.clone()).chain(words).chain(trained));
    Some(Series {
        name: model.family.clone(),
        label: run.subject.label(),
        color: families.color(run),
        marker: Some(families.marker(run)),
        data: vec![datum],
        ..Series::default()
    })
}

/// How large the mark of a model of so many parameters is: by the logarithm, from ten million to a trillion.
fn mark_size(parameters: f64) -> f32 {
    let share = ((parameters.log10() - 7.0) / 5.0).clamp(0.0, 1.0);
    (0.7 + 1.1 * share) as f32
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn models_are_colored_by_what_they_tell_of_a_label_where_that_is_chosen() {
        use super::super::tests::with_label;
        use crate::chart::ColorBy;
        use crate::measures::Label;
        let names = ["pythia-70m", "pythia-160m", "pythia-410m"];
        let of = |(n, name): (usize, &&str)| {
            with_label(run(n, name, 1, 3), &Label::Preference, 0.1 * (n + 1) as f64)
        };
        let snapshot = Snapshot::new(names.iter().enumerate().map(of)).colored_by(ColorBy::Preference);
        let chart = (VIEW.chart)(&snapshot, &Options::default()).unwrap();
        let colors: Vec<_> = chart.facets[0]
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Series(series) => Some(series.color),
                _ => None,
            })
            .collect();
        let [first, middle, last] = colors[..] else { panic!("{colors:?}") };
        assert!(first != middle && middle != last && first != last);
        assert!(chart.legend.bar.unwrap().label.starts_with("preference"));
        assert!(chart.legend.keys.iter().all(|key| key.label != "Pythia"));
    }

    #[test]
    fn a_model_is_a_point_at_its_last_checkpoint() {
        let names =
            ["pythia-70m", "meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B-Instruct", "pythia-6.9b"];
        let runs = names.iter().enumerate().map(|(n, name)| run(n, name, 4 - n, 3)).collect();
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        let data: Vec<(&str, &Datum)> = chart.data().map(|(_, series, datum)| (series, datum)).collect();
        assert_eq!(
            data.iter().map(|(series, _)| *series).collect::<Vec<_>>(),
            ["Pythia", "Llama", "Llama", "Pythia"]
        );
        assert_eq!(data.iter().map(|(_, d)| d.of.checkpoint).collect::<Vec<_>>(), [3, 2, 1, 0].map(Some));
        assert!(data[0].1.size < data[3].1.size && data[3].1.size < data[1].1.size);
        let keys: Vec<&str> = chart.legend.keys.iter().map(|key| &*key.label).collect();
        assert_eq!(keys, ["Pythia", "Llama", "pre-trained", "post-trained"]);
        let facet = &chart.facets[0];
        assert_eq!(facet.marks.iter().filter(|mark| mark.data().next().is_some()).count(), 4);
        let [x, y] = [facet.x_range(), facet.y_range()];
        assert!(((x[1] - x[0]) - (y[1] - y[0])).abs() < 1e-12, "one scale: {x:?} {y:?}");
        assert!(data.iter().all(|(_, d)| (x[0]..x[1]).contains(&d.x) && (y[0]..y[1]).contains(&d.y)));
    }

    #[test]
    fn two_hundred_models_of_one_name_are_drawn() {
        let runs = (0..200).map(|n| run(n, "OLMo-2-1124-7B", 1, 2)).collect();
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        assert_eq!(chart.data().count(), 200);
        assert_eq!(chart.legend.keys.len(), 1);
    }
}
