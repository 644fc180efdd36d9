//! Results as a Parquet table of tidy rows ([`rows`](super::rows)). Its columns are read by name, whatever else the
//! table holds and whoever wrote it anew.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::columns::File;
use super::table::{self, Cell, Form, Table};
use super::{Cause, Results, SCHEMA, older};
use crate::error::caught;

/// How a Parquet file begins.
pub const MAGIC: &[u8] = b"PAR1";

/// The key of the file's metadata that holds the schema's number.
const SCHEMA_KEY: &str = "infoplane.schema";

/// The one column that may need all 64 bits of a number. The others are signed, so that they can be subtracted.
const UNSIGNED: &str = "seed";

/// Writes the table.
pub fn write(results: &Results) -> Result<Vec<u8>, String> {
    let table = Table::new(results)?;
    encoded(&[&table]).map_err(|error| error.to_string())
}

/// A file of tables below each other, at least one; their columns are those of the first.
pub fn encoded(tables: &[&Table]) -> ParquetResult<Vec<u8>> {
    let columns = tables[0].columns();
    let fields = columns.iter().map(|(name, form)| match form {
        Form::Text => format!("optional binary {name} (STRING);"),
        Form::Whole if *name == UNSIGNED => format!("optional int64 {name} (INTEGER(64,false));"),
        Form::Whole => format!("optional int64 {name};"),
        Form::Number => format!("optional double {name};"),
    });
    let schema = parse_message_type(&format!("message results {{ {} }}", fields.collect::<String>()))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![KeyValue::new(SCHEMA_KEY.to_owned(), SCHEMA.to_string())]))
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    for table in tables {
        let mut group = writer.next_row_group()?;
        for &(name, form) in &columns {
            match form {
                Form::Text => column::<ByteArrayType>(&mut group, table, name, |cell| match cell {
                    Cell::Text(text) => Some(ByteArray::from(&*text)),
                    _ => None,
                }),
                Form::Whole => column::<Int64Type>(&mut group, table, name, |cell| match cell {
                    Cell::Whole(number) => Some(number as i64),
                    _ => None,
                }),
                Form::Number => column::<DoubleType>(&mut group, table, name, |cell| match cell {
                    Cell::Number(number) => Some(number),
                    _ => None,
                }),
            }?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(bytes)
}

/// Writes the next column: what `value` makes of each cell.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    table: &Table,
    name: &str,
    value: impl Fn(Cell<'_>) -> Option<T::T>,
) -> ParquetResult<()> {
    let cells: Vec<Option<T::T>> = table.rows.iter().map(|row| value(table.cell(row, name))).collect();
    let present: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(&values, Some(&present), None)?;
        column.close()?;
    }
    Ok(())
}

/// Reads the table.
pub fn read(bytes: Vec<u8>) -> Result<Results, Cause> {
    // A file from elsewhere may be anything, and the library panics at some of it.
    let read = caught(|| Ok::<_, crate::error::Error>(read_table(bytes)));
    read.unwrap_or_else(|_| Err(Cause::Foreign("a Parquet file that cannot be read".to_owned())))
}

fn read_table(bytes: Vec<u8>) -> Result<Results, Cause> {
    let file = File::open(bytes).map_err(Cause::Foreign)?;
    if let Some(codec) = file.unknown_compression() {
        return Err(Cause::Unusable(format!("compressed as {codec}; write the table with zstd or snappy")));
    }
    if let Some(settings) = file.metadata(older::parquet::SETTINGS) {
        return older::parquet::read(&file, &settings);
    }
    let schema = file.metadata(SCHEMA_KEY).and_then(|text| text.parse().ok());
    table::read(&file, schema)
}
