//! What a model's config and the names of its tensors say of it, before anything is computed: which tensors are its
//! embedding and its output head, and which of its files the forward pass does not read.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks;
use super::config::Config;
use super::weights::Weights;
use crate::checkpoints::ModelFolder;
use crate::error::{Error, Kind, Result};

/// A model's config and weight files, looked through.
#[derive(Debug)]
pub struct Outline {
    /// What its `config.json` says.
    pub config: Config,
    /// Its weight files.
    pub weights: Weights,
    /// What all names but the head's start with.
    pub prefix: &'static str,
    /// The name of the embedding.
    pub embedding: String,
    /// The name of the output head, which may be the embedding's; `None` where the files have none: such a model has
    /// hidden states, and no losses.
    pub head: Option<String>,
    /// What may make numbers other than the model's own, a sentence each.
    pub warnings: Vec<String>,
}

impl Outline {
    /// Looks through the model of a folder.
    ///
    /// # Errors
    /// As [`Outline::of_config`] and [`Config::read`].
    pub fn read(folder: &ModelFolder) -> Result<Self> {
        Self::of_config(folder, Config::read(folder)?)
    }

    /// The same, where its `config.json` is read already.
    ///
    /// # Errors
    /// As [`Weights::open`]; names that lead to no model, as where a wrapper is around them that is not known here, or
    /// an adapter that is not merged; a flag of the config that is not known, in a model whose blocks have tensors that
    /// are not read.
    pub fn of_config(folder: &ModelFolder, config: Config) -> Result<Self> {
        let weights = Weights::open(folder)?;
        let prefix = prefix(&config, &weights)?;
        let names = &config.tensors;
        let mut warnings = config.warnings();
        let heads = || names.heads.iter().filter(|name| weights.has(name));
        let mut embedding = format!("{prefix}{}", names.embedding);
        let head = match heads().next() {
            // Of two names for one tensor some writers keep the one, some the other.
            Some(head) if config.tied_embeddings && !weights.has(&embedding) => {
                embedding = (*head).to_owned();
                Some(embedding.clone())
            }
            Some(head) if config.tied_embeddings => {
                if differ(&config, &weights, &embedding, head)? {
                    warnings.push(format!(
                        "config.json ties the output head to the embedding, but the weight files have another head \
                         beside it: `{embedding}` is used, `{head}` is not"
                    ));
                }
                Some(embedding.clone())
            }
            None if config.tied_embeddings => Some(embedding.clone()),
            Some(head) => Some((*head).to_owned()),
            None => {
                warnings.push(
                    "the weight files have no output head: hidden states are measured, without loss"
                        .to_owned(),
                );
                None
            }
        };
        let mut outline = Self { config, weights, prefix, embedding, head, warnings };
        outline.account()?;
        Ok(outline)
    }

    /// Sees to it that every tensor of every block is there, as config.json says, before any is read.
    ///
    /// # Errors
    /// A tensor that is missing, of another shape, or of a type that is not supported.
    pub fn check(&self) -> Result<()> {
        let parts = blocks::parts(&self.config)?;
        let block = |index: usize| format!("{}{}.{index}", self.prefix, self.config.tensors.blocks);
        let blocks = (0..self.config.layers.len()).map(block);
        for block in blocks {
            for (part, shape) in &parts {
                self.weights.check(&format!("{block}.{part}"), shape)?;
            }
        }
        let table = [self.config.vocab_size, self.config.hidden_size];
        [Some(&self.embedding), self.head.as_ref()]
            .into_iter()
            .flatten()
            .try_for_each(|name| self.weights.check(name, &table))
    }

    /// Accounts for all tensors: each is read, known to be harmless, or named.
    fn account(&mut self) -> Result<()> {
        let Self { config, weights, prefix, .. } = self;
        let names = &config.tensors;
        let parts = blocks::parts(config)?;
        let blocks = format!("{prefix}{}.", names.blocks);
        let norm = format!("{prefix}{}.", names.norm);
        let position_embedding = format!("{prefix}{}", names.position_embedding);
        let (mut in_blocks, mut elsewhere) = (Vec::new(), Vec::new());
        for (name, shape) in weights.tensors() {
            // The block's number and the part's name.
            let part = name.strip_prefix(&blocks).and_then(|rest| rest.split_once('.'));
            let read = match part {
                Some((index, part)) => {
                    index.parse().is_ok_and(|index: usize| index < config.layers.len())
                        && parts.contains_key(part)
                }
                None => {
                    name == self.embedding
                        || names.heads.contains(&name)
                        || (config.learned_positions.is_some() && name == position_embedding)
                        || name.strip_prefix(&norm).is_some_and(|part| !part.contains('.'))
                }
            };
            if read || is_harmless(name.strip_prefix(*prefix).unwrap_or(name), shape, names.others) {
                continue;
            }
            if part.is_some() { in_blocks.push(name) } else { elsewhere.push(name) }
        }
        if let (Some(flag), Some(name)) = (config.unknown_flags.first(), in_blocks.iter().min()) {
            let cause = format!(
                "config.json sets `{flag}`, which is not known here, and blocks have tensors that the forward pass does \
                 not read, as `{name}`"
            );
            return Err(Error::new(Kind::Config, cause)
                .help("the states of this model would not be its own; only what its family computes is supported")
                .at(weights.folder()));
        }
        if !(in_blocks.is_empty() && elsewhere.is_empty()) {
            self.warnings.push(format!(
                "the weight files have tensors that the forward pass does not read: {}; if the model computes something \
                 by them, its numbers here are not its own",
                listed(in_blocks.into_iter().chain(elsewhere))
            ));
        }
        Ok(())
    }
}

/// What all names but the head's start with.
fn prefix(config: &Config, weights: &Weights) -> Result<&'static str> {
    let names = &config.tensors;
    let names_start = |start: &str| weights.tensors().any(|(name, _)| name.starts_with(start));
    if weights.tensors().any(|(name, _)| name.contains(".lora_A.")) {
        return Err(Error::new(
            Kind::Weights,
            "the weights of an adapter lie beside those of the model, not merged",
        )
        .help("merge them with peft: `model.merge_and_unload().save_pretrained(FOLDER)`")
        .at(weights.folder()));
    }
    let of_embedding =
        names.prefixes.iter().find(|prefix| weights.has(&format!("{prefix}{}", names.embedding)));
    // The embedding may lie under the head's name alone.
    let of_blocks =
        || names.prefixes.iter().find(|prefix| names_start(&format!("{prefix}{}.0.", names.blocks)));
    if let Some(prefix) = of_embedding.or_else(of_blocks) {
        return Ok(prefix);
    }
    let end = format!(".{}", names.embedding);
    let wrapped = weights.tensors().map(|(name, _)| name).filter(|name| name.ends_with(&end)).min();
    match wrapped.and_then(|name| name.strip_suffix(names.embedding)) {
        Some(wrapper) => Err(Error::new(
            Kind::Weights,
            format!("all names of tensors begin with `{wrapper}`, a wrapper that is not known here"),
        )
        .help("save the model inside it, so that its tensors have their usual names")
        .at(weights.folder())),
        // What is missing is said by whoever asks for it.
        None => Ok(names.prefixes[0]),
    }
}

/// Whether the table of the vocabulary that is not used differs from the one that is, by some of their rows: two that were
/// not meant to be one differ in all. One that cannot be read as such a table is another.
fn differ(config: &Config, weights: &Weights, used: &str, other: &str) -> Result<bool> {
    const ROWS: usize = 64;
    let shape = [config.vocab_size, config.hidden_size];
    let ids: Vec<u32> =
        (0..config.vocab_size).step_by(config.vocab_size.div_ceil(ROWS)).map(|id| id as u32).collect();
    let used = weights.gather(used, shape, &ids)?;
    Ok(weights.gather(other, shape, &ids).map_or(true, |other| other != used))
}

/// Whether a tensor changes no hidden state and no loss wherever it lies, by its name after the model's prefix: what is
/// computed from the config and was saved along, masks, heads for other tasks, and `others`, parts of the model that
/// see or hear.
fn is_harmless(name: &str, shape: &[usize], others: &[&str]) -> bool {
    const COMPUTED: [&str; 6] = [
        "rotary_emb.inv_freq",
        "rotary_emb.original_inv_freq",
        "rotary_emb.cos_cached",
        "rotary_emb.sin_cached",
        "embeddings.position_ids",
        "position_ids",
    ];
    const MASKS: [&str; 4] = ["attn.bias", "attn.masked_bias", "attention.bias", "attention.masked_bias"];
    const HEADS: [&str; 8] = [
        "score.",
        "classifier.",
        "classification_head.",
        "v_head.",
        "value_head.",
        "qa_outputs.",
        "reward_head.",
        "summary.",
    ];
    let ends =
        |end: &&str| name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    // A mask is a square in four dimensions, or the one number for what it hides; a bias would be a row.
    let mask = MASKS.iter().any(ends) && shape.len() != 1;
    let starts = |start: &&str| name.starts_with(start);
    mask || COMPUTED.iter().any(ends) || HEADS.iter().any(starts) || others.iter().any(starts)
}

/// Names of tensors as one text, those that differ in a number alone as one.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let mut groups: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let parts = name.split('.').map(|part| if part.parse::<u32>().is_ok() { "*" } else { part });
        groups.entry(parts.collect::<Vec<_>>().join(".")).or_default().insert(name);
    }
    let shown = groups.iter().take(SHOWN).map(|(group, names)| match (names.len(), names.first()) {
        (1, Some(name)) => format!("`{name}`"),
        (count, _) => format!("`{group}` ({count})"),
    });
    let mut shown: Vec<String> = shown.collect();
    if groups.len() > SHOWN {
        shown.push(format!("and {} more", groups.len() - SHOWN));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing_is_known_by_name_and_shape() {
        let harmless = |name: &str, shape: &[usize]| is_harmless(name, shape, &["vision_tower."]);
        for (name, shape) in [
            ("layers.0.self_attn.rotary_emb.inv_freq", &[8][..]),
            ("rotary_emb.inv_freq", &[8]),
            ("h.3.attn.bias", &[1, 1, 64, 64]),
            ("h.3.attn.masked_bias", &[]),
            ("layers.0.attention.bias", &[1, 1, 64, 64]),
            ("score.weight", &[2, 64]),
            ("v_head.summary.bias", &[1]),
            ("vision_tower.vision_model.embeddings.patch_embedding.weight", &[4]),
        ] {
            assert!(harmless(name, shape), "{name}");
        }
        for (name, shape) in [
            ("layers.0.self_attn.o_proj.bias", &[64][..]),
            ("layers.0.attn.bias", &[64]),
            ("layers.0.self_attn.sinks", &[4]),
            ("lm_head.bias", &[320]),
            ("audio_tower.weight", &[4]),
        ] {
            assert!(!harmless(name, shape), "{name}");
        }
    }

    #[test]
    fn tensors_that_differ_in_a_number_are_listed_as_one() {
        let names = ["a.0.b.bias", "a.1.b.bias", "c", "a.2.d"];
        assert_eq!(listed(names.into_iter()), "`a.*.b.bias` (2), `a.2.d`, `c`");
        let many: Vec<String> = (b'a'..=b'k').map(|c| char::from(c).to_string()).collect();
        assert!(listed(many.iter().map(String::as_str)).ends_with("`h`, and 3 more"));
    }
}
