//! Qwen 3 (`qwen3`): Llama's block with RMS norms over each head's queries and keys, and Qwen 2's windows.

use super::{Fields, qwen2};
use crate::error::Result;
use crate::model::config::{Config, QueryKeyNorm};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = qwen2::common(fields)?;
    config.attention.norm = QueryKeyNorm::Head;
    Ok(config)
}
