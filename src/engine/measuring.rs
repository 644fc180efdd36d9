//! From the scores of a checkpoint to its measures.

use std::ops::Range;
use std::sync::Arc;

use super::sample::Sample;
use super::scored::Scored;
use crate::error::{Error, Kind};
use crate::estimator::{Answer, Binning, Estimator, Question, SampleLabels};
use crate::measures::{EntropiesByLabel, Label, LabelEntropies, LabelTable, LayerMeasures, Order};
use crate::results::{Estimate, Measurement};

/// The measures of every layer under some labels and the reference points of one seed, for each prefix asked
/// for, `[prefixes][layers]`; and the entropies of single labels, where they are.
///
/// # Errors
/// Scores that are damaged or not finite; [`Kind::Cancelled`] once `interrupted`.
pub fn layers_of(
    scored: &Scored,
    seed: usize,
    estimator: &mut Estimator,
    question: &Question,
    labels: &Arc<SampleLabels>,
    interrupted: &mut (dyn FnMut() -> bool + Send),
) -> Result<(Vec<Vec<LayerMeasures>>, EntropiesByLabel), Error> {
    let Answer { layers: statistics, labels: of_labels } =
        estimator.statistics(&scored.scores(seed), question, labels, interrupted)?;
    let mut prefixes = vec![Vec::with_capacity(scored.table.shape().layers); question.prefixes.len()];
    for (layer, statistics) in statistics.iter().enumerate() {
        for (layers, statistics) in prefixes.iter_mut().zip(statistics) {
            let measures = LayerMeasures::of_statistics(layer, question.binning.points, statistics);
            if !measures.is_finite() {
                let cause = format!("the hidden states of layer {layer} are not finite or too large");
                return Err(Error::new(Kind::Weights, cause)
                    .help("the checkpoint is damaged or its training diverged"));
            }
            layers.push(measures);
        }
    }
    Ok((prefixes, of_labels))
}

/// The average over layers 1..L.
///
/// # Errors
/// A model without blocks.
fn mean_of(layers: &[LayerMeasures]) -> Result<LayerMeasures, Error> {
    LayerMeasures::mean(&layers[1..])
        .ok_or_else(|| Error::new(Kind::Config, "a model without blocks has nothing to average"))
}

/// The measurement of a checkpoint, whose content hash is `weights`, on the first documents of a sample, as many as
/// `stage` has.
///
/// # Errors
/// As [`layers_of`]; a loss that is not finite, no label seen often enough.
pub fn measurement(
    scored: &Scored,
    (sample, stage): (&Sample, usize),
    weights: Option<u128>,
    estimator: &mut Estimator,
    (binning, min_count): (Binning, u32),
    interrupted: &mut (dyn FnMut() -> bool + Send),
) -> Result<Measurement, Error> {
    let documents = sample.curve(stage);
    let prefixes: Vec<usize> = documents.iter().map(|&documents| sample.positions(documents)).collect();
    // Averages leave out the embedding output.
    let listed = 1..scored.table.shape().layers;
    let question = Question { binning, min_count, prefixes, listed };
    let (mut prefixes, of_labels) = layers_of(scored, 0, estimator, &question, &sample.labels, interrupted)?;
    let mut convergence = Vec::with_capacity(prefixes.len());
    for ((layers, &documents), &positions) in prefixes.iter().zip(&documents).zip(&question.prefixes) {
        let information = mean_of(layers)?.informations();
        convergence.push(Estimate { documents, positions, information });
    }
    let layers = prefixes.pop().unwrap_or_default();
    let mean = mean_of(&layers)?;
    let of_tokens = sample.labels.has(&Label::Input(Order::Token));
    if mean.information.is_empty() || of_tokens && mean.plane(Order::Token).is_none() {
        let what = if of_tokens { "token" } else { "label" };
        let cause = format!("no {what} occurs {min_count} times in this sample");
        return Err(Error::new(Kind::Sample, cause).help("use a smaller --min-count or more --samples"));
    }
    let losses = scored.table.losses(sample.chunks_of(stage));
    // Without an output head nothing is predicted.
    let loss = (losses.predictions > 0).then(|| losses.sum / losses.predictions as f64);
    if loss.is_some_and(|loss| !loss.is_finite()) {
        return Err(Error::new(Kind::Weights, "the loss is not finite")
            .help("the checkpoint is damaged or its training diverged"));
    }
    let positions = question.prefixes.last().copied().unwrap_or(0);
    let table = |(label, found): (Label, LabelEntropies)| {
        let unit = (binning.points as f64).ln();
        let table = LabelTable::new(&found, unit, |position| sample.text_of(&label, position));
        (label, table)
    };
    let label_tables = of_labels.into_iter().filter(|(label, _)| mean.information.contains_key(label));
    let label_tables = label_tables.map(table).filter(|(_, table)| !table.labels.is_empty()).collect();
    let hex = |hash: u128| format!("{hash:032x}");
    Ok(Measurement {
        loss,
        positions,
        temperature: binning.temperature,
        layers,
        mean,
        convergence,
        label_tables,
        weights: weights.map(hex),
        sample: Some(hex(sample.identity_of(stage))),
        warning: None,
    })
}

/// A measurement with the null beside its numbers: the measures under labels dealt out at random.
///
/// # Errors
/// As [`layers_of`].
pub fn with_null(
    measurement: &Measurement,
    scored: &Scored,
    (sample, stage): (&Sample, usize),
    estimator: &mut Estimator,
    (binning, min_count): (Binning, u32),
    interrupted: &mut (dyn FnMut() -> bool + Send),
) -> Result<Measurement, Error> {
    let question = Question { binning, min_count, prefixes: vec![measurement.positions], listed: 0..0 };
    let null = sample.null(stage);
    let null = layers_of(scored, 0, estimator, &question, &null, interrupted)?.0.concat();
    let layers = measurement.layers.iter().zip(&null);
    let layers: Vec<LayerMeasures> = layers.map(|(layer, null)| layer.clone().with_null(null)).collect();
    let mean = mean_of(&layers)?;
    Ok(Measurement { layers, mean, ..measurement.clone() })
}

/// A measurement with the spread beside its numbers: over the first seed of the reference points, which they are of, and
/// further `seeds`, of which `scored` has the scores.
///
/// # Errors
/// As [`layers_of`].
pub fn with_spread(
    measurement: &Measurement,
    (scored, seeds): (&Scored, Range<usize>),
    sample: &Sample,
    estimator: &mut Estimator,
    (binning, min_count): (Binning, u32),
    interrupted: &mut (dyn FnMut() -> bool + Send),
) -> Result<Measurement, Error> {
    let question = Question { binning, min_count, prefixes: vec![measurement.positions], listed: 0..0 };
    let of = |seed| layers_of(scored, seed, estimator, &question, &sample.labels, interrupted);
    let seeds: Vec<Vec<LayerMeasures>> =
        seeds.map(of).map(|layers| Ok(layers?.0.concat())).collect::<Result<_, Error>>()?;
    let spread = |(index, layer): (usize, &LayerMeasures)| {
        let others: Vec<&LayerMeasures> = seeds.iter().map(|seed| &seed[index]).collect();
        layer.clone().with_spread(&others)
    };
    let layers = measurement.layers.iter().enumerate().map(spread).collect();
    // The average is one number a seed, and spreads less than its layers do.
    let means = seeds.iter().map(|layers| mean_of(layers)).collect::<Result<Vec<_>, _>>()?;
    let mean = measurement.mean.clone().with_spread(&means.iter().collect::<Vec<_>>());
    Ok(Measurement { layers, mean, ..measurement.clone() })
}
