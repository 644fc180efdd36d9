//! Conditions of measurement: what numbers depend on besides the checkpoint.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use twox_hash::XxHash3_64;

use crate::settings::{self, Settings};

/// What the models read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextSource {
    /// Text, encoded with each run's own tokenizer.
    Corpus(PathBuf),
    /// Tokens, as they are.
    Tokens(PathBuf),
}

impl TextSource {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Corpus(path) | Self::Tokens(path) => path,
        }
    }
}

/// What numbers depend on besides the checkpoint: a text, and how it is sampled, labelled and measured.
///
/// Device, threads, build and paths are no part of it; they are the provenance of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is measured and how.
    pub settings: Settings,
    /// What the models read.
    pub text: TextSource,
}

impl Condition {
    /// The condition without what is no part of its name: the settings that decide how many documents a number rests
    /// on and who computes it at their defaults, the type that is computed in resolved, the text by its file
    /// name. Two conditions have the same name exactly if this is the same of both.
    pub fn identity(&self) -> Self {
        let usual = Settings::default();
        let mut settings = Settings { dtype: self.settings.dtype.resolved(), ..self.settings.clone() };
        let others = settings::ALL.iter().filter(|entry| !entry.is_of_condition());
        others.for_each(|entry| entry.copy(&usual, &mut settings));
        // Paths of other systems are read here too.
        let text = self.text.path().to_string_lossy();
        let file = text.rsplit(['/', '\\']).next().unwrap_or_default();
        Self { settings, text: TextSource::Corpus(file.into()) }
    }

    /// The condition's name: numbers under one name are numbers of the same thing, and differ at most by how many
    /// documents they rest on. The text counts by its file name, on whatever machine it lies.
    pub fn id(&self) -> ConditionId {
        let Self { settings, text } = self.identity();
        let mut of = match serde_json::to_value(settings) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        for entry in settings::ALL.iter().filter(|entry| !entry.is_of_condition()) {
            of.remove(entry.name);
        }
        of.insert("text".to_owned(), text.path().to_string_lossy().into());
        // The names of fields in the order of the alphabet, whatever order the struct has them in.
        let sorted: std::collections::BTreeMap<_, _> =
            of.iter().map(|(name, v)| (name, v.to_string())).collect();
        ConditionId(XxHash3_64::oneshot(format!("{sorted:?}").as_bytes()))
    }
}

/// The name of a [`Condition`], the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConditionId(u64);

impl fmt::Display for ConditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Dtype, changed};

    fn of(settings: Settings, text: &str) -> ConditionId {
        Condition { settings, text: TextSource::Corpus(text.into()) }.id()
    }

    fn identity(settings: Settings, text: &str) -> Condition {
        Condition { settings, text: TextSource::Tokens(text.into()) }.identity()
    }

    #[test]
    fn the_name_is_of_what_numbers_depend_on() {
        let usual = of(Settings::default(), "/a/books.jsonl");
        assert_eq!(usual, of(Settings::default(), "C:\\texts\\books.jsonl"));
        assert_eq!(usual, of(Settings { dtype: Dtype::F32, ..Settings::default() }, "books.jsonl"));
        for entry in settings::ALL {
            let same = of(changed(entry), "books.jsonl") == usual;
            assert_eq!(same, ["samples", "tolerance", "backend"].contains(&entry.name), "{}", entry.name);
            let identity = |settings| identity(settings, "books.jsonl");
            assert_eq!(same, identity(changed(entry)) == identity(Settings::default()), "{}", entry.name);
        }
        assert_ne!(usual, of(Settings::default(), "web.jsonl"));
        assert_ne!(identity(Settings::default(), "web.jsonl"), identity(Settings::default(), "books.jsonl"));
    }

    #[test]
    fn names_are_the_same_in_every_version() {
        assert_eq!(of(Settings::default(), "books.jsonl").to_string(), "7793d2fc42842992");
    }
}
