//! Weights, mapped from `model.safetensors` and converted to f32 on the way to the device.

pub mod files;

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use half::{bf16, f16};
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::tensor::Dtype;

use crate::checkpoints::ModelFolder;
use crate::error::{Error, Kind, Result};
use crate::product::Packed;

/// The largest index of shards read, in bytes.
const LARGEST_INDEX: u64 = 256 << 20;

/// The mapped weight files of a model folder.
#[derive(Debug)]
pub struct Weights {
    folder: PathBuf,
    files: Vec<(PathBuf, Mmap)>,
    tensors: HashMap<String, Entry>,
}

/// Where a tensor lies.
#[derive(Clone, Debug)]
struct Entry {
    file: usize,
    shape: Vec<usize>,
    dtype: Dtype,
    /// Bytes within the file.
    range: Range<usize>,
}

impl Weights {
    /// Maps the weights of a model folder: `model.safetensors`, or the shards that
    /// `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// No weights, a file that is no valid safetensors file, or a tensor of a type that is not
    /// f32, f16 or bf16 where it is asked for; each names the file.
    pub fn open(folder: &ModelFolder) -> Result<Self> {
        let mut weights =
            Self { folder: folder.path().to_owned(), files: Vec::new(), tensors: HashMap::new() };
        for path in weight_files(folder)? {
            weights.map(path)?;
        }
        Ok(weights)
    }

    fn map(&mut self, path: PathBuf) -> Result<()> {
        let broken = |cause: String| Error::new(Kind::Weights, cause).at(&path);
        let file = File::open(&path).map_err(|error| broken(format!("cannot be opened ({error})")))?;
        // SAFETY: the map is only read, and every slice of it is bounds-checked against its length. Another
        // process cutting the file short meanwhile would end this one, as with any mapped file.
        let map =
            unsafe { Mmap::map(&file) }.map_err(|error| broken(format!("cannot be mapped ({error})")))?;
        let help = "the file is cut short or damaged; download it again";
        let declared = files::tensors(&map).map_err(|cause| broken(cause).help(help))?;
        for files::Declared { name, shape, dtype, range } in declared {
            self.tensors.insert(name, Entry { file: self.files.len(), shape, dtype, range });
        }
        self.files.push((path, map));
        Ok(())
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The number of parameters of all tensors.
    pub fn parameters(&self) -> u64 {
        self.tensors.values().map(|entry| entry.shape.iter().map(|&n| n as u64).product::<u64>()).sum()
    }

    /// The number of parameters of the tensors whose names start with `prefix`.
    pub fn parameters_under(&self, prefix: &str) -> usize {
        let under = self.tensors.iter().filter(|(name, _)| name.starts_with(prefix));
        under.map(|(_, entry)| entry.shape.iter().product::<usize>()).sum()
    }

    /// The bytes of all weight files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, map)| map.len() as u64).sum()
    }

    /// The element types that occur, by name.
    pub fn dtypes(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.tensors.values().map(|entry| format!("{:?}", entry.dtype)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// A tensor in f32 on the device.
    ///
    /// # Errors
    /// No such tensor, another shape, a type that is no float, or values that are not finite.
    pub fn tensor<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>> {
        let values = self.rows(name, &shape, 0..shape[0])?;
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    }

    /// Rows `range` of a tensor of `shape`, in f32.
    ///
    /// # Errors
    /// As [`Weights::tensor`].
    pub fn rows(&self, name: &str, shape: &[usize], range: Range<usize>) -> Result<Vec<f32>> {
        const PIECE: usize = 1 << 15;
        let stored = self.stored(name, shape)?;
        let at_once = (PIECE / stored.width.max(1)).max(1);
        let mut values = vec![0.0; range.len() * stored.width];
        values.par_chunks_mut((at_once * stored.width).max(1)).enumerate().try_for_each(
            |(piece, values)| {
                let first = range.start + piece * at_once;
                stored.read(first..range.end.min(first + at_once), values)
            },
        )?;
        stored.forget(range);
        Ok(values)
    }

    /// The rows `ids` of a table `[rows, width]`, in f32, one after the other.
    ///
    /// # Errors
    /// As [`Weights::tensor`].
    ///
    /// # Panics
    /// If there is no such row.
    pub fn gather(&self, name: &str, shape: [usize; 2], ids: &[u32]) -> Result<Vec<f32>> {
        let stored = self.stored(name, &shape)?;
        let mut values = vec![0.0; ids.len() * shape[1]];
        let rows = values.par_chunks_mut(shape[1]).with_min_len(64).zip(ids);
        rows.try_for_each(|(row, &id)| stored.read(id as usize..id as usize + 1, row))?;
        Ok(values)
    }

    /// Rows `range` of a matrix of `shape`, laid out for products on the CPU.
    ///
    /// # Errors
    /// As [`Weights::tensor`].
    pub fn packed(&self, name: &str, shape: [usize; 2], range: Range<usize>) -> Result<Packed> {
        let stored = self.stored(name, &shape)?;
        let packed = Packed::new([shape[1], range.len()], |rows, values| {
            stored.read(range.start + rows.start..range.start + rows.end, values)
        })?;
        stored.forget(range);
        Ok(packed)
    }

    /// A tensor of `shape` as it is stored.
    fn stored<'a>(&'a self, name: &'a str, shape: &[usize]) -> Result<Stored<'a>> {
        let entry = self.tensors.get(name).ok_or_else(|| {
            let path = self.files.first().map_or(&self.folder, |(path, _)| path);
            Error::new(Kind::Weights, format!("tensor `{name}` is missing, expected with shape {shape:?}"))
                .at(path)
        })?;
        let (path, map) = &self.files[entry.file];
        if entry.shape != shape {
            let cause = format!("tensor `{name}` has shape {:?}, config.json says {shape:?}", entry.shape);
            return Err(Error::new(Kind::Weights, cause).at(path));
        }
        let unreadable = || {
            Error::new(Kind::Weights, format!("tensor `{name}` has type {:?}", entry.dtype))
                .help("supported are F32, F16 and BF16")
                .at(path)
        };
        let size = element_size(entry.dtype).ok_or_else(unreadable)?;
        let width = shape[1..].iter().product();
        let bytes = &map[entry.range.clone()];
        Ok(Stored { name, path, map, entry, bytes, width, row_bytes: width * size })
    }
}

/// A tensor in a mapped file.
struct Stored<'a> {
    name: &'a str,
    path: &'a Path,
    map: &'a Mmap,
    entry: &'a Entry,
    bytes: &'a [u8],
    /// Elements of a row: all but the first dimension.
    width: usize,
    row_bytes: usize,
}

impl Stored<'_> {
    /// Writes rows `range` to `values`, in f32.
    ///
    /// # Errors
    /// Values that are not finite.
    ///
    /// # Panics
    /// If there are no such rows.
    fn read(&self, range: Range<usize>, values: &mut [f32]) -> Result<()> {
        assert_eq!(values.len(), range.len() * self.width);
        let bytes = &self.bytes[range.start * self.row_bytes..range.end * self.row_bytes];
        if convert(self.entry.dtype, bytes, values) {
            return Ok(());
        }
        Err(Error::new(Kind::Weights, format!("tensor `{}` holds NaN or infinite values", self.name))
            .help("the checkpoint is damaged or its training diverged")
            .at(self.path))
    }

    /// Lets go of the memory that holds rows `range`: what was converted is not read again soon, and the file
    /// remains.
    fn forget(&self, range: Range<usize>) {
        let bytes = range.start * self.row_bytes..range.end * self.row_bytes;
        #[cfg(unix)]
        {
            // Whole pages within the range; what shares a page with a neighbour stays.
            const PAGE: usize = 4096;
            let start = (self.entry.range.start + bytes.start).next_multiple_of(PAGE);
            let end = (self.entry.range.start + bytes.end) / PAGE * PAGE;
            if start < end {
                // SAFETY: the map is of a file and only read, so pages that are dropped come back the same.
                // A refusal costs memory only.
                let _ = unsafe {
                    self.map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, end - start)
                };
            }
        }
        #[cfg(not(unix))]
        let _ = bytes;
    }
}

/// The weight files of a folder, shards in the order of their names.
fn weight_files(folder: &ModelFolder) -> Result<Vec<PathBuf>> {
    if let Some(single) = folder.file("model.safetensors")? {
        return Ok(vec![single]);
    }
    let Some(index) = folder.file("model.safetensors.index.json")? else {
        return Err(Error::new(Kind::Weights, "no model.safetensors in this folder")
            .help("other formats are not read; save the model with safetensors")
            .at(folder.path()));
    };
    let broken = |cause: String| Error::new(Kind::Weights, cause).at(&index);
    let unreadable = |error: std::io::Error| broken(format!("cannot be read ({error})"));
    if std::fs::metadata(&index).map_err(unreadable)?.len() > LARGEST_INDEX {
        return Err(broken(format!("larger than {} MiB", LARGEST_INDEX >> 20)));
    }
    let bytes = std::fs::read(&index).map_err(unreadable)?;
    let names = files::shards(&bytes).map_err(broken)?;
    let shard = |name: &String| {
        folder.file(name)?.ok_or_else(|| {
            broken(format!("`weight_map` names `{name}`, which is missing")).help("fetch the model again")
        })
    };
    names.iter().map(shard).collect()
}

/// Bytes an element takes; `None` for types that are no floats.
fn element_size(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F32 => Some(4),
        Dtype::F16 | Dtype::BF16 => Some(2),
        _ => None,
    }
}

/// Converts a tensor's bytes to f32, as many as `values` holds; [`element_size`] says for which types. Returns
/// whether all are finite.
fn convert(dtype: Dtype, bytes: &[u8], values: &mut [f32]) -> bool {
    fn each<const N: usize>(bytes: &[u8], values: &mut [f32], value: impl Fn([u8; N]) -> f32) -> bool {
        let (elements, _) = bytes.as_chunks::<N>();
        values.iter_mut().zip(elements).fold(true, |finite, (out, element)| {
            *out = value(*element);
            finite & out.is_finite()
        })
    }
    match dtype {
        Dtype::F16 => each(bytes, values, |b| f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => each(bytes, values, |b| bf16::from_le_bytes(b).to_f32()),
        _ => each(bytes, values, f32::from_le_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(bytes: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
        folder
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn error_of(bytes: &[u8]) -> String {
        let folder = folder_with(bytes);
        let error = Weights::open(&ModelFolder::new(folder.path())).unwrap_err().to_string();
        assert!(error.ends_with("model.safetensors") && !error.contains('\n'), "{error}");
        error
    }

    #[test]
    fn lying_headers_are_errors() {
        error_of(b"");
        error_of(b"short");
        error_of(&u64::MAX.to_le_bytes());
        error_of(&file("{", &[]));
        error_of(&file(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0; 4]));
        error_of(&file(r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, &[0; 8]));
        error_of(&file(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, &[0; 8]));
    }

    #[test]
    fn tensors_are_checked_against_what_is_expected() {
        let mut data = Vec::new();
        for value in [1.0f32, f32::NAN] {
            data.extend(bf16::from_f32(value).to_le_bytes());
        }
        data.extend([0; 2]);
        let header = r#"{"good":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},
            "bad":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},
            "bytes":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#;
        let folder = folder_with(&file(header, &data));
        let weights = Weights::open(&ModelFolder::new(folder.path())).unwrap();
        assert_eq!(weights.rows("good", &[1], 0..1), Ok(vec![1.0]));
        let of = |name: &str, shape: &[usize]| weights.rows(name, shape, 0..1).unwrap_err().to_string();
        assert!(of("bad", &[1]).contains("`bad` holds NaN"));
        assert!(of("good", &[1, 2]).contains("shape [1], config.json says [1, 2]"));
        assert!(of("none", &[4, 2]).contains("`none` is missing, expected with shape [4, 2]"));
        assert!(of("bytes", &[2]).contains("type U8"));
    }

    #[test]
    fn shards_stay_beside_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("model.safetensors.index.json");
        std::fs::write(&index, r#"{"weight_map": {"a": "../../outside.safetensors"}}"#).unwrap();
        let error = Weights::open(&ModelFolder::new(folder.path())).unwrap_err().to_string();
        assert!(error.contains("not a file beside it"), "{error}");
    }
}
