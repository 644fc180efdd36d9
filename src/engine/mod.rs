//! The engine: one named background thread that owns the compute device and does all model work.
//!
//! Window and command line drive the same engine by the same messages and know nothing of models or
//! devices. Both channels are bounded. Commands are looked at after every batch through a layer, every batch of
//! text and every chunk of scores: what is wanted by then decides what is done next, and what is wanted no more stops
//! well within a second. Not broken off are looking through folders, reading scores back from the store, and what the
//! tensor library waits for on a device.

mod bank;
mod cost;
mod devices;
mod frontier;
mod inbox;
mod job;
mod keys;
mod measuring;
mod message;
mod open_device;
mod opening;
mod place;
mod progress;
mod runs;
mod sample;
mod schedule;
mod scored;
mod session;
mod work;
mod worker;

pub use frontier::{frontier_of_joint, frontier_of_pairs};
pub use message::{Command, EstimatorCosts, Event, Look, Quality, Seen, Sight, Want};
pub use place::operations;
pub use runs::{OpenRun, RunList};

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::checkpoints::Links;
use crate::error::{Error, Kind, Result};
use crate::store::Store;

/// The name of the worker's thread.
pub const WORKER: &str = "infoplane-worker";

/// How many commands may wait; a window that finds the channel full keeps its newest wants itself.
const COMMANDS: usize = 16;

/// How many events may wait before the worker does; far more than come between two frames.
const EVENTS: usize = 1024;

/// What the worker may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many bytes a model's weights and activations may take; none for what the device or the machine has.
    pub memory: Option<usize>,
    /// How many bytes of scores may be kept in memory for later questions; none for half of what is free.
    pub kept: Option<usize>,
    /// Where scores and measurements are kept; without one scores are kept in memory only.
    pub store: Option<Store>,
    /// How often progress is emitted while a model works; zero for after every batch through a layer.
    pub progress_every: Duration,
    /// Whether a window asks: checkpoints are measured on part of the sample first, and scores of the first seed are
    /// kept, of more points than asked for, so that settings can change without the model. Those of the other seeds are
    /// for the spread alone and dropped once it is measured: they would take twice as much memory again.
    pub live: bool,
    /// Whether links that lead out of the folders that are opened are followed.
    pub links: Links,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: None,
            kept: None,
            store: None,
            progress_every: Duration::from_millis(50),
            live: true,
            links: Links::default(),
        }
    }
}

/// Starts the worker. `wake` is called after every event, from the worker's thread.
///
/// The worker ends when the returned sender or receiver is dropped.
///
/// # Errors
/// A thread that cannot be started.
pub fn spawn(
    options: Options,
    wake: impl Fn() + Send + 'static,
) -> Result<(Sender<Command>, Receiver<Event>)> {
    let (command_sender, commands) = bounded(COMMANDS);
    let (events, event_receiver) = bounded(EVENTS);
    std::thread::Builder::new()
        .name(WORKER.to_owned())
        .spawn(move || worker::run(commands, events, options, wake))
        .map_err(|error| {
            Error::new(Kind::Device, format!("the worker thread cannot be started ({error})"))
        })?;
    Ok((command_sender, event_receiver))
}
