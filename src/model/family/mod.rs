//! The model families, a file each: how its `config.json` is read and what its tensors are called. What
//! computes is in `blocks`.

mod cohere;
mod cohere2;
mod gemma;
mod gemma2;
mod gemma3;
mod gpt2;
mod gpt_neox;
mod llama;
mod mistral;
mod olmo;
mod olmo2;
mod olmo3;
mod qwen2;
mod qwen3;
mod smollm3;

use super::config::{Config, Fields};
use crate::error::Result;

/// A model family, named in `config.json` as `model_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// OLMo.
    Olmo,
    /// OLMo 2.
    Olmo2,
    /// OLMo 3.
    Olmo3,
    /// Llama 2 and 3, SmolLM2 and what else is built like them.
    Llama,
    /// SmolLM3.
    SmolLm3,
    /// Mistral.
    Mistral,
    /// Qwen 2 and 2.5.
    Qwen2,
    /// Qwen 3.
    Qwen3,
    /// Gemma.
    Gemma,
    /// Gemma 2.
    Gemma2,
    /// Gemma 3, text only.
    Gemma3Text,
    /// The text tower of a Gemma 3 that also sees.
    Gemma3,
    /// Cohere's Command and Aya.
    Cohere,
    /// Command R7B and what follows it.
    Cohere2,
    /// GPT-NeoX, of which Pythia is one.
    GptNeox,
    /// GPT-2.
    Gpt2,
}

/// What the tensors outside the blocks are called.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// What all names but the head's may start with, the likeliest first.
    pub prefixes: &'static [&'static str],
    /// The embedding.
    pub embedding: &'static str,
    /// The blocks, their numbers to follow.
    pub blocks: &'static str,
    /// The table of learned positions, where there is one.
    pub positions: &'static str,
    /// The norm after the last block, if it has tensors.
    pub norm: &'static str,
    /// The output head where it is not the embedding.
    pub heads: &'static [&'static str],
}

impl Family {
    /// Every family with its `model_type`.
    pub const ALL: [(&'static str, Self); 16] = [
        ("cohere", Self::Cohere),
        ("cohere2", Self::Cohere2),
        ("gemma", Self::Gemma),
        ("gemma2", Self::Gemma2),
        ("gemma3", Self::Gemma3),
        ("gemma3_text", Self::Gemma3Text),
        ("gpt2", Self::Gpt2),
        ("gpt_neox", Self::GptNeox),
        ("llama", Self::Llama),
        ("mistral", Self::Mistral),
        ("olmo", Self::Olmo),
        ("olmo2", Self::Olmo2),
        ("olmo3", Self::Olmo3),
        ("qwen2", Self::Qwen2),
        ("qwen3", Self::Qwen3),
        ("smollm3", Self::SmolLm3),
    ];

    /// The family of a `model_type`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, family)| *family)
    }

    /// The `model_type`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, family)| *family == self).map_or("?", |(name, _)| name)
    }

    /// The fields that speak of the text model, which may be an object of their own.
    ///
    /// # Errors
    /// No such object.
    pub fn text_fields(self, fields: Fields<'_>) -> Result<Fields<'_>> {
        match self {
            Self::Gemma3 => gemma3::text_fields(fields),
            _ => Ok(fields),
        }
    }

    /// Reads the fields of a config.
    ///
    /// # Errors
    /// A field that is missing, impossible or asks for what is not supported.
    pub fn config(self, fields: &Fields<'_>) -> Result<Config> {
        match self {
            Self::Olmo => olmo::config(fields),
            Self::Olmo2 => olmo2::config(fields),
            Self::Olmo3 => olmo3::config(fields),
            Self::Llama => llama::config(fields),
            Self::SmolLm3 => smollm3::config(fields),
            Self::Mistral => mistral::config(fields),
            Self::Qwen2 => qwen2::config(fields),
            Self::Qwen3 => qwen3::config(fields),
            Self::Gemma => gemma::config(fields),
            Self::Gemma2 => gemma2::config(fields),
            Self::Gemma3Text | Self::Gemma3 => gemma3::config(self, fields),
            Self::Cohere => cohere::config(fields),
            Self::Cohere2 => cohere2::config(fields),
            Self::GptNeox => gpt_neox::config(fields),
            Self::Gpt2 => gpt2::config(fields),
        }
    }

    /// What the tensors outside the blocks are called. A model saved without its head lacks the prefix.
    pub fn names(self) -> Names {
        const COMMON: Names = Names {
            prefixes: &["model.", ""],
            embedding: "embed_tokens.weight",
            blocks: "layers",
            positions: "",
            norm: "norm",
            heads: &["lm_head.weight"],
        };
        match self {
            Self::Gemma3 => Names {
                // As transformers 4 saves them, then as 5 names them.
                prefixes: &["language_model.model.", "model.language_model.", "model.", ""],
                heads: &["lm_head.weight", "language_model.lm_head.weight"],
                ..COMMON
            },
            Self::GptNeox => gpt_neox::NAMES,
            Self::Gpt2 => gpt2::NAMES,
            _ => COMMON,
        }
    }
}
