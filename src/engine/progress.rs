//! How far a request has come and how long it will still take.

use std::time::{Duration, Instant};

/// Counts documents through models.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    /// Documents scored since the start, those under way by their share.
    done: f64,
}

impl Progress {
    /// Nothing done yet.
    pub fn new() -> Self {
        Self { started: Instant::now(), done: 0.0 }
    }

    /// Notes `documents` more.
    pub fn advance(&mut self, documents: f64) {
        self.done += documents;
    }

    /// The time for `remaining` documents at the pace so far, once there is a pace to speak of.
    pub fn left(&self, remaining: f64) -> Option<Duration> {
        let elapsed = self.started.elapsed();
        let told = elapsed > Duration::from_millis(500) && self.done > 0.0;
        told.then(|| elapsed.mul_f64(remaining / self.done))
    }
}
