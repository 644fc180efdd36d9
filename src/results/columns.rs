//! Columns of a Parquet file, found by name and read as what they hold, whoever wrote them and however.

use parquet::basic::{Compression, ConvertedType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::table::Columns;

/// A Parquet file whose columns are found by name.
pub struct File {
    reader: SerializedFileReader<bytes::Bytes>,
    /// The number of rows in every column.
    rows: usize,
}

/// Values of a column as they lie in the file.
enum Cells {
    Texts(Vec<Option<ByteArray>>),
    Wholes(Vec<Option<u64>>),
    Numbers(Vec<Option<f64>>),
}

impl File {
    /// Opens a file.
    ///
    /// # Errors
    /// Bytes that are no Parquet, and a table of more rows than they can hold.
    pub fn open(bytes: Vec<u8>) -> Result<Self, String> {
        let size = bytes.len();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(broken)?;
        let rows = reader.metadata().file_metadata().num_rows();
        // A row is a number of eight bytes and more; compressed, a fraction of that, but not nothing.
        match usize::try_from(rows).ok().filter(|&rows| rows <= 4 * size) {
            Some(rows) => Ok(Self { reader, rows }),
            None => Err(format!("a table of {rows} rows in {size} bytes")),
        }
    }

    /// A compression that is not read here, where the file has one.
    pub fn unknown_compression(&self) -> Option<String> {
        let groups = self.reader.metadata().row_groups().iter();
        let mut all = groups.flat_map(|group| group.columns()).map(|column| column.compression());
        let known = |codec: &Compression| {
            matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
        };
        let codec = all.find(|codec| !known(codec))?.to_string().to_lowercase();
        // Its name goes before its level.
        codec.split('(').next().map(str::to_owned)
    }

    /// What the file's metadata says under a key.
    pub fn metadata(&self, key: &str) -> Option<String> {
        let entries = self.reader.metadata().file_metadata().key_value_metadata()?;
        entries.iter().find(|entry| entry.key == key)?.value.clone()
    }

    fn index(&self, name: &str) -> Option<usize> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        schema.columns().iter().position(|column| column.path().parts() == [name])
    }

    fn cells(&self, name: &str) -> Result<Cells, String> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let Some(index) = self.index(name) else {
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

impl Columns for File {
    fn rows(&self) -> usize {
        self.rows
    }

    fn has(&self, name: &str) -> bool {
        self.index(name).is_some()
    }

    /// A column of text; none of any where the table has no such column. Numbers are written out.
    fn texts(&self, name: &str) -> Result<Vec<Option<String>>, String> {
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
    fn wholes(&self, name: &str) -> Result<Vec<Option<u64>>, String> {
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
    fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, String> {
        match self.cells(name)? {
            Cells::Numbers(cells) => Ok(cells),
            Cells::Wholes(cells) => Ok(cells.into_iter().map(|cell| Some(cell? as f64)).collect()),
            Cells::Texts(cells) if cells.iter().all(Option::is_none) => Ok(vec![None; cells.len()]),
            Cells::Texts(_) => Err(format!("a column `{name}` of text, not of numbers")),
        }
    }
}

fn broken(error: ParquetError) -> String {
    error.to_string()
}
