//! `infoplane inspect`: what a folder holds.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{DONE, LinkArgs, PARTLY, deliver, note};
use crate::checkpoints::{self, Checkpoint, Run};
use crate::error::{Error, Kind, Result};
use crate::model::config::Config;
use crate::model::weights::Weights;

/// The flags of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Models, runs of checkpoints or folders of runs.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// As JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    links: LinkArgs,
}

/// A run as it is shown.
#[derive(Debug, Serialize)]
struct RunReport {
    name: String,
    path: PathBuf,
    checkpoints: Vec<CheckpointReport>,
    /// Revisions the hub cache names and does not hold.
    missing: Vec<String>,
}

/// A checkpoint as it is shown.
#[derive(Debug, Serialize)]
struct CheckpointReport {
    name: String,
    path: PathBuf,
    step: Option<u64>,
    tokens: Option<u64>,
    tokenizer: Option<PathBuf>,
    #[serde(flatten)]
    model: Option<ModelReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What a checkpoint's files say of its model.
#[derive(Debug, Serialize)]
struct ModelReport {
    family: &'static str,
    layers: usize,
    hidden_size: usize,
    vocab_size: usize,
    parameters: u64,
    dtype: String,
    bytes: u64,
}

/// Looks into folders and shows what is there, as it would be measured.
pub fn run(args: &InspectArgs) -> Result<u8> {
    let mut runs: Vec<Run> = Vec::new();
    for path in &args.paths {
        runs.extend(checkpoints::open_unless(path, args.links.links(), &mut || false)?);
    }
    for line in runs.iter().flat_map(|run| &run.notes) {
        note(&format!("warning: {line}"));
    }
    for repeat in checkpoints::told_apart(&mut runs.iter_mut().collect::<Vec<_>>()) {
        note(&repeat);
    }
    let runs: Vec<RunReport> = runs
        .into_iter()
        .filter(|run| !run.checkpoints.is_empty())
        .map(|run| RunReport {
            checkpoints: run.checkpoints.iter().map(report).collect(),
            missing: run.missing,
            name: run.name,
            path: run.path,
        })
        .collect();
    let text = if args.json {
        let broken = |error| Error::new(Kind::Output, format!("the report cannot be written ({error})"));
        serde_json::to_string_pretty(&serde_json::json!({ "runs": runs })).map_err(broken)? + "\n"
    } else {
        table(&runs)
    };
    deliver(text.as_bytes(), None)?;
    let whole = runs.iter().flat_map(|run| &run.checkpoints).all(|checkpoint| checkpoint.error.is_none());
    Ok(if whole { DONE } else { PARTLY })
}

fn report(checkpoint: &Checkpoint) -> CheckpointReport {
    let (model, error) = match model_report(checkpoint) {
        Ok(model) => (Some(model), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let Checkpoint { name, path, step, tokens, tokenizer, .. } = checkpoint.clone();
    CheckpointReport { name, path, step, tokens, tokenizer, model, error }
}

fn model_report(checkpoint: &Checkpoint) -> Result<ModelReport> {
    let folder = checkpoint.folder();
    let config = Config::read(&folder)?;
    let weights = Weights::open(&folder)?;
    Ok(ModelReport {
        family: config.model_type,
        layers: config.layers.len(),
        hidden_size: config.hidden_size,
        vocab_size: config.vocab_size,
        parameters: weights.parameters(),
        dtype: weights.dtypes().join(" "),
        bytes: weights.bytes(),
    })
}

fn table(runs: &[RunReport]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for run in runs {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}  ({})", run.name, run.path.display());
        let header = [
            "checkpoint",
            "step",
            "tokens",
            "family",
            "layers",
            "width",
            "parameters",
            "dtype",
            "bytes",
            "tokenizer",
        ];
        let mut rows = vec![header.map(str::to_owned)];
        rows.extend(run.checkpoints.iter().map(row));
        let widths: Vec<usize> = (0..header.len())
            .map(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0))
            .collect();
        for (row, checkpoint) in
            rows.iter().zip(std::iter::once(None).chain(run.checkpoints.iter().map(Some)))
        {
            let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match i {
                0 | 3 | 7 | 9 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
            if let Some(error) = checkpoint.and_then(|checkpoint| checkpoint.error.as_ref()) {
                let _ = writeln!(text, "    error: {error}");
            }
        }
        if !run.missing.is_empty() {
            let _ = writeln!(text, "  listed but not downloaded: {}", run.missing.join(", "));
        }
    }
    text
}

fn row(checkpoint: &CheckpointReport) -> [String; 10] {
    let number = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
    let model =
        |value: &dyn Fn(&ModelReport) -> String| checkpoint.model.as_ref().map_or("-".to_owned(), value);
    [
        checkpoint.name.clone(),
        number(checkpoint.step),
        number(checkpoint.tokens),
        model(&|m| m.family.to_owned()),
        model(&|m| m.layers.to_string()),
        model(&|m| m.hidden_size.to_string()),
        model(&|m| m.parameters.to_string()),
        model(&|m| m.dtype.clone()),
        model(&|m| m.bytes.to_string()),
        if checkpoint.tokenizer.is_some() { "yes" } else { "missing" }.to_owned(),
    ]
}
