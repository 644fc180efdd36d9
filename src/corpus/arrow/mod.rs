//! Arrow's streams of messages, as `datasets` saves them, and its files (Feather 2), whose footer tells where their messages
//! lie: a column of strings, batch by batch.
//!
//! The crates for it would be in every build for what takes a few pages here, where nothing that a message declares is
//! believed before it is compared with what is there.

use std::fs::File;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use super::field::Field;
use super::lines::{damaged, long_text, no_text, text};
use super::{Entries, Entry};
use crate::error::Result;
use batch::{Batch, Cell, Way};
use messages::{Header, Messages, wrong};
use schema::{Column, Layout};

mod batch;
mod flat;
mod messages;
mod records;
mod schema;

pub(super) use messages::{FILE, MESSAGE};
pub(super) use records::Records;

/// Documents from a column.
pub(super) struct Batches {
    messages: Messages,
    path: PathBuf,
    field: Field,
    columns: Vec<Column>,
    way: Way,
    /// The dictionary of the column, if it has one, and its number.
    dictionary: Vec<Batch>,
    dictionary_number: Option<u64>,
    rows: Rows,
}

/// The rows of batches, one after the other.
#[derive(Default)]
struct Rows {
    batch: Option<Batch>,
    /// The next row of the batch, and how many came before it.
    row: u64,
    before: u64,
}

impl Rows {
    /// The next row, as its batch, its place there from 0, and its number among all from 1; `None` at the end. `read` reads up
    /// to the next batch.
    ///
    /// # Errors
    /// A batch that cannot be read.
    fn next(
        &mut self,
        path: &Path,
        mut read: impl FnMut() -> io::Result<Option<Batch>>,
    ) -> Result<Option<(&Batch, u64, u64)>> {
        while self.batch.as_ref().is_none_or(|batch| self.row == batch.rows()) {
            self.before += self.batch.take().map_or(0, |batch| batch.rows());
            self.row = 0;
            self.batch = read().map_err(|error| {
                damaged(format!("what follows row {} cannot be read ({error})", self.before)).at(path)
            })?;
            if self.batch.is_none() {
                return Ok(None);
            }
        }
        let row = self.row;
        self.row += 1;
        let number = self.before + self.row;
        Ok(self.batch.as_ref().map(|batch| (batch, row, number)))
    }
}

impl Batches {
    /// Opens a stream, or a file that is read as one.
    ///
    /// # Errors
    /// A stream that is damaged, or without the column.
    pub fn of_stream(reader: Box<dyn BufRead + Send>, path: &Path, field: Field) -> Result<Self> {
        let (messages, columns) = Messages::of_stream(reader, path)?;
        Self::open(messages, columns, path, field)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// A file that is damaged, or without the column.
    pub fn of_file(file: File, path: &Path, field: Field) -> Result<Self> {
        let (messages, columns) = Messages::of_file(file, path)?;
        Self::open(messages, columns, path, field)
    }

    fn open(messages: Messages, columns: Vec<Column>, path: &Path, mut field: Field) -> Result<Self> {
        let mut found = way(&columns, &field.name);
        let texts: Vec<String> =
            columns.iter().filter(|column| column.is_text()).map(|c| c.name.clone()).collect();
        if found.is_none() && field.is_sought() {
            field.find(&texts);
            found = way(&columns, &field.name);
        }
        field.settle();
        let Some(way) = found else { return Err(field.missing(&texts).at(path)) };
        let dictionary_number = leaf(&columns, &way).and_then(|leaf| match leaf.layout {
            Layout::Indices { dictionary, .. } => Some(dictionary),
            _ => None,
        });
        let (path, dictionary) = (path.to_owned(), Vec::new());
        Ok(Self { messages, path, field, columns, way, dictionary, dictionary_number, rows: Rows::default() })
    }
}

/// Reads up to the next batch, and takes in what of the dictionary comes before it.
fn read(
    messages: &mut Messages,
    columns: &[Column],
    way: &Way,
    (number, dictionary): (Option<u64>, &mut Vec<Batch>),
) -> io::Result<Option<Batch>> {
    while let Some((head, body)) = messages.next_of(|dictionary| Some(dictionary) == number)? {
        match head.header()? {
            Header::Dictionary { data, is_more, .. } => {
                let leaf = leaf(columns, way).and_then(|leaf| leaf.values.clone());
                let columns = [Column::unnamed(leaf.ok_or_else(wrong)?)];
                let batch = Batch::new(data, body, &columns, None).ok_or_else(wrong)?;
                if !is_more {
                    dictionary.clear();
                }
                dictionary.push(batch);
            }
            Header::Batch(data) => {
                return Batch::new(data, body, columns, Some(way)).ok_or_else(wrong).map(Some);
            }
        }
    }
    Ok(None)
}

impl Entries for Batches {
    fn next(&mut self) -> Result<Option<Entry>> {
        let Self { messages, path, field, columns, way, dictionary, dictionary_number, rows } = self;
        let next = || read(messages, columns, way, (*dictionary_number, &mut *dictionary));
        let Some((batch, row, number)) = rows.next(path, next)? else { return Ok(None) };
        let place = || format!("row {number}");
        let Some(cell) = batch.cell(row, columns, way, dictionary) else {
            return Err(damaged(format!("{} lies outside its batch", place())).at(path));
        };
        Ok(Some(match cell {
            Cell::Text(bytes) => text(&bytes, place).into(),
            Cell::Null => Entry::Bad(no_text(place(), &field.name)),
            Cell::Long => Entry::Bad(long_text(place())),
        }))
    }

    fn noun(&self) -> &'static str {
        "rows"
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Column {
    /// A column by itself, as a dictionary's values are.
    fn unnamed(layout: Layout) -> Self {
        Self { name: String::new(), layout, children: Vec::new(), values: None }
    }

    /// Whether it holds text, or messages.
    fn is_text(&self) -> bool {
        match &self.layout {
            Layout::Strings { .. } | Layout::Views => true,
            Layout::Indices { .. } => {
                matches!(self.values, Some(Layout::Strings { .. } | Layout::Views))
            }
            Layout::List { .. } => contents(self).is_some(),
            _ => false,
        }
    }
}

/// The number of the field `content` in the structs that a list holds.
fn contents(list: &Column) -> Option<usize> {
    let element = list.children.first().filter(|element| element.layout == Layout::Struct)?;
    element.children.iter().position(|child| child.name == "content" && child.is_text())
}

/// The way to the text at a path. A name that has the dots itself comes first; through lists a path leads to what they
/// hold, and at a list of messages to their contents.
fn way(columns: &[Column], path: &str) -> Option<Way> {
    let (column, children) = step(columns, path)?;
    Some(Way { column, children })
}

/// The first step of a way among columns, and those within what it leads to.
fn step(columns: &[Column], path: &str) -> Option<(usize, Vec<usize>)> {
    let mut columns = columns.iter().enumerate();
    let whole = columns.clone().filter(|(_, column)| column.name == path).find_map(|(index, column)| {
        let within = match column.layout {
            Layout::List { .. } => vec![0, contents(column)?],
            _ if column.is_text() => Vec::new(),
            _ => return None,
        };
        Some((index, within))
    });
    whole.or_else(|| columns.find_map(|(index, column)| Some((index, within(column, path)?))))
}

/// The way within a column whose name a path starts with.
fn within(column: &Column, path: &str) -> Option<Vec<usize>> {
    let rest = path.strip_prefix(column.name.as_str())?.strip_prefix('.')?;
    let (children, mut way) = match column.layout {
        Layout::List { .. } => (&column.children.first()?.children, vec![0]),
        _ => (&column.children, Vec::new()),
    };
    let (child, further) = step(children, rest)?;
    way.push(child);
    way.extend(further);
    Some(way)
}

/// The column at the end of a way.
fn leaf<'c>(columns: &'c [Column], way: &Way) -> Option<&'c Column> {
    way.children.iter().try_fold(columns.get(way.column)?, |column, &child| column.children.get(child))
}
