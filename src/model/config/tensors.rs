//! The names of a model's tensors.

/// The names of the tensors outside the blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorNames {
    /// What all names but the head's may start with, the likeliest first: a model saved without its head lacks the
    /// prefix.
    pub prefixes: &'static [&'static str],
    /// The embedding.
    pub embedding: &'static str,
    /// The blocks, their numbers to follow.
    pub blocks: &'static str,
    /// The position embedding (GPT-2); empty in the others.
    pub position_embedding: &'static str,
    /// The norm after the last block, if it has tensors.
    pub norm: &'static str,
    /// The output head where it is not the embedding.
    pub heads: &'static [&'static str],
    /// What the names of other parts of the model start with, which are no part of the language model.
    pub others: &'static [&'static str],
}

impl TensorNames {
    /// Llama's, which most families share.
    pub const COMMON: Self = Self {
        prefixes: &["model.", ""],
        embedding: "embed_tokens.weight",
        blocks: "layers",
        position_embedding: "",
        norm: "norm",
        heads: &["lm_head.weight"],
        others: &[],
    };
}
