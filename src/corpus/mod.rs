//! Text on disk, as a stream of documents.
//!
//! [`documents`] reads only as far as it is asked to, so that the first hundred documents of a 300 GB file
//! cost no more than those of a small one. JSON lines and plain text are told apart by the file's name, or
//! by its first character where the name says nothing; gzip is known by its first bytes. The formats
//! themselves are in [`jsonl`] and [`plain`]. `-` is standard input.

use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Kind, Result};
use lines::Lines;

pub mod jsonl;
mod lines;
pub mod plain;
mod spool;

pub use spool::is_standard_input;

/// What a file's bytes are, once decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    JsonLines,
    Plain,
}

/// The documents of a file in order. Ends after the first error.
pub struct Documents {
    lines: Lines,
    format: Format,
    text_field: String,
    found_any: bool,
    ended: bool,
}

/// Opens a text file: `.jsonl`, `.ndjson` or `.json` (one object a line, the text in `text_field`), or
/// `.txt`, all of them also compressed as `.gz`; other names are sniffed. What can be read only once, such as
/// standard input (`-`) or a pipe, is kept while it is read, so that it can be opened again.
///
/// # Errors
/// [`Kind::Corpus`], here if the file cannot be opened, is empty or of a format that is not read, and from
/// the iterator, with the line's number, if a line cannot be read: no UTF-8, longer than 64 MiB, not JSON,
/// or without the text field. A file without any document yields one error.
pub fn documents(path: &Path, text_field: &str) -> Result<Documents> {
    let name = name(path);
    let (reader, format) = open(path).map_err(|error| error.at(name))?;
    let text_field = text_field.to_owned();
    Ok(Documents { lines: Lines::new(reader, name), format, text_field, found_any: false, ended: false })
}

/// What the text at a path is called: the path, but for standard input.
pub fn name(path: &Path) -> &Path {
    if is_standard_input(path) { Path::new("standard input") } else { path }
}

impl Documents {
    fn read(&mut self) -> Result<Option<String>> {
        let document = match self.format {
            Format::JsonLines => jsonl::next_document(&mut self.lines, &self.text_field),
            Format::Plain => plain::next_document(&mut self.lines),
        }?;
        if document.is_none() && !self.found_any {
            return Err(self.lines.error("the file has no text").help("choose another file"));
        }
        Ok(document)
    }
}

impl Iterator for Documents {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        if self.ended {
            return None;
        }
        let document = self.read().transpose();
        self.found_any = true;
        self.ended = !matches!(document, Some(Ok(_)));
        document
    }
}

fn open(path: &Path) -> Result<(Box<dyn BufRead + Send>, Format)> {
    if path.is_dir() {
        return Err(Error::new(Kind::Corpus, "this is a folder, not a text file")
            .help("name a file in it, such as .jsonl, .json.gz or .txt"));
    }
    let unreadable = |error: std::io::Error| {
        let help = match error.kind() {
            std::io::ErrorKind::NotFound => "check the spelling",
            std::io::ErrorKind::PermissionDenied => "check its permissions",
            _ => "check that the file is whole",
        };
        Error::new(Kind::Corpus, format!("the text cannot be read ({error})")).help(help)
    };
    let mut file = BufReader::new(spool::reader(path).map_err(unreadable)?);
    let mut reader: Box<dyn BufRead + Send> = match file.fill_buf().map_err(unreadable)? {
        [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            return Err(Error::new(Kind::Corpus, "text compressed with zstd is not supported")
                .help("decompress the file with `zstd -d`, or compress it with gzip"));
        }
        [b'P', b'A', b'R', b'1', ..] => {
            return Err(Error::new(Kind::Corpus, "text in Parquet is not supported")
                .help("convert the file to JSON lines"));
        }
        _ => Box::new(file),
    };
    let start = reader.fill_buf().map_err(unreadable)?;
    if start.is_empty() {
        return Err(Error::new(Kind::Corpus, "the file is empty").help("choose another file"));
    }
    let format = format_by_name(path).unwrap_or_else(|| format_by_start(start));
    Ok((reader, format))
}

/// The format a file's name promises, `.gz` aside.
fn format_by_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.')?.1 {
        "jsonl" | "json" | "ndjson" => Some(Format::JsonLines),
        "txt" | "text" => Some(Format::Plain),
        _ => None,
    }
}

/// Takes text for JSON lines if an object opens it.
fn format_by_start(start: &[u8]) -> Format {
    let start = start.strip_prefix(lines::BYTE_ORDER_MARK).unwrap_or(start);
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Format::JsonLines,
        _ => Format::Plain,
    }
}

#[cfg(test)]
mod tests;
