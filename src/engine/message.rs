//! What window and command line want of the worker, and what it answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::runs::RunList;
use crate::checkpoints::{CheckpointKey, RunKey};
use crate::condition::{Condition, TextSource};
use crate::error::Error;
use crate::frontier::Report;
use crate::labels::sentence::Sentence;
use crate::measures::Order;
use crate::measures::cloud::Cloud;
use crate::pairs::ReadPair;
use crate::results::Measurement;

/// How good numbers are, each better than those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// Of the first documents of the sample.
    Preview,
    /// Of the whole sample, or of so much of it that the numbers have settled within the tolerance.
    Complete,
    /// The same, with null and spread beside them.
    Honest,
}

/// Numbers that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// Of which checkpoint.
    pub checkpoint: CheckpointKey,
    /// Under which condition; two of the same content are one.
    pub condition: Arc<Condition>,
    /// How good they should be at the least.
    pub quality: Quality,
}

/// Something of a checkpoint that is looked at beside its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The checkpoint.
    pub checkpoint: CheckpointKey,
    /// The condition that it is measured under, whose sample is looked at.
    pub condition: Arc<Condition>,
    /// What of it.
    pub sight: Sight,
}

/// What of a checkpoint is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// The document of this number, from 0, in the checkpoint's own tokens.
    Document(usize),
    /// The preference pair of this number, from 0, likewise.
    Pair(usize),
    /// A few hundred hidden states of the first documents: those of one layer, 0 for the embedding output; `None` for
    /// the last.
    States(Option<usize>),
    /// The information-bottleneck frontier of the labels of an order, counted at the measured positions.
    Frontier(Order),
}

/// What is seen of a [`Sight`].
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The document with its labels.
    Document(Arc<Sentence>),
    /// The pair with what its positions count for.
    Pair(Arc<ReadPair>),
    /// The states, projected.
    States(Arc<Cloud>),
    /// The frontier, as far as it is known: more of it follows as long as it has [`Report::progress`].
    Frontier(Arc<Report>),
}

/// What the estimator added to the forward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EstimatorCosts {
    /// Making scores from hidden states, and storing them.
    pub scores: Duration,
    /// From scores to measures, with all that tells whether to believe them.
    pub statistics: Duration,
}

/// A message to the worker. Of each kind the newest counts.
#[derive(Clone, Debug)]
pub enum Command {
    /// Look for runs in these folders, and take recorded ones from files of results. Where there are any they replace
    /// the open ones, of which nothing is wanted any more.
    Open {
        /// Models, runs of checkpoints, folders of runs, or results.
        paths: Vec<PathBuf>,
    },
    /// All that is wanted from now on, the most urgent first. It replaces what was wanted before: numbers that were
    /// emitted for a want that is still there are not emitted again, and work for one that is gone stops. Wants of
    /// checkpoints that are not open, or recorded, are passed over.
    Want(Vec<Want>),
    /// All that is looked at from now on. It replaces what was looked at before: what is still there and was emitted is
    /// not emitted again. Looks at checkpoints that are not open, or recorded, are passed over.
    Look(Vec<Look>),
    /// Measure again what failed, and look at files again: they may have been mended or rewritten.
    Retry,
}

/// A message from the worker. It says itself what it is of, and so holds whatever was wanted since.
#[derive(Clone, Debug)]
pub enum Event {
    /// The compute device in use, by its own name; again when it changed.
    Device {
        /// For people: `CPU (2 threads)` or `GPU NVIDIA …`.
        name: String,
    },
    /// The runs now open, replacing earlier ones.
    Opened {
        /// The runs, their checkpoints in the order of training.
        runs: Arc<RunList>,
    },
    /// The text is encoded and labelled for a run.
    Prepared {
        /// The condition it belongs to.
        condition: Arc<Condition>,
        /// Which of its texts: the text itself, or the pairs.
        text: TextSource,
        /// The run.
        run: RunKey,
        /// Documents long enough to be measured.
        documents: usize,
        /// Documents with no labelled position.
        skipped_documents: usize,
        /// Labelled positions.
        positions: usize,
    },
    /// How far the work on what is wanted has come.
    Progress {
        /// The condition that is worked on.
        condition: Arc<Condition>,
        /// The checkpoint that is worked on.
        checkpoint: CheckpointKey,
        /// The share of this checkpoint's documents that is read, 0 to 1.
        checkpoint_share: f32,
        /// The share of all that is wanted that is done, 0 to 1.
        total_share: f32,
        /// Time until all is done; `None` before there is a pace to speak of.
        remaining: Option<Duration>,
    },
    /// A checkpoint's numbers, first or refined.
    Measured {
        /// The condition they were measured under.
        condition: Arc<Condition>,
        /// The checkpoint.
        checkpoint: CheckpointKey,
        /// Its numbers.
        measurement: Arc<Measurement>,
        /// The number of documents they rest on.
        documents: usize,
        /// How good they are.
        quality: Quality,
        /// Whether they were measured before and only looked up.
        recalled: bool,
    },
    /// One checkpoint cannot be measured under a condition; the rest go on.
    CheckpointFailed {
        /// The condition.
        condition: Arc<Condition>,
        /// The checkpoint.
        checkpoint: CheckpointKey,
        /// Why.
        error: Error,
    },
    /// What is looked at, or why it cannot be.
    Seen {
        /// The look it answers.
        look: Look,
        /// What there is to see.
        seen: Result<Seen, Error>,
    },
    /// Trouble after which work goes on, as when the GPU was lost and the CPU took over.
    Warning(String),
    /// A folder or file cannot be opened.
    OpenFailed {
        /// Why.
        error: Error,
    },
    /// Nothing can be measured under a condition, as where its text cannot be read.
    ConditionFailed {
        /// The condition.
        condition: Arc<Condition>,
        /// Why.
        error: Error,
    },
    /// Nothing is left to do of what is wanted. Emitted once for the newest wants.
    Idle {
        /// What the estimator cost since the worker was idle before; `None` on a GPU, where nobody waits for one part
        /// before the next.
        costs: Option<EstimatorCosts>,
    },
}
