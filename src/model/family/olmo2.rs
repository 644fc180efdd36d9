//! OLMo 2 (`olmo2`): Llama's block with the norms after attention and feed-forward instead of before,
//! and RMS norms over the whole of queries and keys before they are split into heads.

use super::Fields;
use crate::error::Result;
use crate::model::config::rope::RopeFields;
use crate::model::config::{BlockKind, Config, QueryKeyNorm};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(fields)?;
    config.rotate(fields, &RopeFields::COMMON)?;
    Ok(config)
}

/// What OLMo 2 and 3 share: all but the rotations.
pub fn common(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, false)?;
    config.block = BlockKind::Olmo2;
    config.attention.norm = QueryKeyNorm::Whole;
    config.norm_epsilon = fields.number_or("rms_norm_eps", 1e-5)?;
    Ok(config)
}
