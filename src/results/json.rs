//! Results as one JSON document: conditions, each with its settings and its checkpoints.

use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::provenance::{Fields, condition_fields, read_fields};
use super::{
    Cause, CheckpointResult, ConditionResults, Measurement, Outcome, Provenance, Results, SCHEMA, as_text,
};

/// The setting that names the text, by its file name.
const TEXT: &str = "text";

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    conditions: Vec<ConditionDocument<'a>>,
}

#[derive(Serialize)]
struct ConditionDocument<'a> {
    condition: String,
    settings: Fields,
    checkpoints: Vec<CheckpointDocument<'a>>,
}

#[derive(Serialize)]
struct CheckpointDocument<'a> {
    run: &'a str,
    name: &'a str,
    step: Option<u64>,
    tokens: Option<u64>,
    #[serde(serialize_with = "as_text")]
    path: &'a Path,
    provenance: &'a Provenance,
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<usize>,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

impl<'a> CheckpointDocument<'a> {
    fn new(checkpoint: &'a CheckpointResult) -> Self {
        Self {
            run: &checkpoint.run,
            name: &checkpoint.name,
            step: checkpoint.step,
            tokens: checkpoint.tokens,
            path: &checkpoint.path,
            provenance: &checkpoint.provenance,
            documents: checkpoint.measurement().map(|_| checkpoint.documents()),
            outcome: &checkpoint.outcome,
        }
    }
}

impl<'a> ConditionDocument<'a> {
    fn new(ConditionResults { condition, checkpoints }: &'a ConditionResults) -> Result<Self, String> {
        let mut settings = condition_fields(condition)?;
        let text = condition.identity().text.path().to_string_lossy().into_owned();
        settings.insert(TEXT.to_owned(), text.into());
        let checkpoints = checkpoints.iter().map(CheckpointDocument::new).collect();
        Ok(Self { condition: condition.id().to_string(), settings, checkpoints })
    }
}

/// Writes the document.
pub fn write(results: &Results) -> Result<Vec<u8>, String> {
    let conditions = results.conditions.iter().map(ConditionDocument::new).collect::<Result<_, _>>()?;
    let document = Document { schema: SCHEMA, conditions };
    let mut bytes = serde_json::to_vec_pretty(&document).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Of which form a document is.
pub enum Head {
    /// Of this one.
    Present,
    /// Of one before: a document of one condition, with these settings.
    Older {
        /// The number of the form, 0 where it has none.
        schema: u64,
        /// The condition and the provenance of all checkpoints.
        settings: Map<String, Value>,
    },
}

impl Head {
    /// Reads what all forms have: whatever else a later one holds is no news then.
    pub fn read(bytes: &[u8]) -> Result<Self, Cause> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(default)]
            schema: u64,
            settings: Option<Map<String, Value>>,
            conditions: Option<IgnoredAny>,
        }
        let Document { schema, settings, conditions } =
            serde_json::from_slice(bytes).map_err(|error| Cause::Foreign(error.to_string()))?;
        match (settings, conditions) {
            (None, None) => Err(Cause::Foreign("it has neither `conditions` nor `settings`".to_owned())),
            _ if schema > u64::from(SCHEMA) => Err(Cause::Newer { schema }),
            (Some(settings), None) if schema < u64::from(SCHEMA) => Ok(Self::Older { schema, settings }),
            (Some(_), None) => Err(Cause::Foreign("it has no `conditions`".to_owned())),
            (_, Some(_)) if schema == 0 => Err(Cause::Foreign("it does not say its `schema`".to_owned())),
            (_, Some(_)) => Ok(Self::Present),
        }
    }
}

/// Reads a document of this form.
pub fn read(bytes: &[u8]) -> Result<Results, Cause> {
    #[derive(Deserialize)]
    struct Document {
        conditions: Vec<OfCondition>,
    }
    #[derive(Deserialize)]
    struct OfCondition {
        settings: Fields,
        checkpoints: Vec<Map<String, Value>>,
    }
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| Cause::Unusable(error.to_string()))?;
    let checkpoints = document.conditions.into_iter().flat_map(|OfCondition { settings, checkpoints }| {
        checkpoints.into_iter().map(move |checkpoint| checkpoint_of_condition(&settings, checkpoint))
    });
    Ok(Results { conditions: checkpoints.collect::<Result<_, _>>().map_err(Cause::Unusable)? })
}

/// A checkpoint with its condition.
fn checkpoint_of_condition(
    settings: &Fields,
    mut fields: Map<String, Value>,
) -> Result<ConditionResults, String> {
    let provenance = fields.remove("provenance").unwrap_or(Value::Object(Map::new()));
    let Value::Object(provenance) = provenance else { return Err("a provenance that is none".to_owned()) };
    if let Some((twice, _)) = provenance.iter().find(|(name, _)| settings.contains_key(*name)) {
        return Err(format!("its settings: `{twice}`, which belongs to each checkpoint's provenance"));
    }
    let mut of_both = settings.clone();
    let text = of_both.remove(TEXT);
    of_both.extend(provenance);
    let (condition, provenance) = read_fields(&of_both, true)?;
    let file = condition.text.path().to_string_lossy();
    if text.as_ref().and_then(Value::as_str) != Some(&*file) {
        let text = text.map_or("none".to_owned(), |text| text.to_string());
        return Err(format!("its setting `{TEXT}` is {text}, and a `corpus` {file:?}"));
    }
    Ok(ConditionResults { condition, checkpoints: vec![checkpoint(fields, provenance, Ok)?] })
}

/// What gives the fields of a measured checkpoint the form of today.
pub type Modern = fn(Map<String, Value>) -> Result<Map<String, Value>, String>;

/// A checkpoint; `modern` gives the fields of a measured one the form of today. What is wrong with its numbers is said
/// with its name.
pub fn checkpoint(
    mut fields: Map<String, Value>,
    provenance: Provenance,
    modern: Modern,
) -> Result<CheckpointResult, String> {
    #[derive(Deserialize)]
    struct Named {
        run: String,
        name: String,
        step: Option<u64>,
        tokens: Option<u64>,
        path: PathBuf,
    }
    let named =
        fields.iter().filter(|(name, _)| ["run", "name", "step", "tokens", "path"].contains(&&***name));
    let named = Value::Object(named.map(|(name, value)| (name.clone(), value.clone())).collect());
    let Named { run, name, step, tokens, path } =
        serde_json::from_value(named).map_err(|error| format!("a checkpoint: {error}"))?;
    let outcome = match fields.remove("error") {
        Some(Value::String(error)) => Outcome::Failed { error },
        _ => {
            let read = |fields: Map<String, Value>| {
                let documents: Option<Option<usize>> =
                    fields.get("documents").cloned().map(serde_json::from_value).transpose()?;
                let measurement: Measurement = serde_json::from_value(Value::Object(fields))?;
                Ok((measurement, documents.flatten()))
            };
            let whole = |(measurement, documents): (Measurement, Option<usize>)| match documents {
                Some(documents) => measurement.on_documents(documents, provenance.sample_documents),
                None => Ok(measurement),
            };
            let read = |fields| read(fields).map_err(|error: serde_json::Error| error.to_string());
            let measurement = modern(fields).and_then(read).and_then(whole);
            let named = |error| format!("checkpoint `{run}/{name}`: {error}");
            Outcome::Measured(Box::new(measurement.map_err(named)?))
        }
    };
    Ok(CheckpointResult { run, name, step, tokens, path, provenance, outcome })
}
