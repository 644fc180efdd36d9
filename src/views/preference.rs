//! Information with preference before and after post-training (paper, figure 10).

use super::families::{Families, last};
use super::options::{Heed, Options};
use super::quantity::Quantity;
use super::snapshot::{Run, Snapshot};
use super::{View, datum, explain};
use crate::chart::{Axis, Chart, Datum, Facet, Fill, Legend, Line, Mark, Series};

/// The view.
pub const VIEW: View = View {
    kind: "preference",
    title: "Preference before and after post-training",
    paper: "10",
    about: "Information with preference of models before and after post-training, a line a model, by family.",
    needs_results: true,
    heeds: &[Heed::Layers, Heed::LessNull],
    chart,
};

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let families = Families::of(snapshot);
    let point = |run: Run<'_>| {
        let measure = last(run)?;
        let is_after = families.model(run).is_post_trained;
        let datum = datum::of(Quantity::Preference, &measure, f64::from(u8::from(is_after)), options)?;
        datum.y.is_finite().then_some(Datum { joined: false, ..datum })
    };
    let points: Vec<(Run<'_>, Datum)> = snapshot.runs().filter_map(|run| Some((run, point(run)?))).collect();
    if points.is_empty() {
        return Err(match snapshot.measured().next() {
            None => explain::nothing(snapshot, options),
            Some(_) => {
                "no information with preference was measured: name preference pairs with --pairs".to_owned()
            }
        });
    }
    let facets = families.names().iter().filter_map(|family| facet(&points, &families, family));
    let mut runs: Vec<Run<'_>> = points.iter().map(|(run, _)| *run).collect();
    runs.dedup_by_key(|run| run.index);
    let mut chart = Chart {
        title: format!("{}, {}", VIEW.title, options.layers.name()),
        facets: facets.collect(),
        columns: 0,
        legend: Legend {
            keys: families.keys(&runs, Some(Line::default())),
            bar: families.bar(),
            ..Legend::default()
        },
        caption: explain::told(snapshot, options, &[]).caption,
        subjects: snapshot.subjects().clone(),
    };
    let flags = runs.iter().filter_map(|run| last(*run));
    let flags = flags.flat_map(|measure| explain::flags_of(Quantity::Preference, &measure, options));
    explain::tell(&mut chart, flags.collect::<Vec<_>>(), true);
    Ok(chart)
}

/// The models of a family, those before and after post-training joined; `None` where there are none.
fn facet(points: &[(Run<'_>, Datum)], families: &Families, family: &str) -> Option<Facet> {
    let of_family: Vec<&(Run<'_>, Datum)> =
        points.iter().filter(|(run, _)| families.model(*run).family == family).collect();
    let is_before = |run: Run<'_>| !families.model(run).is_post_trained;
    let stem = |run: Run<'_>| (families.model(run).stem.clone(), run.subject.condition.clone());
    let series = |run: Run<'_>, data: Vec<Datum>| {
        Mark::Series(Series {
            name: family.to_owned(),
            label: run.subject.label(),
            color: families.color(run),
            line: Some(Line::default()),
            marker: Some(families.marker(run)),
            fill: Fill::Whiskers,
            data,
            ..Series::default()
        })
    };
    let mut marks: Vec<Mark> = Vec::new();
    for (run, before) in of_family.iter().filter(|(run, _)| is_before(*run)) {
        // A model may have been trained further in several ways, a line each.
        let after = of_family.iter().filter(|(other, _)| !is_before(*other) && stem(*other) == stem(*run));
        let lines: Vec<Mark> = after
            .map(|(other, after)| {
                series(*other, vec![before.clone(), Datum { joined: true, ..after.clone() }])
            })
            .collect();
        match lines.is_empty() {
            true => marks.push(series(*run, vec![before.clone()])),
            false => marks.extend(lines),
        }
    }
    let alone = of_family.iter().filter(|(run, _)| {
        !is_before(*run)
            && of_family.iter().all(|(other, _)| !is_before(*other) || stem(*other) != stem(*run))
    });
    marks.extend(alone.map(|(run, after)| series(*run, vec![after.clone()])));
    let names = ["pre-trained", "post-trained"].map(str::to_owned).into();
    (!marks.is_empty()).then(|| Facet {
        title: family.to_owned(),
        x: Axis::of_names("", names),
        y: Axis::new(Quantity::Preference.label(), Quantity::Preference.unit()).with_zero(),
        marks,
        ..Facet::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, with_label};
    use super::*;
    use crate::measures::Label;

    const NAMES: [&str; 6] = [
        "meta-llama/Llama-3.1-8B",
        "meta-llama/Llama-3.1-8B-Instruct",
        "google/gemma-3-1b-pt",
        "google/gemma-3-1b-it",
        "google/gemma-3-4b-it",
        "Mistral-7B-v0.3",
    ];

    fn runs() -> impl Iterator<Item = (crate::chart::RunSubject, super::super::snapshot::RunData)> {
        NAMES.iter().enumerate().map(|(n, name)| run(n, name, 1, 2))
    }

    #[test]
    fn models_are_paired_by_what_they_were_trained_from() {
        let share = |n: usize| 0.1 * (n + 1) as f64;
        let measured = runs().enumerate().map(|(n, run)| with_label(run, &Label::Preference, share(n)));
        let snapshot = Snapshot::new(measured);
        let chart = (VIEW.chart)(&snapshot, &Options::default()).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles, ["Llama", "Gemma", "Mistral"]);
        let lines = |facet: &Facet| facet.marks.iter().map(|mark| mark.data().count()).collect::<Vec<_>>();
        assert_eq!(chart.facets.iter().map(lines).collect::<Vec<_>>(), [vec![2], vec![2, 1], vec![1]]);
        let llama: Vec<(f64, bool)> =
            chart.facets[0].marks[0].data().map(|datum| (datum.x, datum.joined)).collect();
        assert_eq!(llama, [(0.0, false), (1.0, true)]);
        let after = chart.facets[0].marks[0].data().nth(1).unwrap();
        let complexity =
            Quantity::Complexity.of(snapshot.measured().nth(1).unwrap().measurement, &Options::default());
        assert!((after.y - share(1) * complexity.unwrap().value).abs() < 1e-12);
        assert_eq!(chart.facets[1].marks[1].data().next().unwrap().x, 1.0);
        assert!(chart.legend.notes.is_empty(), "a null of a tenth is no matter: {:?}", chart.legend.notes);
        // Less the null, where that is asked for.
        let less = (VIEW.chart)(&snapshot, &Options { less_null: true, ..Options::default() }).unwrap();
        let less = less.facets[0].marks[0].data().nth(1).unwrap().y;
        assert!((less - 0.9 * after.y).abs() < 1e-12);
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = (VIEW.chart)(&Snapshot::new(runs()), &Options::default()).unwrap_err();
        assert_eq!(
            missing,
            "no information with preference was measured: name preference pairs with --pairs"
        );
    }
}
