//! Results as tidy rows: one a checkpoint, layer, label and measure, each of which says what it is of.
//!
//! CSV and Parquet are two encodings of these rows; the module's docs say what each column and measure is. Their order
//! means nothing: a table that was sorted, filtered or joined to another reads as what it holds, or is refused with what
//! it lacks or mixes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

use super::provenance::{Fields, all_fields, read_fields};
use super::{CheckpointResult, ConditionResults, Estimate, Measurement, Outcome, Provenance, Results};
use crate::measures::{Label, LayerMeasures, Measure, Subject};

/// The layer column of the average over layers, and of what holds for the whole model.
pub const MEAN: &str = "mean";

/// Measures of no layer, or of a smaller sample; [`Measure`] has those of layers.
pub const LOSS: &str = "loss";
pub const TEMPERATURE: &str = "temperature";
pub const CONVERGENCE: &str = "convergence";
pub const FAILED: &str = "failed";

/// What the rows of one measurement of a checkpoint all say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    pub run: String,
    pub checkpoint: String,
    pub step: Option<u64>,
    pub tokens: Option<u64>,
    pub path: String,
    pub weights: Option<String>,
    pub sample: Option<String>,
    pub warning: Option<String>,
    /// The condition's name; empty where it was read, as it follows from the settings.
    pub condition: String,
    /// The condition's settings and the provenance.
    pub fields: Fields,
}

impl About {
    /// The checkpoint's name, as it is printed.
    fn name(&self) -> String {
        format!("{}/{}", self.run, self.checkpoint)
    }
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The same one in all rows of a measurement.
    pub about: Rc<About>,
    /// The index of the hidden state; none for the average and the whole model.
    pub layer: Option<usize>,
    pub label: String,
    pub measure: String,
    pub value: Option<f64>,
    pub documents: Option<u64>,
    pub positions: Option<u64>,
    pub error: Option<String>,
}

/// The rows of all checkpoints.
///
/// # Errors
/// None in practice; what the settings' own form said.
pub fn rows_of(results: &Results) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for ConditionResults { condition, checkpoints } in &results.conditions {
        for checkpoint in checkpoints {
            let about = About {
                condition: condition.id().to_string(),
                fields: all_fields(condition, &checkpoint.provenance)?,
                ..About::default()
            };
            rows.extend(rows_of_checkpoint(checkpoint, about));
        }
    }
    Ok(rows)
}

/// The rows of a checkpoint, with the condition and the fields of `about` beside each.
pub fn rows_of_checkpoint(checkpoint: &CheckpointResult, about: About) -> Vec<Row> {
    let measured = checkpoint.measurement();
    let about = Rc::new(About {
        run: checkpoint.run.clone(),
        checkpoint: checkpoint.name.clone(),
        step: checkpoint.step,
        tokens: checkpoint.tokens,
        path: checkpoint.path.to_string_lossy().into_owned(),
        weights: measured.and_then(|m| m.weights.clone()),
        sample: measured.and_then(|m| m.sample.clone()),
        warning: measured.and_then(|m| m.warning.clone()),
        ..about
    });
    let measurement = match &checkpoint.outcome {
        Outcome::Failed { error } => {
            let (measure, error) = (FAILED.to_owned(), Some(error.clone()));
            return vec![Row { about, measure, error, ..Row::default() }];
        }
        Outcome::Measured(measurement) => measurement,
    };
    let row = |layer: Option<usize>, label: String, measure: &str, value: f64| Row {
        about: Rc::clone(&about),
        layer,
        label,
        measure: measure.to_owned(),
        value: Some(value),
        documents: Some(checkpoint.documents() as u64),
        positions: Some(measurement.positions as u64),
        error: None,
    };
    let alone = |layer: Option<usize>, measure: &str, value: f64| row(layer, String::new(), measure, value);
    // That there is no loss is told too: a row that was lost is missed.
    let loss = Row { value: measurement.loss, ..alone(None, LOSS, 0.0) };
    let mut rows = vec![loss, alone(None, TEMPERATURE, measurement.temperature)];
    for layer in measurement.layers.iter().chain([&measurement.mean]) {
        rows.extend(
            layer.values().into_iter().map(|(subject, measure, value)| {
                row(layer.layer, subject.to_string(), measure.name(), value)
            }),
        );
    }
    for estimate in &measurement.convergence {
        let (documents, positions) = (Some(estimate.documents as u64), Some(estimate.positions as u64));
        let at = |row: Row| Row { documents, positions, ..row };
        let of = |(label, &value): (&Label, &f64)| at(row(None, label.to_string(), CONVERGENCE, value));
        rows.extend(estimate.information.iter().map(of));
        if estimate.information.is_empty() {
            // Too few documents for any label to be kept: that they were looked at is told all the same.
            rows.push(Row { value: None, ..at(alone(None, CONVERGENCE, 0.0)) });
        }
    }
    rows
}

/// The results that rows are of, whatever their order: one checkpoint for each measurement that they hold.
///
/// # Errors
/// What a checkpoint lacks, or where its rows disagree. Settings that results once had no name for may be missing where
/// not `all` are needed.
pub fn results_of(rows: Vec<Row>, all: bool) -> Result<Results, String> {
    let mut measurements: Vec<Vec<Row>> = Vec::new();
    let mut places: HashMap<*const About, usize> = HashMap::new();
    for row in rows {
        let place = *places.entry(Rc::as_ptr(&row.about)).or_insert(measurements.len());
        match measurements.get_mut(place) {
            Some(rows) => rows.push(row),
            None => measurements.push(vec![row]),
        }
    }
    let mut conditions: Vec<ConditionResults> = Vec::new();
    for rows in measurements {
        let about = &*rows[0].about;
        let (condition, provenance) = read_fields(&about.fields, all)?;
        let checkpoint = checkpoint(&rows, provenance)
            .map_err(|cause| format!("checkpoint `{}` {cause}", about.name()))?;
        match conditions.last_mut() {
            Some(last) if last.condition == condition => last.checkpoints.push(checkpoint),
            _ => conditions.push(ConditionResults { condition, checkpoints: vec![checkpoint] }),
        }
    }
    Ok(Results { conditions })
}

/// The checkpoint that the rows of one measurement are of; they are at least one.
fn checkpoint(rows: &[Row], provenance: Provenance) -> Result<CheckpointResult, String> {
    let about = &*rows[0].about;
    let failed = |row: &Row| row.measure == FAILED || row.error.is_some();
    let failures: Vec<&Row> = rows.iter().filter(|row| failed(row)).collect();
    let outcome = match failures.len() {
        0 => Outcome::Measured(Box::new(measurement(rows, provenance.sample_documents)?)),
        count if count < rows.len() => return Err("is measured and `failed`; keep one of both".to_owned()),
        // Of several causes any will do: the checkpoint has no numbers.
        _ => {
            let error = failures.iter().filter_map(|row| row.error.as_ref()).min();
            Outcome::Failed { error: error.cloned().unwrap_or_default() }
        }
    };
    Ok(CheckpointResult {
        run: about.run.clone(),
        name: about.checkpoint.clone(),
        step: about.step,
        tokens: about.tokens,
        path: PathBuf::from(&about.path),
        provenance,
        outcome,
    })
}

/// A layer, label and measure, and how many documents where they differ within a checkpoint.
pub type Key<'a> = (Option<usize>, &'a str, &'a str, Option<u64>);

/// The key of a row's value within its checkpoint.
pub fn key_of(row: &Row) -> Key<'_> {
    (row.layer, &*row.label, &*row.measure, row.documents.filter(|_| row.measure == CONVERGENCE))
}

fn measurement(rows: &[Row], sample_documents: usize) -> Result<Measurement, String> {
    let mut values: HashMap<Key<'_>, f64> = HashMap::new();
    let mut samples: BTreeMap<u64, Option<u64>> = BTreeMap::new();
    let mut whole: Option<(Option<u64>, Option<u64>)> = None;
    for row in rows {
        let size = (row.documents, row.positions);
        let key = key_of(row);
        let documents = key.3;
        let expected = match documents {
            Some(documents) => (row.documents, *samples.entry(documents).or_insert(row.positions)),
            None => *whole.get_or_insert(size),
        };
        if size != expected {
            let text = |(documents, positions): (Option<u64>, Option<u64>)| {
                let number = |n: Option<u64>| n.map_or("?".to_owned(), |n| n.to_string());
                format!("{} documents with {} positions", number(documents), number(positions))
            };
            return Err(format!("has rows of {} and of {}", text(expected), text(size)));
        }
        let Some(value) = row.value else { continue };
        let known = *values.entry(key).or_insert(value);
        if known != value && !(known.is_nan() && value.is_nan()) {
            return Err(format!("has {} twice, {known} and {value}", name_of_key(key)));
        }
    }
    let count = values.keys().filter_map(|key| key.0).collect::<HashSet<usize>>().len();
    let mut labels: BTreeMap<Option<usize>, BTreeSet<Label>> = BTreeMap::new();
    let mut estimates: BTreeMap<u64, BTreeMap<Label, f64>> = BTreeMap::new();
    for (&(layer, label, measure, documents), &value) in &values {
        let Ok(label) = label.parse::<Label>() else { continue };
        if let (None, Some(documents)) = (layer, documents) {
            estimates.entry(documents).or_default().insert(label, value);
        } else if documents.is_none() && measure.parse::<Measure>().is_ok() {
            labels.entry(layer).or_default().insert(label);
        }
    }
    let layer = |index: Option<usize>| {
        let labels = labels.get(&index).into_iter().flatten().cloned();
        let value = |subject: &Subject, measure: Measure| {
            values.get(&(index, &*subject.to_string(), measure.name(), None)).copied()
        };
        LayerMeasures::from_values(index, labels, value)
            .map_err(|(subject, measure)| format!("lacks {}", name_of(index, &subject, measure)))
    };
    let layers = (0..count).map(|index| layer(Some(index))).collect::<Result<Vec<_>, _>>()?;
    let mean = layer(None)?;
    let alone = |measure: &str| values.get(&(None, "", measure, None)).copied();
    let lacks = |measure: &str| format!("lacks its `{measure}`");
    if !rows.iter().any(|row| row.measure == LOSS) {
        return Err(lacks(LOSS));
    }
    let size = whole.unwrap_or_default();
    let positions = size.1.ok_or("lacks its `positions`")? as usize;
    let estimate = |(&documents, &positions): (&u64, &Option<u64>)| {
        let positions = positions.ok_or("lacks the `positions` of its convergence")? as usize;
        let information = estimates.get(&documents).cloned().unwrap_or_default();
        Ok(Estimate { documents: documents as usize, positions, information })
    };
    let convergence = samples.iter().map(estimate).collect::<Result<Vec<_>, String>>()?;
    let measurement = Measurement {
        loss: alone(LOSS),
        positions,
        temperature: alone(TEMPERATURE).ok_or_else(|| lacks(TEMPERATURE))?,
        layers,
        mean,
        convergence,
        label_tables: BTreeMap::new(),
        weights: rows[0].about.weights.clone(),
        sample: rows[0].about.sample.clone(),
        warning: rows[0].about.warning.clone(),
    };
    match size.0 {
        Some(documents) => measurement.on_documents(documents as usize, sample_documents),
        None => Ok(measurement),
    }
}

/// What a number of a layer is, in words.
pub fn name_of(layer: Option<usize>, subject: &Subject, measure: Measure) -> String {
    name_of_key((layer, &subject.to_string(), measure.name(), None))
}

/// What a value is, in words.
pub fn name_of_key((layer, label, measure, documents): Key<'_>) -> String {
    let label = if label.is_empty() { String::new() } else { format!(" of {label}") };
    let documents = documents.map_or(String::new(), |documents| format!(" on {documents} documents"));
    match measure {
        LOSS | TEMPERATURE => format!("its `{measure}`"),
        _ => format!("`{measure}`{label} in {}{documents}", place(layer)),
    }
}

/// A layer in words; `None` is their average.
pub fn place(layer: Option<usize>) -> String {
    layer.map_or("the average over layers".to_owned(), |index| format!("layer {index}"))
}
