//! From the scores of a checkpoint to its measures.

use std::sync::Arc;

use super::inbox::Inbox;
use super::job::Scored;
use crate::error::{Error, Kind};
use crate::estimator::{Binning, Estimator, SampleSegments, layer_measures};
use crate::measures::LayerMeasures;
use crate::results::Measurement;

/// The measures of every layer under some labels.
pub fn layers_of(
    scored: &Scored,
    estimator: &mut Estimator,
    binning: Binning,
    segments: &Arc<SampleSegments>,
    inbox: &mut Inbox,
) -> Result<Vec<LayerMeasures>, Error> {
    let singletons = segments.singleton_shares();
    let mut layers = Vec::with_capacity(scored.layers.len());
    for (layer, scores) in scored.layers.iter().enumerate() {
        // Numbers for settings that are no longer wanted help nobody.
        if inbox.has_news() {
            return Err(Error::cancelled());
        }
        let conditionals = estimator.conditionals(scores, scored.stride, binning, segments)?;
        let measures = layer_measures(layer, binning.points, &conditionals, &singletons);
        if !measures.is_finite() {
            let cause = format!("the hidden states of layer {layer} are not finite");
            return Err(
                Error::new(Kind::Weights, cause).help("the checkpoint is damaged or its training diverged")
            );
        }
        layers.push(measures);
    }
    Ok(layers)
}

/// The measures of every layer with those under shuffled labels beside them.
pub fn with_null(layers: Vec<LayerMeasures>, null: &[LayerMeasures]) -> Vec<LayerMeasures> {
    layers.into_iter().zip(null).map(|(layer, null)| layer.with_null(null)).collect()
}

/// The measurement that the measures of all layers make up.
pub fn measurement(
    scored: &Scored,
    layers: Vec<LayerMeasures>,
    positions: usize,
    temperature: f64,
) -> Result<Measurement, Error> {
    let loss = scored.loss_sum / scored.predictions as f64;
    if !loss.is_finite() {
        return Err(Error::new(Kind::Weights, "the loss is not finite")
            .help("the checkpoint is damaged or its training diverged"));
    }
    let mean = LayerMeasures::mean(&layers[1..])
        .ok_or_else(|| Error::new(Kind::Config, "a model without blocks has nothing to average"))?;
    Ok(Measurement { loss, positions, temperature, layers, mean })
}
