//! Conditions of measurement: what numbers depend on besides the checkpoint.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use twox_hash::XxHash3_64;

use crate::settings::{self, Settings, file_name};

/// What the models read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextSource {
    /// Text, encoded with each run's own tokenizer.
    Corpus(PathBuf),
    /// Tokens, as they are.
    Tokens(PathBuf),
    /// The answers of preference pairs, rendered by each run's own chat template.
    Pairs(PathBuf),
}

impl TextSource {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Corpus(path) | Self::Tokens(path) | Self::Pairs(path) => path,
        }
    }

    /// What it is called, as the flag that names it is.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Corpus(_) => "corpus",
            Self::Tokens(_) => "tokens",
            Self::Pairs(_) => "pairs",
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
        for path in [&mut settings.pairs, &mut settings.chat_template] {
            *path = file_name(path).to_owned();
        }
        let text = self.text.path().to_string_lossy();
        Self { settings, text: TextSource::Corpus(file_name(&text).into()) }
    }

    /// The file of preference pairs that are measured, beside a text or alone; `None` for none.
    pub fn pairs(&self) -> Option<&Path> {
        match &self.text {
            TextSource::Pairs(path) => Some(path),
            _ => Some(Path::new(&self.settings.pairs)).filter(|path| !path.as_os_str().is_empty()),
        }
    }

    /// Whether both have the same pairs, in the same tokens and with the same positions labelled.
    pub fn reads_pairs_of(&self, other: &Self) -> bool {
        let of = |condition: &Self| {
            let Settings { samples, context, pair_positions, .. } = condition.settings;
            (samples, context, pair_positions)
        };
        let template = |condition: &Self| condition.settings.chat_template.clone();
        self.pairs() == other.pairs() && of(self) == of(other) && template(self) == template(other)
    }

    /// The conditions that this one is made of: one a sample, each by what its numbers depend on alone. Of a text with
    /// pairs beside it two, first the text's.
    pub fn parts(&self) -> Vec<Self> {
        let usual = Settings::default();
        let settings = self.settings.clone();
        let of_pairs = |path: PathBuf| {
            let (max_order, labels, text_field) =
                (usual.max_order, usual.labels.clone(), usual.text_field.clone());
            let settings =
                Settings { max_order, labels, text_field, pairs: String::new(), ..settings.clone() };
            Self { settings, text: TextSource::Pairs(path) }
        };
        let of_text = || {
            let (pairs, chat_template) = (String::new(), String::new());
            let settings =
                Settings { pairs, chat_template, pair_positions: usual.pair_positions, ..settings.clone() };
            Self { settings, text: self.text.clone() }
        };
        match &self.text {
            TextSource::Pairs(path) => vec![of_pairs(path.clone())],
            _ => {
                std::iter::once(of_text()).chain(self.pairs().map(|path| of_pairs(path.to_owned()))).collect()
            }
        }
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
    use crate::settings::{Dtype, PairPositions, changed};

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
    fn a_text_with_pairs_is_two_samples_each_by_what_its_numbers_depend_on() {
        let settings = Settings {
            max_order: 2,
            labels: "source".to_owned().into(),
            pairs: "/p/pairs.jsonl".to_owned(),
            chat_template: "/p/template.jinja".to_owned(),
            pair_positions: PairPositions::All,
            ..Settings::default()
        };
        let both = Condition { settings: settings.clone(), text: TextSource::Corpus("books.jsonl".into()) };
        let [text, pairs] = <[Condition; 2]>::try_from(both.parts()).unwrap();
        // What is of the pairs alone leaves the text's numbers as they are, and the other way round.
        let alone = Settings { pairs: String::new(), ..settings.clone() };
        assert_eq!(
            Condition { settings: alone, text: both.text.clone() }.parts(),
            std::slice::from_ref(&text)
        );
        assert_eq!((text.settings.max_order, text.settings.labels.to_string()), (2, "source".to_owned()));
        assert_eq!((&*text.settings.chat_template, text.settings.pair_positions), ("", PairPositions::Last));
        let of_pairs = |settings: Settings| {
            Condition { settings, text: TextSource::Pairs("/p/pairs.jsonl".into()) }.parts()
        };
        assert_eq!(of_pairs(settings.clone()), std::slice::from_ref(&pairs));
        assert_eq!(
            of_pairs(Settings { max_order: 4, labels: Default::default(), ..settings }),
            std::slice::from_ref(&pairs)
        );
        assert_eq!((&*pairs.settings.pairs, pairs.settings.pair_positions), ("", PairPositions::All));
        // Parts have none but themselves.
        assert_eq!((text.parts(), pairs.parts()), (vec![text.clone()], vec![pairs.clone()]));
        let path = Some(Path::new("/p/pairs.jsonl"));
        assert_eq!([&both, &text, &pairs].map(Condition::pairs), [path, None, path]);
        assert!(both.reads_pairs_of(&pairs) && !both.reads_pairs_of(&text));
        // Files count by their names.
        assert_eq!(both.identity().settings.pairs, "pairs.jsonl");
        assert_eq!(both.identity().settings.chat_template, "template.jinja");
    }

    #[test]
    fn names_are_the_same_in_every_version() {
        assert_eq!(of(Settings::default(), "books.jsonl").to_string(), "7793d2fc42842992");
    }
}
