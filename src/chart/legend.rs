//! What explains a figure: which line is which run, what colours stand for and what signs mean.

use super::{Color, ColorBar, Line, Marker, Of};

/// What explains a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legend {
    /// A line each, in the order of the runs.
    pub keys: Vec<Key>,
    /// The explanation of every sign that occurs.
    pub notes: Vec<Note>,
    /// What a scale of colours stands for; `None` where there is no such scale.
    pub bar: Option<ColorBar>,
}

impl Legend {
    /// Whether there is nothing to explain.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.notes.is_empty() && self.bar.is_none()
    }
}

/// What a line or a mark is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// Its name.
    pub label: String,
    /// What stands below in smaller letters, such as `14 checkpoints`, or why it is not drawn; mostly empty.
    pub detail: String,
    /// Its colour.
    pub color: Color,
    /// Its line.
    pub line: Option<Line>,
    /// Its mark.
    pub marker: Option<Marker>,
    /// Whether it has nothing on the figure.
    pub is_absent: bool,
    /// What it is of, so that it lights up with it.
    pub of: Of,
}

/// A sign on a figure that needs an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// An open mark.
    Open,
    /// A dashed line between open marks.
    Dashed,
    /// An exclamation mark.
    Exclamation,
    /// An upright cross.
    Null,
    /// A line with caps.
    Whiskers,
    /// A star in a cell.
    Star,
}

/// A line of a legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is seen.
    pub sign: Sign,
    /// What it means.
    pub text: String,
}
