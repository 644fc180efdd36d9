//! SmolLM3 (`smollm3`): Llama's block, without rotation in every few layers.

use super::Fields;
use crate::error::Result;
use crate::model::config::Config;
use crate::model::config::rope::RopeFields;

/// Reads the config.
pub fn config(fields: &Fields<'_>) -> Result<Config> {
    let mut config = Config::common(fields, true)?;
    config.mlp_bias = fields.flag_or("mlp_bias", false)?;
    let place = RopeFields { theta: ("rope_theta", 2e6), ..RopeFields::COMMON };
    config.rotate(fields, &place)?;
    let layers = config.layers.len();
    let interval = fields.optional_size("no_rope_layer_interval")?;
    let by_interval = (1..=layers).map(|layer| layer % interval.unwrap_or(4) != 0).collect::<Vec<bool>>();
    // Despite the name, 1 stands for a layer that rotates.
    let rotated: Vec<bool> = match fields.per_layer("no_rope_layers", layers)? {
        Some(entries) => entries
            .iter()
            .map(|entry| match entry.as_u64() {
                Some(0) => Ok(false),
                Some(1) => Ok(true),
                _ => Err(fields.error(format!("`no_rope_layers` has {entry}, not 0 or 1"))),
            })
            .collect::<Result<_>>()?,
        None => by_interval.clone(),
    };
    if let Some(interval) = interval.filter(|_| rotated != by_interval) {
        return Err(fields
            .error(format!("`no_rope_layers` has other layers than a `no_rope_layer_interval` of {interval}"))
            .help("remove the one that the model was not trained with"));
    }
    let slides = fields.flag_or("use_sliding_window", false)?;
    let window = fields.optional_size("sliding_window")?.filter(|_| slides);
    let sliding = fields.sliding_layers(layers, |index| !rotated[index])?;
    config.slide(&sliding, window);
    for (plan, rotated) in config.layers.iter_mut().zip(rotated) {
        plan.rope = rotated.then_some(0);
    }
    Ok(config)
}
