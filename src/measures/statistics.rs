//! The entropies of a layer, and the measures they lead to (SPEC 2.3 to 2.5).

use super::{Information, Label, LayerMeasures, Order};

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

impl LayerMeasures {
    /// The measures of layer number `layer` from its statistics with `points` reference points.
    ///
    /// An order of which one side keeps no position is absent on both; no order above it keeps any either, since an
    /// n-gram is seen no more often than what it begins or ends with.
    pub fn of_statistics(layer: usize, points: usize, statistics: &Statistics) -> Self {
        let unit = (points as f64).ln();
        let all = statistics.positions as f64;
        let information = |set: &Conditional| Information {
            singletons: Some(set.singletons as f64 / all),
            kept: Some(set.kept as f64 / all),
            ..Information::new((set.entropy - set.expectation) / unit, (set.entropy - set.mean) / unit)
        };
        let pairs = Order::ALL.into_iter().zip(statistics.sets.chunks_exact(2));
        let kept = pairs.take_while(|(_, pair)| pair.iter().all(|set| set.kept > 0));
        let labelled = kept.flat_map(|(order, pair)| {
            [(Label::Input(order), information(&pair[0])), (Label::Output(order), information(&pair[1]))]
        });
        Self::new(Some(layer), statistics.entropy / unit, labelled)
    }
}
