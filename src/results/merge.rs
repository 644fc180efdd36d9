//! The union of results: of what is known of one checkpoint under one condition, the numbers of most documents.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use super::provenance::condition_fields;
use super::rows::{About, Key, Row, key_of, name_of_key, rows_of_checkpoint};
use super::{CheckpointResult, ConditionResults, Measurement, Outcome, Results};
use crate::checkpoints::natural::natural_order;
use crate::checkpoints::training_order::{TrainingTime, sort_by_training};
use crate::condition::{Condition, ConditionId};
use crate::error::{Error, Kind};

/// Two results of one checkpoint under one condition that cannot both be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The checkpoint, its run's name before its own.
    pub checkpoint: String,
    /// In what the two differ.
    pub difference: Box<Difference>,
    /// Where each of the two comes from.
    pub sides: Box<[Side; 2]>,
    /// How many more checkpoints are in conflict.
    pub others: usize,
}

/// Where one of two results in conflict comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The checkpoint's folder.
    pub path: PathBuf,
    /// The file of results; `None` where both results are of one file, or of none.
    pub file: Option<PathBuf>,
}

/// In what two results of one checkpoint differ.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The hashes of configuration and weights: two models.
    Weights([String; 2]),
    /// The hashes of the tokens measured: two texts of one file name, or two tokenizers.
    Sample([String; 2]),
    /// A value or a place in training.
    Value {
        /// What it is, in words.
        name: String,
        /// What the two have there; `none` where one lacks it.
        values: [String; 2],
        /// How many other values differ.
        more: usize,
    },
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |index: usize| match &self.sides[index].file {
            Some(file) => format!(" in {}", file.display()),
            None => String::new(),
        };
        let at = |index: usize| format!("{}{}", self.sides[index].path.display(), within(index));
        let twice = if self.sides[0].file.is_some() { "" } else { " is there twice and" };
        write!(f, "checkpoint `{}`{twice} ", self.checkpoint)?;
        match &*self.difference {
            Difference::Weights([a, b]) => {
                write!(f, "is of two models: of weights {a} at {}, of weights {b} at {}", at(0), at(1))?;
            }
            Difference::Sample([a, b]) => {
                write!(f, "was measured on two samples: {a}{}, {b}{}", within(0), within(1))?;
            }
            Difference::Value { name, values: [a, b], more } => {
                write!(f, "differs: {name} is {a}{} and {b}{}", within(0), within(1))?;
                if *more > 0 {
                    write!(f, ", and so do {more} more of its values")?;
                }
            }
        }
        match self.others {
            0 => Ok(()),
            others => write!(f, " (and so for {others} more)"),
        }
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        let help = match *conflict.difference {
            Difference::Weights(_) => {
                "keep the runs in files of their own, or measure them in one command, which names them apart"
            }
            Difference::Sample(_) => "give each text a file name of its own and measure again",
            Difference::Value { .. } => "leave one of the two out, or measure the checkpoint again",
        };
        Self::new(Kind::Output, format!("these results conflict: {conflict}")).help(help)
    }
}

/// One of several results of a checkpoint, and the file it was read from.
struct Candidate<'a> {
    result: CheckpointResult,
    file: Option<&'a Path>,
}

/// The union of results, each with the file it was read from where it was. Neither their order nor whether one is there
/// several times makes a difference:
///
/// 1. of one checkpoint under one condition the numbers of most documents are kept, a failure only where there are none;
/// 2. numbers of as many documents must be the same to the bit; of their provenances and paths one is kept;
/// 3. hashes, steps and tokens that one of them lacks are taken from the other.
///
/// Conditions are in the order of their settings, runs in that of their names, checkpoints in that of training.
///
/// # Errors
/// Two of as many documents with other values, or two of other weights whatever their documents.
pub fn union(parts: Vec<(Option<&Path>, Results)>) -> Result<Results, Conflict> {
    let mut conditions: BTreeMap<ConditionId, Condition> = BTreeMap::new();
    let mut known: BTreeMap<(ConditionId, String, String), Vec<Candidate<'_>>> = BTreeMap::new();
    for (file, results) in parts {
        for ConditionResults { condition, checkpoints } in results.conditions {
            let id = condition.id();
            conditions.entry(id).or_insert_with(|| condition.identity());
            for result in checkpoints {
                let key = (id, result.run.clone(), result.name.clone());
                known.entry(key).or_default().push(Candidate { result, file });
            }
        }
    }
    let mut conflict: Option<Conflict> = None;
    let mut found: BTreeMap<ConditionId, Vec<CheckpointResult>> = BTreeMap::new();
    for ((id, ..), candidates) in known {
        match (one_of(candidates), &mut conflict) {
            (Ok(result), _) => found.entry(id).or_default().extend(result),
            (Err(_), Some(first)) => first.others += 1,
            (Err(first), none) => *none = Some(first),
        }
    }
    if let Some(conflict) = conflict {
        return Err(conflict);
    }
    let of_condition = |(id, checkpoints)| {
        let condition = conditions.remove(&id)?;
        Some(ConditionResults { condition, checkpoints: in_order(checkpoints) })
    };
    let mut conditions: Vec<ConditionResults> = found.into_iter().filter_map(of_condition).collect();
    conditions.sort_by(|a, b| by_settings(&a.condition, &b.condition));
    Ok(Results { conditions })
}

/// Runs by name, their checkpoints in the order of training.
fn in_order(mut checkpoints: Vec<CheckpointResult>) -> Vec<CheckpointResult> {
    checkpoints.sort_by(|a, b| natural_order(&a.run, &b.run));
    for run in checkpoints.chunk_by_mut(|a, b| a.run == b.run) {
        sort_by_training(run, |c| TrainingTime::new(&c.name, c.step, c.tokens));
    }
    checkpoints
}

/// Compares conditions by their text, then setting by setting.
fn by_settings(a: &Condition, b: &Condition) -> Ordering {
    let text = |condition: &Condition| condition.text.path().to_string_lossy().into_owned();
    let fields = |condition: &Condition| condition_fields(condition).unwrap_or_default();
    let settings =
        fields(a).into_values().zip(fields(b).into_values()).map(|(a, b)| match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => natural_order(&a.to_string(), &b.to_string()),
        });
    let settings = settings.fold(Ordering::Equal, Ordering::then);
    natural_order(&text(a), &text(b)).then(settings).then(a.id().cmp(&b.id()))
}

/// The one result that stands for all of a checkpoint; `None` of none.
fn one_of(candidates: Vec<Candidate<'_>>) -> Result<Option<CheckpointResult>, Conflict> {
    let documents = |candidate: &Candidate<'_>| {
        let measured = candidate.result.measurement().is_some();
        measured.then(|| candidate.result.documents())
    };
    let weights = agreed(&candidates, |m| m.weights.as_ref(), Difference::Weights)?;
    let place = |name: &str, of: fn(&CheckpointResult) -> Option<u64>| {
        let values = candidates.iter().map(|candidate| (candidate, of(&candidate.result)));
        let different = |[a, b]: [u64; 2]| Difference::Value {
            name: format!("its `{name}`"),
            values: [a.to_string(), b.to_string()],
            more: 0,
        };
        the_same(values, different)
    };
    let (step, tokens) = (place("step", |result| result.step)?, place("tokens", |result| result.tokens)?);
    let most = candidates.iter().map(documents).max().flatten();
    let best: Vec<Candidate<'_>> =
        candidates.into_iter().filter(|candidate| documents(candidate) == most).collect();
    let sample = agreed(&best, |m| m.sample.as_ref(), Difference::Sample)?;
    for pair in best.windows(2) {
        if let Some(difference) = difference(&pair[0].result, &pair[1].result) {
            return Err(conflict([&pair[0], &pair[1]], difference));
        }
    }
    // Earlier versions knew of no warnings: what one part says holds of all.
    let warning = best.iter().filter_map(|best| best.result.measurement()?.warning.clone()).min();
    // Nor has a table of CSV or Parquet all that a document has.
    let mut tables = best.iter().filter_map(|best| Some(&best.result.measurement()?.label_tables));
    let label_tables = tables.find(|tables| !tables.is_empty()).cloned().unwrap_or_default();
    let rank = |result: &CheckpointResult| (cause(result), result.provenance.rank(), result.path.clone());
    let results = best.into_iter().map(|candidate| candidate.result);
    Ok(results.min_by_key(rank).map(|mut result| {
        (result.step, result.tokens) = (step, tokens);
        if let Outcome::Measured(measurement) = &mut result.outcome {
            (measurement.weights, measurement.sample, measurement.warning) = (weights, sample, warning);
            measurement.label_tables = label_tables;
        }
        result
    }))
}

/// Why a checkpoint failed; of several causes any will do, so the first in the alphabet.
fn cause(result: &CheckpointResult) -> Option<String> {
    match &result.outcome {
        Outcome::Failed { error } => Some(error.clone()),
        Outcome::Measured(_) => None,
    }
}

/// The hash that all measured candidates which have one agree on.
fn agreed(
    candidates: &[Candidate<'_>],
    hash: fn(&Measurement) -> Option<&String>,
    different: fn([String; 2]) -> Difference,
) -> Result<Option<String>, Conflict> {
    let hashes = candidates.iter().map(|c| (c, c.result.measurement().and_then(hash).cloned()));
    the_same(hashes, different)
}

/// The value that all candidates which have one agree on.
fn the_same<'a, T: PartialEq>(
    values: impl Iterator<Item = (&'a Candidate<'a>, Option<T>)>,
    different: impl Fn([T; 2]) -> Difference,
) -> Result<Option<T>, Conflict> {
    let mut known: Option<(&Candidate<'_>, T)> = None;
    for (candidate, value) in values {
        match (known.take(), value) {
            (Some((first, a)), Some(b)) if a != b => {
                return Err(conflict([first, candidate], different([a, b])));
            }
            (None, Some(value)) => known = Some((candidate, value)),
            (first, _) => known = first,
        }
    }
    Ok(known.map(|(_, value)| value))
}

fn conflict([a, b]: [&Candidate<'_>; 2], difference: Difference) -> Conflict {
    let two_files = a.file != b.file;
    let side = |of: &Candidate<'_>| Side {
        path: of.result.path.clone(),
        file: of.file.filter(|_| two_files).map(Path::to_owned),
    };
    Conflict {
        checkpoint: format!("{}/{}", a.result.run, a.result.name),
        difference: Box::new(difference),
        sides: Box::new([side(a), side(b)]),
        others: 0,
    }
}

/// In what the numbers of two results differ, to the bit; `None` where they do not, or one has none.
fn difference(a: &CheckpointResult, b: &CheckpointResult) -> Option<Difference> {
    let [a_rows, b_rows] = [a, b].map(|result| rows_of_checkpoint(result, About::default()));
    a.measurement().and(b.measurement())?;
    let a_values: HashMap<Key<'_>, Number> = a_rows.iter().map(number).collect();
    let b_values: HashMap<Key<'_>, Number> = b_rows.iter().map(number).collect();
    let bits =
        |number: Option<&Number>| number.map(|&(value, positions)| (value.map(f64::to_bits), positions));
    let only_in_b = b_rows.iter().map(|row| number(row).0).filter(|key| !a_values.contains_key(key));
    let all = a_rows.iter().map(|row| number(row).0).chain(only_in_b);
    let mut differing = all.filter(|key| bits(a_values.get(key)) != bits(b_values.get(key)));
    let first = differing.next()?;
    let [a, b] = [a_values.get(&first), b_values.get(&first)];
    let alike = a.map(|number| number.0.map(f64::to_bits)) == b.map(|number| number.0.map(f64::to_bits));
    let text = |number: Option<&Number>| match number {
        Some((_, Some(positions))) if alike => positions.to_string(),
        Some((Some(value), _)) => value.to_string(),
        _ => "none".to_owned(),
    };
    let name = if alike { "its `positions`".to_owned() } else { name_of_key(first) };
    Some(Difference::Value { name, values: [text(a), text(b)], more: differing.count() })
}

/// The value and the positions of a row.
type Number = (Option<f64>, Option<u64>);

fn number(row: &Row) -> (Key<'_>, Number) {
    (key_of(row), (row.value, row.positions))
}

impl Results {
    /// The union of both; see [`union`].
    ///
    /// # Errors
    /// As [`union`].
    pub fn merge(self, other: Self) -> Result<Self, Conflict> {
        union(vec![(None, self), (None, other)])
    }
}
