//! Results as a CSV table of tidy rows ([`rows`](super::rows)).

use super::Results;
use super::table::{Cell, Table};

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
