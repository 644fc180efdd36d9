//! Llama (`llama`): RMS norms before attention and feed-forward, grouped-query attention, gated
//! feed-forward. SmolLM2 and Llama 2 and 3 are this; several families differ from it by their config only.

use super::Fields;
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::RopeFields;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, false)?;
    config.mlp_bias = fields.flag_or("mlp_bias", false)?;
    config.rotate(fields, &RopeFields::COMMON)?;
    Ok(config)
}
