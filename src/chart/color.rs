//! Colours by what they mean; a theme says how they look.

use std::str::FromStr;

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

/// What decides the colours of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorBy {
    /// Each has its own.
    #[default]
    Run,
    /// The model's family, by its name.
    Family,
    /// The number of parameters, by the model's name.
    Size,
    /// The optimality φ that the run has come to.
    Optimality,
}

impl ColorBy {
    /// All, in the order of menus.
    pub const ALL: [Self; 4] = [Self::Run, Self::Family, Self::Size, Self::Optimality];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Family => "family",
            Self::Size => "size",
            Self::Optimality => "optimality",
        }
    }
}

impl FromStr for ColorBy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|by| by.name() == name);
        named.ok_or_else(|| format!("it is one of {}", Self::ALL.map(Self::name).join(", ")))
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
