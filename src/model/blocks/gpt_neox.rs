//! The block of GPT-NeoX: queries, keys and values by one projection, attention and feed-forward side by
//! side or after each other.

use burn::tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::attend;
use crate::model::layers::{Linear, Norm, feed_forward, residual};
use crate::model::loader::Loader;

/// One block, `gpt_neox.layers.{index}`.
#[derive(Debug)]
pub struct Block {
    input_layernorm: Norm,
    query_key_value: Linear,
    dense: Linear,
    post_attention_layernorm: Norm,
    dense_h_to_4h: Linear,
    dense_4h_to_h: Linear,
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
            dense_h_to_4h: linear("mlp.dense_h_to_4h", [hidden, inner], true)?,
            dense_4h_to_h: linear("mlp.dense_4h_to_h", [inner, hidden], true)?,
        })
    }

    fn attention(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let [rows, _] = x.dims();
        let (heads, size) = (context.config.attention.heads, context.config.attention.head_size);
        // Each head's query, key and value lie side by side in the fused projection.
        let fused = self.query_key_value.forward(x)?.reshape([rows, heads, 3, size]);
        let part = |index: usize| fused.clone().narrow(2, index, 1).reshape([rows, heads * size]);
        self.dense.forward(attend(context, part(0), part(1), part(2)))
    }

    fn mlp(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        feed_forward(x, None, &self.dense_h_to_4h, &self.dense_4h_to_h, context.config.activation)
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let found = self.attention(self.input_layernorm.forward(x.clone()), context)?;
        if context.config.parallel_residual {
            let inner = self.mlp(self.post_attention_layernorm.forward(x.clone()), context)?;
            Ok(residual(residual(x, found), inner))
        } else {
            let x = residual(x, found);
            let inner = self.mlp(self.post_attention_layernorm.forward(x.clone()), context)?;
            Ok(residual(x, inner))
        }
    }
}
