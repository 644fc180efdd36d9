//! What a model is loaded from, and for which device.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::tensor::{DType, Device};

use super::config::Config;
use super::loader::Loader;
use super::weights::Weights;

/// The config and weights of a model, and where it is to run.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the model's `config.json` says.
    pub config: Arc<Config>,
    /// The weight files.
    pub weights: Arc<Weights>,
    /// What all names but the head's start with.
    pub prefix: &'static str,
    /// Where the blocks go.
    pub device: Device,
    /// The type that products are computed in.
    pub products: DType,
}

impl Source {
    /// A loader of what lies under `name`.
    pub fn loader<'a>(&'a self, name: &str, stop: &'a AtomicBool) -> Loader<'a> {
        let name = format!("{}{name}", self.prefix);
        Loader::new(&self.config, &self.weights, (&self.device, self.products), stop, name)
    }

    /// The name of a block.
    pub fn block_name(&self, index: usize) -> String {
        format!("{}.{index}", self.config.tensors.blocks)
    }

    /// Bytes a block takes on the device, in f32.
    pub fn block_bytes(&self, index: usize) -> usize {
        let name = format!("{}{}.", self.prefix, self.block_name(index));
        self.weights.parameters_under(&name) * size_of::<f32>()
    }
}
