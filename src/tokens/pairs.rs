//! The answers of preference pairs as tokens: each side of a pair rendered, encoded and cut to the context.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encode::Encoder;
use super::{Answers, BATCH, Tokens};
use crate::chat::ChatTemplate;
use crate::corpus::{self, Record};
use crate::error::{Error, Kind, Result};
use crate::pairs::{self, Fault, Pair, Problem, Rendered};
use crate::settings::Settings;
use crate::words::counted;

/// Pairs read before more bad ones than good ones end the reading.
const ENOUGH_PAIRS: usize = 20;

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
        let mut read =
            Sides { template, settings, tokens: Tokens::default(), answers: Answers::default(), pairs: 0 };
        let mut skipped = Skipped::default();
        let mut ended = false;
        while !ended && read.pairs < settings.samples {
            let mut batch: Vec<(String, [Rendered; 2])> = Vec::with_capacity(BATCH);
            while batch.len() < (BATCH / 2).min(settings.samples - read.pairs) {
                let Some(Record { place, fields }) = records.next_unless(interrupted)? else {
                    ended = true;
                    break;
                };
                match pairs::pair(fields).and_then(|pair: Pair| pairs::render(&pair, read.template.as_ref()))
                {
                    Ok(sides) => batch.push((place, sides)),
                    Err(problem) => skipped.add(place, problem),
                }
                if let Some(error) = skipped.error(read.pairs + batch.len(), false) {
                    return Err(error.at(corpus::name(file)));
                }
            }
            let texts = batch.iter().flat_map(|(_, sides)| sides.iter().map(|side| side.text.clone()));
            let encoded = encoder.encode_whole(texts.collect(), interrupted)?;
            let mut encoded = encoded.into_iter();
            for (place, sides) in &batch {
                if !read.take(sides, [encoded.next(), encoded.next()])? {
                    skipped.add(place.clone(), Problem::cut(settings.context));
                }
            }
        }
        if let Some(error) = skipped.error(read.pairs, true) {
            return Err(error.at(corpus::name(file)));
        }
        let texts = encoder.texts(&read.tokens.documents);
        Ok(Self { texts, ..read.finish(records.notes(), &skipped, file) })
    }
}

/// A pair as a model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPair {
    /// What its record is called.
    pub place: String,
    /// The chosen and the rejected side.
    pub sides: [ReadSide; 2],
    /// The file of the template that rendered it; `None` for plain text.
    pub template: Option<PathBuf>,
}

/// A side of a pair in its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadSide {
    /// All tokens, those beyond the context too.
    pub tokens: Vec<ReadToken>,
}

/// A token of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadToken {
    /// Its number in the vocabulary.
    pub id: u32,
    /// The text from its beginning to that of the next; empty where several tokens make a character.
    pub text: String,
    /// Whether the position is labelled.
    pub is_labelled: bool,
    /// Whether it lies beyond the context.
    pub is_cut: bool,
}

/// A pair of a file by its number among those that are pairs, from 0.
///
/// # Errors
/// As of [`Tokens::from_pairs`]; [`Kind::Usage`] where the file has fewer pairs.
pub fn read_pair(tokenizer_json: &Path, file: &Path, settings: &Settings, number: usize) -> Result<ReadPair> {
    let encoder = Encoder::whole(tokenizer_json, usize::MAX)?;
    let template = template(tokenizer_json, settings)?;
    let mut skipped = Skipped::default();
    let mut passed = 0;
    for record in corpus::records(file)? {
        let Record { place, fields } = record?;
        let sides = match pairs::pair(fields).and_then(|pair| pairs::render(&pair, template.as_ref())) {
            Ok(sides) => sides,
            Err(problem) => {
                skipped.add(place, problem);
                continue;
            }
        };
        if passed < number {
            passed += 1;
            continue;
        }
        let texts = sides.iter().map(|side| side.text.clone()).collect();
        let encoded = encoder.encode_whole(texts, &mut || false)?;
        let read = sides.iter().zip(encoded).map(|(side, encoded)| Ok(read_side(side, encoded?, settings)));
        let read: Vec<ReadSide> = read.collect::<Result<_>>()?;
        let sides =
            <[ReadSide; 2]>::try_from(read).map_err(|_| Error::new(Kind::Bug, "a pair has two sides"))?;
        return Ok(ReadPair { place, sides, template: template.map(|template| template.path().to_owned()) });
    }
    let path = corpus::name(file);
    let few = || Error::new(Kind::Usage, format!("the file has {}", counted(passed, "pair")));
    Err(skipped.error(passed, true).unwrap_or_else(few).at(path))
}

fn read_side(side: &Rendered, (ids, offsets): Encoded, settings: &Settings) -> ReadSide {
    let labelled = pairs::labelled(&offsets, side.prefix, settings.context, settings.pair_positions);
    let labelled = labelled.unwrap_or(0..0);
    // Where tokens leave out what stands between them, it goes with the one before.
    let start = |number: usize| offsets.get(number).map_or(side.text.len(), |&(start, _)| start);
    let token = |(number, id): (usize, u32)| {
        let from = if number == 0 { 0 } else { start(number) };
        ReadToken {
            id,
            text: side.text.get(from..start(number + 1)).unwrap_or_default().to_owned(),
            is_labelled: labelled.contains(&number),
            is_cut: number >= settings.context,
        }
    };
    ReadSide { tokens: ids.into_iter().enumerate().map(token).collect() }
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
    /// Pairs of which at least one side has a labelled position.
    pairs: usize,
}

/// The ids of a text, and where each of them begins and ends in it.
type Encoded = (Vec<u32>, Vec<(usize, usize)>);

impl Sides<'_> {
    /// Takes the sides of a pair. Returns whether a position of any is labelled.
    fn take(&mut self, sides: &[Rendered; 2], encoded: [Option<Result<Encoded>>; 2]) -> Result<bool> {
        let mut any = false;
        for ((side, encoded), preferred) in sides.iter().zip(encoded).zip([true, false]) {
            let (mut ids, offsets) = encoded.transpose()?.unwrap_or_default();
            let (context, positions) = (self.settings.context, self.settings.pair_positions);
            match pairs::labelled(&offsets, side.prefix, context, positions) {
                None => self.tokens.skipped += 1,
                Some(range) => {
                    ids.truncate(context);
                    self.tokens.documents.push(ids);
                    self.answers.positions.push(range);
                    self.answers.preferred.push(preferred);
                    self.answers.pairs.push(u32::try_from(self.pairs).unwrap_or(u32::MAX));
                    any = true;
                }
            }
        }
        self.pairs += usize::from(any);
        Ok(any)
    }

    /// The tokens, with what is to be known of them.
    fn finish(self, notes: Vec<String>, skipped: &Skipped, file: &Path) -> Tokens {
        let place = corpus::name(file).display();
        let untold = self.template.is_none().then(|| {
            format!(
                "the tokenizer has no chat template: prompt and answer stand one behind the other as plain text \
                 (--chat-template names one): {place}"
            )
        });
        let all = self.pairs + skipped.count();
        let skipped = skipped.note(all).map(|note| format!("{note}: {place}"));
        let notes = notes.into_iter().chain(untold).chain(skipped).collect();
        Tokens { notes, answers: Some(self.answers), ..self.tokens }
    }
}

/// Records that are skipped, by what they lack.
#[derive(Default)]
struct Skipped {
    by_fault: BTreeMap<Fault, usize>,
    first: Option<(String, Problem)>,
}

impl Skipped {
    fn add(&mut self, place: String, problem: Problem) {
        *self.by_fault.entry(problem.fault).or_default() += 1;
        self.first.get_or_insert((place, problem));
    }

    fn count(&self) -> usize {
        self.by_fault.values().sum()
    }

    /// The error of a file of which most is no pairs, given how many are; `at_end` where no more come.
    fn error(&self, good: usize, at_end: bool) -> Option<Error> {
        let bad = self.count();
        let Some((place, Problem { cause, help, fault })) = &self.first else {
            let none = Error::new(Kind::Corpus, "the file has no pairs").help("choose another file");
            return (good == 0 && at_end).then_some(none);
        };
        // That a context is too short for them says nothing against pairs.
        let kind = if *fault == Fault::Cut { Kind::Sample } else { Kind::Corpus };
        let whole = good + bad;
        match () {
            () if good == 0 && (at_end || bad >= ENOUGH_PAIRS) => {
                Some(Error::new(kind, format!("{place} {cause}")).help(help))
            }
            () if bad > good && whole >= ENOUGH_PAIRS && *fault != Fault::Cut => {
                Some(Error::new(kind, format!("{place} {cause}; {bad} of {whole} are not usable")).help(help))
            }
            () => None,
        }
    }

    /// What was skipped; `None` if nothing was.
    fn note(&self, all: usize) -> Option<String> {
        let (place, Problem { cause, .. }) = self.first.as_ref()?;
        let mut faults =
            self.by_fault.iter().map(|(fault, &count)| format!("{count} {}", fault.words(count)));
        let first = faults.next()?;
        let rest: String = faults.map(|fault| format!(", {fault}")).collect();
        Some(format!("of {} {first}{rest}; skipped, {place} first, which {cause}", counted(all, "pair")))
    }
}
