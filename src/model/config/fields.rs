//! The fields of a `config.json`, read by name; every error names the field and the file.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};

/// The largest size accepted of a dimension: products of two stay far from overflow.
const LARGEST_SIZE: u64 = 1 << 28;

/// Fields that change a model's numbers wherever they are read, each with what of it says nothing. One that says
/// something, and that the family at hand did not ask for, is refused: the model was built with something that is not
/// computed here.
const DECISIVE: [(&str, Neutral); 35] = [
    ("add_cross_attention", Neutral::Off),
    ("alibi", Neutral::Off),
    ("attention_bias", Neutral::Off),
    ("attention_multiplier", Neutral::Absent),
    ("attn_logit_softcapping", Neutral::Absent),
    ("clip_qkv", Neutral::Absent),
    ("embedding_multiplier", Neutral::One),
    ("final_logit_softcapping", Neutral::Absent),
    ("is_encoder_decoder", Neutral::Off),
    ("logits_scaling", Neutral::One),
    ("logit_scale", Neutral::One),
    ("mlp_bias", Neutral::Off),
    ("moe_intermediate_size", Neutral::Zero),
    ("multi_query", Neutral::Off),
    ("n_routed_experts", Neutral::Zero),
    ("no_rope_layers", Neutral::Absent),
    ("num_experts", Neutral::Zero),
    ("num_local_experts", Neutral::Zero),
    ("partial_rotary_factor", Neutral::One),
    ("qk_layernorm", Neutral::Off),
    ("qk_norm", Neutral::Off),
    ("query_pre_attn_scalar", Neutral::Absent),
    ("residual_multiplier", Neutral::One),
    ("rope_interleave", Neutral::Off),
    ("rope_interleaved", Neutral::Off),
    ("rope_local_base_freq", Neutral::Absent),
    ("rotary_emb_base", Neutral::Absent),
    ("rotary_pct", Neutral::One),
    ("scale_attn_by_inverse_layer_idx", Neutral::Off),
    ("use_alibi", Neutral::Off),
    ("use_bidirectional_attention", Neutral::Off),
    ("use_mrope", Neutral::Off),
    ("use_qk_norm", Neutral::Off),
    ("use_sliding_window", Neutral::Off),
    ("xielu", Neutral::Off),
];

/// Fields that many configs carry and that change no hidden state and no loss of a model that is not trained: names,
/// tokens, dropout, what generates text, what stores and loads. A field that is neither here, nor decisive, nor asked
/// for by the family is told to the user by its name. Beside these, see [`is_bookkeeping`].
const HARMLESS: [&str; 72] = [
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "attn_pdrop",
    "bad_words_ids",
    "begin_suppress_tokens",
    "cache_implementation",
    "chunk_size_feed_forward",
    "classifier_dropout",
    "diversity_penalty",
    "do_sample",
    "dtype",
    "early_stopping",
    "embd_pdrop",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "gradient_checkpointing",
    "hidden_dropout",
    "hidden_dropout_prob",
    "id2label",
    "initializer_range",
    "is_decoder",
    "is_llama_config",
    "label2id",
    "length_penalty",
    "max_length",
    "max_position_embeddings",
    "max_window_layers",
    "min_length",
    "model_type",
    "n_ctx",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_labels",
    "num_return_sequences",
    "original_max_position_embeddings",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "prefix",
    "pretraining_tp",
    "problem_type",
    "remove_invalid_values",
    "reorder_and_upcast_attn",
    "repetition_penalty",
    "resid_pdrop",
    "return_dict",
    "return_dict_in_generate",
    "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "typical_p",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
];

/// The value of a decisive field that changes nothing, beside null.
#[derive(Clone, Copy, Debug)]
enum Neutral {
    /// None: any value is one to compute with, 0 and 1 too.
    Absent,
    /// False, also as 0.
    Off,
    /// A count of 0.
    Zero,
    /// A factor of 1.
    One,
}

impl Neutral {
    fn is(self, value: &Value) -> bool {
        match self {
            _ if value.is_null() => true,
            Self::Absent => false,
            Self::Off => *value == Value::Bool(false) || value.as_f64() == Some(0.0),
            Self::Zero => value.as_f64() == Some(0.0),
            Self::One => value.as_f64() == Some(1.0),
        }
    }
}

/// Fields of a JSON object.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a Path,
    /// The name of the object within others, `rope_parameters.full_attention`; empty for the outermost.
    place: String,
    /// Sizes that stand for absent fields.
    defaults: &'static [(&'static str, usize)],
    asked: RefCell<BTreeSet<&'static str>>,
    /// Names of fields within objects of these that nobody here knows.
    passed_over: RefCell<Vec<String>>,
    /// What was decided where fields say different things.
    notes: RefCell<Vec<String>>,
}

impl<'a> Fields<'a> {
    /// The fields of `object`, which was read from the file `path`.
    pub fn new(object: &'a Map<String, Value>, path: &'a Path) -> Self {
        Self {
            object,
            path,
            place: String::new(),
            defaults: &[],
            asked: RefCell::default(),
            passed_over: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// The fields of an object within this one.
    fn inner(&self, name: &str, object: &'a Map<String, Value>) -> Self {
        Self { place: self.name_of(name), ..Self::new(object, self.path) }
    }

    /// The name of the object within others; empty for the outermost.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The name of a field with those of the objects it is in.
    pub fn name_of(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// The names of the fields that are objects.
    pub fn objects(&self) -> Vec<&'a str> {
        self.object.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| name.as_str()).collect()
    }

    /// All fields as they are written.
    pub fn as_json(&self) -> String {
        Value::Object(self.object.clone()).to_string()
    }

    /// Takes note of fields within an object of these that nobody here knows.
    pub fn pass_over(&self, names: impl IntoIterator<Item = String>) {
        self.passed_over.borrow_mut().extend(names);
    }

    /// Takes note of what was decided where fields say different things.
    pub fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }

    /// What was decided where fields say different things.
    pub fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
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
        self.optional_size(name)?
            .or_else(absent)
            .ok_or_else(|| self.error(format!("`{}` is missing", self.name_of(name))))
    }

    /// A size, or none where the field is absent or null.
    pub fn optional_size(&self, name: &'static str) -> Result<Option<usize>> {
        match self.get(name).map(|value| (value, value.as_u64())) {
            None => Ok(None),
            Some((_, Some(size))) if (1..=LARGEST_SIZE).contains(&size) => Ok(Some(size as usize)),
            Some((value, _)) => {
                Err(self.error(format!("`{}` is {value}, not a positive whole number", self.name_of(name))))
            }
        }
    }

    /// A finite number above 0.
    pub fn number(&self, name: &'static str) -> Result<f64> {
        self.optional_number(name)?.ok_or_else(|| self.error(format!("`{}` is missing", self.name_of(name))))
    }

    /// A finite number above 0, or `default` where the field is absent or null.
    pub fn number_or(&self, name: &'static str, default: f64) -> Result<f64> {
        Ok(self.optional_number(name)?.unwrap_or(default))
    }

    /// A finite number above 0, or none where the field is absent or null.
    pub fn optional_number(&self, name: &'static str) -> Result<Option<f64>> {
        let number = |value: &Value| {
            let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
            number.ok_or_else(|| {
                self.error(format!("`{}` is {value}, not a positive number", self.name_of(name)))
            })
        };
        self.get(name).map(number).transpose()
    }

    /// True or false, or `default` where the field is absent or null.
    pub fn flag_or(&self, name: &'static str, default: bool) -> Result<bool> {
        self.get(name).map_or(Ok(default), |value| {
            value
                .as_bool()
                .ok_or_else(|| self.error(format!("`{}` is {value}, not true or false", self.name_of(name))))
        })
    }

    /// A text, or none where the field is absent or null.
    pub fn text(&self, name: &'static str) -> Result<Option<&'a str>> {
        let text = |value: &'a Value| {
            value
                .as_str()
                .ok_or_else(|| self.error(format!("`{}` is {value}, not a string", self.name_of(name))))
        };
        self.get(name).map(text).transpose()
    }

    /// An object, or none where the field is absent or null.
    pub fn object(&self, name: &'static str) -> Result<Option<Fields<'a>>> {
        let object = |value: &'a Value| {
            value
                .as_object()
                .ok_or_else(|| self.error(format!("`{}` is {value}, not an object", self.name_of(name))))
        };
        Ok(self.get(name).map(object).transpose()?.map(|object| self.inner(name, object)))
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

    /// Whether a field is there and `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.object.get(name) == Some(&Value::Bool(true))
    }

    /// The names of the fields that nobody asked for and that are set to something.
    pub fn unread(&self) -> Vec<&'a str> {
        let asked = self.asked.borrow();
        let unread =
            self.object.iter().filter(|(name, value)| !asked.contains(name.as_str()) && !is_empty(value));
        unread.map(|(name, _)| name.as_str()).collect()
    }

    /// Refuses what changes the numbers and was not asked for. Returns the names of the fields that nobody here
    /// knows and that are set to something, those within objects too.
    ///
    /// # Errors
    /// One that is set to more than nothing, by its name.
    pub fn refuse_the_unread(&self) -> Result<Vec<String>> {
        let asked = self.asked.borrow();
        let unread = self.object.iter().filter(|(name, _)| !asked.contains(name.as_str()));
        let mut unknown = self.passed_over.borrow().clone();
        for (name, value) in unread {
            match DECISIVE.iter().find(|(decisive, _)| decisive == name) {
                Some((_, neutral)) if neutral.is(value) => {}
                Some(_) => {
                    return Err(self
                        .error(format!("`{name}` is {value}, which this model family does not support"))
                        .help("its states would not be those the model was trained with"));
                }
                None if HARMLESS.contains(&name.as_str()) || is_bookkeeping(name) || is_empty(value) => {}
                None => unknown.push(name.clone()),
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        Ok(unknown)
    }
}

/// Whether a field is a library's own note (where the model came from, how it was loaded) or the number of a special
/// token, of which there are many names.
fn is_bookkeeping(name: &str) -> bool {
    name.starts_with('_') || name.ends_with("_token_id")
}

/// Whether a value says nothing, whatever its field means.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
