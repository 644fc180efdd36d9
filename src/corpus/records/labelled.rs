//! Documents with what they have in fields beside the text.

use std::collections::VecDeque;
use std::path::Path;

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::{Record, entries};
use crate::corpus::field::Field;
use crate::corpus::json::{At, Found, LOOKED_AT, in_most, no_field, texts_of};
use crate::corpus::skipped::Problem;
use crate::corpus::{Entries, Entry, Reading};
use crate::error::Result;

/// Names of fields that are told where one is missing.
const MOST_NAMES: usize = 64;

/// A document with what it has in some fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The text.
    pub text: String,
    /// What it has in each field asked for, in their order; `None` where it has nothing there.
    pub values: Vec<Option<String>>,
    /// The names of the fields that it has, those within others behind dots; told of the first document alone.
    pub names: Vec<String>,
}

/// Opens a text as [`documents`](crate::corpus::documents) does, and takes of each document what it has in these fields,
/// each a name or a path of names parted by dots.
///
/// # Errors
/// As of [`records`](super::records).
pub fn labelled(path: &Path, field: Field, fields: &[&str]) -> Result<Reading<Labelled>> {
    let fields: Vec<String> = fields.iter().map(|&name| name.to_owned()).collect();
    let open = move |path: &Path, field| {
        let entries = Documents {
            records: entries(path)?,
            field,
            fields: fields.clone(),
            ahead: VecDeque::new(),
            is_first: true,
        };
        Ok(Box::new(entries) as Box<dyn Entries<Labelled>>)
    };
    Reading::open(path, open, field)
}

/// The names of the fields that the first document of a text has beside its own text.
///
/// # Errors
/// As of [`labelled`].
pub fn field_names(path: &Path, field: Field) -> Result<Vec<String>> {
    let mut documents = labelled(path, field, &[])?;
    let Some(first) = documents.next().transpose()? else { return Ok(Vec::new()) };
    let text = documents.field().name.clone();
    Ok(first.names.into_iter().filter(|name| *name != text).collect())
}

/// Documents of records.
struct Documents {
    records: Box<dyn Entries<Record>>,
    field: Field,
    fields: Vec<String>,
    /// What was read while the text's field was looked for.
    ahead: VecDeque<Entry<Record>>,
    /// Whether no document was emitted yet.
    is_first: bool,
}

impl Documents {
    /// Looks at the first records, to see if they have the text's field, or else which one they have.
    fn find_field(&mut self) -> Result<()> {
        let (mut texts, mut named) = (Vec::new(), false);
        while self.ahead.len() < LOOKED_AT
            && let Some(entry) = self.records.next()?
        {
            if let Entry::Document(record) = &entry {
                let object = Value::Object(record.fields.clone());
                named |= !matches!(At(&self.field.name).deserialize(&object), Ok(Found::Absent) | Err(_));
                texts.push(texts_of(&object));
            }
            self.ahead.push_back(entry);
        }
        if named {
            self.field.settle()
        } else {
            self.field.find(&in_most(&texts))
        }
        Ok(())
    }

    fn document(&mut self, record: Record) -> Result<Labelled, Problem> {
        let values = self.fields.iter().map(|name| record.get(name).map(written)).collect();
        let mut names = Vec::new();
        if self.is_first {
            names_of(&record.fields, "", &mut names);
        }
        let object = Value::Object(record.fields);
        match At(&self.field.name).deserialize(&object) {
            Ok(Found::Text(text)) if !text.is_empty() => {
                self.is_first = false;
                Ok(Labelled { text, values, names })
            }
            found => {
                let there = matches!(found, Ok(Found::Other | Found::Text(_)));
                Err(no_field(&self.field.name, there, &texts_of(&object)).at(record.place))
            }
        }
    }
}

impl Entries<Labelled> for Documents {
    fn next(&mut self) -> Result<Option<Entry<Labelled>>> {
        if self.field.is_sought() {
            self.find_field()?;
        }
        let entry = match self.ahead.pop_front() {
            Some(entry) => Some(entry),
            None => self.records.next()?,
        };
        Ok(entry.map(|entry| match entry {
            Entry::Blank => Entry::Blank,
            Entry::Bad(problem) => Entry::Bad(problem),
            Entry::Document(record) => match self.document(record) {
                Ok(document) => Entry::Document(document),
                Err(problem) => Entry::Bad(problem),
            },
        }))
    }

    fn noun(&self) -> &'static str {
        self.records.noun()
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        self.records.path()
    }

    fn note(&self) -> Option<&str> {
        self.records.note()
    }
}

/// A value as the name of a label.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The names of fields, and of those within them.
fn names_of(fields: &serde_json::Map<String, Value>, before: &str, names: &mut Vec<String>) {
    for (name, value) in fields {
        match value {
            _ if names.len() >= MOST_NAMES => return,
            Value::Object(within) => names_of(within, &format!("{before}{name}."), names),
            _ => names.push(format!("{before}{name}")),
        }
    }
}
