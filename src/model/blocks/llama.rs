//! The block of Llama, and of all that differ from it by their config only: norms before attention and
//! feed-forward.

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
    post_attention_layernorm: Norm,
    mlp: FeedForward,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let norm = |part: &str| Norm::load(&loader.under(part), config.norm, config.hidden_size);
        Ok(Self {
            input_layernorm: norm("input_layernorm")?,
            self_attn: Attention::load(&loader.under("self_attn"))?,
            post_attention_layernorm: norm("post_attention_layernorm")?,
            mlp: FeedForward::gated(&loader.under("mlp"))?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let normed = self.input_layernorm.forward(x.clone());
        let x = self.self_attn.forward_onto(x, normed, context)?;
        let normed = self.post_attention_layernorm.forward(x.clone());
        self.mlp.forward_onto(x, normed)
    }
}
