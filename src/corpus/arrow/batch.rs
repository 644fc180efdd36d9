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
struct Placed {
    /// The bits that tell which values are there; `None` where all are.
    bits: Option<usize>,
    buffers: Range<usize>,
    children: Vec<Placed>,
}

/// Rows of one column, with what is needed of their buffers in memory.
pub(super) struct Batch {
    rows: u64,
    placed: Placed,
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
    /// What a message says of a batch, with its body; `None` where the two do not fit each other or the columns.
    pub fn new(message: Table<'_>, body: Vec<u8>, columns: &[Column], way: &Way) -> Option<Self> {
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
        let mut placed = None;
        for (index, column) in columns.iter().enumerate() {
            let column = walk.place(column)?;
            if index == way.column {
                placed = Some(column);
            }
        }
        let mut batch = Self { rows, placed: placed?, body, places, unpacked: BTreeMap::new() };
        if let Some(compression) = message.table(3) {
            let codec = match compression.number::<1>(0).unwrap_or(0) {
                0 => Codec::Lz4Frame,
                1 => Codec::Zstd,
                _ => return None,
            };
            batch.unpack(codec, way)?;
        }
        Some(batch)
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Decompresses the buffers on the way to the texts.
    fn unpack(&mut self, codec: Codec, way: &Way) -> Option<()> {
        let mut needed: Vec<usize> = Vec::new();
        let mut at = &self.placed;
        let mut children = way.children.iter();
        loop {
            needed.extend(at.bits);
            needed.extend(at.buffers.clone());
            match children.next() {
                Some(&child) => at = at.children.get(child)?,
                None => break,
            }
        }
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

    fn buffer(&self, index: usize) -> Option<&[u8]> {
        match self.unpacked.get(&index) {
            Some(bytes) => Some(bytes),
            None => self.body.get(self.places.get(index)?.clone()),
        }
    }

    /// A row's text; `None` where the batch is damaged. `dictionary` has the values that indices lead to.
    pub fn cell(&self, row: u64, columns: &[Column], way: &Way, dictionary: &[Batch]) -> Option<Cell> {
        self.value(row, columns.get(way.column)?, &self.placed, &way.children, dictionary)
    }

    fn value(
        &self,
        row: u64,
        column: &Column,
        placed: &Placed,
        way: &[usize],
        dictionary: &[Self],
    ) -> Option<Cell> {
        if let Some(bits) = placed.bits {
            // Without any bits all values are there.
            let bits = self.buffer(bits)?;
            if !bits.is_empty() && bits.get(usize::try_from(row / 8).ok()?)? >> (row % 8) & 1 == 0 {
                return Some(Cell::Null);
            }
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
                let at = usize::try_from(row).ok()?.checked_mul(*width)?;
                let index = first()?.get(at..at.checked_add(*width)?)?;
                let mut number = [0; 8];
                number.get_mut(..*width)?.copy_from_slice(index);
                in_dictionary(u64::from_le_bytes(number), column.values.as_ref()?, dictionary)
            }
            Layout::Struct => {
                let (child, rest) = way.split_first()?;
                self.value(row, column.children.get(*child)?, placed.children.get(*child)?, rest, dictionary)
            }
            Layout::List { wide } => {
                let rest = way.split_first()?.1;
                let (child, of_child) = (column.children.first()?, placed.children.first()?);
                let mut joined: Option<Vec<u8>> = None;
                for element in offsets(first()?, row, *wide)? {
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
            Layout::Other { .. } | Layout::NoBits { .. } => None,
        }
    }
}

/// A value of a dictionary, which may have come in several batches.
fn in_dictionary(mut index: u64, values: &Layout, dictionary: &[Batch]) -> Option<Cell> {
    for batch in dictionary {
        if index < batch.rows {
            let column = Column::unnamed(values.clone());
            return batch.value(index, &column, &batch.placed, &[], &[]);
        }
        index -= batch.rows;
    }
    None
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
