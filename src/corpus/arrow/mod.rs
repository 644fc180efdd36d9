//! Arrow's streams of messages, as `datasets` saves them, and its files (Feather 2), whose footer tells where their messages
//! lie: a column of strings, batch by batch.
//!
//! The crates for it would be in every build for what takes a few pages here, where nothing that a message declares is
//! believed before it is compared with what is there.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::field::Field;
use super::lines::{damaged, long_text, no_text, text};
use super::{Entries, Entry};
use crate::error::{Error, Result};
use batch::{Batch, Cell, Way};
use flat::Table;
use schema::{Column, Layout};

mod batch;
mod flat;
mod schema;

/// What a message may take: its own bytes, and those of its body.
const LONGEST_MESSAGE: u64 = 64 << 20;
const LARGEST_BODY: u64 = 1 << 30;
/// The kinds of messages.
const SCHEMA: u64 = 1;
const DICTIONARY: u64 = 2;
const BATCH: u64 = 3;

/// What Arrow's files start with, and what the messages of its streams do.
pub(super) const FILE: &[u8] = b"ARROW1\0\0";
pub(super) const MESSAGE: &[u8] = b"\xff\xff\xff\xff";

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
    batch: Option<Batch>,
    /// The next row of the batch, and how many came before it.
    row: u64,
    before: u64,
}

/// Where messages come from, one after the other.
enum Messages {
    /// All there are, in their order.
    Stream(Box<dyn BufRead + Send>),
    /// Those at the places that a file's footer names.
    File { reader: BufReader<File>, places: VecDeque<u64> },
}

impl Messages {
    /// The next message, `None` after the last.
    fn next(&mut self) -> io::Result<Option<Message>> {
        let (reader, places) = match self {
            Self::Stream(reader) => return message(reader),
            Self::File { reader, places } => (reader, places),
        };
        let Some(place) = places.pop_front() else { return Ok(None) };
        reader.seek(SeekFrom::Start(place))?;
        message(reader)?.map(Some).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// What follows the message emitted last.
    fn reader(&mut self) -> &mut dyn BufRead {
        match self {
            Self::Stream(reader) => reader,
            Self::File { reader, .. } => reader,
        }
    }
}

/// A message, with what its body takes.
struct Message {
    bytes: Vec<u8>,
    body: u64,
}

impl Batches {
    /// Reads the schema of a stream, or of a file that is read as one.
    ///
    /// # Errors
    /// A stream that is damaged, or without the column.
    pub fn of_stream(mut reader: Box<dyn BufRead + Send>, path: &Path, field: Field) -> Result<Self> {
        // Most files are a stream between marks.
        let is_file = reader.fill_buf().is_ok_and(|start| start.starts_with(FILE));
        if is_file {
            reader.consume(FILE.len());
        }
        let message =
            message(&mut reader).map_err(|error| without_schema(&format!(" ({error})")).at(path))?;
        let root = message.as_ref().and_then(|message| Table::root(&message.bytes));
        let schema = root.filter(|root| root.number::<1>(1) == Some(SCHEMA)).and_then(|root| root.table(2));
        let columns = schema.and_then(schema::columns).ok_or_else(|| without_schema("").at(path))?;
        Self::open(Messages::Stream(reader), columns, path, field)
    }

    /// Reads a file's footer.
    ///
    /// # Errors
    /// A file that is damaged, or without the column.
    pub fn of_file(file: File, path: &Path, field: Field) -> Result<Self> {
        let mut reader = BufReader::new(file);
        let bytes = footer(&mut reader).map_err(|error| without_schema(&format!(" ({error})")).at(path))?;
        let root = Table::root(&bytes);
        let schema = root.and_then(|root| root.table(1)).and_then(schema::columns);
        let (Some(root), Some(columns)) = (root, schema) else { return Err(without_schema("").at(path)) };
        let dictionaries = root.blocks(2).unwrap_or_default();
        let places = dictionaries.into_iter().chain(root.blocks(3).unwrap_or_default()).collect();
        Self::open(Messages::File { reader, places }, columns, path, field)
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
        Ok(Self {
            messages,
            path,
            field,
            columns,
            way,
            dictionary,
            dictionary_number,
            batch: None,
            row: 0,
            before: 0,
        })
    }

    /// Reads up to the next batch with rows. Returns whether there was one.
    fn read(&mut self) -> io::Result<bool> {
        let wrong = || io::Error::other("a message does not fit its body or the schema");
        loop {
            let Some(message) = self.messages.next()? else { return Ok(false) };
            let root = Table::root(&message.bytes).ok_or_else(wrong)?;
            let header = root.table(2);
            let kind = root.number::<1>(1).unwrap_or(0);
            let dictionary = header.filter(|_| kind == DICTIONARY);
            let is_ours = dictionary
                .is_some_and(|header| Some(header.number::<8>(0).unwrap_or(0)) == self.dictionary_number);
            if kind != BATCH && !is_ours {
                let passed = io::copy(&mut self.messages.reader().take(message.body), &mut io::sink())?;
                if passed < message.body {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if message.body > LARGEST_BODY {
                return Err(io::Error::other("a batch takes more than 1 GiB"));
            }
            let mut body = Vec::new();
            self.messages.reader().take(message.body).read_to_end(&mut body)?;
            if (body.len() as u64) < message.body {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let header = header.ok_or_else(wrong)?;
            if is_ours {
                let values =
                    leaf(&self.columns, &self.way).and_then(|leaf| leaf.values.clone()).ok_or_else(wrong)?;
                let columns = [Column::unnamed(values)];
                let way = Way { column: 0, children: Vec::new() };
                let data = header.table(1).ok_or_else(wrong)?;
                let batch = Batch::new(data, body, &columns, &way).ok_or_else(wrong)?;
                if header.number::<1>(2).unwrap_or(0) == 0 {
                    self.dictionary.clear();
                }
                self.dictionary.push(batch);
                continue;
            }
            let batch = Batch::new(header, body, &self.columns, &self.way).ok_or_else(wrong)?;
            if batch.rows() > 0 {
                self.batch = Some(batch);
                self.row = 0;
                return Ok(true);
            }
        }
    }
}

impl Entries for Batches {
    fn next(&mut self) -> Result<Option<Entry>> {
        let batch = loop {
            match &self.batch {
                Some(batch) if self.row < batch.rows() => break batch,
                Some(batch) => {
                    self.before += batch.rows();
                    self.batch = None;
                }
                None => match self.read() {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(error) => {
                        let cause = format!("what follows row {} cannot be read ({error})", self.before);
                        return Err(damaged(cause).at(&self.path));
                    }
                },
            }
        };
        let cell = batch.cell(self.row, &self.columns, &self.way, &self.dictionary);
        self.row += 1;
        let place = || format!("row {}", self.before + self.row);
        let Some(cell) = cell else {
            return Err(damaged(format!("{} lies outside its batch", place())).at(&self.path));
        };
        Ok(Some(match cell {
            Cell::Text(bytes) => text(&bytes, place).into(),
            Cell::Null => Entry::Bad(no_text(place(), &self.field.name)),
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

/// The next message, `None` after the last.
fn message(reader: &mut dyn BufRead) -> io::Result<Option<Message>> {
    let mut length = [0; 4];
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    reader.read_exact(&mut length)?;
    // Old streams have no mark.
    if length == MESSAGE {
        reader.read_exact(&mut length)?;
    }
    let length = u64::from(u32::from_le_bytes(length));
    if length == 0 {
        return Ok(None);
    }
    if length > LONGEST_MESSAGE {
        return Err(io::Error::other("a message takes more than 64 MiB"));
    }
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let body = Table::root(&bytes).map(|root| root.number::<8>(3).unwrap_or(0));
    let body = body.ok_or_else(|| io::Error::other("a message is damaged"))?;
    Ok(Some(Message { bytes, body }))
}

/// The footer of a file, which stands before its own length and a mark.
fn footer(reader: &mut BufReader<File>) -> io::Result<Vec<u8>> {
    const MARK: &[u8] = b"ARROW1";
    let end = reader.seek(SeekFrom::End(-10))?;
    let mut tail = [0; 10];
    reader.read_exact(&mut tail)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if &tail[4..] != MARK || length > LONGEST_MESSAGE || length > end {
        return Err(io::Error::other("the file does not end as it should"));
    }
    reader.seek(SeekFrom::Start(end - length))?;
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn without_schema(why: &str) -> Error {
    damaged(format!("this Arrow file has no schema, or one of a form that is not read{why}"))
}
