//! What is looked at beside the numbers: a document or a preference pair in the checkpoint's own tokens, and hidden
//! states themselves.
//!
//! Documents and pairs come before any numbers, since encoding them takes no longer than they need anyway. States take a
//! model of their own, and wait until no numbers are wanted.

use std::path::Path;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::{Work, not_open};
use crate::condition::{Condition, TextSource};
use crate::engine::inbox::{Gone, Inbox, Outbox};
use crate::engine::message::{Event, Look, Seen, Sight};
use crate::engine::open_device::OpenDevice;
use crate::engine::sample::Sample;
use crate::error::{Error, Kind, Result, caught};
use crate::labels::sentence::{self, Sentence};
use crate::measures::Order;
use crate::measures::cloud::Cloud;
use crate::model::batch::{batches, check_ids};
use crate::model::{Model, Options, Step, read_back};
use crate::pairs::ReadPair;
use crate::tokens::{Vocabulary, missing_tokenizer};

/// So many states show where all of them lie.
const MOST_STATES: usize = 240;

/// What is looked at.
#[derive(Default)]
pub(super) struct Looks {
    /// Each with whether it was answered.
    all: Vec<(Look, bool)>,
    /// Documents that were counted, with the sample they are of.
    documents: Vec<(Weak<Sample>, Arc<Sentence>)>,
    /// The vocabulary that the pair looked at last was read by, with the sample it is of: one pair is looked at after the
    /// other.
    vocabulary: Option<(Weak<Sample>, Vocabulary)>,
}

impl Looks {
    /// The first that was not answered, of those `of` takes, with what that takes of it.
    pub(super) fn next<T>(&self, of: impl Fn(Sight) -> Option<T>) -> Option<(Look, T)> {
        let mut waiting = self.all.iter().filter(|(_, answered)| !answered);
        waiting.find_map(|(look, _)| Some((look.clone(), of(look.sight)?)))
    }

    /// Looks at `looks` instead.
    fn replace(&mut self, looks: impl Iterator<Item = Look>) {
        let former = std::mem::take(&mut self.all);
        let is_answered = |look: &Look| former.iter().any(|(other, answered)| *answered && other == look);
        self.all = looks.map(|look| (look.clone(), is_answered(&look))).collect();
        let is_shown =
            |document: usize| self.all.iter().any(|(look, _)| look.sight == Sight::Document(document));
        self.documents.retain(|(of, sentence)| of.strong_count() > 0 && is_shown(sentence.document()));
        let has_pair = self.all.iter().any(|(look, _)| matches!(look.sight, Sight::Pair(_)));
        self.vocabulary.take_if(|(of, _)| of.strong_count() == 0 || !has_pair);
    }

    /// The vocabulary of a sample, read where it is not the one of the pair before.
    fn vocabulary(&mut self, sample: &Rc<Sample>, tokenizer: &Path) -> Result<&Vocabulary> {
        let known = self.vocabulary.take();
        let known = known.filter(|(of, _)| of.upgrade().is_some_and(|of| Rc::ptr_eq(&of, sample)));
        let vocabulary = known.map_or_else(|| Vocabulary::read(tokenizer), |(_, known)| Ok(known))?;
        Ok(&self.vocabulary.insert((Rc::downgrade(sample), vocabulary)).1)
    }

    /// A document of a sample that was counted before.
    fn known(&self, sample: &Rc<Sample>, document: usize) -> Option<Arc<Sentence>> {
        let is_it = |(of, sentence): &&(Weak<Sample>, Arc<Sentence>)| {
            sentence.document() == document && of.upgrade().is_some_and(|of| Rc::ptr_eq(&of, sample))
        };
        self.documents.iter().find(is_it).map(|(_, sentence)| Arc::clone(sentence))
    }
}

impl Work {
    /// Takes up what is looked at instead of what was.
    pub fn look(&mut self, looks: Vec<Look>) {
        let runs = Arc::clone(&self.runs);
        let measured = |look: &Look| runs.get(look.checkpoint).is_some_and(|(run, _)| run.recorded.is_none());
        self.looks.replace(looks.into_iter().filter(measured));
    }

    /// Emits the next document or pair that is looked at; `false` where there is none.
    pub(super) fn look_at_text(&mut self, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<bool, Gone> {
        let document = |sight| if let Sight::Document(document) = sight { Some(document) } else { None };
        if let Some((look, document)) = self.looks.next(document) {
            let seen = caught(|| self.document(&look, document, inbox)).map(Seen::Document);
            return self.emit_seen(look, seen, outbox);
        }
        let pair = |sight| if let Sight::Pair(pair) = sight { Some(pair) } else { None };
        let Some((look, pair)) = self.looks.next(pair) else { return Ok(false) };
        let seen = caught(|| self.pair(&look, pair, inbox)).map(Seen::Pair);
        self.emit_seen(look, seen, outbox)
    }

    /// Emits the next states that are looked at; `false` where there are none.
    pub(super) fn look_at_states(&mut self, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<bool, Gone> {
        let layer = |sight| if let Sight::States(layer) = sight { Some(layer) } else { None };
        let Some((look, layer)) = self.looks.next(layer) else { return Ok(false) };
        // Two models at once may be more than there is memory for.
        self.job = None;
        let device = self.devices.take(look.condition.settings.backend, outbox)?;
        let seen = caught(|| self.states(&look, layer, &device, inbox)).map(Seen::States);
        self.devices.give_back(device);
        self.emit_seen(look, seen, outbox)
    }

    /// Emits what is seen, unless that was broken off.
    pub(super) fn emit_seen(
        &mut self,
        look: Look,
        seen: Result<Seen>,
        outbox: &Outbox<'_>,
    ) -> Result<bool, Gone> {
        if !matches!(&seen, Err(error) if error.kind() == Kind::Cancelled) {
            self.looks.all.iter_mut().filter(|(other, _)| *other == look).for_each(|(_, done)| *done = true);
            outbox.emit(Event::Seen { look, seen })?;
        }
        Ok(true)
    }

    /// The sample of a part of the condition that a look is under.
    fn sample_of(&mut self, look: &Look, part: Condition, inbox: &mut Inbox) -> Result<Rc<Sample>> {
        let runs = Arc::clone(&self.runs);
        let (_, checkpoint) = runs.get(look.checkpoint).ok_or_else(not_open)?;
        let id = self.session_of(&part);
        let session = self.sessions.get_mut(&id).ok_or_else(not_open)?;
        session.wanted = self.clock;
        session.sample(checkpoint, &mut || inbox.supersedes_look())
    }

    /// The sample of the text, where there are pairs beside it.
    pub(super) fn sample_of_text(&mut self, look: &Look, inbox: &mut Inbox) -> Result<Rc<Sample>> {
        self.sample_of(look, look.condition.parts().swap_remove(0), inbox)
    }

    fn pair(&mut self, look: &Look, pair: usize, inbox: &mut Inbox) -> Result<Arc<ReadPair>> {
        let none =
            || Error::new(Kind::Usage, "no preference pairs are measured").help("choose a file of pairs");
        let mut parts = look.condition.parts().into_iter();
        let part = parts.find(|part| matches!(part.text, TextSource::Pairs(_))).ok_or_else(none)?;
        let sample = self.sample_of(look, part, inbox)?;
        let checkpoint = self.checkpoint(look.checkpoint)?;
        let tokenizer = checkpoint.tokenizer.ok_or_else(|| missing_tokenizer(&checkpoint.path))?;
        let answers = sample.answers.as_ref().ok_or_else(none)?;
        let vocabulary = self.looks.vocabulary(&sample, &tokenizer)?;
        Ok(Arc::new(answers.read(pair, &sample.documents, vocabulary)?))
    }

    fn document(&mut self, look: &Look, document: usize, inbox: &mut Inbox) -> Result<Arc<Sentence>> {
        let sample = self.sample_of_text(look, inbox)?;
        if let Some(known) = self.looks.known(&sample, document) {
            return Ok(known);
        }
        // Of ids that were read from a file the checkpoint's tokenizer says what they mean.
        let vocabulary = match look.condition.text {
            TextSource::Tokens(_) => self.checkpoint(look.checkpoint)?.tokenizer,
            TextSource::Corpus(_) | TextSource::Pairs(_) => None,
        };
        let vocabulary = vocabulary.map(|path| Vocabulary::read(&path)).transpose()?;
        let decode = |id: u32| match &vocabulary {
            Some(known) => known.text(id),
            None => sample.text_of_token(id).map_or_else(|| id.to_string(), str::to_owned),
        };
        let widest = Order::of_number(look.condition.settings.max_order).unwrap_or_default();
        let sentence = Arc::new(sentence::of(&sample.documents, decode, document, widest)?);
        self.looks.documents.push((Rc::downgrade(&sample), Arc::clone(&sentence)));
        Ok(sentence)
    }

    /// Passes the first documents through the model up to a layer, and projects its states at labelled positions.
    fn states(
        &mut self,
        look: &Look,
        layer: Option<usize>,
        device: &OpenDevice,
        inbox: &mut Inbox,
    ) -> Result<Arc<Cloud>> {
        let sample = self.sample_of_text(look, inbox)?;
        let checkpoint = self.checkpoint(look.checkpoint)?;
        let enough = |documents: &usize| sample.positions(*documents) >= MOST_STATES;
        let count = (1..sample.documents.len()).find(enough).unwrap_or(sample.documents.len());
        let documents = &sample.documents[..count];
        let dtype = look.condition.settings.dtype;
        device.compute.check(dtype)?;
        let options = Options {
            dtype,
            memory: device.memory_beside(self.bank.bytes_beside_model(device)),
            longest: documents.iter().map(Vec::len).max().unwrap_or(0),
            ..Options::new(device.compute.tensors())
        };
        let mut model = Model::open(&checkpoint.folder(), &options)?;
        check_ids(documents, model.config().vocab_size)?;
        let last = model.hidden_states() - 1;
        let layer = layer.unwrap_or(last).min(last);
        let width = model.config().hidden_size;
        let mut found: Vec<f32> = Vec::new();
        // One batch after the other, so that no more than one is in memory.
        for batch in batches(documents, 0..count, model.tokens_per_batch()) {
            let mut pass = model.begin(vec![batch])?;
            let mut is_reached = false;
            while !is_reached {
                if inbox.supersedes_look() {
                    return Err(Error::cancelled());
                }
                let step = model.advance(&mut pass, |at, batch, states| {
                    if at == layer {
                        is_reached = true;
                        let states = read_back(states.clone())?;
                        for row in sample.rows(batch, 0) {
                            let start = row.source as usize * width;
                            found.extend(&states[start..start + width]);
                        }
                    }
                    Ok(())
                })?;
                is_reached |= step == Step::Done;
            }
        }
        found.truncate(MOST_STATES * width);
        let name = format!("{} states of {}, layer {layer} of {last}", found.len() / width, checkpoint.name);
        let cloud = Cloud::of_hidden_states(name, &found, width).ok_or_else(|| {
            Error::new(
                Kind::Weights,
                format!("the hidden states of layer {layer} have no directions to show"),
            )
            .at(&checkpoint.path)
        })?;
        Ok(Arc::new(cloud))
    }
}
