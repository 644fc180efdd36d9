//! The answers of preference pairs as tokens: each side of a pair rendered, encoded and cut to the context.

use std::path::Path;
use std::sync::Arc;

use super::encode::Encoder;
use super::{Answers, BATCH, Tokens};
use crate::chat::ChatTemplate;
use crate::corpus::{self, Record};
use crate::error::{Error, Kind, Result};
use crate::pairs::{self, Fault, Problem, Rendered};
use crate::settings::Settings;
use crate::tally::Tally;

impl Tokens {
    /// Encodes the answers of the first `settings.samples` pairs of a file, the chosen one of each before the rejected one.
    ///
    /// No special tokens are added to those that the template writes. An answer whose last message lies wholly beyond the
    /// context is left out and counted as skipped; a record that is no pair is skipped and told of in the notes.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if the tokenizer or the chat template cannot be read or used; [`Kind::Corpus`] if the file cannot
    /// be read or most of it is no pairs; [`Kind::Sample`] if no answer is left; [`Kind::Usage`] where none is asked for;
    /// [`Kind::Cancelled`] when interrupted.
    pub fn from_pairs(
        tokenizer_json: &Path,
        file: &Path,
        settings: &Settings,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        if settings.samples == 0 {
            return Err(Error::new(Kind::Usage, "the number of pairs is 0").help("ask for at least one"));
        }
        let encoder = Arc::new(Encoder::whole(tokenizer_json, settings.context)?);
        let template = template(tokenizer_json, settings)?;
        let mut records = corpus::records(file)?;
        let mut read = Sides { template, settings, tokens: Tokens::default(), answers: Answers::default() };
        let mut tally = Tally::default();
        let name = corpus::name(file);
        let mut ended = false;
        while !ended && read.pairs() < settings.samples {
            let mut batch: Vec<(String, [Rendered; 2])> = Vec::with_capacity(BATCH);
            while batch.len() < (BATCH / 2).min(settings.samples - read.pairs()) {
                let Some(record) = records.next_unless(interrupted)? else {
                    ended = true;
                    break;
                };
                match rendered(record, read.template.as_ref(), &mut tally) {
                    Some(pair) => batch.push(pair),
                    None => tally.error(false, name).map_or(Ok(()), Err)?,
                }
            }
            let texts = batch.iter().flat_map(|(_, sides)| sides.iter().map(|side| side.text.clone()));
            let encoded = encoder.encode_whole(texts.collect(), interrupted)?;
            let mut encoded = encoded.into_iter();
            for (place, sides) in batch {
                if !read.take(&place, &sides, [encoded.next(), encoded.next()])? {
                    tally.spoiled(Problem::cut(settings.context).at(place));
                }
            }
        }
        if read.pairs() == 0 {
            return Err(tally.error(true, name).unwrap_or_else(|| no_pairs().at(name)));
        }
        tally.error(true, name).map_or(Ok(()), Err)?;
        let texts = encoder.texts(&read.tokens.documents);
        Ok(Self { texts, ..read.finish(records.notes(), &tally, file) })
    }
}

/// The sides of a record as text, with what it is called; `None` of one that is no pair, which is counted as such.
pub(super) fn rendered(
    Record { place, fields }: Record,
    template: Option<&ChatTemplate>,
    tally: &mut Tally<Fault>,
) -> Option<(String, [Rendered; 2])> {
    match pairs::pair(fields).and_then(|pair| pairs::render(&pair, template)) {
        Ok(sides) => {
            tally.good();
            Some((place, sides))
        }
        Err(problem) => {
            tally.bad(problem.at(place));
            None
        }
    }
}

fn no_pairs() -> Error {
    Error::new(Kind::Corpus, "the file has no pairs").help("choose another file")
}

/// The template that pairs are rendered by: the one chosen, or the tokenizer's own; `None` where it has none.
///
/// # Errors
/// [`Kind::Tokenizer`] if it cannot be read or is no template.
pub fn template(tokenizer_json: &Path, settings: &Settings) -> Result<Option<ChatTemplate>> {
    let folder = tokenizer_json.parent().unwrap_or(Path::new(""));
    match settings.chat_template.as_str() {
        "" => ChatTemplate::of_folder(folder),
        chosen => ChatTemplate::of_file(Path::new(chosen), folder).map(Some),
    }
}

/// What was read of pairs.
struct Sides<'s> {
    template: Option<ChatTemplate>,
    settings: &'s Settings,
    tokens: Tokens,
    answers: Answers,
}

/// The ids of a text, and where each of them begins and ends in it.
pub(super) type Encoded = (Vec<u32>, Vec<(usize, usize)>);

impl Sides<'_> {
    /// How many pairs have a labelled position on at least one side.
    fn pairs(&self) -> usize {
        self.answers.places.len()
    }

    /// Takes the sides of a pair. Returns whether a position of any is labelled.
    fn take(
        &mut self,
        place: &str,
        sides: &[Rendered; 2],
        encoded: [Option<Result<Encoded>>; 2],
    ) -> Result<bool> {
        let (pair, mut any) = (u32::try_from(self.pairs()).unwrap_or(u32::MAX), false);
        for ((side, encoded), preferred) in sides.iter().zip(encoded).zip([true, false]) {
            let (mut ids, offsets) = encoded.transpose()?.unwrap_or_default();
            let (context, positions) = (self.settings.context, self.settings.pair_positions);
            match pairs::labelled(&offsets, side.prefix, context, positions) {
                None => self.tokens.skipped += 1,
                Some(range) => {
                    self.answers.cut.push(ids.len() > context);
                    ids.truncate(context);
                    self.tokens.documents.push(ids);
                    self.answers.positions.push(range);
                    self.answers.preferred.push(preferred);
                    self.answers.pairs.push(pair);
                    any = true;
                }
            }
        }
        if any {
            self.answers.places.push(place.to_owned());
        }
        Ok(any)
    }

    /// The tokens, with what is to be known of them.
    fn finish(self, notes: Vec<String>, tally: &Tally<Fault>, file: &Path) -> Tokens {
        let place = corpus::name(file).display();
        let untold = self.template.is_none().then(|| {
            format!(
                "the tokenizer has no chat template: prompt and answer stand one behind the other as plain text \
                 (--chat-template names one): {place}"
            )
        });
        let skipped = tally.note("pairs", |fault, count| fault.words(count).to_owned());
        let skipped =
            skipped.zip(tally.first()).map(|(note, first)| format!("{note}, which {}", first.cause));
        let told = skipped.as_ref().map(|note| format!("{note}: {place}"));
        let notes = notes.into_iter().chain(untold).chain(told).collect();
        let template = self.template.map(|template| template.path().to_owned());
        Tokens { notes, answers: Some(Answers { template, skipped, ..self.answers }), ..self.tokens }
    }
}
