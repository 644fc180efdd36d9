//! What a config says of rotary positions.

use super::Fields;
use crate::error::Result;

/// How the frequencies are changed for contexts longer than those trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    Default,
    /// All waves slowed by a factor.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// The base raised for documents longer than the context trained on, each by its own length.
    Dynamic {
        /// How much.
        factor: f64,
        /// The context trained on, in tokens.
        context: f64,
    },
    /// YaRN: waves slowed by `factor` or kept by how often they turn in the original context, with a ramp
    /// between, and queries and keys made larger.
    Yarn {
        /// How much long waves are slowed.
        factor: f64,
        /// The factor on queries and keys each.
        attention_factor: f64,
        /// Waves that turn more often than this are kept.
        beta_fast: f64,
        /// Waves that turn less often than this are slowed.
        beta_slow: f64,
        /// The context trained on before, in tokens.
        original_context: f64,
        /// Whether the ramp's ends are whole dimensions.
        truncate: bool,
    },
    /// Llama 3.1: long waves slowed by `factor`, short ones kept, a ramp between.
    Llama3 {
        /// How much long waves are slowed.
        factor: f64,
        /// Waves longer than the original context over this are long.
        low_frequency_factor: f64,
        /// Waves shorter than the original context over this are short.
        high_frequency_factor: f64,
        /// The context trained on before, in tokens.
        original_context: f64,
    },
}

/// A rotation of queries and keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RopeConfig {
    /// The base of the frequencies.
    pub theta: f64,
    /// How they are changed.
    pub scaling: RopeScaling,
    /// How many of a head's dimensions are rotated, an even number.
    pub size: usize,
    /// Whether dimension 2i pairs with 2i + 1 rather than i with i + size/2.
    pub interleaved: bool,
}

/// Where a config says what of a rotation.
pub struct RopeFields {
    /// The entry of `rope_parameters` in transformers 5, where layers of different kinds have their own.
    pub layer_type: Option<&'static str>,
    /// The base in transformers 4.
    pub theta: (&'static str, f64),
    /// The share of each head that is rotated in transformers 4; none where all is.
    pub partial: Option<(&'static str, f64)>,
    /// Whether transformers 4's `rope_scaling` speaks of this rotation.
    pub scaled: bool,
}

impl RopeFields {
    /// `rope_theta` and `rope_scaling`, or `rope_parameters`, for all layers alike.
    pub const COMMON: Self =
        Self { layer_type: None, theta: ("rope_theta", 1e4), partial: None, scaled: true };
}

impl RopeConfig {
    /// Reads a rotation of heads of `head_size` in either form: transformers 5 nests everything in
    /// `rope_parameters`; transformers 4 has the base beside `rope_scaling`.
    ///
    /// # Errors
    /// A kind of scaling that is not supported, a number that is missing or impossible.
    pub fn read(fields: &Fields<'_>, place: &RopeFields, head_size: usize) -> Result<Self> {
        let nested = fields.object("rope_parameters")?;
        let nested = match (nested, place.layer_type) {
            (Some(parameters), Some(layer_type)) => parameters.object(layer_type)?,
            (parameters, _) => parameters,
        };
        let old = fields.object("rope_scaling")?.filter(|_| place.scaled && nested.is_none());
        let inner = nested.as_ref().or(old.as_ref());
        let number = |name: &'static str, outer: &'static str, default: f64| match inner {
            Some(inner) if inner.get(name).is_some() => inner.number(name),
            _ => fields.number_or(outer, default),
        };
        let partial = match place.partial {
            Some((name, default)) => number("partial_rotary_factor", name, default)?,
            None => 1.0,
        };
        let size = (head_size as f64 * partial) as usize;
        if !size.is_multiple_of(2) || size > head_size {
            return Err(fields.error(format!("{size} of {head_size} head dimensions cannot be rotated")));
        }
        let theta = number("rope_theta", place.theta.0, place.theta.1)?;
        let scaling = match inner {
            Some(inner) => RopeScaling::read(fields, inner)?,
            None => RopeScaling::Default,
        };
        if let Some(inner) = inner.filter(|_| place.partial.is_none())
            && inner.optional_number("partial_rotary_factor")?.is_some_and(|factor| factor != 1.0)
        {
            return Err(fields.error("`partial_rotary_factor` is not supported for this model family"));
        }
        Ok(Self { theta, scaling, size, interleaved: false })
    }
}

impl RopeScaling {
    fn read(fields: &Fields<'_>, inner: &Fields<'_>) -> Result<Self> {
        let context = || fields.number("max_position_embeddings");
        let original_context = || match fields.optional_number("original_max_position_embeddings")? {
            Some(context) => Ok(context),
            None => inner.optional_number("original_max_position_embeddings")?.map_or_else(context, Ok),
        };
        let kind = inner.text("rope_type")?.or(inner.text("type")?).unwrap_or("default");
        Ok(match kind {
            "default" => Self::Default,
            "linear" => Self::Linear { factor: inner.number("factor")? },
            "dynamic" => Self::Dynamic { factor: inner.number("factor")?, context: context()? },
            "yarn" => {
                let original_context = original_context()?;
                let factor = match inner.optional_number("factor")? {
                    Some(factor) => factor,
                    None => context()? / original_context,
                };
                let magnitude =
                    |scale: f64| if factor <= 1.0 { 1.0 } else { 0.1 * scale * factor.ln() + 1.0 };
                let scales = (inner.optional_number("mscale")?, inner.optional_number("mscale_all_dim")?);
                let attention_factor = match (inner.optional_number("attention_factor")?, scales) {
                    (Some(factor), _) => factor,
                    (None, (Some(scale), Some(all))) => magnitude(scale) / magnitude(all),
                    (None, _) => magnitude(1.0),
                };
                Self::Yarn {
                    factor,
                    attention_factor,
                    beta_fast: inner.number_or("beta_fast", 32.0)?,
                    beta_slow: inner.number_or("beta_slow", 1.0)?,
                    original_context,
                    truncate: inner.flag_or("truncate", true)?,
                }
            }
            "llama3" => Self::Llama3 {
                factor: inner.number("factor")?,
                low_frequency_factor: inner.number("low_freq_factor")?,
                high_frequency_factor: inner.number("high_freq_factor")?,
                original_context: original_context()?,
            },
            other => {
                return Err(fields
                    .error(format!("rope_type `{other}` is not supported"))
                    .help("supported are default, linear, dynamic, yarn, llama3"));
            }
        })
    }

    /// The factor on queries and keys each.
    pub fn magnitude(self) -> f32 {
        match self {
            Self::Yarn { attention_factor, .. } => attention_factor as f32,
            _ => 1.0,
        }
    }
}
