//! Records: everything that an entry of a file says, not its text alone. JSON, tables, Parquet and Arrow have them.
//!
//! | file | duty |
//! |---|---|
//! | `json.rs` | records of objects |
//! | `table.rs` | records of rows with a line of names |
//! | `labelled.rs` | documents with what they have in fields beside the text |

use std::path::Path;

use serde_json::{Map, Value};

use super::field::Field;
use super::json::Objects;
use super::lines::Lines;
use super::open::{self, Format, Opened};
use super::table::Table;
use super::{Entries, Reading, array::Elements, arrow, name, parquet};
use crate::error::{Error, Kind, Result};

mod json;
mod labelled;
mod table;

pub use labelled::{Labelled, field_names, labelled};

/// What an entry of a file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What the entry is called: `line 3`, `row 7`.
    pub place: String,
    /// Its fields by their names.
    pub fields: Map<String, Value>,
}

impl Record {
    /// What stands at a path of names parted by dots; a name that has the dots itself comes first. `None` where there is
    /// no such field, or null in it.
    pub fn get(&self, path: &str) -> Option<&Value> {
        at(&self.fields, path).filter(|value| !value.is_null())
    }
}

fn at<'r>(fields: &'r Map<String, Value>, path: &str) -> Option<&'r Value> {
    let within = || {
        let dots = path.match_indices('.').map(|(dot, _)| dot);
        let mut parts = dots.map(|dot| (&path[..dot], &path[dot + 1..]));
        parts.find_map(|(name, rest)| at(fields.get(name)?.as_object()?, rest))
    };
    fields.get(path).or_else(within)
}

/// Opens a file, or a folder of files, by its records: JSON, a table with a line of names, Parquet or Arrow.
///
/// # Errors
/// [`Kind::Corpus`] as of [`documents`](super::documents), and for plain text, which has no records.
pub fn records(path: &Path) -> Result<Reading<Record>> {
    // No field is taken as the text.
    Reading::open(path, |path, _| entries(path), Field::chosen(""))
}

/// The records of a file.
fn entries(path: &Path) -> Result<Box<dyn Entries<Record>>> {
    let name = name(path);
    let (reader, format) = match open::open(path)? {
        Opened::Parquet(file) => return Ok(Box::new(parquet::Records::open(file, name)?)),
        Opened::Arrow(file) => return Ok(Box::new(arrow::Records::of_file(file, name)?)),
        Opened::Stream { reader, format } => (reader, format),
    };
    Ok(match format {
        Format::JsonLines => Box::new(json::Records::new(Objects::Lines(Lines::new(reader, name)))),
        Format::JsonArray => Box::new(json::Records::new(Objects::Array(Elements::new(reader, name)))),
        Format::Table(delimiter) => Box::new(table::Records::new(Table::open(reader, delimiter, name)?)),
        Format::Plain => return Err(without("plain text")),
        Format::Arrow => Box::new(arrow::Records::of_stream(reader, name)?),
    })
}

/// The error of a form without records.
fn without(form: &str) -> Error {
    Error::new(Kind::Corpus, format!("{form} has no fields that are read"))
        .help("save it as Parquet or as JSON, one object a line")
}

#[cfg(test)]
mod tests;
