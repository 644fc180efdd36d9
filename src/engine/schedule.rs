//! What to do next: a pure function of what is wanted and of what is known of it.

use super::message::Quality;
use crate::checkpoints::CheckpointKey;

/// Numbers of a checkpoint under a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The condition, by its index among those that are wanted.
    pub condition: usize,
    /// The checkpoint.
    pub checkpoint: CheckpointKey,
}

/// What was emitted of a checkpoint under a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Whether it failed, or the condition did: nothing is left to do for it.
    pub failed: bool,
    /// The stages of its sample that are measured; 1 until the sample is known.
    pub stages: usize,
    /// The stages that the newest numbers rest on; 0 where there are none.
    pub answered: usize,
    /// Whether they have the null beside them.
    pub null: bool,
    /// Whether they have null and spread beside them.
    pub honest: bool,
}

impl Emitted {
    /// Whether nothing is left to do for a want of this quality.
    pub fn has(&self, quality: Quality) -> bool {
        self.failed
            || match quality {
                Quality::Preview => self.answered > 0,
                Quality::Complete => self.answered >= self.stages,
                Quality::Honest => self.honest,
            }
    }
}

/// Scores of the seeds after the first, which only the spread is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Further {
    /// Not all are there.
    Missing,
    /// They are, and stay.
    Kept,
    /// They are as long as they were not queried, or there are none to be queried.
    Passing,
}

/// How far a checkpoint has come under a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What was emitted of it.
    pub emitted: Emitted,
    /// Whether the text is encoded for it.
    pub encoded: bool,
    /// Whether bank and store were looked into for it.
    pub looked_up: bool,
    /// The stages whose scores are at hand, of as many points as the condition has.
    pub at_hand: usize,
    /// The scores of the further seeds, on all the stages that are measured.
    pub further: Further,
    /// Whether one stage is measured after the other, whatever is at hand: which of them is the last depends on the
    /// numbers.
    pub climbs: bool,
}

/// A piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Look whether its scores are there from before, or its numbers are stored.
    LookUp(Pair),
    /// Derive its measures from scores at hand.
    Measure {
        /// Of which numbers.
        of: Pair,
        /// On which stage of the sample.
        stage: usize,
    },
    /// Measure the null of its numbers.
    MeasureNull(Pair),
    /// Measure their spread over the seeds.
    MeasureSpread(Pair),
    /// Run the model until this stage (from 0) is scored.
    Score {
        /// For which numbers.
        of: Pair,
        /// The stage to reach.
        stage: usize,
    },
}

impl Task {
    /// What it is for.
    pub fn of(self) -> Pair {
        match self {
            Self::LookUp(of)
            | Self::Measure { of, .. }
            | Self::MeasureNull(of)
            | Self::MeasureSpread(of)
            | Self::Score { of, .. } => of,
        }
    }
}

/// The next task; `None` when all `wants`, the most urgent first, are met or failed.
///
/// 1. What needs no model: numbers that are stored, and measures of scores at hand; the spread only where its scores
///    would be dropped otherwise.
/// 2. The stage that a model is at work on, `at_work`, where any of the wants needs it: to turn to another model would
///    lose that work, and whoever drags the scrubber along would keep all of them from ever getting done. What is scored
///    for the spread alone makes way for any numbers.
/// 3. The first want that is not met.
pub fn next_task(
    wants: &[(Pair, Quality)],
    standing: impl Fn(Pair) -> Standing,
    at_work: impl Fn(Pair, usize) -> bool,
) -> Option<Task> {
    let unmet = wants.iter().filter_map(|&(of, quality)| {
        let standing = standing(of);
        (!standing.emitted.has(quality)).then_some((of, quality, standing))
    });
    let (mut first, mut under_way): (Option<(Task, bool)>, _) = (None, None);
    for (of, quality, standing) in unmet {
        if let Some(task) = without_model(of, quality, &standing) {
            return Some(task);
        }
        let (task, for_numbers) = (with_model(of, &standing), !standing.emitted.has(Quality::Complete));
        if let Task::Score { of, stage } = task
            && under_way.is_none()
            && at_work(of, stage)
        {
            under_way = Some((task, for_numbers));
        }
        first = first.or(Some((task, for_numbers)));
    }
    let (first, first_for_numbers) = first?;
    match (first, under_way) {
        (Task::Score { .. }, Some((task, for_numbers))) if for_numbers || !first_for_numbers => Some(task),
        _ => Some(first),
    }
}

/// What brings a want nearer without a model.
fn without_model(of: Pair, quality: Quality, standing: &Standing) -> Option<Task> {
    let Standing { emitted, encoded, looked_up, at_hand, further, climbs } = *standing;
    let Emitted { stages, answered, null, .. } = emitted;
    if quality == Quality::Honest && answered >= stages {
        return match (looked_up, null) {
            (false, _) => Some(Task::LookUp(of)),
            (_, false) => (at_hand >= stages).then_some(Task::MeasureNull(of)),
            (_, true) => (further == Further::Passing).then_some(Task::MeasureSpread(of)),
        };
    }
    if at_hand > answered {
        let stage = if climbs { answered } else { at_hand - 1 };
        return Some(Task::Measure { of, stage });
    }
    // To encode a text for yet another tokenizer may take longer than the next model.
    (encoded && !looked_up).then_some(Task::LookUp(of))
}

/// What brings a want nearer once its turn has come, where scores at hand have no numbers to give.
fn with_model(of: Pair, standing: &Standing) -> Task {
    let Standing { looked_up, further, emitted: Emitted { stages, answered, null, .. }, .. } = *standing;
    match answered >= stages {
        _ if !looked_up => Task::LookUp(of),
        // It takes longer than the numbers do, and waits for its turn.
        true if null && further != Further::Missing => Task::MeasureSpread(of),
        // Evicted, or not made yet.
        true => Task::Score { of, stage: stages.saturating_sub(1) },
        false => Task::Score { of, stage: answered },
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
