//! The fields of a `config.json`, read by name; every error names the field and the file.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};

/// The largest size accepted of a dimension: products of two stay far from overflow.
const LARGEST_SIZE: u64 = 1 << 28;

/// Fields that change a model's numbers wherever they are read. One that is set, and that the family at
/// hand did not ask for, is refused: the model was built with something that is not computed here.
const DECISIVE: [&str; 35] = [
    "add_cross_attention",
    "alibi",
    "attention_bias",
    "attention_multiplier",
    "attn_logit_softcapping",
    "clip_qkv",
    "embedding_multiplier",
    "final_logit_softcapping",
    "is_encoder_decoder",
    "logits_scaling",
    "logit_scale",
    "mlp_bias",
    "moe_intermediate_size",
    "multi_query",
    "n_routed_experts",
    "no_rope_layers",
    "num_experts",
    "num_local_experts",
    "partial_rotary_factor",
    "qk_layernorm",
    "qk_norm",
    "query_pre_attn_scalar",
    "residual_multiplier",
    "rope_interleave",
    "rope_interleaved",
    "rope_local_base_freq",
    "rotary_emb_base",
    "rotary_pct",
    "scale_attn_by_inverse_layer_idx",
    "use_alibi",
    "use_bidirectional_attention",
    "use_mrope",
    "use_qk_norm",
    "use_sliding_window",
    "xielu",
];

/// Fields of a JSON object.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a Path,
    /// Sizes that stand for absent fields.
    defaults: &'static [(&'static str, usize)],
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The fields of `object`, which was read from the file `path`.
    pub fn new(object: &'a Map<String, Value>, path: &'a Path) -> Self {
        Self { object, path, defaults: &[], asked: RefCell::default() }
    }

    /// The fields of an object within this one.
    pub fn inner(&self, object: &'a Map<String, Value>) -> Self {
        Self::new(object, self.path)
    }

    /// The same fields with sizes for absent ones.
    pub fn with_defaults(self, defaults: &'static [(&'static str, usize)]) -> Self {
        Self { defaults, ..self }
    }

    /// An error in this file.
    pub fn error(&self, cause: impl std::fmt::Display) -> Error {
        Error::new(Kind::Config, cause).at(self.path)
    }

    /// A field that is there and not null.
    pub fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Whether a field is there, be it null.
    pub fn has(&self, name: &'static str) -> bool {
        self.asked.borrow_mut().insert(name);
        self.object.contains_key(name)
    }

    /// A size: a whole number above 0.
    pub fn size(&self, name: &'static str) -> Result<usize> {
        let absent = || self.defaults.iter().find(|(known, _)| *known == name).map(|(_, size)| *size);
        self.optional_size(name)?.or_else(absent).ok_or_else(|| self.error(format!("`{name}` is missing")))
    }

    /// A size, or none where the field is absent or null.
    pub fn optional_size(&self, name: &'static str) -> Result<Option<usize>> {
        match self.get(name).map(|value| (value, value.as_u64())) {
            None => Ok(None),
            Some((_, Some(size))) if (1..=LARGEST_SIZE).contains(&size) => Ok(Some(size as usize)),
            Some((value, _)) => Err(self.error(format!("`{name}` is {value}, not a size"))),
        }
    }

    /// A finite number above 0.
    pub fn number(&self, name: &'static str) -> Result<f64> {
        self.optional_number(name)?.ok_or_else(|| self.error(format!("`{name}` is missing")))
    }

    /// A finite number above 0, or `default` where the field is absent or null.
    pub fn number_or(&self, name: &'static str, default: f64) -> Result<f64> {
        Ok(self.optional_number(name)?.unwrap_or(default))
    }

    /// A finite number above 0, or none where the field is absent or null.
    pub fn optional_number(&self, name: &'static str) -> Result<Option<f64>> {
        let number = |value: &Value| {
            let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
            number.ok_or_else(|| self.error(format!("`{name}` is {value}, not a positive number")))
        };
        self.get(name).map(number).transpose()
    }

    /// True or false, or `default` where the field is absent or null.
    pub fn flag_or(&self, name: &'static str, default: bool) -> Result<bool> {
        self.get(name).map_or(Ok(default), |value| {
            value.as_bool().ok_or_else(|| self.error(format!("`{name}` is {value}, not true or false")))
        })
    }

    /// A text, or none where the field is absent or null.
    pub fn text(&self, name: &'static str) -> Result<Option<&'a str>> {
        let text = |value: &'a Value| {
            value.as_str().ok_or_else(|| self.error(format!("`{name}` is {value}, not a text")))
        };
        self.get(name).map(text).transpose()
    }

    /// An object, or none where the field is absent or null.
    pub fn object(&self, name: &'static str) -> Result<Option<Fields<'a>>> {
        let object = |value: &'a Value| {
            value.as_object().ok_or_else(|| self.error(format!("`{name}` is {value}, not an object")))
        };
        Ok(self.get(name).map(object).transpose()?.map(|object| self.inner(object)))
    }

    /// One entry a layer, or none where the field is absent or null.
    pub fn per_layer(&self, name: &'static str, layers: usize) -> Result<Option<&'a [Value]>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_array() {
            Some(entries) if entries.len() == layers => Ok(Some(entries)),
            Some(entries) => {
                Err(self.error(format!("`{name}` has {} entries for {layers} layers", entries.len())))
            }
            None => Err(self.error(format!("`{name}` is {value}, not a list"))),
        }
    }

    /// Refuses what changes the numbers and was not asked for.
    ///
    /// # Errors
    /// One that is set to more than nothing, by its name.
    pub fn refuse_the_unread(&self) -> Result<()> {
        let asked = self.asked.borrow();
        for name in DECISIVE {
            let Some(value) = self.object.get(name).filter(|_| !asked.contains(name)) else { continue };
            let nothing = match value {
                Value::Null | Value::Bool(false) => true,
                // A multiplier of 1 and a count of 0 say nothing.
                Value::Number(number) => number.as_f64().is_some_and(|number| number == 0.0 || number == 1.0),
                _ => false,
            };
            if !nothing {
                return Err(self
                    .error(format!("`{name}` is {value}, which this model family does not support"))
                    .help("its states would not be those the model was trained with"));
            }
        }
        Ok(())
    }
}
