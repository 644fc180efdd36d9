//! GPT-NeoX (`gpt_neox`), the family of Pythia: layer norms with biases, one fused projection for
//! queries, keys and values, rotation of part of each head, and attention and feed-forward side by side.

use burn::tensor::Tensor;

use super::{Context, Family, Fields, Names};
use crate::error::Result;
use crate::model::attention::attend;
use crate::model::config::{Config, NormKind};
use crate::model::layers::{Linear, Norm, feed_forward};
use crate::model::loader::Loader;
use crate::model::rope::{RopeConfig, RopeFields};

/// What the tensors outside the blocks are called.
pub const NAMES: Names = Names {
    prefixes: &["gpt_neox.", ""],
    embedding: "embed_in.weight",
    blocks: "layers",
    positions: "",
    norm: "final_layer_norm",
    heads: &["embed_out.weight", "lm_head.weight"],
};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(Family::GptNeox, fields, false)?;
    config.norm = NormKind::Layer;
    config.norm_epsilon = fields.number_or("layer_norm_eps", 1e-5)?;
    config.activation = fields.activation("hidden_act", None)?;
    config.parallel_residual = fields.flag_or("use_parallel_residual", true)?;
    let bias = fields.flag_or("attention_bias", true)?;
    (config.attention.bias, config.attention.output_bias) = (bias, bias);
    // Each head has keys and values of its own, whatever a config says.
    config.attention.key_value_heads = config.attention.heads;
    config.attention.head_size = fields.share_of(config.hidden_size, config.attention.heads)?;
    config.scale_attention((config.attention.head_size as f64).powf(-0.5));
    let place = RopeFields {
        theta: ("rotary_emb_base", 1e4),
        partial: Some(("rotary_pct", 0.25)),
        ..RopeFields::COMMON
    };
    config.ropes = vec![RopeConfig::read(fields, &place, config.attention.head_size)?];
    Ok(config)
}

/// One block, `gpt_neox.layers.{index}`.
#[derive(Clone, Debug)]
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

    fn attention(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let [rows, _] = x.dims();
        let (heads, size) = (context.config.attention.heads, context.config.attention.head_size);
        // Each head's query, key and value lie side by side in the fused projection.
        let fused = self.query_key_value.forward(x).reshape([rows, heads, 3, size]);
        let part = |index: usize| fused.clone().narrow(2, index, 1).reshape([rows, heads * size]);
        self.dense.forward(attend(context, part(0), part(1), part(2)))
    }

    fn mlp(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        feed_forward(x, None, &self.dense_h_to_4h, &self.dense_4h_to_h, context.config.activation)
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let found = self.attention(self.input_layernorm.forward(x.clone()), context);
        if context.config.parallel_residual {
            let inner = self.mlp(self.post_attention_layernorm.forward(x.clone()), context);
            x + found + inner
        } else {
            let x = x + found;
            let inner = self.mlp(self.post_attention_layernorm.forward(x.clone()), context);
            x + inner
        }
    }
}
