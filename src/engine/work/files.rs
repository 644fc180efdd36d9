//! What a checkpoint's numbers are of: its files as they are, and its text.

use std::rc::Rc;
use std::sync::Arc;

use super::answer::without_scores;
use super::{Trouble, Work, not_open};
use crate::checkpoints::{self, CheckpointKey, Files};
use crate::condition::TextSource;
use crate::engine::inbox::{Gone, Inbox, Outbox};
use crate::engine::message::Event;
use crate::engine::sample::Sample;
use crate::engine::schedule::Pair;
use crate::error::{Error, Kind};
use crate::model::outline::Outline;

/// A checkpoint's files as they were read.
pub struct Identity {
    /// What they looked like.
    pub files: Files,
    /// The content hash of configuration and weights.
    hash: u128,
    /// What may make its numbers other than the model's own, in one line.
    pub warning: Option<String>,
}

impl Work {
    /// The sample of a checkpoint, made where it is not known, and announced once a condition and run.
    pub(super) fn sample(
        &mut self,
        of: Pair,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<Rc<Sample>, Trouble> {
        let runs = Arc::clone(&self.runs);
        let (run, checkpoint) = runs.get(of.checkpoint).ok_or_else(not_open)?;
        let live = self.live;
        let session = self.session_mut(of)?;
        let scores_of = session.of.clone();
        let mut interrupted = inbox.interrupting(|wants| without_scores(wants, &scores_of, live));
        let sample = match session.sample(checkpoint, &mut interrupted) {
            Ok(sample) => sample,
            Err(error) => return Err(of_text(error, &scores_of.text, self.read_alike(of))),
        };
        if self.conditions[of.condition].announced.insert(run.key) {
            for asked in self.asking(of.condition) {
                outbox.emit(Event::Prepared {
                    condition: asked.condition,
                    text: scores_of.text.clone(),
                    run: run.key,
                    documents: sample.documents.len(),
                    skipped_documents: sample.skipped,
                    positions: sample.positions(sample.documents.len()),
                })?;
            }
        }
        for note in sample.take_notes() {
            // Tokenizers have their own samples of the same text.
            if self.noted.insert(note.clone()) {
                outbox.emit(Event::Warning(note))?;
            }
        }
        Ok(sample)
    }

    /// Whether all checkpoints that are wanted under a condition have the same tokenizer.
    fn read_alike(&self, of: Pair) -> bool {
        let tokenizer = |key| self.runs.get(key).and_then(|(_, checkpoint)| checkpoint.tokenizer.as_deref());
        let wanted = self.wants.iter().filter(|(other, _)| other.condition == of.condition);
        let mut tokenizers = wanted.map(|(other, _)| tokenizer(other.checkpoint));
        tokenizers.all(|other| other == tokenizer(of.checkpoint))
    }

    /// The content hash of a checkpoint's configuration and weights, as its files are now: where they were rewritten since
    /// they were read, all that was made of them is dropped first.
    pub(super) fn identity(
        &mut self,
        checkpoint: CheckpointKey,
        outbox: &Outbox<'_>,
    ) -> Result<u128, Trouble> {
        self.is_rewritten(checkpoint, outbox)?;
        if let Some(identity) = self.identities.get(&checkpoint) {
            return Ok(identity.hash);
        }
        let folder = self.checkpoint(checkpoint)?.folder();
        // Looked at first: files written while they are read are seen to have changed.
        let files = Files::of(&folder)?;
        let hash = checkpoints::identity(&folder)?;
        let warnings = Outline::read(&folder)?.warnings;
        let warning = (!warnings.is_empty()).then(|| warnings.join("; "));
        self.identities.insert(checkpoint, Identity { files, hash, warning });
        for warning in warnings {
            // The checkpoints of a run are alike.
            if self.warned.insert(warning.clone()) {
                outbox.emit(Event::Warning(format!("{warning}: {}", folder.path().display())))?;
            }
        }
        Ok(hash)
    }

    /// Whether a checkpoint's files were rewritten since they were read. What was made of them is then dropped.
    ///
    /// # Errors
    /// Files that are written faster than they can be measured.
    pub(super) fn is_rewritten(
        &mut self,
        checkpoint: CheckpointKey,
        outbox: &Outbox<'_>,
    ) -> Result<bool, Trouble> {
        let known = self.identities.get(&checkpoint);
        if !known.is_some_and(|identity| identity.files.changed()) {
            return Ok(false);
        }
        let again = !self.rewritten.insert(checkpoint);
        self.forget(checkpoint, outbox)?;
        if again {
            self.rewritten.remove(&checkpoint);
            let path = self.checkpoint(checkpoint)?.path;
            return Err(Trouble::Task(
                Error::new(Kind::Weights, "its files are being written while they are measured")
                    .help("try again once they are complete")
                    .at(path),
            ));
        }
        Ok(true)
    }

    /// Drops all that was made of a checkpoint's files, which were rewritten.
    pub(super) fn forget(&mut self, checkpoint: CheckpointKey, outbox: &Outbox<'_>) -> Result<(), Gone> {
        self.identities.remove(&checkpoint);
        self.open.clone_from(&self.wants);
        self.job.take_if(|job| job.checkpoint == checkpoint);
        for session in self.sessions.values_mut() {
            if let Some(scores) = session.scores.remove(&checkpoint) {
                self.bank.evict_all(scores);
            }
        }
        for answers in &mut self.conditions {
            answers.of.remove(&checkpoint);
        }
        // A tokenizer is written with them.
        self.look_again();
        let Some((_, found)) = self.runs.get(checkpoint) else { return Ok(()) };
        let cause = "the files of this checkpoint were rewritten; measuring it anew";
        outbox.emit(Event::Warning(format!("{cause}: {}", found.path.display())))
    }
}

/// What an error of the text, or of a tokenizer, costs: a tokenizer that cannot be read, or leaves nothing of the text to
/// measure, its checkpoints; a line that cannot be read the checkpoints whose tokenizer comes that far; and all under the
/// condition where none can come further, since the text cannot be opened or all read it alike.
fn of_text(error: Error, text: &TextSource, all_alike: bool) -> Trouble {
    let of_condition = match (text, error.kind()) {
        (_, Kind::Cancelled) => false,
        (TextSource::Corpus(_) | TextSource::Pairs(_), Kind::Tokenizer | Kind::Sample) => false,
        (TextSource::Corpus(path) | TextSource::Pairs(path), _) => {
            all_alike || std::fs::File::open(path).is_err()
        }
        // The same tokens for all.
        (TextSource::Tokens(_), _) => true,
    };
    if of_condition { Trouble::Condition(error) } else { Trouble::Task(error) }
}
