//! Mistral (`mistral`): Llama's block with a sliding window in every layer.

use super::Fields;
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::RopeFields;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, false)?;
    config.rotate(fields, &RopeFields::COMMON)?;
    let sliding = vec![true; config.layers.len()];
    config.slide(&sliding, fields.sliding_window()?);
    Ok(config)
}
