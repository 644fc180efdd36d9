//! Results as they are written and read: what was measured, with the settings it was measured under.
//!
#![doc = include_str!("../../docs/results.md")]

pub mod caption;
mod check;
mod columns;
mod csv;
mod files;
mod join;
mod json;
mod merge;
mod older;
mod parquet;
mod provenance;
mod rows;
mod run;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

pub use files::{holds_results, looks_like_results, read_all};
pub use join::{JoinedRun, join};
pub use merge::{Conflict, Difference, Side, union};
pub use provenance::Provenance;
pub use run::{RunResults, each};

use crate::condition::Condition;
use crate::error::{Error, Kind, Result};
use crate::measures::{Label, LabelTable, LayerMeasures, known};

/// The number of the form that results are written in. It rises when a reader of the form before would misread or
/// refuse the new one; the forms before, and files without a number, which are of before 1, are read too.
pub const SCHEMA: u32 = 2;

/// Results: checkpoints, measured or failed, under one condition or several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// One entry a condition.
    pub conditions: Vec<ConditionResults>,
}

/// What was measured under one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionResults {
    /// The condition by its identity ([`Condition::identity`]).
    pub condition: Condition,
    /// One entry a checkpoint: of each run those in the order of training.
    pub checkpoints: Vec<CheckpointResult>,
}

/// One checkpoint of a run with its numbers, or with the reason it has none.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointResult {
    /// The name of the run it belongs to.
    pub run: String,
    /// The checkpoint's folder name.
    pub name: String,
    /// Training steps; `None` where neither name nor folder says.
    pub step: Option<u64>,
    /// Training tokens, likewise.
    pub tokens: Option<u64>,
    /// The checkpoint's folder.
    pub path: PathBuf,
    /// Where its numbers come from.
    pub provenance: Provenance,
    /// The numbers, or why there are none.
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
    /// Mean next-token cross-entropy over all predictions of the documents, in nats a token; `None` of a model that was
    /// saved without an output head.
    #[serde(deserialize_with = "Option::deserialize")]
    pub loss: Option<f64>,
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
    /// The single labels that most of each information is owed to, and those that tell least; not in tables of CSV and
    /// Parquet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "known")]
    pub label_tables: BTreeMap<Label, LabelTable>,
    /// A hash of the checkpoint's configuration and weights, 32 hexadecimal digits: results of one model wherever it
    /// lies have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// A hash of the tokens measured, 32 hexadecimal digits: results of the same text, read by the same tokenizer and
    /// cut alike, have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// What may make these numbers other than the model's own, in one line: fields and tensors that the forward pass does
    /// not know. `None` where nothing is known to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
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

/// What may make the numbers of checkpoints other than their models' own, each once.
pub fn warnings<'r>(checkpoints: impl IntoIterator<Item = &'r CheckpointResult>) -> BTreeSet<&'r str> {
    let warning = |result: &'r CheckpointResult| result.measurement()?.warning.as_deref();
    checkpoints.into_iter().filter_map(warning).collect()
}

impl Measurement {
    /// The number of documents behind it, where it says.
    pub fn documents(&self) -> Option<usize> {
        self.convergence.last().map(|estimate| estimate.documents)
    }

    /// The measurement as one on so many documents of a sample: where the convergence was left out, or its end, the
    /// number of documents is known all the same.
    ///
    /// # Errors
    /// A convergence that goes on beyond them.
    fn on_documents(mut self, documents: usize, sample_documents: usize) -> Result<Self, String> {
        match self.documents() {
            Some(last) if last > documents => {
                Err(format!("has numbers on {documents} documents and a convergence up to {last}"))
            }
            known if known.unwrap_or(sample_documents) == documents => Ok(self),
            _ => {
                let (positions, information) = (self.positions, self.mean.informations());
                self.convergence.push(Estimate { documents, positions, information });
                Ok(self)
            }
        }
    }

    /// The measurement with the labels that another one of the same checkpoint, on another sample, has beside its own.
    pub fn with_labels_of(&self, other: &Self) -> Self {
        let with = |own: &LayerMeasures, other: &LayerMeasures| {
            let mut layer = own.clone();
            for (label, information) in &other.information {
                layer.information.entry(label.clone()).or_insert(*information);
            }
            layer
        };
        let layers = self.layers.iter().zip(&other.layers).map(|(own, other)| with(own, other)).collect();
        let mut label_tables = self.label_tables.clone();
        for (label, table) in &other.label_tables {
            label_tables.entry(label.clone()).or_insert_with(|| table.clone());
        }
        Self { layers, mean: with(&self.mean, &other.mean), label_tables, ..self.clone() }
    }

    /// How many of the layers averaged, 1..L, depend on the seed of the reference points more than on the text
    /// ([`LayerMeasures::depends_on_seed`]).
    pub fn layers_of_seed(&self) -> usize {
        self.layers.iter().skip(1).filter(|layer| layer.depends_on_seed()).count()
    }

    /// The most that the last growth of the sample moved an information, of n-grams where there are any, so that other
    /// labels beside them leave theirs as they are; `None` where it did not grow.
    pub fn last_change(&self) -> Option<f64> {
        let [.., before, last] = &self.convergence[..] else { return None };
        let change = |(label, last): (&Label, &f64)| Some((before.information.get(label)? - last).abs());
        let has_orders = last.information.keys().any(|label| label.order().is_some());
        let counted = last.information.iter().filter(|(label, _)| !has_orders || label.order().is_some());
        Some(counted.filter_map(change).fold(0.0, f64::max))
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

    /// The number of documents behind the numbers; of the whole sample where the checkpoint failed.
    pub fn documents(&self) -> usize {
        self.measurement().and_then(Measurement::documents).unwrap_or(self.provenance.sample_documents)
    }
}

/// A path in results; what of it is not Unicode is replaced, since a measurement is worth more than its path.
fn as_text<S: Serializer>(path: impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.as_ref().to_string_lossy())
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

impl Results {
    /// The results of checkpoints all asked of one condition, in the order that all results have.
    ///
    /// # Errors
    /// A checkpoint that is there twice, with other numbers.
    pub fn of(condition: &Condition, checkpoints: Vec<CheckpointResult>) -> Result<Self, Conflict> {
        let results = ConditionResults { condition: condition.identity(), checkpoints };
        union(vec![(None, Self { conditions: vec![results] })])
    }

    /// Reads results as [`Results::to_json`], [`Results::to_csv`] or [`Results::to_parquet`] wrote them, or as another
    /// program left their table after sorting, filtering or joining it.
    ///
    /// # Errors
    /// A file that cannot be read, holds something else, lacks something, contradicts itself, or is of a form that came
    /// later than this program.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(Kind::Output, format!("the results cannot be read ({error})")).at(path)
        })?;
        let first = bytes.trim_ascii_start().first();
        let read = match () {
            () if bytes.starts_with(parquet::MAGIC) => parquet::read(bytes),
            () if first.is_none_or(|first| b"{[".contains(first)) => {
                json::Head::read(&bytes).and_then(|head| match head {
                    json::Head::Present => json::read(&bytes),
                    json::Head::Older { schema, settings } => older::json::read(&bytes, schema, settings),
                })
            }
            () => csv::read(&bytes),
        };
        let checked = read.and_then(|results| check::checked(results).map_err(Cause::Unusable));
        let one =
            |results| union(vec![(None, results)]).map_err(|conflict| Cause::Unusable(conflict.to_string()));
        checked.and_then(one).map_err(|cause| match cause {
            Cause::Foreign(cause) => {
                Error::new(Kind::Output, format!("not an infoplane results file ({cause})"))
                    .help("name a file that `infoplane measure` wrote")
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
        json::write(self)
            .map_err(|cause| Error::new(Kind::Output, format!("the results cannot be written ({cause})")))
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

#[cfg(test)]
mod csv_tests;
#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod tests;
