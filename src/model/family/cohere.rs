//! Cohere's Command and Aya (`cohere`): one layer norm without bias before attention and feed-forward side
//! by side, rotation of neighbouring dimensions, and scaled logits.

use burn::tensor::Tensor;

use super::{Context, Family, Fields};
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::config::{Config, NormKind, QueryKeyNorm};
use crate::model::layers::{GatedMlp, Norm};
use crate::model::loader::Loader;
use crate::model::rope::{RopeConfig, RopeFields};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(Family::Cohere, fields)?;
    if fields.flag_or("use_qk_norm", false)? {
        config.attention.norm = QueryKeyNorm::EachHead;
    }
    Ok(config)
}

/// What both generations share.
pub fn common(family: Family, fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(family, fields, true)?;
    config.norm = NormKind::LayerUnbiased;
    config.norm_epsilon = fields.number_or("layer_norm_eps", 1e-5)?;
    config.logit_scale = fields.number_or("logit_scale", 0.0625)?;
    let rope = RopeConfig::read(fields, &RopeFields::COMMON, config.attention.head_size)?;
    config.ropes = vec![RopeConfig { interleaved: true, ..rope }];
    Ok(config)
}

/// One block, `model.layers.{index}`.
#[derive(Clone, Debug)]
pub struct Block {
    input_layernorm: Norm,
    self_attn: Attention,
    mlp: GatedMlp,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        Ok(Self {
            input_layernorm: Norm::load(&loader.under("input_layernorm"), config.norm, config.hidden_size)?,
            self_attn: Attention::load(&loader.under("self_attn"))?,
            mlp: GatedMlp::load(&loader.under("mlp"))?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let normed = self.input_layernorm.forward(x.clone());
        let found = self.self_attn.forward(normed.clone(), context);
        x + found + self.mlp.forward(normed, context.config.activation)
    }
}
