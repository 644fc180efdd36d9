//! Documents one behind the other: batches without padding.

use std::ops::Range;

use crate::error::{Error, Kind, Result};

/// Documents that pass through the model together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Indices of the documents, the longest first.
    pub documents: Vec<usize>,
    /// The rows of each among the batch's states; the first row is its first token's.
    pub rows: Vec<Range<usize>>,
    /// Token ids, a row each.
    pub ids: Vec<u32>,
}

impl Batch {
    /// The length of the longest document.
    pub fn longest(&self) -> usize {
        self.rows.iter().map(Range::len).max().unwrap_or(0)
    }
}

/// Batches of documents `range` with at most `tokens` tokens each, but at least one document. Documents of similar
/// length share a batch, for attention works on documents of one length together; empty ones have none.
pub fn batches(documents: &[Vec<u32>], range: Range<usize>, tokens: usize) -> Vec<Batch> {
    let mut order: Vec<usize> = range.filter(|&document| !documents[document].is_empty()).collect();
    order.sort_by_key(|&document| std::cmp::Reverse(documents[document].len()));
    let mut batches: Vec<Batch> = Vec::new();
    for document in order {
        let ids = &documents[document];
        if batches.last().is_none_or(|last| last.ids.len() + ids.len() > tokens) {
            batches.push(Batch::default());
        }
        let Some(batch) = batches.last_mut() else { continue };
        batch.documents.push(document);
        batch.rows.push(batch.ids.len()..batch.ids.len() + ids.len());
        batch.ids.extend(ids);
    }
    batches
}

/// Checks that the model knows every token of the documents.
///
/// # Errors
/// A token id beyond the vocabulary, naming the document and the id.
pub fn check_ids(documents: &[Vec<u32>], vocab_size: usize) -> Result<()> {
    for (index, document) in documents.iter().enumerate() {
        if let Some(id) = document.iter().find(|&&id| id as usize >= vocab_size) {
            let cause =
                format!("token id {id} in document {index} is beyond the model's vocabulary of {vocab_size}");
            return Err(Error::new(Kind::Corpus, cause).help("use the tokenizer this model was trained with"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_once_and_nothing_else() {
        let documents: Vec<Vec<u32>> =
            [3, 7, 0, 1, 7, 2].iter().map(|&n| (10 * n..11 * n).collect()).collect();
        let batches = batches(&documents, 0..6, 14);
        assert_eq!(
            batches.iter().map(|batch| &batch.documents[..]).collect::<Vec<_>>(),
            [&[1, 4][..], &[0, 5, 3]]
        );
        for batch in &batches {
            assert_eq!(batch.rows.iter().map(Range::len).sum::<usize>(), batch.ids.len());
            for (&document, rows) in batch.documents.iter().zip(&batch.rows) {
                assert_eq!(batch.ids[rows.clone()], documents[document]);
            }
        }
        assert_eq!(super::batches(&documents, 0..6, 1).len(), 5);
    }
}
