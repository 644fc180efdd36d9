//! Gemma 2 (`gemma2`): Gemma with norms both before and after attention and feed-forward, a sliding window
//! in every other layer, and soft caps on attention scores and logits.

use burn::tensor::Tensor;

use super::{Context, Family, Fields, gemma};
use crate::error::Result;
use crate::model::attention::Attention;
use crate::model::config::{Activation, Config};
use crate::model::layers::{GatedMlp, Norm};
use crate::model::loader::Loader;
use crate::model::rope::{RopeConfig, RopeFields};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(Family::Gemma2, fields)?;
    config.attention.softcap = cap(fields, "attn_logit_softcapping", 50.0)?;
    config.logit_softcap = cap(fields, "final_logit_softcapping", 30.0)?;
    config.ropes = vec![RopeConfig::read(fields, &RopeFields::COMMON, config.attention.head_size)?];
    let sliding = fields.sliding_layers(config.layers.len(), |index| index % 2 == 0)?;
    let window = window(fields)?;
    config.slide(&sliding, window, |_, _| ());
    Ok(config)
}

/// What Gemma 2 and 3 share: the activation and the scale of attention.
pub fn common(family: Family, fields: &Fields<'_>) -> Result<Config> {
    let mut config = gemma::common(family, fields)?;
    config.activation = fields.activation("hidden_activation", Some(Activation::GeluTanh))?;
    config.scale_attention(fields.number_or("query_pre_attn_scalar", 256.0)?.powf(-0.5));
    Ok(config)
}

/// The width of sliding windows; null says none.
pub fn window(fields: &Fields<'_>) -> Result<Option<usize>> {
    Ok(match fields.has("sliding_window") {
        true => fields.optional_size("sliding_window")?,
        false => Some(4096),
    })
}

/// A soft cap; null says none.
fn cap(fields: &Fields<'_>, name: &'static str, default: f64) -> Result<Option<f64>> {
    Ok(match fields.has(name) {
        true => fields.optional_number(name)?,
        false => Some(default),
    })
}

/// One block, `model.layers.{index}`.
#[derive(Clone, Debug)]
pub struct Block {
    input_layernorm: Norm,
    self_attn: Attention,
    post_attention_layernorm: Norm,
    pre_feedforward_layernorm: Norm,
    mlp: GatedMlp,
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
            mlp: GatedMlp::load(&loader.under("mlp"))?,
            post_feedforward_layernorm: norm("post_feedforward_layernorm")?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let found = self.self_attn.forward(self.input_layernorm.forward(x.clone()), context);
        let x = x + self.post_attention_layernorm.forward(found);
        let inner = self.pre_feedforward_layernorm.forward(x.clone());
        let inner = self.mlp.forward(inner, context.config.activation);
        x + self.post_feedforward_layernorm.forward(inner)
    }
}
