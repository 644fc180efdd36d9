//! The elements of a JSON array, one at a time: whatever the array's size, no more than one is in memory.

use std::io::{BufRead, ErrorKind};
use std::path::{Path, PathBuf};

use super::lines::{LONGEST_BYTES, damaged, text, too_long, unreadable};
use super::skipped::Problem;
use crate::error::{Error, Result};

pub(super) struct Elements {
    reader: Box<dyn BufRead + Send>,
    path: PathBuf,
    /// The number of the element read last, from 1.
    number: usize,
    within: bool,
    buffer: Vec<u8>,
}

impl Elements {
    pub(super) fn new(reader: Box<dyn BufRead + Send>, path: &Path) -> Self {
        Self { reader, path: path.to_owned(), number: 0, within: false, buffer: Vec::new() }
    }

    /// The next element's text, or what is wrong with it; `None` after the array's end.
    pub(super) fn next(&mut self) -> Result<Option<Result<&str, Problem>>> {
        self.number += 1;
        loop {
            let Some(byte) = self.peek()? else {
                return match self.within {
                    true => Err(self.error("the array ends before it is closed")),
                    false => Ok(None),
                };
            };
            match byte {
                b'[' if !self.within => self.within = true,
                b']' if self.within => self.within = false,
                b',' if self.within => {}
                _ if byte.is_ascii_whitespace() => {}
                _ if self.within => break,
                _ => return Err(self.error("there is something behind the array's end")),
            }
            self.reader.consume(1);
        }
        self.read_element()?;
        Ok(Some(text(&self.buffer, || self.place())))
    }

    /// What the element read last is called.
    pub(super) fn place(&self) -> String {
        format!("entry {}", self.number)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads up to the comma or bracket behind the element.
    fn read_element(&mut self) -> Result<()> {
        self.buffer.clear();
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        loop {
            let piece = match self.reader.fill_buf() {
                Ok([]) => return Err(self.error("the array ends before it is closed")),
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(&self.place(), &error).at(&self.path)),
            };
            let end = piece.iter().position(|&byte| {
                if in_string {
                    (in_string, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
                    return false;
                }
                match byte {
                    b'"' => in_string = true,
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' if depth > 0 => depth -= 1,
                    b',' | b']' => return depth == 0,
                    _ => {}
                }
                false
            });
            let taken = end.unwrap_or(piece.len());
            if self.buffer.len() + taken > LONGEST_BYTES {
                return Err(too_long(&self.place(), LONGEST_BYTES, "line").at(&self.path));
            }
            self.buffer.extend_from_slice(&piece[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            match self.reader.fill_buf() {
                Ok(piece) => return Ok(piece.first().copied()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(&self.place(), &error).at(&self.path)),
            }
        }
    }

    fn error(&self, cause: &str) -> Error {
        damaged(cause).at(&self.path)
    }
}
