//! The measures by layer, for single checkpoints.

use super::chosen::{Choice, Chosen};
use super::depth::{Depth, layers};
use super::explain::{self, Told};
use super::marks::Flag;
use super::options::{Heed, LayerChoice, Options};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use super::{View, datum};
use crate::chart::{Axis, Chart, Datum, Facet, Mark, Series};

/// The view.
pub const VIEW: View = View {
    kind: "profile",
    title: "Layer profile",
    paper: "",
    about: "Entropy, complexity, expressivity and optimality by layer, for chosen checkpoints.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Checkpoints, Heed::LessNull],
    chart,
};

/// What is shown, a frame each, before the labels that are no n-grams.
const SHOWN: [Quantity; 4] =
    [Quantity::Entropy, Quantity::Complexity, Quantity::Expressivity, Quantity::Optimality];

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let options = Options { layers: LayerChoice::Mean, ..options.clone() };
    let choice = Choice::of(snapshot, &options)?;
    let depth = Depth::of(choice.measures());
    let shown = SHOWN.into_iter().chain(snapshot.other_labels());
    let facets: Vec<Facet> = shown.filter_map(|quantity| facet(&choice, depth, quantity, &options)).collect();
    if !facets.iter().any(|facet| facet.title != Quantity::Entropy.name()) {
        return Err(explain::nothing(snapshot, &options));
    }
    let Told { legend, caption } = explain::told(snapshot, &options, &[]);
    let mut chart = Chart {
        title: format!("{}, {}", VIEW.title, options.order),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    };
    choice.explain(&mut chart);
    explain::tell(&mut chart, flags(&choice, &options), true);
    Ok(chart)
}

/// The frame of a quantity; `None` where no hidden state has it.
fn facet(choice: &Choice<'_>, depth: Depth, quantity: Quantity, options: &Options) -> Option<Facet> {
    let marks: Vec<Mark> =
        choice.chosen.iter().filter_map(|chosen| series(chosen, choice, depth, quantity, options)).collect();
    (!marks.is_empty()).then(|| Facet {
        title: quantity.name().to_owned(),
        x: depth.axis(),
        y: Axis::new(quantity.symbol(), quantity.unit()),
        marks,
        ..Facet::default()
    })
}

/// The hidden states of a checkpoint, from the embedding output to the last.
fn series(
    chosen: &Chosen<'_>,
    choice: &Choice<'_>,
    depth: Depth,
    quantity: Quantity,
    options: &Options,
) -> Option<Mark> {
    let measure = &chosen.measure;
    let states = measure.measurement.layers.len();
    let datum = |(layer, options): (usize, Options)| {
        let datum = datum::of(quantity, measure, depth.place(layer, states), &options)?;
        Some(Datum { joined: layer > 0, ..datum })
    };
    let data: Vec<Datum> = layers(measure, options).filter_map(datum).collect();
    let name = quantity.name().to_owned();
    (!data.is_empty()).then(|| Mark::Series(Series { name, data, ..chosen.series(choice) }))
}

/// What is to be known of the numbers shown.
fn flags(choice: &Choice<'_>, options: &Options) -> Vec<Flag> {
    let of = |chosen: &Chosen<'_>| {
        let measure = chosen.measure;
        let all = layers(&measure, options);
        all.flat_map(|(_, options)| explain::flags_of(Quantity::Optimality, &measure, &options))
            .collect::<Vec<_>>()
    };
    choice.chosen.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn hidden_states_stand_in_order_with_their_numbers() {
        let chart = drawn(&VIEW, vec![run(0, "a", 5, 4)], &Options::default()).unwrap();
        assert_eq!(
            chart.facets.iter().map(|facet| &*facet.title).collect::<Vec<_>>(),
            ["entropy", "complexity", "expressivity", "optimality"]
        );
        // Three checkpoints of five hidden states in each frame.
        assert_eq!(chart.data().count(), 4 * 3 * 5);
        // Complexity of tokens at layer 2 of 4, half through training: 0.2 (1 − 0.3/2) (1 − 0.2/2).
        let of = |(facet, _, datum): &(&Facet, &str, &Datum)| {
            facet.title == "complexity" && datum.of.layer == Some(2) && datum.of.checkpoint == Some(2)
        };
        let (_, _, datum) = chart.data().find(of).unwrap();
        assert_eq!(datum.x, 2.0);
        assert!((datum.y - 0.153).abs() < 1e-12, "{}", datum.y);
        assert!(datum.joined && datum.high.is_some());
    }

    #[test]
    fn models_of_different_depth_are_compared_by_relative_depth() {
        let runs = vec![run(0, "a", 2, 4), run(1, "b", 2, 8)];
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        let ends = chart.data().filter(|(.., datum)| datum.x == 1.0);
        let mut layers: Vec<_> = ends.map(|(.., datum)| datum.of.layer).collect();
        layers.dedup();
        assert!(layers.contains(&Some(4)) && layers.contains(&Some(8)));
        assert_eq!(chart.data().map(|(.., datum)| datum.x).fold(0.0, f64::max), 1.0);
        assert_eq!(chart.facets[0].x.label, "relative depth");
    }

    #[test]
    fn checkpoints_are_chosen_by_name_or_step() {
        let named = |names: &[&str]| {
            let checkpoints = names.iter().map(|name| (*name).to_owned()).collect();
            drawn(&VIEW, vec![run(0, "a", 5, 1)], &Options { checkpoints, ..Options::default() })
        };
        let shown = |chart: Chart| {
            let mut all: Vec<_> = chart.data().filter_map(|(.., datum)| datum.of.checkpoint).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        assert_eq!(shown(named(&["step3000", "1000"]).unwrap()), [1, 3]);
        let missing = named(&["step7"]).unwrap_err();
        assert!(missing.contains("step7") && missing.contains("step0 to step4000"), "{missing}");
    }
}
