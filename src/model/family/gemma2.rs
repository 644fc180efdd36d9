//! Gemma 2 (`gemma2`): Gemma with norms both before and after attention and feed-forward, a sliding window
//! in every other layer, and soft caps on attention scores and logits.

use super::{Fields, gemma};
use crate::error::Result;
use crate::model::config::rope::RopeFields;
use crate::model::config::{Activation, BlockKind, Config};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(fields)?;
    config.attention.softcap = cap(fields, "attn_logit_softcapping", 50.0)?;
    config.logit_softcap = cap(fields, "final_logit_softcapping", 30.0)?;
    config.rotate(fields, &RopeFields::COMMON)?;
    let sliding = fields.sliding_layers(config.layers.len(), |index| index % 2 == 0)?;
    config.slide(&sliding, fields.sliding_window()?);
    Ok(config)
}

/// What Gemma 2 and 3 share: the activation and the scale of attention.
pub fn common(fields: &Fields<'_>) -> Result<Config> {
    let mut config = gemma::common(fields)?;
    config.block = BlockKind::Gemma2;
    config.activation = fields.activation("hidden_activation", Some(Activation::GeluTanh))?;
    config.scale_attention(fields.number_or("query_pre_attn_scalar", 256.0)?.powf(-0.5));
    Ok(config)
}

/// A soft cap; null says none.
fn cap(fields: &Fields<'_>, name: &'static str, default: f64) -> Result<Option<f64>> {
    Ok(match fields.has(name) {
        true => fields.optional_number(name)?,
        false => Some(default),
    })
}
