//! Results as they are written and read: what was measured, with the settings it was measured under.

mod csv;
mod parquet;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::measures::LayerMeasures;
use crate::settings::Settings;

/// The results of one measurement: every checkpoint, measured or failed, in the order of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The settings all checkpoints were measured under.
    pub settings: ResultSettings,
    /// One entry a checkpoint.
    pub checkpoints: Vec<CheckpointResult>,
}

/// The settings with what only the measurement itself could know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultSettings {
    /// What was asked for.
    #[serde(flatten)]
    pub settings: Settings,
    /// The text or token file measured.
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
    pub path: PathBuf,
    /// The numbers, or why there are none.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The numbers of a checkpoint, or why there are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// What a smaller sample gave: its first documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number of documents.
    pub documents: usize,
    /// The number of labelled positions in them.
    pub positions: usize,
    /// Complexity of each order, averaged over layers 1..L.
    pub input: Vec<f64>,
    /// Expressivity of each order, likewise.
    pub output: Vec<f64>,
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

    /// The most that the last growth of the sample moved a complexity or an expressivity, where it grew.
    pub fn last_change(&self) -> Option<f64> {
        let [.., before, last] = &self.convergence[..] else { return None };
        let change = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        Some(change(&before.input, &last.input).max(change(&before.output, &last.output)))
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

impl Results {
    /// Reads results as [`Results::to_json`] or [`Results::to_parquet`] wrote them.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(Kind::Output, format!("the results cannot be read ({error})")).at(path)
        })?;
        let read = match bytes.starts_with(parquet::MAGIC) {
            true => parquet::read(bytes),
            false => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
        };
        read.map_err(|cause| {
            Error::new(Kind::Output, format!("these are no results ({cause})"))
                .help("name a file that `infoplane measure` wrote as json or parquet")
                .at(path)
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

    /// A Parquet table: one row a checkpoint, layer, order and measure, with the settings in its metadata.
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
    /// A path that is not Unicode.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::new(Kind::Output, format!("the results cannot be written ({error})")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// A CSV table: one row a checkpoint, layer and order, the average over layers 1..L as layer `mean`; a
    /// failed checkpoint has one row with its error.
    ///
    /// # Errors
    /// None in practice; what the writer said.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        csv::write(self)
            .map_err(|cause| Error::new(Kind::Output, format!("the table cannot be written ({cause})")))
    }
}

impl ResultSettings {
    /// The settings in a line, for under a figure.
    pub fn caption(&self) -> String {
        let Settings { points, temperature, temperature_factor, context, seed, .. } = &self.settings;
        let factor = match temperature_factor {
            1.0 => String::new(),
            factor => format!(" × {factor}"),
        };
        let text = self.corpus.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "{text}, {} documents of up to {context} tokens; n = {points}, temperature {temperature}{factor}, seed {seed}",
            self.documents
        )
    }
}

#[cfg(test)]
mod tests;
