//! A batch of rows: where its buffers lie, and what a row of one column is.

use std::collections::BTreeMap;
use std::ops::Range;

use super::flat::Table;
use super::schema::{Column, Layout};
use crate::corpus::lines::LONGEST_BYTES;
use crate::corpus::unpack::{Codec, unpacked};

/// What a batch's buffers may take once decompressed.
const LARGEST: usize = 1 << 30;

/// A row's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(Vec<u8>),
    Null,
    /// A text longer than a document may be.
    Long,
}

/// Where a column's values lie in a batch.
pub(super) struct Placed {
    /// The bits that tell which values are there; `None` where all are.
    bits: Option<usize>,
    pub buffers: Range<usize>,
    pub children: Vec<Placed>,
}

/// Rows, with what is needed of their buffers in memory.
pub(super) struct Batch {
    rows: u64,
    /// A column each.
    placed: Vec<Placed>,
    body: Vec<u8>,
    /// Where buffers lie in the body.
    places: Vec<Range<usize>>,
    /// Those that were compressed.
    unpacked: BTreeMap<usize, Vec<u8>>,
}

/// The way to a text: a column, and its children's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub column: usize,
    pub children: Vec<usize>,
}

impl Batch {
    /// What a message says of a batch, with its body; `None` where the two do not fit each other or the columns. What lies
    /// on a way is needed of it; all, where there is none.
    pub fn new(message: Table<'_>, body: Vec<u8>, columns: &[Column], way: Option<&Way>) -> Option<Self> {
        let rows = message.number::<8>(0).unwrap_or(0);
        let place = |[start, length]: [u64; 2]| {
            let start = usize::try_from(start).ok()?;
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            (end <= body.len()).then_some(start..end)
        };
        let places =
            message.pairs(2).unwrap_or_default().into_iter().map(place).collect::<Option<Vec<_>>>()?;
        let (nodes, views) = (message.pairs(1).unwrap_or_default(), message.numbers(4).unwrap_or_default());
        let mut walk =
            Walk { nodes: nodes.into_iter(), views: views.into_iter(), buffer: 0, buffers: places.len() };
        let placed = columns.iter().map(|column| walk.place(column)).collect::<Option<Vec<_>>>()?;
        let mut batch = Self { rows, placed, body, places, unpacked: BTreeMap::new() };
        if let Some(compression) = message.table(3) {
            let codec = match compression.number::<1>(0).unwrap_or(0) {
                0 => Codec::Lz4Frame,
                1 => Codec::Zstd,
                _ => return None,
            };
            let needed = match way {
                Some(way) => batch.buffers_of(way)?,
                None => (0..batch.places.len()).collect(),
            };
            batch.unpack(codec, needed)?;
        }
        Some(batch)
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where the values of a column lie.
    pub fn placed(&self, column: usize) -> Option<&Placed> {
        self.placed.get(column)
    }

    /// The buffers on a way.
    fn buffers_of(&self, way: &Way) -> Option<Vec<usize>> {
        let mut needed: Vec<usize> = Vec::new();
        let mut at = self.placed(way.column)?;
        let mut children = way.children.iter();
        loop {
            needed.extend(at.bits);
            needed.extend(at.buffers.clone());
            match children.next() {
                Some(&child) => at = at.children.get(child)?,
                None => return Some(needed),
            }
        }
    }

    /// Decompresses buffers.
    fn unpack(&mut self, codec: Codec, needed: Vec<usize>) -> Option<()> {
        let mut left = LARGEST;
        for buffer in needed {
            let packed = &self.body[self.places[buffer].clone()];
            let Some((length, packed)) = packed.split_first_chunk::<8>() else { continue };
            let bytes = match i64::from_le_bytes(*length) {
                // As it is: what compression would not have made smaller.
                -1 => packed.to_vec(),
                length => {
                    let length = usize::try_from(length).ok().filter(|&length| length <= left)?;
                    unpacked(codec, packed, length).ok()?
                }
            };
            left = left.checked_sub(bytes.len())?;
            self.unpacked.insert(buffer, bytes);
        }
        Some(())
    }

    /// A buffer by its number.
    pub fn buffer(&self, index: usize) -> Option<&[u8]> {
        match self.unpacked.get(&index) {
            Some(bytes) => Some(bytes),
            None => self.body.get(self.places.get(index)?.clone()),
        }
    }

    /// A row's text; `None` where the batch is damaged. `dictionary` has the values that indices lead to.
    pub fn cell(&self, row: u64, columns: &[Column], way: &Way, dictionary: &[Batch]) -> Option<Cell> {
        self.value(row, columns.get(way.column)?, self.placed(way.column)?, &way.children, dictionary)
    }

    /// Whether a value is there; `None` where the batch is damaged.
    pub fn is_there(&self, row: u64, placed: &Placed) -> Option<bool> {
        let Some(bits) = placed.bits else { return Some(true) };
        // Without any bits all values are there.
        let bits = self.buffer(bits)?;
        Some(bits.is_empty() || bit(bits, row)?)
    }

    /// The whole number of so many bytes at a row, without sign.
    pub fn number(&self, row: u64, placed: &Placed, width: usize) -> Option<u64> {
        let at = usize::try_from(row).ok()?.checked_mul(width)?;
        let bytes = self.buffer(placed.buffers.start)?.get(at..at.checked_add(width)?)?;
        let mut number = [0; 8];
        number.get_mut(..width)?.copy_from_slice(bytes);
        Some(u64::from_le_bytes(number))
    }

    /// The values of a row's list, by their places among all that lists hold.
    pub fn list(&self, row: u64, placed: &Placed, wide: bool) -> Option<Range<usize>> {
        offsets(self.buffer(placed.buffers.start)?, row, wide)
    }

    /// A value's text by the way within its column, likewise.
    pub fn value(
        &self,
        row: u64,
        column: &Column,
        placed: &Placed,
        way: &[usize],
        dictionary: &[Self],
    ) -> Option<Cell> {
        if !self.is_there(row, placed)? {
            return Some(Cell::Null);
        }
        let first = || self.buffer(placed.buffers.start);
        match &column.layout {
            Layout::Strings { wide } => {
                let range = offsets(first()?, row, *wide)?;
                let text = self.buffer(placed.buffers.start + 1)?.get(range)?;
                Some(limited(text))
            }
            Layout::Views => {
                let at = usize::try_from(row).ok()?.checked_mul(16)?;
                let view = first()?.get(at..at.checked_add(16)?)?;
                let number = |at: usize| [0, 1, 2, 3].map(|byte| view[at + byte]);
                let length = u32::from_le_bytes(number(0)) as usize;
                if length <= 12 {
                    return Some(Cell::Text(view[4..4 + length].to_vec()));
                }
                let (buffer, start) =
                    (u32::from_le_bytes(number(8)) as usize, u32::from_le_bytes(number(12)) as usize);
                let buffer = placed.buffers.start.checked_add(1)?.checked_add(buffer)?;
                let buffer = placed.buffers.contains(&buffer).then_some(buffer)?;
                Some(limited(self.buffer(buffer)?.get(start..start.checked_add(length)?)?))
            }
            Layout::Indices { width, .. } => {
                let (batch, index) = in_dictionary(self.number(row, placed, *width)?, dictionary)?;
                let column = Column::unnamed(column.values.clone()?);
                batch.value(index, &column, batch.placed(0)?, &[], &[])
            }
            Layout::Struct => {
                let (child, rest) = way.split_first()?;
                self.value(row, column.children.get(*child)?, placed.children.get(*child)?, rest, dictionary)
            }
            Layout::List { wide } => {
                let rest = way.split_first()?.1;
                let (child, of_child) = (column.children.first()?, placed.children.first()?);
                let mut joined: Option<Vec<u8>> = None;
                for element in self.list(row, placed, *wide)? {
                    match self.value(element as u64, child, of_child, rest, dictionary)? {
                        Cell::Null => {}
                        Cell::Long => return Some(Cell::Long),
                        Cell::Text(text) => match &mut joined {
                            None => joined = Some(text),
                            Some(joined) if joined.len() + text.len() >= LONGEST_BYTES => {
                                return Some(Cell::Long);
                            }
                            Some(joined) => {
                                joined.push(b'\n');
                                joined.extend(text);
                            }
                        },
                    }
                }
                Some(joined.map_or(Cell::Null, Cell::Text))
            }
            Layout::Integers { .. }
            | Layout::Floats { .. }
            | Layout::Booleans
            | Layout::Other { .. }
            | Layout::NoBits { .. } => None,
        }
    }
}

/// Where a value of a dictionary is, which may have come in several batches.
pub(super) fn in_dictionary(mut index: u64, dictionary: &[Batch]) -> Option<(&Batch, u64)> {
    for batch in dictionary {
        if index < batch.rows {
            return Some((batch, index));
        }
        index -= batch.rows;
    }
    None
}

/// A bit of a buffer.
pub(super) fn bit(bits: &[u8], row: u64) -> Option<bool> {
    Some(bits.get(usize::try_from(row / 8).ok()?)? >> (row % 8) & 1 == 1)
}

fn limited(text: &[u8]) -> Cell {
    if text.len() > LONGEST_BYTES { Cell::Long } else { Cell::Text(text.to_vec()) }
}

/// Where a row's values start and end.
fn offsets(buffer: &[u8], row: u64, wide: bool) -> Option<Range<usize>> {
    let width = if wide { 8 } else { 4 };
    let at = usize::try_from(row).ok()?.checked_mul(width)?;
    let pair = buffer.get(at..at.checked_add(2 * width)?)?;
    let number = |bytes: &[u8]| {
        let mut number = [0; 8];
        number[..width].copy_from_slice(bytes);
        usize::try_from(u64::from_le_bytes(number)).ok()
    };
    let range = number(&pair[..width])?..number(&pair[width..])?;
    (range.start <= range.end).then_some(range)
}

/// Goes through nodes and buffers as columns have them.
struct Walk {
    nodes: std::vec::IntoIter<[u64; 2]>,
    views: std::vec::IntoIter<u64>,
    /// The next buffer, and how many there are.
    buffer: usize,
    buffers: usize,
}

impl Walk {
    fn place(&mut self, column: &Column) -> Option<Placed> {
        let [_, nulls] = self.nodes.next()?;
        let (has_bits, buffers) = match column.layout {
            Layout::Strings { .. } => (true, 2),
            Layout::Views => (true, 1 + usize::try_from(self.views.next()?).ok()?),
            Layout::List { .. } | Layout::Indices { .. } => (true, 1),
            Layout::Struct => (true, 0),
            Layout::Integers { .. } | Layout::Floats { .. } | Layout::Booleans => (true, 1),
            Layout::Other { buffers } => (true, buffers),
            Layout::NoBits { buffers } => (false, buffers),
        };
        let bits = if has_bits { Some(self.take(1)?.start) } else { None };
        let buffers = self.take(buffers)?;
        let children = column.children.iter().map(|child| self.place(child)).collect::<Option<Vec<_>>>()?;
        Some(Placed { bits: bits.filter(|_| nulls > 0), buffers, children })
    }

    fn take(&mut self, count: usize) -> Option<Range<usize>> {
        let range = self.buffer..self.buffer.checked_add(count)?;
        self.buffer = range.end;
        (range.end <= self.buffers).then_some(range)
    }
}
