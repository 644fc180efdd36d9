//! What is drawn within a frame.

use super::{Color, ColorMap, Datum, Of};

/// Something drawn within a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Data that belong together: joined by a line, marked one by one, or both.
    Series(Series),
    /// Upright bars.
    Bars(Bars),
    /// The cells of a table, each with a colour for its value.
    Cells(Cells),
    /// A line that is no data: a bound, a fit, an outline.
    Curve(Curve),
    /// A straight line across the whole frame.
    Rule(Rule),
    /// Words at a place.
    Words(Words),
    /// A line of words in the frame's corner, which may stand for data: a coefficient with its p and n.
    Remark(Remark),
}

/// Data that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in tables.
    pub name: String,
    /// The name written where it ends, in place of a legend; empty for none.
    pub label: String,
    /// Its colour.
    pub color: Color,
    /// The line through its data; `None` for marks alone. A line ends where the next datum is not [`Datum::joined`].
    pub line: Option<Line>,
    /// The mark of each datum; `None` for a line alone.
    pub marker: Option<Marker>,
    /// What is drawn between [`Datum::low`] and [`Datum::high`].
    pub fill: Fill,
    /// Whether it stands back behind the others.
    pub is_faint: bool,
    /// Its data, in the order of the line.
    pub data: Vec<Datum>,
}

/// What is drawn between the lower and the upper end of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// Nothing.
    #[default]
    None,
    /// An upright line with caps at each datum, and across where [`Datum::x_spread`] is known.
    Whiskers,
    /// A faint band along the line.
    Band,
    /// A solid area along the line, as in a stack.
    Area,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// The dash.
    pub dash: Dash,
    /// Whether it is thinner than a line of data.
    pub is_thin: bool,
}

/// The dash of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// None.
    #[default]
    Solid,
    /// That of a run's condition: [`RunSubject::style`](super::RunSubject::style).
    Style(usize),
    /// That of what is not to be compared with the rest: stale numbers.
    Stale,
    /// That of bounds and rules.
    Bound,
}

/// The mark of a datum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// The shape of a run.
    Run(usize),
    /// A dot.
    Dot,
    /// A dot so small that hundreds lie beside each other: of clouds.
    Speck,
    /// An upright cross, for what labels that say nothing give.
    Null,
}

/// Upright bars from zero to their value, or from [`Datum::low`] to [`Datum::high`] where both are known, as in a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Its name in tables.
    pub name: String,
    /// Their colour.
    pub color: Color,
    /// Their width, in units of the axis across.
    pub width: f64,
    /// A bar each.
    pub data: Vec<Datum>,
}

/// A table of values as colours. Rows and columns are numbered along axes of names, from 0. Several in one frame have the
/// same rows and columns, and each its own cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Its name in tables.
    pub name: String,
    /// The number of columns.
    pub columns: usize,
    /// The number of rows.
    pub rows: usize,
    /// The values at the ends of the colours; those beyond have the colour of the nearer end.
    pub range: [f64; 2],
    /// The colours.
    pub map: ColorMap,
    /// Whether values are written into their cells.
    pub has_numbers: bool,
    /// The cells that have a value.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The column.
    pub column: usize,
    /// The row, from below.
    pub row: usize,
    /// What is written into it beside its value, such as a star; several lines where it has line breaks. Mostly empty.
    pub sign: String,
    /// Its value, as [`Datum::y`]; its own [`Datum::color`] goes before that of the table's colours.
    pub datum: Datum,
}

/// A line that is no data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Its points as `[x, y]`; not bound to the frame, which cuts it.
    pub points: Vec<[f64; 2]>,
    /// What is written along it; empty for nothing.
    pub label: String,
    /// Its colour.
    pub color: Color,
    /// The line; `None` for an area alone.
    pub line: Option<Line>,
    /// Whether the inside is filled, faintly.
    pub is_area: bool,
    /// How strongly it is drawn, from not at all (0) to as wide as lines of data and wholly opaque (1), both in
    /// proportion; `None` for lines as usual.
    pub weight: Option<f32>,
}

/// A straight line across the frame, level or upright.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Whether it is upright, at a value of the axis across.
    pub is_upright: bool,
    /// The value.
    pub at: f64,
    /// What is written at its end; empty for nothing.
    pub label: String,
    /// Its colour.
    pub color: Color,
    /// What it is of, so that it lights up with it.
    pub of: Of,
}

/// Words at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The place as `[x, y]`.
    pub at: [f64; 2],
    /// The words.
    pub text: String,
    /// Their colour.
    pub color: Color,
}

/// A line of words in the frame's corner.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Its name in tables.
    pub name: String,
    /// The words.
    pub text: String,
    /// The colour of what it speaks of.
    pub color: Color,
    /// The numbers behind it.
    pub data: Vec<Datum>,
}

impl Mark {
    /// The name of its data in tables; empty where it has none.
    pub fn series(&self) -> &str {
        match self {
            Self::Series(Series { name, .. })
            | Self::Bars(Bars { name, .. })
            | Self::Cells(Cells { name, .. })
            | Self::Remark(Remark { name, .. }) => name,
            Self::Curve(_) | Self::Rule(_) | Self::Words(_) => "",
        }
    }

    /// Its data.
    pub fn data(&self) -> impl Iterator<Item = &Datum> {
        let (data, cells): (&[Datum], &[Cell]) = match self {
            Self::Series(Series { data, .. })
            | Self::Bars(Bars { data, .. })
            | Self::Remark(Remark { data, .. }) => (data, &[]),
            Self::Cells(Cells { cells, .. }) => (&[], cells),
            Self::Curve(_) | Self::Rule(_) | Self::Words(_) => (&[], &[]),
        };
        data.iter().chain(cells.iter().map(|cell| &cell.datum))
    }
}
