//! GPT-2 (`gpt2`): learned positions added to the embedding, layer norms with biases, one fused projection
//! for queries, keys and values, and weights stored with the inputs first.

use super::Fields;
use crate::error::Result;
use crate::model::config::{
    AttentionConfig, BlockKind, Config, LayerPlan, NormKind, QueryKeyNorm, TensorNames,
};

const TENSORS: TensorNames = TensorNames {
    prefixes: &["transformer.", ""],
    embedding: "wte.weight",
    blocks: "h",
    position_embedding: "wpe.weight",
    norm: "ln_f",
    heads: &["lm_head.weight"],
    others: &[],
};

/// Reads the config, whose field names are the family's own.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let hidden_size = fields.size("n_embd")?;
    let heads = fields.size("n_head")?;
    let head_size = fields.share_of(hidden_size, heads)?;
    let scale = match fields.flag_or("scale_attn_weights", true)? {
        true => (head_size as f64).powf(-0.5),
        false => 1.0,
    };
    let inverse = fields.flag_or("scale_attn_by_inverse_layer_idx", false)?;
    let plan = |index: usize| {
        let scale = if inverse { scale / (index + 1) as f64 } else { scale };
        LayerPlan { rope: None, window: None, scale }
    };
    Ok(Config {
        model_type: "",
        tensors: TENSORS,
        block: BlockKind::Gpt2,
        hidden_size,
        intermediate_size: fields.optional_size("n_inner")?.unwrap_or(4 * hidden_size),
        vocab_size: fields.size("vocab_size")?,
        layers: (0..fields.layers("n_layer")?).map(plan).collect(),
        attention: AttentionConfig {
            heads,
            key_value_heads: heads,
            head_size,
            bias: true,
            output_bias: true,
            norm: QueryKeyNorm::None,
            clip: None,
            softcap: None,
        },
        mlp_bias: true,
        activation: fields.activation("activation_function", None)?,
        norm: NormKind::Layer,
        norm_epsilon: fields.number_or("layer_norm_epsilon", 1e-5)?,
        parallel_residual: false,
        ropes: Vec::new(),
        learned_positions: Some(fields.size("n_positions")?),
        tied_embeddings: fields.flag_or("tie_word_embeddings", true)?,
        embedding_scale: 1.0,
        logit_scale: 1.0,
        logit_softcap: None,
        unknown_fields: Vec::new(),
        unknown_flags: Vec::new(),
        notes: Vec::new(),
    })
}
