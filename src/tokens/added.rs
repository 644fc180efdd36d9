//! What a tokenizer adds to every text.

use std::path::Path;

use super::encode::Encoder;
use crate::error::Result;

/// The special tokens that a tokenizer adds before and after every text, each by its own name.
///
/// # Errors
/// As of a tokenizer that cannot be read, or cannot encode a letter.
pub fn added(tokenizer_json: &Path) -> Result<[Vec<String>; 2]> {
    const TEXT: &str = "a";
    // Far more than any adds.
    let encoder = Encoder::load(tokenizer_json, 1 << 16)?;
    let (plain, whole) = (encoder.names(TEXT, false)?, encoder.names(TEXT, true)?);
    let more = whole.len().saturating_sub(plain.len());
    let before = (0..=more).find(|&start| whole[start..].starts_with(&plain)).unwrap_or(0);
    let after = whole.get(before + plain.len()..).unwrap_or_default().to_vec();
    Ok([whole[..before].to_vec(), after])
}
