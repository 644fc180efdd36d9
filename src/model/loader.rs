//! Where the parts of a block come from: tensors by name, under a prefix, on their way to a device.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use burn_tensor::{DType, Device, Tensor};

use super::config::Config;
use super::cpu::is_cpu;
use super::holding::Holding;
use super::products::Products;
use super::weights::{Columns, Weights};
use crate::error::{Error, Result};
use crate::product::{Matrix, Operands};

/// Loads the tensors below a name.
#[derive(Clone, Debug)]
pub struct Loader<'a> {
    /// What the model's `config.json` says.
    pub config: &'a Config,
    origin: Origin<'a>,
    device: &'a Device,
    /// What products are computed in.
    products: Products,
    holding: Holding,
    name: String,
}

/// Tensors by their names, with their shapes.
pub type Listing = BTreeMap<String, Vec<usize>>;

/// Where tensors come from.
#[derive(Clone, Debug)]
enum Origin<'a> {
    /// The weight files.
    Files {
        weights: &'a Arc<Weights>,
        /// Set from elsewhere once nobody waits for the block any more.
        stop: &'a AtomicBool,
    },
    /// Nowhere: one number stands for each, and what was asked for is noted, by its name and shape.
    Listing(&'a Mutex<Listing>),
}

impl<'a> Loader<'a> {
    /// A loader of what lies under `name`.
    pub fn new(
        config: &'a Config,
        weights: &'a Arc<Weights>,
        (device, products, holding): (&'a Device, Products, Holding),
        stop: &'a AtomicBool,
        name: String,
    ) -> Self {
        Self { config, origin: Origin::Files { weights, stop }, device, products, holding, name }
    }

    /// A loader that notes the names and shapes of the tensors that are asked for, and gives one number for each; `device`
    /// is the CPU.
    pub fn listing(config: &'a Config, device: &'a Device, listing: &'a Mutex<Listing>) -> Self {
        let (products, holding) = (Products::F32, Holding::default());
        Self { config, origin: Origin::Listing(listing), device, products, holding, name: String::new() }
    }

    /// A loader of what lies under `part` of this one.
    pub fn under(&self, part: &str) -> Self {
        Self { name: self.name_of(part), ..self.clone() }
    }

    /// The tensor `part`, in f32.
    ///
    /// # Errors
    /// As [`Weights::tensor`], and [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
    pub fn tensor<const D: usize>(&self, part: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        match self.asked(part, &shape)? {
            Some((weights, name)) => weights.tensor(&name, shape, self.device),
            None => Ok(Tensor::zeros([1; D], self.device)),
        }
    }

    /// The matrix `part`, `[outputs, inputs]` or, where `inputs_first` says so, `[inputs, outputs]`, for products on the
    /// CPU.
    ///
    /// # Errors
    /// As [`Loader::tensor`].
    pub fn on_host(&self, part: &str, sizes: [usize; 2], inputs_first: bool) -> Result<Matrix> {
        let [inputs, outputs] = sizes;
        let shape = if inputs_first { [inputs, outputs] } else { [outputs, inputs] };
        let Some((weights, name)) = self.asked(part, &shape)? else {
            return Ok(Matrix::of(&[0.0], 1, Operands::F32));
        };
        let operands = self.products.operands();
        if inputs_first {
            let columns = Columns { values: weights.rows(&name, &shape, 0..inputs)?, inputs, outputs };
            return Matrix::held(sizes, operands, &columns);
        }
        let held = self.holding.holds(self.config, weights, &name);
        weights.matrix(&name, shape, 0..outputs, operands, held)
    }

    /// The matrix `part`, in the type that products are computed in.
    ///
    /// # Errors
    /// As [`Loader::tensor`].
    pub fn matrix(&self, part: &str, shape: [usize; 2]) -> Result<Tensor<2>> {
        let matrix = self.tensor(part, shape)?;
        let dtype = self.products.of_tensors();
        Ok(if dtype == DType::F32 { matrix } else { matrix.cast(dtype) })
    }

    /// Whether the parts go to the CPU.
    pub fn on_cpu(&self) -> bool {
        is_cpu(self.device)
    }

    fn name_of(&self, part: &str) -> String {
        if self.name.is_empty() { part.to_owned() } else { format!("{}.{part}", self.name) }
    }

    /// The files to read `part` from, and its name in them; `None` where it was noted instead.
    fn asked(&self, part: &str, shape: &[usize]) -> Result<Option<(&'a Arc<Weights>, String)>> {
        let name = self.name_of(part);
        match self.origin {
            Origin::Files { stop, .. } if stop.load(Ordering::Relaxed) => Err(Error::cancelled()),
            Origin::Files { weights, .. } => Ok(Some((weights, name))),
            Origin::Listing(listing) => {
                listing.lock().unwrap_or_else(PoisonError::into_inner).insert(name, shape.to_vec());
                Ok(None)
            }
        }
    }
}
