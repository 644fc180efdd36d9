//! `config.json`, in the forms of transformers 4 and 5, as far as it changes the numbers.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::rope::RopeScaling;
use crate::error::{Error, Kind, Result};

/// A model family, named in `config.json` as `model_type`; each has a file of its own beside this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// OLMo 2, in `olmo2.rs`.
    Olmo2,
    /// Llama 2 and 3 and what is built like them, in `llama.rs`.
    Llama,
    /// GPT-NeoX, of which Pythia is one, in `gpt_neox.rs`.
    GptNeox,
}

impl Family {
    /// Every family with its `model_type`.
    pub const ALL: [(&'static str, Self); 3] =
        [("olmo2", Self::Olmo2), ("llama", Self::Llama), ("gpt_neox", Self::GptNeox)];

    /// The `model_type`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, family)| *family == self).map_or("?", |(name, _)| name)
    }
}

/// The activation between the products of a feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x · sigmoid(x)
    Silu,
    /// x · Φ(x), by the error function.
    Gelu,
    /// The same by tanh.
    GeluTanh,
    /// max(x, 0)
    Relu,
}

/// What of `config.json` the forward pass needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The model family.
    pub family: Family,
    /// Hidden size h.
    pub hidden_size: usize,
    /// The feed-forward block's inner size.
    pub intermediate_size: usize,
    /// The number of blocks L.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; as many as query heads, or fewer under grouped-query attention.
    pub key_value_heads: usize,
    /// The size of a head.
    pub head_size: usize,
    /// The number of tokens the embedding knows.
    pub vocab_size: usize,
    /// ε of the norms.
    pub norm_epsilon: f64,
    /// The activation.
    pub activation: Activation,
    /// Whether the output head is the embedding.
    pub tied_embeddings: bool,
    /// Whether the attention's projections have biases.
    pub attention_bias: bool,
    /// Whether the feed-forward block's products have biases.
    pub mlp_bias: bool,
    /// Whether attention and feed-forward read the same input (GPT-NeoX).
    pub parallel_residual: bool,
    /// The base of the rotary frequencies.
    pub rope_theta: f64,
    /// How the rotary frequencies are changed for long contexts.
    pub rope_scaling: RopeScaling,
    /// How many of a head's dimensions are rotated.
    pub rotary_size: usize,
}

impl Config {
    /// Reads `config.json` of a model folder.
    ///
    /// # Errors
    /// A file that is missing or no JSON, an unknown family, a field that is missing, impossible or
    /// asks for what is not supported; each names the field and the file.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Error::new(Kind::Config, format!("no readable config.json ({error})")).at(&path)
        })?;
        let json: Value = serde_json::from_str(&text)
            .map_err(|error| Error::new(Kind::Config, format!("not valid JSON: {error}")).at(&path))?;
        let Value::Object(fields) = json else {
            return Err(Error::new(Kind::Config, "not a JSON object").at(&path));
        };
        Self::from_fields(&Fields { fields: &fields, path: &path })
    }

    fn from_fields(fields: &Fields<'_>) -> Result<Self> {
        let family = fields.family()?;
        if let Some(quantization) = fields.get("quantization_config") {
            let method = quantization.get("quant_method").and_then(Value::as_str).unwrap_or("unknown method");
            return Err(fields
                .error(format!("quantised weights ({method}) are not supported"))
                .help("use the unquantised checkpoint"));
        }
        let neox = family == Family::GptNeox;
        let hidden_size = fields.size("hidden_size")?;
        let heads = fields.size("num_attention_heads")?;
        let key_value_heads = match fields.get("num_key_value_heads") {
            Some(_) if !neox => fields.size("num_key_value_heads")?,
            _ => heads,
        };
        if !heads.is_multiple_of(key_value_heads) {
            let cause = format!("{heads} attention heads cannot share {key_value_heads} key-value heads");
            return Err(fields.error(cause));
        }
        let head_size = match fields.get("head_dim") {
            Some(_) => fields.size("head_dim")?,
            None if hidden_size.is_multiple_of(heads) => hidden_size / heads,
            None => {
                let cause = format!("hidden_size {hidden_size} is not a multiple of {heads} attention heads");
                return Err(fields.error(cause));
            }
        };
        let rope = fields.rope(neox)?;
        let rotary_size = (head_size as f64 * rope.partial) as usize;
        if !rotary_size.is_multiple_of(2) || rotary_size > head_size {
            return Err(
                fields.error(format!("{rotary_size} of {head_size} head dimensions cannot be rotated"))
            );
        }
        Ok(Self {
            family,
            hidden_size,
            intermediate_size: fields.size("intermediate_size")?,
            layers: fields.size("num_hidden_layers")?,
            heads,
            key_value_heads,
            head_size,
            vocab_size: fields.size("vocab_size")?,
            norm_epsilon: match family {
                Family::GptNeox => fields.number("layer_norm_eps", Some(1e-5))?,
                Family::Olmo2 => fields.number("rms_norm_eps", Some(1e-5))?,
                Family::Llama => fields.number("rms_norm_eps", Some(1e-6))?,
            },
            activation: fields.activation()?,
            tied_embeddings: fields.flag("tie_word_embeddings", false)?,
            attention_bias: fields.flag("attention_bias", neox)?,
            mlp_bias: fields.flag("mlp_bias", neox)?,
            parallel_residual: fields.flag("use_parallel_residual", true)?,
            rope_theta: rope.theta,
            rope_scaling: rope.scaling,
            rotary_size,
        })
    }

    /// Parameters of one block, roughly; decides how much is computed in one go.
    pub fn block_parameters(&self) -> usize {
        let attention = 2 * self.hidden_size * self.head_size * (self.heads + self.key_value_heads);
        let gated = if self.family == Family::GptNeox { 2 } else { 3 };
        attention + gated * self.hidden_size * self.intermediate_size
    }
}

/// Fields of a JSON object, with errors that name field and file.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    path: &'a PathBuf,
}

/// What the config says of rotary positions.
struct Rope {
    theta: f64,
    scaling: RopeScaling,
    partial: f64,
}

impl Fields<'_> {
    fn error(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(Kind::Config, cause).at(self.path)
    }

    /// A field that is there and not null.
    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn size(&self, name: &str) -> Result<usize> {
        // Products of two sizes must stay far from overflow, whatever the file says.
        const LARGEST: u64 = 1 << 28;
        match self.get(name).map(|value| (value, value.as_u64())) {
            Some((_, Some(size))) if (1..=LARGEST).contains(&size) => Ok(size as usize),
            Some((value, _)) => Err(self.error(format!("`{name}` is {value}, not a size"))),
            None => Err(self.error(format!("`{name}` is missing"))),
        }
    }

    fn number(&self, name: &str, default: Option<f64>) -> Result<f64> {
        match (self.get(name), default) {
            (Some(value), _) => value
                .as_f64()
                .filter(|number| number.is_finite() && *number > 0.0)
                .ok_or_else(|| self.error(format!("`{name}` is {value}, not a positive number"))),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.error(format!("`{name}` is missing"))),
        }
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool> {
        self.get(name).map_or(Ok(default), |value| {
            value.as_bool().ok_or_else(|| self.error(format!("`{name}` is {value}, not true or false")))
        })
    }

    fn family(&self) -> Result<Family> {
        let name = self
            .get("model_type")
            .and_then(Value::as_str)
            .ok_or_else(|| self.error("`model_type` is missing"))?;
        let known = Family::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, family)| *family).ok_or_else(|| {
            let names = Family::ALL.map(|(name, _)| name).join(", ");
            self.error(format!("model_type `{name}` is not supported")).help(format!("known are {names}"))
        })
    }

    fn activation(&self) -> Result<Activation> {
        match self.get("hidden_act").and_then(Value::as_str) {
            Some("silu" | "swish") => Ok(Activation::Silu),
            Some("gelu") => Ok(Activation::Gelu),
            Some("gelu_new" | "gelu_fast" | "gelu_pytorch_tanh") => Ok(Activation::GeluTanh),
            Some("relu") => Ok(Activation::Relu),
            Some(other) => Err(self
                .error(format!("hidden_act `{other}` is not supported"))
                .help("known are silu, gelu, gelu_new, gelu_pytorch_tanh, relu")),
            None => Err(self.error("`hidden_act` is missing")),
        }
    }

    fn rope(&self, neox: bool) -> Result<Rope> {
        // transformers 5 keeps everything in `rope_parameters`; 4 has `rope_theta` beside `rope_scaling`,
        // and GPT-NeoX names of its own.
        let nested = |name| self.get(name).and_then(Value::as_object);
        let parameters = nested("rope_parameters").or_else(|| nested("rope_scaling"));
        let inner = parameters.map(|fields| Fields { fields, path: self.path });
        let (theta, partial) =
            if neox { ("rotary_emb_base", "rotary_pct") } else { ("rope_theta", "partial_rotary_factor") };
        let either = |inner_name: &str, outer_name: &str, default: f64| match &inner {
            Some(inner) if inner.get(inner_name).is_some() => inner.number(inner_name, None),
            _ => self.number(outer_name, Some(default)),
        };
        let kind = inner
            .as_ref()
            .and_then(|inner| inner.get("rope_type").or_else(|| inner.get("type")))
            .and_then(Value::as_str)
            .unwrap_or("default");
        let scaling = match (kind, &inner) {
            ("default", _) => RopeScaling::Default,
            ("llama3", Some(inner)) => RopeScaling::Llama3 {
                factor: inner.number("factor", None)?,
                low_frequency_factor: inner.number("low_freq_factor", None)?,
                high_frequency_factor: inner.number("high_freq_factor", None)?,
                original_context: inner.number("original_max_position_embeddings", None)?,
            },
            (other, _) => {
                return Err(self
                    .error(format!("rope_type `{other}` is not supported"))
                    .help("known are default, llama3"));
            }
        };
        Ok(Rope {
            theta: either("rope_theta", theta, 10_000.0)?,
            scaling,
            partial: either("partial_rotary_factor", partial, if neox { 0.25 } else { 1.0 })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Config> {
        let Value::Object(fields) = serde_json::from_str(json).unwrap() else { panic!() };
        Config::from_fields(&Fields { fields: &fields, path: &PathBuf::from("config.json") })
    }

    const LLAMA: &str = r#""model_type": "llama", "hidden_size": 64, "intermediate_size": 160,
        "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 320, "hidden_act": "silu""#;

    #[test]
    fn both_forms_of_rope() {
        let four = parse(&format!("{{{LLAMA}, \"rope_theta\": 5e5, \"rope_scaling\": null}}")).unwrap();
        let five = parse(&format!(
            "{{{LLAMA}, \"rope_parameters\": {{\"rope_type\": \"default\", \"rope_theta\": 5e5}}}}"
        ))
        .unwrap();
        assert_eq!(four, five);
        assert_eq!((four.rope_theta, four.key_value_heads, four.head_size), (5e5, 4, 16));
    }

    #[test]
    fn errors_name_the_field() {
        for (extra, part) in [
            (r#""rope_scaling": {"type": "yarn", "factor": 4}"#, "rope_type `yarn`"),
            (r#""num_key_value_heads": 3"#, "4 attention heads cannot share 3"),
            (r#""tie_word_embeddings": 7"#, "`tie_word_embeddings` is 7"),
            (r#""rms_norm_eps": "small""#, "`rms_norm_eps` is \"small\""),
            (r#""quantization_config": {"quant_method": "gptq"}"#, "quantised weights (gptq)"),
        ] {
            let error = parse(&format!("{{{LLAMA}, {extra}}}")).unwrap_err().to_string();
            assert!(error.contains(part) && error.ends_with("config.json"), "{error}");
        }
        let error = parse(r#"{"model_type": "mamba"}"#).unwrap_err().to_string();
        assert!(error.contains("`mamba`") && error.contains("olmo2, llama, gpt_neox"), "{error}");
        let zero = format!("{{{}}}", LLAMA.replace("\"hidden_size\": 64", "\"hidden_size\": 0"));
        let error = parse(&zero).unwrap_err();
        assert!(error.to_string().contains("`hidden_size` is 0"), "{error}");
    }
}
