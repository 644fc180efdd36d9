//! Conditions of measurement: what numbers depend on besides the checkpoint.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use twox_hash::XxHash3_64;

use crate::settings::{Dtype, Settings};

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

/// Settings that decide how many documents a number rests on, or who computes it, and not what it is a number of.
const NO_PART: [&str; 3] = ["samples", "tolerance", "backend"];

impl Condition {
    /// The condition's name: numbers under one name are numbers of the same thing, and differ at most by how many
    /// documents they rest on. The text counts by its file name, on whatever machine it lies.
    pub fn id(&self) -> ConditionId {
        let settings = match self.settings.dtype {
            Dtype::Auto => Settings { dtype: Dtype::F32, ..self.settings.clone() },
            _ => self.settings.clone(),
        };
        let mut of = match serde_json::to_value(settings) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        of.retain(|name, _| !NO_PART.contains(&&**name));
        // Paths of other systems are read here too.
        let text = self.text.path().to_string_lossy().into_owned();
        let file = text.rsplit(['/', '\\']).next().unwrap_or_default();
        of.insert("text".to_owned(), file.into());
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
    use crate::settings::{Backend, Precision, Temperature};

    fn of(settings: Settings, text: &str) -> ConditionId {
        Condition { settings, text: TextSource::Corpus(text.into()) }.id()
    }

    #[test]
    fn the_name_is_of_what_numbers_depend_on() {
        let d = Settings::default;
        let usual = of(d(), "/a/books.jsonl");
        assert_eq!(usual, of(d(), "C:\\texts\\books.jsonl"));
        for same in [
            Settings { samples: 7, ..d() },
            Settings { tolerance: 0.5, ..d() },
            Settings { backend: Backend::Gpu, ..d() },
            Settings { dtype: Dtype::F32, ..d() },
        ] {
            assert_eq!(usual, of(same.clone(), "books.jsonl"), "{same:?}");
        }
        for other in [
            Settings { context: 7, ..d() },
            Settings { max_order: 2, ..d() },
            Settings { points: 7, ..d() },
            Settings { seed: 7, ..d() },
            Settings { reference_seeds: 7, ..d() },
            Settings { temperature: Temperature::Grid, ..d() },
            Settings { temperature_factor: 7.0, ..d() },
            Settings { min_count: 7, ..d() },
            Settings { scores: Precision::F16, ..d() },
            Settings { dtype: Dtype::Bf16, ..d() },
            Settings { text_field: "body".to_owned(), ..d() },
        ] {
            assert_ne!(usual, of(other.clone(), "books.jsonl"), "{other:?}");
        }
        assert_ne!(usual, of(d(), "web.jsonl"));
    }
}
