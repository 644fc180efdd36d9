//! What is asked of scores; the answer, whichever device makes it, is [`Statistics`].

use std::ops::Range;

use crate::error::{Error, Kind, Result};
use crate::measures::{EntropiesByLabel, Statistics};

/// How scores become soft bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binning {
    /// The number n of reference points used, a prefix of those scored.
    pub points: usize,
    /// The temperature ε.
    pub temperature: f64,
}

impl Binning {
    /// Binning with temperature ε.
    ///
    /// # Errors
    /// An ε that f32 cannot hold beside its inverse.
    pub fn new(points: usize, temperature: f64) -> Result<Self> {
        if !(1e-30..=1e30).contains(&temperature) {
            let cause = format!("the temperature {temperature:e} is beyond what can be computed with");
            return Err(Error::new(Kind::Usage, cause).help("calibrated values lie between 0.001 and 0.5"));
        }
        Ok(Self { points, temperature })
    }
}

/// What is asked of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// How scores become soft bins.
    pub binning: Binning,
    /// Labels seen fewer times are dropped, their positions with them.
    pub min_count: u32,
    /// Numbers of positions, rising: each asks for the statistics of the sample cut short there.
    pub prefixes: Vec<usize>,
    /// The layers, by their place among those asked of, over which the entropies of single labels are averaged on the
    /// longest prefix; empty where these are not asked for.
    pub listed: Range<usize>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The statistics of each layer, for each prefix: `[layers][prefixes]`.
    pub layers: Vec<Vec<Statistics>>,
    /// The entropies of single labels, a set of labels after the other; empty where they were not asked for.
    pub labels: EntropiesByLabel,
}
