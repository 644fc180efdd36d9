//! Records of Parquet: all columns, lists and structs within them too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::bloom_filter::Sbbf;
use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::RowGroupReader;
use parquet::record::reader::{ReaderIter, RowIter, TreeBuilder};
use parquet::record::{Field as Cell, Row};
use parquet::schema::types::Type;
use serde_json::{Map, Number, Value};

use super::{Pages, guarded, metadata, range};
use crate::corpus::field::Field;
use crate::corpus::lines::damaged;
use crate::corpus::records::Record;
use crate::corpus::{Entries, Entry};
use crate::error::Result;

/// Rows read at once.
const ROWS: usize = 16;

/// Records of a file, row group by row group.
pub struct Records {
    file: Arc<File>,
    metadata: Arc<ParquetMetaData>,
    path: PathBuf,
    field: Field,
    /// The row group to be opened next.
    group: usize,
    rows: Option<ReaderIter>,
    /// The number of the row emitted last, from 1.
    row: usize,
}

impl Records {
    /// Opens a file.
    ///
    /// # Errors
    /// A damaged file.
    pub fn open(file: File, path: &Path) -> Result<Self> {
        let metadata = metadata(&file).map_err(|error| error.at(path))?;
        Ok(Self {
            file: Arc::new(file),
            metadata: Arc::new(metadata),
            path: path.to_owned(),
            field: Field::chosen(""),
            group: 0,
            rows: None,
            row: 0,
        })
    }

    fn read(&mut self) -> ParquetResult<Option<Row>> {
        loop {
            if let Some(row) = self.rows.as_mut().and_then(Iterator::next) {
                return row.map(Some);
            }
            if self.group == self.metadata.num_row_groups() {
                return Ok(None);
            }
            let group = Group {
                file: Arc::clone(&self.file),
                metadata: Arc::clone(&self.metadata),
                number: self.group,
            };
            self.group += 1;
            let schema = self.metadata.file_metadata().schema_descr_ptr();
            self.rows = Some(TreeBuilder::new().with_batch_size(ROWS).as_iter(schema, &group)?);
        }
    }
}

impl Entries<Record> for Records {
    fn next(&mut self) -> Result<Option<Entry<Record>>> {
        let read = guarded(|| self.read()).map_err(|error| {
            damaged(format!("row {} cannot be read ({error})", self.row + 1)).at(&self.path)
        })?;
        let Some(row) = read else { return Ok(None) };
        self.row += 1;
        let place = format!("row {}", self.row);
        Ok(Some(Entry::Document(Record { place, fields: object(row) })))
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

/// A row group whose pages are checked as those of text are.
struct Group {
    file: Arc<File>,
    metadata: Arc<ParquetMetaData>,
    number: usize,
}

impl RowGroupReader for Group {
    fn metadata(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.number)
    }

    fn num_columns(&self) -> usize {
        self.metadata().num_columns()
    }

    fn get_column_page_reader(&self, index: usize) -> ParquetResult<Box<dyn PageReader>> {
        let column = self.metadata().column(index);
        let length = self.file.metadata().map_or(0, |file| file.len());
        let range = range(column, length)
            .ok_or_else(|| ParquetError::General("a column lies outside the file".into()))?;
        let descriptor = column.column_descr();
        let levels = [descriptor.max_rep_level() > 0, descriptor.max_def_level() > 0];
        Ok(Box::new(Pages::new(Arc::clone(&self.file), range, column.compression(), levels)?))
    }

    fn get_column_bloom_filter(&self, _: usize) -> Option<&Sbbf> {
        None
    }

    fn get_row_iter(&self, projection: Option<Type>) -> ParquetResult<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// A row, or a struct, by its fields.
fn object(row: Row) -> Map<String, Value> {
    row.into_columns().into_iter().map(|(name, cell)| (name, value(cell))).collect()
}

/// A cell as JSON has it. What JSON has no form for is written out.
fn value(cell: Cell) -> Value {
    let float = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => value.into(),
        Cell::Byte(number) => number.into(),
        Cell::Short(number) => number.into(),
        Cell::Int(number) => number.into(),
        Cell::Long(number) => number.into(),
        Cell::UByte(number) => number.into(),
        Cell::UShort(number) => number.into(),
        Cell::UInt(number) => number.into(),
        Cell::ULong(number) => number.into(),
        Cell::Float(number) => float(number.into()),
        Cell::Double(number) => float(number),
        Cell::Str(text) => text.into(),
        Cell::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned().into(),
        Cell::Group(row) => object(row).into(),
        Cell::ListInternal(list) => list.elements().iter().cloned().map(value).collect(),
        // Dates, times, decimals and maps.
        other => other.to_string().into(),
    }
}
