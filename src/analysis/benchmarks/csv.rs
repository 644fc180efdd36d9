//! Scores in a table: a column of models, columns of numbers, perhaps steps or revisions and parameters.

use super::super::table::{Numbers, Problem, Table, is_missing, plain};
use super::names::bare;
use super::{Benchmark, Benchmarks, Checkpoint, Scores, Unit};
use crate::words::counted;

/// What the column of models is called, without case and marks; the first that there is.
const MODEL: [&str; 9] =
    ["fullname", "modelname", "model", "modelid", "modelpath", "name", "checkpointname", "run", "evalname"];
/// What a column of steps is called.
const STEP: [&str; 6] = ["step", "steps", "globalstep", "trainingstep", "trainstep", "iteration"];
/// What a column of checkpoints is called.
const CHECKPOINT: [&str; 5] = ["checkpoint", "revision", "modelrevision", "ckpt", "branch"];
/// What a column of parameters is called, with the number that it counts in.
const PARAMETERS: [(&str, f64); 9] = [
    ("paramsb", 1e9),
    ("parametersb", 1e9),
    ("paramsm", 1e6),
    ("parametersm", 1e6),
    ("params", 1.0),
    ("parameters", 1.0),
    ("nparams", 1.0),
    ("numparams", 1.0),
    ("numparameters", 1.0),
];
/// Columns of numbers that are no scores, of leaderboards and of what writes tables.
const NO_SCORES: [&str; 16] = [
    "",
    "index",
    "unnamed0",
    "rank",
    "id",
    "seed",
    "epoch",
    "tokens",
    "year",
    "hub",
    "likes",
    "hublikes",
    "co₂costkg",
    "generation",
    "nshot",
    "batchsize",
];

/// Reads a table of scores.
///
/// # Errors
/// A table without models or without numbers.
pub(super) fn read(bytes: &[u8]) -> Result<Benchmarks, Problem> {
    let table = Table::read(bytes)?;
    let keys: Vec<String> = table.names().iter().map(|name| plain(name)).collect();
    let find = |names: &[&str]| names.iter().find_map(|name| keys.iter().position(|key| key == name));
    let model = find(&MODEL).ok_or_else(|| Problem {
        cause: "a table of scores without a column of models".to_owned(),
        help: "call one `model`".to_owned(),
    })?;
    let step = find(&STEP);
    let checkpoint = find(&CHECKPOINT);
    let parameters = PARAMETERS.iter().find_map(|(name, unit)| Some((find(&[name])?, *unit)));
    let taken = [Some(model), step, checkpoint, parameters.map(|(column, _)| column)];
    let mut notes = table.notes().to_vec();
    let mut benchmarks = Vec::new();
    let mut columns: Vec<Numbers> = Vec::new();
    for (index, name) in table.names().iter().enumerate() {
        let no_score = NO_SCORES.contains(&&*keys[index]) || keys[index].contains("stderr");
        if no_score || taken.contains(&Some(index)) {
            continue;
        }
        let numbers = table.numbers(index);
        let known = numbers.values.iter().filter(|value| value.is_finite()).count();
        // A column of words may well hold a number or two.
        if known <= numbers.text.len() {
            continue;
        }
        if !numbers.text.is_empty() {
            let cells = counted(numbers.text.len(), "cell");
            notes.push(format!("`{name}`: {cells} with text, taken as missing"));
        }
        let finite = numbers.values.iter().copied().filter(|value| value.is_finite());
        let unit = Unit::of(name, finite, numbers.percent);
        benchmarks.push(Benchmark { name: without_emoji(name), unit });
        columns.push(numbers);
    }
    if benchmarks.is_empty() {
        return Err(Problem {
            cause: "a table of scores without a column of numbers".to_owned(),
            help: "there must be one for each benchmark".to_owned(),
        });
    }
    let models: Vec<&str> = table.cells(model).map(bare).collect();
    let steps = step.map(|column| table.numbers(column).values);
    let checkpoints: Option<Vec<&str>> = checkpoint.map(|column| table.cells(column).collect());
    let parameters: Option<Vec<Option<f64>>> =
        parameters.map(|(column, unit)| table.cells(column).map(|cell| count(cell, unit)).collect());
    let named = (0..table.len()).filter(|&row| !is_missing(models[row]));
    let rows: Vec<Scores> = named
        .map(|row| {
            let step = steps.as_ref().map(|steps| steps[row]).filter(|step| *step >= 0.0);
            let name = checkpoints.as_ref().map_or("", |checkpoints| checkpoints[row]);
            let name = if is_missing(name) { "" } else { name };
            Scores {
                model: models[row].to_owned(),
                checkpoint: Checkpoint::named(name, step.map(|step| step as u64)),
                parameters: parameters.as_ref().and_then(|parameters| parameters[row]),
                values: columns
                    .iter()
                    .map(|of| Some(of.values[row]).filter(|value| value.is_finite()))
                    .collect(),
            }
        })
        .collect();
    if rows.len() < table.len() {
        notes.push(format!("{} without a model left out", counted(table.len() - rows.len(), "row")));
    }
    Ok(Benchmarks { benchmarks, rows, notes }.without_repeats())
}

/// A number of parameters, with a unit of its own or in that of its column; `None` where there is none.
fn count(cell: &str, unit: f64) -> Option<f64> {
    let digits = cell.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &*cell[digits.len()..].to_uppercase() {
        "" => unit,
        "K" => 1e3,
        "M" => 1e6,
        "B" | "G" => 1e9,
        "T" => 1e12,
        _ => return None,
    };
    let number: f64 = digits.trim().replace(',', "").parse().ok()?;
    Some(number * unit).filter(|count| *count > 0.0 && count.is_finite())
}

/// A name without what leaderboards put behind it.
fn without_emoji(name: &str) -> String {
    let end = |c: char| c.is_alphanumeric() || ")]%".contains(c);
    name.trim_end_matches(|c| !end(c)).to_owned()
}
