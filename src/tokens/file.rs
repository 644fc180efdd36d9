//! Token ids from a file in safetensors form: `tokens` (ids of all documents, one after the other: i64, u64, i32, u32,
//! u16) and `offsets` (where each document starts, and the number of all ids: `[documents + 1]`).
//!
//! Only the offsets are read whole; of the ids those of the documents that are asked for.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, Metadata};

use crate::error::{Error, Kind, Result};

/// The largest header read, in bytes.
const LARGEST_HEADER: u64 = 64 << 20;

/// An open token file.
pub(super) struct TokenFile {
    path: PathBuf,
    file: File,
    tokens: Integers,
    /// Rising from 0 to the number of ids, at least two.
    offsets: Vec<i64>,
}

impl TokenFile {
    /// Opens a file and reads where its documents lie.
    ///
    /// # Errors
    /// [`Kind::Corpus`] if the file cannot be read, lacks one of the two tensors, or they do not fit each other.
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |error: io::Error| {
            let help = match error.kind() {
                io::ErrorKind::NotFound => "check the spelling",
                _ => "name a safetensors file with `tokens` and `offsets`",
            };
            Error::new(Kind::Corpus, format!("the tokens cannot be read ({error})")).help(help).at(path)
        };
        // A pipe could be waited on for ever, and read but once.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(Error::new(Kind::Corpus, "this is not a file")
                .help("name a safetensors file with `tokens` and `offsets`")
                .at(path));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let parts = parts(&mut file).map_err(|cause| broken(cause, path))?;
        let (tokens, offsets) = parts;
        Ok(Self { path: path.to_owned(), file, tokens, offsets })
    }

    /// The number of documents.
    pub fn documents(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The first ids of a document, `most` at the most.
    ///
    /// # Errors
    /// [`Kind::Corpus`] if they cannot be read or are no ids.
    pub fn document(&mut self, index: usize, most: usize) -> Result<Vec<u32>> {
        let [start, end] = [index, index + 1].map(|index| self.offsets[index] as usize);
        let ids = self.tokens.read(&mut self.file, start..end.min(start.saturating_add(most)));
        let id = |id: i64| u32::try_from(id).map_err(|_| format!("{id} is not a token id"));
        ids.and_then(|ids| ids.into_iter().map(id).collect()).map_err(|cause| broken(cause, &self.path))
    }
}

fn broken(cause: String, path: &Path) -> Error {
    Error::new(Kind::Corpus, cause)
        .help("a token file has flat ids `tokens` and the starts of documents `offsets`")
        .at(path)
}

/// Where the ids lie in a file, and the offsets of its documents; or what is wrong with it.
fn parts(file: &mut File) -> Result<(Integers, Vec<i64>), String> {
    let (metadata, data) =
        header(file).map_err(|cause| format!("the token file is not valid safetensors ({cause})"))?;
    let tokens = Integers::find(&metadata, data, "tokens")?;
    let offsets = Integers::find(&metadata, data, "offsets")?;
    let offsets = offsets.read(file, 0..offsets.count)?;
    match offsets[..] {
        [] | [_] => return Err("`offsets` has no documents".to_owned()),
        [first, ..] if first != 0 => return Err(format!("`offsets` starts at {first}, not at 0")),
        _ => {}
    }
    let end = offsets[offsets.len() - 1];
    if end != tokens.count as i64 {
        return Err(format!("`offsets` ends at {end}, but there are {} tokens", tokens.count));
    }
    if let Some(before) = offsets.windows(2).position(|bounds| bounds[1] < bounds[0]) {
        return Err(format!("`offsets` decreases after document {}", before + 1));
    }
    Ok((tokens, offsets))
}

/// The header of a safetensors file, and the byte its data start at.
fn header(file: &mut File) -> Result<(Metadata, u64), String> {
    let text = |error: io::Error| error.to_string();
    let size = file.metadata().map_err(text)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(text)?;
    let length = u64::from_le_bytes(length);
    if length > LARGEST_HEADER.min(size - 8) {
        return Err(format!("a header of {length} bytes"));
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).map_err(text)?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| error.to_string())?;
    let (data, held) = (8 + length, size - 8 - length);
    match metadata.data_len() as u64 {
        named if named == held => Ok((metadata, data)),
        named => Err(format!("its header declares {named} bytes of data, it has {held}")),
    }
}

/// A vector of integers in a file, of any type that ids and offsets are saved in.
struct Integers {
    name: &'static str,
    dtype: Dtype,
    /// The byte it starts at.
    start: u64,
    count: usize,
}

impl Integers {
    fn find(metadata: &Metadata, data: u64, name: &'static str) -> Result<Self, String> {
        let info = metadata.info(name).ok_or_else(|| format!("the token file has no tensor `{name}`"))?;
        let [count] = info.shape[..] else {
            return Err(format!("`{name}` has the shape {:?} instead of one dimension", info.shape));
        };
        match info.dtype {
            Dtype::I64 | Dtype::I32 | Dtype::U32 | Dtype::U16 | Dtype::U64 => {}
            other => return Err(format!("`{name}` is {other:?} instead of integers of 16, 32 or 64 bits")),
        }
        Ok(Self { name, dtype: info.dtype, start: data + info.data_offsets.0 as u64, count })
    }

    /// Those of `range`, which lies within `0..count`.
    fn read(&self, file: &mut File, range: Range<usize>) -> Result<Vec<i64>, String> {
        let width = self.dtype.bitsize() / 8;
        let size = range.len() * width;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(size)
            .map_err(|_| format!("no memory for {size} bytes of `{}`", self.name))?;
        let start = self.start + (range.start * width) as u64;
        let read =
            file.seek(SeekFrom::Start(start)).and_then(|_| file.take(size as u64).read_to_end(&mut bytes));
        match read {
            Ok(read) if read == size => {}
            Ok(_) => return Err(format!("`{}` ends early", self.name)),
            Err(error) => return Err(format!("`{}` cannot be read ({error})", self.name)),
        }
        let numbers = match self.dtype {
            Dtype::I64 => decode(&bytes, i64::from_le_bytes),
            Dtype::I32 => decode(&bytes, i32::from_le_bytes),
            Dtype::U32 => decode(&bytes, u32::from_le_bytes),
            Dtype::U16 => decode(&bytes, u16::from_le_bytes),
            _ => decode(&bytes, u64::from_le_bytes),
        };
        numbers.ok_or_else(|| format!("`{}` holds a number above 2^63", self.name))
    }
}

fn decode<const BYTES: usize, T: TryInto<i64>>(
    bytes: &[u8],
    number: fn([u8; BYTES]) -> T,
) -> Option<Vec<i64>> {
    bytes.as_chunks().0.iter().map(|&bytes| number(bytes).try_into().ok()).collect()
}
