//! Results as a CSV table: one row a checkpoint, layer and order.

use super::{CheckpointResult, Measurement, Results};
use crate::measures::{LayerMeasures, OrderMeasures, order_name};

/// The columns before and after the measures.
const ABOUT: [&str; 8] = ["run", "name", "step", "tokens", "path", "loss", "positions", "temperature"];
const LAYER: [&str; 4] = ["layer", "entropy", "entropy_spread", "order"];
const ERROR: &str = "error";

/// Writes the table.
pub fn write(results: &Results) -> Result<Vec<u8>, String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let measures = OrderMeasures::default().values().map(|(name, _)| name);
    let header = ABOUT.iter().chain(&LAYER).chain(&measures).chain([&ERROR]);
    table.write_record(header).map_err(|error| error.to_string())?;
    for checkpoint in &results.checkpoints {
        for row in rows(checkpoint) {
            table.write_record(row).map_err(|error| error.to_string())?;
        }
    }
    table.into_inner().map_err(|error| error.to_string())
}

fn rows(checkpoint: &CheckpointResult) -> Vec<Vec<String>> {
    match &checkpoint.outcome {
        super::Outcome::Failed { error } => {
            let mut row = about(checkpoint, None);
            let measures = OrderMeasures::default().values().len();
            row.resize(ABOUT.len() + LAYER.len() + measures, String::new());
            row.push(error.clone());
            vec![row]
        }
        super::Outcome::Measured(measurement) => {
            let layers = measurement.layers.iter().chain([&measurement.mean]);
            let lines = layers.flat_map(|layer| layer.orders.iter().map(move |order| (layer, order)));
            lines.map(|(layer, order)| row(checkpoint, measurement, layer, order)).collect()
        }
    }
}

fn row(
    checkpoint: &CheckpointResult,
    measurement: &Measurement,
    layer: &LayerMeasures,
    (order, measures): (usize, &OrderMeasures),
) -> Vec<String> {
    let mut row = about(checkpoint, Some(measurement));
    row.push(layer.layer.map_or("mean".to_owned(), |index| index.to_string()));
    row.extend([layer.entropy.to_string(), text(layer.entropy_spread), order_name(order).to_owned()]);
    row.extend(measures.values().map(|(_, value)| text(value)));
    row.push(String::new());
    row
}

fn about(checkpoint: &CheckpointResult, measurement: Option<&Measurement>) -> Vec<String> {
    vec![
        checkpoint.run.clone(),
        checkpoint.name.clone(),
        text(checkpoint.step),
        text(checkpoint.tokens),
        checkpoint.path.display().to_string(),
        text(measurement.map(|m| m.loss)),
        text(measurement.map(|m| m.positions)),
        text(measurement.map(|m| m.temperature)),
    ]
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
