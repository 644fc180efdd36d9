//! A document of a sample with the labels of its positions (SPEC 3).

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use super::labelled_tokens;
use crate::error::{Error, Kind, Result};
use crate::measures::{Label, Order};
use crate::words::{counted, thousands};

/// A document with at least one labelled position.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    document: usize,
    tokens: Vec<Token>,
    widest: Order,
    /// Of every label, how many positions of the sample carry that of each labelled position.
    counts: BTreeMap<Label, Vec<u32>>,
    documents: usize,
    positions: usize,
}

/// A token of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id in the checkpoint's vocabulary.
    pub id: u32,
    /// Its text, blanks and control characters made visible.
    pub text: String,
}

/// Document number `document` (from 0) of a sample. Labels are those of n-grams up to `widest`, counted over all documents;
/// `decode` gives the text of a token id.
///
/// # Errors
/// [`Kind::Usage`] if there is no such document; [`Kind::Sample`] if no position of it carries a label.
pub fn of(
    documents: &[Vec<u32>],
    decode: impl Fn(u32) -> String,
    document: usize,
    widest: Order,
) -> Result<Sentence> {
    let ids = documents.get(document).ok_or_else(|| {
        let cause = format!("there is no document {document}: the text has {}", number_of(documents.len()));
        Error::new(Kind::Usage, cause).help("documents are numbered from 0")
    })?;
    if labelled(ids.len(), widest).is_none() {
        let cause = format!(
            "document {document} has {}, too few for a position with {widest}s on both sides",
            counted(ids.len(), "token")
        );
        let help =
            format!("choose a document of at least {} tokens, or a smaller --max-order", 2 * widest.number());
        return Err(Error::new(Kind::Sample, cause).help(help));
    }
    let labels = widest.and_below().flat_map(|order| [Label::Input(order), Label::Output(order)]);
    let positions = |ids: &Vec<u32>| labelled(ids.len(), widest).map_or(0, |positions| positions.count());
    Ok(Sentence {
        document,
        tokens: ids.iter().map(|&id| Token { id, text: visible(&decode(id)) }).collect(),
        widest,
        counts: labels.map(|label| (label.clone(), counts(documents, ids, &label, widest))).collect(),
        documents: documents.len(),
        positions: documents.iter().map(positions).sum(),
    })
}

/// How many positions of a sample carry the label that each labelled position of one document does.
fn counts(documents: &[Vec<u32>], own: &[u32], label: &Label, widest: Order) -> Vec<u32> {
    let positions = labelled(own.len(), widest).into_iter().flatten();
    let spans: Vec<_> = positions.filter_map(|position| span(label, position)).collect();
    // The n-grams of one document alone are counted: a sample has millions.
    let mut found: HashMap<&[u32], u32> = spans.iter().map(|span| (&own[span.clone()], 0)).collect();
    for ids in documents {
        let positions = labelled(ids.len(), widest).into_iter().flatten();
        for span in positions.filter_map(|position| span(label, position)) {
            if let Some(count) = found.get_mut(&ids[span]) {
                *count += 1;
            }
        }
    }
    spans.into_iter().map(|span| found[&own[span]]).collect()
}

/// The tokens that make an n-gram of a position: X ends with it, Y follows it. `None` for labels that are no n-grams.
fn span(label: &Label, position: usize) -> Option<RangeInclusive<usize>> {
    match label {
        Label::Input(order) => Some(position + 1 - order.number()..=position),
        Label::Output(order) => Some(position + 1..=position + order.number()),
        Label::Preference | Label::Field(_) => None,
    }
}

/// What the n-gram of a position reads: the token of it that stands at `token` in a document, its blanks made visible.
/// `text` gives that of a token id, `None` where only ids are known. `None` for labels that are no n-grams.
pub fn n_gram<'t>(
    label: &Label,
    ids: &[u32],
    token: usize,
    text: impl Fn(u32) -> Option<&'t str>,
) -> Option<String> {
    let ids = ids.get(span(label, token)?)?;
    let texts: Option<String> = ids.iter().map(|&id| text(id).map(visible)).collect();
    Some(texts.unwrap_or_else(|| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")))
}

/// The position shown where none is chosen: with a view of the beginning, where positions have no label.
const NEAR_BEGINNING: usize = 6;

/// The positions of a document of so many tokens that carry labels up to an order; `None` for none.
fn labelled(tokens: usize, widest: Order) -> Option<RangeInclusive<usize>> {
    let positions = labelled_tokens(tokens, widest.number());
    (!positions.is_empty()).then(|| positions.start..=positions.end - 1)
}

fn number_of(documents: usize) -> String {
    match documents {
        0 => "none".to_owned(),
        1 => "only one".to_owned(),
        many => thousands(many as u64),
    }
}

/// A token's text with its blanks as middle dots and its control characters as they are written in code.
fn visible(text: &str) -> String {
    let character = |character: char| match character {
        ' ' => "·".to_owned(),
        _ if character.is_control() || (character.is_whitespace() && !character.is_ascii()) => {
            character.escape_default().to_string()
        }
        _ => character.to_string(),
    };
    text.chars().map(character).collect()
}

impl Sentence {
    /// The number of the document in its sample, from 0.
    pub fn document(&self) -> usize {
        self.document
    }

    /// Its tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The position to show: the one `chosen` (a token, from 0), else one near the beginning.
    ///
    /// # Errors
    /// A chosen position that carries no label, in a sentence.
    pub fn position(&self, chosen: Option<usize>) -> Result<usize, String> {
        let labelled = self.labelled();
        match chosen {
            None => Ok(NEAR_BEGINNING.clamp(*labelled.start(), *labelled.end())),
            Some(position) if labelled.contains(&position) => Ok(position),
            Some(position) => Err(format!(
                "position {position} of document {} carries no label: those with {}s on both sides are {} to {}",
                self.document,
                self.widest,
                labelled.start(),
                labelled.end()
            )),
        }
    }

    /// The widest order.
    pub fn widest(&self) -> Order {
        self.widest
    }

    /// The positions that carry labels.
    pub fn labelled(&self) -> RangeInclusive<usize> {
        let order = self.widest.number();
        order - 1..=self.tokens.len() - order - 1
    }

    /// The number of documents that labels are counted over.
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// The number of positions that labels are counted over.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// The tokens that make the label of a position: X ends with it, Y follows it. `None` where it carries none.
    pub fn span(&self, label: &Label, position: usize) -> Option<RangeInclusive<usize>> {
        let is_labelled = label.order() <= Some(self.widest) && self.labelled().contains(&position);
        if is_labelled { span(label, position) } else { None }
    }

    /// How many positions of the sample, this one among them, carry the same label; `None` where it carries none.
    pub fn count(&self, label: &Label, position: usize) -> Option<u32> {
        let index = position.checked_sub(*self.labelled().start())?;
        self.counts.get(label)?.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(id: u32) -> String {
        char::from(b'a' + id as u8).to_string()
    }

    #[test]
    fn labels_are_those_of_the_definition() {
        // "abcabcab" and "xbcy…": with K = 2, positions 1 to 5 of the first and 1 to 3 of the second.
        let documents = [vec![0, 1, 2, 0, 1, 2, 0, 1], vec![23, 1, 2, 24, 24, 3], vec![1, 2, 3]];
        let sentence = of(&documents, letters, 0, Order::Bigram).unwrap();
        assert_eq!((sentence.labelled(), sentence.positions()), (1..=5, 8));
        let (input, output) = (Label::Input(Order::Bigram), Label::Output(Order::Bigram));
        assert_eq!(sentence.span(&input, 2), Some(1..=2));
        assert_eq!(sentence.span(&output, 2), Some(3..=4));
        assert_eq!(sentence.span(&input, 0), None);
        assert_eq!(sentence.span(&output, 6), None);
        assert_eq!(sentence.span(&Label::Input(Order::Trigram), 3), None);
        // "bc" ends at positions 2 and 5 of the first document and 2 of the second; "ab" follows 2 and 5.
        assert_eq!((sentence.count(&input, 2), sentence.count(&output, 2)), (Some(3), Some(2)));
        assert_eq!(sentence.count(&Label::Input(Order::Token), 1), Some(3));
        // "ca" follows position 1 and 4, "cy" position 1 of the second document.
        assert_eq!((sentence.count(&output, 1), sentence.count(&output, 0)), (Some(2), None));
        assert_eq!(sentence.count(&output, 6), None);
    }

    #[test]
    fn what_has_no_label_says_so() {
        let documents = [vec![1; 7], vec![1; 8], vec![1; 30]];
        let read = |document| of(&documents, letters, document, Order::Quadgram);
        let fails = |document| read(document).unwrap_err().to_string();
        assert!(fails(0).contains("document 0 has 7 tokens, too few"), "{}", fails(0));
        assert!(fails(3).contains("no document 3: the text has 3"), "{}", fails(3));
        let fails = read(2).unwrap().position(Some(26)).unwrap_err();
        assert!(fails.contains("3 to 25"), "{fails}");
        assert_eq!(read(2).unwrap().position(Some(25)), Ok(25));
        let chosen = |document| read(document).unwrap().position(None).unwrap();
        assert_eq!([1, 2].map(chosen), [3, 6]);
        let fails = of(&[], letters, 0, Order::Token).unwrap_err().to_string();
        assert!(fails.contains("the text has none"), "{fails}");
    }

    #[test]
    fn blanks_and_control_characters_are_seen() {
        assert_eq!(visible(" the  end\n"), "·the··end\\n");
        assert_eq!(visible("\t\u{0}\u{a0}é中"), "\\t\\u{0}\\u{a0}é中");
    }
}
