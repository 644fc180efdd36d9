//! Frontiers as they are computed for whoever asks: with memory for them, and once.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use crate::device::Compute;
use crate::error::Result;
use crate::frontier::{self, Accelerator, Bracket, Options, Report};
use crate::frontier_gpu::FrontierGpu;
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
    compute: &Compute,
    store: Option<&Store>,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Result<Report> {
    let gpu = compute.gpu().map(|gpu| &*gpu.name);
    let key = Key::of_frontier(pairs.identity(), options, gpu);
    if let Some(known) = store.and_then(|store| store.frontier(&key)) {
        return Ok(known);
    }
    memory::check_frontier(frontier::report::bytes_of_counted(pairs.all.len()))?;
    let Joint { all, halves } = pairs;
    let (joint, bracket) = frontier::counted(all, &halves)?;
    let found = frontier_of_joint(&joint, bracket, options, compute, stop, watch)?;
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
    compute: &Compute,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Result<Report> {
    memory::check_frontier(Report::bytes_needed(joint, options))?;
    let gpu = compute.gpu().map(FrontierGpu::new);
    let accelerator = gpu.as_ref().map(|gpu| gpu as &dyn Accelerator);
    Report::of(joint, bracket, options, accelerator, stop, watch)
}
