//! Entries of a text that have no document: what is wrong with them, how many there were, and when they are too many.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Kind};

/// Entries read before more bad ones than good ones end the reading.
const ENOUGH_ENTRIES: usize = 20;

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

impl Fault {
    /// `3 of 9 lines <words>`.
    fn words(self, count: usize, field: &str) -> String {
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

/// Why an entry has no document: which one it is, what is wrong with it, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) fault: Fault,
    /// `line 3`, or of what else the text is made.
    pub(super) place: String,
    /// Follows the place.
    pub(super) cause: String,
    pub(super) help: String,
}

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

    /// The error where nothing can be skipped.
    pub(super) fn error(&self, path: &Path) -> Error {
        let Self { place, cause, help, .. } = self;
        Error::new(Kind::Corpus, format_args!("{place} {cause}")).help(help).at(path)
    }
}

/// How many entries were documents, and how many were not.
#[derive(Debug, Default)]
pub(super) struct Tally {
    good: usize,
    bad: BTreeMap<Fault, usize>,
    first: Option<Problem>,
}

impl Tally {
    pub(super) fn good(&mut self) {
        self.good += 1;
    }

    pub(super) fn bad(&mut self, problem: Problem) {
        *self.bad.entry(problem.fault).or_default() += 1;
        self.first.get_or_insert(problem);
    }

    /// Whether no entry was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.good == 0 && self.bad.is_empty()
    }

    fn skipped(&self) -> usize {
        self.bad.values().sum()
    }

    /// The error of a text of which most entries are bad, by its first bad one; `at_end` where no more come.
    pub(super) fn error(&self, at_end: bool, path: &Path) -> Option<Error> {
        let (first, bad) = (self.first.as_ref()?, self.skipped());
        if self.good == 0 && at_end {
            return Some(first.error(path));
        }
        if bad <= self.good || self.good + bad < ENOUGH_ENTRIES {
            return None;
        }
        if self.good == 0 {
            return Some(first.error(path));
        }
        let all = self.good + bad;
        let most = format!("{} {}; {bad} of {all} are not usable", first.place, first.cause);
        Some(Error::new(Kind::Corpus, most).help(&first.help).at(path))
    }

    /// What was skipped, `None` if nothing was: `3 of 212 lines have no text in `text``.
    pub(super) fn note(&self, entries: &str, field: &str) -> Option<String> {
        let (first, all) = (self.first.as_ref()?, self.good + self.skipped());
        let mut causes = self.bad.iter().map(|(fault, &count)| (count, fault.words(count, field)));
        let (count, words) = causes.next()?;
        let rest: String = causes.map(|(count, words)| format!(", {count} {words}")).collect();
        Some(format!("{count} of {all} {entries} {words}{rest}; skipped, {} first", first.place))
    }
}
