//! Trajectories by model size (paper, figure 5).

use super::families::{Families, size};
use super::options::{Heed, Options};
use super::plane::chart::{frame, progress, series, side_by_side};
use super::quantity::Quantity;
use super::snapshot::{Run, Snapshot};
use super::{View, explain};
use crate::chart::{Chart, ColorBy, Facet, Mark};

/// The view.
pub const VIEW: View = View {
    kind: "sizes",
    title: "Model sizes",
    paper: "5",
    about: "Trajectories on the information plane by the models' number of parameters, a frame each, from small to large.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::LessNull],
    chart,
};

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let sizes = by_size(snapshot, options);
    // Where each frame has a run of its own, the marks tell the way through training.
    // A mark has one scale: where runs have colours that were chosen, they keep them.
    let is_free = snapshot.subjects().color_by == ColorBy::Run;
    let by_progress = is_free && sizes.iter().all(|(_, runs)| runs.len() == 1);
    let of = |(parameters, runs): &(Option<f64>, Vec<Run<'_>>)| -> Facet {
        let title = parameters.map_or_else(|| "size not known".to_owned(), size);
        frame(title, options, runs.iter().map(|run| Mark::Series(series(*run, options, by_progress))))
    };
    let mut chart = side_by_side(snapshot, options, sizes.iter().map(of).collect(), &[options.order])?;
    if chart.facets.len() > 3 {
        // Narrow frames have no room for more; the title says the order.
        for facet in &mut chart.facets {
            facet.x.label = Quantity::Complexity.symbol();
            facet.y.label = Quantity::Expressivity.symbol();
        }
    }
    chart.title = format!("{}, {}, {}", VIEW.title, options.order, options.layers.name());
    if by_progress {
        chart.legend.bar = Some(progress());
    }
    let unknown: Vec<String> = sizes
        .iter()
        .filter(|(parameters, _)| parameters.is_none())
        .flat_map(|(_, runs)| runs.iter().map(|run| run.subject.label()))
        .collect();
    if !unknown.is_empty() {
        chart.caption.push(format!("No number of parameters in the name of {}", explain::list(&unknown)));
    }
    Ok(chart)
}

/// The runs that have anything to draw by their models' number of parameters, from the fewest on; those of which it is
/// not known come last.
fn by_size<'s>(snapshot: &'s Snapshot, options: &Options) -> Vec<(Option<f64>, Vec<Run<'s>>)> {
    let families = Families::of(snapshot);
    let mut sizes: Vec<(Option<f64>, Vec<Run<'_>>)> = Vec::new();
    for run in snapshot.runs().filter(|run| !series(*run, options, false).data.is_empty()) {
        let parameters = families.model(run).parameters;
        match sizes.iter_mut().find(|(known, _)| *known == parameters) {
            Some((_, runs)) => runs.push(run),
            None => sizes.push((parameters, vec![run])),
        }
    }
    sizes.sort_by(|(a, _), (b, _)| a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY)));
    sizes
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    fn titles(names: &[&str]) -> Chart {
        let runs = names.iter().enumerate().map(|(n, name)| run(n, name, 3, 2)).collect();
        drawn(&VIEW, runs, &Options::default()).unwrap()
    }

    #[test]
    fn a_frame_a_size_from_small_to_large() {
        let chart =
            titles(&["OLMo-2-0325-32B", "mine", "OLMo-2-1124-7B", "OLMo-2-0425-1B", "Mistral-7B-v0.3"]);
        let frames: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(frames, ["1B", "7B", "32B", "size not known"]);
        let counts = chart
            .facets
            .iter()
            .map(|facet| facet.marks.iter().filter(|mark| mark.data().next().is_some()).count());
        assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 1, 1]);
        assert!(chart.legend.bar.is_none());
        assert!(
            chart.caption.iter().any(|sentence| sentence == "No number of parameters in the name of mine")
        );
    }

    #[test]
    fn marks_tell_training_where_each_frame_has_one_run() {
        let chart = titles(&["pythia-1.4b", "pythia-70m"]);
        assert!(chart.legend.bar.is_some());
        let runs = ["pythia-1.4b", "pythia-70m"].iter().enumerate().map(|(n, name)| run(n, name, 3, 2));
        let snapshot = Snapshot::new(runs.collect::<Vec<_>>()).colored_by(ColorBy::Size);
        let chart = (VIEW.chart)(&snapshot, &Options::default()).unwrap();
        assert_eq!(chart.legend.bar, snapshot.subjects().color_bar, "a mark has one scale");
        assert!(chart.data().all(|(.., datum)| datum.color.is_none()));
        let (_, _, first) = chart.data().next().unwrap();
        assert_eq!(first.of.run, Some(1), "the smaller comes first");
    }
}
