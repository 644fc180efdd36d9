//! GPT-2 (`gpt2`): learned positions added to the embedding, layer norms with biases, one fused projection
//! for queries, keys and values, and weights stored with the inputs first.

use burn::tensor::Tensor;

use super::{Context, Family, Fields, Names};
use crate::error::Result;
use crate::model::attention::attend;
use crate::model::config::{AttentionConfig, Config, LayerPlan, NormKind, QueryKeyNorm};
use crate::model::layers::{Linear, Norm, feed_forward};
use crate::model::loader::Loader;

/// What the tensors outside the blocks are called.
pub const NAMES: Names = Names {
    prefixes: &["transformer.", ""],
    embedding: "wte.weight",
    blocks: "h",
    positions: "wpe.weight",
    norm: "ln_f",
    heads: &["lm_head.weight"],
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
        family: Family::Gpt2,
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
    })
}

/// One block, `transformer.h.{index}`.
#[derive(Clone, Debug)]
pub struct Block {
    ln_1: Norm,
    c_attn: Linear,
    attn_c_proj: Linear,
    ln_2: Norm,
    c_fc: Linear,
    mlp_c_proj: Linear,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let linear = |part: &str, sizes| Linear::load_inputs_first(&loader.under(part), sizes);
        let norm = |part: &str| Norm::load(&loader.under(part), config.norm, hidden);
        Ok(Self {
            ln_1: norm("ln_1")?,
            c_attn: linear("attn.c_attn", [hidden, 3 * hidden])?,
            attn_c_proj: linear("attn.c_proj", [hidden, hidden])?,
            ln_2: norm("ln_2")?,
            c_fc: linear("mlp.c_fc", [hidden, inner])?,
            mlp_c_proj: linear("mlp.c_proj", [inner, hidden])?,
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let hidden = context.config.hidden_size;
        let fused = self.c_attn.forward(self.ln_1.forward(x.clone()));
        // All queries, then all keys, then all values.
        let part = |index: usize| fused.clone().narrow(1, index * hidden, hidden);
        let x = x + self.attn_c_proj.forward(attend(context, part(0), part(1), part(2)));
        let normed = self.ln_2.forward(x.clone());
        x + feed_forward(normed, None, &self.c_fc, &self.mlp_c_proj, context.config.activation)
    }
}
