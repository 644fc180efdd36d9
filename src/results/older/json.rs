//! Documents of schema 1 and of before there was a number: one condition, a layer's numbers by the order of their labels,
//! and the convergence as one list a side.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{fields, renamed};
use crate::measures::{Label, LayerMeasures, Measure, Order, Subject, known};
use crate::results::provenance::read_fields;
use crate::results::{Cause, ConditionResults, Estimate, Results, json, rows};

/// Reads a JSON document of schema 1 or of before there was a number.
pub fn read(bytes: &[u8], schema: u64, settings: Map<String, Value>) -> Result<Results, Cause> {
    #[derive(Deserialize)]
    struct Body {
        checkpoints: Vec<Map<String, Value>>,
    }
    if !settings.contains_key("version") {
        return Err(Cause::Foreign("its settings do not say which version measured".to_owned()));
    }
    let (condition, provenance) = read_fields(&fields(settings), schema > 0).map_err(Cause::Unusable)?;
    let body: Body = serde_json::from_slice(bytes).map_err(|error| Cause::Unusable(error.to_string()))?;
    let checkpoint = |fields| json::checkpoint(fields, provenance.clone(), modern);
    let checkpoints = body.checkpoints.into_iter().map(checkpoint).collect::<Result<_, _>>();
    let checkpoints = checkpoints.map_err(Cause::Unusable)?;
    Ok(Results { conditions: vec![ConditionResults { condition, checkpoints }] })
}

/// The fields of a measured checkpoint in the form of today.
///
/// # Errors
/// A field that is missing or of another kind.
fn modern(mut fields: Map<String, Value>) -> Result<Map<String, Value>, String> {
    replace(&mut fields, "layers", |layers: Vec<Layer>| {
        layers.into_iter().map(Layer::modern).collect::<Result<Vec<_>, _>>()
    })?;
    replace(&mut fields, "mean", Layer::modern)?;
    replace(&mut fields, "convergence", |estimates: Vec<Growth>| {
        Ok(estimates.into_iter().map(Growth::modern).collect::<Vec<_>>())
    })?;
    Ok(fields)
}

/// Replaces a field, where there is one, by what it is today.
fn replace<Old: DeserializeOwned, New: Serialize>(
    fields: &mut Map<String, Value>,
    name: &str,
    modern: impl FnOnce(Old) -> Result<New, String>,
) -> Result<(), String> {
    let Some(old) = fields.get_mut(name) else { return Ok(()) };
    let modern = modern(serde_json::from_value(old.take()).map_err(|error| error.to_string())?)?;
    *old = serde_json::to_value(modern).map_err(|error| error.to_string())?;
    Ok(())
}

#[derive(Deserialize)]
struct Layer {
    layer: Option<usize>,
    entropy: f64,
    entropy_spread: Option<f64>,
    #[serde(deserialize_with = "known")]
    orders: BTreeMap<Order, HashMap<String, Option<f64>>>,
}

impl Layer {
    fn modern(self) -> Result<LayerMeasures, String> {
        let mut values = HashMap::from([((Subject::Layer, Measure::Entropy), self.entropy)]);
        values.extend(self.entropy_spread.map(|spread| ((Subject::Layer, Measure::Spread), spread)));
        let mut labels = BTreeSet::new();
        for (order, fields) in self.orders {
            labels.extend([Label::Input(order), Label::Output(order)]);
            values
                .extend(fields.iter().filter_map(|(field, value)| Some((renamed(field, order)?, (*value)?))));
        }
        let value = |subject: &Subject, measure| values.get(&(subject.clone(), measure)).copied();
        LayerMeasures::from_values(self.layer, labels, value)
            .map_err(|(subject, measure)| format!("lacks {}", rows::name_of(self.layer, &subject, measure)))
    }
}

#[derive(Deserialize)]
struct Growth {
    documents: usize,
    positions: usize,
    input: Vec<f64>,
    output: Vec<f64>,
}

impl Growth {
    fn modern(self) -> Estimate {
        let Self { documents, positions, input, output } = self;
        let inputs = Order::ALL.map(Label::Input).into_iter().zip(input);
        let information = inputs.chain(Order::ALL.map(Label::Output).into_iter().zip(output)).collect();
        Estimate { documents, positions, information }
    }
}
