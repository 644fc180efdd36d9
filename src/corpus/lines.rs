//! Lines of UTF-8 text with their numbers, for both formats.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use super::skipped::{Fault, Problem};
use crate::error::{Error, Kind, Result};

/// A file that is not made of lines must not fill the memory before it is refused.
pub(super) const LONGEST_BYTES: usize = 64 << 20;

pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    path: PathBuf,
    /// The number of the line read last, from 1.
    number: usize,
    buffer: Vec<u8>,
    longest: usize,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn BufRead + Send>, path: &Path) -> Self {
        Self { reader, path: path.to_owned(), number: 0, buffer: Vec::new(), longest: LONGEST_BYTES }
    }

    #[cfg(test)]
    pub(super) fn with_longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// The next line without its end (`\n` or `\r\n`), or what is wrong with it; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Result<&str, Problem>>> {
        self.buffer.clear();
        // One byte more than allowed tells a line that is too long from one that just fits.
        let mut limited = self.reader.by_ref().take(self.longest as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer);
        self.number += 1;
        match read {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(unreadable(&self.place(), &error).at(&self.path)),
        }
        if self.buffer.len() > self.longest {
            return Err(too_long(&self.place(), self.longest, "line").at(&self.path));
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(text(line, || self.place())))
    }

    /// What the line read last is called.
    pub(super) fn place(&self) -> String {
        format!("line {}", self.number)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The error of an entry that does not come.
pub(super) fn unreadable(place: &str, error: &std::io::Error) -> Error {
    damaged(format!("{place} cannot be read ({error})"))
}

/// The error of a file whose bytes are not what they should be.
pub(super) fn damaged(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Corpus, cause).help("the file may be truncated or damaged; download it again")
}

/// The error of an entry that would take too much memory.
pub(super) fn too_long(place: &str, longest: usize, entry: &str) -> Error {
    let cause = format!("{place} is longer than {} MiB", longest >> 20);
    Error::new(Kind::Corpus, cause).help(format!("put every document on a {entry} of its own"))
}

/// What is wrong with a row without text in the column of the text.
pub(super) fn no_text(place: String, column: &str) -> Problem {
    let cause = format!("has no text in `{}`", column.escape_debug());
    Problem::new(Fault::Text, place, cause, "name another column with --text-field")
}

/// What is wrong with a row whose text is longer than a document may be.
pub(super) fn long_text(place: String) -> Problem {
    let cause = format!("is longer than {} MiB", LONGEST_BYTES >> 20);
    Problem::new(Fault::Long, place, cause, "make documents of its parts")
}

/// Bytes as text, or what they are instead.
pub(super) fn text(bytes: &[u8], place: impl Fn() -> String) -> Result<&str, Problem> {
    let problem = |fault, cause: &str, help: String| Err(Problem::new(fault, place(), cause, help));
    if bytes.contains(&0) {
        return problem(Fault::Zero, "has a zero byte", "this is not a text file; choose another one".into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => problem(Fault::Utf8, "is not UTF-8 text", likely_encoding(bytes)),
    }
}

/// What would help with text that is not UTF-8: what it most likely is, and how it is converted.
fn likely_encoding(bytes: &[u8]) -> String {
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    // Letters with accents are few among plain ones; whole scripts are not.
    let western = 4 * high <= bytes.len();
    match western {
        true if bytes.iter().any(|byte| (0x80..0xa0).contains(byte)) => {
            "it looks like Windows-1252: convert it with `iconv -f WINDOWS-1252 -t UTF-8`".to_owned()
        }
        true => {
            "it looks like Latin-1 (ISO 8859-1): convert it with `iconv -f ISO-8859-1 -t UTF-8`".to_owned()
        }
        false => "if it is text at all, save it again as UTF-8".to_owned(),
    }
}
