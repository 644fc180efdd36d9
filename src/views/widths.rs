//! The information plane at every back-off width (paper, figure 4, top).

use super::View;
use super::options::{FacetBy, Heed, Options};
use super::plane::chart::{facet, is_single, progress, side_by_side};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use crate::chart::Chart;
use crate::measures::Order;

/// The view.
pub const VIEW: View = View {
    kind: "widths",
    title: "Back-off widths",
    paper: "4",
    about: "The information plane of tokens, bigrams, trigrams and quadgrams side by side, on one scale.",
    needs_results: true,
    heeds: &[Heed::Layers, Heed::LessNull],
    chart,
};

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let of = |order: Order| {
        let options = Options { order, facet: FacetBy::Order, ..options.clone() };
        let mut facet = facet(snapshot, &options, order.to_string(), |_| true);
        // Frames so narrow have no room for more.
        facet.x.label = Quantity::Complexity.symbol();
        facet.y.label = Quantity::Expressivity.symbol();
        facet
    };
    let mut chart = side_by_side(snapshot, options, Order::ALL.map(of).into(), &Order::ALL)?;
    chart.title = format!("{}, {}", VIEW.title, options.layers.name());
    if is_single(snapshot) {
        chart.legend.bar = Some(progress());
    }
    // Four in a row would be too small to read, three and one no pattern.
    chart.columns = if chart.facets.len() == 4 { 2 } else { 0 };
    let missing: Vec<&str> = Order::ALL.map(Order::name).into();
    let missing: Vec<&str> =
        missing.into_iter().filter(|name| chart.facets.iter().all(|facet| facet.title != *name)).collect();
    if !missing.is_empty() {
        chart.caption.push(format!("Not measured: {}", missing.join(", ")));
    }
    Ok(chart)
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::CheckpointData;
    use super::super::tests::{drawn, run};
    use super::*;
    use std::sync::Arc;

    #[test]
    fn widths_share_one_scale() {
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2)], &Options::default()).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles, ["token", "bigram", "trigram", "quadgram"]);
        for facet in &chart.facets {
            assert_eq!(
                (facet.x_range(), facet.y_range()),
                (chart.facets[0].x_range(), chart.facets[0].x_range())
            );
        }
        assert!(chart.legend.bar.is_some());
        // A run's own numbers: complexity of the first checkpoint falls by the depth of layers 1 and 2, 0.9 and 0.8.
        let first = chart.data().find(|(facet, ..)| facet.title == "bigram").unwrap().2;
        assert!((first.x - 0.3 * 0.85).abs() < 1e-12 && first.of.order == Some(Order::Bigram));
    }

    #[test]
    fn widths_that_were_not_measured_are_named() {
        let (subject, mut data) = run(0, "a", 2, 2);
        for checkpoint in &mut data.checkpoints {
            let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
            let measurement = Arc::make_mut(measurement);
            for layer in measurement.layers.iter_mut().chain([&mut measurement.mean]) {
                layer.information.retain(|label, _| label.order() <= Some(Order::Bigram));
            }
        }
        let chart = drawn(&VIEW, vec![(subject, data)], &Options::default()).unwrap();
        assert_eq!(chart.facets.len(), 2);
        assert_eq!(chart.caption.last().unwrap(), "Not measured: trigram, quadgram");
    }
}
