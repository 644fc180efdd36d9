//! The outer bound: a line that no representation Z of X alone can be above, whatever finds it.
//!
//! Let Y_1 … Y_k be drawn given X, each as Y is. Since Z is a function of X and of chance alone,
//!
//! k I(Y;Z) = Σ I(Y_i;Z) = I(Y_1…Y_k;Z) + TC − TC(· | Z) ≤ I(X;Z) + TC,
//!
//! where TC = Σ H(Y_i) − H(Y_1…Y_k) is the total correlation of the draws, which depends on the joint alone. One draw is
//! the data-processing inequality I(Y;Z) ≤ I(X;Z); more draws are lines of lower slope. The draws may depend on each
//! other given X as one likes: the less they tell of each other, the lower the line.

mod coupled;
mod independent;
mod sampling;

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::joint::Joint;
use crate::error::Result;

/// How many standard errors are added to what was estimated. Four, since the least of many lines is taken.
const STANDARD_ERRORS: f64 = 4.0;

/// What the bound is, in words that hold.
pub const LABEL: &str = "no encoder of X alone can be above this";

/// The region in which every representation of X alone lies: below all of its lines, the data-processing inequality
/// and I(X;Y).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Band {
    /// The lines, each of some draws of Y.
    pub draws: Vec<Draw>,
}

/// One line of the outer bound: `draws` · I(Y;Z) ≤ I(X;Z) + `correlation`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// The number k of draws of Y given X.
    pub draws: usize,
    /// Their total correlation in nats.
    pub correlation: f64,
    /// The standard error of it; 0 where it was computed without sampling.
    pub error: f64,
    /// Whether two of the draws depend on each other given X, so as to tell little of each other.
    pub coupled: bool,
}

impl Draw {
    /// The largest expressivity at a complexity, both in nats, standard errors included.
    fn at(&self, complexity: f64) -> f64 {
        (complexity + self.height()) / self.draws as f64
    }

    /// The total correlation with all that it may be off.
    fn height(&self) -> f64 {
        self.correlation + STANDARD_ERRORS * self.error
    }
}

/// What of the bound is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Draws that are independent given X: a second or two at any size.
    Independent,
    /// And a pair of draws that depend on each other, which takes some ten times as long and bounds lower.
    Coupled,
}

/// The bytes in main memory that [`Band::of`] takes at most beside a joint of `entries` pairs.
pub fn bytes_needed(entries: usize, effort: Effort) -> u64 {
    // What is kept of columns and posteriors is little. A coupling has tables over pairs of classes, and for each pair of
    // labels its class, its share, its weights and its place in the columns.
    const TABLES: u64 = 160 << 20;
    const AN_ENTRY: u64 = 64;
    match effort {
        Effort::Independent => 16 << 20,
        Effort::Coupled => TABLES.saturating_add(AN_ENTRY.saturating_mul(entries as u64)),
    }
}

impl Band {
    /// Computes the bound of a joint. The same joint gives the same bits on any number of threads.
    ///
    /// # Errors
    /// [`Kind::Cancelled`](crate::error::Kind::Cancelled) soon after `stop` is set.
    pub fn of(joint: &Joint, effort: Effort, stop: &AtomicBool) -> Result<Self> {
        let mut draws = independent::draws(joint, stop)?;
        if effort == Effort::Coupled {
            draws.extend(coupled::draws(joint, stop)?);
        }
        Ok(Self { draws })
    }

    /// The largest I(Y;Z) that a representation of X alone can have at a complexity I(X;Z), where I(X;Y) is
    /// `information`; in nats.
    pub fn at(&self, complexity: f64, information: f64) -> f64 {
        let lines = self.draws.iter().map(|draw| draw.at(complexity));
        lines.fold(complexity.min(information), f64::min).max(0.0)
    }

    /// The corners (I(X;Z), I(Y;Z)) of the bound as a line from the origin to the complexity `end`, where I(X;Y) is
    /// `information`; in nats.
    pub fn corners(&self, information: f64, end: f64) -> Vec<(f64, f64)> {
        // Height and slope of each line, the steepest first.
        let mut lines: Vec<(f64, f64)> = vec![(0.0, 1.0), (information, 0.0)];
        lines.extend(
            self.draws.iter().map(|draw| (draw.height() / draw.draws as f64, 1.0 / draw.draws as f64)),
        );
        let (mut corners, mut slope, mut at) = (vec![(0.0, 0.0)], 1.0, 0.0);
        let mut height = 0.0;
        loop {
            let crossing = lines
                .iter()
                .filter(|line| line.1 < slope)
                .map(|line| (((line.0 - height) / (slope - line.1)).max(at), *line))
                .min_by(|(a, line), (b, other)| a.total_cmp(b).then(line.1.total_cmp(&other.1)));
            let Some((next, line)) = crossing.filter(|(next, _)| *next < end) else { break };
            if next > at {
                corners.push((next, height + slope * next));
            }
            (at, (height, slope)) = (next, line);
        }
        if end > at {
            corners.push((end, height + slope * end));
        }
        corners
    }
}

#[cfg(test)]
mod tests;
