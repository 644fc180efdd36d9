//! The scores of one checkpoint on disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rayon::prelude::*;

use super::journal::{self, Record, checksum};
use super::losses::Losses;
use super::shape::Shape;
use super::unwritable;
use super::values::Values;
use crate::error::{Error, Kind, Result};

/// The file that says what the scores depend on.
const ABOUT: &str = "key.json";
/// The file with a line a finished chunk.
const JOURNAL: &str = "journal";
/// The file that says how many bytes an entry will take once it is complete.
const RESERVED: &str = "reserved";
/// The file that says which checkpoint was scored, for people.
const CHECKPOINT: &str = "checkpoint";

/// An entry of the store, open for this process alone.
///
/// Its files are opened when they are needed: entries of hundreds of checkpoints may be open at once.
#[derive(Debug)]
pub struct Entry {
    folder: PathBuf,
    shape: Shape,
    records: BTreeMap<usize, Record>,
    /// Bytes that every slab had when the entry was opened.
    length: u64,
    /// Counts the bytes of scores written.
    written: Arc<AtomicU64>,
    /// Lets no other process in as long as it is open.
    _lock: File,
}

impl Entry {
    /// Opens an entry whose lock is held.
    ///
    /// # Errors
    /// Files that cannot be made.
    pub fn open(
        folder: PathBuf,
        lock: File,
        key: &str,
        shape: Shape,
        written: Arc<AtomicU64>,
    ) -> Result<Self> {
        let about = folder.join(ABOUT);
        let journal = folder.join(JOURNAL);
        // An entry for something else, or one begun and never described, holds nothing of ours.
        if !fs::read(&about).is_ok_and(|found| found == key.as_bytes()) {
            let made = File::create(&journal).and_then(|_| fs::write(&about, key));
            made.map_err(|error| unwritable(&folder, &error))?;
        }
        Ok(Self::of_journal(folder, lock, shape, written))
    }

    /// An entry for this key whose lock is held, where there is one.
    pub fn existing(
        folder: PathBuf,
        lock: File,
        key: &str,
        shape: Shape,
        written: Arc<AtomicU64>,
    ) -> Option<Self> {
        let found = fs::read(folder.join(ABOUT)).ok()?;
        (found == key.as_bytes()).then(|| Self::of_journal(folder, lock, shape, written))
    }

    fn of_journal(folder: PathBuf, lock: File, shape: Shape, written: Arc<AtomicU64>) -> Self {
        let records = journal::read(&folder.join(JOURNAL)).into_iter();
        let records = records.map(|record| (record.chunk, record)).collect();
        let mut entry = Self { shape, records, length: 0, written, _lock: lock, folder };
        let length = |slab| fs::metadata(entry.slab(slab)).map_or(0, |file| file.len());
        entry.length = (0..shape.slabs()).map(length).min().unwrap_or(0);
        entry
    }

    /// Notes that it is used now for a checkpoint of this name, and that it will take `bytes` once it is
    /// complete, which count against the store's limit from now on.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn reserve(&self, bytes: u64, checkpoint: &str) -> Result<()> {
        fs::write(self.folder.join(CHECKPOINT), checkpoint)
            .and_then(|()| fs::write(self.folder.join(RESERVED), bytes.to_string()))
            .map_err(|error| unwritable(&self.folder, &error))?;
        touch(&self.folder);
        Ok(())
    }

    /// How its scores are laid out.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the model lost on a chunk, where the chunk was there with these positions and tokens when the
    /// entry was opened. A chunk whose bytes were missing is an error.
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
            && record.sums.len() == self.shape.slabs();
        if !same {
            return Ok(None);
        }
        let whole = self.length >= (positions.end * self.shape.row_bytes()) as u64;
        if whole { Ok(Some(record.losses)) } else { Err(self.damaged(chunk)) }
    }

    /// Writes a chunk: `scores` holds each slab's `[positions, points]`. It counts from the moment its line
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
        scores: &[Values],
    ) -> Result<()> {
        let offset = (positions.start * self.shape.row_bytes()) as u64;
        // A slab a core: checksums and the system's copies would keep the others waiting.
        let sums = scores.par_iter().enumerate();
        let sums = sums.map(|(slab, scores)| self.write_slab(slab, offset, scores.bytes()));
        let sums = sums.collect::<std::io::Result<_>>().map_err(|error| self.unwritable(&error))?;
        let record =
            Record { chunk, start: positions.start, end: positions.end, tokens: hex(tokens), losses, sums };
        let journal = File::options().create(true).append(true).open(self.folder.join(JOURNAL));
        journal
            .and_then(|journal| journal::append(&journal, &record))
            .map_err(|error| self.unwritable(&error))?;
        self.records.insert(chunk, record);
        self.written.fetch_add(self.shape.bytes(positions.len()), Ordering::Relaxed);
        Ok(())
    }

    /// Writes part of a slab; gives its checksum.
    fn write_slab(&self, slab: usize, offset: u64, bytes: &[u8]) -> std::io::Result<String> {
        let mut file = File::options().create(true).truncate(false).write(true).open(self.slab(slab))?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        Ok(checksum(bytes))
    }

    /// Reads a chunk's scores of one slab into `scores`, `[positions, points]`.
    ///
    /// # Errors
    /// Bytes that are missing or not those that were written.
    pub fn read(&self, chunk: usize, slab: usize, scores: &mut Values) -> Result<()> {
        let record = self.records.get(&chunk).ok_or_else(|| self.damaged(chunk))?;
        scores.resize(self.shape.precision, (record.end - record.start) * self.shape.points);
        let offset = (record.start * self.shape.row_bytes()) as u64;
        let read = |bytes: &mut [u8]| {
            let mut file = File::open(self.slab(slab)).ok()?;
            file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(bytes)).ok()?;
            (checksum(bytes) == record.sums[slab]).then_some(())
        };
        read(scores.bytes_mut()).ok_or_else(|| self.damaged(chunk))
    }

    /// Gives a chunk up, so that it is made again.
    pub fn forget(&mut self, chunk: usize) {
        self.records.remove(&chunk);
    }

    fn slab(&self, slab: usize) -> PathBuf {
        self.folder.join(format!("slab-{slab:03}"))
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

/// Notes that an entry is used now.
pub fn touch(folder: &Path) {
    // Where the time cannot be set, it goes sooner than it should.
    used_now(&folder.join(JOURNAL));
}

/// Notes that a file is used now, by its time.
pub fn used_now(file: &Path) {
    let file = File::options().append(true).open(file);
    let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
}

/// The name of the checkpoint that was scored.
pub fn checkpoint(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(CHECKPOINT)).ok().filter(|name| !name.is_empty())
}

/// When an entry was used last.
pub fn used(folder: &Path) -> SystemTime {
    let time = fs::metadata(folder.join(JOURNAL)).and_then(|file| file.modified());
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Bytes an entry takes, or will take once it is complete.
pub fn size(folder: &Path) -> u64 {
    let reserved = fs::read_to_string(folder.join(RESERVED)).ok().and_then(|bytes| bytes.parse().ok());
    written(folder).max(reserved.unwrap_or(0))
}

/// Bytes an entry takes already.
pub fn written(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
