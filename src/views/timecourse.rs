//! The measures over training (paper, figures 12 and 13).

use super::options::{Heed, Options};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use super::{View, datum, explain, time};
use crate::chart::{Axis, Chart, Facet, Mark};

/// The view.
pub const VIEW: View = View {
    kind: "timecourse",
    title: "Time course",
    paper: "12, 13",
    about: "Complexity, expressivity, optimality, entropy and loss over training, by step, tokens or share of the run.",
    heeds: &[Heed::Order, Heed::Layers, Heed::Time, Heed::LessNull],
    chart,
};

/// What is shown, a frame each.
const SHOWN: [Quantity; 5] =
    [Quantity::Complexity, Quantity::Expressivity, Quantity::Optimality, Quantity::Entropy, Quantity::Loss];

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let facets: Vec<Facet> =
        SHOWN.into_iter().filter_map(|quantity| facet(snapshot, quantity, options)).collect();
    if facets.is_empty() {
        return Err(explain::nothing(snapshot, options));
    }
    Ok(Chart {
        title: format!("{}, {}, {}", VIEW.title, options.order, options.layers.name()),
        facets,
        columns: 2,
        legend: explain::legend(snapshot, options),
        caption: explain::caption(snapshot, options),
        subjects: snapshot.subjects().clone(),
    })
}

/// The frame of a quantity; `None` where no checkpoint has it.
fn facet(snapshot: &Snapshot, quantity: Quantity, options: &Options) -> Option<Facet> {
    let marks: Vec<Mark> = snapshot
        .runs()
        .filter_map(|run| datum::over_training(run, quantity, options))
        .map(Mark::Series)
        .collect();
    let facet = Facet {
        title: quantity.name().to_owned(),
        x: time::axis(options),
        y: Axis::new(quantity.symbol(), quantity.unit()),
        marks,
        ..Facet::default()
    };
    (!facet.marks.is_empty()).then_some(facet)
}
