//! Entries of a file that are good or lack something: what they lack, how many there were of each, and when there are too
//! many.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Kind};

/// Entries read before more bad ones than good ones end the reading.
const ENOUGH: usize = 20;

/// What an entry may lack, in the order in which it is told.
pub trait Fault: Copy + Ord {
    /// Whether it says something against the file, and not only against how it is read: enough of such entries end the
    /// reading.
    fn is_of_file(self) -> bool {
        true
    }
}

/// The first entry that lacks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First<F> {
    /// What it lacks.
    pub fault: F,
    /// Which one it is: `line 3`, or of what else the file is made.
    pub place: String,
    /// Follows the place.
    pub cause: String,
    /// What the user can do about it.
    pub help: String,
}

impl<F: Fault> First<F> {
    /// The error where nothing can be skipped: [`Kind::Corpus`]; [`Kind::Sample`] where the file is not to blame.
    pub fn error(&self, path: &Path) -> Error {
        self.error_of(&format!("{} {}", self.place, self.cause), path)
    }

    fn error_of(&self, cause: &str, path: &Path) -> Error {
        let kind = if self.fault.is_of_file() { Kind::Corpus } else { Kind::Sample };
        Error::new(kind, cause).help(&self.help).at(path)
    }
}

/// How many entries were good, and how many were not.
#[derive(Clone, Debug)]
pub struct Tally<F> {
    good: usize,
    bad: BTreeMap<F, usize>,
    first: Option<First<F>>,
}

impl<F> Default for Tally<F> {
    fn default() -> Self {
        Self { good: 0, bad: BTreeMap::new(), first: None }
    }
}

impl<F: Fault> Tally<F> {
    /// Counts an entry that lacks nothing.
    pub fn good(&mut self) {
        self.good += 1;
    }

    /// Counts an entry that lacks something.
    pub fn bad(&mut self, entry: First<F>) {
        *self.bad.entry(entry.fault).or_default() += 1;
        self.first.get_or_insert(entry);
    }

    /// Counts an entry as one that lacks something, which was counted as good before.
    pub fn spoiled(&mut self, entry: First<F>) {
        self.good = self.good.saturating_sub(1);
        self.bad(entry);
    }

    /// Whether no entry was counted.
    pub fn is_empty(&self) -> bool {
        self.good == 0 && self.bad.is_empty()
    }

    /// The first entry that lacks something.
    pub fn first(&self) -> Option<&First<F>> {
        self.first.as_ref()
    }

    /// The error of a file of which most entries are bad, by the first bad one; `at_end` where no more come.
    pub fn error(&self, at_end: bool, path: &Path) -> Option<Error> {
        let (first, bad) = (self.first.as_ref()?, self.bad.values().sum::<usize>());
        let all = self.good + bad;
        let many = all >= ENOUGH && bad > self.good && (self.good == 0 || first.fault.is_of_file());
        if self.good == 0 && (at_end || many) {
            return Some(first.error(path));
        }
        let most = || format!("{} {}; {bad} of {all} are not usable", first.place, first.cause);
        many.then(|| first.error_of(&most(), path))
    }

    /// What was skipped, `None` if nothing was: ``3 of 212 lines have no text in `text` ``, the number and `words` a fault.
    pub fn note(&self, entries: &str, words: impl Fn(F, usize) -> String) -> Option<String> {
        let (first, all) = (self.first.as_ref()?, self.good + self.bad.values().sum::<usize>());
        let mut causes = self.bad.iter().map(|(&fault, &count)| (count, words(fault, count)));
        let (count, cause) = causes.next()?;
        let rest: String = causes.map(|(count, cause)| format!(", {count} {cause}")).collect();
        Some(format!("{count} of {all} {entries} {cause}{rest}; skipped, {} first", first.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Lacks {
        Head,
        Room,
    }

    impl Fault for Lacks {
        fn is_of_file(self) -> bool {
            self == Self::Head
        }
    }

    fn tally(good: usize, bad: &[(Lacks, usize)]) -> Tally<Lacks> {
        let mut tally = Tally::default();
        (0..good).for_each(|_| tally.good());
        for (index, fault) in bad.iter().flat_map(|&(fault, count)| vec![fault; count]).enumerate() {
            let place = format!("line {}", index + 1);
            let [cause, help] = ["lacks it", "mend it"].map(str::to_owned);
            tally.bad(First { fault, place, cause, help });
        }
        tally
    }

    fn error(tally: &Tally<Lacks>, at_end: bool) -> Option<(Kind, String)> {
        let error = tally.error(at_end, Path::new("f"))?;
        Some((error.kind(), error.to_string()))
    }

    #[test]
    fn enough_bad_entries_end_the_reading() {
        use Lacks::{Head, Room};
        let first = (Kind::Corpus, "line 1 lacks it; mend it: f".to_owned());
        assert_eq!(error(&tally(0, &[]), true), None);
        assert_eq!(error(&tally(0, &[(Head, 19)]), false), None, "good ones may come");
        assert_eq!(error(&tally(0, &[(Head, 19)]), true), Some(first.clone()));
        assert_eq!(error(&tally(0, &[(Head, 20)]), false), Some(first));
        assert_eq!(error(&tally(10, &[(Head, 10)]), true), None, "as many good ones");
        let most = "line 1 lacks it; 11 of 21 are not usable; mend it: f";
        assert_eq!(error(&tally(10, &[(Head, 11)]), false), Some((Kind::Corpus, most.to_owned())));
        // What is not the file's fault ends it only where nothing is left.
        assert_eq!(error(&tally(1, &[(Room, 90)]), true), None);
        assert_eq!(error(&tally(0, &[(Room, 90)]), true).unwrap().0, Kind::Sample);
    }

    #[test]
    fn what_was_skipped_is_told_by_what_it_lacks() {
        use Lacks::{Head, Room};
        let words = |fault: Lacks, count: usize| match (fault, count) {
            (Head, 1) => "has no head".to_owned(),
            (Head, _) => "have no head".to_owned(),
            (Room, _) => "lack room".to_owned(),
        };
        assert_eq!(tally(3, &[]).note("lines", words), None);
        let mut tally = tally(4, &[(Room, 2), (Head, 1)]);
        let note = "1 of 7 lines has no head, 2 lack room; skipped, line 1 first";
        assert_eq!(tally.note("lines", words).as_deref(), Some(note));
        let late =
            First { fault: Head, place: "line 9".to_owned(), cause: String::new(), help: String::new() };
        tally.spoiled(late);
        let note = "2 of 7 lines have no head, 2 lack room; skipped, line 1 first";
        assert_eq!(tally.note("lines", words).as_deref(), Some(note), "no entry is counted twice");
    }
}
