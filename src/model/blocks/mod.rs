//! What computes: a block a file, named as checkpoints name its parts. Families that differ by their config
//! only share one.

mod cohere;
mod gemma2;
mod gpt2;
mod gpt_neox;
mod llama;
mod olmo2;

use std::fmt::Debug;
use std::ops::Range;

use burn::tensor::Tensor;

use super::config::{Config, LayerPlan};
use super::family::Family;
use super::loader::Loader;
use super::positions::Positions;
use crate::error::Result;

/// What a block must know of the batch that passes it.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the model's `config.json` says.
    pub config: &'a Config,
    /// What it says of this layer.
    pub plan: &'a LayerPlan,
    /// The rows of each document of the batch.
    pub documents: &'a [Range<usize>],
    /// Rotations and masks.
    pub positions: &'a Positions,
}

/// A block on a device.
pub trait Block: Debug + Send {
    /// `[tokens, h]` to the same.
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2>;
}

/// Loads the block that `loader` leads to.
///
/// # Errors
/// A tensor that is missing, of another shape or broken.
pub fn load(loader: &Loader<'_>) -> Result<Box<dyn Block>> {
    Ok(match loader.config.family {
        Family::Llama
        | Family::Olmo
        | Family::SmolLm3
        | Family::Mistral
        | Family::Qwen2
        | Family::Qwen3
        | Family::Gemma => Box::new(llama::Block::load(loader)?),
        Family::Olmo2 | Family::Olmo3 => Box::new(olmo2::Block::load(loader)?),
        Family::Gemma2 | Family::Gemma3Text | Family::Gemma3 => Box::new(gemma2::Block::load(loader)?),
        Family::Cohere | Family::Cohere2 => Box::new(cohere::Block::load(loader)?),
        Family::GptNeox => Box::new(gpt_neox::Block::load(loader)?),
        Family::Gpt2 => Box::new(gpt2::Block::load(loader)?),
    })
}
