//! Blocks on their way from the files: a thread loads the next one while the present one computes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::blocks::{self, Block};
use super::source::Source;
use crate::error::{Error, Kind, Result, caught};

/// The name of the thread.
pub const THREAD: &str = "infoplane-weights";

/// A thread that loads blocks in order, one ahead of whoever takes them. Dropping it ends the thread.
#[derive(Debug)]
pub struct Feed {
    blocks: Option<Receiver<Result<Box<dyn Block>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Starts to load the blocks numbered `wanted`, in this order.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn start(source: &Source, wanted: Vec<usize>) -> Result<Self> {
        // A finished block waits here until it is taken; only then is the next one begun.
        let (sender, blocks) = bounded(0);
        let stop = Arc::new(AtomicBool::new(false));
        let (source, stopped) = (source.clone(), Arc::clone(&stop));
        let load = move || {
            for index in wanted {
                source.announce(index);
                let block = caught(|| blocks::load(&source.loader(&source.block_name(index), &stopped)));
                let failed = block.is_err();
                if sender.send(block).is_err() || failed {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(THREAD.to_owned()).spawn(load);
        let thread = thread
            .map_err(|error| Error::new(Kind::Memory, format!("a thread cannot be started ({error})")))?;
        Ok(Self { blocks: Some(blocks), stop, thread: Some(thread) })
    }

    /// The next block; none if it is not there within `patience`.
    ///
    /// # Errors
    /// What was wrong with it.
    pub fn next(&self, patience: Duration) -> Result<Option<Box<dyn Block>>> {
        let over = || {
            Error::new(Kind::Bug, "the thread that reads weights ended before the last block")
                .help("this is a bug; please report it")
        };
        match self.blocks.as_ref().ok_or_else(over)?.recv_timeout(patience) {
            Ok(block) => block.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(over()),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // With no one to take it, a waiting block is dropped and the thread ends.
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
