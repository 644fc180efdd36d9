//! Text on disk, as a stream of documents.
//!
//! [`documents`] reads only as far as it is asked to, so that the first hundred documents of a 300 GB file
//! cost no more than those of a small one. JSON, tables and plain text are told apart by the file's name, or
//! by its first characters where the name says nothing; compression, encoding, Parquet and Arrow are known by the first
//! bytes. `-` is standard input. A folder is the Parquet or Arrow files in it.
//!
//! An entry without a document, such as a line that is no JSON, is skipped and counted; where most are, reading ends
//! with an error.

use std::path::Path;

use self::arrow::Batches;
use self::parquet::Columns;
use crate::error::{Error, Kind, Result};
use crate::tally::Tally;
use array::Elements;
use folder::Shards;
use json::{JsonEntries, Objects};
use lines::Lines;
use open::{Format, Opened};
use plain::Paragraphs;
use skipped::{Fault, Problem};
use table::Rows;

mod array;
mod arrow;
mod field;
mod folder;
pub mod json;
mod lines;
mod open;
mod parquet;
pub mod plain;
mod records;
mod skipped;
mod spool;
mod table;
mod unpack;
mod utf16;

pub use field::Field;
pub use open::EXTENSIONS;
pub use records::{Labelled, Record, field_names, labelled, records};
pub use spool::is_standard_input;

/// The next thing in a file.
enum Entry<T = String> {
    /// A document, or a record.
    Document(T),
    /// What should have been one.
    Bad(Problem),
    /// Nothing, such as an empty line.
    Blank,
}

impl<T: Into<String>> From<Result<T, Problem>> for Entry {
    fn from(text: Result<T, Problem>) -> Self {
        text.map_or_else(Self::Bad, |text| Self::Document(text.into()))
    }
}

/// What a file is made of, one after the other.
trait Entries<T = String>: Send {
    /// The next one, `None` after the last.
    fn next(&mut self) -> Result<Option<Entry<T>>>;
    /// What many of them are called.
    fn noun(&self) -> &'static str;
    /// The field that the text is taken from.
    fn field(&self) -> &Field;
    /// The file, or the folder.
    fn path(&self) -> &Path;
    /// What was chosen of it.
    fn note(&self) -> Option<&str> {
        None
    }
}

/// What a file holds, in order. Ends after the first error.
pub struct Reading<T> {
    entries: Box<dyn Entries<T>>,
    tally: Tally<Fault>,
    ended: bool,
}

/// The documents of a file.
pub type Documents = Reading<String>;

/// Opens a text: `.jsonl`, `.ndjson` or `.json` (one object a line, or an array of objects, the text in `field`), `.csv`
/// or `.tsv` (the text in the column `field`), or `.txt`, all of them also compressed with gzip or zstd; other names are
/// sniffed. Text is in UTF-8, or in UTF-16 with its mark. Parquet, Arrow's streams and files, and folders of them have the
/// text in the column `field`. What can be read only once, such as standard input (`-`) or a pipe, is kept while it is
/// read, so that it can be opened again.
///
/// # Errors
/// [`Kind::Corpus`], here if the text cannot be opened, is empty or of a format that is not read, and from
/// the iterator, with the line's number, if a line cannot be read or is longer than 64 MiB, if plain text is not in UTF-8,
/// or if most entries have no document. A file without any document yields one error.
pub fn documents(path: &Path, field: Field) -> Result<Documents> {
    Reading::open(path, entries, field)
}

/// How one file is opened, the text in this field.
type Open<T> = dyn Fn(&Path, Field) -> Result<Box<dyn Entries<T>>> + Send;

/// The entries of a file.
fn entries(path: &Path, field: Field) -> Result<Box<dyn Entries>> {
    let name = name(path);
    let (reader, format) = match open::open(path)? {
        Opened::Parquet(file) => return Ok(Box::new(Columns::open(file, name, field)?)),
        Opened::Arrow(file) => return Ok(Box::new(Batches::of_file(file, name, field)?)),
        Opened::Stream { reader, format } => (reader, format),
    };
    Ok(match format {
        Format::JsonLines => Box::new(JsonEntries::new(Objects::Lines(Lines::new(reader, name)), field)),
        Format::JsonArray => Box::new(JsonEntries::new(Objects::Array(Elements::new(reader, name)), field)),
        Format::Plain => Box::new(Paragraphs::new(Lines::new(reader, name))),
        Format::Table(delimiter) => Box::new(Rows::open(reader, delimiter, name, field)?),
        Format::Arrow => Box::new(Batches::of_stream(reader, name, field)?),
    })
}

/// What the text at a path is called: the path, but for standard input.
pub fn name(path: &Path) -> &Path {
    if is_standard_input(path) { Path::new("standard input") } else { path }
}

impl<T: 'static> Reading<T> {
    /// What a file holds, or the files of a folder.
    fn open(
        path: &Path,
        open: impl Fn(&Path, Field) -> Result<Box<dyn Entries<T>>> + Send + 'static,
        field: Field,
    ) -> Result<Self> {
        let entries: Box<dyn Entries<T>> = match !is_standard_input(path) && path.is_dir() {
            true => Box::new(Shards::open(path, Box::new(open), field)?),
            false => open(path, field).map_err(|error| error.at(name(path)))?,
        };
        Ok(Self { entries, tally: Tally::default(), ended: false })
    }

    /// The next document, `None` after the last. `interrupted` is asked now and then whether to stop.
    ///
    /// # Errors
    /// As [`documents`]; [`Kind::Cancelled`] once `interrupted` says to stop.
    pub fn next_unless(&mut self, interrupted: &mut dyn FnMut() -> bool) -> Result<Option<T>> {
        if self.ended {
            return Ok(None);
        }
        let document = self.read(interrupted);
        self.ended = !matches!(document, Ok(Some(_)));
        document
    }

    fn read(&mut self, interrupted: &mut dyn FnMut() -> bool) -> Result<Option<T>> {
        /// Entries between two questions whether to stop.
        const OFTEN: usize = 64;
        for count in 1_usize.. {
            if count.is_multiple_of(OFTEN) && interrupted() {
                return Err(Error::cancelled());
            }
            let entry = self.entries.next()?;
            let at_end = entry.is_none();
            match entry {
                Some(Entry::Document(text)) => {
                    self.tally.good();
                    return Ok(Some(text));
                }
                Some(Entry::Bad(problem)) => self.tally.bad(problem),
                Some(Entry::Blank) => continue,
                None if self.tally.is_empty() => {
                    return Err(Error::new(Kind::Corpus, "the file has no text")
                        .help("choose another file")
                        .at(self.entries.path()));
                }
                None => {}
            }
            if let Some(error) = self.tally.error(at_end, self.entries.path()) {
                return Err(error);
            }
            if at_end {
                break;
            }
        }
        Ok(None)
    }

    /// The field that the text is taken from.
    fn field(&self) -> &Field {
        self.entries.field()
    }

    /// Which field the text is taken from, where it is another than was asked for.
    pub fn found_field(&self) -> Option<String> {
        self.entries.field().note()
    }

    /// What is to be known of the text as far as it was read: what was chosen of it, which field was taken where it was not
    /// named, and what was skipped. A line each.
    pub fn notes(&self) -> Vec<String> {
        let field = self.entries.field();
        let skipped = self.tally.note(self.entries.noun(), |fault, count| fault.words(count, &field.name));
        let notes = self.entries.note().map(str::to_owned).into_iter();
        let notes = notes.chain(self.found_field()).chain(skipped);
        notes.map(|note| format!("{note}: {}", self.entries.path().display())).collect()
    }
}

impl<T: 'static> Iterator for Reading<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.next_unless(&mut || false).transpose()
    }
}

#[cfg(test)]
mod tests;
