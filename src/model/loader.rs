//! Where the parts of a block come from: tensors by name, under a prefix, on their way to a device.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{DType, Device, Tensor};

use super::config::Config;
use super::weights::Weights;
use crate::error::{Error, Result};

/// Loads the tensors below a name.
#[derive(Clone, Debug)]
pub struct Loader<'a> {
    /// What the model's `config.json` says.
    pub config: &'a Config,
    weights: &'a Weights,
    device: &'a Device,
    /// The type that products are computed in.
    products: DType,
    /// Set from elsewhere once nobody waits for the block any more.
    stop: &'a AtomicBool,
    name: String,
}

impl<'a> Loader<'a> {
    /// A loader of what lies under `name`.
    pub fn new(
        config: &'a Config,
        weights: &'a Weights,
        (device, products): (&'a Device, DType),
        stop: &'a AtomicBool,
        name: String,
    ) -> Self {
        Self { config, weights, device, products, stop, name }
    }

    /// A loader of what lies under `part` of this one.
    pub fn under(&self, part: &str) -> Self {
        Self { name: format!("{}.{part}", self.name), ..self.clone() }
    }

    /// The tensor `part`, in f32.
    ///
    /// # Errors
    /// As [`Weights::tensor`], and [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
    pub fn tensor<const D: usize>(&self, part: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::cancelled());
        }
        self.weights.tensor(&format!("{}.{part}", self.name), shape, self.device)
    }

    /// The matrix `part`, in the type that products are computed in.
    ///
    /// # Errors
    /// As [`Loader::tensor`].
    pub fn matrix(&self, part: &str, shape: [usize; 2]) -> Result<Tensor<2>> {
        let matrix = self.tensor(part, shape)?;
        Ok(if self.products == DType::F32 { matrix } else { matrix.cast(self.products) })
    }
}
