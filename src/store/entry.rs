//! The scores of one checkpoint on disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use half::f16;
use half::slice::HalfFloatSliceExt as _;

use super::journal::{self, Losses, Record, checksum};
use crate::error::{Error, Kind, Result};
use crate::settings::Precision;

/// Bytes a score takes.
pub fn score_bytes(precision: Precision) -> usize {
    match precision {
        Precision::F32 => size_of::<f32>(),
        Precision::F16 => size_of::<f16>(),
    }
}

/// How the scores of an entry are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Hidden states times seeds: one file each.
    pub planes: usize,
    /// Reference points a position: the row length.
    pub stride: usize,
    /// The type of a score.
    pub precision: Precision,
}

/// An entry of the store, open for this process alone.
#[derive(Debug)]
pub struct Entry {
    folder: PathBuf,
    shape: Shape,
    planes: Vec<File>,
    journal: File,
    records: BTreeMap<usize, Record>,
    /// Lets no other process in as long as it is open.
    _lock: File,
}

impl Entry {
    /// Opens an entry whose lock is held.
    ///
    /// # Errors
    /// Files that cannot be made.
    pub(super) fn open(folder: PathBuf, lock: File, key: &str, shape: Shape) -> Result<Self> {
        let about = folder.join("key.json");
        let unusable = |error: std::io::Error| super::unwritable(&folder, &error);
        let open = |name: &str| {
            File::options().create(true).truncate(false).read(true).write(true).open(folder.join(name))
        };
        let path = folder.join("journal");
        // An entry for something else, or one begun and never described, holds nothing of ours.
        if fs::read(&about).is_ok_and(|found| found == key.as_bytes()) {
            // Its time tells when it was used last; where it cannot be set, it goes sooner than it should.
            let journal = File::options().append(true).open(&path);
            let _ = journal.and_then(|journal| journal.set_modified(SystemTime::now()));
        } else {
            File::create(&path).and_then(|_| fs::write(&about, key)).map_err(unusable)?;
        }
        let planes = (0..shape.planes).map(|plane| open(&format!("plane-{plane:03}")));
        let planes = planes.collect::<std::io::Result<_>>().map_err(unusable)?;
        let journal = File::options().create(true).append(true).open(&path).map_err(unusable)?;
        let records = journal::read(&path).into_iter().map(|record| (record.chunk, record)).collect();
        Ok(Self { shape, planes, journal, records, _lock: lock, folder })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the model lost on a chunk, where the chunk is there with these positions and tokens. A chunk
    /// whose bytes are missing is an error.
    ///
    /// # Errors
    /// Files cut short.
    pub fn chunk(
        &self,
        chunk: usize,
        positions: std::ops::Range<usize>,
        tokens: u128,
    ) -> Result<Option<Losses>> {
        let Some(record) = self.records.get(&chunk) else { return Ok(None) };
        let same = (record.start, record.end) == (positions.start, positions.end)
            && record.tokens == hex(tokens)
            && record.sums.len() == self.planes.len();
        if !same {
            return Ok(None);
        }
        let end = (positions.end * self.row_bytes()) as u64;
        let whole = self.planes.iter().all(|plane| plane.metadata().is_ok_and(|file| file.len() >= end));
        if whole { Ok(Some(record.losses)) } else { Err(self.damaged(chunk)) }
    }

    /// Writes a chunk: `scores` holds each plane's `[positions, stride]`. It counts from the moment its line
    /// stands in the journal.
    ///
    /// # Errors
    /// A disk that is full or fails; the chunk then does not count.
    pub fn write(
        &mut self,
        chunk: usize,
        positions: std::ops::Range<usize>,
        tokens: u128,
        losses: Losses,
        scores: &[Vec<f32>],
    ) -> Result<()> {
        let offset = (positions.start * self.row_bytes()) as u64;
        let mut halves = Vec::new();
        let mut sums = Vec::with_capacity(scores.len());
        for (mut plane, scores) in self.planes.iter().zip(scores) {
            let bytes = match self.shape.precision {
                Precision::F32 => bytemuck::cast_slice(scores),
                Precision::F16 => {
                    halves.resize(scores.len(), f16::ZERO);
                    halves.convert_from_f32_slice(scores);
                    bytemuck::cast_slice(&halves)
                }
            };
            plane
                .seek(SeekFrom::Start(offset))
                .and_then(|_| plane.write_all(bytes))
                .map_err(|error| self.unwritable(&error))?;
            sums.push(checksum(bytes));
        }
        let record =
            Record { chunk, start: positions.start, end: positions.end, tokens: hex(tokens), losses, sums };
        journal::append(&self.journal, &record).map_err(|error| self.unwritable(&error))?;
        self.records.insert(chunk, record);
        Ok(())
    }

    /// Reads a chunk's scores of one plane into `scores`, `[positions, stride]`.
    ///
    /// # Errors
    /// Bytes that are missing or not those that were written.
    pub fn read(&self, chunk: usize, plane: usize, scores: &mut Vec<f32>) -> Result<()> {
        let record = self.records.get(&chunk).ok_or_else(|| self.damaged(chunk))?;
        let floats = (record.end - record.start) * self.shape.stride;
        scores.resize(floats, 0.0);
        let offset = (record.start * self.row_bytes()) as u64;
        let read = |bytes: &mut [u8]| {
            let mut file = &self.planes[plane];
            file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(bytes)).ok()?;
            (checksum(bytes) == record.sums[plane]).then_some(())
        };
        let whole = match self.shape.precision {
            Precision::F32 => read(bytemuck::cast_slice_mut(scores)),
            Precision::F16 => {
                let mut halves = vec![f16::ZERO; floats];
                read(bytemuck::cast_slice_mut(&mut halves)).inspect(|()| halves.convert_to_f32_slice(scores))
            }
        };
        whole.ok_or_else(|| self.damaged(chunk))
    }

    /// Gives a chunk up, so that it is made again.
    pub fn forget(&mut self, chunk: usize) {
        self.records.remove(&chunk);
    }

    fn row_bytes(&self) -> usize {
        self.shape.stride * score_bytes(self.shape.precision)
    }

    fn damaged(&self, chunk: usize) -> Error {
        Error::new(Kind::Store, format!("chunk {chunk} of the stored scores is damaged")).at(&self.folder)
    }

    fn unwritable(&self, error: &std::io::Error) -> Error {
        Error::new(Kind::Store, format!("the scores cannot be written ({error})"))
            .help("free some space, or name another folder with --store")
            .at(&self.folder)
    }
}

fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}

/// When an entry was used last.
pub(super) fn used(folder: &Path) -> SystemTime {
    let time = fs::metadata(folder.join("journal")).and_then(|file| file.modified());
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Bytes an entry takes.
pub(super) fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
