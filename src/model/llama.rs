//! Llama (`llama`): RMS norms before attention and feed-forward, grouped-query attention, gated
//! feed-forward. SmolLM2 and Llama 2 and 3 are this.

use burn::tensor::{Device, Tensor};

use super::attention::{attend, split_heads};
use super::config::Config;
use super::layers::{GatedMlp, Linear, RmsNorm};
use super::rope::Rope;
use super::weights::Weights;
use crate::error::Result;

/// One block, `model.layers.{index}`.
#[derive(Clone, Debug)]
pub struct Block {
    input_layernorm: RmsNorm,
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    post_attention_layernorm: RmsNorm,
    mlp: GatedMlp,
}

impl Block {
    /// Loads block `index`.
    pub fn load(weights: &Weights, config: &Config, index: usize, device: &Device) -> Result<Self> {
        let at = |part: &str| format!("model.layers.{index}.{part}");
        let hidden = config.hidden_size;
        let queries = config.heads * config.head_size;
        let keys = config.key_value_heads * config.head_size;
        let linear =
            |part: &str, sizes| Linear::load(weights, &at(part), sizes, config.attention_bias, device);
        let norm = |part: &str| RmsNorm::load(weights, &at(part), hidden, config.norm_epsilon, device);
        Ok(Self {
            input_layernorm: norm("input_layernorm")?,
            q_proj: linear("self_attn.q_proj", [hidden, queries])?,
            k_proj: linear("self_attn.k_proj", [hidden, keys])?,
            v_proj: linear("self_attn.v_proj", [hidden, keys])?,
            o_proj: linear("self_attn.o_proj", [queries, hidden])?,
            post_attention_layernorm: norm("post_attention_layernorm")?,
            mlp: GatedMlp::load(
                weights,
                &at("mlp"),
                [hidden, config.intermediate_size],
                (config.mlp_bias, config.activation),
                device,
            )?,
        })
    }

    /// `[batch · positions, h]` to the same.
    pub fn forward(&self, x: Tensor<2>, batch: usize, config: &Config, rope: &Rope) -> Tensor<2> {
        let normed = self.input_layernorm.forward(x.clone());
        let context = attend(
            config,
            rope,
            split_heads(self.q_proj.forward(normed.clone()), batch, config.heads),
            split_heads(self.k_proj.forward(normed.clone()), batch, config.key_value_heads),
            split_heads(self.v_proj.forward(normed), batch, config.key_value_heads),
        );
        let x = x + self.o_proj.forward(context);
        let normed = self.post_attention_layernorm.forward(x.clone());
        x + self.mlp.forward(normed)
    }
}
