//! Records of Arrow: all columns of text, numbers and truth values, lists and structs of them too. Dates, decimals and what
//! else there is are passed over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use serde_json::{Map, Number, Value};

use super::Rows;
use super::batch::{Batch, Cell, Placed, bit, in_dictionary};
use super::messages::{Header, Messages, wrong};
use super::schema::{Column, Layout};
use crate::corpus::field::Field;
use crate::corpus::lines::{LONGEST_BYTES, damaged, long_text};
use crate::corpus::records::Record;
use crate::corpus::{Entries, Entry};
use crate::error::{Error, Kind, Result};

/// What a value takes beside its text, in bytes.
const A_VALUE: usize = size_of::<Value>();

/// Records of a stream or a file, batch by batch.
pub(in crate::corpus) struct Records {
    messages: Messages,
    path: PathBuf,
    field: Field,
    columns: Vec<Column>,
    /// The values of dictionaries, by their numbers.
    dictionaries: BTreeMap<u64, Vec<Batch>>,
    rows: Rows,
}

/// Why a row gives no record.
enum Trouble {
    /// It lies outside its batch.
    Damaged,
    /// It takes more than a record may.
    Long,
}

impl Records {
    /// Opens a stream, or a file that is read as one.
    ///
    /// # Errors
    /// A stream that is damaged, or has no column that is read.
    pub fn of_stream(reader: Box<dyn BufRead + Send>, path: &Path) -> Result<Self> {
        Self::new(Messages::of_stream(reader, path)?, path)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// A file that is damaged, or has no column that is read.
    pub fn of_file(file: File, path: &Path) -> Result<Self> {
        Self::new(Messages::of_file(file, path)?, path)
    }

    fn new((messages, columns): (Messages, Vec<Column>), path: &Path) -> Result<Self> {
        // Without one, nothing would bound how many rows a batch says that it has.
        if !columns.iter().any(is_read) {
            let none = Error::new(Kind::Corpus, "no column holds texts, numbers, or lists of them");
            return Err(none.help("choose another file").at(path));
        }
        let (path, field, dictionaries) = (path.to_owned(), Field::chosen(""), BTreeMap::new());
        Ok(Self { messages, path, field, columns, dictionaries, rows: Rows::default() })
    }
}

/// Reads up to the next batch, and takes in what of dictionaries comes before it.
fn read(
    messages: &mut Messages,
    columns: &[Column],
    dictionaries: &mut BTreeMap<u64, Vec<Batch>>,
) -> io::Result<Option<Batch>> {
    while let Some((head, body)) = messages.next_of(|number| values(columns, number).is_some())? {
        match head.header()? {
            Header::Dictionary { number, data, is_more } => {
                let layout = values(columns, number).cloned().ok_or_else(wrong)?;
                let batch = Batch::new(data, body, &[Column::unnamed(layout)], None);
                let known = dictionaries.entry(number).or_default();
                if !is_more {
                    known.clear();
                }
                known.push(batch.ok_or_else(wrong)?);
            }
            Header::Batch(data) => return Batch::new(data, body, columns, None).ok_or_else(wrong).map(Some),
        }
    }
    Ok(None)
}

impl Entries<Record> for Records {
    fn next(&mut self) -> Result<Option<Entry<Record>>> {
        let Self { messages, path, columns, dictionaries, rows, .. } = self;
        let next = || read(messages, columns, dictionaries);
        let Some((batch, row, number)) = rows.next(path, next)? else { return Ok(None) };
        let place = format!("row {number}");
        let mut reader = Reader { batch, dictionaries, left: LONGEST_BYTES };
        match reader.fields(row, columns, |index| batch.placed(index)) {
            Ok(fields) => Ok(Some(Entry::Document(Record { place, fields }))),
            Err(Trouble::Long) => Ok(Some(Entry::Bad(long_text(place)))),
            Err(Trouble::Damaged) => Err(damaged(format!("{place} lies outside its batch")).at(path)),
        }
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

/// The layout of the values of a dictionary; `None` where no column has it.
fn values(columns: &[Column], number: u64) -> Option<&Layout> {
    columns.iter().find_map(|column| match column.layout {
        Layout::Indices { dictionary, .. } if dictionary == number => column.values.as_ref(),
        _ => values(&column.children, number),
    })
}

/// Whether the values of a column are read.
fn is_read(column: &Column) -> bool {
    match &column.layout {
        Layout::Other { .. } | Layout::NoBits { .. } => false,
        Layout::Struct => column.children.iter().any(is_read),
        // Children of a dictionary's values lie in its own messages, where they are passed over.
        Layout::Indices { .. } => !matches!(
            column.values,
            None | Some(Layout::List { .. } | Layout::Struct | Layout::Other { .. } | Layout::NoBits { .. })
        ),
        _ => true,
    }
}

/// Reads one row.
struct Reader<'b> {
    batch: &'b Batch,
    dictionaries: &'b BTreeMap<u64, Vec<Batch>>,
    /// What the row may still take, in bytes.
    left: usize,
}

impl<'b> Reader<'b> {
    /// The fields of a row, or of a struct, whose values lie where `placed` says.
    fn fields(
        &mut self,
        row: u64,
        columns: &[Column],
        placed: impl Fn(usize) -> Option<&'b Placed>,
    ) -> Result<Map<String, Value>, Trouble> {
        let mut fields = Map::new();
        for (index, column) in columns.iter().enumerate().filter(|(_, column)| is_read(column)) {
            let placed = placed(index).ok_or(Trouble::Damaged)?;
            self.take(column.name.len())?;
            fields.insert(column.name.clone(), self.value(row, column, placed)?);
        }
        Ok(fields)
    }

    fn value(&mut self, row: u64, column: &Column, placed: &'b Placed) -> Result<Value, Trouble> {
        self.take(A_VALUE)?;
        let batch = self.batch;
        if !batch.is_there(row, placed).ok_or(Trouble::Damaged)? {
            return Ok(Value::Null);
        }
        match &column.layout {
            Layout::Struct => {
                let fields = self.fields(row, &column.children, |index| placed.children.get(index))?;
                Ok(fields.into())
            }
            Layout::List { wide } => {
                let child = column.children.first().zip(placed.children.first());
                let (child, of_child) = child.ok_or(Trouble::Damaged)?;
                let range = batch.list(row, placed, *wide).ok_or(Trouble::Damaged)?;
                range.map(|element| self.value(element as u64, child, of_child)).collect()
            }
            Layout::Indices { width, dictionary } => {
                let known = self.dictionaries.get(dictionary).map(Vec::as_slice).unwrap_or_default();
                let index = batch.number(row, placed, *width).ok_or(Trouble::Damaged)?;
                let (of_values, index) = in_dictionary(index, known).ok_or(Trouble::Damaged)?;
                let values = column.values.clone().zip(of_values.placed(0));
                let (layout, placed) = values.ok_or(Trouble::Damaged)?;
                let mut reader = Self { batch: of_values, dictionaries: self.dictionaries, left: self.left };
                let value = reader.value(index, &Column::unnamed(layout), placed)?;
                self.left = reader.left;
                Ok(value)
            }
            Layout::Strings { .. } | Layout::Views => {
                match batch.value(row, column, placed, &[], &[]).ok_or(Trouble::Damaged)? {
                    Cell::Text(bytes) => {
                        self.take(bytes.len())?;
                        Ok(String::from_utf8_lossy(&bytes).into_owned().into())
                    }
                    Cell::Null => Ok(Value::Null),
                    Cell::Long => Err(Trouble::Long),
                }
            }
            plain => number(batch, row, plain, placed).ok_or(Trouble::Damaged),
        }
    }

    /// Takes so many bytes of what a row may take.
    fn take(&mut self, bytes: usize) -> Result<(), Trouble> {
        self.left = self.left.checked_sub(bytes).ok_or(Trouble::Long)?;
        Ok(())
    }
}

/// A number or a truth value; `None` where the batch is damaged.
fn number(batch: &Batch, row: u64, layout: &Layout, placed: &Placed) -> Option<Value> {
    let bits = |width| batch.number(row, placed, width);
    let float = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    Some(match *layout {
        Layout::Integers { width, signed: false } => bits(width)?.into(),
        Layout::Integers { width, signed: true } => {
            let unused = 64_u32.checked_sub(8 * u32::try_from(width).ok()?)?;
            let number = bits(width)?.checked_shl(unused)? as i64;
            (number >> unused).into()
        }
        Layout::Floats { width: 2 } => float(half::f16::from_bits(bits(2)? as u16).into()),
        Layout::Floats { width: 4 } => float(f32::from_bits(bits(4)? as u32).into()),
        Layout::Floats { .. } => float(f64::from_bits(bits(8)?)),
        Layout::Booleans => bit(batch.buffer(placed.buffers.start)?, row)?.into(),
        _ => return None,
    })
}
