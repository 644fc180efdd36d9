//! The curve of a joint: what is asked, what is told while it grows, and which way it is found.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use super::{Frontier, Joint, Point};
use crate::error::Result;

/// What is asked of a [`curve`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The atoms of the codebook, 1 or more; `None` for what suits the joint.
    pub clusters: Option<usize>,
    /// Trade-offs β, above 0 and finite, at which a point is wanted whatever the curve looks like.
    pub betas: Vec<f64>,
    /// The start of all random choices. The same joint, options and seed give the same bits on any number of threads.
    pub seed: u64,
    /// Whether to spend several times the work: more atoms, further seeds.
    pub thorough: bool,
}

/// What is told while a curve is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A point that was found. Whether it is on the curve only the end tells.
    Point(Point),
    /// How much of the work is done, 0 to 1 and never falling, and the seconds that the rest should take; `None` while
    /// there is nothing to tell it by.
    Progress {
        /// The share of the work that is done.
        fraction: f64,
        /// Seconds left, as a guess.
        seconds_left: Option<f64>,
    },
}

/// Finds the frontier of a joint. `watch` is told of every point and of progress, on this thread; once it breaks, or
/// once `stop` is set by anyone, the work ends within a fraction of a pass.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a β that is no number above 0 and for 0 clusters;
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
pub fn curve(
    joint: &Joint,
    options: &Options,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<Frontier> {
    let _ = (joint, options, stop, watch);
    Err(crate::error::Error::cancelled())
}
