//! A figure's numbers as a table.

use super::{Chart, Datum, Facet};
use crate::error::{Error, Kind, Result};

/// The columns.
const COLUMNS: [&str; 17] = [
    "panel",
    "series",
    "run",
    "checkpoint",
    "step",
    "tokens",
    "layer",
    "order",
    "condition",
    "x",
    "y",
    "low",
    "high",
    "statistic",
    "p",
    "n",
    "label",
];

/// The numbers of a chart as CSV, a row a datum; cells are empty where a datum has none.
///
/// # Errors
/// None in practice; what the writer said.
pub fn csv(chart: &Chart) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(Kind::Output, format!("the table cannot be written ({error})"))
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    for (facet, series, datum) in chart.data() {
        writer.write_record(row(chart, facet, series, datum)).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

fn row(chart: &Chart, facet: &Facet, series: &str, datum: &Datum) -> [String; COLUMNS.len()] {
    let number = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    let maybe = |value: Option<f64>| value.map_or_else(String::new, number);
    let count = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    let (run, checkpoint) = (chart.subjects.run(datum.of), chart.subjects.checkpoint(datum.of));
    let statistic = datum.statistic;
    [
        facet.title.clone(),
        series.to_owned(),
        run.map_or_else(String::new, |run| run.name.clone()),
        checkpoint.map_or_else(String::new, |checkpoint| checkpoint.name.clone()),
        count(checkpoint.and_then(|checkpoint| checkpoint.step)),
        count(checkpoint.and_then(|checkpoint| checkpoint.tokens)),
        count(datum.of.layer.map(|layer| layer as u64)),
        datum.of.order.map_or_else(String::new, |order| order.name().to_owned()),
        run.map_or_else(String::new, |run| run.condition.clone()),
        number(datum.x),
        number(datum.y),
        maybe(datum.low),
        maybe(datum.high),
        statistic.map_or_else(String::new, |statistic| statistic.name.to_owned()),
        maybe(statistic.and_then(|statistic| statistic.p)),
        count(statistic.map(|statistic| statistic.n as u64)),
        datum.label.clone(),
    ]
}
