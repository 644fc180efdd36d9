//! What results from a file must be before anything relies on them: of sizes that can be, of numbers that are ones,
//! and whole.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;

use super::{CheckpointResult, Measurement, Outcome, ResultSettings, Results};
use crate::measures::{LayerMeasures, OrderMeasures};
use crate::settings::{LARGEST_ORDER, Temperature};

/// More hidden states than any model has.
const MOST_LAYERS: usize = 10_000;
/// How far the mean may lie from the average of the layers: numbers in between may have been rounded to four digits.
const ROUNDED: f64 = 2e-4;

/// Checks results, and drops checkpoints that are there twice and alike.
///
/// # Errors
/// The first thing that cannot be, by its name.
pub fn checked(mut results: Results) -> Result<Results, String> {
    settings(&results.settings)?;
    if results.checkpoints.is_empty() {
        return Err("they hold no checkpoint".to_owned());
    }
    for checkpoint in &results.checkpoints {
        if let Outcome::Measured(measurement) = &checkpoint.outcome {
            self::measurement(measurement)
                .map_err(|cause| format!("checkpoint `{}` {cause}", name(checkpoint)))?;
        }
    }
    without_doubles(&mut results.checkpoints)?;
    Ok(results)
}

fn name(checkpoint: &CheckpointResult) -> String {
    format!("{}/{}", checkpoint.run, checkpoint.name)
}

fn without_doubles(checkpoints: &mut Vec<CheckpointResult>) -> Result<(), String> {
    let mut known: HashMap<(&str, &str, &Path), usize> = HashMap::new();
    let mut first = Vec::with_capacity(checkpoints.len());
    for (index, checkpoint) in checkpoints.iter().enumerate() {
        let CheckpointResult { run, name, path, .. } = checkpoint;
        let earlier = *known.entry((run, name, path)).or_insert(index);
        if checkpoints[earlier] != *checkpoint {
            return Err(format!("checkpoint `{run}/{name}` is there twice, with other numbers; keep one"));
        }
        first.push(earlier == index);
    }
    let mut first = first.into_iter();
    checkpoints.retain(|_| first.next().unwrap_or(true));
    Ok(())
}

fn settings(settings: &ResultSettings) -> Result<(), String> {
    let of = &settings.settings;
    let whole = |name: &str, value: u64, range: RangeInclusive<u64>| match range.contains(&value) {
        true => Ok(()),
        false => {
            Err(format!("the setting `{name}` is {value}, not one of {} to {}", range.start(), range.end()))
        }
    };
    whole("max_order", of.max_order as u64, 1..=LARGEST_ORDER as u64)?;
    whole("points", of.points as u64, 2..=1 << 24)?;
    whole("reference_seeds", of.reference_seeds as u64, 1..=1 << 16)?;
    whole("samples", of.samples as u64, 1..=1 << 48)?;
    whole("context", of.context as u64, 1..=1 << 32)?;
    whole("documents", settings.documents as u64, 0..=1 << 48)?;
    whole("skipped_documents", settings.skipped_documents as u64, 0..=1 << 48)?;
    let fixed = if let Temperature::Fixed(epsilon) = of.temperature { epsilon } else { 1.0 };
    let numbers = [("temperature", fixed), ("temperature_factor", of.temperature_factor)];
    match numbers.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
        Some((name, value)) => Err(format!("the setting `{name}` is {value}, not a number above 0")),
        None if !(0.0..=1.0).contains(&of.tolerance) => {
            Err(format!("the setting `tolerance` is {}, not a number from 0 to 1", of.tolerance))
        }
        None => Ok(()),
    }
}

fn measurement(measurement: &Measurement) -> Result<(), String> {
    let Measurement { layers, mean, .. } = measurement;
    for (name, value) in [("loss", measurement.loss), ("temperature", measurement.temperature)] {
        finite(name, "", value)?;
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
        finite_layer(layer, &format!(" of layer {index}"))?;
    }
    if mean.layer.is_some() {
        return Err("lacks the average over layers".to_owned());
    }
    finite_layer(mean, " of the average over layers")?;
    let average = LayerMeasures::mean(&layers[1..]);
    let close = |a: f64, b: f64| (a - b).abs() <= ROUNDED;
    let as_said = average.is_some_and(|average| {
        let orders = |layer: &LayerMeasures| layer.orders.iter().count();
        let alike = |order: usize, m: &OrderMeasures| {
            average.orders.get(order).is_some_and(|a| close(a.input, m.input) && close(a.output, m.output))
        };
        orders(&average) == orders(mean)
            && close(average.entropy, mean.entropy)
            && mean.orders.iter().all(|(order, m)| alike(order, m))
    });
    if !as_said {
        return Err(format!(
            "lacks some of its layers: those there, 1 to {}, have another average",
            layers.len() - 1
        ));
    }
    for estimate in &measurement.convergence {
        for (name, values) in [("input", &estimate.input), ("output", &estimate.output)] {
            if values.len() > LARGEST_ORDER {
                return Err(format!("has {} orders in its convergence", values.len()));
            }
            values.iter().try_for_each(|&value| finite(name, " of its convergence", value))?;
        }
    }
    Ok(())
}

fn finite_layer(layer: &LayerMeasures, of: &str) -> Result<(), String> {
    finite("entropy", of, layer.entropy)?;
    layer.entropy_spread.map_or(Ok(()), |value| finite("entropy_spread", of, value))?;
    for (_, measures) in layer.orders.iter() {
        for (name, value) in measures.values() {
            value.map_or(Ok(()), |value| finite(name, of, value))?;
        }
    }
    Ok(())
}

fn finite(name: &str, of: &str, value: f64) -> Result<(), String> {
    match value.is_finite() {
        true => Ok(()),
        false => Err(format!("has a `{name}`{of} that is not a number ({value})")),
    }
}
