//! Llama (`llama`): RMS norms before attention and feed-forward, grouped-query attention, gated
//! feed-forward. SmolLM2 and Llama 2 and 3 are this; several families differ from it by their config only.

use burn::tensor::Tensor;

use super::{Context, Family, Fields};
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::config::Config;
use crate::model::layers::{GatedMlp, Norm};
use crate::model::loader::Loader;
use crate::model::rope::{RopeConfig, RopeFields};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(Family::Llama, fields, false)?;
    config.mlp_bias = fields.flag_or("mlp_bias", false)?;
    config.ropes = vec![RopeConfig::read(fields, &RopeFields::COMMON, config.attention.head_size)?];
    Ok(config)
}

/// One block, `model.layers.{index}`.
#[derive(Clone, Debug)]
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
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let normed = self.input_layernorm.forward(x.clone());
        let x = x + self.self_attn.forward(normed, context);
        let normed = self.post_attention_layernorm.forward(x.clone());
        x + self.mlp.forward(normed, context.config.activation)
    }
}
