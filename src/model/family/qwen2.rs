//! Qwen 2 and 2.5 (`qwen2`): Llama's block with biases on queries, keys and values, and a sliding window
//! in the upper layers where the config switches it on.

use super::Fields;
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::RopeFields;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(fields)?;
    config.attention.bias = true;
    config.attention.output_bias = false;
    Ok(config)
}

/// What Qwen 2 and 3 share: all but biases and norms of queries and keys.
pub fn common(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, false)?;
    config.rotate(fields, &RopeFields::COMMON)?;
    let slides = fields.flag_or("use_sliding_window", false)?;
    let window = fields.optional_size("sliding_window")?.filter(|_| slides);
    let first = fields.get("max_window_layers").and_then(serde_json::Value::as_u64).unwrap_or(28);
    let sliding =
        fields.sliding_layers(config.layers.len(), |index| window.is_some() && index as u64 >= first)?;
    config.slide(&sliding, window);
    Ok(config)
}
