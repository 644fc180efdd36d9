//! The block of Llama, and of all that differ from it by their config only: norms before attention and
//! feed-forward.

use burn::tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::layers::{GatedMlp, Norm, residual};
use crate::model::loader::Loader;

/// One block, `model.layers.{index}`.
#[derive(Debug)]
pub struct Block {
    input_layernorm: Norm,
    self_attn: Attention,
    post_attention_layernorm: Norm,
    mlp: GatedMlp,
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
            mlp: GatedMlp::load(&loader.under("mlp"))?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let normed = self.input_layernorm.forward(x.clone());
        let x = residual(x, self.self_attn.forward(normed, context)?);
        let normed = self.post_attention_layernorm.forward(x.clone());
        Ok(residual(x, self.mlp.forward(normed, context.config.activation)?))
    }
}
