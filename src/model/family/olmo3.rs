//! OLMo 3 (`olmo3`): OLMo 2 with sliding windows in three layers of four, and rotations scaled for long
//! contexts only in the fourth.

use super::{Fields, olmo2};
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::RopeFields;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = olmo2::common(fields)?;
    let place = |layer_type, scaled| RopeFields {
        layer_type: Some(layer_type),
        theta: ("rope_theta", 500_000.0),
        partial: None,
        scaled,
    };
    let (full, slid) = (place("full_attention", true), place("sliding_attention", false));
    let sliding = fields.sliding_layers(config.layers.len(), |index| (index + 1) % 4 != 0)?;
    config.slide(&sliding, fields.optional_size("sliding_window")?);
    config.rotate_apart(fields, &sliding, [&full, &slid])?;
    Ok(config)
}
