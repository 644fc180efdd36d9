//! Results as they are written and read: what was measured, with the settings it was measured under.
//!
#![doc = include_str!("../../docs/results.md")]

mod check;
mod columns;
pub mod condition;
mod csv;
mod files;
mod older;
mod parquet;
mod rows;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

pub use condition::Condition;
pub use files::{looks_like_results, read_all};

use crate::checkpoints::{Checkpoint, Run};
use crate::condition::TextSource;
use crate::error::{Error, Kind, Result};
use crate::measures::{Label, LayerMeasures, known};
use crate::settings::Settings;

/// The number of the form that results are written in. It rises when a reader of the form before would misread or
/// refuse the new one; the forms before, and files without a number, which are of before 1, are read too.
pub const SCHEMA: u32 = 2;

/// The results of one measurement: every checkpoint, measured or failed, in the order of training.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The settings all checkpoints were measured under.
    pub settings: ResultSettings,
    /// One entry a checkpoint.
    pub checkpoints: Vec<CheckpointResult>,
}

/// The settings with what only the measurement itself could know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultSettings {
    /// What was asked for.
    #[serde(flatten)]
    pub settings: Settings,
    /// The text or token file measured.
    #[serde(serialize_with = "as_text")]
    pub corpus: PathBuf,
    /// How many documents were long enough and measured.
    pub documents: usize,
    /// How many were too short to hold a labelled position.
    pub skipped_documents: usize,
    /// The device that computed, by its own name.
    pub device: String,
    /// The version of infoplane that measured.
    pub version: String,
}

/// One checkpoint of a run with its numbers, or with the reason it has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct CheckpointResult {
    /// The name of the run it belongs to.
    pub run: String,
    /// The checkpoint's folder name.
    pub name: String,
    /// Training steps, where the name or the folder says.
    pub step: Option<u64>,
    /// Training tokens, likewise.
    pub tokens: Option<u64>,
    /// The checkpoint's folder.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// The numbers, or why there are none.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The numbers of a checkpoint, or why there are none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The checkpoint was measured.
    Measured(Box<Measurement>),
    /// The checkpoint could not be measured; the rest of its run was.
    Failed {
        /// The cause in one line.
        error: String,
    },
}

/// The numbers of one checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Mean next-token cross-entropy over all predictions of the documents, in nats a token.
    pub loss: f64,
    /// The number of labelled positions.
    pub positions: usize,
    /// The temperature ε used.
    pub temperature: f64,
    /// Every hidden state from the embedding output (0) to the last after the final norm (L).
    pub layers: Vec<LayerMeasures>,
    /// The average over layers 1..L.
    pub mean: LayerMeasures,
    /// How the average moves as the sample grows, the whole sample last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub convergence: Vec<Estimate>,
    /// A hash of the checkpoint's configuration and weights, 32 hexadecimal digits: results of one model wherever it
    /// lies have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// A hash of the tokens measured, 32 hexadecimal digits: results of the same text, read by the same tokenizer and
    /// cut alike, have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// What a smaller sample gave: its first documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number of documents.
    pub documents: usize,
    /// The number of labelled positions in them.
    pub positions: usize,
    /// The information about each label, averaged over layers 1..L; empty where too few documents keep any.
    #[serde(rename = "labels", deserialize_with = "known")]
    pub information: BTreeMap<Label, f64>,
}

impl Measurement {
    /// The number of documents behind it, where it says.
    pub fn documents(&self) -> Option<usize> {
        self.convergence.last().map(|estimate| estimate.documents)
    }

    /// How many of the layers averaged, 1..L, depend on the seed of the reference points more than on the text
    /// ([`LayerMeasures::depends_on_seed`]).
    pub fn layers_of_seed(&self) -> usize {
        self.layers.iter().skip(1).filter(|layer| layer.depends_on_seed()).count()
    }

    /// The most that the last growth of the sample moved an information; `None` where it did not grow.
    pub fn last_change(&self) -> Option<f64> {
        let [.., before, last] = &self.convergence[..] else { return None };
        let change = |(label, last): (&Label, &f64)| Some((before.information.get(label)? - last).abs());
        Some(last.information.iter().filter_map(change).fold(0.0, f64::max))
    }
}

impl CheckpointResult {
    /// The numbers, where the checkpoint was measured.
    pub fn measurement(&self) -> Option<&Measurement> {
        match &self.outcome {
            Outcome::Measured(measurement) => Some(measurement),
            Outcome::Failed { .. } => None,
        }
    }
}

/// The fields of an object in JSON.
type Fields = serde_json::Map<String, Value>;

/// A path in results; what of it is not Unicode is replaced, since a measurement is worth more than its path.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

impl TryFrom<Fields> for CheckpointResult {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        Self::from_fields(fields, Ok)
    }
}

impl CheckpointResult {
    /// Reads a checkpoint; `modern` gives the fields of a measured one the form of today. What is wrong with its
    /// numbers is told with its name.
    fn from_fields(mut fields: Fields, modern: fn(Fields) -> Result<Fields, String>) -> Result<Self, String> {
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
                let read = |fields| serde_json::from_value(Value::Object(fields)).map_err(|e| e.to_string());
                let measurement = modern(fields)
                    .and_then(read)
                    .map_err(|error| format!("checkpoint `{run}/{name}`: {error}"))?;
                Outcome::Measured(Box::new(measurement))
            }
        };
        Ok(Self { run, name, step, tokens, path, outcome })
    }
}

/// Checks that no setting is missing. Only files from before the schema may lack those that there was no name for.
///
/// # Errors
/// A setting that is missing.
fn all_settings_in(fields: &Fields) -> Result<(), String> {
    let usual = serde_json::to_value(ResultSettings::default()).unwrap_or_default();
    let mut names = usual.as_object().into_iter().flat_map(serde_json::Map::keys);
    match names.find(|name| !fields.contains_key(*name)) {
        Some(missing) => Err(format!("its settings: missing field `{missing}`")),
        None => Ok(()),
    }
}

/// The settings in a file of results.
///
/// # Errors
/// A setting that is missing, of another kind or unknown.
fn settings_from(fields: Fields) -> Result<ResultSettings, String> {
    let names: Vec<String> = fields.keys().cloned().collect();
    let settings = ResultSettings::deserialize(Value::Object(fields.clone())).map_err(|whole| {
        // What is wrong with a value is told without the name it stands under: tried one by one, it has one.
        let usual = serde_json::to_value(ResultSettings::default()).unwrap_or_default();
        let alone = |(name, value): (String, Value)| {
            let mut one = usual.clone();
            one.as_object_mut()?.insert(name.clone(), value);
            ResultSettings::deserialize(one).err().map(|error| format!("its setting `{name}`: {error}"))
        };
        fields.into_iter().find_map(alone).unwrap_or_else(|| format!("its settings: {whole}"))
    })?;
    let known = table::settings_columns(&settings)?;
    match names.iter().find(|name| *name != "documents" && !known.contains_key(*name)) {
        Some(unknown) => Err(format!("its settings: unknown `{unknown}`")),
        None => Ok(settings),
    }
}

/// Why a file gives no results.
enum Cause {
    /// It is something else.
    Foreign(String),
    /// It has the form of results, and something in it that cannot be relied on.
    Unusable(String),
    /// It is of a form that came later than this program.
    Newer {
        /// The number of the form.
        schema: u64,
    },
}

/// A file of results in JSON.
#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    settings: &'a ResultSettings,
    checkpoints: &'a [CheckpointResult],
}

/// Reads a JSON document.
fn read_json(bytes: &[u8]) -> Result<Results, Cause> {
    /// What all forms have, read first: whatever else a later one holds is no news then.
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        schema: u64,
        settings: Fields,
    }
    #[derive(Deserialize)]
    struct Body<C> {
        checkpoints: Vec<C>,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| Cause::Foreign(error.to_string()))?;
    if head.schema > u64::from(SCHEMA) {
        return Err(Cause::Newer { schema: head.schema });
    }
    if !head.settings.contains_key("version") {
        return Err(Cause::Foreign("its settings do not say which version measured".to_owned()));
    }
    if head.schema > 0 {
        all_settings_in(&head.settings).map_err(Cause::Unusable)?;
    }
    let settings = settings_from(head.settings).map_err(Cause::Unusable)?;
    let unusable = |error: serde_json::Error| Cause::Unusable(error.to_string());
    let checkpoints = if head.schema > older::json::SCHEMA {
        serde_json::from_slice::<Body<_>>(bytes).map_err(unusable)?.checkpoints
    } else {
        let body: Body<Fields> = serde_json::from_slice(bytes).map_err(unusable)?;
        let checkpoint = |fields| CheckpointResult::from_fields(fields, older::json::modern);
        body.checkpoints.into_iter().map(checkpoint).collect::<Result<_, _>>().map_err(Cause::Unusable)?
    };
    Ok(Results { settings, checkpoints })
}

impl Results {
    /// Reads results as [`Results::to_json`] or [`Results::to_parquet`] wrote them, or as another program left their
    /// table after sorting, filtering or joining it.
    ///
    /// # Errors
    /// A file that cannot be read, holds something else, lacks something, mixes settings, or is of a form that came
    /// later than this program.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(Kind::Output, format!("the results cannot be read ({error})")).at(path)
        })?;
        let read = match bytes.starts_with(parquet::MAGIC) {
            true => parquet::read(bytes),
            false => read_json(&bytes),
        };
        let checked = read.and_then(|results| check::checked(results).map_err(Cause::Unusable));
        checked.map_err(|cause| match cause {
            Cause::Foreign(cause) => {
                Error::new(Kind::Output, format!("not an infoplane results file ({cause})"))
                    .help("name a file that `infoplane measure` wrote as json or parquet")
                    .at(path)
            }
            Cause::Unusable(cause) => {
                Error::new(Kind::Output, format!("these results cannot be used: {cause}")).at(path)
            }
            Cause::Newer { schema } => {
                let cause = format!(
                    "written by a newer infoplane: results of schema {schema}, where this one ({}) knows {SCHEMA}",
                    env!("CARGO_PKG_VERSION")
                );
                Error::new(Kind::Output, cause).help("read them with that version or a later one").at(path)
            }
        })
    }

    /// The same results a run each, in the order runs first appear.
    pub fn by_run(&self) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for checkpoint in &self.checkpoints {
            match runs.iter_mut().find(|run| run.checkpoints[0].run == checkpoint.run) {
                Some(run) => run.checkpoints.push(checkpoint.clone()),
                None => {
                    runs.push(Self {
                        settings: self.settings.clone(),
                        checkpoints: vec![checkpoint.clone()],
                    });
                }
            }
        }
        runs
    }

    /// The run that results of one run, as [`Results::by_run`] gives them, are of; its path is the file they are from.
    /// There is nothing to measure of it. Its name is empty where there is no checkpoint.
    pub fn as_run(&self, file: &Path) -> Run {
        let checkpoint = |result: &CheckpointResult| Checkpoint {
            name: result.name.clone(),
            path: result.path.clone(),
            step: result.step,
            tokens: result.tokens,
            tokenizer: None,
            root: result.path.clone(),
        };
        let name = self.checkpoints.first().map_or(String::new(), |first| first.run.clone());
        Run::new(name, file.to_owned(), self.checkpoints.iter().map(checkpoint).collect())
    }

    /// A Parquet table: one row a checkpoint, layer, label and measure, the settings beside each (`rows`).
    ///
    /// # Errors
    /// None in practice; what the writer said.
    pub fn to_parquet(&self) -> Result<Vec<u8>> {
        parquet::write(self)
            .map_err(|cause| Error::new(Kind::Output, format!("the table cannot be written ({cause})")))
    }

    /// One JSON document.
    ///
    /// # Errors
    /// None in practice; what the writer said.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let document = Document { schema: SCHEMA, settings: &self.settings, checkpoints: &self.checkpoints };
        let mut bytes = serde_json::to_vec_pretty(&document)
            .map_err(|error| Error::new(Kind::Output, format!("the results cannot be written ({error})")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// A CSV table: the same rows as [`Results::to_parquet`] writes.
    ///
    /// # Errors
    /// None in practice; what the writer said.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        csv::write(self)
            .map_err(|cause| Error::new(Kind::Output, format!("the table cannot be written ({cause})")))
    }
}

impl ResultSettings {
    /// The condition that the numbers are of.
    pub fn condition(&self) -> crate::condition::Condition {
        let text = TextSource::Corpus(self.corpus.clone());
        crate::condition::Condition { settings: self.settings.clone(), text }
    }

    /// The settings in a line, for under a figure.
    pub fn caption(&self) -> String {
        Condition::from(self).caption()
    }
}

#[cfg(test)]
mod tests;
