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

use super::lines::Lines;
use crate::error::Result;

/// A document of this size ends with its paragraph.
pub const ENOUGH_BYTES: usize = 4096;

/// The next group of paragraphs, `None` after the last.
pub(super) fn next_document(lines: &mut Lines) -> Result<Option<String>> {
    let mut text = String::new();
    let mut blank_lines = 0;
    while let Some(line) = lines.next()? {
        if line.trim().is_empty() {
            blank_lines += 1;
            if !text.is_empty() && (blank_lines >= 2 || text.len() >= ENOUGH_BYTES) {
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
    Ok((!text.is_empty()).then_some(text))
}
