//! What a model lost on documents.

use serde::{Deserialize, Serialize};

/// What the model lost on the documents of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// The sum of all next-token losses in nats.
    pub sum: f64,
    /// How many predictions that sums.
    pub predictions: usize,
}

impl std::iter::Sum for Losses {
    fn sum<I: Iterator<Item = Self>>(losses: I) -> Self {
        losses.fold(Self::default(), |a, b| Self {
            sum: a.sum + b.sum,
            predictions: a.predictions + b.predictions,
        })
    }
}
