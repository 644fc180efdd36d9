//! Records of tables: every cell is text.

use std::path::Path;

use super::Record;
use crate::corpus::field::Field;
use crate::corpus::lines::text;
use crate::corpus::table::Table;
use crate::corpus::{Entries, Entry};
use crate::error::Result;

/// Records of rows.
pub struct Records {
    table: Table,
    field: Field,
}

impl Records {
    /// The records of a table.
    pub fn new(table: Table) -> Self {
        Self { table, field: Field::chosen("") }
    }
}

impl Entries<Record> for Records {
    fn next(&mut self) -> Result<Option<Entry<Record>>> {
        let Some(row) = self.table.read()? else { return Ok(None) };
        // A cell without anything says nothing.
        let cells = self.table.names.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
        let fields = cells.map(|(name, cell)| {
            let cell = text(cell, || self.table.place())?;
            Ok((name.clone(), cell.into()))
        });
        Ok(Some(match fields.collect() {
            Ok(fields) => Entry::Document(Record { place: self.table.place(), fields }),
            Err(problem) => Entry::Bad(problem),
        }))
    }

    fn noun(&self) -> &'static str {
        "rows"
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        self.table.path()
    }
}
