//! Weights, read from `model.safetensors` or `pytorch_model.bin` and converted to f32 on the way to the device, or to
//! products that want their rows again and again.
//!
//! Read, not mapped: a file that another program cuts short or rewrites meanwhile is an error, where a map would end
//! the program. The copy from the system's cache takes a fiftieth of the product that follows.

pub mod files;
mod matrix_rows;
mod stored;
pub mod torch;
mod weight_file;
mod wrappers;

use std::collections::HashSet;
use std::collections::hash_map::{Entry as Slot, HashMap};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn_tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use safetensors::tensor::Dtype;

pub use matrix_rows::Columns;
use matrix_rows::MatrixRows;
use stored::{Stored, element_size};
use torch::Trouble;
use weight_file::{WeightFile, broken, lfs_pointer};

use crate::checkpoints::{self, Format, ModelFolder, WeightFiles, is_lfs_pointer};
use crate::error::{Error, Kind, Result};
use crate::product::{Matrix, Operands};

/// The largest index of shards read, in bytes.
const LARGEST_INDEX: u64 = 256 << 20;

/// The weight files of a model folder.
#[derive(Debug)]
pub struct Weights {
    folder: PathBuf,
    files: Vec<WeightFile>,
    tensors: HashMap<String, Entry>,
}

/// How large a tensor is.
#[derive(Clone, Copy, Debug)]
pub struct Size<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number of its dimensions.
    pub dimensions: usize,
    /// The number of its elements.
    pub parameters: usize,
    /// The bytes it takes in its file.
    pub bytes: usize,
}

/// Where a tensor lies.
#[derive(Clone, Debug)]
struct Entry {
    file: usize,
    shape: Vec<usize>,
    dtype: Dtype,
    /// The bytes of the file that it lies in, from its first element to its last.
    range: Range<u64>,
    /// Elements from one to the next, in each dimension; `None` where they follow each other, row by row.
    strides: Option<Vec<u64>>,
}

impl Weights {
    /// Opens the weights of a model folder: `model.safetensors`, or the shards that
    /// `model.safetensors.index.json` names, or that lie there without an index; where there are none,
    /// `pytorch_model.bin` and its shards alike. Tensors are read when they are asked for.
    ///
    /// # Errors
    /// No weights, a shard that is missing, a file that is no valid safetensors file or is not one of torch's that
    /// holds tensors and no more, a tensor in two files, or a tensor of a type that is not f64, f32, f16 or bf16 where it
    /// is asked for; each names the file.
    pub fn open(folder: &ModelFolder) -> Result<Self> {
        let mut weights =
            Self { folder: folder.path().to_owned(), files: Vec::new(), tensors: HashMap::new() };
        let (format, paths) = weight_files(folder)?;
        for path in paths {
            weights.add(format, WeightFile::open(path)?)?;
        }
        Ok(weights)
    }

    fn add(&mut self, format: Format, file: WeightFile) -> Result<()> {
        let help = "the file is cut short or damaged; download it again";
        if file.is_lfs_pointer() {
            return Err(lfs_pointer(&file.path));
        }
        let mut read = |offset: u64, bytes: &mut [u8]| file.read(offset, bytes);
        let declared = match format {
            Format::Safetensors => files::tensors(file.length(), read).map_err(Trouble::Damaged),
            Format::Torch => torch::tensors(file.length(), &mut read),
        };
        let mut declared = declared.map_err(|trouble| match trouble {
            Trouble::Damaged(cause) => file.error(cause).help(help),
            Trouble::Unsupported(cause) => {
                file.error(cause).help("save the model again, with save_pretrained, as safetensors")
            }
        })?;
        declared.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for files::Declared { name, shape, dtype, range, strides } in declared {
            let inner = wrappers::unwrapped(&name).into_owned();
            match self.tensors.entry(inner) {
                Slot::Vacant(slot) => {
                    slot.insert(Entry { file: self.files.len(), shape, dtype, range, strides });
                }
                Slot::Occupied(slot) => {
                    let inner = slot.key();
                    return Err(match self.files.get(slot.get().file) {
                        Some(other) => {
                            let cause = format!("tensor `{inner}` is also in {}", other.path.display());
                            file.error(cause).help("keep the files of one model only")
                        }
                        None => file
                            .error(format!("there are two tensors `{inner}`, one of them saved as `{name}`")),
                    });
                }
            }
        }
        self.files.push(file);
        Ok(())
    }

    /// The folder they lie in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of all tensors, without what known wrappers put into them, and their shapes.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors.iter().map(|(name, entry)| (&**name, &*entry.shape))
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The number of parameters of all tensors, those that several share counted once.
    pub fn parameters(&self) -> u64 {
        let mut seen = HashSet::new();
        let own = self.tensors.values().filter(|entry| seen.insert((entry.file, entry.range.clone())));
        own.map(|entry| entry.shape.iter().map(|&n| n as u64).product::<u64>()).sum()
    }

    /// The tensors whose names start with `prefix`.
    pub fn under(&self, prefix: &str) -> impl Iterator<Item = Size<'_>> {
        let under = self.tensors.iter().filter(move |(name, _)| name.starts_with(prefix));
        under.map(|(name, entry)| Size {
            name,
            dimensions: entry.shape.len(),
            parameters: entry.shape.iter().product(),
            bytes: (entry.range.end - entry.range.start) as usize,
        })
    }

    /// Tells the system that the tensors whose names start with `prefix` will soon be read.
    pub fn announce(&self, prefix: &str) {
        let under = self.tensors.iter().filter(|(name, _)| name.starts_with(prefix));
        under.for_each(|(_, entry)| self.files[entry.file].announce(entry.range.clone()));
    }

    /// The bytes of all weight files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(WeightFile::length).sum()
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
    /// No such tensor, another shape, a type that is no float, values that are not finite, or a file that another
    /// program wrote to since it was opened.
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
        let stored = self.stored(name, shape)?;
        let at_once = stored.rows_at_once();
        let mut values = vec![0.0; range.len() * stored.width];
        values.par_chunks_mut((at_once * stored.width).max(1)).enumerate().try_for_each(
            |(piece, values)| {
                let first = range.start + piece * at_once;
                stored.read(first..range.end.min(first + at_once), values)
            },
        )?;
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

    /// Rows `range` of a matrix of `shape`, for products on the CPU: held there, or read each time they are wanted.
    ///
    /// # Errors
    /// As [`Weights::tensor`]; of one that is not held its values are looked at when they are wanted.
    pub fn matrix(
        self: &Arc<Self>,
        name: &str,
        shape: [usize; 2],
        range: Range<usize>,
        operands: Operands,
        held: bool,
    ) -> Result<Matrix> {
        self.stored(name, &shape)?;
        let sizes = [shape[1], range.len()];
        let rows = MatrixRows { weights: Arc::clone(self), name: name.to_owned(), shape, first: range.start };
        match held {
            true => Matrix::held(sizes, operands, &rows),
            false => Ok(Matrix::read(sizes, operands, Box::new(rows))),
        }
    }

    /// Whether the elements of a tensor follow each other in its file, row by row.
    pub fn is_contiguous(&self, name: &str) -> bool {
        self.tensors.get(name).is_some_and(|entry| entry.strides.is_none())
    }

    /// Whether all that are matrices or more are stored in bf16.
    pub fn are_bf16(&self) -> bool {
        self.tensors.values().filter(|entry| entry.shape.len() > 1).all(|entry| entry.dtype == Dtype::BF16)
    }

    /// Sees to it that there is a tensor of `shape`, of a type that can be read.
    ///
    /// # Errors
    /// As [`Weights::tensor`], but for its values.
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<()> {
        self.stored(name, shape).map(drop)
    }

    /// A tensor of `shape` as it is stored.
    fn stored<'a>(&'a self, name: &'a str, shape: &[usize]) -> Result<Stored<'a>> {
        let entry = self.tensors.get(name).ok_or_else(|| {
            let path = self.files.first().map_or(&self.folder, |file| &file.path);
            Error::new(Kind::Weights, format!("tensor `{name}` is missing, expected with shape {shape:?}"))
                .at(path)
        })?;
        let file = &self.files[entry.file];
        if entry.shape != shape {
            let cause = format!("tensor `{name}` has shape {:?}, config.json says {shape:?}", entry.shape);
            return Err(file.error(cause));
        }
        let unreadable = || {
            file.error(format!("tensor `{name}` has type {:?}", entry.dtype))
                .help("supported are F64, F32, F16 and BF16")
        };
        let size = element_size(entry.dtype).ok_or_else(unreadable)?;
        file.check()?;
        Ok(Stored { name, file, entry, size, width: shape[1..].iter().product() })
    }
}

/// The weight files of a folder, shards in the order of their names, and their format.
fn weight_files(folder: &ModelFolder) -> Result<(Format, Vec<PathBuf>)> {
    let none = || {
        Error::new(Kind::Weights, "no weights in this folder")
            .help("save the model here as model.safetensors")
            .at(folder.path())
    };
    let found = checkpoints::weight_files(folder)?.ok_or_else(none)?;
    let format = found.format();
    let (names, index) = match found {
        WeightFiles::Files(_, names) => (names, None),
        WeightFiles::Index(_, name) => {
            let index = folder.file(&name)?.ok_or_else(none)?;
            (shards_of(&index)?, Some(index))
        }
    };
    let file = |name: &String| {
        folder.file(name)?.ok_or_else(|| match &index {
            Some(index) => broken(index, format!("`weight_map` names `{name}`, which is missing"))
                .help("download the model again"),
            None => none(),
        })
    };
    Ok((format, names.iter().map(file).collect::<Result<_>>()?))
}

/// The names of the shards in an index.
fn shards_of(index: &Path) -> Result<Vec<String>> {
    let unreadable = |error: io::Error| broken(index, format!("cannot be read ({error})"));
    if std::fs::metadata(index).map_err(unreadable)?.len() > LARGEST_INDEX {
        return Err(broken(index, format!("larger than {} MiB", LARGEST_INDEX >> 20)));
    }
    let bytes = std::fs::read(index).map_err(unreadable)?;
    if is_lfs_pointer(&bytes) {
        return Err(lfs_pointer(index));
    }
    files::shards(&bytes).map_err(|cause| broken(index, cause))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use half::bf16;

    use super::*;
    use crate::product::{Cores, Rows as _, States};

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
        assert!(of("bad", &[1]).contains("`bad` has NaN"));
        assert!(of("good", &[1, 2]).contains("shape [1], config.json says [1, 2]"));
        assert!(of("none", &[4, 2]).contains("`none` is missing, expected with shape [4, 2]"));
        assert!(of("bytes", &[2]).contains("type U8"));
    }

    #[test]
    fn a_file_that_changes_after_it_was_opened_is_an_error() {
        const VALUES: usize = 100_000;
        let header =
            format!(r#"{{"a":{{"dtype":"F32","shape":[{VALUES}],"data_offsets":[0,{}]}}}}"#, 4 * VALUES);
        let folder = folder_with(&file(&header, &[0; 4 * VALUES]));
        let path = folder.path().join("model.safetensors");
        let writer = File::options().write(true).open(&path).unwrap();
        let open = || Weights::open(&ModelFolder::new(folder.path())).unwrap();
        let all = |weights: &Weights| weights.rows("a", &[VALUES], 0..VALUES);
        let refused = |error: Error| {
            let error = error.to_string();
            assert!(
                error.contains("another program changed") && error.ends_with("model.safetensors"),
                "{error}"
            );
        };

        // Cut short while a tensor is read, then before one is.
        let weights = open();
        let stored = weights.stored("a", &[VALUES]).unwrap();
        writer.set_len(50_000).unwrap();
        let mut values = vec![1.0; VALUES];
        refused(stored.read(0..VALUES, &mut values).unwrap_err());
        refused(all(&weights).unwrap_err());

        // The same length again, at another time.
        writer.set_len((8 + header.len() + 4 * VALUES) as u64).unwrap();
        let weights = open();
        assert!(all(&weights).is_ok());
        writer.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        refused(all(&weights).unwrap_err());

        // A file put in its place is another: the one that was opened is still there.
        let weights = open();
        std::fs::write(folder.path().join("new"), b"another").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(all(&weights).is_ok());
    }

    #[test]
    fn rows_are_read_from_any_place_in_pieces() {
        // Rows longer than a piece, of both sizes of elements.
        const WIDTH: usize = 20_001;
        let value = |index: usize| (index % 251) as f32;
        let wide: Vec<u8> = (0..3 * WIDTH).flat_map(|index| value(index).to_le_bytes()).collect();
        let half: Vec<u8> =
            (0..3 * WIDTH).flat_map(|index| bf16::from_f32(value(index)).to_le_bytes()).collect();
        let (first, last) = (wide.len(), wide.len() + half.len());
        let header = format!(
            r#"{{"wide":{{"dtype":"F32","shape":[3,{WIDTH}],"data_offsets":[0,{first}]}},
            "half":{{"dtype":"BF16","shape":[3,{WIDTH}],"data_offsets":[{first},{last}]}}}}"#
        );
        let folder = folder_with(&file(&header, &[wide, half].concat()));
        let weights = Weights::open(&ModelFolder::new(folder.path())).unwrap();
        let expected: Vec<f32> = (0..3 * WIDTH).map(value).collect();
        for name in ["wide", "half"] {
            let shape = [3, WIDTH];
            assert_eq!(weights.rows(name, &shape, 0..3).unwrap(), expected);
            assert_eq!(weights.rows(name, &shape, 1..2).unwrap(), expected[WIDTH..2 * WIDTH]);
            let gathered = weights.gather(name, shape, &[2, 0]).unwrap();
            assert_eq!(gathered, [&expected[2 * WIDTH..], &expected[..WIDTH]].concat());
        }
    }

    /// Tensors at odd places, the last up to the end of the file, with rows of odd and of even length and numbers that
    /// have fewer digits than others.
    #[test]
    fn products_with_rows_of_any_place_and_length_are_those_of_their_values() {
        const OUTPUTS: usize = 51;
        let value = |index: usize| match index % 11 {
            0 => -0.0,
            1 => f32::from_bits(0x0001_0000),
            index => index as f32 * 0.25 - 1.0,
        };
        for inputs in [5, 6] {
            let values: Vec<f32> = (0..OUTPUTS * inputs).map(value).collect();
            let data: Vec<u8> =
                values.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect();
            let end = 1 + data.len();
            let header = format!(
                r#"{{"byte":{{"dtype":"U8","shape":[1],"data_offsets":[0,1]}},
                "a":{{"dtype":"BF16","shape":[{OUTPUTS},{inputs}],"data_offsets":[1,{end}]}}}}"#
            );
            let folder = folder_with(&file(&header, &[&[7], &data[..]].concat()));
            let weights = Arc::new(Weights::open(&ModelFolder::new(folder.path())).unwrap());
            let x: Vec<f32> = (0..9 * inputs).map(|index| (index % 7) as f32 - 3.0).collect();
            for operands in [Operands::F32, Operands::Bf16] {
                let rows = MatrixRows {
                    weights: Arc::clone(&weights),
                    name: "a".into(),
                    shape: [OUTPUTS, inputs],
                    first: 0,
                };
                let read = Matrix::read([inputs, OUTPUTS], operands, Box::new(rows));
                let states = States::new(&x, inputs, operands, Cores::One);
                let mut found = vec![f32::NAN; 9 * OUTPUTS];
                read.apply(&states, &mut found, Cores::One, |_, products, out| out.copy_from_slice(products))
                    .unwrap();
                let of_state = |x: &[f32]| -> Vec<f64> {
                    let product =
                        |row: &[f32]| row.iter().zip(x).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    values.chunks_exact(inputs).map(product).collect()
                };
                let expected: Vec<f64> = x.chunks_exact(inputs).flat_map(of_state).collect();
                // All but the smallest terms are multiples of 1/4 that f32 holds.
                let close = |(&found, &expected): (&f32, &f64)| (f64::from(found) - expected).abs() < 1e-30;
                assert!(found.iter().zip(&expected).all(close), "{inputs} {operands:?}");
            }
        }
    }

    #[test]
    fn pairs_that_are_not_finite_are_an_error_of_their_tensor() {
        for (place, bad) in [(0, f32::NAN), (1, f32::INFINITY), (6, f32::NEG_INFINITY), (7, -f32::NAN)] {
            let value = |index: usize| bf16::from_f32(if index == place { bad } else { f32::MAX / 2.0 });
            let data: Vec<u8> = (0..8).flat_map(|index| value(index).to_le_bytes()).collect();
            let folder =
                folder_with(&file(r#"{"a":{"dtype":"BF16","shape":[2,4],"data_offsets":[0,16]}}"#, &data));
            let weights = Arc::new(Weights::open(&ModelFolder::new(folder.path())).unwrap());
            let rows = MatrixRows { weights, name: "a".into(), shape: [2, 4], first: 0 };
            let (bad, good) = if place < 4 { (0..1, 1..2) } else { (1..2, 0..1) };
            let error = rows.read_pairs(bad, &mut [0; 2]).unwrap_err().to_string();
            assert!(error.contains("tensor `a` has NaN or infinite values"), "{error}");
            assert_eq!(rows.read_pairs(good, &mut [0; 2]), Ok(true));
        }
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
