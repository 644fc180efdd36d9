//! The block of GPT-NeoX: queries, keys and values by one projection, attention and feed-forward side by
//! side or after each other.

use burn_tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::{Fused, attend_fused};
use crate::model::layers::{FeedForward, Linear, Norm};
use crate::model::loader::Loader;

/// One block, `gpt_neox.layers.{index}`.
#[derive(Debug)]
pub struct Block {
    input_layernorm: Norm,
    query_key_value: Linear,
    dense: Linear,
    post_attention_layernorm: Norm,
    mlp: FeedForward,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let (queries, bias) = (config.attention.query_width(), config.attention.bias);
        let linear = |part: &str, sizes, bias| Linear::load(&loader.under(part), sizes, bias);
        let norm = |part: &str| Norm::load(&loader.under(part), config.norm, hidden);
        Ok(Self {
            input_layernorm: norm("input_layernorm")?,
            query_key_value: linear("attention.query_key_value", [hidden, 3 * queries], bias)?,
            dense: linear("attention.dense", [queries, hidden], bias)?,
            post_attention_layernorm: norm("post_attention_layernorm")?,
            mlp: FeedForward::new(
                linear("mlp.dense_h_to_4h", [hidden, inner], true)?,
                linear("mlp.dense_4h_to_h", [inner, hidden], true)?,
                config.activation,
            ),
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let fused = self.query_key_value.forward(self.input_layernorm.forward(x.clone()))?;
        let attended = attend_fused(context, fused, Fused::ByHead);
        let second = |x: &Tensor<2>| self.post_attention_layernorm.forward(x.clone());
        // The second norm is of what came into the block, or of what attention made of it.
        let aside = context.config.parallel_residual.then(|| second(&x));
        let x = self.dense.forward_onto(x, attended)?;
        let normed = aside.unwrap_or_else(|| second(&x));
        self.mlp.forward_onto(x, normed)
    }
}
