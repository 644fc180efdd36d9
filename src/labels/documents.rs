//! Labels that all positions of a document share: the value that the document has in a field of the corpus, or whether it
//! is a preferred or a rejected answer.

use std::collections::HashMap;

use super::{LabelSet, Labels, Levels};
use crate::measures::Label;

/// How the value of documents that have none in a field is shown.
const MISSING: &str = "(none)";

/// A label of documents: which documents have which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLabel {
    /// What the documents are told apart by.
    pub label: Label,
    /// The values, each once, in the order in which documents first have them.
    pub values: Vec<String>,
    /// The value of each document, as its index among the values: `[documents]`.
    pub of_document: Vec<u32>,
    /// The value of documents without any, as its index; `None` where all have one.
    pub missing: Option<u32>,
}

impl DocumentLabel {
    /// A label from what each document has; documents without any share a value of their own.
    pub fn new<'v>(label: Label, of_documents: impl IntoIterator<Item = Option<&'v str>>) -> Self {
        let mut known: HashMap<Option<&str>, u32> = HashMap::new();
        let mut values = Vec::new();
        let number = |value: Option<&'v str>| {
            *known.entry(value).or_insert_with(|| {
                values.push(value.unwrap_or(MISSING).to_owned());
                values.len() as u32 - 1
            })
        };
        let of_document = of_documents.into_iter().map(number).collect();
        let missing = known.get(&None).copied();
        Self { label, values, of_document, missing }
    }

    /// What is to be known before the information about it is believed; `None` where all is well.
    ///
    /// A field in which every document has a value of its own tells documents apart, and so the information is what a
    /// sample of that size gives, whatever the field is about; one with a single value has nothing to tell.
    pub fn note(&self) -> Option<String> {
        let (values, documents) = (self.values.len(), self.of_document.len());
        let name = self.label.name();
        match values {
            0 | 1 => {
                Some(format!("`{name}` has one value in the whole sample: there is no information about it"))
            }
            _ if values == documents => Some(format!(
                "`{name}` has another value in each of {documents} documents: the information about it tells \
                 documents apart and is mechanical"
            )),
            _ => {
                let missing = self.missing?;
                let count = self.of_document.iter().filter(|value| **value == missing).count();
                Some(format!(
                    "{count} of {documents} documents have no `{name}`, which counts as a value of its own"
                ))
            }
        }
    }
}

impl Labels {
    /// The same labels, those of documents to be exchanged within these groups alone: the number of each document's.
    ///
    /// # Panics
    /// If there is not one for each document.
    pub fn within(mut self, groups: Vec<u32>) -> Self {
        assert_eq!(groups.len() + 1, self.document_offsets.len(), "a group for each document");
        self.groups = groups;
        self
    }

    /// Adds labels of documents beside those that are there.
    ///
    /// # Panics
    /// If a label has not one value for each document.
    pub fn with_documents<'l>(mut self, labels: impl IntoIterator<Item = &'l DocumentLabel>) -> Self {
        for label in labels {
            assert_eq!(label.of_document.len() + 1, self.document_offsets.len(), "a value for each document");
            let counts = self.document_offsets.windows(2).map(|bounds| bounds[1] - bounds[0]);
            let values = label.of_document.iter().zip(counts);
            let ids: Vec<u32> =
                values.flat_map(|(&value, count)| std::iter::repeat_n(value, count)).collect();
            self.trees.push(Levels(vec![(label.label.clone(), LabelSet::from_ids(&ids))]));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(values: &[Option<&str>]) -> DocumentLabel {
        DocumentLabel::new(Label::Field("source".into()), values.iter().copied())
    }

    #[test]
    fn positions_have_the_value_of_their_document() {
        let documents: Vec<Vec<u32>> = [9, 8, 3, 10].iter().map(|&n| (0..n).collect()).collect();
        let source = field(&[Some("web"), None, Some("books"), Some("web")]);
        assert_eq!(
            (source.values.join(" ").as_str(), &*source.of_document),
            ("web (none) books", &[0, 1, 2, 0][..])
        );
        let labels = Labels::new(&documents, 2).with_documents([&source]);
        assert_eq!(labels.document_offsets, [0, 6, 11, 11, 18]);
        // Of the document that is too short no position is left, and so its value is no label.
        let set = labels.set(&source.label).unwrap();
        assert_eq!(set.counts().collect::<Vec<_>>(), [13, 5]);
        assert!(set.groups().next().unwrap().iter().all(|p| !(6..11).contains(p)));
        assert_eq!(labels.trees.len(), 3);
    }

    #[test]
    fn a_text_may_say_what_stands_for_nothing() {
        // The same words in a file are another value than none.
        assert_eq!(field(&[Some(MISSING), None]).of_document, [0, 1]);
    }

    #[test]
    fn labels_that_tell_nothing_or_everything_are_told_so() {
        assert!(field(&[Some("a"), Some("a")]).note().unwrap().contains("one value"));
        assert!(field(&[None, None]).note().unwrap().contains("one value"));
        assert!(field(&[Some("a"), Some("b")]).note().unwrap().contains("mechanical"));
        assert_eq!(field(&[Some("a"), Some("b"), Some("a")]).note(), None);
        let some = field(&[Some("a"), None, Some("a")]).note().unwrap();
        assert!(some.starts_with("1 of 3 documents have no `source`"), "{some}");
    }
}
