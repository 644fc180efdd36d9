//! OLMo (`olmo`): Llama's block with layer norms that have no weights, and queries, keys and values cut
//! to a range.

use super::Fields;
use crate::error::Result;
use crate::model::config::rope::RopeFields;
use crate::model::config::{Config, NormKind};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, false)?;
    config.norm = NormKind::LayerFixed;
    config.norm_epsilon = 1e-5;
    config.attention.clip = fields.optional_number("clip_qkv")?;
    config.rotate(fields, &RopeFields::COMMON)?;
    Ok(config)
}
