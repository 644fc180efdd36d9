//! Results in the forms of earlier versions: they named each number by its side, as in `input_null` of an order.

pub mod json;
pub mod parquet;

use serde_json::{Map, Value};

use super::provenance::Fields;
use crate::measures::{Label, Measure, Order, Subject};

/// The settings' own `documents`, which are those of the whole sample.
const DOCUMENTS: [&str; 2] = ["documents", "sample_documents"];

/// The fields of settings that were written with the documents of the sample, the device and the version among them.
fn fields(settings: Map<String, Value>) -> Fields {
    let [before, now] = DOCUMENTS;
    let name = |name: String| if name == before { now.to_owned() } else { name };
    settings.into_iter().map(|(field, value)| (name(field), value)).collect()
}

/// What a number of an order was called, as of today; `None` for names there never were.
fn renamed(field: &str, order: Order) -> Option<(Subject, Measure)> {
    let (subject, rest) = field.split_once('_').unwrap_or((field, ""));
    let (subject, value, mean) = match subject {
        "input" => {
            (Subject::Label(Label::Input(order)), Measure::Information, Some(Measure::InformationMean))
        }
        "output" => {
            (Subject::Label(Label::Output(order)), Measure::Information, Some(Measure::InformationMean))
        }
        "optimality" => (Subject::Order(order), Measure::Optimality, None),
        _ => return None,
    };
    let measure = match rest {
        "" => Some(value),
        "mean" => mean,
        rest => rest.parse().ok(),
    };
    Some((subject, measure?))
}

#[cfg(test)]
mod tests;
