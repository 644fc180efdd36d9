//! Where the parts of a block come from: tensors by name, under a prefix, on their way to a device.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{DType, Device, Tensor};

use super::config::Config;
use super::cpu::is_cpu;
use super::weights::Weights;
use crate::error::{Error, Result};
use crate::product::Packed;

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
        self.go_on()?;
        self.weights.tensor(&format!("{}.{part}", self.name), shape, self.device)
    }

    /// The matrix `part`, `[outputs, inputs]` or, where `inputs_first` says so, `[inputs, outputs]`, laid out for
    /// products on the CPU.
    ///
    /// # Errors
    /// As [`Loader::tensor`].
    pub fn packed(&self, part: &str, sizes: [usize; 2], inputs_first: bool) -> Result<Packed> {
        self.go_on()?;
        let ([inputs, outputs], name) = (sizes, format!("{}.{part}", self.name));
        if inputs_first {
            let values = self.weights.rows(&name, &[inputs, outputs], 0..inputs)?;
            return Packed::new(sizes, |range, rows| {
                for (output, row) in range.zip(rows.chunks_exact_mut(inputs)) {
                    let column = values[output..].iter().step_by(outputs);
                    row.iter_mut().zip(column).for_each(|(weight, value)| *weight = *value);
                }
                Ok(())
            });
        }
        self.weights.packed(&name, [outputs, inputs], 0..outputs)
    }

    /// The matrix `part`, in the type that products are computed in.
    ///
    /// # Errors
    /// As [`Loader::tensor`].
    pub fn matrix(&self, part: &str, shape: [usize; 2]) -> Result<Tensor<2>> {
        let matrix = self.tensor(part, shape)?;
        Ok(if self.products == DType::F32 { matrix } else { matrix.cast(self.products) })
    }
    /// Whether the parts go to the CPU.
    pub fn on_cpu(&self) -> bool {
        is_cpu(self.device)
    }

    fn go_on(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::cancelled()) } else { Ok(()) }
    }
}
