//! Parquet: a column of strings, row group by row group and page by page.

use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::ColumnDescPtr;

use super::field::Field;
use super::lines::{LONGEST_BYTES, damaged, long_text, no_text, text};
use super::{Entries, Entry};
use crate::error::Result;
use pages::Pages;

mod delta;
mod pages;
mod records;
mod thrift;

pub(super) use records::Records;

/// Rows read at once.
const ROWS: usize = 16;

/// Documents from a column.
pub(super) struct Columns {
    path: PathBuf,
    file: Arc<File>,
    metadata: ParquetMetaData,
    field: Field,
    /// The column among all leaves of the schema.
    leaf: usize,
    /// The row group to be opened next.
    group: usize,
    reader: Option<ColumnReaderImpl<ByteArrayType>>,
    ready: VecDeque<Option<Vec<u8>>>,
    /// The number of the row emitted last, from 1.
    row: usize,
}

impl Columns {
    /// Opens a file.
    ///
    /// # Errors
    /// A damaged file; one without the column.
    pub fn open(file: File, path: &Path, mut field: Field) -> Result<Self> {
        let length = file.metadata().map_or(0, |file| file.len());
        let metadata = metadata(&file).map_err(|error| error.at(path))?;
        let leaves = metadata.file_metadata().schema_descr().columns();
        let names: Vec<Option<String>> = leaves.iter().map(name).collect();
        let place = |field: &Field| {
            let messages = format!("{}.content", field.name);
            let is = |name: &Option<String>, wanted: &str| name.as_deref() == Some(wanted);
            let whole = leaves.iter().position(|leaf| leaf.path().string() == field.name && is_text(leaf));
            let simple = || names.iter().position(|name| is(name, &field.name));
            let in_messages = || {
                names
                    .iter()
                    .zip(leaves)
                    .position(|(name, leaf)| is(name, &messages) && leaf.max_rep_level() > 0)
            };
            whole.or_else(simple).or_else(in_messages)
        };
        let mut leaf = place(&field);
        let texts: Vec<String> =
            names.iter().zip(leaves).filter_map(|(name, leaf)| texts(name, leaf)).collect();
        if leaf.is_none() && field.is_sought() {
            field.find(&texts);
            leaf = place(&field);
        }
        field.settle();
        let Some(leaf) = leaf else { return Err(field.missing(&texts).at(path)) };
        for group in metadata.row_groups() {
            let column = group.columns().get(leaf).and_then(|column| range(column, length));
            column.ok_or_else(|| damaged("a column lies outside the file").at(path))?;
        }
        let (path, file) = (path.to_owned(), Arc::new(file));
        Ok(Self { path, file, metadata, field, leaf, group: 0, reader: None, ready: VecDeque::new(), row: 0 })
    }

    /// Reads more rows. Returns whether there were any.
    fn read(&mut self) -> ParquetResult<bool> {
        loop {
            let reader = match &mut self.reader {
                Some(reader) => reader,
                None => {
                    let Some(group) = self.metadata.row_groups().get(self.group) else { return Ok(false) };
                    self.group += 1;
                    let column = group.column(self.leaf);
                    let descriptor = column.column_descr_ptr();
                    let levels = [descriptor.max_rep_level() > 0, descriptor.max_def_level() > 0];
                    let range = range(column, u64::MAX)
                        .ok_or_else(|| ParquetError::General("a column lies outside the file".into()))?;
                    let pages = Pages::new(Arc::clone(&self.file), range, column.compression(), levels)?;
                    let pages: Box<dyn PageReader> = Box::new(pages);
                    self.reader.insert(ColumnReaderImpl::new(descriptor, pages))
                }
            };
            let descriptor = self.metadata.file_metadata().schema_descr().column(self.leaf);
            let (mut definition, mut repetition, mut values) = (Vec::new(), Vec::new(), Vec::new());
            let (rows, ..) =
                reader.read_records(ROWS, Some(&mut definition), Some(&mut repetition), &mut values)?;
            if rows == 0 {
                self.reader = None;
                continue;
            }
            self.ready.extend(assembled(&descriptor, &definition, &repetition, values));
            return Ok(true);
        }
    }
}

/// The rows of values with their levels: a row's values one below the other.
fn assembled(
    descriptor: &ColumnDescPtr,
    definition: &[i16],
    repetition: &[i16],
    values: Vec<ByteArray>,
) -> Vec<Option<Vec<u8>>> {
    let there = |value: ByteArray| value.data().to_vec();
    let mut values = values.into_iter();
    if descriptor.max_def_level() == 0 {
        return values.map(|value| Some(there(value))).collect();
    }
    let mut rows: Vec<Option<Vec<u8>>> = Vec::new();
    for (index, &level) in definition.iter().enumerate() {
        let value = if level == descriptor.max_def_level() { values.next().map(there) } else { None };
        let continues = repetition.get(index).is_some_and(|&level| level > 0);
        match (rows.last_mut().filter(|_| continues), value) {
            (Some(Some(row)), Some(value)) => {
                row.push(b'\n');
                row.extend(value);
            }
            (Some(row @ None), value) => *row = value,
            (Some(_), None) => {}
            (None, value) => rows.push(value),
        }
    }
    rows
}

impl Entries for Columns {
    fn next(&mut self) -> Result<Option<Entry>> {
        while self.ready.is_empty() {
            match guarded(|| self.read()) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => {
                    let cause = format!("row {} cannot be read ({error})", self.row + 1);
                    return Err(damaged(cause).at(&self.path));
                }
            }
        }
        self.row += 1;
        let place = || format!("row {}", self.row);
        Ok(self.ready.pop_front().map(|row| match row {
            None => Entry::Bad(no_text(place(), &self.field.name)),
            Some(row) if row.len() > LONGEST_BYTES => Entry::Bad(long_text(place())),
            Some(row) => text(&row, place).into(),
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

/// What a file says of its columns.
///
/// # Errors
/// A damaged file.
fn metadata(file: &File) -> Result<ParquetMetaData> {
    guarded(|| ParquetMetaDataReader::new().parse_and_finish(file))
        .map_err(|error| damaged(format!("this Parquet file cannot be read ({error})")))
}

/// Where a column lies, if that is before a length.
fn range(column: &parquet::file::metadata::ColumnChunkMetaData, length: u64) -> Option<std::ops::Range<u64>> {
    let start = match column.dictionary_page_offset() {
        // Some writers put 0 where there is none.
        Some(offset) if offset > 0 => offset.min(column.data_page_offset()),
        _ => column.data_page_offset(),
    };
    let start = u64::try_from(start).ok()?;
    let end = start.checked_add(u64::try_from(column.compressed_size()).ok()?)?;
    (end <= length).then_some(start..end)
}

/// Whether a leaf can hold text.
fn is_text(leaf: &ColumnDescPtr) -> bool {
    leaf.physical_type() == Type::BYTE_ARRAY
}

/// Whether it is declared to.
fn is_declared_text(leaf: &ColumnDescPtr) -> bool {
    is_text(leaf)
        && (leaf.logical_type_ref() == Some(&LogicalType::String)
            || leaf.converted_type() == ConvertedType::UTF8)
}

/// What a leaf is called: its path, without what lists are made of.
fn name(leaf: &ColumnDescPtr) -> Option<String> {
    if !is_text(leaf) {
        return None;
    }
    let mut parts = leaf.path().parts();
    let mut name = Vec::new();
    while let Some((part, rest)) = parts.split_first() {
        let is_list = matches!(part.as_str(), "list" | "bag" | "array")
            && rest
                .first()
                .is_some_and(|next| matches!(next.as_str(), "element" | "item" | "array_element" | "array"));
        if is_list && !name.is_empty() {
            parts = &rest[1..];
        } else {
            name.push(part.as_str());
            parts = rest;
        }
    }
    Some(name.join("."))
}

/// The name by which a leaf may be found as the only one with text: that of messages is their list's.
fn texts(name: &Option<String>, leaf: &ColumnDescPtr) -> Option<String> {
    let name = name.as_ref().filter(|_| is_declared_text(leaf))?;
    match leaf.max_rep_level() {
        0 => Some(name.clone()),
        _ => name.strip_suffix(".content").map(str::to_owned),
    }
}

/// What a reader of damaged bytes does, though it should panic.
fn guarded<T>(read: impl FnOnce() -> ParquetResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("the reader broke off".to_owned()),
    }
}
