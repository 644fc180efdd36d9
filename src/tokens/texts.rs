//! The documents of a text with what they have in the fields that are labels.

use std::path::Path;

use crate::corpus::{self, Documents, Field, Labelled, Reading};
use crate::error::{Error, Kind, Result};
use crate::settings::{FieldNames, Settings};

/// What documents have in a field of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldValues {
    /// The field.
    pub name: String,
    /// What each document has there; `None` where it has nothing: `[documents]`.
    pub of_document: Vec<Option<String>>,
}

/// What a document has in each of the fields asked for.
pub(super) type Values = Vec<Option<String>>;

/// The documents of a text.
pub(super) enum Texts {
    /// Without fields.
    Plain(Documents),
    /// With some, and the names of all fields of the first document.
    WithFields { documents: Reading<Labelled>, names: Vec<String> },
}

impl Texts {
    /// Opens a text.
    ///
    /// # Errors
    /// [`Kind::Corpus`] if it cannot be read, or has no fields where some are asked for.
    pub fn open(text: &Path, settings: &Settings) -> Result<Self> {
        let field = field(settings);
        if settings.labels.is_empty() {
            return Ok(Self::Plain(corpus::documents(text, field)?));
        }
        let fields: Vec<&str> = settings.labels.names().collect();
        Ok(Self::WithFields { documents: corpus::labelled(text, field, &fields)?, names: Vec::new() })
    }

    /// The next document with what it has in the fields asked for; `None` after the last.
    ///
    /// # Errors
    /// As of [`Reading::next_unless`].
    pub fn next_unless(&mut self, interrupted: &mut dyn FnMut() -> bool) -> Result<Option<(String, Values)>> {
        match self {
            Self::Plain(documents) => Ok(documents.next_unless(interrupted)?.map(|text| (text, Vec::new()))),
            Self::WithFields { documents, names } => {
                let Some(document) = documents.next_unless(interrupted)? else { return Ok(None) };
                if names.is_empty() {
                    *names = document.names;
                }
                Ok(Some((document.text, document.values)))
            }
        }
    }

    /// What is to be known of the text, a line each.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Plain(documents) => documents.notes(),
            Self::WithFields { documents, .. } => documents.notes(),
        }
    }

    /// Which field the text is taken from, where it is another than was asked for.
    pub fn found_field(&self) -> Option<String> {
        match self {
            Self::Plain(documents) => documents.found_field(),
            Self::WithFields { documents, .. } => documents.found_field(),
        }
    }

    /// The fields asked for, by what each document has in them.
    ///
    /// # Errors
    /// [`Kind::Corpus`] for a field that no document has.
    pub fn fields(&self, asked: &FieldNames, values: Vec<Values>) -> Result<Vec<FieldValues>> {
        let mut fields: Vec<FieldValues> = asked
            .names()
            .map(|name| FieldValues { name: name.to_owned(), of_document: Vec::with_capacity(values.len()) })
            .collect();
        for values in values {
            fields.iter_mut().zip(values).for_each(|(field, value)| field.of_document.push(value));
        }
        let Some(missing) = fields.iter().find(|field| field.of_document.iter().all(Option::is_none)) else {
            return Ok(fields);
        };
        let known = match self {
            Self::WithFields { names, .. } if !names.is_empty() => {
                let names: Vec<String> =
                    names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
                format!("name one that is there with --labels: {}", names.join(", "))
            }
            _ => "leave out --labels".to_owned(),
        };
        let cause = format!("no document has a field `{}`", missing.name.escape_debug());
        Err(Error::new(Kind::Corpus, cause).help(known))
    }
}

/// The field that holds the text: where nobody chose one, any that plainly does.
fn field(settings: &Settings) -> Field {
    let name = settings.text_field.as_str();
    if name == Settings::default().text_field { Field::usual(name) } else { Field::chosen(name) }
}
