//! What the statistics of a layer are, whichever device makes them, and the measures they lead to
//! (SPEC 2.3 to 2.5).

use crate::error::{Error, Kind, Result};
use crate::measures::{LayerMeasures, OrderMeasures};

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

/// The entropies of one layer over a sample, or over its first positions; in nats.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The number of positions.
    pub positions: usize,
    /// H(Z) over all of them.
    pub entropy: f64,
    /// What labels leave of it: input and output of order 1, input and output of order 2, ….
    pub sets: Vec<Conditional>,
}

/// The entropy of Z before and after a set of labels is known, over the positions whose label is seen often
/// enough; in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditional {
    /// H(Z) over the positions kept.
    pub entropy: f64,
    /// Σ p(x) H(Z|x).
    pub expectation: f64,
    /// Σ H(Z|x) / |X|, every label weighted alike.
    pub mean: f64,
    /// The number of positions kept.
    pub kept: usize,
    /// The number of positions whose label occurs once, kept or not.
    pub singletons: usize,
}

/// The measures of a layer. Orders that keep no position are absent; no order above one keeps any either,
/// since an n-gram is seen no more often than what it begins or ends with.
pub fn layer_measures(layer: usize, points: usize, statistics: &Statistics) -> LayerMeasures {
    let unit = (points as f64).ln();
    let all = statistics.positions as f64;
    let orders = statistics
        .sets
        .chunks_exact(2)
        .take_while(|pair| pair.iter().all(|set| set.kept > 0))
        .map(|pair| {
            let (input, output) = (pair[0], pair[1]);
            let information = |set: Conditional| (set.entropy - set.expectation) / unit;
            let unweighted = |set: Conditional| (set.entropy - set.mean) / unit;
            OrderMeasures {
                input_singletons: Some(input.singletons as f64 / all),
                output_singletons: Some(output.singletons as f64 / all),
                input_kept: Some(input.kept as f64 / all),
                output_kept: Some(output.kept as f64 / all),
                ..OrderMeasures::new(
                    information(input),
                    information(output),
                    unweighted(input),
                    unweighted(output),
                )
            }
        })
        .collect();
    LayerMeasures { layer: Some(layer), entropy: statistics.entropy / unit, orders, entropy_spread: None }
}
