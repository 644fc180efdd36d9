//! Gemma 3 (`gemma3_text`, and the text tower inside `gemma3`): Gemma 2's block with norms over each head's
//! queries and keys instead of soft caps, and rotations of their own in the layers that slide a window.

use super::{Fields, gemma2};
use crate::error::Result;
use crate::model::config::rope::RopeFields;
use crate::model::config::{Config, QueryKeyNorm, TensorNames};

/// Sizes of the smallest multimodal model, whose config leaves out what is equal to them.
const DEFAULTS: &[(&str, usize)] = &[
    ("hidden_size", 2304),
    ("intermediate_size", 9216),
    ("num_hidden_layers", 26),
    ("num_attention_heads", 8),
    ("num_key_value_heads", 4),
    ("head_dim", 256),
    ("vocab_size", 262_208),
    ("max_position_embeddings", 131_072),
];

/// Names as transformers 4 saves them, then as 5 does.
const TENSORS: TensorNames = TensorNames {
    prefixes: &["language_model.model.", "model.language_model.", "model.", ""],
    heads: &["lm_head.weight", "language_model.lm_head.weight"],
    others: &[
        "vision_tower.",
        "multi_modal_projector.",
        "model.vision_tower.",
        "model.multi_modal_projector.",
    ],
    ..TensorNames::COMMON
};

/// The text tower's own object in the config of a multimodal model.
pub fn text_fields(fields: Fields<'_>) -> Result<Fields<'_>> {
    let text = fields.object("text_config")?;
    Ok(text.ok_or_else(|| fields.error("`text_config` is missing"))?.with_defaults(DEFAULTS))
}

/// Reads the config of a multimodal model's text tower.
pub fn tower_config(fields: &Fields<'_>) -> Result<Config> {
    Ok(Config { tensors: TENSORS, ..config(fields)? })
}

/// Reads the config of a text model.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = gemma2::common(fields)?;
    config.attention.norm = QueryKeyNorm::Head;
    config.logit_softcap = fields.optional_number("final_logit_softcapping")?;
    let place =
        |layer_type, theta, scaled| RopeFields { layer_type: Some(layer_type), theta, partial: None, scaled };
    let full = place("full_attention", ("rope_theta", 1e6), true);
    let slid = place("sliding_attention", ("rope_local_base_freq", 1e4), false);
    let sliding = fields.sliding_but_every(config.layers.len(), &["sliding_window_pattern"], 6)?;
    config.slide(&sliding, fields.sliding_window()?);
    config.rotate_apart(fields, &sliding, [&full, &slid])?;
    Ok(config)
}
