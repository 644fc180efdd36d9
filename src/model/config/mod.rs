//! `config.json`, in the forms of transformers 4 and 5, as far as it changes the numbers.
//!
//! [`Config`] describes a model in the terms of the forward pass; each family's file in [`family`](super::family) says
//! how its fields are read. A field known to change the numbers that the family does not support is refused; one that nobody here
//! knows is told by its name, [`Config::unknown_fields`]. None that says anything is passed over in silence but those
//! listed as harmless.

mod fields;
pub mod rope;
mod tensors;

use serde_json::Value;

pub use self::fields::Fields;
use self::rope::{RopeConfig, RopeFields};
pub use self::tensors::TensorNames;
use crate::error::Result;

/// The most layers accepted; a number beyond it is a damaged file.
const MOST_LAYERS: usize = 4096;
/// The largest head size accepted, for the same reason.
const LARGEST_HEAD: usize = 8192;

/// A kind of block, named after the first family that had it. Families that differ by their config only share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// Norms before attention and feed-forward.
    Llama,
    /// Norms after them.
    Olmo2,
    /// Norms before and after.
    Gemma2,
    /// One norm before attention and feed-forward, side by side.
    Cohere,
    /// One projection for queries, keys and values; attention and feed-forward one after the other or side by side.
    GptNeox,
    /// One projection, weights with the inputs first.
    Gpt2,
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
    /// x · sigmoid(1.702 x)
    QuickGelu,
    /// max(x, 0)
    Relu,
    /// max(x, 0)²
    ReluSquared,
}

/// A norm over the hidden size, or over queries and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// x / √(mean x² + ε) · w
    Rms,
    /// x / √(mean x² + ε) · (1 + w)
    RmsPlusOne,
    /// (x − mean) / √(variance + ε) · w + b
    Layer,
    /// The same without b.
    LayerUnbiased,
    /// The same without w and b.
    LayerFixed,
}

/// A norm of queries and keys before they are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKeyNorm {
    /// None.
    None,
    /// Over all heads together.
    Whole,
    /// Over each head, with the same weights.
    Head,
    /// Over each head, with weights of its own.
    EachHead,
}

/// The attention of every layer.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionConfig {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; as many as query heads, or a divisor of them.
    pub key_value_heads: usize,
    /// The size of a head.
    pub head_size: usize,
    /// Whether the projections to queries, keys and values have biases.
    pub bias: bool,
    /// Whether the projection of what heads found has a bias.
    pub output_bias: bool,
    /// How queries and keys are normalised.
    pub norm: QueryKeyNorm,
    /// Queries, keys and values are cut to ± this.
    pub clip: Option<f64>,
    /// Scores s become c · tanh(s / c).
    pub softcap: Option<f64>,
}

impl AttentionConfig {
    /// The width of all queries side by side.
    pub fn query_width(&self) -> usize {
        self.heads * self.head_size
    }

    /// The width of all keys, or values, side by side.
    pub fn key_width(&self) -> usize {
        self.key_value_heads * self.head_size
    }
}

/// What differs from layer to layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerPlan {
    /// Which of the model's rotations queries and keys get, if any.
    pub rope: Option<usize>,
    /// A position sees this many positions, itself included; all before it where there is no window.
    pub window: Option<usize>,
    /// The factor on products of queries and keys.
    pub scale: f64,
}

/// What of `config.json` the forward pass needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The name of the model's family in `config.json`; empty until [`Config::parse`] has set it.
    pub model_type: &'static str,
    /// The names of the tensors outside the blocks.
    pub tensors: TensorNames,
    /// The kind of all blocks.
    pub block: BlockKind,
    /// Hidden size h.
    pub hidden_size: usize,
    /// The feed-forward block's inner size.
    pub intermediate_size: usize,
    /// The number of tokens the embedding knows.
    pub vocab_size: usize,
    /// The blocks, L of them.
    pub layers: Vec<LayerPlan>,
    /// Their attention.
    pub attention: AttentionConfig,
    /// Whether the feed-forward block's products have biases.
    pub mlp_bias: bool,
    /// The activation.
    pub activation: Activation,
    /// The norms.
    pub norm: NormKind,
    /// ε of the norms.
    pub norm_epsilon: f64,
    /// Whether attention and feed-forward read the same state (GPT-NeoX).
    pub parallel_residual: bool,
    /// The rotations in use.
    pub ropes: Vec<RopeConfig>,
    /// Rows of the table of learned positions (GPT-2): no document may be longer.
    pub learned_positions: Option<usize>,
    /// Whether the output head is the embedding.
    pub tied_embeddings: bool,
    /// A factor on the embedding's rows.
    pub embedding_scale: f64,
    /// A factor on the logits.
    pub logit_scale: f64,
    /// Logits l become c · tanh(l / c).
    pub logit_softcap: Option<f64>,
    /// Names of fields that are set and that nobody here knows, in the order of the alphabet; empty until
    /// [`Config::parse`] has set it. The model may compute something by them that is not computed here.
    pub unknown_fields: Vec<String>,
    /// Those of them that are set to `true`.
    pub unknown_flags: Vec<String>,
    /// What was decided where fields say different things, a sentence each; empty until [`Config::parse`] has set it.
    pub notes: Vec<String>,
}

impl Config {
    /// Warnings of fields that nobody here knows, if there are any, and of those that say different things.
    pub fn warnings(&self) -> Vec<String> {
        let names: Vec<String> = self.unknown_fields.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        let unknown = (!names.is_empty()).then(|| {
            format!(
                "config.json has fields that are not known here and were passed over: {names}; if one changes what \
                 the model computes, its numbers here are not its own"
            )
        });
        self.notes.iter().cloned().chain(unknown).collect()
    }

    /// The config of a model built like Llama, by the field names most families share; a family changes
    /// from there what it has of its own. `tied` is what an absent `tie_word_embeddings` means.
    ///
    /// # Errors
    /// A field that is missing or impossible.
    pub fn common(fields: &Fields<'_>, tied: bool) -> Result<Self> {
        let hidden_size = fields.size("hidden_size")?;
        let heads = fields.size("num_attention_heads")?;
        // Absent stands for the family's own number, null for as many as query heads.
        let key_value_heads = match fields.has("num_key_value_heads") {
            true => fields.optional_size("num_key_value_heads")?.unwrap_or(heads),
            false => fields.size("num_key_value_heads").unwrap_or(heads),
        };
        if !heads.is_multiple_of(key_value_heads) {
            let cause = format!("{heads} attention heads cannot share {key_value_heads} key-value heads");
            return Err(fields.error(cause));
        }
        let head_size = match fields.size("head_dim") {
            Ok(size) => size,
            Err(error) if fields.get("head_dim").is_some() => return Err(error),
            Err(_) => fields.share_of(hidden_size, heads)?,
        };
        if head_size > LARGEST_HEAD {
            return Err(fields.error(format!("`head_dim` is {head_size}, more than {LARGEST_HEAD}")));
        }
        let bias = fields.flag_or("attention_bias", false)?;
        let layers = fields.layers("num_hidden_layers")?;
        let plan = LayerPlan { rope: Some(0), window: None, scale: (head_size as f64).powf(-0.5) };
        Ok(Self {
            model_type: "",
            tensors: TensorNames::COMMON,
            block: BlockKind::Llama,
            hidden_size,
            intermediate_size: fields.size("intermediate_size")?,
            vocab_size: fields.size("vocab_size")?,
            layers: vec![plan; layers],
            attention: AttentionConfig {
                heads,
                key_value_heads,
                head_size,
                bias,
                output_bias: bias,
                norm: QueryKeyNorm::None,
                clip: None,
                softcap: None,
            },
            mlp_bias: false,
            activation: fields.activation("hidden_act", Some(Activation::Silu))?,
            norm: NormKind::Rms,
            norm_epsilon: fields.number_or("rms_norm_eps", 1e-6)?,
            parallel_residual: false,
            ropes: Vec::new(),
            learned_positions: None,
            tied_embeddings: fields.flag_or("tie_word_embeddings", tied)?,
            embedding_scale: 1.0,
            logit_scale: 1.0,
            logit_softcap: None,
            unknown_fields: Vec::new(),
            unknown_flags: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// Gives all layers the rotation that `place` tells of.
    ///
    /// # Errors
    /// As [`RopeConfig::read`].
    pub fn rotate(&mut self, fields: &Fields<'_>, place: &RopeFields) -> Result<()> {
        self.ropes = vec![RopeConfig::read(fields, place, self.attention.head_size)?];
        Ok(())
    }

    /// Gives the layers of `sliding` a window.
    pub fn slide(&mut self, sliding: &[bool], window: Option<usize>) {
        for (plan, &sliding) in self.layers.iter_mut().zip(sliding) {
            plan.window = window.filter(|_| sliding);
        }
    }

    /// Gives the layers of `sliding` the rotation `slid`, the others `full`.
    ///
    /// # Errors
    /// As [`RopeConfig::read`].
    pub fn rotate_apart(
        &mut self,
        fields: &Fields<'_>,
        sliding: &[bool],
        [full, slid]: [&RopeFields; 2],
    ) -> Result<()> {
        let rope = |place| RopeConfig::read(fields, place, self.attention.head_size);
        // Of a kind that no layer is of nothing needs to be said.
        self.ropes = match (sliding.contains(&false), sliding.contains(&true)) {
            (false, true) => vec![rope(slid)?; 2],
            (true, false) => vec![rope(full)?; 2],
            _ => vec![rope(full)?, rope(slid)?],
        };
        for (plan, &sliding) in self.layers.iter_mut().zip(sliding) {
            plan.rope = Some(usize::from(sliding));
        }
        Ok(())
    }

    /// Sets the factor on products of queries and keys.
    pub fn scale_attention(&mut self, scale: f64) {
        self.layers.iter_mut().for_each(|plan| plan.scale = scale);
    }

    /// Floats that live at once for each token while it passes a block, roughly.
    pub fn floats_per_token(&self) -> usize {
        let attention = 3 * self.attention.query_width() + 2 * self.attention.key_width();
        6 * self.hidden_size + 2 * attention + 3 * self.intermediate_size
    }
}

impl Fields<'_> {
    /// The number of layers.
    pub fn layers(&self, name: &'static str) -> Result<usize> {
        match self.size(name)? {
            layers if layers <= MOST_LAYERS => Ok(layers),
            layers => Err(self.error(format!("`{name}` is {layers}, more than {MOST_LAYERS}"))),
        }
    }

    /// The size of a head where it is the hidden size's share.
    pub fn share_of(&self, hidden_size: usize, heads: usize) -> Result<usize> {
        if hidden_size.is_multiple_of(heads) {
            return Ok(hidden_size / heads);
        }
        Err(self
            .error(format!("a hidden size of {hidden_size} is not a multiple of {heads} attention heads")))
    }

    /// An activation; `default` stands for an absent one.
    pub fn activation(&self, name: &'static str, default: Option<Activation>) -> Result<Activation> {
        match (self.text(name)?, default) {
            (Some("silu" | "swish"), _) => Ok(Activation::Silu),
            (Some("gelu" | "gelu_python"), _) => Ok(Activation::Gelu),
            (
                Some("gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" | "gelu_python_tanh" | "gelu_accurate"),
                _,
            ) => Ok(Activation::GeluTanh),
            (Some("quick_gelu"), _) => Ok(Activation::QuickGelu),
            (Some("relu"), _) => Ok(Activation::Relu),
            (Some("relu2"), _) => Ok(Activation::ReluSquared),
            (Some(other), _) => Err(self
                .error(format!("{name} `{other}` is not supported"))
                .help("supported are silu, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, relu2")),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.error(format!("`{name}` is missing"))),
        }
    }

    /// The width of sliding windows: null says none, and the models that first left the field out had 4096.
    pub fn sliding_window(&self) -> Result<Option<usize>> {
        match self.has("sliding_window") {
            true => self.optional_size("sliding_window"),
            false => Ok(Some(4096)),
        }
    }

    /// Which layers slide a window, where all but every so many do: by `layer_types`, or by a period that goes under
    /// `names`, `usual` where none is said.
    ///
    /// # Errors
    /// Several of these that disagree, by their names.
    pub fn sliding_but_every(
        &self,
        layers: usize,
        names: &[&'static str],
        usual: usize,
    ) -> Result<Vec<bool>> {
        let said = names.iter().map(|name| Ok(((*name).to_owned(), self.optional_size(name)?)));
        let said: Vec<_> = said.collect::<Result<_>>()?;
        let name = said.iter().find_map(|(name, period)| period.map(|_| name.clone()));
        let period = rope::agreed(self, said)?.unwrap_or(usual);
        let by_period = |index: usize| !(index + 1).is_multiple_of(period);
        let sliding = self.sliding_layers(layers, by_period)?;
        match name.filter(|_| sliding.iter().enumerate().any(|(index, &slides)| slides != by_period(index))) {
            None => Ok(sliding),
            Some(name) => Err(self
                .error(format!("`layer_types` has other sliding layers than a `{name}` of {period}"))
                .help("remove the one that the model was not trained with")),
        }
    }

    /// Which layers slide a window: by `layer_types`, else by `fallback`, which is given each index from 0.
    pub fn sliding_layers(&self, layers: usize, fallback: impl Fn(usize) -> bool) -> Result<Vec<bool>> {
        let Some(types) = self.per_layer("layer_types", layers)? else {
            return Ok((0..layers).map(fallback).collect());
        };
        let slides = |entry: &Value| match entry.as_str() {
            Some("sliding_attention") => Ok(true),
            Some("full_attention") => Ok(false),
            _ => Err(self
                .error(format!("`layer_types` has {entry}, which is not supported"))
                .help("supported are full_attention and sliding_attention")),
        };
        types.iter().map(slides).collect()
    }
}

#[cfg(test)]
mod tests;
