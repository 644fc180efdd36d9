//! Lines of UTF-8 text with their numbers, for both formats.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Some editors start a UTF-8 file with this; it is no part of the text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file that is not made of lines must not fill the memory before it is refused.
const LONGEST_LINE_BYTES: usize = 64 << 20;

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
        Self { reader, path: path.to_owned(), number: 0, buffer: Vec::new(), longest: LONGEST_LINE_BYTES }
    }

    #[cfg(test)]
    pub(super) fn with_longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// The next line without its end (`\n` or `\r\n`), `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<&str>> {
        self.buffer.clear();
        // One byte more than allowed tells a line that is too long from one that just fits.
        let mut limited = self.reader.by_ref().take(self.longest as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer);
        self.number += 1;
        match read {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) => {
                let help = "the file may be truncated or damaged; download it again";
                return Err(self.line_error(format!("cannot be read ({error})")).help(help));
            }
        }
        if self.buffer.len() > self.longest {
            return Err(self
                .line_error(format!("is longer than {} MiB", self.longest >> 20))
                .help("put every document on a line of its own"));
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = if self.number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        if line.contains(&0) {
            return Err(self
                .line_error("has a zero byte")
                .help("this is not a text file; choose another one"));
        }
        match std::str::from_utf8(line) {
            Ok(line) => Ok(Some(line)),
            Err(_) => {
                Err(self.line_error("is not UTF-8 text").help("if it is text at all, save it again as UTF-8"))
            }
        }
    }

    /// An error about the file.
    pub(super) fn error(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(Kind::Corpus, cause).at(&self.path)
    }

    /// An error about the line read last: `line 3 <cause>`.
    pub(super) fn line_error(&self, cause: impl std::fmt::Display) -> Error {
        self.error(format_args!("line {} {cause}", self.number))
    }
}
