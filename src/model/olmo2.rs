//! OLMo 2 (`olmo2`): Llama's block with the norms after attention and feed-forward instead of before,
//! and RMS norms over the whole of queries and keys before they are split into heads.

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
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    q_norm: RmsNorm,
    k_norm: RmsNorm,
    post_attention_layernorm: RmsNorm,
    mlp: GatedMlp,
    post_feedforward_layernorm: RmsNorm,
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
        let norm = |part: &str, size| RmsNorm::load(weights, &at(part), size, config.norm_epsilon, device);
        Ok(Self {
            q_proj: linear("self_attn.q_proj", [hidden, queries])?,
            k_proj: linear("self_attn.k_proj", [hidden, keys])?,
            v_proj: linear("self_attn.v_proj", [hidden, keys])?,
            o_proj: linear("self_attn.o_proj", [queries, hidden])?,
            q_norm: norm("self_attn.q_norm", queries)?,
            k_norm: norm("self_attn.k_norm", keys)?,
            post_attention_layernorm: norm("post_attention_layernorm", hidden)?,
            mlp: GatedMlp::load(
                weights,
                &at("mlp"),
                [hidden, config.intermediate_size],
                (false, config.activation),
                device,
            )?,
            post_feedforward_layernorm: norm("post_feedforward_layernorm", hidden)?,
        })
    }

    /// `[batch · positions, h]` to the same.
    pub fn forward(&self, x: Tensor<2>, batch: usize, config: &Config, rope: &Rope) -> Tensor<2> {
        let q = self.q_norm.forward(self.q_proj.forward(x.clone()));
        let k = self.k_norm.forward(self.k_proj.forward(x.clone()));
        let v = self.v_proj.forward(x.clone());
        let context = attend(
            config,
            rope,
            split_heads(q, batch, config.heads),
            split_heads(k, batch, config.key_value_heads),
            split_heads(v, batch, config.key_value_heads),
        );
        let x = x + self.post_attention_layernorm.forward(self.o_proj.forward(context));
        let inner = self.mlp.forward(x.clone());
        x + self.post_feedforward_layernorm.forward(inner)
    }
}
