//! The path of a checkpoint through its layers on the information plane.

use super::chosen::{Choice, Chosen};
use super::depth::layers;
use super::marks::Flag;
use super::options::{FacetBy, Heed, LayerChoice, Options};
use super::plane::chart::{frame, side_by_side};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use super::{View, datum, explain};
use crate::chart::{Chart, Datum, Facet, Fill, Mark, Series};
use crate::measures::Order;

/// The view.
pub const VIEW: View = View {
    kind: "layers",
    title: "Path through the layers",
    paper: "",
    about: "Complexity against expressivity, from the embedding output to the last layer of chosen checkpoints, under the bound.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Checkpoints, Heed::Facet, Heed::LessNull],
    chart,
};

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let options = &Options { layers: LayerChoice::Mean, ..options.clone() };
    let choice = Choice::of(snapshot, options)?;
    let mut chart = side_by_side(snapshot, options, facets(snapshot, &choice, options), &[])?;
    chart.title = format!("{}, {}", VIEW.title, options.order);
    chart.caption.push(
        "Each path leads from the embedding output to the last layer, where its name stands".to_owned(),
    );
    choice.explain(&mut chart);
    explain::tell(&mut chart, flags(&choice, options), true);
    Ok(chart)
}

/// A frame for each of what stands side by side.
fn facets(snapshot: &Snapshot, choice: &Choice<'_>, options: &Options) -> Vec<Facet> {
    let of = |title: String, options: &Options, shown: &dyn Fn(&Chosen<'_>) -> bool| {
        let chosen: Vec<&Chosen<'_>> = choice.chosen.iter().filter(|chosen| shown(chosen)).collect();
        facet(title, &chosen, choice, options)
    };
    match options.facet {
        FacetBy::Nothing | FacetBy::Layer => vec![of(String::new(), options, &|_| true)],
        FacetBy::Run | FacetBy::Condition => {
            let run = |index: usize, title| of(title, options, &|chosen| chosen.measure.run.index == index);
            snapshot.runs().map(|each| run(each.index, each.subject.label())).collect()
        }
        FacetBy::Order => {
            let order = |order: &Order| {
                of(order.to_string(), &Options { order: *order, ..options.clone() }, &|_| true)
            };
            Order::ALL.iter().map(order).collect()
        }
    }
}

fn facet(title: String, chosen: &[&Chosen<'_>], choice: &Choice<'_>, options: &Options) -> Facet {
    let paths = chosen.iter().map(|chosen| path(chosen, choice, options));
    frame(title, options, paths.map(Mark::Series))
}

/// The path of a checkpoint from its embedding output to its last layer.
fn path(chosen: &Chosen<'_>, choice: &Choice<'_>, options: &Options) -> Series {
    let measure = &chosen.measure;
    let datum = |(layer, options): (usize, Options)| {
        let complexity = datum::of(Quantity::Complexity, measure, 0.0, &options)?;
        let x_spread = complexity.high.map(|high| high - complexity.y);
        let expressivity = datum::of(Quantity::Expressivity, measure, complexity.y, &options)?;
        let flags = explain::flags(measure, &options);
        let optimality = Quantity::Optimality.of(measure.measurement, &options);
        Some(Datum {
            x_spread,
            joined: layer > 0,
            is_marked: flags.contains(&Flag::AboveBound),
            color: complexity.color.or(expressivity.color),
            flags: flags.iter().map(Flag::short).collect(),
            more: optimality.map(|optimality| format!("φ {:.3}", optimality.value)).into_iter().collect(),
            ..expressivity
        })
    };
    let data = layers(measure, options).filter_map(datum).collect();
    Series { name: "path".to_owned(), fill: Fill::None, data, ..chosen.series(choice) }
}

/// What is to be known of the places shown.
fn flags(choice: &Choice<'_>, options: &Options) -> Vec<Flag> {
    let of = |chosen: &Chosen<'_>| {
        let all = layers(&chosen.measure, options);
        all.flat_map(|(_, options)| explain::flags(&chosen.measure, &options)).collect::<Vec<_>>()
    };
    choice.chosen.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn a_path_goes_from_the_embedding_to_the_last_layer() {
        let chart = drawn(&VIEW, vec![run(0, "a", 5, 4)], &Options::default()).unwrap();
        let last: Vec<_> = chart.data().filter(|(.., datum)| datum.of.checkpoint == Some(4)).collect();
        assert_eq!(
            last.iter().map(|(.., datum)| datum.of.layer).collect::<Vec<_>>(),
            (0..5).map(Some).collect::<Vec<_>>()
        );
        // At the end of training, layer 4 of 4: 0.2 · 0.7 · 0.8, and 0.7 of it.
        assert!((last[4].2.x - 0.112).abs() < 1e-12 && (last[4].2.y - 0.0784).abs() < 1e-12);
        assert!(!last[0].2.joined && last[1].2.joined);
    }

    #[test]
    fn runs_and_orders_may_stand_side_by_side() {
        let with = |facet| {
            let runs = vec![run(0, "a", 3, 2), run(1, "b", 3, 5)];
            let chart = drawn(&VIEW, runs, &Options { facet, ..Options::default() }).unwrap();
            chart.facets.into_iter().map(|facet| facet.title).collect::<Vec<_>>()
        };
        assert_eq!(with(FacetBy::Nothing), [""]);
        assert_eq!(with(FacetBy::Run), ["a", "b"]);
        assert_eq!(with(FacetBy::Order), ["token", "bigram", "trigram", "quadgram"]);
    }
}
