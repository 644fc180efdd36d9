//! `infoplane show --labels`: the single labels that most of an information is owed to, and those that tell least.

use std::collections::BTreeSet;

use super::{Table, full_name, printable};
use crate::error::{Error, Kind, Result};
use crate::measures::{Label, LabelEntry, LabelTable, Subject};
use crate::results::{CheckpointResult, Measurement};
use crate::words::thousands;

/// The columns.
const HEADER: [&str; 5] = ["label", "positions", "H(Z) − H(Z|x)", "part of I", "of I"];

/// What the columns are.
pub(super) const LEGEND: &str = "label          x, its blanks as middle dots; those that occur once are left out\n\
                                 positions      positions that carry it\n\
                                 H(Z) − H(Z|x)  what it tells of Z at each of them; mean of layers, nats over ln n\n\
                                 part of I      p(x)·(H(Z) − H(Z|x)), what of I(X;Z) is owed to it\n";

/// Labels as they are asked for: those of an order before and after a position, one of these, preference, or a field by
/// its name.
///
/// # Errors
/// A word that is none of them.
pub(super) fn asked(word: &str) -> Result<Vec<Label>, String> {
    match word.parse() {
        Ok(Subject::Order(order)) => Ok(vec![Label::Input(order), Label::Output(order)]),
        Ok(Subject::Label(label)) => Ok(vec![label]),
        Ok(Subject::Layer) => Err("no label is named".to_owned()),
        Err(()) => Ok(vec![Label::Field(word.into())]),
    }
}

/// The tables of labels of the last measured checkpoint of each run, or of all of them; `top` labels at either end.
///
/// # Errors
/// That no checkpoint has such a table, with the labels that there are.
pub(super) fn tables(
    labels: &[Label],
    top: usize,
    checkpoints: &[&CheckpointResult],
    all: bool,
) -> Result<String> {
    let measured: Vec<(&CheckpointResult, &Measurement)> =
        checkpoints.iter().filter_map(|&checkpoint| Some((checkpoint, checkpoint.measurement()?))).collect();
    let is_last =
        |index: usize| measured.get(index + 1).is_none_or(|(next, _)| next.run != measured[index].0.run);
    let mut text = String::new();
    for (index, (checkpoint, measurement)) in measured.iter().enumerate() {
        if !all && !is_last(index) {
            continue;
        }
        for label in labels {
            let Some(table) = measurement.label_tables.get(label) else { continue };
            let whole = measurement.mean.information.get(label).map_or(f64::NAN, |of| of.value);
            let heading = format!("\n{}, {}", full_name(checkpoint), printable(&label.to_string()));
            text += &format!("{heading}: most is owed to\n{}", rows(table, table.most(top), whole));
            let least = table.least(top).into_iter();
            text += &format!("{heading}: least is told by\n{}", rows(table, least, whole));
        }
    }
    if !text.is_empty() {
        return Ok(text);
    }
    let known: BTreeSet<&Label> =
        measured.iter().flat_map(|(_, measurement)| measurement.label_tables.keys()).collect();
    let asked: Vec<String> = labels.iter().map(|label| printable(&label.to_string())).collect();
    let error = Error::new(Kind::Usage, format!("these results have no table of {}", asked.join(" or ")));
    let known: Vec<String> = known.into_iter().map(|label| printable(&label.to_string())).collect();
    Err(match known.is_empty() {
        true => error
            .help("tables of single labels are in JSON documents alone: measure again with --format json"),
        false => error.help(format!("there are {}", known.join(", "))),
    })
}

fn rows<'e>(table: &LabelTable, entries: impl Iterator<Item = &'e LabelEntry>, whole: f64) -> String {
    let mut rows = Table::new(&HEADER);
    for entry in entries {
        let part = table.part(entry);
        rows.add(
            Some(vec![
                printable(&entry.text),
                thousands(entry.positions),
                format!("{:.4}", entry.information),
                format!("{part:.5}"),
                format!("{:.2} %", 100.0 * part / whole),
            ]),
            "",
        );
    }
    rows.text()
}
