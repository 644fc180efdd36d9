//! `infoplane show`: measured results as tables.

use std::path::PathBuf;

use clap::Args;

use super::{DONE, deliver, order};
use crate::error::{Error, Kind, Result};
use crate::measures::{LayerMeasures, order_name};
use crate::results::{CheckpointResult, Measurement, Results};

/// The flags of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Results as `measure` wrote them, in JSON or Parquet.
    results: PathBuf,
    /// One n-gram order (back-off), 1 to 4, instead of all.
    #[arg(long, value_name = "N", value_parser = order)]
    order: Option<usize>,
    /// Every layer of this checkpoint, instead of the average over layers of each.
    #[arg(long, value_name = "NAME")]
    checkpoint: Option<String>,
    /// How complexity and expressivity move as the sample grows.
    #[arg(long)]
    convergence: bool,
}

/// Prints the tables.
pub fn run(args: &ShowArgs) -> Result<u8> {
    let results = Results::read(&args.results)?;
    let settings = &results.settings;
    let mut text = format!("{}\n{}, infoplane {}\n", settings.caption(), settings.device, settings.version);
    let chosen: Vec<&CheckpointResult> = match &args.checkpoint {
        None => results.checkpoints.iter().collect(),
        Some(name) => results.checkpoints.iter().filter(|c| c.name == *name).collect(),
    };
    if let (true, Some(name)) = (chosen.is_empty(), &args.checkpoint) {
        return Err(Error::new(Kind::Usage, format!("there is no checkpoint `{name}`")).at(&args.results));
    }
    let orders = args.order.map_or(1..=settings.settings.max_order, |order| order..=order);
    for order in orders {
        let mut table = match args.convergence {
            true => Table::new(&["checkpoint", "documents", "positions", "I(X;Z)", "I(Y;Z)"]),
            false => Table::new(&HEADER),
        };
        for checkpoint in &chosen {
            let name = format!("{}/{}", checkpoint.run, checkpoint.name);
            match checkpoint.measurement() {
                None => {}
                Some(measurement) if args.convergence => convergence(&mut table, &name, measurement, order),
                Some(measurement) if args.checkpoint.is_some() => {
                    for layer in measurement.layers.iter().chain([&measurement.mean]) {
                        let layer_name =
                            layer.layer.map_or("mean".to_owned(), |index| format!("layer {index}"));
                        table.add(layer_row(layer_name, measurement, layer, order));
                    }
                }
                Some(measurement) => table.add(layer_row(name, measurement, &measurement.mean, order)),
            }
        }
        if !table.rows.is_empty() {
            text += &format!("\n{}\n{}", order_name(order), table.text());
        }
    }
    for checkpoint in &chosen {
        if let crate::results::Outcome::Failed { error } = &checkpoint.outcome {
            text += &format!("\n{}/{} failed: {error}\n", checkpoint.run, checkpoint.name);
        }
    }
    deliver(text.as_bytes(), None)?;
    Ok(DONE)
}

/// ± is the standard deviation over seeds of the reference points, *null* the information under shuffled labels,
/// *once* the share of positions whose label occurs once.
const HEADER: [&str; 14] = [
    "checkpoint",
    "loss",
    "H(Z)",
    "I(X;Z)",
    "±",
    "− null",
    "once",
    "I(Y;Z)",
    "±",
    "− null",
    "once",
    "φ",
    "±",
    "kept",
];

fn layer_row(
    name: String,
    measurement: &Measurement,
    layer: &LayerMeasures,
    order: usize,
) -> Option<Vec<String>> {
    let m = layer.orders.get(order)?;
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let percent =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{:.1} %", 100.0 * value));
    let kept = m.input_kept.unwrap_or(1.0).min(m.output_kept.unwrap_or(1.0));
    Some(vec![
        name,
        format!("{:.4}", measurement.loss),
        number(Some(layer.entropy)),
        number(Some(m.input)),
        number(m.input_spread),
        number(m.input_null.map(|null| m.input - null)),
        percent(m.input_singletons),
        number(Some(m.output)),
        number(m.output_spread),
        number(m.output_null.map(|null| m.output - null)),
        percent(m.output_singletons),
        number(m.optimality),
        number(m.optimality_spread),
        percent(Some(kept)),
    ])
}

fn convergence(table: &mut Table, name: &str, measurement: &Measurement, order: usize) {
    for estimate in &measurement.convergence {
        let of = |values: &[f64]| values.get(order - 1).map(|value| format!("{value:.4}"));
        let (input, output) = (of(&estimate.input), of(&estimate.output));
        let (documents, positions) = (estimate.documents.to_string(), estimate.positions.to_string());
        table.add(input.zip(output).map(|(x, y)| vec![name.to_owned(), documents, positions, x, y]));
    }
}

/// Text in columns: the first to the left, numbers to the right.
struct Table {
    rows: Vec<Vec<String>>,
    header: Vec<String>,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        Self { rows: Vec::new(), header: header.iter().map(|&cell| cell.to_owned()).collect() }
    }

    fn add(&mut self, row: Option<Vec<String>>) {
        self.rows.extend(row);
    }

    fn text(&self) -> String {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        all().map(line).collect()
    }
}
