//! What results from a file must be before anything relies on them: of sizes that can be, of numbers that are ones,
//! and whole.

use std::ops::RangeInclusive;

use super::rows::{CONVERGENCE, LOSS, TEMPERATURE, name_of, place};
use super::{ConditionResults, Measurement, Outcome, Provenance, Results};
use crate::measures::{Information, Label, LayerMeasures, Measure, Order, Subject};
use crate::settings::{LARGEST_ORDER, Settings, Temperature};

/// More hidden states than any model has.
const MOST_LAYERS: usize = 10_000;
/// How far the mean may lie from the average of the layers: numbers in between may have been rounded to four digits.
const ROUNDED: f64 = 2e-4;

/// Checks results.
///
/// # Errors
/// The first thing that cannot be, by its name.
pub fn checked(results: Results) -> Result<Results, String> {
    if results.conditions.iter().all(|of_condition| of_condition.checkpoints.is_empty()) {
        return Err("they hold no checkpoint".to_owned());
    }
    for ConditionResults { condition, checkpoints } in &results.conditions {
        settings(&condition.settings)?;
        for checkpoint in checkpoints {
            provenance(&checkpoint.provenance)?;
            if let Outcome::Measured(measurement) = &checkpoint.outcome {
                self::measurement(measurement).map_err(|cause| {
                    format!("checkpoint `{}/{}` {cause}", checkpoint.run, checkpoint.name)
                })?;
            }
        }
    }
    Ok(results)
}

fn whole(name: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), String> {
    match range.contains(&value) {
        true => Ok(()),
        false => {
            Err(format!("the setting `{name}` is {value}, not one of {} to {}", range.start(), range.end()))
        }
    }
}

fn provenance(provenance: &Provenance) -> Result<(), String> {
    whole("samples", provenance.samples as u64, 1..=1 << 48)?;
    whole("sample_documents", provenance.sample_documents as u64, 0..=1 << 48)?;
    whole("skipped_documents", provenance.skipped_documents as u64, 0..=1 << 48)?;
    match (0.0..=1.0).contains(&provenance.tolerance) {
        true => Ok(()),
        false => {
            Err(format!("the setting `tolerance` is {}, not a number from 0 to 1", provenance.tolerance))
        }
    }
}

fn settings(of: &Settings) -> Result<(), String> {
    whole("max_order", of.max_order as u64, 1..=LARGEST_ORDER as u64)?;
    whole("points", of.points as u64, 2..=1 << 24)?;
    whole("reference_seeds", of.reference_seeds as u64, 1..=1 << 16)?;
    whole("context", of.context as u64, 1..=1 << 32)?;
    let fixed = if let Temperature::Fixed(epsilon) = of.temperature { epsilon } else { 1.0 };
    let numbers = [("temperature", fixed), ("temperature_factor", of.temperature_factor)];
    match numbers.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
        Some((name, value)) => Err(format!("the setting `{name}` is {value}, not a number above 0")),
        None => Ok(()),
    }
}

fn measurement(measurement: &Measurement) -> Result<(), String> {
    let Measurement { layers, mean, .. } = measurement;
    for (name, value) in [(LOSS, measurement.loss), (TEMPERATURE, Some(measurement.temperature))] {
        value.map_or(Ok(()), |value| finite(&format!("`{name}`"), value))?;
    }
    if !(2..=MOST_LAYERS).contains(&layers.len()) {
        return Err(match layers.len() {
            0 | 1 => "lacks its layers".to_owned(),
            count => format!("has {count} layers"),
        });
    }
    for (index, layer) in layers.iter().enumerate() {
        if layer.layer != Some(index) {
            return Err(format!("lacks layer {index}, or has its layers in another order"));
        }
        self::layer(layer)?;
    }
    if mean.layer.is_some() {
        return Err("lacks the average over layers".to_owned());
    }
    layer(mean)?;
    let average = LayerMeasures::mean(&layers[1..]);
    let close = |a: f64, b: f64| (a - b).abs() <= ROUNDED;
    let as_said = average.is_some_and(|average| {
        let alike = |((of, average), (label, mean)): ((&Label, &Information), (&Label, &Information))| {
            of == label && close(average.value, mean.value)
        };
        average.information.len() == mean.information.len()
            && close(average.entropy.value, mean.entropy.value)
            && average.information.iter().zip(&mean.information).all(alike)
    });
    if !as_said {
        return Err(format!(
            "lacks some of its layers: those there, 1 to {}, have another average",
            layers.len() - 1
        ));
    }
    for (label, table) in &measurement.label_tables {
        for entry in &table.labels {
            let name = || format!("`label_tables` of {label}, `{}`", entry.text);
            finite(&name(), entry.information)?;
            if !(1..=table.positions).contains(&entry.positions) {
                return Err(format!(
                    "has a {} at {} of {} positions",
                    name(),
                    entry.positions,
                    table.positions
                ));
            }
        }
    }
    for estimate in &measurement.convergence {
        for (label, &value) in &estimate.information {
            finite(&format!("`{CONVERGENCE}` of {label} on {} documents", estimate.documents), value)?;
        }
    }
    Ok(())
}

/// Checks that a layer's numbers are ones, that n-grams before and after a position come together, and that no order
/// is without those below it.
fn layer(layer: &LayerMeasures) -> Result<(), String> {
    for (subject, measure, value) in layer.values() {
        finite(&name_of(layer.layer, &subject, measure), value)?;
    }
    let partners = layer.information.keys().filter_map(Label::partner);
    let joined = layer.optimality.keys().map(|order| Label::Input(*order));
    if let Some(missing) = partners.chain(joined).find(|label| !layer.information.contains_key(label)) {
        let missing = name_of(layer.layer, &Subject::Label(missing), Measure::Information);
        return Err(format!("lacks {missing}"));
    }
    match Order::ALL.into_iter().zip(layer.orders()).find(|(expected, there)| expected != there) {
        Some((missing, there)) => {
            Err(format!("lacks the {missing} of {}, which has its {there}", place(layer.layer)))
        }
        None => Ok(()),
    }
}

fn finite(name: &str, value: f64) -> Result<(), String> {
    match value.is_finite() {
        true => Ok(()),
        false => Err(format!("has a {name} that is not a number ({value})")),
    }
}
