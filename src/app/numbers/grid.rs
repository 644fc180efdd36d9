//! Where the rows and columns of the table stand: each column as wide as the widest it holds, so that none lies over
//! another.

use eframe::egui::{Rangef, TextStyle, Ui};

use super::columns::Column;
use super::curve::CURVE;
use super::row::Row;
use super::{INDENT, KEY, NAME_SIZE, TITLE};
use crate::app::chart::width_of;

/// The letters of titles, in points of the screen.
const TITLE_SIZE: f32 = 11.5;
/// Between columns.
const GAP: f32 = 14.0;
/// The names take no less and no more than this, and no more than this share of what is in sight, where the columns take
/// the rest.
const NAMES: [f32; 2] = [110.0, 300.0];
const MOST_NAMES: f32 = 0.42;

/// The widths of a table.
pub(super) struct Grid {
    /// That of the names.
    pub name: f32,
    columns: Vec<(Column, Span)>,
}

/// A column.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    left: f32,
    right: f32,
    /// Where its numbers end, left of what stands behind them.
    number: f32,
}

impl Grid {
    /// The widths that rows of these columns need, of which so much is in sight.
    pub fn of(ui: &Ui, columns: &[Column], rows: &[Row], seen: f32) -> Self {
        let font = TextStyle::Monospace.resolve(ui.style());
        let letter = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
        let widest = rows.iter().map(|row| width_of(ui, &row.title(), NAME_SIZE)).fold(0.0, f32::max);
        let mut spans = Vec::with_capacity(columns.len());
        let mut left = 0.0;
        for (index, &column) in columns.iter().enumerate() {
            let texts = || rows.iter().filter_map(move |row| Some(&row.cells.as_ref()?.get(index)?.1));
            let letters = |text: &str| text.chars().count();
            let tail = texts().map(|text| letters(&text.tail())).max().unwrap_or(0);
            let number = texts().map(|text| letters(&text.number)).max().unwrap_or(0);
            let numbers = letter * (number + tail).max(column.least_letters()) as f32;
            let title = width_of(ui, column.title(), TITLE_SIZE) + TITLE;
            let curve = if column == Column::Convergence { CURVE.x } else { 0.0 };
            let right = left + GAP + numbers.max(title).max(curve).ceil();
            spans.push((column, Span { left, right, number: right - letter * tail as f32 }));
            left = right;
        }
        // What the columns leave free is the names'.
        let room = (MOST_NAMES * seen).clamp(NAMES[0], NAMES[1]).max(seen - left - 2.0 * GAP);
        let name = (widest + KEY + INDENT + 10.0).clamp(NAMES[0], room);
        for (_, span) in &mut spans {
            *span = Span { left: name + span.left, right: name + span.right, number: name + span.number };
        }
        Self { name, columns: spans }
    }

    /// The width of all of it.
    pub fn width(&self) -> f32 {
        self.columns.last().map_or(self.name, |(_, last)| last.right) + GAP
    }

    /// The columns, from left to right.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().map(|(column, _)| *column)
    }

    /// Where a column stands; nowhere where there is none.
    fn span(&self, column: Column) -> Span {
        let found = self.columns.iter().find(|(of, _)| *of == column);
        found.map(|(_, span)| *span).unwrap_or_default()
    }

    /// Where a column begins and ends, from the left end of the table.
    pub fn column(&self, column: Column) -> Rangef {
        let span = self.span(column);
        Rangef::new(span.left, span.right)
    }

    /// Where its numbers end, likewise.
    pub fn number_end(&self, column: Column) -> f32 {
        self.span(column).number
    }
}
