//! Parquet tables of before there was a schema's number: a field a measure, and the settings in metadata alone.
//!
//! Their average over layers has no `layer`, and `loss`, `positions` and `temperature` stand beside every measure.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::renamed;
use crate::measures::{Measure, Order, Subject};
use crate::results::columns::File;
use crate::results::rows::{About, CONVERGENCE, FAILED, LOSS, Row, TEMPERATURE, results_of};
use crate::results::{Cause, Results, settings_from};

/// The key of the metadata that holds the settings.
pub const SETTINGS: &str = "infoplane.settings";

/// Reads the table.
pub fn read(file: &File, settings: &str) -> Result<Results, Cause> {
    let settings = serde_json::from_str(settings)
        .map_err(|error| format!("its settings cannot be read: {error}"))
        .and_then(settings_from)
        .map_err(Cause::Unusable)?;
    let rows = rows(file).map_err(Cause::Unusable)?;
    results_of(settings, rows).map_err(Cause::Unusable)
}

fn rows(file: &File) -> Result<Vec<Row>, String> {
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
    let about = |index: usize| About {
        run: runs[index].clone(),
        checkpoint: names[index].clone(),
        step: steps[index],
        tokens: tokens[index],
        path: paths[index].clone(),
        ..About::default()
    };
    let (convergence_positions, mut smaller) = ("convergence_positions", HashMap::new());
    for index in (0..runs.len()).filter(|&index| measures[index].as_deref() == Some(convergence_positions)) {
        let value = values[index].map(|positions| positions as u64);
        let known = *smaller.entry((about(index), documents[index])).or_insert(value);
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
        let about = Rc::new(about(index));
        let row = |label: String, measure: &str, value: Option<f64>| Row {
            about: Rc::clone(&about),
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
            if alone.insert((Rc::clone(&about), measure, value.map(f64::to_bits)))
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
                let positions = smaller.get(&((*about).clone(), documents[index])).copied().flatten();
                found.push(Row { positions, ..row(label, CONVERGENCE, value) });
            }
        }
    }
    Ok(found)
}
