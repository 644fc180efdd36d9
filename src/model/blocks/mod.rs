//! The blocks, a kind a file, their parts named as checkpoints name them. Families that differ by their config only
//! share a kind.

mod cohere;
mod gemma2;
mod gpt2;
mod gpt_neox;
mod llama;
mod olmo2;

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use burn_tensor::{Device, Tensor};

use super::config::{BlockKind, Config};
use super::layout::Context;
use super::loader::{Listing, Loader};
use crate::error::Result;

/// A block on a device.
pub trait Block: Debug + Send {
    /// `[tokens, h]` to the same.
    ///
    /// # Errors
    /// Weights that lie in files and cannot be read.
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>>;
}

/// Loads the block that `loader` leads to.
///
/// # Errors
/// A tensor that is missing, of another shape or broken.
pub fn load(loader: &Loader<'_>) -> Result<Box<dyn Block>> {
    Ok(match loader.config.block {
        BlockKind::Llama => Box::new(llama::Block::load(loader)?),
        BlockKind::Olmo2 => Box::new(olmo2::Block::load(loader)?),
        BlockKind::Gemma2 => Box::new(gemma2::Block::load(loader)?),
        BlockKind::Cohere => Box::new(cohere::Block::load(loader)?),
        BlockKind::GptNeox => Box::new(gpt_neox::Block::load(loader)?),
        BlockKind::Gpt2 => Box::new(gpt2::Block::load(loader)?),
    })
}

/// The tensors that a block is loaded from, by their names without the block's own: the same for all blocks.
///
/// # Errors
/// None in practice.
pub fn parts(config: &Config) -> Result<Listing> {
    let listing = Mutex::default();
    load(&Loader::listing(config, &Device::flex(), &listing))?;
    Ok(listing.into_inner().unwrap_or_else(PoisonError::into_inner))
}
