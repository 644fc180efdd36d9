//! The schema of an Arrow stream, as far as strings are concerned: of every other column what it takes to pass over it.

use super::flat::Table;

/// Fields within fields; deeper ones are no table that anyone writes.
const DEEPEST: usize = 32;
/// Fields of a schema.
const MOST_FIELDS: usize = 1 << 16;

/// How a column's values lie in its buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Strings behind offsets of 4 bytes, or of 8.
    Strings { wide: bool },
    /// Strings of up to 12 bytes within their view, longer ones in buffers of their number.
    Views,
    /// Lists behind offsets of 4 bytes, or of 8.
    List { wide: bool },
    /// Fields side by side.
    Struct,
    /// Indices of so many bytes into a dictionary.
    Indices { width: usize, dictionary: u64 },
    /// Whole numbers of so many bytes.
    Integers { width: usize, signed: bool },
    /// Numbers of 2, 4 or 8 bytes.
    Floats { width: usize },
    /// A bit each.
    Booleans,
    /// Whatever else has so many buffers besides the bits that tell what is there.
    Other { buffers: usize },
    /// As [`Layout::Other`], without such bits.
    NoBits { buffers: usize },
}

/// A column, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub layout: Layout,
    pub children: Vec<Column>,
    /// The layout of a dictionary's values.
    pub values: Option<Layout>,
}

/// The columns of a schema; `None` where it is damaged or has a type that is not known.
pub(super) fn columns(schema: Table<'_>) -> Option<Vec<Column>> {
    // Written by a machine of the other order of bytes.
    if schema.number::<2>(0).unwrap_or(0) != 0 {
        return None;
    }
    let mut left = MOST_FIELDS;
    schema.tables(1)?.into_iter().map(|field| column(field, DEEPEST, &mut left)).collect()
}

fn column(field: Table<'_>, depth: usize, left: &mut usize) -> Option<Column> {
    let depth = depth.checked_sub(1)?;
    *left = left.checked_sub(1)?;
    let children = field.tables(5).unwrap_or_default();
    let children =
        children.into_iter().map(|child| column(child, depth, left)).collect::<Option<Vec<_>>>()?;
    let layout = layout(field.number::<1>(2).unwrap_or(0), field.table(3))?;
    let name = field.string(0).unwrap_or_default().to_owned();
    let Some(dictionary) = field.table(4) else {
        return Some(Column { name, layout, children, values: None });
    };
    let width = match dictionary.table(1) {
        Some(index) => index.number::<4>(0)? as usize / 8,
        None => 4,
    };
    let indices = Layout::Indices { width, dictionary: dictionary.number::<8>(0).unwrap_or(0) };
    // A dictionary's own children lie in its messages.
    Some(Column { name, layout: indices, children: Vec::new(), values: Some(layout) })
}

/// The layout of a type by its number in the schema's union.
fn layout(number: u64, of: Option<Table<'_>>) -> Option<Layout> {
    Some(match number {
        1 => Layout::NoBits { buffers: 0 },
        2 => {
            let of = of?;
            let width = of.number::<4>(0).unwrap_or(0) as usize / 8;
            Layout::Integers { width, signed: of.number::<1>(1).unwrap_or(0) != 0 }
        }
        3 => Layout::Floats { width: 2 << of?.number::<2>(0).unwrap_or(0).min(2) },
        6 => Layout::Booleans,
        7..=11 | 15 | 18 => Layout::Other { buffers: 1 },
        4 | 5 => Layout::Strings { wide: false },
        12 => Layout::List { wide: false },
        13 => Layout::Struct,
        // Unions have types, and dense ones offsets.
        14 => Layout::NoBits { buffers: 1 + usize::from(of?.number::<2>(0).unwrap_or(0) == 1) },
        16 => Layout::Other { buffers: 0 },
        17 => Layout::List { wide: false },
        19 | 20 => Layout::Strings { wide: true },
        21 => Layout::List { wide: true },
        22 => Layout::NoBits { buffers: 0 },
        23 | 24 => Layout::Views,
        25 | 26 => Layout::Other { buffers: 2 },
        _ => return None,
    })
}
