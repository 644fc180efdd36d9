//! Command R7B and what follows it (`cohere2`): Cohere's block with sliding windows and rotation in most
//! layers, neither in the others.

use super::{Family, Fields, cohere};
use crate::error::Result;
use crate::model::config::Config;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = cohere::common(Family::Cohere2, fields)?;
    let period = match fields.optional_size("sliding_window_pattern")? {
        Some(period) => period,
        None => fields.optional_size("layer_switch")?.unwrap_or(4),
    };
    let sliding = fields.sliding_layers(config.layers.len(), |index| (index + 1) % period != 0)?;
    // Null says no window, and with it no layer that rotates.
    let window = match fields.has("sliding_window") {
        true => fields.optional_size("sliding_window")?,
        false => Some(4096),
    };
    config.slide(&sliding, window, |plan, _| plan.rope = plan.window.map(|_| 0));
    Ok(config)
}
