//! Where numbers come from, and the names that it and conditions have in tables and documents.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::as_text;
use crate::condition::{Condition, TextSource};
use crate::settings::{Backend, Settings};

/// Where the numbers of a checkpoint come from: what decided on how many documents they rest, and who computed them. No
/// part of the condition, so that numbers of several machines stand under one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// How many documents were to be read at the most.
    pub samples: usize,
    /// The change at which no more documents were added; 0 where the whole sample was read.
    #[serde(default)]
    pub tolerance: f64,
    /// The kind of device asked for.
    pub backend: Backend,
    /// The text or token file.
    #[serde(serialize_with = "as_text")]
    pub corpus: PathBuf,
    /// The number of documents of the whole sample, all long enough to be measured.
    pub sample_documents: usize,
    /// The number of documents that were too short to hold a labelled position.
    pub skipped_documents: usize,
    /// The device that computed, by its own name.
    pub device: String,
    /// The version of infoplane that measured.
    pub version: String,
}

impl Provenance {
    /// The provenance of numbers that this program measured under a condition as it was asked for: a sample of so many
    /// documents and others too short for it, and the device by its own name.
    pub fn of(asked: &Condition, [sample_documents, skipped_documents]: [usize; 2], device: &str) -> Self {
        Self {
            samples: asked.settings.samples,
            tolerance: asked.settings.tolerance,
            backend: asked.settings.backend,
            corpus: asked.text.path().to_owned(),
            sample_documents,
            skipped_documents,
            device: device.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// A place in an order of all provenances, to choose between two without regard to which was read first.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let text = (self.device.clone(), self.version.clone(), self.corpus.clone());
        let numbers = (self.samples, self.sample_documents, self.skipped_documents);
        (text, numbers, self.tolerance.to_bits(), self.backend as usize)
    }
}

/// A condition and a provenance by the names of their columns, which are those of the flags.
pub type Fields = BTreeMap<String, Value>;

fn fields_of(value: impl Serialize) -> Result<Fields, String> {
    let value = serde_json::to_value(value).map_err(|error| error.to_string())?;
    let Value::Object(fields) = value else { return Err("settings without names".to_owned()) };
    Ok(fields.into_iter().collect())
}

/// A provenance by the names of its columns.
pub fn provenance_fields(provenance: &Provenance) -> Result<Fields, String> {
    fields_of(provenance)
}

/// A condition by the names of its columns, without those of its provenance, and without its text.
pub fn condition_fields(condition: &Condition) -> Result<Fields, String> {
    let mut fields = fields_of(&condition.identity().settings)?;
    let others = provenance_fields(&some().1)?;
    fields.retain(|name, _| !others.contains_key(name));
    Ok(fields)
}

/// Both together. The text is in `corpus`.
pub fn all_fields(condition: &Condition, provenance: &Provenance) -> Result<Fields, String> {
    let mut fields = condition_fields(condition)?;
    fields.extend(provenance_fields(provenance)?);
    Ok(fields)
}

/// Some condition and provenance, for the names and kinds of all their fields, those with them that are written only
/// where they say something.
pub fn some() -> (Condition, Provenance) {
    of_settings(Settings::all_written())
}

fn of_settings(settings: Settings) -> (Condition, Provenance) {
    let condition = Condition { settings, text: TextSource::Corpus(PathBuf::new()) };
    let provenance = Provenance::of(&condition, [0, 0], "");
    (condition, provenance)
}

/// The condition and the provenance that fields stand for.
///
/// # Errors
/// A field that is missing, of another kind or unknown, by its name. Fields that results once had no name for may be
/// missing where not `all` are needed.
pub fn read_fields(fields: &Fields, all: bool) -> Result<(Condition, Provenance), String> {
    let [known, usual] = [some(), of_settings(Settings::default())]
        .map(|(condition, provenance)| all_fields(&condition, &provenance));
    let (known, usual) = (known?, usual?);
    if let Some(missing) = usual.keys().find(|name| all && !fields.contains_key(*name)) {
        return Err(format!("its settings: missing field `{missing}`"));
    }
    let parse = |fields: &Fields| {
        let value = Value::Object(fields.clone().into_iter().collect());
        let settings = Settings::deserialize(&value)?;
        Ok::<_, serde_json::Error>((settings, Provenance::deserialize(&value)?))
    };
    let (settings, provenance) = parse(fields).map_err(|whole| {
        // What is wrong with a value is said without the name it stands under: tried one by one, it has one.
        let alone = |(name, value): (&String, &Value)| {
            let mut one = usual.clone();
            one.insert(name.clone(), value.clone());
            parse(&one).err().map(|error| format!("its setting `{name}`: {error}"))
        };
        fields.iter().find_map(alone).unwrap_or_else(|| format!("its settings: {whole}"))
    })?;
    if let Some(unknown) = fields.keys().find(|name| !known.contains_key(*name)) {
        return Err(format!("its settings: unknown `{unknown}`"));
    }
    let condition = Condition { settings, text: TextSource::Corpus(provenance.corpus.clone()) };
    Ok((condition.identity(), provenance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ALL;

    #[test]
    fn every_setting_is_of_the_condition_or_of_the_provenance() {
        let (condition, provenance) = some();
        let (settings, beside) =
            (condition_fields(&condition).unwrap(), provenance_fields(&provenance).unwrap());
        for entry in ALL {
            assert_eq!(settings.contains_key(entry.name), entry.is_of_condition(), "{}", entry.name);
            assert_eq!(beside.contains_key(entry.name), !entry.is_of_condition(), "{}", entry.name);
        }
        assert_eq!(
            settings.len() + beside.len(),
            ALL.len() + ["corpus", "sample_documents", "skipped_documents", "device", "version"].len()
        );
    }
}
