//! Frontiers as they are computed for whoever asks: with memory for them, and once.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use crate::error::Result;
use crate::frontier::{self, Bracket, Options, Report};
use crate::labels::joint::Joint;
use crate::memory;
use crate::store::{Key, Store};

/// Who is shown a report as it grows.
type Watch<'w> = &'w mut dyn FnMut(&Report) -> ControlFlow<()>;

/// The frontier of the pairs of labels of a text, from the store where it is there; kept there otherwise.
///
/// # Errors
/// As [`frontier_of_joint`]; no pair at all, or a store that cannot be written.
pub fn frontier_of_pairs(
    pairs: Joint,
    options: &Options,
    store: Option<&Store>,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Result<Report> {
    let key = Key::of_frontier(pairs.identity(), options);
    if let Some(known) = store.and_then(|store| store.frontier(&key)) {
        return Ok(known);
    }
    memory::check_frontier(frontier::report::bytes_of_counted(pairs.all.len()))?;
    let Joint { all, halves } = pairs;
    let (joint, bracket) = frontier::counted(all, &halves)?;
    let found = frontier_of_joint(&joint, bracket, options, stop, watch)?;
    if let Some(store) = store {
        store.keep_frontier(&key, &found)?;
    }
    Ok(found)
}

/// The frontier of a joint.
///
/// # Errors
/// As [`Report::of`]; [`Kind::Memory`](crate::error::Kind::Memory) where there is none for it.
pub fn frontier_of_joint(
    joint: &frontier::Joint,
    bracket: Option<Bracket>,
    options: &Options,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Result<Report> {
    memory::check_frontier(Report::bytes_needed(joint, options))?;
    Report::of(joint, bracket, options, stop, watch)
}
