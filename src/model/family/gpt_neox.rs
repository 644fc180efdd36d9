//! GPT-NeoX (`gpt_neox`), the family of Pythia: layer norms with biases, one fused projection for
//! queries, keys and values, rotation of part of each head, and attention and feed-forward side by side.

use super::Fields;
use crate::error::Result;
use crate::model::config::rope::RopeFields;
use crate::model::config::{BlockKind, Config, NormKind, TensorNames};

const TENSORS: TensorNames = TensorNames {
    prefixes: &["gpt_neox.", ""],
    embedding: "embed_in.weight",
    blocks: "layers",
    position_embedding: "",
    norm: "final_layer_norm",
    heads: &["embed_out.weight", "lm_head.weight"],
    others: &[],
};

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, false)?;
    config.tensors = TENSORS;
    config.block = BlockKind::GptNeox;
    config.norm = NormKind::Layer;
    config.norm_epsilon = fields.number_or("layer_norm_eps", 1e-5)?;
    config.activation = fields.activation("hidden_act", None)?;
    config.parallel_residual = fields.flag_or("use_parallel_residual", true)?;
    let bias = fields.flag_or("attention_bias", true)?;
    (config.attention.bias, config.attention.output_bias) = (bias, bias);
    // Each head has keys and values of its own, whatever a config says.
    config.attention.key_value_heads = config.attention.heads;
    config.attention.head_size = fields.share_of(config.hidden_size, config.attention.heads)?;
    config.scale_attention((config.attention.head_size as f64).powf(-0.5));
    let place = RopeFields {
        theta: ("rotary_emb_base", 1e4),
        partial: Some(("rotary_pct", 0.25)),
        ..RopeFields::COMMON
    };
    config.rotate(fields, &place)?;
    other_names_are_overruled(fields, &place)?;
    Ok(config)
}

/// Releases from 4.45 on write two settings under a second name too, and read the first alone.
fn other_names_are_overruled(fields: &Fields<'_>, place: &RopeFields) -> Result<()> {
    let new = fields.object("rope_parameters")?;
    let names = [("rope_theta", Some(place.theta)), ("partial_rotary_factor", place.partial)];
    for (other, (name, default)) in names.into_iter().filter_map(|(other, name)| Some((other, name?))) {
        let (decisive, decides) = match &new {
            Some(new) if new.has(other) => (new.name_of(other), new.number(other)?),
            _ => (name.to_owned(), fields.number_or(name, default)?),
        };
        if let Some(said) = fields.optional_number(other)?.filter(|said| *said != decides) {
            fields.note(format!(
                "`{other}` of config.json is {said}, but `{decisive}` decides, which is {decides}"
            ));
        }
    }
    Ok(())
}
