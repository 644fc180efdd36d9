//! `infoplane inspect`: what a folder holds.

mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{DONE, LinkArgs, PARTLY, deliver, note};
use crate::checkpoints::{self, Checkpoint, Run};
use crate::device::Compute;
use crate::engine;
use crate::error::{Error, Kind, Result};
use crate::model::outline::Outline;
use crate::model::{Model, Options, Taken};
use crate::product;
use crate::scores::{Seeds, Shape};
use crate::settings::Settings;
use crate::tokens;

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
    /// What its tokenizers add to every text.
    tokenizers: Vec<TokenizerReport>,
    /// What measuring all of it takes; `None` where no checkpoint can be measured.
    cost: Option<Cost>,
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
    head: Head,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip)]
    taken: Taken,
    /// Operations that a token takes, with its scores.
    #[serde(skip)]
    operations: f64,
}

/// Where a model's output head comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Head {
    /// Weights of its own.
    Own,
    /// It is the embedding.
    Tied,
    /// There is none: hidden states are measured without loss.
    None,
}

/// What a tokenizer adds to every text.
#[derive(Debug, Serialize)]
struct TokenizerReport {
    path: PathBuf,
    /// Special tokens before the text.
    before: Vec<String>,
    /// Special tokens after it.
    after: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What measuring a run takes with the usual settings.
#[derive(Debug, Serialize)]
struct Cost {
    /// The number of checkpoints that can be measured.
    checkpoints: usize,
    /// Bytes of weights to read.
    read_bytes: u64,
    /// Bytes of main memory for the largest model, a batch and the like, read block by block.
    least_memory_bytes: usize,
    /// The same with all of its weights there at once.
    memory_bytes: usize,
    /// Tokens that pass each model at the most.
    tokens: usize,
    /// Seconds on this machine's CPU, an estimate.
    seconds: f64,
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
    let runs: Vec<RunReport> =
        runs.into_iter().filter(|run| !run.checkpoints.is_empty()).map(run_report).collect();
    let text = if args.json {
        let broken = |error| Error::new(Kind::Output, format!("the report cannot be written ({error})"));
        serde_json::to_string_pretty(&serde_json::json!({ "runs": runs })).map_err(broken)? + "\n"
    } else {
        table::text(&runs)
    };
    deliver(text.as_bytes(), None)?;
    let whole = runs.iter().flat_map(|run| &run.checkpoints).all(|checkpoint| checkpoint.error.is_none());
    Ok(if whole { DONE } else { PARTLY })
}

fn run_report(run: Run) -> RunReport {
    let checkpoints: Vec<CheckpointReport> = run.checkpoints.iter().map(report).collect();
    let mut tokenizers: Vec<&Path> = run.checkpoints.iter().filter_map(|c| c.tokenizer.as_deref()).collect();
    tokenizers.sort_unstable();
    tokenizers.dedup();
    let tokenizers = tokenizers.into_iter().map(tokenizer_report).collect();
    let cost = cost(&checkpoints);
    RunReport { name: run.name, path: run.path, checkpoints, tokenizers, cost, missing: run.missing }
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
    let outline = Outline::read(&checkpoint.folder())?;
    outline.check()?;
    let Outline { config, weights, embedding, head, warnings, .. } = &outline;
    let settings = Settings::default();
    let seeds = Seeds::from_first(settings.reference_seeds);
    let layers = config.layers.len();
    let shape = Shape { layers: layers + 1, seeds, points: settings.points, precision: settings.scores };
    let mut report = ModelReport {
        family: config.model_type,
        layers,
        hidden_size: config.hidden_size,
        vocab_size: config.vocab_size,
        parameters: weights.parameters(),
        dtype: weights.dtypes().join(" "),
        bytes: weights.bytes(),
        head: match head {
            Some(head) if head == embedding => Head::Tied,
            Some(_) => Head::Own,
            None => Head::None,
        },
        warnings: warnings.clone(),
        taken: Taken::default(),
        operations: engine::operations(config, shape),
    };
    report.taken = Model::of_outline(outline, &Options::new(Compute::Cpu.tensors()))?.taken(settings.context);
    Ok(report)
}

fn tokenizer_report(path: &Path) -> TokenizerReport {
    let (added, error) = match tokens::added(path) {
        Ok(added) => (added, None),
        Err(error) => (Default::default(), Some(error.to_string())),
    };
    let [before, after] = added;
    TokenizerReport { path: path.to_owned(), before, after, error }
}

/// What measuring checkpoints takes with the usual settings, on the CPU.
fn cost(checkpoints: &[CheckpointReport]) -> Option<Cost> {
    let models: Vec<&ModelReport> =
        checkpoints.iter().filter_map(|checkpoint| checkpoint.model.as_ref()).collect();
    let most = |memory: fn(&Taken) -> usize| models.iter().map(|model| memory(&model.taken)).max();
    let settings = Settings::default();
    let tokens = settings.samples * settings.context;
    let operations: f64 = models.iter().map(|model| model.operations * tokens as f64).sum();
    Some(Cost {
        checkpoints: models.len(),
        read_bytes: models.iter().map(|model| model.bytes).sum(),
        least_memory_bytes: most(|taken| taken.least)?,
        memory_bytes: most(|taken| taken.whole)?,
        tokens,
        seconds: operations / product::rate(),
    })
}
