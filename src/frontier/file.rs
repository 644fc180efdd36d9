//! Joints from files: JSON, as a table or as lists of pairs, and CSV with a line a pair.
//!
//! `[[…]]` or `{"pxy": [[…]]}` is a dense table with a row for each x; `counts` and `joint` name it as well.
//! `{"x": […], "y": […], "count": […]}` lists pairs, whose ids are numbers or strings; `counts`, `n` and `weight` name the
//! last as well. A file may hold several of them by name; `FILE.json#NAME` is the one of that name. Whole numbers are
//! counts, all others weights.

mod table;

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use self::table::{Ids, Masses};
use super::joint::{Joint, listed};
use crate::error::{Error, Kind, Result};
use crate::json;

/// The largest JSON file that is read: its values take some ten times its size in memory.
const LARGEST: u64 = 1 << 30;
/// Names of a dense table in an object.
const TABLES: [&str; 3] = ["pxy", "joint", "counts"];
/// Names of the list of counts or weights of pairs.
const WEIGHTS: [&str; 4] = ["count", "counts", "n", "weight"];

/// The pairs of a file, ids of x and y numbered by first occurrence or as they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Pairs {
    /// How often each pair was seen.
    Counts(Vec<(u32, u32, u64)>),
    /// The weight of each pair.
    Weights(Vec<(u32, u32, f64)>),
}

impl Pairs {
    /// The joint of the pairs.
    ///
    /// # Errors
    /// Those of [`Joint::from_counts`] and [`Joint::from_weighted`].
    pub fn joint(self) -> Result<Joint> {
        match self {
            Self::Counts(counts) => Joint::from_counts(counts),
            Self::Weights(weights) => Joint::from_weighted(weights),
        }
    }
}

/// Reads the pairs of a file `FILE.json`, `FILE.json#NAME` or `FILE.csv`.
///
/// # Errors
/// [`Kind::Corpus`] if there is no such file, if it is neither JSON nor CSV of one of the forms above, if several
/// joints are in it and none is named, or if a weight is no number from 0 on.
pub fn read(path: &Path) -> Result<Pairs> {
    let (file, name) = named(path);
    let read = || {
        let opened =
            File::open(&file).map_err(|error| refused(format!("the joint cannot be read: {error}")))?;
        if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            return table::read(opened);
        }
        let size = opened.metadata().map_or(0, |metadata| metadata.len());
        if size > LARGEST {
            return Err(refused(format!("the joint takes {size} bytes as JSON, more than {LARGEST}"))
                .help("write a CSV file with the columns x, y and count"));
        }
        let bytes =
            std::fs::read(&file).map_err(|error| refused(format!("the joint cannot be read: {error}")))?;
        let value =
            json::from_slice(&bytes).map_err(|error| refused(format!("the joint is not JSON: {error}")))?;
        pairs(value, name.as_deref())
    };
    read().map_err(|error| error.at(path))
}

/// The file and the name behind its `#`, unless there is a file with all of it as its name.
fn named(path: &Path) -> (PathBuf, Option<String>) {
    let split = path.to_str().and_then(|text| text.rsplit_once('#'));
    match split.filter(|_| !path.exists()) {
        Some((file, name)) => (file.into(), Some(name.to_owned())),
        None => (path.to_owned(), None),
    }
}

/// The pairs of a JSON value, or of the part of it with this name.
fn pairs(value: Value, name: Option<&str>) -> Result<Pairs> {
    let Some(name) = name else { return unnamed(value) };
    let Value::Object(mut members) = value else {
        return Err(refused(format!("the file holds one joint without a name, so none named {name}"))
            .help("leave out the # and what follows"));
    };
    match members.remove(name) {
        Some(member) => unnamed(member),
        None => Err(refused(format!("the file holds no joint named {name}"))
            .help(format!("there are {}", listing(&members)))),
    }
}

fn unnamed(value: Value) -> Result<Pairs> {
    let mut members = match value {
        Value::Array(rows) => return dense(rows),
        Value::Object(members) => members,
        _ => return Err(no_joint()),
    };
    if let (Some(x), Some(y)) = (members.remove("x"), members.remove("y")) {
        return sparse(x, y, &mut members);
    }
    if let Some(table) = TABLES.iter().find_map(|name| members.remove(*name)) {
        return unnamed(table);
    }
    let joints = members.values().filter(|value| is_joint(value)).count();
    match joints {
        0 => Err(no_joint()),
        1 => members
            .into_iter()
            .find(|(_, value)| is_joint(value))
            .map_or_else(|| Err(no_joint()), |(_, v)| unnamed(v)),
        _ => Err(refused(format!("the file holds several joints: {}", listing(&members)))
            .help("FILE.json#NAME is the one of that name")),
    }
}

/// Whether a member of an object looks like a joint.
fn is_joint(value: &Value) -> bool {
    match value {
        Value::Array(rows) => rows.first().is_some_and(Value::is_array),
        Value::Object(members) => {
            TABLES.iter().any(|name| members.contains_key(*name))
                || (members.contains_key("x") && members.contains_key("y"))
        }
        _ => false,
    }
}

/// The first names of joints in an object.
fn listing(members: &Map<String, Value>) -> String {
    const SHOWN: usize = 10;
    let names: Vec<&str> =
        members.iter().filter(|(_, value)| is_joint(value)).map(|(name, _)| name.as_str()).collect();
    match names.len() {
        0 => "none".into(),
        number if number <= SHOWN => names.join(", "),
        number => format!("{} and {} more", names[..SHOWN].join(", "), number - SHOWN),
    }
}

fn dense(rows: Vec<Value>) -> Result<Pairs> {
    let mut masses = Masses::default();
    let mut widths = Vec::with_capacity(rows.len());
    for (x, row) in rows.into_iter().enumerate() {
        let Value::Array(row) = row else {
            return Err(refused(format!("row {x} of the joint is not a list of numbers")).help(FORMS));
        };
        widths.push(row.len());
        for (y, mass) in row.into_iter().enumerate() {
            push(&mut masses, &mass)
                .map_err(|what| refused(format!("the joint has {what} at row {x}, column {y}")))?;
        }
    }
    Ok(match masses {
        Masses::Counts(counts) => Pairs::Counts(listed(&rows_of(&widths, counts))?),
        Masses::Weights(weights) => Pairs::Weights(listed(&rows_of(&widths, weights))?),
    })
}

/// Rows of these widths.
fn rows_of<M>(widths: &[usize], masses: Vec<M>) -> Vec<Vec<M>> {
    let mut masses = masses.into_iter();
    widths.iter().map(|&width| masses.by_ref().take(width).collect()).collect()
}

fn sparse(x: Value, y: Value, members: &mut Map<String, Value>) -> Result<Pairs> {
    let weights = WEIGHTS.iter().find_map(|name| members.remove(*name)).ok_or_else(|| {
        refused("the joint lists x and y, but not how often")
            .help("add \"count\": […] beside \"x\" and \"y\"")
    })?;
    let list = |value, name: &str| match value {
        Value::Array(list) => Ok(list),
        _ => Err(refused(format!("{name} of the joint is not a list")).help(FORMS)),
    };
    let (x, y, weights) = (list(x, "x")?, list(y, "y")?, list(weights, "count")?);
    if x.len() != y.len() || x.len() != weights.len() {
        return Err(refused(format!(
            "the joint lists {} x, {} y and {} counts",
            x.len(),
            y.len(),
            weights.len()
        ))
        .help("each pair needs one of each"));
    }
    let mut masses = Masses::default();
    for (pair, mass) in weights.into_iter().enumerate() {
        push(&mut masses, &mass)
            .map_err(|what| refused(format!("the joint has {what} as the count of pair {pair}")))?;
    }
    Ok(masses.pairs(ids(x, "x")?, ids(y, "y")?))
}

/// Numbers for ids, the same for the same number or string.
fn ids(list: Vec<Value>, axis: &str) -> Result<Vec<u32>> {
    let mut ids = Ids::default();
    list.into_iter()
        .enumerate()
        .map(|(pair, id)| match id {
            Value::String(id) => ids.of(&id),
            Value::Number(id) => ids.of(&id.to_string()),
            _ => Err(refused(format!("{axis} of pair {pair} of the joint is neither a number nor a string"))),
        })
        .collect()
}

/// Adds a count or weight.
///
/// # Errors
/// What it is, if it is no number from 0 on.
fn push(masses: &mut Masses, value: &Value) -> Result<(), String> {
    let Value::Number(number) = value else {
        return Err(match value {
            // Quotes were put around numbers of Python that JSON does not have.
            Value::String(word) => format!("{} instead of a number", shown(word)),
            Value::Null => "null instead of a number".into(),
            Value::Bool(_) => "true or false instead of a number".into(),
            _ => "a list or an object instead of a number".into(),
        });
    };
    match (number.as_u64(), number.as_f64()) {
        (Some(count), _) => masses.push_count(count),
        (None, Some(weight)) if weight.is_finite() && weight >= 0.0 => masses.push_weight(weight),
        _ => return Err(format!("a mass that is negative or too large ({})", shown(&number.to_string()))),
    }
    Ok(())
}

/// The first letters of a word from a file.
fn shown(word: &str) -> String {
    word.chars().take(24).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

const FORMS: &str = "a joint is [[…]], {\"pxy\": [[…]]}, {\"x\": […], \"y\": […], \"count\": […]}, or CSV with the columns x, y and count";

fn no_joint() -> Error {
    refused("the file holds no joint").help(FORMS)
}

fn refused(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Corpus, cause)
}

#[cfg(test)]
mod tests;
