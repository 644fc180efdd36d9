//! Cohere's Command and Aya (`cohere`): one layer norm without bias before attention and feed-forward side
//! by side, rotation of neighbouring dimensions, and scaled logits.

use super::Fields;
use crate::error::Result;
use crate::model::config::rope::{RopeConfig, RopeFields};
use crate::model::config::{BlockKind, Config, NormKind, QueryKeyNorm};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(fields)?;
    if fields.flag_or("use_qk_norm", false)? {
        config.attention.norm = QueryKeyNorm::EachHead;
    }
    Ok(config)
}

/// What both generations share.
pub fn common(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, true)?;
    config.block = BlockKind::Cohere;
    config.norm = NormKind::LayerUnbiased;
    config.norm_epsilon = fields.number_or("layer_norm_eps", 1e-5)?;
    config.logit_scale = fields.number_or("logit_scale", 0.0625)?;
    let rope = RopeConfig::read(fields, &RopeFields::COMMON, config.attention.head_size)?;
    config.ropes = vec![RopeConfig { interleaved: true, ..rope }];
    Ok(config)
}
