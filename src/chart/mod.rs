//! A figure as what it says, not where it is: axes, marks, and of every datum what it is of.
//!
//! A view makes a [`Chart`] out of measurements, and two renderers draw it, neither of which knows any view: the figure's
//! layout for files, and the window's chart. Places are in the units of the axes, colours are [`Color`]s with a
//! meaning, which a theme resolves, so one chart serves both themes, screen and paper.

mod axis;
mod color;
mod csv;
mod datum;
mod legend;
mod mark;
mod named;
mod ticks;

pub use axis::{Axis, Scale};
pub use color::{Color, ColorBar, ColorBy, ColorMap};
pub use csv::csv;
pub use datum::{CheckpointSubject, Datum, Of, RunSubject, Statistic, Subjects};
pub use legend::{Key, Legend, Note, Sign};
pub use mark::{Bars, Cell, Cells, Curve, Dash, Fill, Line, Mark, Marker, Remark, Rule, Series, Words};
pub(crate) use named::named;
pub use ticks::Tick;

use std::sync::Arc;

/// A figure: one facet or several side by side, with what explains them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What it shows, in a line.
    pub title: String,
    /// At least one, row by row.
    pub facets: Vec<Facet>,
    /// The most facets side by side; 0 for as many as fit.
    pub columns: usize,
    /// What colours, lines and signs mean.
    pub legend: Legend,
    /// What its numbers were measured under, and what is to be known before believing them: a sentence each.
    pub caption: Vec<String>,
    /// What its data are of.
    pub subjects: Arc<Subjects>,
}

/// One frame with its axes and marks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facet {
    /// What tells it from the facets beside it; empty for the only one.
    pub title: String,
    /// The axis across.
    pub x: Axis,
    /// The axis up.
    pub y: Axis,
    /// What is drawn, the first lowest.
    pub marks: Vec<Mark>,
    /// How wide and high the frame is.
    pub aspect: Aspect,
    /// Whether it is a picture: its marks alone, without frame, ticks, grid and names of axes.
    pub is_bare: bool,
}

/// How wide a frame is against its height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Aspect {
    /// As there is room.
    #[default]
    Free,
    /// A square, with both axes on one scale: a step across is as long as the same step up.
    Equal,
}

impl Chart {
    /// A chart of one facet.
    pub fn of(title: impl Into<String>, facet: Facet, subjects: &Arc<Subjects>) -> Self {
        Self { title: title.into(), facets: vec![facet], subjects: Arc::clone(subjects), ..Self::default() }
    }

    /// All data, each with its facet and the name of its series, in the order in which they are drawn.
    pub fn data(&self) -> impl Iterator<Item = (&Facet, &str, &Datum)> {
        self.facets.iter().flat_map(|facet| {
            facet
                .marks
                .iter()
                .flat_map(move |mark| mark.data().map(move |datum| (facet, mark.series(), datum)))
        })
    }

    /// Whether no datum has a place.
    pub fn is_empty(&self) -> bool {
        !self.data().any(|(.., datum)| datum.y.is_finite())
    }
}

impl Facet {
    /// The least and the largest of what data need of an axis, rules and curves apart; `None` without any that is
    /// finite. `of` gives the numbers that a datum puts on the axis.
    fn reach<const N: usize>(&self, of: impl Fn(&Datum) -> [f64; N]) -> Option<[f64; 2]> {
        let data = self.marks.iter().filter(|mark| !matches!(mark, Mark::Cells(_) | Mark::Remark(_)));
        let values = data.flat_map(Mark::data).flat_map(of).filter(|value| value.is_finite());
        values.map(|value| [value, value]).reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
    }

    /// The range across: the axis's own, or what holds all data.
    pub fn x_range(&self) -> [f64; 2] {
        self.x.range_over(self.reach(|datum| [datum.x]))
    }

    /// The range up: the axis's own, or what holds all data with their spreads.
    pub fn y_range(&self) -> [f64; 2] {
        self.y.range_over(
            self.reach(|datum| [datum.y, datum.low.unwrap_or(datum.y), datum.high.unwrap_or(datum.y)]),
        )
    }
}

#[cfg(test)]
mod tests;
