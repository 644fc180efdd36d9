//! Documents side by side: batches of similar length, padded on the right.

use crate::error::{Error, Kind, Result};

/// Documents that pass through the model together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Indices of the documents.
    pub documents: Vec<usize>,
    /// The length of each.
    pub lengths: Vec<usize>,
    /// The longest of them: positions a document takes in the batch.
    pub positions: usize,
    /// Token ids `[documents, positions]`; padding, which no statistic sees, is token 0.
    pub ids: Vec<u32>,
}

impl Batch {
    /// The number of documents.
    pub fn size(&self) -> usize {
        self.documents.len()
    }

    /// The row of document number `index` of the batch at its position `t`.
    pub fn row(&self, index: usize, t: usize) -> usize {
        index * self.positions + t
    }
}

/// Batches of documents `range` with about `tokens` tokens each, padding included, but at least one
/// document. Documents of similar length share a batch, so that little is computed on padding.
pub fn batches(documents: &[Vec<u32>], range: std::ops::Range<usize>, tokens: usize) -> Vec<Batch> {
    let mut order: Vec<usize> = range.collect();
    order.sort_by_key(|&document| std::cmp::Reverse(documents[document].len()));
    let mut batches = Vec::new();
    let mut rest = &order[..];
    while let Some(&longest) = rest.first() {
        let positions = documents[longest].len();
        let (batch, tail) = rest.split_at((tokens / positions.max(1)).clamp(1, rest.len()));
        rest = tail;
        let mut ids = vec![0; batch.len() * positions];
        for (&document, row) in batch.iter().zip(ids.chunks_exact_mut(positions.max(1))) {
            row[..documents[document].len()].copy_from_slice(&documents[document]);
        }
        let lengths = batch.iter().map(|&document| documents[document].len()).collect();
        batches.push(Batch { documents: batch.to_vec(), lengths, positions, ids });
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
    fn every_document_once_and_padded_right() {
        let documents: Vec<Vec<u32>> = [3, 7, 1, 7, 2].iter().map(|&n| vec![9; n]).collect();
        let batches = batches(&documents, 0..5, 14);
        let mut seen: Vec<usize> = batches.iter().flat_map(|batch| batch.documents.clone()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert_eq!(batches[0].documents, [1, 3]);
        for batch in &batches {
            for (index, &length) in batch.lengths.iter().enumerate() {
                let row = &batch.ids[batch.row(index, 0)..batch.row(index, 0) + batch.positions];
                assert!(row[..length].iter().all(|&id| id == 9) && row[length..].iter().all(|&id| id == 0));
            }
        }
    }
}
