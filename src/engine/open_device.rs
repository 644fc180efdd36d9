//! The device a worker computes on.

use super::cost::Health;
use crate::device::Compute;
use crate::error::{Kind, Result, caught};
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
    /// Why it is the CPU where a GPU was asked for, which may be otherwise next time.
    pub missed: Option<String>,
    /// Bytes that weights and activations may take, where the user says.
    memory: Option<usize>,
}

impl OpenDevice {
    /// Opens what `backend` stands for; where that fails, the CPU.
    pub fn new(backend: Backend, memory: Option<usize>) -> Self {
        let opened: Result<_> = caught(|| {
            let (compute, missed) = Compute::open(backend)?;
            let estimator = Estimator::new(&compute)?;
            Ok((compute, estimator, missed))
        });
        let (compute, estimator, missed) = opened.unwrap_or_else(|error| {
            let missed = format!("{error}; computing on the CPU instead");
            (Compute::Cpu, Estimator::Cpu, Some(missed))
        });
        Self { backend, compute, estimator, missed, memory }
    }

    /// Whether it is a GPU.
    pub fn is_gpu(&self) -> bool {
        matches!(self.compute, Compute::Gpu(_))
    }

    /// How it does after a failure of this kind.
    pub fn health(&self, kind: Kind) -> Health {
        match kind {
            _ if !self.is_gpu() => Health::Cpu,
            // Interrupted, or the device said so itself: no need to wait for an answer.
            Kind::Cancelled | Kind::Device => Health::Answers,
            _ if self.estimator.answers() => Health::Answers,
            _ => Health::Lost,
        }
    }

    /// Goes on with the CPU.
    pub fn lose_gpu(&mut self) {
        if let Compute::Gpu(gpu) = &self.compute {
            gpu.lose();
        }
        self.compute = Compute::Cpu;
        self.estimator = Estimator::Cpu;
        self.missed = Some("the GPU was lost; computing on the CPU instead".to_owned());
    }

    /// Bytes that weights and activations may take beside `scores` bytes of scores: what the user allows,
    /// else what there is, less a reserve.
    pub fn memory_beside(&self, scores: usize) -> Option<usize> {
        self.memory.or_else(|| self.compute.memory_beside(scores))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_allows_is_what_a_model_may_take() {
        assert_eq!(OpenDevice::new(Backend::Cpu, Some(7)).memory_beside(3), Some(7));
        let none_left = OpenDevice::new(Backend::Cpu, None).memory_beside(usize::MAX);
        assert!(none_left.is_none_or(|left| left == 0), "{none_left:?}");
    }
}
