//! Results as they are written and read: what was measured, with the settings it was measured under.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::measures::{LayerMeasures, OrderMeasures, order_name};
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
    /// Reads results as [`Results::to_json`] wrote them.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(Kind::Output, format!("the results cannot be read ({error})")).at(path)
        })?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Error::new(Kind::Output, format!("these are no results ({error})"))
                .help("name a file that `infoplane measure --format json` wrote")
                .at(path)
        })
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
        let broken =
            |error: String| Error::new(Kind::Output, format!("the table cannot be written ({error})"));
        let mut table = csv::Writer::from_writer(Vec::new());
        for checkpoint in &self.checkpoints {
            for row in Row::of(checkpoint) {
                table.serialize(row).map_err(|error| broken(error.to_string()))?;
            }
        }
        table.into_inner().map_err(|error| broken(error.to_string()))
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

/// A row of the CSV table.
#[derive(Serialize)]
struct Row<'a> {
    run: &'a str,
    name: &'a str,
    step: Option<u64>,
    tokens: Option<u64>,
    path: String,
    loss: Option<f64>,
    positions: Option<usize>,
    temperature: Option<f64>,
    layer: Option<String>,
    entropy: Option<f64>,
    order: Option<&'static str>,
    input: Option<f64>,
    output: Option<f64>,
    input_mean: Option<f64>,
    output_mean: Option<f64>,
    optimality: Option<f64>,
    input_null: Option<f64>,
    output_null: Option<f64>,
    input_singletons: Option<f64>,
    output_singletons: Option<f64>,
    error: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(checkpoint: &'a CheckpointResult) -> Vec<Self> {
        let row = |measurement: Option<&Measurement>,
                   layer: Option<&LayerMeasures>,
                   order: Option<(usize, &OrderMeasures)>,
                   error: Option<&'a str>| Self {
            run: &checkpoint.run,
            name: &checkpoint.name,
            step: checkpoint.step,
            tokens: checkpoint.tokens,
            path: checkpoint.path.display().to_string(),
            loss: measurement.map(|m| m.loss),
            positions: measurement.map(|m| m.positions),
            temperature: measurement.map(|m| m.temperature),
            layer: layer.map(|l| l.layer.map_or("mean".to_owned(), |index| index.to_string())),
            entropy: layer.map(|l| l.entropy),
            order: order.map(|(order, _)| order_name(order)),
            input: order.map(|(_, m)| m.input),
            output: order.map(|(_, m)| m.output),
            input_mean: order.map(|(_, m)| m.input_mean),
            output_mean: order.map(|(_, m)| m.output_mean),
            optimality: order.and_then(|(_, m)| m.optimality),
            input_null: order.and_then(|(_, m)| m.input_null),
            output_null: order.and_then(|(_, m)| m.output_null),
            input_singletons: order.and_then(|(_, m)| m.input_singletons),
            output_singletons: order.and_then(|(_, m)| m.output_singletons),
            error,
        };
        match &checkpoint.outcome {
            Outcome::Failed { error } => vec![row(None, None, None, Some(error))],
            Outcome::Measured(measurement) => measurement
                .layers
                .iter()
                .chain([&measurement.mean])
                .flat_map(|layer| layer.orders.iter().map(move |order| (layer, order)))
                .map(|(layer, order)| row(Some(measurement), Some(layer), Some(order), None))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let layer = |layer| LayerMeasures {
            layer,
            entropy: 0.9,
            entropy_spread: None,
            orders: [OrderMeasures::new(0.4, 0.1, 0.5, 0.2)].into_iter().collect(),
        };
        let measurement = Measurement {
            loss: 3.5,
            positions: 10,
            temperature: 0.02,
            layers: vec![layer(Some(0)), layer(Some(1))],
            mean: layer(None),
            convergence: Vec::new(),
        };
        let checkpoint = |name: &str, outcome| CheckpointResult {
            run: "run".to_owned(),
            name: name.to_owned(),
            step: Some(7),
            tokens: None,
            path: PathBuf::from("/run").join(name),
            outcome,
        };
        Results {
            settings: ResultSettings {
                settings: Settings::default(),
                corpus: PathBuf::from("/text.jsonl"),
                documents: 3,
                skipped_documents: 1,
                device: "CPU".to_owned(),
                version: "0".to_owned(),
            },
            checkpoints: vec![
                checkpoint("step7", Outcome::Measured(Box::new(measurement))),
                checkpoint("bad", Outcome::Failed { error: "cut short, sadly".to_owned() }),
            ],
        }
    }

    #[test]
    fn json_survives_a_round_trip_and_has_the_documented_form() {
        let bytes = results().to_json().unwrap();
        assert_eq!(serde_json::from_slice::<Results>(&bytes).unwrap(), results());
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let first = &json["checkpoints"][0];
        assert_eq!(first["name"], "step7");
        assert_eq!(first["layers"][1]["layer"], 1);
        assert_eq!(first["mean"]["orders"]["token"]["optimality"], 0.25);
        assert!(first["mean"]["orders"].get("bigram").is_none() && first["mean"].get("layer").is_none());
        assert_eq!(json["checkpoints"][1]["error"], "cut short, sadly");
        assert_eq!(json["settings"]["temperature"], "root");
    }

    #[test]
    fn csv_has_a_row_a_layer_and_one_a_failure() {
        let text = String::from_utf8(results().to_csv().unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 3 + 1);
        assert!(
            lines[0].starts_with(
                "run,name,step,tokens,path,loss,positions,temperature,layer,entropy,order,input"
            )
        );
        assert!(lines[3].contains(",mean,0.9,token,0.4,0.1,0.5,0.2,0.25,"));
        assert!(lines[4].ends_with("\"cut short, sadly\""));
    }
}
