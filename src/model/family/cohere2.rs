//! Command R7B and what follows it (`cohere2`): Cohere's block with sliding windows and rotation in most
//! layers, neither in the others.

use super::{Fields, cohere};
use crate::error::Result;
use crate::model::config::Config;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = cohere::common(fields)?;
    let sliding =
        fields.sliding_but_every(config.layers.len(), &["sliding_window_pattern", "layer_switch"], 4)?;
    config.slide(&sliding, fields.sliding_window()?);
    // No window, no rotation, also where a null takes the window from all.
    for plan in &mut config.layers {
        plan.rope = plan.window.map(|_| 0);
    }
    Ok(config)
}
