//! Colours by what they mean; a theme says how they look.

use super::named::named;

/// A colour by its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Color {
    /// The colour of a run, in the shade of one of its conditions: [`RunSubject::run`](super::RunSubject::run) and
    /// [`RunSubject::style`](super::RunSubject::style).
    Run(usize, usize),
    /// A place on the way from the first (0) to the last (1): of a checkpoint in its run, of a run among others.
    Progress(f32),
    /// A value on a scale from the least (0) to the largest (1).
    Value(f32),
    /// A value on a scale around zero, from -1 to 1.
    Signed(f32),
    /// One of several kinds that have no order: n-gram orders, families, measures.
    Group(usize),
    /// The ink of words.
    #[default]
    Text,
    /// The ink of what stands back.
    Muted,
    /// The ground of what is left over: a share that nothing accounts for.
    Faint,
}

named! {
    /// What decides the colours of runs.
    ColorBy {
        /// Each has its own.
        #[default]
        Run = "run",
        /// The model's family, by its name.
        Family = "family",
        /// The number of parameters, by the model's name.
        Size = "size",
        /// The optimality φ that the run has come to.
        Optimality = "optimality",
        /// The information with preference that the run has come to.
        Preference = "preference",
        /// The information that the run has come to about a field of the text, the first that was measured.
        Field = "field",
    }
}

/// A scale of colours by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMap {
    /// The way through training.
    Progress,
    /// From the least to the largest.
    Value,
    /// Around zero.
    Signed,
}

impl ColorMap {
    /// The colour at a share of the way from the least (0) to the largest (1).
    pub fn at(self, share: f32) -> Color {
        match self {
            Self::Progress => Color::Progress(share),
            Self::Value => Color::Value(share),
            Self::Signed => Color::Signed(2.0 * share - 1.0),
        }
    }
}

/// A scale of colours.
#[derive(Clone, Debug, PartialEq)]
pub struct ColorBar {
    /// What it shows.
    pub label: String,
    /// The colours.
    pub map: ColorMap,
    /// What stands at its ends.
    pub ends: [String; 2],
}
