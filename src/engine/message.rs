//! Everything the window or the command line can ask of the worker, and everything it can answer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::checkpoints::Run;
use crate::condition::TextSource;
use crate::error::Error;
use crate::results::{Measurement, Results};
use crate::settings::Settings;

/// Which checkpoint of which open run: indices into the list of [`Event::Opened`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckpointId {
    /// Index of the run.
    pub run: usize,
    /// Index of the checkpoint within its run.
    pub checkpoint: usize,
}

/// A measurement of all open runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Counts requests; events carry it, so answers to an older request can be told apart.
    pub generation: u64,
    /// What to measure and how.
    pub settings: Settings,
    /// What the models read.
    pub text: TextSource,
    /// The checkpoint to measure first, usually the one under the scrubber.
    pub focus: Option<CheckpointId>,
    /// Whether to show a first estimate of every checkpoint on a small sample before the full ones,
    /// and to keep scores so that temperature and points can change without the model.
    pub interactive: bool,
}

impl Request {
    /// How many reference points are scored where none are yet: in the window some to spare, so that their number can change
    /// without the model.
    pub fn scored_points(&self) -> usize {
        const SPARE: usize = 128;
        match self.interactive {
            true => self.settings.points.max(SPARE).next_power_of_two(),
            false => self.settings.points,
        }
    }

    /// Whether checkpoints are measured on part of the sample first.
    pub fn staged(&self) -> bool {
        self.interactive || self.settings.tolerance > 0.0
    }

    /// Whether scores made for one request answer the other, as far as they are of enough points and seeds: nothing
    /// before the scores changed.
    pub fn same_scores(&self, other: &Self) -> bool {
        let key = |request: &Self| {
            (request.settings.of_scores(), request.text.clone(), request.staged(), request.interactive)
        };
        key(self) == key(other)
    }
}

/// What the estimator added to the forward pass of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EstimatorCosts {
    /// Making scores from hidden states, and storing them.
    pub scores: Duration,
    /// From scores to measures, with all that tells whether to believe them.
    pub statistics: Duration,
}

/// What is on screen, and is measured before the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// The checkpoint to measure before the others, usually the one under the scrubber.
    pub checkpoint: Option<CheckpointId>,
    /// Indices of runs that are not drawn: measured once nothing is left to do for the others.
    pub hidden: Vec<usize>,
}

/// What the worker can be asked. The newest request wins.
#[derive(Clone, Debug)]
pub enum Command {
    /// Look for runs in these folders, and take recorded ones from files of results; where there are any, they
    /// replace the open ones.
    Open {
        /// Models, runs of checkpoints, folders of runs, or results.
        paths: Vec<PathBuf>,
    },
    /// Measure all open runs under these settings, reusing whatever still holds.
    Measure(Request),
    /// Go on with the present request in another order; what is under way is finished first.
    Focus(Focus),
    /// Stop measuring; what is finished stays.
    Cancel,
}

/// What the worker can say.
#[derive(Clone, Debug)]
pub enum Event {
    /// The compute device in use, by its own name; again when it changed.
    Device {
        /// For people: `CPU (burn-flex, 2 threads)` or `GPU NVIDIA …`.
        name: String,
    },
    /// The runs now open, replacing earlier ones. Measurements of earlier runs no longer hold.
    Opened {
        /// The runs, their checkpoints in the order of training.
        runs: Arc<Vec<Run>>,
        /// For each run the results it was read from, where it was: such a run is not measured.
        recorded: Vec<Option<Arc<Results>>>,
    },
    /// The text is encoded and labelled.
    Prepared {
        /// The request it belongs to.
        generation: u64,
        /// Index of the run.
        run: usize,
        /// Documents long enough to be measured.
        documents: usize,
        /// Documents with no labelled position.
        skipped_documents: usize,
        /// Labelled positions.
        positions: usize,
    },
    /// How far a request has come.
    Progress {
        /// The request it belongs to.
        generation: u64,
        /// The checkpoint being worked on.
        checkpoint: CheckpointId,
        /// The share of this checkpoint's documents that is read, 0 to 1.
        checkpoint_share: f32,
        /// The share of the whole request that is done, 0 to 1.
        total_share: f32,
        /// Time left for the whole request, once it can be told.
        left: Option<Duration>,
    },
    /// A checkpoint's numbers, first or refined.
    Measured {
        /// The request it belongs to.
        generation: u64,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Its numbers.
        measurement: Arc<Measurement>,
        /// The number of documents they rest on.
        documents: usize,
        /// Whether that is the whole sample, or enough of it.
        complete: bool,
        /// Whether they were measured before and only looked up.
        recalled: bool,
    },
    /// One checkpoint could not be measured; the rest go on.
    CheckpointFailed {
        /// The request it belongs to.
        generation: u64,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        error: Error,
    },
    /// Trouble after which work goes on, as when the GPU was lost and the CPU took over.
    Warning(String),
    /// A folder could not be opened, or a request not be measured at all.
    Failed {
        /// The request; absent where a folder is meant.
        generation: Option<u64>,
        /// Why.
        error: Error,
    },
    /// Nothing is left to do for this request.
    Idle {
        /// The request that ended.
        generation: u64,
        /// Whether it was cancelled rather than finished.
        cancelled: bool,
        /// What the estimator cost; absent on a GPU, where nobody waits for one part before the next.
        costs: Option<EstimatorCosts>,
    },
}
