//! Mistral (`mistral`): Llama's block with a sliding window in every layer.

use super::{Family, Fields};
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::{RopeConfig, RopeFields};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(Family::Mistral, fields, false)?;
    config.ropes = vec![RopeConfig::read(fields, &RopeFields::COMMON, config.attention.head_size)?];
    // Null says no window; the first models left the field out and had this one.
    let window = match fields.has("sliding_window") {
        true => fields.optional_size("sliding_window")?,
        false => Some(4096),
    };
    let sliding = vec![true; config.layers.len()];
    config.slide(&sliding, window, |_, _| ());
    Ok(config)
}
