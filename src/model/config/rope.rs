//! What a config says of rotary positions.

use super::Fields;
use crate::error::{Error, Result};

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
    /// `rope_parameters`; transformers 4 has the base beside `rope_scaling`. Both may be there if they agree, as
    /// releases between the two write them.
    ///
    /// # Errors
    /// A kind of scaling that is not supported; a number that is missing or impossible; two forms that disagree;
    /// `rope_parameters` for all layers alike where layers of different kinds have their own, which releases of
    /// transformers read in different ways, or the other way round.
    pub fn read(fields: &Fields<'_>, place: &RopeFields, head_size: usize) -> Result<Self> {
        let new = place.parameters(fields)?;
        let old = fields.object("rope_scaling")?.filter(|_| place.scaled);
        let forms = || [&new, &old].into_iter().flatten();
        let number = |inner: &'static str, outer: &'static str, default: f64| {
            let mut said = Vec::new();
            for form in forms() {
                said.push((form.name_of(inner), form.optional_number(inner)?));
            }
            said.push((outer.to_owned(), fields.optional_number(outer)?));
            Ok::<f64, Error>(agreed(fields, said)?.unwrap_or(default))
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
        let mut scalings = Vec::new();
        for form in forms() {
            let scaling = RopeScaling::read(fields, form)?;
            scalings.push((form.place().to_owned(), Some((scaling, form.as_json()))));
            if place.partial.is_none()
                && form.optional_number("partial_rotary_factor")?.is_some_and(|factor| factor != 1.0)
            {
                return Err(fields.error("`partial_rotary_factor` is not supported for this model family"));
            }
            // Some kinds of scaling ask for neither.
            let _ = (form.get("rope_theta"), form.get("original_max_position_embeddings"));
            fields.pass_over(form.unread().iter().map(|name| form.name_of(name)));
        }
        if let [(_, Some((first, _))), (_, Some((second, _)))] = &scalings[..]
            && first == second
        {
            scalings.truncate(1);
        }
        let said =
            scalings.iter().map(|(place, said)| (place.clone(), said.as_ref().map(|(_, json)| json.clone())));
        agreed(fields, said.collect())?;
        let scaling = scalings.first().and_then(|(_, said)| said.as_ref());
        Ok(Self {
            theta,
            scaling: scaling.map_or(RopeScaling::Default, |(scaling, _)| *scaling),
            size,
            interleaved: false,
        })
    }
}

impl RopeFields {
    /// What `rope_parameters` says of this rotation; `None` where there is no such field.
    fn parameters<'a>(&self, fields: &Fields<'a>) -> Result<Option<Fields<'a>>> {
        const NAME: &str = "rope_parameters";
        let Some(all) = fields.object(NAME)? else { return Ok(None) };
        let apart = all.objects();
        match self.layer_type {
            None if apart.is_empty() => Ok(Some(all)),
            None => Err(fields
                .error(format!("`{NAME}` has `{}`, but all layers of this family rotate alike", apart[0]))
                .help(format!("write what is in it into `{NAME}` itself"))),
            Some(layer_type) => match all.object(layer_type)? {
                Some(own) => Ok(Some(own)),
                None if apart.is_empty() => Err(fields
                    .error(format!(
                        "`{NAME}` speaks of all layers alike, but this family has layers of two kinds; releases of \
                         transformers read this in different ways"
                    ))
                    .help(format!(
                        "write `{NAME}` as {{\"full_attention\": {{…}}, \"sliding_attention\": {{…}}}}, each as the \
                         model was trained"
                    ))),
                None => Err(fields.error(format!("`{NAME}` says nothing of `{layer_type}`"))),
            },
        }
    }
}

/// What a setting is that a config may say in several places, each by its name.
///
/// # Errors
/// Two that disagree, by their names.
pub fn agreed<T: PartialEq + std::fmt::Display>(
    fields: &Fields<'_>,
    said: Vec<(String, Option<T>)>,
) -> Result<Option<T>> {
    let mut said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let Some((name, value)) = said.next() else { return Ok(None) };
    match said.find(|(_, other)| *other != value) {
        None => Ok(Some(value)),
        Some((other_name, other)) => Err(fields
            .error(format!("`{name}` is {value}, but `{other_name}` is {other}"))
            .help("remove the one that the model was not trained with")),
    }
}

impl RopeScaling {
    fn read(fields: &Fields<'_>, inner: &Fields<'_>) -> Result<Self> {
        let context = || fields.number("max_position_embeddings");
        let original = |fields: &Fields<'_>| {
            let name = "original_max_position_embeddings";
            Ok::<_, Error>((fields.name_of(name), fields.optional_number(name)?))
        };
        let original_context =
            || agreed(fields, vec![original(fields)?, original(inner)?])?.map_or_else(context, Ok);
        let kinds =
            ["rope_type", "type"].map(|name| Ok::<_, Error>((inner.name_of(name), inner.text(name)?)));
        let kinds = kinds.into_iter().collect::<Result<Vec<_>>>()?;
        let kind = agreed(fields, kinds)?.unwrap_or("default");
        let scaling = match kind {
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
        };
        Ok(scaling)
    }

    /// The factor on queries and keys each.
    pub fn magnitude(self) -> f32 {
        match self {
            Self::Yarn { attention_factor, .. } => attention_factor as f32,
            _ => 1.0,
        }
    }
}
