//! Why a record or a pair is skipped.

use std::fmt;

use crate::tally::{self, First};

/// What a record or a pair lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A chosen and a rejected answer, in a layout that is known.
    Layout,
    /// Messages with a role and a text each.
    Message,
    /// Something said on either side.
    Empty,
    /// A difference between the sides.
    Equal,
    /// A conversation that the chat template takes.
    Template,
    /// A token of the last message within the context.
    Cut,
}

impl tally::Fault for Fault {
    /// That a context is too short for pairs says nothing against them.
    fn is_of_file(self) -> bool {
        self != Self::Cut
    }
}

impl Fault {
    /// What so many records or pairs are or have, behind their number: `are empty on one side`.
    pub fn words(self, count: usize) -> &'static str {
        let (one, many) = match self {
            Self::Layout => ("has no chosen and rejected answer", "have no chosen and rejected answer"),
            Self::Message => ("has a message that is none", "have a message that is none"),
            Self::Empty => ("is empty on one side", "are empty on one side"),
            Self::Equal => ("is the same on both sides", "are the same on both sides"),
            Self::Template => ("is refused by the chat template", "are refused by the chat template"),
            Self::Cut => {
                ("has no last message within the context", "have no last message within the context")
            }
        };
        if count == 1 { one } else { many }
    }
}

/// A record or a pair that is skipped: what was seen in it, and what would help. Which one it is, its reader
/// knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is counted as.
    pub fault: Fault,
    /// Follows the name of the record or the pair: ``has no field `chosen` ``.
    pub cause: String,
    /// What the user can do about it.
    pub help: String,
}

impl Problem {
    pub(super) fn new(fault: Fault, cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { fault, cause: cause.into(), help: help.into() }
    }

    /// A last message that lies wholly beyond the context.
    pub fn cut(context: usize) -> Self {
        let cause = format!("has its last message wholly beyond the context of {context} tokens");
        Self::new(Fault::Cut, cause, "use a longer --context")
    }

    /// The same of the record or the pair of this name.
    pub fn at(self, place: String) -> First<Fault> {
        let Self { fault, cause, help } = self;
        First { fault, place, cause, help }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.cause, self.help)
    }
}
