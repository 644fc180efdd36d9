//! Who makes passes elsewhere than in main memory, where that is faster: a GPU.

use std::sync::atomic::AtomicBool;

use super::codebook::Codebook;
use crate::error::Result;
use crate::frontier::Joint;

/// What codebooks of a joint can be settled on.
pub trait Accelerator: Sync {
    /// Brings a joint there. Once `stop` is set, work there ends.
    ///
    /// # Errors
    /// [`Kind::Device`](crate::error::Kind::Device) and [`Kind::DeviceMemory`](crate::error::Kind::DeviceMemory) where that
    /// cannot be; passes are then made in main memory.
    fn bring<'j>(&self, joint: &'j Joint, stop: &'j AtomicBool) -> Result<Box<dyn Settle + 'j>>;
}

/// A joint that was brought to an accelerator.
pub trait Settle {
    /// Whether there is room for tables of that many atoms.
    fn fits(&self, atoms: usize) -> bool;

    /// Makes passes at one β until `rests` says of the free energy before one that it was the last. With `private` each x may
    /// keep a part to itself. Leaves the codebook as it was where it fails.
    ///
    /// # Errors
    /// As [`Accelerator::bring`], what `rests` returns, or [`Kind::Cancelled`](crate::error::Kind::Cancelled).
    fn settle(
        &mut self,
        book: &mut Codebook,
        beta: f64,
        private: bool,
        rests: &mut dyn FnMut(f64) -> Result<bool>,
    ) -> Result<()>;
}
