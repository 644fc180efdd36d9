//! What was emitted under each condition.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::checkpoints::{CheckpointKey, RunKey};
use crate::condition::Condition;
use crate::engine::message::Want;
use crate::engine::session::{ScoresOf, SessionId};
use crate::results::Measurement;

/// What was emitted under a condition.
pub struct Answers {
    /// The condition.
    pub condition: Arc<Condition>,
    /// Whose scores it queries.
    pub session: SessionId,
    /// Whether nothing can be measured under it.
    pub failed: bool,
    /// Runs whose sample was announced.
    pub announced: HashSet<RunKey>,
    /// What was emitted of each checkpoint that is wanted.
    pub of: HashMap<CheckpointKey, Answer>,
}

impl Answers {
    /// Nothing emitted yet.
    pub fn new(condition: Arc<Condition>, session: SessionId) -> Self {
        Self { condition, session, failed: false, announced: HashSet::new(), of: HashMap::new() }
    }
}

/// What was emitted of a checkpoint under a condition.
#[derive(Default)]
pub struct Answer {
    /// Whether bank and store were looked into.
    pub looked_up: bool,
    /// The stages of the sample that the newest numbers rest on; 0 where there are none.
    pub stages: usize,
    /// The stages that are enough, where the numbers have settled before the last.
    pub settled: Option<usize>,
    /// The newest numbers, for what is emitted beside them.
    pub measurement: Option<Arc<Measurement>>,
    /// Whether they have the null beside them.
    pub null: bool,
    /// Whether they have null and spread beside them.
    pub honest: bool,
    /// Whether it failed.
    pub failed: bool,
}

/// Whether two conditions are one.
pub fn same(a: &Arc<Condition>, b: &Arc<Condition>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// Whether a checkpoint is not wanted under a condition of which `part` is one.
pub fn unwanted(wants: &[Want], checkpoint: CheckpointKey, part: &Condition) -> bool {
    let mut of_checkpoint = wants.iter().filter(|want| want.checkpoint == checkpoint);
    !of_checkpoint.any(|want| want.condition.parts().contains(part))
}

/// Whether none of the conditions that are wanted queries these scores.
pub fn without_scores(wants: &[Want], of: &ScoresOf, live: bool) -> bool {
    !parts(wants).iter().any(|part| ScoresOf::new(part, live) == *of)
}

/// Whether a condition is wanted with a part that is none of those known.
pub fn any_new(wants: &[Want], known: &[Arc<Condition>]) -> bool {
    parts(wants).iter().any(|part| !known.iter().any(|other| **other == *part))
}

/// The parts of the conditions that are wanted.
fn parts(wants: &[Want]) -> Vec<Condition> {
    conditions(wants).iter().flat_map(|condition| condition.parts()).collect()
}

/// The conditions that are wanted; one may be there twice where it was made twice.
fn conditions(wants: &[Want]) -> Vec<&Arc<Condition>> {
    let mut found: Vec<&Arc<Condition>> = Vec::new();
    for want in wants {
        if !found.iter().any(|known| Arc::ptr_eq(known, &want.condition)) {
            found.push(&want.condition);
        }
    }
    found
}
