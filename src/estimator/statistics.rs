//! What is asked of scores; the answer, whichever device makes it, is [`Statistics`](crate::measures::Statistics).

use crate::error::{Error, Kind, Result};

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
}
