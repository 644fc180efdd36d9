//! Tables of the labels that are no n-grams: preference, and fields of the text.

use std::collections::BTreeSet;

use super::{ShowArgs, Table, full_name, note_of_mean};
use crate::measures::{Information, Label, LayerMeasures, Order};
use crate::results::{CheckpointResult, Measurement};

/// The columns; a column `±` is of the one before it.
const HEADER: [&str; 10] =
    ["checkpoint", "loss", "H(Z)", "I(Z;·)", "±", "− null", "/ I(X;Z)", "once", "labels", "positions"];

/// What the columns are that other tables have not.
pub(super) const LEGEND: &str = "I(Z;·)    the information about the label that the table is of\n\
                                 / I(X;Z)  the same as a share of the complexity of single tokens\n\
                                 labels    values of the field, or answers: chosen and rejected\n";

/// A table a label; empty where there are none.
pub(super) fn tables(args: &ShowArgs, checkpoints: &[&CheckpointResult]) -> String {
    let measured =
        || checkpoints.iter().filter_map(|checkpoint| Some((*checkpoint, checkpoint.measurement()?)));
    let labels: BTreeSet<&Label> =
        measured().flat_map(|(_, of)| of.mean.other_labels().map(|(label, _)| label)).collect();
    let mut text = String::new();
    for label in labels {
        let mut table = Table::new(&HEADER);
        for (checkpoint, measurement) in measured() {
            let name = full_name(checkpoint);
            if args.checkpoint.is_some() {
                let of = if checkpoints.len() > 1 { format!("{name} ") } else { String::new() };
                for layer in &measurement.layers {
                    let index = layer.layer.map_or(String::new(), |index| format!("layer {index}"));
                    table.add(row(format!("{of}{index}"), measurement, layer, label), "");
                }
                table.add(row(format!("{of}mean"), measurement, &measurement.mean, label), "");
            } else {
                table.add(row(name, measurement, &measurement.mean, label), &note_of_mean(measurement));
            }
        }
        text += &format!("\n{}\n{}", super::printable(&label.name()), table.text());
    }
    text
}

fn row(name: String, measurement: &Measurement, layer: &LayerMeasures, label: &Label) -> Option<Vec<String>> {
    let of: &Information = layer.information.get(label)?;
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let count = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.0}"));
    let complexity = layer.complexity(Order::Token).map(|complexity| complexity.value);
    Some(vec![
        name,
        number(measurement.loss),
        number(Some(of.entropy.unwrap_or(layer.entropy.value))),
        number(Some(of.value)),
        number(of.spread),
        number(of.null.map(|null| of.value - null)),
        number(complexity.map(|complexity| of.value / complexity).filter(|ratio| ratio.is_finite())),
        of.singletons.map_or("–".to_owned(), |share| format!("{:.1} %", 100.0 * share)),
        count(of.labels),
        count(Some(of.positions.unwrap_or(measurement.positions as f64))),
    ])
}
