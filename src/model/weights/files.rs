//! What lies in a model's weight files, read without trusting a byte of it.

use std::ops::Range;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors};
use serde_json::Value;

/// A tensor that a file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements' type.
    pub dtype: Dtype,
    /// Its bytes within the file, all of them there.
    pub range: Range<usize>,
}

/// The tensors that the header of a safetensors file declares.
///
/// # Errors
/// A header that is longer than the file, no JSON, or declares tensors that overlap, lie outside the file
/// or take another number of bytes than their shape.
pub fn tensors(file: &[u8]) -> Result<Vec<Declared>, String> {
    let (header, metadata) = SafeTensors::read_metadata(file)
        .map_err(|error| format!("not a valid safetensors file ({error})"))?;
    let start = header + size_of::<u64>();
    let declared = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        let range = start + info.data_offsets.0..start + info.data_offsets.1;
        if range.start > range.end || range.end > file.len() {
            return Err(format!("tensor `{name}` ends at byte {} of {}", range.end, file.len()));
        }
        Ok(Declared { name, shape: info.shape.clone(), dtype: info.dtype, range })
    };
    metadata.tensors().into_iter().map(declared).collect()
}

/// The shards that a `model.safetensors.index.json` names, each once, in the order of their names.
///
/// # Errors
/// No JSON, no `weight_map`, or a shard that is not a file beside the index.
pub fn shards(index: &[u8]) -> Result<Vec<String>, String> {
    let json: Value = serde_json::from_slice(index).map_err(|error| format!("not valid JSON: {error}"))?;
    let map = json.get("weight_map").and_then(Value::as_object).ok_or("`weight_map` is missing")?;
    let file = |name: &Value| {
        let text = name.as_str().ok_or_else(|| format!("`weight_map` names {name}, not a file"))?;
        // A name with a folder in it could lead anywhere.
        match Path::new(text).file_name() == Some(text.as_ref()) {
            true => Ok(text.to_owned()),
            false => Err(format!("`weight_map` names `{text}`, which is not a file beside it")),
        }
    };
    let mut names: Vec<String> = map.values().map(file).collect::<Result<_, String>>()?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
