//! OLMo 3 (`olmo3`): OLMo 2 with sliding windows in three layers of four, and rotations scaled for long
//! contexts only in the fourth.

use super::{Family, Fields, olmo2};
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::{RopeConfig, RopeFields};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = olmo2::common(Family::Olmo3, fields)?;
    let rope = |layer_type, scaled| {
        let theta = ("rope_theta", 500_000.0);
        let place = RopeFields { layer_type: Some(layer_type), theta, partial: None, scaled };
        RopeConfig::read(fields, &place, config.attention.head_size)
    };
    config.ropes = vec![rope("full_attention", true)?, rope("sliding_attention", false)?];
    let sliding = fields.sliding_layers(config.layers.len(), |index| (index + 1) % 4 != 0)?;
    let window = fields.optional_size("sliding_window")?;
    config.slide(&sliding, window, |plan, sliding| plan.rope = Some(usize::from(sliding)));
    Ok(config)
}
