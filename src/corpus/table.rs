//! Tables with a line of names: CSV, and TSV, which has tabs between its columns.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::field::Field;
use super::lines::{LONGEST_BYTES, no_text, text, too_long, unreadable};
use super::{Entries, Entry};
use crate::error::{Error, Kind, Result};

/// Rows looked at to find the column of the text.
const LOOKED_AT: usize = 20;

/// A table's rows.
pub(super) struct Table {
    reader: Reader<Limited>,
    path: PathBuf,
    /// The names of its columns.
    pub names: Vec<String>,
    /// The number of the row read last, from 1, the names not counted.
    pub row: usize,
}

impl Table {
    /// Reads the names.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn open(reader: Box<dyn BufRead + Send>, delimiter: u8, path: &Path) -> Result<Self> {
        let reader = Limited { reader, left: LONGEST_BYTES };
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(reader);
        let names = match reader.byte_headers() {
            Ok(names) => names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect(),
            Err(error) => return Err(table_error(error, "line 1").at(path)),
        };
        Ok(Self { reader, path: path.to_owned(), names, row: 0 })
    }

    /// The next row, `None` after the last.
    ///
    /// # Errors
    /// One that cannot be read.
    pub fn read(&mut self) -> Result<Option<ByteRecord>> {
        self.reader.get_mut().left = LONGEST_BYTES;
        let mut row = ByteRecord::new();
        self.row += 1;
        match self.reader.read_byte_record(&mut row) {
            Ok(true) => Ok(Some(row)),
            Ok(false) => Ok(None),
            Err(error) => Err(table_error(error, &self.place()).at(&self.path)),
        }
    }

    /// What the row read last is called.
    pub fn place(&self) -> String {
        format!("row {}", self.row)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Documents from a table's column.
pub(super) struct Rows {
    table: Table,
    field: Field,
    column: usize,
    /// What was read while the column was looked for, or why no more was.
    ahead: VecDeque<Result<ByteRecord>>,
    /// The number of the row emitted last, from 1.
    row: usize,
}

impl Rows {
    /// Reads the names, and where the text's column is not among them a few rows.
    ///
    /// # Errors
    /// A table that cannot be read, or has no such column.
    pub fn open(reader: Box<dyn BufRead + Send>, delimiter: u8, path: &Path, field: Field) -> Result<Self> {
        let table = Table::open(reader, delimiter, path)?;
        let mut rows = Self { table, field, column: 0, ahead: VecDeque::new(), row: 0 };
        rows.find_column()?;
        Ok(rows)
    }

    fn find_column(&mut self) -> Result<()> {
        let names = self.table.names.clone();
        let place = |field: &Field| names.iter().position(|name| *name == field.name);
        if place(&self.field).is_none() && self.field.is_sought() {
            while self.ahead.len() < LOOKED_AT
                && let Some(row) = self.table.read().transpose()
            {
                let ended = row.is_err();
                self.ahead.push_back(row);
                if ended {
                    break;
                }
            }
            self.field.find(&self.texts(&names));
        }
        self.field.settle();
        match place(&self.field) {
            Some(column) => self.column = column,
            None => return Err(self.field.missing(&names).at(self.table.path())),
        }
        Ok(())
    }

    /// The names of columns that hold more than numbers.
    fn texts(&self, names: &[String]) -> Vec<String> {
        let is_text = |cell: &[u8]| {
            let cell = String::from_utf8_lossy(cell);
            !cell.trim().is_empty() && cell.trim().parse::<f64>().is_err()
        };
        let holds = |column: usize| {
            self.ahead.iter().flatten().any(|row: &ByteRecord| row.get(column).is_some_and(is_text))
        };
        names.iter().enumerate().filter(|(column, _)| holds(*column)).map(|(_, name)| name.clone()).collect()
    }
}

impl Entries for Rows {
    fn next(&mut self) -> Result<Option<Entry>> {
        let row = match self.ahead.pop_front() {
            Some(row) => row?,
            None => match self.table.read()? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        self.row += 1;
        let place = || format!("row {}", self.row);
        let cell = row.get(self.column).unwrap_or_default();
        Ok(Some(match text(cell, place) {
            Ok("") => Entry::Bad(no_text(place(), &self.field.name)),
            text => text.into(),
        }))
    }

    fn noun(&self) -> &'static str {
        "rows"
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        self.table.path()
    }
}

/// A reader of so many bytes: a quote that is never closed must not fill the memory.
struct Limited {
    reader: Box<dyn BufRead + Send>,
    left: usize,
}

/// The words by which its error is known again.
const LIMIT: &str = "longer than a row may be";

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(LIMIT));
        }
        let length = buffer.len().min(self.left);
        let read = self.reader.read(&mut buffer[..length])?;
        self.left -= read;
        Ok(read)
    }
}

fn table_error(error: csv::Error, place: &str) -> Error {
    match error.kind() {
        ErrorKind::Io(error) if error.to_string() == LIMIT => too_long(place, LONGEST_BYTES, "row"),
        ErrorKind::Io(error) => unreadable(place, error),
        _ => Error::new(Kind::Corpus, format!("{place} cannot be read ({error})"))
            .help("check that the table is whole"),
    }
}
