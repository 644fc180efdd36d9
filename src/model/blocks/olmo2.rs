//! The block of OLMo 2 and 3: norms after attention and feed-forward.

use burn_tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::layers::{FeedForward, Norm, residual};
use crate::model::loader::Loader;

/// One block, `model.layers.{index}`.
#[derive(Debug)]
pub struct Block {
    self_attn: Attention,
    post_attention_layernorm: Norm,
    mlp: FeedForward,
    post_feedforward_layernorm: Norm,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let norm = |part: &str| Norm::load(&loader.under(part), config.norm, config.hidden_size);
        Ok(Self {
            self_attn: Attention::load(&loader.under("self_attn"))?,
            post_attention_layernorm: norm("post_attention_layernorm")?,
            mlp: FeedForward::gated(&loader.under("mlp"))?,
            post_feedforward_layernorm: norm("post_feedforward_layernorm")?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let found = self.self_attn.forward(x.clone(), context)?;
        let x = residual(x, self.post_attention_layernorm.forward(found));
        let inner = self.mlp.forward(x.clone())?;
        Ok(residual(x, self.post_feedforward_layernorm.forward(inner)))
    }
}
