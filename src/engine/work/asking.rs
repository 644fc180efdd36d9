//! What is emitted of a sample's numbers: under each condition that is wanted, those of all the samples it is made of.
//!
//! A text with preference pairs beside it is two samples, which share neither documents nor positions. Each is worked on
//! as a condition of its own, a *part*, so that the numbers of the text are the same with pairs and without, and stored
//! for both.

use std::sync::Arc;

use super::{Trouble, Work};
use crate::condition::Condition;
use crate::engine::inbox::{Gone, Outbox};
use crate::engine::message::{Event, Quality};
use crate::engine::schedule::Pair;
use crate::error::Error;
use crate::results::Measurement;

/// A condition that is wanted.
#[derive(Clone)]
pub(super) struct Asked {
    /// The condition.
    pub condition: Arc<Condition>,
    /// Its parts, as their places among the conditions worked on; the first is the text's.
    pub parts: Vec<usize>,
}

impl Work {
    /// The conditions that are wanted of which one worked on is a part.
    pub(super) fn asking(&self, part: usize) -> Vec<Asked> {
        self.asked.iter().filter(|asked| asked.parts.contains(&part)).cloned().collect()
    }

    /// Emits the measurement of a checkpoint: how good it is, and whether it was only looked up.
    pub(super) fn emit_measurement(
        &mut self,
        of: Pair,
        quality: Quality,
        recalled: bool,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let checkpoint = of.checkpoint;
        if self.measured(of).is_none() {
            return Ok(());
        }
        self.answered = true;
        self.rewritten.remove(&checkpoint);
        for Asked { condition, parts } in self.asking(of.condition) {
            let of_parts = || parts.iter().map(|&condition| Pair { condition, checkpoint });
            let mut measured = of_parts().map(|part| self.measured(part));
            // Before the text has numbers there is nothing to say of it.
            let Some(first) = measured.next().flatten() else { continue };
            let measurement =
                measured.flatten().fold(first, |text, beside| Arc::new(text.with_labels_of(&beside)));
            let others = of_parts().filter(|part| *part != of).map(|part| self.quality(part));
            let quality = others.fold(quality, Quality::min);
            let documents = measurement.documents().unwrap_or(0);
            outbox.emit(Event::Measured {
                condition,
                checkpoint,
                measurement,
                documents,
                quality,
                recalled,
            })?;
        }
        Ok(())
    }

    /// Emits that a checkpoint cannot be measured under the conditions that ask for it.
    pub(super) fn emit_failure(&self, of: Pair, error: &Error, outbox: &Outbox<'_>) -> Result<(), Gone> {
        self.asking(of.condition).into_iter().try_for_each(|Asked { condition, .. }| {
            outbox.emit(Event::CheckpointFailed {
                condition,
                checkpoint: of.checkpoint,
                error: error.clone(),
            })
        })
    }

    /// Emits that nothing can be measured under the conditions that ask for a part.
    pub(super) fn emit_condition_failure(
        &self,
        part: usize,
        error: &Error,
        outbox: &Outbox<'_>,
    ) -> Result<(), Gone> {
        self.asking(part).into_iter().try_for_each(|Asked { condition, .. }| {
            outbox.emit(Event::ConditionFailed { condition, error: error.clone() })
        })
    }

    /// The newest numbers of a checkpoint under a part; `None` where there are none.
    fn measured(&self, of: Pair) -> Option<Arc<Measurement>> {
        self.conditions[of.condition].of.get(&of.checkpoint)?.measurement.clone()
    }

    /// How good the numbers of a checkpoint under a part are, those there are none of as the least.
    fn quality(&self, of: Pair) -> Quality {
        let emitted = self.emitted(of);
        match () {
            () if emitted.has(Quality::Honest) && !emitted.failed => Quality::Honest,
            () if emitted.has(Quality::Complete) && !emitted.failed => Quality::Complete,
            () => Quality::Preview,
        }
    }
}
