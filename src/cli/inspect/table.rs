//! The report of `infoplane inspect` as text.

use std::fmt::Write as _;
use std::time::Duration;

use super::{BTreeMap, CheckpointReport, Cost, Head, ModelReport, RunReport, TokenizerReport};
use crate::cli::printable;
use crate::settings::Settings;
use crate::words::{counted, rough_duration, size, thousands};

/// A table for each run, and below it what its checkpoints share.
pub fn text(runs: &[RunReport]) -> String {
    let mut text = String::new();
    for run in runs {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}  ({})", printable(&run.name), printable(&run.path.to_string_lossy()));
        text += &table(run);
        for (warning, names) in warnings(run) {
            let of = if names.len() == run.checkpoints.len() { "all".to_owned() } else { names.join(", ") };
            let _ = writeln!(text, "  warning ({of}): {warning}");
        }
        for tokenizer in &run.tokenizers {
            let _ = writeln!(text, "  tokenizer {}: {}", tokenizer.path.display(), added(tokenizer));
        }
        if let Some(cost) = &run.cost {
            let _ = writeln!(text, "  {}", words(cost));
        }
        if !run.missing.is_empty() {
            let _ = writeln!(text, "  listed but not downloaded: {}", printable(&run.missing.join(", ")));
        }
    }
    text
}

fn table(run: &RunReport) -> String {
    let mut text = String::new();
    let mut rows = vec![HEADER.map(str::to_owned)];
    rows.extend(run.checkpoints.iter().map(row));
    let widths: Vec<usize> =
        (0..HEADER.len()).map(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0)).collect();
    for (row, checkpoint) in rows.iter().zip(std::iter::once(None).chain(run.checkpoints.iter().map(Some))) {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match HEADER[i] {
            "checkpoint" | "family" | "dtype" | "head" | "tokenizer" => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
        if let Some(error) = checkpoint.and_then(|checkpoint| checkpoint.error.as_ref()) {
            let _ = writeln!(text, "    error: {error}");
        }
    }
    text
}

const HEADER: [&str; 11] = [
    "checkpoint",
    "step",
    "tokens",
    "family",
    "layers",
    "width",
    "parameters",
    "dtype",
    "bytes",
    "head",
    "tokenizer",
];

fn row(checkpoint: &CheckpointReport) -> [String; HEADER.len()] {
    let number = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
    let model =
        |value: &dyn Fn(&ModelReport) -> String| checkpoint.model.as_ref().map_or("-".to_owned(), value);
    let head = |model: &ModelReport| match model.head {
        Head::Own => "own",
        Head::Tied => "tied",
        Head::None => "none",
    };
    [
        printable(&checkpoint.name),
        number(checkpoint.step),
        number(checkpoint.tokens),
        model(&|m| m.family.to_owned()),
        model(&|m| m.layers.to_string()),
        model(&|m| m.hidden_size.to_string()),
        model(&|m| m.parameters.to_string()),
        model(&|m| m.dtype.clone()),
        model(&|m| m.bytes.to_string()),
        model(&|m| head(m).to_owned()),
        if checkpoint.tokenizer.is_some() { "yes" } else { "missing" }.to_owned(),
    ]
}

/// The warnings of a run's checkpoints, each once, with the names of those it is of.
fn warnings(run: &RunReport) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for checkpoint in &run.checkpoints {
        for warning in checkpoint.model.iter().flat_map(|model| &model.warnings) {
            found.entry(warning).or_default().push(&checkpoint.name);
        }
    }
    found
}

fn added(tokenizer: &TokenizerReport) -> String {
    let names = |tokens: &[String]| {
        let names: Vec<String> = tokens.iter().map(|token| format!("`{token}`")).collect();
        names.join(" ")
    };
    let TokenizerReport { before, after, error, .. } = tokenizer;
    match (error, before.is_empty(), after.is_empty()) {
        (Some(error), ..) => error.clone(),
        (None, true, true) => "adds no special tokens".to_owned(),
        (None, false, true) => format!("adds {} before every text", names(before)),
        (None, true, false) => format!("adds {} after every text", names(after)),
        (None, false, false) => {
            format!("adds {} before and {} after every text", names(before), names(after))
        }
    }
}

fn words(cost: &Cost) -> String {
    let Settings { samples, context, .. } = Settings::default();
    format!(
        "measuring {}, each on at most {} tokens ({samples} documents of {context}), reads {} of weights, takes {} of \
         memory ({} at the least) and about {} on this CPU",
        counted(cost.checkpoints, "checkpoint"),
        thousands(cost.tokens as u64),
        size(cost.read_bytes),
        size(cost.memory_bytes as u64),
        size(cost.least_memory_bytes as u64),
        rough_duration(Duration::try_from_secs_f64(cost.seconds).unwrap_or(Duration::MAX))
    )
}
