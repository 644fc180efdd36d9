//! The block of Cohere's models: attention and feed-forward side by side after one norm.

use burn_tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::layers::{FeedForward, Norm};
use crate::model::loader::Loader;

/// One block, `model.layers.{index}`.
#[derive(Debug)]
pub struct Block {
    input_layernorm: Norm,
    self_attn: Attention,
    mlp: FeedForward,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        Ok(Self {
            input_layernorm: Norm::load(&loader.under("input_layernorm"), config.norm, config.hidden_size)?,
            self_attn: Attention::load(&loader.under("self_attn"))?,
            mlp: FeedForward::gated(&loader.under("mlp"))?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let normed = self.input_layernorm.forward(x.clone());
        let x = self.self_attn.forward_onto(x, normed.clone(), context)?;
        self.mlp.forward_onto(x, normed)
    }
}
