//! The block of Gemma 2 and 3: norms before and after attention and feed-forward.

use burn_tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::layers::{FeedForward, Norm, residual};
use crate::model::loader::Loader;

/// One block, `model.layers.{index}`.
#[derive(Debug)]
pub struct Block {
    input_layernorm: Norm,
    self_attn: Attention,
    post_attention_layernorm: Norm,
    pre_feedforward_layernorm: Norm,
    mlp: FeedForward,
    post_feedforward_layernorm: Norm,
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
            pre_feedforward_layernorm: norm("pre_feedforward_layernorm")?,
            mlp: FeedForward::gated(&loader.under("mlp"))?,
            post_feedforward_layernorm: norm("post_feedforward_layernorm")?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let found = self.self_attn.forward(self.input_layernorm.forward(x.clone()), context)?;
        let x = residual(x, self.post_attention_layernorm.forward(found));
        let inner = self.pre_feedforward_layernorm.forward(x.clone());
        let inner = self.mlp.forward(inner)?;
        Ok(residual(x, self.post_feedforward_layernorm.forward(inner)))
    }
}
