//! The settings of a measurement, and one [`Descriptor`] each, from which flags, sliders, keys and captions come.
//!
//! A new setting is a field of [`Settings`] with its default, and an entry of [`ALL`].

mod access;
mod descriptor;
mod number;
mod table;
mod types;

use serde::{Deserialize, Serialize};

pub use access::{Choose, Parsed};
pub use descriptor::{Descriptor, Kind, Role, Section, Words};
pub use number::{Named, Number, Value};
pub use table::*;
pub use types::{Backend, Dtype, EPSILON, FieldNames, PairPositions, Precision, Temperature};

/// The widest n-gram that can be measured.
pub const LARGEST_ORDER: usize = 4;

/// The names of the n-gram orders 1 to 4, as they appear in results and in the window.
pub const ORDER_NAMES: [&str; LARGEST_ORDER] = ["token", "bigram", "trigram", "quadgram"];

/// What is measured and how. Everything in it changes a number in the results.
///
/// Read from results, a setting that is missing is an error, not its default: numbers measured under another would pass
/// for it. Those that results once had no name for read as what they were measured under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How many documents are read at the most.
    pub samples: usize,
    /// Documents are cut to this many tokens.
    pub context: usize,
    /// The widest n-gram measured, 1 to 4. It also decides which positions are labelled.
    pub max_order: usize,
    /// The number n of reference points on the unit sphere.
    pub points: usize,
    /// The seed of the reference points, as given to `numpy.random.default_rng`.
    pub seed: u64,
    /// How many seeds are scored, this one and those that follow it; beyond the first they tell how far the
    /// measures depend on where the points happen to lie.
    #[serde(default = "one_seed")]
    pub reference_seeds: usize,
    /// How the temperature ε is chosen.
    pub temperature: Temperature,
    /// A factor on the chosen ε, 1 for the calibrated value itself.
    pub temperature_factor: f64,
    /// Labels seen fewer times are dropped, their positions with them.
    #[serde(default = "every_label")]
    pub min_count: u32,
    /// A checkpoint is done, whatever the number of documents, once four times as many moved no complexity and
    /// no expressivity by more than this; 0 for the whole sample.
    #[serde(default)]
    pub tolerance: f64,
    /// The type that scores have in memory and on disk.
    #[serde(default)]
    pub scores: Precision,
    /// The device that computes.
    pub backend: Backend,
    /// The type that products of matrices are computed in.
    #[serde(default)]
    pub dtype: Dtype,
    /// The field that holds the text, or the path to it with dots between names.
    pub text_field: String,
    /// The fields of the corpus whose values are labels beside the n-grams.
    #[serde(default, skip_serializing_if = "FieldNames::is_empty")]
    pub labels: FieldNames,
    /// The file of preference pairs that are measured beside the text; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pairs: String,
    /// The file of the chat template that pairs are rendered by; empty for the tokenizer's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chat_template: String,
    /// Which positions of an answer are labelled.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pair_positions: PairPositions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            samples: 500,
            context: 512,
            max_order: LARGEST_ORDER,
            points: 100,
            seed: 0,
            reference_seeds: 3,
            temperature: Temperature::Root,
            temperature_factor: 1.0,
            min_count: 1,
            tolerance: 0.0,
            scores: Precision::F32,
            backend: Backend::Auto,
            dtype: Dtype::Auto,
            text_field: "text".to_owned(),
            labels: FieldNames::default(),
            pairs: String::new(),
            chat_template: String::new(),
            pair_positions: PairPositions::default(),
        }
    }
}

/// The last name of a path, of whatever system: what a file counts by in the name of a condition.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

fn one_seed() -> usize {
    1
}

fn every_label() -> u32 {
    1
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Settings {
    /// The defaults of the window, where they are others than [`Settings::default`], those of `measure`: documents
    /// enough for a steady picture, and so few, with scores so small, that those of dozens of checkpoints stay in memory
    /// and every slider answers at once.
    pub fn of_window() -> Self {
        Self { samples: 64, scores: Precision::F16, ..Self::default() }
    }

    /// Some settings of which every one is written: those, too, that are left out where they say nothing.
    pub fn all_written() -> Self {
        let some = || "file".to_owned();
        let (labels, pair_positions) = (some().into(), PairPositions::All);
        Self { labels, pairs: some(), chat_template: some(), pair_positions, ..Self::default() }
    }

    /// These settings with those of some roles at their defaults.
    pub fn without(&self, roles: &[Role]) -> Self {
        let (usual, mut settings) = (Self::default(), self.clone());
        ALL.iter().filter(|entry| roles.contains(&entry.role)).for_each(|e| e.copy(&usual, &mut settings));
        settings
    }

    /// The settings that scores depend on, those that are only asked of scores at their defaults. Points and seeds
    /// are among them: scores of more answer for fewer.
    pub fn of_scores(&self) -> Self {
        self.without(&[Role::Question])
    }
}

/// Settings of which one alone is another than usual.
#[cfg(test)]
pub fn changed(entry: &Descriptor) -> Settings {
    let (usual, mut settings) = (Settings::default(), Settings::default());
    let values = match &entry.kind {
        Kind::Usize(number) => [number.legal.start(), number.legal.end()].map(usize::to_string).into(),
        Kind::U32(number) => [number.legal.start(), number.legal.end()].map(u32::to_string).into(),
        Kind::U64(number) => [number.legal.start(), number.legal.end()].map(u64::to_string).into(),
        Kind::F64(number) => [number.legal.start(), number.legal.end()].map(f64::to_string).into(),
        Kind::Named(_) => vec!["1".to_owned()],
        Kind::Choice(choice) => choice.values().iter().rev().map(|v| v.get_name().to_owned()).collect(),
        Kind::Temperature(_) => vec!["grid".to_owned()],
        Kind::Text(_) | Kind::Names(_) => vec!["body".to_owned()],
    };
    let other = values.into_iter().find(|value| *value != entry.text(&usual)).unwrap();
    entry.set(&mut settings, &other).unwrap();
    settings
}

#[cfg(test)]
mod tests;
