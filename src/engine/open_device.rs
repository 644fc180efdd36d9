//! The device a worker computes on.

use crate::device::Compute;
use crate::estimator::Estimator;
use crate::settings::Backend;

/// A device with its estimator.
pub struct OpenDevice {
    /// What was asked for.
    pub backend: Backend,
    /// What was opened.
    pub compute: Compute,
    /// The estimator on it.
    pub estimator: Estimator,
    /// Bytes that weights and activations may take, where the user says.
    memory: Option<usize>,
}

impl OpenDevice {
    /// Opens what `backend` stands for; where that fails, the CPU, with a warning.
    pub fn new(backend: Backend, memory: Option<usize>) -> (Self, Option<String>) {
        let opened = Compute::open(backend).and_then(|(compute, warning)| {
            let estimator = Estimator::new(&compute)?;
            Ok((Self { backend, compute, estimator, memory }, warning))
        });
        opened.unwrap_or_else(|error| {
            let cpu = Self { backend, compute: Compute::Cpu, estimator: Estimator::Cpu, memory };
            (cpu, Some(format!("{error}; computing on the CPU instead")))
        })
    }

    /// Whether it is a GPU.
    pub fn is_gpu(&self) -> bool {
        matches!(self.compute, Compute::Gpu(_))
    }

    /// Bytes that weights and activations may take beside `scores` bytes of scores: what the user allows,
    /// else what there is, less a reserve.
    pub fn memory_beside(&self, scores: usize) -> Option<usize> {
        self.memory.or_else(|| self.compute.memory_beside(scores))
    }
}
