//! A sample of text as the engine measures it: tokens, and labels for every stage of refinement.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::message::TextSource;
use crate::error::{Error, Kind, Result};
use crate::estimator::{Row, SampleSegments};
use crate::labels::Labels;
use crate::model::batch::Batch;
use crate::settings::Settings;
use crate::tokens::{Tokens, missing_tokenizer};

/// The documents of the first estimate; each further stage has four times as many, up to all.
const FIRST_STAGE: usize = 16;

/// Documents with their labels.
#[derive(Debug)]
pub struct Sample {
    /// The documents' tokens, all long enough to be labelled.
    pub documents: Vec<Vec<u32>>,
    /// How many documents were too short.
    pub skipped: usize,
    /// Labels over all documents.
    pub labels: Labels,
    /// How many documents each stage rests on; the last is all.
    pub stages: Vec<usize>,
    /// The labels of each stage's documents, once asked for.
    segments: Vec<Option<Arc<SampleSegments>>>,
    /// The labels of all documents, dealt out at random, once asked for.
    null: Option<Arc<SampleSegments>>,
}

impl Sample {
    /// A sample of `documents`; measured in stages when `interactive`, else in one go.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] once `interrupted` says to stop.
    pub fn new(
        tokens: Tokens,
        max_order: usize,
        interactive: bool,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        let Tokens { documents, skipped, .. } = tokens;
        let all = documents.len();
        let small = std::iter::successors(Some(FIRST_STAGE), |stage| Some(stage * 4));
        let mut stages: Vec<usize> =
            if interactive { small.take_while(|&stage| 2 * stage <= all).collect() } else { Vec::new() };
        stages.push(all);
        let labels = Labels::new_unless(&documents, max_order, interrupted).ok_or_else(Error::cancelled)?;
        Ok(Self { segments: vec![None; stages.len()], null: None, documents, skipped, labels, stages })
    }

    /// The number of labelled positions in the first `documents` documents.
    pub fn positions(&self, documents: usize) -> usize {
        self.labels.document_offsets[documents]
    }

    /// The labels of a stage, ready for the kernels.
    pub fn segments(&mut self, stage: usize) -> Arc<SampleSegments> {
        let (documents, labels) = (&self.documents[..self.stages[stage]], &self.labels);
        let segments = self.segments[stage].get_or_insert_with(|| {
            Arc::new(if documents.len() == self.documents.len() {
                SampleSegments::new(labels)
            } else {
                SampleSegments::new(&Labels::new(documents, labels.max_order()))
            })
        });
        Arc::clone(segments)
    }

    /// The labels of all documents, dealt out at random, ready for the kernels.
    pub fn null(&mut self) -> Arc<SampleSegments> {
        const SEED: u64 = 0;
        let null =
            self.null.get_or_insert_with(|| Arc::new(SampleSegments::new(&self.labels.shuffled(SEED))));
        Arc::clone(null)
    }

    /// Where the labelled positions of a batch stand among its states and go among the scores.
    pub fn rows(&self, batch: &Batch) -> Vec<Row> {
        let first = self.labels.first_token();
        let mut rows = Vec::new();
        for (index, &document) in batch.documents.iter().enumerate() {
            let positions = self.labels.positions_of(document);
            rows.extend(positions.enumerate().map(|(offset, target)| Row {
                source: batch.row(index, first + offset) as u32,
                target: target as u32,
            }));
        }
        rows
    }
}

/// The samples of a request, one for each distinct tokenizer among the open checkpoints.
#[derive(Debug, Default)]
pub struct Samples {
    /// Tokenizer files seen, with the sample each leads to.
    by_path: Vec<(Option<PathBuf>, usize)>,
    samples: Vec<(Vec<u8>, Result<Sample>)>,
}

impl Samples {
    /// The sample a checkpoint is measured on, made when first asked for.
    ///
    /// Checkpoints whose tokenizers are the same to the byte share a sample, wherever the files lie.
    ///
    /// # Errors
    /// Text that cannot be read or encoded, no tokenizer to encode it with, or [`Kind::Cancelled`] once
    /// `interrupted` says to stop.
    pub fn get(
        &mut self,
        (tokenizer, folder): (Option<&Path>, &Path),
        text: &TextSource,
        settings: &Settings,
        interactive: bool,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<&mut Sample> {
        let key = match text {
            TextSource::Tokens(_) => None,
            TextSource::Corpus(_) => Some(tokenizer.ok_or_else(|| missing_tokenizer(folder))?),
        };
        let index = match self.by_path.iter().find(|(path, _)| path.as_deref() == key) {
            Some((_, index)) => *index,
            None => {
                let index = self.index_of_content(key, text, settings, interactive, interrupted)?;
                self.by_path.push((key.map(Path::to_owned), index));
                index
            }
        };
        self.samples[index].1.as_mut().map_err(|error| error.clone())
    }

    /// The sample a checkpoint with this tokenizer is measured on, if it was made.
    pub fn known(&self, tokenizer: Option<&Path>, text: &TextSource) -> Option<&Sample> {
        let key = match text {
            TextSource::Tokens(_) => None,
            TextSource::Corpus(_) => Some(tokenizer?),
        };
        let (_, index) = self.by_path.iter().find(|(path, _)| path.as_deref() == key)?;
        self.samples[*index].1.as_ref().ok()
    }

    /// Lets what could not be read be read again.
    pub fn forget_failures(&mut self) {
        if self.samples.iter().any(|(_, sample)| sample.is_err()) {
            *self = Self::default();
        }
    }

    fn index_of_content(
        &mut self,
        tokenizer: Option<&Path>,
        text: &TextSource,
        settings: &Settings,
        interactive: bool,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<usize> {
        let content = match tokenizer {
            None => Vec::new(),
            Some(path) => std::fs::read(path).map_err(|error| {
                Error::new(Kind::Tokenizer, format!("the tokenizer cannot be read ({error})")).at(path)
            })?,
        };
        if let Some(index) = self.samples.iter().position(|(known, _)| *known == content) {
            return Ok(index);
        }
        let tokens = match (text, tokenizer) {
            (TextSource::Corpus(corpus), Some(tokenizer)) => {
                Tokens::from_text(tokenizer, corpus, settings, interrupted)
            }
            (TextSource::Corpus(path) | TextSource::Tokens(path), _) => Tokens::from_file(path, settings),
        };
        let sample =
            tokens.and_then(|tokens| Sample::new(tokens, settings.max_order, interactive, interrupted));
        // What was broken off says nothing about the text.
        if let Err(error) = &sample
            && error.kind() == Kind::Cancelled
        {
            return Err(error.clone());
        }
        self.samples.push((content, sample));
        Ok(self.samples.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::batch::batches;

    #[test]
    fn rows_lead_every_position_to_its_place() {
        let documents: Vec<Vec<u32>> = [9, 12, 8].iter().map(|&n| (0..n).collect()).collect();
        let tokens = Tokens { documents, skipped: 0 };
        let sample = Sample::new(tokens, 4, true, &mut || false).unwrap();
        let mut targets = Vec::new();
        for batch in batches(&sample.documents, 0..3, 24) {
            for row in sample.rows(&batch) {
                let index = row.source as usize / batch.positions;
                let t = row.source as usize % batch.positions;
                let document = batch.documents[index];
                // Each document counts up from 0, so its token is its position: 3 ≤ t ≤ S − 5.
                assert!(t >= 3 && t + 5 <= sample.documents[document].len());
                assert_eq!(sample.labels.document_offsets[document] + t - 3, row.target as usize);
                targets.push(row.target);
            }
        }
        targets.sort_unstable();
        assert_eq!(targets, (0..sample.positions(3) as u32).collect::<Vec<_>>());
    }

    #[test]
    fn stages_grow_to_the_whole_sample() {
        let sample = |n, interactive| {
            let tokens = Tokens { documents: vec![vec![1; 9]; n], skipped: 0 };
            Sample::new(tokens, 4, interactive, &mut || false).unwrap().stages
        };
        assert_eq!(sample(401, true), [16, 64, 401]);
        assert_eq!(sample(20, true), [20]);
        assert_eq!(sample(401, false), [401]);
    }
}
