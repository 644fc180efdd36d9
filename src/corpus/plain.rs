//! Plain text, cut into documents.
//!
//! Only the start of a document is measured, up to the context's length. A book as one document would give
//! a single row, and a paragraph a document many rows too short for an n-gram and none with much context.
//! So a document is a group of whole paragraphs (text between blank lines), like a page on the web:
//!
//! - it ends at the first blank line once it holds 4,096 bytes, about 900 tokens of English and so enough
//!   for the default context of 512;
//! - it ends earlier at two blank lines or more, which in books part chapters and in collections articles;
//! - it ends at the end of a line once it holds twice as much, for files without blank lines.
//!
//! Lines and the paragraphs' single blank lines stay as they are in the text. Whoever wants other documents
//! writes them as JSON lines.

use std::path::Path;

use super::field::Field;
use super::lines::Lines;
use super::{Entries, Entry};
use crate::error::Result;

/// A document of this size ends with its paragraph.
pub const ENOUGH_BYTES: usize = 4096;

/// Documents from paragraphs.
pub(super) struct Paragraphs {
    lines: Lines,
    /// None of it is asked for: there are no fields.
    field: Field,
}

impl Paragraphs {
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines, field: Field::chosen("") }
    }
}

impl Entries for Paragraphs {
    /// The next group of paragraphs, `None` after the last.
    fn next(&mut self) -> Result<Option<Entry>> {
        let mut text = String::new();
        let mut blank_lines = 0;
        loop {
            let line = match self.lines.next()? {
                None => break,
                Some(Ok(line)) => line,
                // Text that is cut at a line nobody can read would be another text.
                Some(Err(problem)) => return Err(problem.error(self.lines.path())),
            };
            if line.trim().is_empty() {
                blank_lines += 1;
                if text.is_empty() {
                    return Ok(Some(Entry::Blank));
                }
                if blank_lines >= 2 || text.len() >= ENOUGH_BYTES {
                    break;
                }
                continue;
            }
            if !text.is_empty() {
                text.push_str(if blank_lines == 0 { "\n" } else { "\n\n" });
            }
            blank_lines = 0;
            text.push_str(line);
            if text.len() >= 2 * ENOUGH_BYTES {
                break;
            }
        }
        Ok((!text.is_empty()).then_some(Entry::Document(text)))
    }

    fn noun(&self) -> &'static str {
        "lines"
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        self.lines.path()
    }
}
