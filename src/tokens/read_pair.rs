//! Preference pairs as a model reads them: one of a file, read alone, or one of a sample, from its tokens.

use std::collections::HashSet;
use std::path::Path;

use super::Answers;
use super::encode::{Encoder, Vocabulary};
use super::pairs::{Encoded, rendered, template};
use crate::corpus;
use crate::error::{Error, Kind, Result};
use crate::pairs::{self, OfPairs, ReadPair, ReadSide, ReadToken, Rendered, Role};
use crate::settings::Settings;
use crate::tally::Tally;
use crate::words::counted;

/// A pair of a file by its number among those that are pairs, from 0, with what of it lies beyond the context.
///
/// # Errors
/// As of [`super::Tokens::from_pairs`]; [`Kind::Usage`] where the file has fewer pairs.
pub fn read_pair(tokenizer_json: &Path, file: &Path, settings: &Settings, number: usize) -> Result<ReadPair> {
    let encoder = Encoder::whole(tokenizer_json, usize::MAX)?;
    let template = template(tokenizer_json, settings)?;
    let mut tally = Tally::default();
    let mut passed = 0;
    for record in corpus::records(file)? {
        let Some((place, texts)) = rendered(record?, template.as_ref(), &mut tally) else { continue };
        if passed < number {
            passed += 1;
            continue;
        }
        let encoded =
            encoder.encode_whole(texts.iter().map(|side| side.text.clone()).collect(), &mut || false)?;
        let special = encoder.special();
        let mut sides = [ReadSide::default(), ReadSide::default()];
        for ((side, text), encoded) in sides.iter_mut().zip(&texts).zip(encoded) {
            *side = side_of(text, encoded?, &special, settings);
        }
        let template = template.map(|template| template.path().to_owned());
        return Ok(ReadPair { number, place, template, sides, sample: None });
    }
    let path = corpus::name(file);
    let few = || no_such_pair(passed).at(path);
    Err(tally.error(true, path).unwrap_or_else(few))
}

fn side_of(
    side: &Rendered,
    (ids, offsets): Encoded,
    special: &HashSet<u32>,
    settings: &Settings,
) -> ReadSide {
    let labelled = pairs::labelled(&offsets, side.prefix, settings.context, settings.pair_positions);
    let labelled = labelled.unwrap_or(0..0);
    // Where tokens leave out what stands between them, it goes with the one before.
    let start = |number: usize| offsets.get(number).map_or(side.text.len(), |&(start, _)| start);
    let token = |(number, &id): (usize, &u32)| {
        let from = if number == 0 { 0 } else { start(number) };
        let role = match number {
            number if labelled.contains(&number) => Role::Labelled,
            number if number >= settings.context => Role::Cut,
            _ => Role::Read,
        };
        let text = side.text.get(from..start(number + 1)).unwrap_or_default().to_owned();
        ReadToken { id, text, role, is_special: special.contains(&id) }
    };
    ReadSide { tokens: ids.iter().enumerate().map(token).collect(), is_cut: ids.len() > settings.context }
}

fn no_such_pair(pairs: usize) -> Error {
    Error::new(Kind::Usage, format!("the file has {}", counted(pairs, "pair")))
}

impl Answers {
    /// A pair by its number, from 0, of the sample whose `documents` these answers are. What of it lies beyond the context
    /// is not there.
    ///
    /// # Errors
    /// [`Kind::Usage`] where there are fewer pairs.
    pub fn read(&self, number: usize, documents: &[Vec<u32>], vocabulary: &Vocabulary) -> Result<ReadPair> {
        let place = self.places.get(number).ok_or_else(|| no_such_pair(self.places.len()))?.clone();
        let mut sides = [ReadSide::default(), ReadSide::default()];
        // In the order of pairs: the answers of one stand side by side.
        let first = self.pairs.partition_point(|&pair| (pair as usize) < number);
        let answers = self.pairs[first..].iter().take_while(|&&pair| pair as usize == number).count();
        for document in first..first + answers {
            let labelled = &self.positions[document];
            let ids = documents.get(document).map(Vec::as_slice).unwrap_or_default();
            let token = |(index, &id): (usize, &u32)| ReadToken {
                id,
                text: match index.checked_sub(1).map(|before| ids[before]) {
                    Some(before) => vocabulary.text_behind(before, id),
                    None => vocabulary.text(id),
                },
                role: if labelled.contains(&index) { Role::Labelled } else { Role::Read },
                is_special: vocabulary.is_special(id),
            };
            let tokens = ids.iter().enumerate().map(token).collect();
            sides[usize::from(!self.preferred[document])] = ReadSide { tokens, is_cut: self.cut[document] };
        }
        let sample = Some(OfPairs { pairs: self.places.len(), skipped: self.skipped.clone() });
        Ok(ReadPair { number, place, template: self.template.clone(), sides, sample })
    }
}
