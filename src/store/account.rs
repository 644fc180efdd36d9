//! What a process put into the store, for the line that tells it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::words::size;

/// Counts what is stored.
#[derive(Debug, Default)]
pub struct Account {
    /// Bytes of scores written.
    scores: Arc<AtomicU64>,
    measurements: AtomicU64,
    /// Checkpoints whose scores were not stored.
    left_out: AtomicU64,
}

impl Account {
    /// The count of the bytes of scores written, for an entry to add to.
    pub fn scores_written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.scores)
    }

    /// Counts a measurement that is kept.
    pub fn keep(&self) {
        self.measurements.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a checkpoint whose scores were not stored.
    pub fn leave_out(&self) {
        self.left_out.fetch_add(1, Ordering::Relaxed);
    }

    /// One line, unless nothing was stored.
    pub fn summary(&self, folder: &Path) -> Option<String> {
        let [scores, measurements, left_out] =
            [&*self.scores, &self.measurements, &self.left_out].map(|count| count.load(Ordering::Relaxed));
        let measured = match measurements {
            1 => "1 measurement".to_owned(),
            count => format!("{count} measurements"),
        };
        let stored = match (scores, measurements) {
            (0, 0) => return None,
            (0, _) => measured,
            (bytes, 0) => format!("{} of scores", size(bytes)),
            (bytes, _) => format!("{} of scores and {measured}", size(bytes)),
        };
        let more = match left_out {
            0 => "`infoplane store` lists and clears what is there",
            _ => "scores that are made again about as soon as read were not, --store-scores always does",
        };
        Some(format!("stored {stored} in {}; {more}", folder.display()))
    }
}
