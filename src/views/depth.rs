//! Hidden states along an axis: by number, or by relative depth where models differ in theirs.

use super::options::{LayerChoice, Options};
use super::snapshot::Measure;
use crate::analysis::relative;
use crate::chart::Axis;

/// Where hidden states stand along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// By their number, 0 for the embedding output.
    Number,
    /// By the share of the way through their model, 0 for the embedding output and 1 for the last.
    Relative,
}

impl Depth {
    /// By number where all have as many hidden states as each other.
    pub(super) fn of<'s>(mut measures: impl Iterator<Item = &'s Measure<'s>>) -> Self {
        let states = |measure: &Measure<'_>| measure.measurement.layers.len();
        let first = measures.next().map(states);
        match measures.all(|measure| Some(states(measure)) == first) {
            true => Self::Number,
            false => Self::Relative,
        }
    }

    /// The axis.
    pub(super) fn axis(self) -> Axis {
        match self {
            Self::Number => Axis::new("layer", "0 embedding"),
            Self::Relative => Axis::new("relative depth", "0 embedding, 1 last layer"),
        }
    }

    /// The place of a hidden state of so many.
    pub(super) fn place(self, layer: usize, states: usize) -> f64 {
        match self {
            Self::Number => layer as f64,
            Self::Relative => relative::depth(layer, states.saturating_sub(1)).unwrap_or(0.0),
        }
    }
}

/// The options for one hidden state after the other, from the embedding output on.
pub(super) fn layers(measure: &Measure<'_>, options: &Options) -> impl Iterator<Item = (usize, Options)> {
    let options = options.clone();
    (0..measure.measurement.layers.len())
        .map(move |layer| (layer, Options { layers: LayerChoice::Layer(layer), ..options.clone() }))
}
