//! What lies in a model's weight files, read without trusting a byte of it.

use std::ops::Range;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata};
use serde_json::Value;

/// The largest header of a weight file read, in bytes; the format's own limit.
const LARGEST_HEADER: u64 = 100_000_000;

/// A tensor that a file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements' type.
    pub dtype: Dtype,
    /// The bytes within the file from its first element to its last, all of them there.
    pub range: Range<u64>,
    /// Elements from one to the next, in each dimension; `None` where they follow each other, row by row.
    pub strides: Option<Vec<u64>>,
}

/// The tensors that the header of a safetensors file of `length` bytes declares; `read` fills a slice with the bytes
/// from an offset on.
///
/// # Errors
/// What `read` says; a header that is longer than the file, no JSON, or declares tensors that overlap, leave gaps, do
/// not end where the file does or take another number of bytes than their shape.
pub fn tensors(
    length: u64,
    mut read: impl FnMut(u64, &mut [u8]) -> std::io::Result<()>,
) -> Result<Vec<Declared>, String> {
    const COUNT: u64 = size_of::<u64>() as u64;
    let invalid = |cause: String| format!("not a valid safetensors file ({cause})");
    let mut bytes = |offset: u64, count: u64| {
        let mut bytes = vec![0; count as usize];
        read(offset, &mut bytes).map_err(|error| format!("cannot be read ({error})"))?;
        Ok::<_, String>(bytes)
    };
    if length < COUNT {
        return Err(invalid(format!("{length} bytes are too few for a header")));
    }
    let header = bytes(0, COUNT)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    if header > LARGEST_HEADER.min(length - COUNT) {
        return Err(invalid(format!("a header of {header} bytes in a file of {length}")));
    }
    let metadata: Metadata =
        serde_json::from_slice(&bytes(COUNT, header)?).map_err(|error| invalid(error.to_string()))?;
    let start = COUNT + header;
    // Offsets begin at 0 and follow each other without a gap, so all lie in the file where the last ends with it.
    let end = start.checked_add(metadata.data_len() as u64);
    if end != Some(length) {
        let declared = metadata.data_len();
        return Err(invalid(format!(
            "its header declares {declared} bytes of tensors, it has {}",
            length - start
        )));
    }
    let declared = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        let (from, to) = info.data_offsets;
        let range = start + from as u64..start + to as u64;
        Declared { name, shape: info.shape.clone(), dtype: info.dtype, range, strides: None }
    };
    Ok(metadata.tensors().into_iter().map(declared).collect())
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
