//! A number of a checkpoint as a datum, with what is to be known of it.

use super::marks::Flag;
use super::options::{LayerChoice, Options};
use super::plane::Basis;
use super::quantity::Quantity;
use super::snapshot::{Measure, Run};
use super::{explain, time};
use crate::chart::{Color, Dash, Datum, Fill, Line, Marker, Of, Series};

/// A number of a checkpoint at a place across; `None` where the checkpoint lacks it.
pub(super) fn of(quantity: Quantity, measure: &Measure<'_>, x: f64, options: &Options) -> Option<Datum> {
    let number = quantity.of(measure.measurement, options)?;
    let flags = explain::flags_of(quantity, measure, options);
    Some(Datum {
        joined: measure.joined,
        is_open: !measure.basis.is_final(),
        is_stale: measure.basis.is_stale(),
        color: flags.iter().any(Flag::is_of_null).then_some(Color::Muted),
        flags: flags.iter().map(Flag::short).collect(),
        ..Datum::new(x, number.value, subject(quantity, measure, options)).with_spread(number.spread)
    })
}

/// What a number of a checkpoint is of under options.
pub(super) fn subject(quantity: Quantity, measure: &Measure<'_>, options: &Options) -> Of {
    let of = Of::checkpoint(measure.run.index, measure.index);
    let of = if quantity.is_of_order() { of.of_order(options.order) } else { of };
    match options.layers {
        LayerChoice::Mean => of,
        chosen if quantity.is_of_layer() => {
            of.at_layer(chosen.of(measure.measurement).and_then(|layer| layer.layer))
        }
        _ => of,
    }
}

/// A datum for each measured checkpoint of a run that has one, joined where both rest on the same.
pub(super) fn course<'s>(run: Run<'s>, datum: impl Fn(&Measure<'s>) -> Option<Datum>) -> Vec<Datum> {
    let mut before: Option<Basis> = None;
    let joined = |measure: Measure<'s>| {
        let datum = datum(&measure)?;
        // Where the checkpoint before lacks the number, the line comes from one before that.
        let joins = before.replace(measure.basis).is_some_and(|before| before.joins(&measure.basis));
        Some(Datum { joined: measure.joined && joins, ..datum })
    };
    run.measured().filter_map(joined).collect()
}

/// The course of a quantity over a run's training; `None` where no checkpoint has it.
pub(super) fn over_training(run: Run<'_>, quantity: Quantity, options: &Options) -> Option<Series> {
    let data = course(run, |measure| of(quantity, measure, time::of(measure, options)?, options));
    (!data.is_empty()).then(|| Series { name: quantity.name().to_owned(), data, ..of_run(run) })
}

/// The series of a run, without data: its colour, line and mark.
pub(super) fn of_run(run: Run<'_>) -> Series {
    let subject = run.subject;
    Series {
        color: subject.color(),
        line: Some(Line { dash: Dash::Style(subject.style), is_thin: false }),
        marker: Some(Marker::Run(subject.run)),
        fill: Fill::Band,
        ..Series::default()
    }
}
