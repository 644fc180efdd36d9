//! What is shared by all conditions that query the same scores.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use super::keys::ScoresId;
use super::open_device::OpenDevice;
use super::sample::{Sample, Samples};
use super::scored::Scored;
use crate::checkpoints::{Checkpoint, CheckpointKey};
use crate::condition::{Condition, TextSource};
use crate::error::{Kind, Result};
use crate::estimator::{Reference, ReferencePoints};
use crate::scores::Shape;
use crate::settings::Settings;

/// What scores depend on besides the checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoresOf {
    /// The settings, those that are only queried of scores at their defaults, but for the labels.
    pub settings: Settings,
    /// What the models read.
    pub text: TextSource,
    /// Whether checkpoints are measured on part of the sample first.
    pub staged: bool,
}

impl ScoresOf {
    /// What the scores of a condition depend on; `live` for a window.
    pub fn new(condition: &Condition, live: bool) -> Self {
        let Condition { settings, text } = condition;
        // The labels come with the sample; scores found by its tokens answer for any.
        let of_scores = Settings { labels: settings.labels.clone(), ..settings.of_scores() };
        Self { settings: of_scores, text: text.clone(), staged: live || settings.tolerance > 0.0 }
    }
}

/// The name of a session for as long as there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// The samples of what scores depend on, and the scores of each checkpoint.
pub struct Session {
    /// What its scores depend on.
    pub of: ScoresOf,
    /// The scores of the checkpoints in the bank, as long as they are there.
    pub scores: HashMap<CheckpointKey, ScoresId>,
    samples: Samples,
    /// What the file of the text was like when it was last looked at.
    text: Option<Stamp>,
    /// Reference points of each seed, by hidden size and number.
    references: HashMap<(usize, usize), Vec<Reference>>,
    /// When something was wanted of it last, by the worker's count.
    pub wanted: u64,
}

/// Bytes of a file and when it was written.
type Stamp = (u64, Option<SystemTime>);

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

impl Session {
    /// A session with nothing made yet.
    pub fn new(of: ScoresOf) -> Self {
        Self {
            scores: HashMap::new(),
            samples: Samples::default(),
            text: stamp(of.text.path()),
            references: HashMap::new(),
            wanted: 0,
            of,
        }
    }

    /// The sample that a checkpoint is measured on, made when it is first needed.
    ///
    /// # Errors
    /// As [`Samples::get`].
    pub fn sample(
        &mut self,
        checkpoint: &Checkpoint,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Rc<Sample>> {
        let tokenizer = (checkpoint.tokenizer.as_deref(), checkpoint.path.as_path());
        let ScoresOf { settings, text, staged } = &self.of;
        let sample = self.samples.get(tokenizer, text, settings, *staged, interrupted);
        sample.map_err(|error| match (error.kind(), &checkpoint.tokenizer) {
            (Kind::Tokenizer, None) => checkpoint.refused_tokenizer().unwrap_or(error),
            _ => error,
        })
    }

    /// The sample of a checkpoint; `None` where it was not made yet.
    pub fn known_sample(&self, checkpoint: &Checkpoint) -> Option<&Sample> {
        self.samples.known(checkpoint.tokenizer.as_deref(), &self.of.text)
    }

    /// Lets text and tokenizers that could not be read be read again.
    pub fn forget_failures(&mut self) {
        self.samples.forget_failures();
    }

    /// Looks at the files of the text and the tokenizers. Returns whether one was written anew, after which all samples
    /// are made again.
    pub fn look_again(&mut self) -> bool {
        let text = stamp(self.of.text.path());
        // A file that is gone says nothing against what was read of it.
        let changed = (text.is_some() && text != self.text)
            || self.samples.tokenizers_changed(&self.of.text, &self.of.settings);
        if changed {
            self.text = text;
            self.samples = Samples::default();
            self.scores.clear();
        }
        changed
    }

    /// Leaves the device on which reference points lie and scores were made.
    pub fn leave_device(&mut self) {
        self.references.clear();
        self.scores.clear();
    }

    /// Makes the reference points that scores are made with, where they are not there yet.
    ///
    /// # Errors
    /// A device without memory for them.
    pub fn make_references(&mut self, scored: &Scored, device: &OpenDevice) -> Result<()> {
        let Shape { points, seeds, .. } = scored.table.shape();
        let known = self.references.entry((scored.width, points)).or_default();
        for seed in known.len()..seeds.range().end {
            let seed = self.of.settings.seed.wrapping_add(seed as u64);
            known.push(device.estimator.reference(ReferencePoints::new(seed, points, scored.width))?);
        }
        Ok(())
    }

    /// The reference points that scores are made with, one after the other of their seeds; none before they are made.
    pub fn references(&self, scored: &Scored) -> &[Reference] {
        let Shape { points, seeds, .. } = scored.table.shape();
        let known = self.references.get(&(scored.width, points));
        known.and_then(|known| known.get(seeds.range())).unwrap_or_default()
    }
}
