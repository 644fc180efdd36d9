//! Entries of a text that have no document: what is wrong with them.

use crate::tally::{self, First};

/// What a line, an entry of an array or a row lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A string in the text's field.
    Text,
    /// A JSON object.
    Object,
    /// JSON.
    Json,
    /// UTF-8.
    Utf8,
    /// Bytes other than zero.
    Zero,
    /// A length that a document may have.
    Long,
}

impl tally::Fault for Fault {}

impl Fault {
    /// `3 of 9 lines <words>`.
    pub(super) fn words(self, count: usize, field: &str) -> String {
        let (one, many) = match self {
            Self::Text => {
                let has = if count == 1 { "has" } else { "have" };
                return format!("{has} no text in `{}`", field.escape_debug());
            }
            Self::Object => ("is no JSON object", "are no JSON objects"),
            Self::Json => ("is not valid JSON", "are not valid JSON"),
            Self::Utf8 => ("is not UTF-8", "are not UTF-8"),
            Self::Zero => ("has a zero byte", "have zero bytes"),
            Self::Long => ("is too long", "are too long"),
        };
        if count == 1 { one } else { many }.to_owned()
    }
}

/// Why an entry has no document.
pub(super) type Problem = First<Fault>;

impl Problem {
    pub(super) fn new(
        fault: Fault,
        place: String,
        cause: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { fault, place, cause: cause.into(), help: help.into() }
    }

    /// The same of an entry elsewhere.
    pub(super) fn at(self, place: String) -> Self {
        Self { place, ..self }
    }
}
