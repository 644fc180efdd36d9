//! GPT-NeoX (`gpt_neox`), the family of Pythia: layer norms with biases, one fused projection for
//! queries, keys and values, rotation of part of each head, and attention and feed-forward side by side.

use burn::tensor::{Device, Tensor};

use super::attention::attend;
use super::config::{Activation, Config};
use super::layers::{LayerNorm, Linear, activate};
use super::rope::Rope;
use super::weights::Weights;
use crate::error::Result;

/// One block, `gpt_neox.layers.{index}`.
#[derive(Clone, Debug)]
pub struct Block {
    input_layernorm: LayerNorm,
    query_key_value: Linear,
    dense: Linear,
    post_attention_layernorm: LayerNorm,
    dense_h_to_4h: Linear,
    dense_4h_to_h: Linear,
    act: Activation,
}

impl Block {
    /// Loads block `index`.
    pub fn load(weights: &Weights, config: &Config, index: usize, device: &Device) -> Result<Self> {
        let at = |part: &str| format!("gpt_neox.layers.{index}.{part}");
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let queries = config.heads * config.head_size;
        let linear = |part: &str, sizes, bias| Linear::load(weights, &at(part), sizes, bias, device);
        let norm = |part: &str| LayerNorm::load(weights, &at(part), hidden, config.norm_epsilon, device);
        Ok(Self {
            input_layernorm: norm("input_layernorm")?,
            query_key_value: linear(
                "attention.query_key_value",
                [hidden, 3 * queries],
                config.attention_bias,
            )?,
            dense: linear("attention.dense", [queries, hidden], config.attention_bias)?,
            post_attention_layernorm: norm("post_attention_layernorm")?,
            dense_h_to_4h: linear("mlp.dense_h_to_4h", [hidden, inner], config.mlp_bias)?,
            dense_4h_to_h: linear("mlp.dense_4h_to_h", [inner, hidden], config.mlp_bias)?,
            act: config.activation,
        })
    }

    /// `[batch · positions, h]` to the same.
    pub fn forward(&self, x: Tensor<2>, batch: usize, config: &Config, rope: &Rope) -> Tensor<2> {
        let attention = self.attention(self.input_layernorm.forward(x.clone()), batch, config, rope);
        if config.parallel_residual {
            let inner = self.mlp(self.post_attention_layernorm.forward(x.clone()));
            x + attention + inner
        } else {
            let x = x + attention;
            let inner = self.mlp(self.post_attention_layernorm.forward(x.clone()));
            x + inner
        }
    }

    fn attention(&self, x: Tensor<2>, batch: usize, config: &Config, rope: &Rope) -> Tensor<2> {
        let [rows, _] = x.dims();
        let size = config.head_size;
        // Each head's query, key and value lie side by side in the fused projection.
        let fused = self
            .query_key_value
            .forward(x)
            .reshape([batch, rows / batch, config.heads, 3 * size])
            .swap_dims(1, 2);
        let part = |index: usize| fused.clone().narrow(3, index * size, size);
        self.dense.forward(attend(config, rope, part(0), part(1), part(2)))
    }

    fn mlp(&self, x: Tensor<2>) -> Tensor<2> {
        self.dense_4h_to_h.forward(activate(self.act, self.dense_h_to_4h.forward(x)))
    }
}
