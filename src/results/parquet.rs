//! Results as a Parquet table of tidy rows ([`rows`](super::rows)). Its columns are read by name, whatever else the
//! table holds and whoever wrote it anew.

use std::rc::Rc;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::Value;

use super::rows::{About, MEAN, Row, results_of};
use super::table::{Cell, Form, SCHEMA_COLUMN, Table, settings_of};
use super::{Cause, Results, SCHEMA, older};
use crate::error::caught;

/// How a Parquet file begins.
pub const MAGIC: &[u8] = b"PAR1";

/// The key of the file's metadata that holds the schema's number.
const SCHEMA_KEY: &str = "infoplane.schema";

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
        Form::Whole => format!("optional int64 {name} (INTEGER(64,false));"),
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
    read.unwrap_or_else(|error| Err(Cause::Foreign(error.to_string())))
}

fn read_table(bytes: Vec<u8>) -> Result<Results, Cause> {
    let file = File::open(bytes).map_err(Cause::Foreign)?;
    if let Some(settings) = file.metadata(older::SETTINGS) {
        return older::read(&file, &settings);
    }
    let schemas = file.wholes(SCHEMA_COLUMN).map_err(Cause::Foreign)?.into_iter().flatten();
    let key = file.metadata(SCHEMA_KEY).and_then(|text| text.parse().ok());
    match schemas.chain(key).max() {
        Some(schema) if schema > u64::from(SCHEMA) => return Err(Cause::Newer { schema }),
        Some(_) => {}
        None => return Err(Cause::Foreign(format!("a Parquet file without a column `{SCHEMA_COLUMN}`"))),
    }
    if file.rows == 0 {
        return Err(Cause::Unusable("a table without rows".to_owned()));
    }
    let table = rows(&file).and_then(|rows| {
        let settings = settings_of(|name, form| file.distinct(name, form))?;
        results_of(settings, rows)
    });
    table.map_err(Cause::Unusable)
}

fn rows(file: &File) -> Result<Vec<Row>, String> {
    let needed = |name: &str| -> Result<Vec<String>, String> {
        let cells = file.texts(name)?.into_iter();
        cells.map(|cell| cell.ok_or_else(|| format!("rows without `{name}`"))).collect()
    };
    let (mut runs, mut checkpoints) = (needed("run")?.into_iter(), needed("checkpoint")?.into_iter());
    let (mut steps, mut tokens) = (file.wholes("step")?.into_iter(), file.wholes("tokens")?.into_iter());
    let mut paths = needed("path")?.into_iter();
    let (mut weights, mut samples) = (file.texts("weights")?.into_iter(), file.texts("sample")?.into_iter());
    let mut layers = needed("layer")?.into_iter();
    // Some programs read an empty text as none.
    let mut labels = file.texts("label")?.into_iter().map(Option::unwrap_or_default);
    let (mut measures, mut values) = (needed("measure")?.into_iter(), file.numbers("value")?.into_iter());
    let (mut documents, mut positions) =
        (file.wholes("documents")?.into_iter(), file.wholes("positions")?.into_iter());
    let mut errors = file.texts("error")?.into_iter();
    let row = || {
        let layer = layers.next()?;
        let layer = match &*layer {
            MEAN => Ok(None),
            number => match number.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(format!("a layer `{number}`, neither `{MEAN}` nor a number")),
            },
        };
        let about = About {
            run: runs.next()?,
            checkpoint: checkpoints.next()?,
            step: steps.next()?,
            tokens: tokens.next()?,
            path: paths.next()?,
            weights: weights.next()?,
            sample: samples.next()?,
        };
        let (label, measure, value) = (labels.next()?, measures.next()?, values.next()?);
        let (documents, positions, error) = (documents.next()?, positions.next()?, errors.next()?);
        let about = Rc::new(about);
        Some(layer.map(|layer| Row { about, layer, label, measure, value, documents, positions, error }))
    };
    std::iter::from_fn(row).collect()
}

/// A Parquet file whose columns are found by name.
pub struct File {
    reader: SerializedFileReader<bytes::Bytes>,
    rows: usize,
}

/// Values of a column as they lie in the file.
enum Cells {
    Texts(Vec<Option<ByteArray>>),
    Wholes(Vec<Option<u64>>),
    Numbers(Vec<Option<f64>>),
}

impl File {
    fn open(bytes: Vec<u8>) -> Result<Self, String> {
        let size = bytes.len();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(broken)?;
        let rows = reader.metadata().file_metadata().num_rows();
        // A row is a number of eight bytes and more; compressed, a fraction of that, but not nothing.
        match usize::try_from(rows).ok().filter(|&rows| rows <= 16 * size) {
            Some(rows) => Ok(Self { reader, rows }),
            None => Err(format!("a table of {rows} rows in {size} bytes")),
        }
    }

    /// What the file's metadata says under a key.
    pub fn metadata(&self, key: &str) -> Option<String> {
        let entries = self.reader.metadata().file_metadata().key_value_metadata()?;
        entries.iter().find(|entry| entry.key == key)?.value.clone()
    }

    /// A column of text; none of any where the table has no such column. Numbers are written out.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<String>>, String> {
        let text = |bytes: ByteArray| {
            bytes.as_utf8().map(str::to_owned).map_err(|_| format!("a column `{name}` that is no text"))
        };
        match self.cells(name)? {
            Cells::Texts(cells) => cells.into_iter().map(|cell| cell.map(text).transpose()).collect(),
            Cells::Wholes(cells) => Ok(cells.into_iter().map(|cell| Some(cell?.to_string())).collect()),
            Cells::Numbers(cells) => Ok(cells.into_iter().map(|cell| Some(cell?.to_string())).collect()),
        }
    }

    /// A column of whole numbers; a column of other numbers that are whole, as pandas makes of one with gaps, is
    /// one too.
    pub fn wholes(&self, name: &str) -> Result<Vec<Option<u64>>, String> {
        let whole = |number: f64| match number {
            number if number.is_nan() => Ok(None),
            number if number.fract() == 0.0 && (0.0..9e15).contains(&number) => Ok(Some(number as u64)),
            number => Err(format!("a column `{name}` with {number}, which is not a whole number")),
        };
        match self.cells(name)? {
            Cells::Wholes(cells) => Ok(cells),
            Cells::Numbers(cells) => cells.into_iter().map(|cell| cell.map_or(Ok(None), whole)).collect(),
            Cells::Texts(cells) if cells.iter().all(Option::is_none) => Ok(vec![None; cells.len()]),
            Cells::Texts(_) => Err(format!("a column `{name}` of text, not of whole numbers")),
        }
    }

    /// A column of numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, String> {
        match self.cells(name)? {
            Cells::Numbers(cells) => Ok(cells),
            Cells::Wholes(cells) => Ok(cells.into_iter().map(|cell| Some(cell? as f64)).collect()),
            Cells::Texts(cells) if cells.iter().all(Option::is_none) => Ok(vec![None; cells.len()]),
            Cells::Texts(_) => Err(format!("a column `{name}` of text, not of numbers")),
        }
    }

    /// The values that occur in a column, in the order they first do.
    fn distinct(&self, name: &str, form: Form) -> Result<Vec<Option<Value>>, String> {
        Ok(match form {
            Form::Text => distinct(self.texts(name)?).into_iter().map(|v| Some(v?.into())).collect(),
            Form::Whole => distinct(self.wholes(name)?).into_iter().map(|v| Some(v?.into())).collect(),
            Form::Number => distinct(self.numbers(name)?).into_iter().map(|v| Some(v?.into())).collect(),
        })
    }

    fn cells(&self, name: &str) -> Result<Cells, String> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let Some(index) = schema.columns().iter().position(|column| column.path().parts() == [name]) else {
            return Ok(Cells::Texts(vec![None; self.rows]));
        };
        let column = schema.column(index);
        if column.max_rep_level() > 0 {
            return Err(format!("a column `{name}` of lists"));
        }
        let unsigned = column.converted_type() == ConvertedType::UINT_64;
        let levels = column.max_def_level();
        let mut cells: Option<Cells> = None;
        for group in 0..self.reader.num_row_groups() {
            let reader = self.reader.get_row_group(group).map_err(broken)?;
            let reader = reader.get_column_reader(index).map_err(broken)?;
            let signed = |number: i64| match u64::try_from(number) {
                Ok(number) => Ok(number),
                Err(_) if unsigned => Ok(number as u64),
                Err(_) => Err(format!("a column `{name}` with {number}, below 0")),
            };
            let wholes = |cells: Vec<Option<i64>>| {
                cells.into_iter().map(|cell| cell.map(signed).transpose()).collect::<Result<Vec<_>, _>>()
            };
            let read = match reader {
                ColumnReader::ByteArrayColumnReader(reader) => Cells::Texts(self.all(reader, levels)?),
                ColumnReader::DoubleColumnReader(reader) => Cells::Numbers(self.all(reader, levels)?),
                ColumnReader::FloatColumnReader(reader) => {
                    let cells = self.all(reader, levels)?;
                    Cells::Numbers(cells.into_iter().map(|cell| cell.map(f64::from)).collect())
                }
                ColumnReader::Int64ColumnReader(reader) => Cells::Wholes(wholes(self.all(reader, levels)?)?),
                ColumnReader::Int32ColumnReader(reader) => {
                    let cells = self.all(reader, levels)?;
                    Cells::Wholes(wholes(cells.into_iter().map(|cell| cell.map(i64::from)).collect())?)
                }
                _ => return Err(format!("a column `{name}` of neither text nor numbers")),
            };
            match (&mut cells, read) {
                (Some(Cells::Texts(cells)), Cells::Texts(more)) => cells.extend(more),
                (Some(Cells::Wholes(cells)), Cells::Wholes(more)) => cells.extend(more),
                (Some(Cells::Numbers(cells)), Cells::Numbers(more)) => cells.extend(more),
                (cells, read) => *cells = Some(read),
            }
        }
        let cells = cells.unwrap_or(Cells::Texts(Vec::new()));
        let count = match &cells {
            Cells::Texts(cells) => cells.len(),
            Cells::Wholes(cells) => cells.len(),
            Cells::Numbers(cells) => cells.len(),
        };
        match count == self.rows {
            true => Ok(cells),
            false => Err(format!("a column `{name}` of {count} rows in a table of {}", self.rows)),
        }
    }

    /// All values of a column in one group of rows.
    fn all<T: DataType>(
        &self,
        mut reader: ColumnReaderImpl<T>,
        levels: i16,
    ) -> Result<Vec<Option<T::T>>, String> {
        const BATCH: usize = 8192;
        let mut cells = Vec::new();
        loop {
            let (mut present, mut values) = (Vec::new(), Vec::new());
            let (records, ..) =
                reader.read_records(BATCH, Some(&mut present), None, &mut values).map_err(broken)?;
            if records == 0 {
                return Ok(cells);
            }
            let mut values = values.into_iter();
            match levels {
                0 => cells.extend(values.map(Some)),
                _ => cells
                    .extend(present.iter().map(|&level| if level == levels { values.next() } else { None })),
            }
            if cells.len() > self.rows {
                return Err(format!("a table of more rows than the {} it says", self.rows));
            }
        }
    }
}

/// The values of a column without repetitions.
fn distinct<T: PartialEq>(cells: Vec<T>) -> Vec<T> {
    /// No more than these are of use to whoever asks.
    const MOST: usize = 16;
    let mut found: Vec<T> = Vec::new();
    for cell in cells {
        if found.len() < MOST && !found.contains(&cell) {
            found.push(cell);
        }
    }
    found
}

fn broken(error: ParquetError) -> String {
    error.to_string()
}
