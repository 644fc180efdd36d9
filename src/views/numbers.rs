//! The numbers of measurements under the options of a view: all that is drawn comes through here.

use super::options::{LayerChoice, Options};
use super::quantity::Quantity;
use crate::measures::{Estimated, Information, LayerMeasures, Order};
use crate::results::Measurement;

impl Quantity {
    /// The number of a checkpoint under the order and layers chosen; `None` where it is not known.
    pub fn of(self, measurement: &Measurement, options: &Options) -> Option<Estimated> {
        match self {
            Self::Loss => measurement.loss.map(Estimated::from),
            _ => self.of_layer(options.layers.of(measurement)?, options),
        }
    }

    /// The number of a hidden state, or of an average over them; `None` where it is not known, and for a loss.
    pub fn of_layer(self, layer: &LayerMeasures, options: &Options) -> Option<Estimated> {
        let information = |found: Option<&Information>| {
            let value = options.value(found?)?;
            Some(Estimated { value, spread: found?.spread })
        };
        let value = |found: Option<&Information>| information(found).map(|estimated| estimated.value);
        let order = options.order;
        let entropy = layer.entropy;
        let of_entropy =
            |value: f64| Some(value / entropy.value).filter(|share| share.is_finite()).map(Estimated::from);
        match self {
            Self::Complexity => information(layer.complexity(order)),
            Self::Expressivity => information(layer.expressivity(order)),
            Self::Optimality if options.less_null => {
                let ratio = value(layer.expressivity(order))? / value(layer.complexity(order))?;
                let spread = layer.optimality(order).and_then(|optimality| optimality.spread);
                Some(Estimated { value: ratio, spread }).filter(|ratio| ratio.value.is_finite())
            }
            Self::Optimality => layer.optimality(order),
            Self::Entropy => Some(entropy),
            Self::Regularity => of_entropy(value(layer.complexity(order))?),
            Self::Share(order) => {
                let below = match Order::of_number(order.number() - 1) {
                    Some(below) => value(layer.complexity(below))?,
                    None => 0.0,
                };
                of_entropy(value(layer.complexity(order))? - below)
            }
            Self::Residual => {
                let widest = layer.orders().last()?;
                of_entropy(entropy.value - value(layer.complexity(widest))?)
            }
            Self::Preference | Self::Field(_) => information(layer.information.get(&self.other_label()?)),
            Self::PreferenceRatio => {
                let preference = information(layer.information.get(&self.other_label()?))?;
                let complexity = value(layer.complexity(order))?;
                Some(Estimated::from(preference.value / complexity)).filter(|ratio| ratio.value.is_finite())
            }
            Self::Loss => None,
        }
    }
}

impl LayerChoice {
    /// The measures chosen of a measurement; `None` where it has no such hidden state.
    pub fn of(self, measurement: &Measurement) -> Option<&LayerMeasures> {
        match self {
            Self::Mean => Some(&measurement.mean),
            Self::Layer(index) => measurement.layers.get(index),
            Self::Depth(share) => measurement.layers.get(share.layer_of(measurement.layers.len())?),
            Self::Last => measurement.layers.last(),
        }
    }
}
