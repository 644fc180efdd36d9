//! Gemma (`gemma`): Llama's block with norms that scale by 1 + w, heads apart from the hidden size, and an
//! embedding scaled by √h.

use super::Fields;
use crate::error::Result;
use crate::model::config::rope::RopeFields;
use crate::model::config::{Activation, Config, NormKind};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = common(fields)?;
    // The first configs say `gelu` and mean the tanh form; later ones say so in a field of its own.
    config.activation = match fields.activation("hidden_activation", Some(config.activation))? {
        Activation::Gelu => Activation::GeluTanh,
        other => other,
    };
    config.rotate(fields, &RopeFields::COMMON)?;
    Ok(config)
}

/// What all Gemmas share.
pub fn common(fields: &Fields<'_>) -> Result<Config> {
    if fields.flag_or("use_bidirectional_attention", false)? {
        return Err(fields
            .error("`use_bidirectional_attention` is true: this is no causal language model")
            .help("only models that predict the next token can be measured"));
    }
    let mut config = Config::common(fields, true)?;
    config.norm = NormKind::RmsPlusOne;
    config.embedding_scale = (config.hidden_size as f64).sqrt();
    if fields.get("hidden_act").is_none() {
        config.activation = Activation::GeluTanh;
    }
    Ok(config)
}
