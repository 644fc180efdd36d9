//! Ctrl+C, and the SIGTERM that a cluster's scheduler sends before it kills: noted, so that a command can say what is
//! kept before it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::{INTERRUPTED, TERMINATED};

/// The signals that ask a program to end, with the exit status each stands for.
const SIGNALS: [(i32, u8); 2] = [(SIGINT, INTERRUPTED), (SIGTERM, TERMINATED)];

/// Whether the program was asked to end.
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    status: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Notes the first signal from here on; the second ends the program at once. Where signals cannot be noted they
    /// end the program as they always do.
    pub fn watch() -> Self {
        let (asked, status) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        for (signal, exit) in SIGNALS {
            // In this order: a signal ends the program where one before it was noted.
            let _ = flag::register_conditional_shutdown(signal, exit.into(), Arc::clone(&asked))
                .and_then(|_| flag::register(signal, Arc::clone(&asked)))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&status), exit.into()));
        }
        Self { asked, status }
    }

    /// Set once a signal came.
    pub fn flag(&self) -> &AtomicBool {
        &self.asked
    }

    /// The exit status of the signal that came, if one did.
    pub fn status(&self) -> Option<u8> {
        u8::try_from(self.status.load(Ordering::Relaxed)).ok().filter(|&status| status > 0)
    }
}

/// Ends the program without waiting for its threads: what they keep is written so that it can be cut off anywhere,
/// and a batch through a large model takes seconds.
pub fn leave(status: u8) -> ! {
    signal_hook::low_level::exit(status.into())
}
