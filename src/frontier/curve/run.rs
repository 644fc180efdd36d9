//! What a computation of a curve has come to: points, passes, progress, and whether it is to stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::Event;
use crate::error::{Error, Result};
use crate::frontier::Point;

/// A computation under way.
pub struct Run<'a> {
    /// Points found, in the order they were.
    pub points: Vec<Point>,
    /// Passes over the joint.
    pub passes: usize,
    /// Those of them that an accelerator made.
    pub accelerated: usize,
    /// Set by anyone to stop the work.
    pub stop: &'a AtomicBool,
    watch: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
    since: Instant,
    expected: usize,
    done: usize,
    fraction: f64,
}

impl<'a> Run<'a> {
    /// A computation that begins now.
    pub fn new(stop: &'a AtomicBool, watch: &'a mut dyn FnMut(Event) -> ControlFlow<()>) -> Self {
        let since = Instant::now();
        Self {
            points: Vec::new(),
            passes: 0,
            accelerated: 0,
            stop,
            watch,
            since,
            expected: 0,
            done: 0,
            fraction: 0.0,
        }
    }

    /// Says that this much more work is ahead, in whatever unit [`done`](Self::done) counts.
    pub fn expect(&mut self, work: usize) {
        self.expected += work;
    }

    /// Says that work is done.
    ///
    /// # Errors
    /// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
    pub fn done(&mut self, work: usize) -> Result<()> {
        self.done += work;
        let share = self.done as f64 / self.expected.max(self.done) as f64;
        // Work that turns up later does not take back what was told.
        self.fraction = self.fraction.max(share);
        let spent = self.since.elapsed().as_secs_f64();
        let left = (self.fraction > 0.0).then(|| spent * (1.0 - self.fraction) / self.fraction);
        self.tell(Event::Progress { fraction: self.fraction, seconds_left: left })
    }

    /// Says that work which was expected will not be needed.
    pub fn spare(&mut self, work: usize) {
        self.expected = self.expected.saturating_sub(work);
    }

    /// Says that a point was found.
    ///
    /// # Errors
    /// As [`done`](Self::done).
    pub fn found(&mut self, point: Point) -> Result<()> {
        self.points.push(point);
        self.tell(Event::Point(point))
    }

    fn tell(&mut self, event: Event) -> Result<()> {
        if (self.watch)(event).is_break() {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.unless_stopped()
    }

    /// Whether the work may go on.
    ///
    /// # Errors
    /// As [`done`](Self::done).
    pub fn unless_stopped(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::cancelled()) } else { Ok(()) }
    }
}
