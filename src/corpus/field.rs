//! The field, or column, that holds the text.

use crate::error::{Error, Kind};

/// Names that text goes by where there are other strings beside it, the likeliest first.
const KNOWN: [&str; 11] = [
    "text",
    "content",
    "raw_content",
    "body",
    "document",
    "article",
    "passage",
    "story",
    "markdown",
    "messages",
    "conversations",
];

/// Names shown in an error; objects can have hundreds.
const MOST_NAMES: usize = 8;

/// The field that holds the text: its name, or path of names parted by dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where the text is taken from.
    pub(super) name: String,
    /// Whether another one may be taken, there being none of this name.
    sought: bool,
    /// The name that it was to have, where another one was taken.
    instead_of: Option<String>,
}

impl Field {
    /// A field that was chosen.
    pub fn chosen(name: impl Into<String>) -> Self {
        Self { name: name.into(), sought: false, instead_of: None }
    }

    /// The usual field; where a text has none of that name, the one that holds text is taken if it is plain which.
    pub fn usual(name: impl Into<String>) -> Self {
        Self { name: name.into(), sought: true, instead_of: None }
    }

    /// Whether it is still to be found out if a text has this field.
    pub(super) fn is_sought(&self) -> bool {
        self.sought
    }

    /// Says that there is a field of this name.
    pub(super) fn settle(&mut self) {
        self.sought = false;
    }

    /// Whether a field of this name is where text usually is.
    pub fn is_usual(name: &str) -> bool {
        KNOWN.contains(&name)
    }

    /// Takes one of the fields that hold text, if there is only one or the names of some are known.
    pub(super) fn find(&mut self, names: &[String]) {
        self.sought = false;
        let known = || KNOWN.iter().find_map(|known| names.iter().find(|name| name == known));
        let only = if let [only] = names { Some(only) } else { None };
        if let Some(name) = only.or_else(known).filter(|name| **name != self.name) {
            self.instead_of = Some(std::mem::replace(&mut self.name, name.clone()));
        }
    }

    /// A word about a field that was found.
    pub(super) fn note(&self) -> Option<String> {
        let asked = self.instead_of.as_ref()?;
        Some(format!("there is no `{asked}`; the text is taken from `{}`", self.name.escape_debug()))
    }

    /// The error of a text without this column, but with others that hold text.
    pub(super) fn missing(&self, others: &[String]) -> Error {
        let cause = format!("there is no column `{}` of text", self.name.escape_debug());
        Error::new(Kind::Corpus, cause).help(others_help(others, "column"))
    }
}

/// Names the fields, or columns, that could be meant.
pub(super) fn others_help(names: &[String], noun: &str) -> String {
    let more = if names.len() > MOST_NAMES { ", …" } else { "" };
    let names: Vec<String> =
        names.iter().take(MOST_NAMES).map(|name| format!("`{}`", name.escape_debug())).collect();
    match &names[..] {
        [] => format!("no {noun} of it is a string; choose another file"),
        names => format!("it has {}{more}: name the text's {noun} with --text-field", names.join(", ")),
    }
}
