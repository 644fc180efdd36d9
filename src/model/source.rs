//! What a model is loaded from, and for which device.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn_tensor::Device;

use super::config::Config;
use super::cpu::is_cpu;
use super::holding::Holding;
use super::loader::Loader;
use super::products::Products;
use super::weights::{Size, Weights};

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
    /// What products are computed in.
    pub products: Products,
    /// Which matrices are held on the CPU.
    pub holding: Holding,
}

/// Bytes that a part of a model takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// On the device.
    pub held: usize,
    /// In weight files that are read again and again, and so best stay in main memory: as the system sees fit.
    pub cached: usize,
}

impl Source {
    /// A loader of what lies under `name`.
    pub fn loader<'a>(&'a self, name: &str, stop: &'a AtomicBool) -> Loader<'a> {
        let name = format!("{}{name}", self.prefix);
        let how = (&self.device, self.products, self.holding);
        Loader::new(&self.config, &self.weights, how, stop, name)
    }

    /// The name of a block.
    pub fn block_name(&self, index: usize) -> String {
        format!("{}.{index}", self.config.tensors.blocks)
    }

    /// Tells the system that a block will soon be read.
    pub fn announce(&self, index: usize) {
        self.weights.announce(&format!("{}{}.", self.prefix, self.block_name(index)));
    }

    /// Bytes that a block takes.
    pub fn block_bytes(&self, index: usize) -> Bytes {
        let name = format!("{}{}.", self.prefix, self.block_name(index));
        self.weights.under(&name).fold(
            Bytes::default(),
            |all, Size { name, dimensions, parameters, bytes }| {
                let held = !is_cpu(&self.device)
                    || dimensions != 2
                    || self.holding.holds(&self.config, &self.weights, name);
                match held {
                    true => Bytes { held: all.held + parameters * size_of::<f32>(), ..all },
                    false => Bytes { cached: all.cached + bytes, ..all },
                }
            },
        )
    }

    /// The number of parameters of a block.
    pub fn block_parameters(&self, index: usize) -> usize {
        let name = format!("{}{}.", self.prefix, self.block_name(index));
        self.weights.under(&name).map(|size| size.parameters).sum()
    }
}
