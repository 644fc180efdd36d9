//! Training's time along an axis.

use super::options::{Options, Time};
use super::snapshot::Measure;
use crate::chart::{Axis, Scale};

/// The axis of training's time under options.
pub(super) fn axis(options: &Options) -> Axis {
    let (label, unit) = match options.time {
        Time::Steps => ("training step", ""),
        Time::Tokens => ("training tokens", ""),
        Time::Relative => ("share of training", ""),
    };
    // Runs begin at step 0, which a logarithm has no place for.
    let scale = match (options.log, options.time) {
        (false, _) => Scale::Linear,
        (true, Time::Steps) => Scale::Symlog(1.0),
        (true, Time::Tokens) => Scale::Symlog(1e6),
        (true, Time::Relative) => Scale::Symlog(1e-3),
    };
    Axis { scale, is_time: true, from_zero: true, ..Axis::new(label, unit) }
}

/// The time of a checkpoint; `None` where it is not known, as tokens where neither name nor folder says.
pub(super) fn of(measure: &Measure<'_>, options: &Options) -> Option<f64> {
    let (subject, extent) = (measure.subject, measure.run.extent);
    // Of a run without steps the checkpoints are counted.
    let steps = if extent.has_steps { subject.step? as f64 } else { measure.index as f64 };
    match options.time {
        Time::Steps => Some(steps),
        Time::Tokens => subject.tokens.map(|tokens| tokens as f64),
        Time::Relative => Some(if extent.last > 0.0 { steps / extent.last } else { 1.0 }),
    }
}
