//! Results as a CSV table of tidy rows ([`rows`](super::rows)), written with commas and read as RFC 4180 has it, with or
//! without a byte order mark, whatever its line ends.

use csv::StringRecord;

use super::table::{self, Cell, Columns, TELLING, Table};
use super::{Cause, Results};

/// What some programs begin text with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes the table.
pub fn write(results: &Results) -> Result<Vec<u8>, String> {
    let table = Table::new(results)?;
    let columns: Vec<&str> = table.columns().into_iter().map(|(name, _)| name).collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(&columns).map_err(|error| error.to_string())?;
    for row in &table.rows {
        let cells = columns.iter().map(|column| text(table.cell(row, column)));
        csv.write_record(cells).map_err(|error| error.to_string())?;
    }
    csv.into_inner().map_err(|error| error.to_string())
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.into_owned(),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
    }
}

/// Whether bytes begin with the names of columns of results.
pub fn looks_like(beginning: &[u8]) -> bool {
    let mut csv = csv::Reader::from_reader(without_mark(beginning));
    csv.headers().is_ok_and(|names| TELLING.iter().all(|telling| names.iter().any(|name| name == *telling)))
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Reads the table.
pub fn read(bytes: &[u8]) -> Result<Results, Cause> {
    if !looks_like(bytes) {
        return Err(Cause::Foreign("neither JSON nor Parquet nor a CSV table of results".to_owned()));
    }
    File::open(bytes).map_err(Cause::Unusable).and_then(|file| table::read(&file, None))
}

/// A CSV file whose columns are found by name.
struct File {
    header: StringRecord,
    records: Vec<StringRecord>,
}

impl File {
    fn open(bytes: &[u8]) -> Result<Self, String> {
        let mut csv = csv::Reader::from_reader(without_mark(bytes));
        let header = csv.headers().map_err(|error| error.to_string())?.clone();
        let twice = |(index, name): (usize, &str)| header.iter().take(index).any(|before| before == name);
        if let Some((_, name)) =
            header.iter().enumerate().find(|(index, name)| !name.is_empty() && twice((*index, name)))
        {
            return Err(format!("two columns `{name}`"));
        }
        let records = csv.into_records().collect::<Result<_, _>>();
        let records = records.map_err(|error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, len, .. } => {
                let line = pos.as_ref().map_or(0, csv::Position::line);
                format!("line {line} has {len} fields, and its header {}", header.len())
            }
            _ => error.to_string(),
        })?;
        Ok(Self { header, records })
    }

    /// The cells of a column, without those that are empty.
    fn cells<'a>(&'a self, name: &str) -> impl Iterator<Item = Option<&'a str>> {
        let index = self.header.iter().position(|column| column == name);
        let cell = move |record: &'a StringRecord| record.get(index?).filter(|cell| !cell.is_empty());
        self.records.iter().map(cell)
    }
}

impl Columns for File {
    fn rows(&self) -> usize {
        self.records.len()
    }

    fn has(&self, name: &str) -> bool {
        self.header.iter().any(|column| column == name)
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<String>>, String> {
        Ok(self.cells(name).map(|cell| cell.map(str::to_owned)).collect())
    }

    fn wholes(&self, name: &str) -> Result<Vec<Option<u64>>, String> {
        let whole = |cell: &str| {
            let cell = cell.trim();
            // A column with gaps is written with a point by some programs.
            let number = cell.strip_suffix(".0").unwrap_or(cell);
            let wrong = || format!("a column `{name}` with `{cell}`, which is not a whole number");
            number.parse::<u64>().map(Some).or_else(|_| match cell.parse::<f64>() {
                Ok(number) if number.is_nan() => Ok(None),
                Ok(number) if number.fract() == 0.0 && (0.0..9e15).contains(&number) => {
                    Ok(Some(number as u64))
                }
                _ => Err(wrong()),
            })
        };
        self.cells(name).map(|cell| cell.map_or(Ok(None), whole)).collect()
    }

    fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, String> {
        let number = |cell: &str| {
            cell.trim().parse().map_err(|_| format!("a column `{name}` with `{cell}`, which is not a number"))
        };
        self.cells(name).map(|cell| cell.map(number).transpose()).collect()
    }
}
