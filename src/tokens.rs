//! The tokens that are measured: text encoded by a checkpoint's tokenizer, or token ids from a file.
//!
//! One document is one row, cut to the context; nothing is packed or padded. Documents too short for a
//! labelled position (fewer than 2K tokens, K the largest order) are skipped and counted, so that every
//! document here adds to the estimate.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::corpus;
use crate::error::{Error, Kind, Result};
use crate::settings::Settings;
use encode::Encoder;
use file::TokenFile;
use texts::{Texts, Values};

mod added;
mod encode;
mod file;
mod pairs;
mod read_pair;
mod texts;

pub use added::added;
pub use encode::Vocabulary;
pub use pairs::template;
pub use read_pair::read_pair;
pub use texts::FieldValues;

/// Documents encoded at once: enough for all cores.
const BATCH: usize = 128;
/// Text encoded at once, in bytes, unless a single document is longer: well under a second's work.
const BATCH_BYTES: usize = 1 << 20;

/// The labelled positions of documents that are answers of preference pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The tokens, from 0, of each document that are labelled: `[documents]`.
    pub positions: Vec<Range<usize>>,
    /// Whether each is the preferred answer of its pair: `[documents]`.
    pub preferred: Vec<bool>,
    /// The pair of each by its number, in rising order: `[documents]`.
    pub pairs: Vec<u32>,
    /// Whether each goes on beyond the context: `[documents]`.
    pub cut: Vec<bool>,
    /// What the record of each pair is called: `[pairs]`.
    pub places: Vec<String>,
    /// The file of the template that rendered them; `None` for plain text.
    pub template: Option<PathBuf>,
    /// What of the file was skipped, and why; `None` if nothing was.
    pub skipped: Option<String>,
}

/// A sample of documents as token ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Token ids by document, each 2K ids or more and at most the context long.
    pub documents: Vec<Vec<u32>>,
    /// What the documents have in the fields that are labels.
    pub fields: Vec<FieldValues>,
    /// What is labelled where the documents are answers of preference pairs; `None` where they are text.
    pub answers: Option<Answers>,
    /// What the tokens of the documents read, by their ids; of none where ids were read.
    pub texts: HashMap<u32, String>,
    /// Documents passed over because they are too short for a labelled position.
    pub skipped: usize,
    /// What is to be known of the text they were read from, a line each.
    pub notes: Vec<String>,
}

impl Tokens {
    /// Encodes the first `settings.samples` documents of a text that are long enough.
    ///
    /// Special tokens are added as the tokenizer is set up to, and count towards the context. Its own
    /// truncation and padding are not used. `interrupted` is asked now and then whether to stop.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if `tokenizer.json` cannot be read or used; [`Kind::Corpus`] if the text cannot
    /// be read; [`Kind::Sample`] if no document is long enough with this tokenizer; [`Kind::Usage`] if the settings
    /// leave no room for a position; [`Kind::Cancelled`] when interrupted.
    pub fn from_text(
        tokenizer_json: &Path,
        text: &Path,
        settings: &Settings,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        let mut selection = Selection::new(settings)?;
        let encoder = Arc::new(Encoder::load(tokenizer_json, settings.context)?);
        let mut documents = Texts::open(text, settings)?;
        while !selection.is_full() {
            if interrupted() {
                return Err(Error::cancelled());
            }
            let mut batch: Vec<String> = Vec::with_capacity(BATCH);
            let mut values = Vec::with_capacity(BATCH);
            let (most, mut bytes) = (BATCH.min(selection.missing()), 0);
            while batch.len() < most && bytes < BATCH_BYTES {
                let Some((document, labels)) = documents.next_unless(interrupted)? else { break };
                bytes += document.len();
                batch.push(document);
                values.push(labels);
            }
            if batch.is_empty() {
                break;
            }
            let encoded = encoder.encode_all(batch, interrupted)?;
            for (ids, values) in encoded.into_iter().zip(values) {
                selection.add(ids?, values);
            }
        }
        let found = documents.found_field();
        let (tokens, values) =
            selection.finish().map_err(|error| error.adding(found).at(corpus::name(text)))?;
        let fields =
            documents.fields(&settings.labels, values).map_err(|error| error.at(corpus::name(text)))?;
        let texts = encoder.texts(&tokens.documents);
        Ok(Self { notes: documents.notes(), fields, texts, ..tokens })
    }

    /// Takes the first `settings.samples` documents of a token file that are long enough; see
    /// [`all_documents_from_file`] for its form. Documents behind the last one taken are not read.
    ///
    /// # Errors
    /// [`Kind::Corpus`] if the file cannot be used; [`Kind::Sample`] if no document is long enough; [`Kind::Usage`]
    /// if the settings leave no room for a position, or name labels, which tokens have none of.
    pub fn from_file(path: &Path, settings: &Settings) -> Result<Self> {
        if !settings.labels.is_empty() {
            return Err(Error::new(Kind::Usage, "tokens have no fields that could be labels")
                .help("measure their text with --corpus, or leave out --labels")
                .at(path));
        }
        let mut selection = Selection::new(settings)?;
        let mut file = TokenFile::open(path)?;
        for index in 0..file.documents() {
            if selection.is_full() {
                break;
            }
            selection.add(file.document(index, settings.context)?, Vec::new());
        }
        Ok(selection.finish().map_err(|error| error.at(path))?.0)
    }
}

/// The error for a model without a tokenizer, where text is to be measured.
pub fn missing_tokenizer(folder: &Path) -> Error {
    Error::new(Kind::Tokenizer, "no tokenizer.json in the checkpoint's folder or the one above it")
        .help("copy the model's there, or measure token ids with --tokens, which needs none")
        .at(folder)
}

/// Collects documents that are long enough, up to a number.
struct Selection {
    tokens: Tokens,
    /// What each document has in the fields asked for.
    values: Vec<Values>,
    samples: usize,
    max_order: usize,
}

impl Selection {
    fn new(settings: &Settings) -> Result<Self> {
        let (samples, context, max_order) = (settings.samples, settings.context, settings.max_order);
        if samples == 0 {
            return Err(Error::new(Kind::Usage, "the number of documents is 0").help("ask for at least one"));
        }
        if context < 2 * max_order {
            return Err(Error::new(
                Kind::Usage,
                format!("a context of {context} tokens has no position with n-grams of order {max_order} on both sides"),
            )
            .help(format!("use a --context of at least {} or a smaller --max-order", 2 * max_order)));
        }
        Ok(Self { tokens: Tokens::default(), values: Vec::new(), samples, max_order })
    }

    fn is_full(&self) -> bool {
        self.missing() == 0
    }

    /// How many documents are still to come.
    fn missing(&self) -> usize {
        self.samples - self.tokens.documents.len()
    }

    fn add(&mut self, document: Vec<u32>, values: Values) {
        if document.len() >= 2 * self.max_order {
            self.tokens.documents.push(document);
            self.values.push(values);
        } else {
            self.tokens.skipped += 1;
        }
    }

    fn finish(self) -> Result<(Tokens, Vec<Values>)> {
        if self.tokens.documents.is_empty() {
            let (skipped, fewest) = (self.tokens.skipped, 2 * self.max_order);
            let cause = match skipped {
                1 => format!("the only document has fewer than {fewest} tokens"),
                _ => format!("each of the {skipped} documents has fewer than {fewest} tokens"),
            };
            return Err(Error::new(Kind::Sample, cause).help(format!(
                "use longer documents for n-grams of order {}, or a smaller --max-order",
                self.max_order
            )));
        }
        Ok((self.tokens, self.values))
    }
}

/// Reads all documents of a token file, uncut.
///
/// The file is in safetensors form with `tokens` (ids of all documents, one after the other: i64, u64, i32,
/// u32, u16) and `offsets` (where each document starts, and the number of all: `[documents + 1]`).
///
/// # Errors
/// [`Kind::Corpus`] if the file cannot be read, lacks one of the two, or they do not fit each other.
pub fn all_documents_from_file(path: &Path) -> Result<Vec<Vec<u32>>> {
    let mut file = TokenFile::open(path)?;
    (0..file.documents()).map(|index| file.document(index, usize::MAX)).collect()
}

#[cfg(test)]
mod tests;
