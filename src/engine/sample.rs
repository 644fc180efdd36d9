//! A sample of text as the engine measures it: tokens, labels, and the chunks it is scored in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use twox_hash::XxHash3_128;

use crate::condition::TextSource;
use crate::error::{Error, Kind, Result};
use crate::estimator::{Row, SampleLabels};
use crate::labels::{DocumentLabel, Labels, sentence};
use crate::measures::Label;
use crate::model::batch::Batch;
use crate::scores::ChunkKey;
use crate::settings::Settings;
use crate::tokens::{Answers, FieldValues, Tokens, missing_tokenizer, template};

/// The documents of the first estimate; each further one rests on four times as many, up to all.
const FIRST_STAGE: usize = 16;

/// Tokens of a chunk: few enough that its scores are little memory and little lost, enough that it is worth
/// a line in the journal.
const CHUNK_TOKENS: usize = 16_384;

/// Documents with their labels.
#[derive(Debug)]
pub struct Sample {
    /// The documents' tokens, all long enough to be labelled.
    pub documents: Vec<Vec<u32>>,
    /// How many documents were too short.
    pub skipped: usize,
    /// What is to be known of the text, a line each, until it was emitted.
    notes: RefCell<Vec<String>>,
    /// Labels over all documents.
    pub labels: Arc<SampleLabels>,
    /// How many documents each stage rests on; the last is all.
    pub stages: Vec<usize>,
    /// The chunks, whose ends no stage cuts through.
    pub chunks: Vec<ChunkKey>,
    /// Where chunks end, in documents.
    chunk_ends: Vec<usize>,
    /// Where each document's positions start, and the number of all.
    document_offsets: Vec<usize>,
    /// A hash of the labels of documents, which do not follow from the tokens; `None` where there are none.
    pub labelled: Option<u128>,
    /// These labels.
    of_documents: Vec<DocumentLabel>,
    /// What the tokens read, where that is known.
    texts: HashMap<u32, String>,
    /// The token, from 0, of each document's first position.
    first_tokens: Vec<usize>,
    /// What is labelled of documents that are answers of preference pairs; `None` of text.
    pub answers: Option<Answers>,
    /// The labels of a stage's documents, dealt out at random, once asked for.
    null: RefCell<Option<(usize, Arc<SampleLabels>)>>,
}

impl Sample {
    /// A sample of `documents`; measured in stages when `staged`, else in one go.
    ///
    /// # Errors
    /// More positions than can be numbered; [`Kind::Cancelled`] once `interrupted` says to stop.
    pub fn new(
        tokens: Tokens,
        max_order: usize,
        staged: bool,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        let Tokens { documents, fields, answers, texts, skipped, mut notes } = tokens;
        let stages = if staged { stages(documents.len()) } else { vec![documents.len()] };
        let fields: Vec<DocumentLabel> = fields.iter().map(label_of).collect();
        let (of_documents, labels) = match &answers {
            None => (fields, Labels::new_unless(&documents, max_order, interrupted)?),
            Some(answers) => {
                let labels = Labels::without(answers.positions.clone())?;
                (vec![preference(answers)], labels.within(answers.pairs.clone()))
            }
        };
        notes.extend(of_documents.iter().filter_map(DocumentLabel::note));
        let labels = labels.with_documents(&of_documents);
        let chunk_ends = chunk_ends(&documents);
        let starts = std::iter::once(0).chain(chunk_ends.iter().copied());
        let chunks = starts
            .zip(&chunk_ends)
            .map(|(start, &end)| ChunkKey {
                end: labels.document_offsets[end],
                tokens: hash(&documents[start..end], answers.as_ref().map(|of| &of.positions[start..end])),
            })
            .collect();
        Ok(Self {
            labels: Arc::new(SampleLabels::new(&labels)),
            first_tokens: labels.tokens.iter().map(|range| range.start).collect(),
            document_offsets: labels.document_offsets,
            labelled: (!of_documents.is_empty()).then(|| hash_of_labels(&of_documents)),
            of_documents,
            texts,
            null: RefCell::default(),
            answers,
            documents,
            skipped,
            notes: RefCell::new(notes),
            stages,
            chunks,
            chunk_ends,
        })
    }

    /// What is to be known of the text, a line each; the first time only.
    pub fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    /// What a token reads; `None` where only ids are known.
    pub fn text_of_token(&self, id: u32) -> Option<&str> {
        self.texts.get(&id).map(String::as_str)
    }

    /// What the label of a position reads: the tokens of an n-gram, or a document's value.
    pub fn text_of(&self, label: &Label, position: usize) -> String {
        let document = self.document_offsets.partition_point(|&start| start <= position) - 1;
        let of_documents = self.of_documents.iter().find(|of| of.label == *label);
        if let Some(of) = of_documents {
            return of.values[of.of_document[document] as usize].clone();
        }
        let token = self.first_tokens[document] + position - self.document_offsets[document];
        let text = |id: u32| self.text_of_token(id);
        sentence::n_gram(label, &self.documents[document], token, text).unwrap_or_default()
    }

    /// The number of labelled positions in the first `documents` documents.
    pub fn positions(&self, documents: usize) -> usize {
        self.document_offsets[documents]
    }

    /// The numbers of documents that the convergence of a stage is told by, its own last.
    pub fn curve(&self, stage: usize) -> Vec<usize> {
        stages(self.stages[stage])
    }

    /// The number of chunks that hold a stage's documents.
    pub fn chunks_of(&self, stage: usize) -> usize {
        self.chunk_ends.partition_point(|&end| end < self.stages[stage]) + 1
    }

    /// The chunk that holds a document.
    pub fn chunk_of(&self, document: usize) -> usize {
        self.chunk_ends.partition_point(|&end| end <= document)
    }

    /// The documents of a chunk.
    pub fn documents_of(&self, chunk: usize) -> std::ops::Range<usize> {
        let start = if chunk == 0 { 0 } else { self.chunk_ends[chunk - 1] };
        start..self.chunk_ends[chunk]
    }

    /// The tokens of the longest document.
    pub fn longest(&self) -> usize {
        self.documents.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// A hash of all tokens: two samples with the same identity give the same measures.
    pub fn identity(&self) -> u128 {
        self.identity_of(self.stages.len() - 1)
    }

    /// A hash of the tokens of a stage.
    pub fn identity_of(&self, stage: usize) -> u128 {
        let chunks = self.chunks[..self.chunks_of(stage)].iter();
        XxHash3_128::oneshot(&chunks.flat_map(|chunk| chunk.tokens.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// The labels of a stage's documents, dealt out at random.
    pub fn null(&self, stage: usize) -> Arc<SampleLabels> {
        const SEED: u64 = 0;
        let mut known = self.null.borrow_mut();
        let null = match known.take().filter(|(of, _)| *of == stage) {
            Some((_, null)) => null,
            None => Arc::new(self.labels.shuffled(self.positions(self.stages[stage]), SEED)),
        };
        *known = Some((stage, Arc::clone(&null)));
        null
    }

    /// Where the labelled positions of a batch stand among its states, and how far behind position `origin`
    /// they go among the scores.
    pub fn rows(&self, batch: &Batch, origin: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for (&document, states) in batch.documents.iter().zip(&batch.rows) {
            let positions = self.document_offsets[document]..self.document_offsets[document + 1];
            rows.extend(positions.enumerate().map(|(offset, position)| Row {
                source: (states.start + self.first_tokens[document] + offset) as u32,
                target: (position - origin) as u32,
            }));
        }
        rows
    }
}

/// The label that tells preferred answers from rejected ones.
fn preference(answers: &Answers) -> DocumentLabel {
    let values =
        answers.preferred.iter().map(|&preferred| Some(if preferred { "chosen" } else { "rejected" }));
    DocumentLabel::new(Label::Preference, values)
}

/// The label that a field's values are.
fn label_of(field: &FieldValues) -> DocumentLabel {
    let values = field.of_document.iter().map(Option::as_deref);
    DocumentLabel::new(Label::Field(field.name.as_str().into()), values)
}

/// The numbers of documents that estimates rest on, the last all.
fn stages(documents: usize) -> Vec<usize> {
    let small = std::iter::successors(Some(FIRST_STAGE), |stage| Some(stage * 4));
    let mut stages: Vec<usize> = small.take_while(|&stage| 2 * stage <= documents).collect();
    stages.push(documents);
    stages
}

/// Where chunks end, in documents. A longer sample that begins with these documents has the same chunks, up
/// to the last.
fn chunk_ends(documents: &[Vec<u32>]) -> Vec<usize> {
    let mut ends = Vec::new();
    let (mut tokens, mut edge) = (0, FIRST_STAGE);
    for (index, document) in documents.iter().enumerate() {
        if index > 0 && (index == edge || tokens + document.len() > CHUNK_TOKENS) {
            ends.push(index);
            tokens = 0;
        }
        if index == edge {
            edge *= 4;
        }
        tokens += document.len();
    }
    ends.push(documents.len());
    ends
}

/// A hash of documents' tokens, and of which of them are labelled where that does not follow from their number.
fn hash(documents: &[Vec<u32>], labelled: Option<&[Range<usize>]>) -> u128 {
    let mut hasher = XxHash3_128::new();
    for document in documents {
        hasher.write(&(document.len() as u64).to_le_bytes());
        hasher.write(bytemuck::cast_slice(document));
    }
    for range in labelled.into_iter().flatten() {
        hasher.write(&[range.start as u64, range.end as u64].map(u64::to_le_bytes).concat());
    }
    hasher.finish_128()
}

/// The samples of a request, one for each distinct tokenizer among the open checkpoints.
#[derive(Debug, Default)]
pub struct Samples {
    /// Tokenizer files seen, with the sample each leads to.
    by_path: Vec<(Option<PathBuf>, usize)>,
    samples: Vec<(Vec<u8>, Result<Rc<Sample>>)>,
}

/// A hash of which documents have which values of labels.
fn hash_of_labels(labels: &[DocumentLabel]) -> u128 {
    let mut hasher = XxHash3_128::new();
    for DocumentLabel { label, values, of_document, .. } in labels {
        for text in std::iter::once(&label.to_string()).chain(values) {
            hasher.write(&(text.len() as u64).to_le_bytes());
            hasher.write(text.as_bytes());
        }
        hasher.write(&(of_document.len() as u64).to_le_bytes());
        hasher.write(bytemuck::cast_slice(of_document));
    }
    hasher.finish_128()
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
        staged: bool,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Rc<Sample>> {
        let key = match text {
            TextSource::Tokens(_) => None,
            TextSource::Corpus(_) | TextSource::Pairs(_) => {
                Some(tokenizer.ok_or_else(|| missing_tokenizer(folder))?)
            }
        };
        let index = match self.by_path.iter().find(|(path, _)| path.as_deref() == key) {
            Some((_, index)) => *index,
            None => {
                let index = self.index_of_content(key, text, settings, staged, interrupted)?;
                self.by_path.push((key.map(Path::to_owned), index));
                index
            }
        };
        self.samples[index].1.clone()
    }

    /// The sample a checkpoint with this tokenizer is measured on, if it was made.
    pub fn known(&self, tokenizer: Option<&Path>, text: &TextSource) -> Option<&Sample> {
        let key = match text {
            TextSource::Tokens(_) => None,
            TextSource::Corpus(_) | TextSource::Pairs(_) => Some(tokenizer?),
        };
        let (_, index) = self.by_path.iter().find(|(path, _)| path.as_deref() == key)?;
        self.samples[*index].1.as_deref().ok()
    }

    /// Lets what could not be read be read again.
    pub fn forget_failures(&mut self) {
        let mut places = Vec::with_capacity(self.samples.len());
        let mut kept = Vec::new();
        for (content, sample) in std::mem::take(&mut self.samples) {
            places.push(sample.is_ok().then_some(kept.len()));
            if sample.is_ok() {
                kept.push((content, sample));
            }
        }
        self.by_path.retain_mut(|(_, index)| places[*index].map(|place| *index = place).is_some());
        self.samples = kept;
    }

    /// Whether a tokenizer was written anew since its sample was made. One that is gone says nothing against it.
    pub fn tokenizers_changed(&self, text: &TextSource, settings: &Settings) -> bool {
        let changed = |(path, index): &(Option<PathBuf>, usize)| {
            let content = path.as_ref().and_then(|path| content(path, text, settings).ok());
            content.is_some_and(|content| content != self.samples[*index].0)
        };
        self.by_path.iter().any(changed)
    }

    fn index_of_content(
        &mut self,
        tokenizer: Option<&Path>,
        text: &TextSource,
        settings: &Settings,
        staged: bool,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<usize> {
        let content = tokenizer.map_or(Ok(Vec::new()), |path| content(path, text, settings))?;
        if let Some(index) = self.samples.iter().position(|(known, _)| *known == content) {
            return Ok(index);
        }
        let tokens = match (text, tokenizer) {
            (TextSource::Corpus(corpus), Some(tokenizer)) => {
                Tokens::from_text(tokenizer, corpus, settings, interrupted)
            }
            (TextSource::Pairs(pairs), Some(tokenizer)) => {
                Tokens::from_pairs(tokenizer, pairs, settings, interrupted)
            }
            (text, _) => Tokens::from_file(text.path(), settings),
        };
        let sample = tokens.and_then(|tokens| Sample::new(tokens, settings.max_order, staged, interrupted));
        let sample = sample.map(Rc::new);
        // What was broken off says nothing about the text, and what had no room may have it next time.
        if let Err(error) = &sample
            && matches!(error.kind(), Kind::Cancelled | Kind::Memory)
        {
            return Err(error.clone());
        }
        self.samples.push((content, sample));
        Ok(self.samples.len() - 1)
    }
}

/// What decides how a text is encoded: the bytes of the tokenizer, and for pairs the template that renders them.
///
/// # Errors
/// [`Kind::Tokenizer`] if the tokenizer cannot be read, or the chat template of pairs.
fn content(tokenizer: &Path, text: &TextSource, settings: &Settings) -> Result<Vec<u8>> {
    let mut content = std::fs::read(tokenizer).map_err(|error| {
        Error::new(Kind::Tokenizer, format!("the tokenizer cannot be read ({error})")).at(tokenizer)
    })?;
    if let TextSource::Pairs(_) = text
        && let Some(template) = template(tokenizer, settings)?
    {
        let tokens = template.special_tokens().iter().flat_map(|(name, token)| [name, token]);
        for part in std::iter::once(template.source()).chain(tokens) {
            content.extend((part.len() as u64).to_le_bytes());
            content.extend(part.as_bytes());
        }
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::batch::batches;

    #[test]
    fn rows_lead_every_position_to_its_place() {
        let documents: Vec<Vec<u32>> = [9, 12, 8].iter().map(|&n| (0..n).collect()).collect();
        let tokens = Tokens { documents, ..Tokens::default() };
        let sample = Sample::new(tokens, 4, true, &mut || false).unwrap();
        let mut targets = Vec::new();
        for batch in batches(&sample.documents, 0..3, 24) {
            for row in sample.rows(&batch, 0) {
                let source = row.source as usize;
                let index = batch.rows.iter().position(|rows| rows.contains(&source)).unwrap();
                let t = source - batch.rows[index].start;
                let document = batch.documents[index];
                // Each document counts up from 0, so its token is its position: 3 ≤ t ≤ S − 5.
                assert!(t >= 3 && t + 5 <= sample.documents[document].len());
                assert_eq!(sample.document_offsets[document] + t - 3, row.target as usize);
                targets.push(row.target);
            }
        }
        targets.sort_unstable();
        assert_eq!(targets, (0..sample.positions(3) as u32).collect::<Vec<_>>());
    }

    #[test]
    fn what_documents_are_labelled_by_is_known_beside_their_tokens() {
        let labelled = |names: [&str; 2], values: &[[Option<&str>; 3]; 2]| {
            let field = |(name, values): (&str, &[Option<&str>; 3])| FieldValues {
                name: name.to_owned(),
                of_document: values.iter().map(|value| value.map(str::to_owned)).collect(),
            };
            let fields = names.into_iter().zip(values).map(field).collect();
            let tokens = Tokens { documents: vec![vec![1; 9]; 3], fields, ..Tokens::default() };
            let sample = Sample::new(tokens, 4, false, &mut || false).unwrap();
            (sample.identity(), sample.labelled)
        };
        let values = [[Some("a"), Some("b"), None], [Some("c"); 3]];
        let (identity, known) = labelled(["x", "y"], &values);
        assert_eq!(labelled(["x", "y"], &values), (identity, known));
        for other in [
            labelled(["x", "z"], &values),
            labelled(["x", "y"], &[[Some("a"), None, Some("b")], values[1]]),
            labelled(["x", "y"], &[[Some("a"), Some("b"), Some("b")], values[1]]),
            labelled(["x", "y"], &[values[0], [Some("d"); 3]]),
        ] {
            assert!(other.0 == identity && other.1 != known && other.1.is_some());
        }
        let plain = Tokens { documents: vec![vec![1; 9]; 3], ..Tokens::default() };
        assert_eq!(Sample::new(plain, 4, false, &mut || false).unwrap().labelled, None);
    }

    #[test]
    fn stages_grow_to_the_whole_sample() {
        let sample = |n, interactive| {
            let tokens = Tokens { documents: vec![vec![1; 9]; n], ..Tokens::default() };
            Sample::new(tokens, 4, interactive, &mut || false).unwrap().stages
        };
        assert_eq!(sample(401, true), [16, 64, 401]);
        assert_eq!(sample(20, true), [20]);
        assert_eq!(sample(401, false), [401]);
    }

    #[test]
    fn chunks_hold_every_document_once_and_no_stage_cuts_one() {
        let documents: Vec<Vec<u32>> = (0..300u32).map(|i| vec![i; 20 + (i as usize * 37) % 900]).collect();
        let sample = |n: usize| {
            let tokens = Tokens { documents: documents[..n].to_vec(), ..Tokens::default() };
            Sample::new(tokens, 4, true, &mut || false).unwrap()
        };
        let whole = sample(300);
        let chunks = whole.chunks.len();
        let covered: Vec<usize> = (0..chunks).flat_map(|chunk| whole.documents_of(chunk)).collect();
        assert_eq!(covered, (0..300).collect::<Vec<_>>());
        for (stage, &documents) in whole.stages.iter().enumerate() {
            assert_eq!(whole.documents_of(whole.chunks_of(stage) - 1).end, documents);
        }
        for chunk in 0..chunks {
            let range = whole.documents_of(chunk);
            let tokens: usize = range.clone().map(|d| documents[d].len()).sum();
            assert!(tokens <= CHUNK_TOKENS);
            assert!(range.clone().all(|document| whole.chunk_of(document) == chunk));
            assert_eq!(whole.chunks[chunk].end, whole.positions(range.end));
        }
        // A smaller sample has the same chunks but for its last.
        let part = sample(200);
        let same = part.chunks.len() - 1;
        assert_eq!(part.chunks[..same], whole.chunks[..same]);
        assert_ne!(part.identity(), whole.identity());
    }
}
