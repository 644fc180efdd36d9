//! What a frame shows, in words.

use std::collections::BTreeSet;

use super::{Cursor, Moment};
use crate::chart::{Chart, Datum, Facet, Mark};
use crate::words::counted;

/// Of no more data than these is each told.
const MOST: usize = 12;

/// What a facet shows: what it is of, how much of it there is, the numbers at the scrubber, and what its signs mean.
pub(super) fn of(chart: &Chart, facet: &Facet, cursor: &Cursor) -> String {
    let data: Vec<&Datum> = facet.marks.iter().flat_map(Mark::data).collect();
    let checkpoints: BTreeSet<_> =
        data.iter().filter_map(|datum| Some((datum.of.run?, datum.of.checkpoint?))).collect();
    let many = match checkpoints.len() {
        0 => counted(data.len(), "value"),
        count => counted(count, "checkpoint"),
    };
    let mut text = chart.title.clone();
    if !facet.title.is_empty() {
        text += &format!(", {}", facet.title);
    }
    text += &format!(": {many}");
    let is_current = |datum: &&&Datum| cursor.moment(datum.of) == Moment::Current;
    // Without a scrubber among few, all are told.
    let has_current = data.iter().any(|datum| is_current(&datum));
    let told: Vec<&&Datum> = data.iter().filter(|datum| !has_current || is_current(datum)).collect();
    if told.len() <= MOST || has_current {
        for datum in told.into_iter().take(MOST) {
            text += &format!("; {}", datum_words(chart, facet, datum));
        }
    }
    for note in &chart.legend.notes {
        text += &format!("; {}", note.text);
    }
    for key in chart.legend.keys.iter().filter(|key| key.is_absent) {
        text += &format!("; {}: {}", key.label, key.detail);
    }
    text
}

fn datum_words(chart: &Chart, facet: &Facet, datum: &Datum) -> String {
    let run = chart.subjects.run(datum.of).map(|run| run.label());
    let checkpoint = chart.subjects.checkpoint(datum.of).map(|checkpoint| checkpoint.name.clone());
    let layer = datum.of.layer.map(|layer| format!("layer {layer}"));
    let label = Some(datum.label.clone()).filter(|label| !label.is_empty());
    let who = run.into_iter().chain(checkpoint).chain(layer).chain(label).collect::<Vec<_>>().join(" at ");
    let value = |axis: &crate::chart::Axis, value: f64| format!("{} {}", axis.label, axis.words(value));
    let numbers = match facet.x.is_time {
        true => value(&facet.y, datum.y),
        false => format!("{}, {}", value(&facet.x, datum.x), value(&facet.y, datum.y)),
    };
    let flags: String = datum.flags.iter().map(|flag| format!(" (! {flag})")).collect();
    if who.is_empty() { format!("{numbers}{flags}") } else { format!("{who}: {numbers}{flags}") }
}
