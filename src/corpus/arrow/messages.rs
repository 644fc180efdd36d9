//! Arrow's messages, one after the other: those of a stream, or those that a file's footer names.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::flat::Table;
use super::schema::{self, Column};
use crate::corpus::lines::damaged;
use crate::error::{Error, Result};

/// What a message may take: its own bytes, and those of its body.
const LONGEST_MESSAGE: u64 = 64 << 20;
const LARGEST_BODY: u64 = 1 << 30;
/// The kinds of messages.
const SCHEMA: u64 = 1;
const DICTIONARY: u64 = 2;
const BATCH: u64 = 3;

/// What Arrow's files start with, and what the messages of its streams do.
pub(in crate::corpus) const FILE: &[u8] = b"ARROW1\0\0";
pub(in crate::corpus) const MESSAGE: &[u8] = b"\xff\xff\xff\xff";

/// Where messages come from, one after the other.
pub(super) enum Messages {
    /// All there are, in their order.
    Stream(Box<dyn BufRead + Send>),
    /// Those at the places that a file's footer names.
    File { reader: BufReader<File>, places: VecDeque<u64> },
}

/// What a message says of its body.
pub(super) enum Header<'b> {
    /// Values of the dictionary of this number; where `is_more`, behind those that came before.
    Dictionary { number: u64, data: Table<'b>, is_more: bool },
    /// Rows.
    Batch(Table<'b>),
}

/// A message's own bytes, and how many its body takes.
pub(super) struct Head {
    bytes: Vec<u8>,
    body: u64,
}

/// What is said of a message that does not say what it should.
pub(super) fn wrong() -> io::Error {
    io::Error::other("a message does not fit its body or the schema")
}

impl Head {
    /// What a message of rows or of a dictionary says of its body.
    pub fn header(&self) -> io::Result<Header<'_>> {
        header(&self.bytes)?.ok_or_else(wrong)
    }
}

/// What bytes say of the body behind them; `None` of what is neither rows nor a dictionary.
fn header(bytes: &[u8]) -> io::Result<Option<Header<'_>>> {
    let root = Table::root(bytes).ok_or_else(wrong)?;
    let header = || root.table(2).ok_or_else(wrong);
    Ok(match root.number::<1>(1).unwrap_or(0) {
        BATCH => Some(Header::Batch(header()?)),
        DICTIONARY => {
            let header = header()?;
            Some(Header::Dictionary {
                number: header.number::<8>(0).unwrap_or(0),
                data: header.table(1).ok_or_else(wrong)?,
                is_more: header.number::<1>(2).unwrap_or(0) != 0,
            })
        }
        _ => None,
    })
}

impl Messages {
    /// Reads the schema of a stream, or of a file that is read as one.
    ///
    /// # Errors
    /// A stream that is damaged.
    pub fn of_stream(mut reader: Box<dyn BufRead + Send>, path: &Path) -> Result<(Self, Vec<Column>)> {
        // Most files are a stream between marks.
        let is_file = reader.fill_buf().is_ok_and(|start| start.starts_with(FILE));
        if is_file {
            reader.consume(FILE.len());
        }
        let head = head(&mut reader).map_err(|error| without_schema(&format!(" ({error})")).at(path))?;
        let root = head.as_ref().and_then(|head| Table::root(&head.bytes));
        let schema = root.filter(|root| root.number::<1>(1) == Some(SCHEMA)).and_then(|root| root.table(2));
        let columns = schema.and_then(schema::columns).ok_or_else(|| without_schema("").at(path))?;
        Ok((Self::Stream(reader), columns))
    }

    /// Reads a file's footer.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn of_file(file: File, path: &Path) -> Result<(Self, Vec<Column>)> {
        let mut reader = BufReader::new(file);
        let bytes = footer(&mut reader).map_err(|error| without_schema(&format!(" ({error})")).at(path))?;
        let root = Table::root(&bytes);
        let schema = root.and_then(|root| root.table(1)).and_then(schema::columns);
        let (Some(root), Some(columns)) = (root, schema) else { return Err(without_schema("").at(path)) };
        let dictionaries = root.blocks(2).unwrap_or_default();
        let places = dictionaries.into_iter().chain(root.blocks(3).unwrap_or_default()).collect();
        Ok((Self::File { reader, places }, columns))
    }

    /// The next message of rows, or of a dictionary whose number is wanted, with its body; `None` after the last.
    ///
    /// # Errors
    /// What cannot be read, or takes more than a message may.
    pub fn next_of(&mut self, wanted: impl Fn(u64) -> bool) -> io::Result<Option<(Head, Vec<u8>)>> {
        loop {
            let Some(head) = self.next()? else { return Ok(None) };
            let length = head.body;
            let is_wanted = match header(&head.bytes)? {
                Some(Header::Batch(_)) => true,
                Some(Header::Dictionary { number, .. }) => wanted(number),
                None => false,
            };
            if !is_wanted {
                let passed = io::copy(&mut self.reader().take(length), &mut io::sink())?;
                if passed < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if length > LARGEST_BODY {
                return Err(io::Error::other("a batch takes more than 1 GiB"));
            }
            let mut body = Vec::new();
            self.reader().take(length).read_to_end(&mut body)?;
            if (body.len() as u64) < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            return Ok(Some((head, body)));
        }
    }

    /// The head of the next message, `None` after the last.
    fn next(&mut self) -> io::Result<Option<Head>> {
        let (reader, places) = match self {
            Self::Stream(reader) => return head(reader),
            Self::File { reader, places } => (reader, places),
        };
        let Some(place) = places.pop_front() else { return Ok(None) };
        reader.seek(SeekFrom::Start(place))?;
        head(reader)?.map(Some).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// What follows the head read last.
    fn reader(&mut self) -> &mut dyn BufRead {
        match self {
            Self::Stream(reader) => reader,
            Self::File { reader, .. } => reader,
        }
    }
}

/// The head of the next message, `None` after the last.
fn head(reader: &mut dyn BufRead) -> io::Result<Option<Head>> {
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
    Ok(Some(Head { bytes, body }))
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
