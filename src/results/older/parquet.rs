//! Parquet tables of before there was a schema's number: a field a measure, and the settings in metadata alone.
//!
//! Their average over layers has no `layer`, and `loss`, `positions` and `temperature` stand beside every measure.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{fields, renamed};
use crate::measures::{Measure, Order, Subject};
use crate::results::columns::File;
use crate::results::provenance::Fields;
use crate::results::rows::{About, CONVERGENCE, FAILED, LOSS, Row, TEMPERATURE, results_of};
use crate::results::table::Columns as _;
use crate::results::{Cause, Results};

/// The key of the metadata that holds the settings.
pub const SETTINGS: &str = "infoplane.settings";

/// Reads a Parquet table of before there was a schema's number.
pub fn read(file: &File, settings: &str) -> Result<Results, Cause> {
    let settings = serde_json::from_str(settings)
        .map_err(|error| Cause::Unusable(format!("its settings cannot be read: {error}")))?;
    let rows = rows(file, &fields(settings)).and_then(|rows| results_of(rows, false));
    rows.map_err(Cause::Unusable)
}

fn rows(file: &File, fields: &Fields) -> Result<Vec<Row>, String> {
    let needed = |name: &str| -> Result<Vec<String>, String> {
        let cells = file.texts(name)?.into_iter();
        cells.map(|cell| cell.ok_or_else(|| format!("rows without `{name}`"))).collect()
    };
    let (runs, names, paths) = (needed("run")?, needed("name")?, needed("path")?);
    let (steps, tokens) = (file.wholes("step")?, file.wholes("tokens")?);
    let [documents, positions, layers] = ["documents", "positions", "layer"].map(|name| file.wholes(name));
    let (documents, positions, layers) = (documents?, positions?, layers?);
    let (losses, temperatures) = (file.numbers("loss")?, file.numbers("temperature")?);
    let [orders, measures, errors] = ["order", "measure", "error"].map(|name| file.texts(name));
    let (orders, measures, errors, values) = (orders?, measures?, errors?, file.numbers("value")?);
    let mut abouts: Vec<Rc<About>> = Vec::new();
    let mut known = HashMap::new();
    let mut about_of = Vec::with_capacity(runs.len());
    for index in 0..runs.len() {
        let key = (&runs[index], &names[index], &paths[index], steps[index], tokens[index]);
        about_of.push(*known.entry(key).or_insert_with(|| {
            abouts.push(Rc::new(About {
                run: runs[index].clone(),
                checkpoint: names[index].clone(),
                step: steps[index],
                tokens: tokens[index],
                path: paths[index].clone(),
                fields: fields.clone(),
                ..About::default()
            }));
            abouts.len() - 1
        }));
    }
    let (convergence_positions, mut smaller) = ("convergence_positions", HashMap::new());
    for index in (0..runs.len()).filter(|&index| measures[index].as_deref() == Some(convergence_positions)) {
        let value = values[index].map(|positions| positions as u64);
        let known = *smaller.entry((about_of[index], documents[index])).or_insert(value);
        if known != value {
            let number = |n: Option<u64>| n.map_or("?".to_owned(), |n| n.to_string());
            let (name, documents) = (format!("{}/{}", runs[index], names[index]), number(documents[index]));
            let [known, value] = [known, value].map(number);
            return Err(format!(
                "checkpoint `{name}` has rows of {documents} documents with {known} and {value} positions"
            ));
        }
    }
    let mut found = Vec::with_capacity(runs.len());
    let mut alone = HashSet::new();
    for (index, ((error, measure), order)) in errors.into_iter().zip(measures).zip(orders).enumerate() {
        let about = &abouts[about_of[index]];
        let row = |label: String, measure: &str, value: Option<f64>| Row {
            about: Rc::clone(about),
            layer: layers[index].map(|layer| layer as usize),
            label,
            measure: measure.to_owned(),
            value,
            documents: documents[index],
            positions: positions[index],
            error: error.clone(),
        };
        if error.is_some() {
            found.push(row(String::new(), FAILED, None));
            continue;
        }
        for (measure, value) in [(LOSS, losses[index]), (TEMPERATURE, temperatures[index])] {
            if alone.insert((about_of[index], measure, value.map(f64::to_bits)))
                && measure != convergence_positions
            {
                found.push(Row { layer: None, ..row(String::new(), measure, value) });
            }
        }
        let order: Option<Order> = order.and_then(|name| name.parse().ok());
        let measure = measure.as_deref().unwrap_or_default();
        let renamed = |field: &str| match order {
            Some(order) => renamed(field, order),
            None if field == "entropy_spread" => Some((Subject::Layer, Measure::Spread)),
            None => Some((Subject::Layer, Measure::Entropy)),
        };
        match measure.strip_prefix("convergence_") {
            None => {
                let named = renamed(measure);
                found.extend(named.map(|(of, measure)| row(of.to_string(), measure.name(), values[index])));
            }
            Some(side) => {
                let label = renamed(side).map_or(String::new(), |(subject, _)| subject.to_string());
                let value = values[index].filter(|_| order.is_some());
                let positions = smaller.get(&(about_of[index], documents[index])).copied().flatten();
                found.push(Row { positions, ..row(label, CONVERGENCE, value) });
            }
        }
    }
    Ok(found)
}
