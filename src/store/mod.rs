//! Where scores lie between the forward pass and the statistics, and what was measured before.
//!
//! A [`ScoreTable`] holds the scores of one checkpoint in main memory or, through an [`Entry`], on disk, a
//! *chunk* of documents at a time. A [`Store`] is the folder of such entries and of finished measurements:
//!
//! ```text
//! STORE/scores/KEY-SEEDSxPOINTS/key.json      what the scores depend on, in full
//!                               journal       a line a finished chunk, with checksums
//!                               plane-000, …  a file a hidden state and seed: [positions, points], f32 or f16
//!                               reserved      the bytes it takes once it is complete
//!                               lock          held by the process that uses the entry
//! STORE/measurements/KEY.json                 a checkpoint's numbers
//! STORE/lock                                  held while room is made
//! ```
//!
//! A key is a hash of everything the content depends on, so what has changed since is simply not found. The first
//! points and seeds are the same however many follow: a complete entry answers for fewer of both. A chunk counts
//! once its line stands in the journal, and is checked against its checksums whenever it is read: whatever was cut
//! short, changed or torn is made again, never shown.

mod entry;
mod journal;
mod table;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use twox_hash::XxHash3_128;

pub use self::entry::{Entry, Shape};
pub use self::journal::Losses;
pub use self::table::{ChunkKey, Plane, ScoreTable};

use crate::error::{Error, Kind, Result};
use crate::memory::size;
use crate::output::write_atomically;
use crate::results::Measurement;

/// What something in the store depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    text: String,
}

impl Key {
    /// The key for content that depends on `parts`, and on the program that makes it.
    pub fn new(parts: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Full<'a, T> {
            program: String,
            content: &'a T,
        }
        let full = Full { program: program(), content: parts };
        // Only maps with keys that are no text could fail.
        let text = serde_json::to_string_pretty(&full).unwrap_or_default();
        Self { text }
    }

    fn name(&self) -> String {
        format!("{:032x}", XxHash3_128::oneshot(self.text.as_bytes()))
    }
}

/// The program's version. Builds under development share one, so their own file counts too.
fn program() -> String {
    let file = std::env::current_exe().and_then(fs::metadata);
    let build = file.and_then(|file| Ok((file.len(), file.modified()?))).map_or(0, |(size, time)| {
        let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        time ^ u128::from(size)
    });
    format!("{} {build:x}", env!("CARGO_PKG_VERSION"))
}

/// A folder of scores and measurements.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    budget: u64,
}

impl Store {
    /// Opens a store, making its folders. Scores take up to `budget` bytes; beyond, those used longest ago
    /// are removed.
    ///
    /// # Errors
    /// A folder that cannot be made or written to.
    pub fn open(folder: &Path, budget: u64) -> Result<Self> {
        let store = Self { folder: folder.to_owned(), budget };
        for folder in [store.scores(), store.measurements()] {
            let made = fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder).map(drop));
            made.map_err(|error| unwritable(&folder, &error))?;
        }
        Ok(store)
    }

    /// The folder where a store is kept that nobody named: infoplane's in the user's cache.
    pub fn usual_folder() -> Option<PathBuf> {
        Some(dirs::cache_dir()?.join("infoplane"))
    }

    /// The entry of this key and shape, with room for that many positions, to be used by this process alone.
    ///
    /// # Errors
    /// [`Kind::Full`] where budget or disk are too small; an entry that another process uses, or a folder that
    /// cannot be written.
    pub fn entry(&self, key: &Key, shape: Shape, positions: usize) -> Result<Entry> {
        let bytes = shape.bytes(positions);
        let folder = self.scores().join(format!("{}-{}x{}", key.name(), shape.seeds, shape.points));
        // Two processes must not both count on the same room. Where there is no locking they may.
        let room = File::options().create(true).truncate(false).write(true).open(self.folder.join("lock"));
        let _room = room.and_then(|file| file.lock().map(|()| file));
        let lock = lock(&folder)?;
        // Where the system does not say what is free, the disk will when it is full.
        self.make_room(&folder, bytes, fs4::available_space(&folder).unwrap_or(u64::MAX))?;
        let entry = Entry::open(folder, lock, &key.text, shape)?;
        entry.reserve(bytes)?;
        Ok(entry)
    }

    /// The scores of all `chunks`, where an entry of this key that no other process uses has them with at least as
    /// many seeds and points as `shape`.
    pub fn complete(&self, key: &Key, shape: Shape, chunks: &[ChunkKey]) -> Option<ScoreTable> {
        let prefix = format!("{}-", key.name());
        let mut found: Vec<(Shape, PathBuf)> = fs::read_dir(self.scores())
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let folder = entry.ok()?.path();
                let size = folder.file_name()?.to_str()?.strip_prefix(&prefix)?;
                let (seeds, points) = size.split_once('x')?;
                Some((Shape { seeds: seeds.parse().ok()?, points: points.parse().ok()?, ..shape }, folder))
            })
            .filter(|(found, _)| found.seeds >= shape.seeds && found.points >= shape.points)
            .collect();
        // The least to read first.
        found.sort_by_key(|(found, _)| found.planes() * found.points);
        found.into_iter().find_map(|(shape, folder)| {
            let entry = Entry::existing(folder.clone(), lock(&folder).ok()?, &key.text, shape)?;
            let (table, _) = ScoreTable::stored(entry, chunks);
            table.is_complete().then(|| {
                entry::touch(&folder);
                table
            })
        })
    }

    /// What was measured under this key, if it was.
    pub fn measurement(&self, key: &Key) -> Option<Measurement> {
        let bytes = fs::read(self.measurement_file(key)).ok()?;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        // Two keys with the same name are as unlikely as a file changed so that it still reads; neither
        // may be shown for the other.
        (kept.key == key.text && kept.sum == sum(&kept.measurement)).then_some(kept.measurement)
    }

    /// Keeps what was measured under a key.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn keep(&self, key: &Key, measurement: &Measurement) -> Result<()> {
        let kept = Kept { key: key.text.clone(), sum: sum(measurement), measurement: measurement.clone() };
        let bytes = serde_json::to_vec(&kept)
            .map_err(|error| Error::new(Kind::Store, format!("a measurement cannot be kept ({error})")))?;
        write_atomically(&self.measurement_file(key), &bytes)
    }

    fn scores(&self) -> PathBuf {
        self.folder.join("scores")
    }

    fn measurements(&self) -> PathBuf {
        self.folder.join("measurements")
    }

    fn measurement_file(&self, key: &Key) -> PathBuf {
        self.measurements().join(key.name()).with_extension("json")
    }

    /// Removes entries, those used longest ago first, until `bytes` for `wanted` fit into the budget beside them, and
    /// onto a disk with `free` bytes. Entries in use stay, and all do where it would not be enough.
    fn make_room(&self, wanted: &Path, bytes: u64, free: u64) -> Result<()> {
        let unreadable = |error: std::io::Error| {
            Error::new(Kind::Store, format!("the store cannot be read ({error})")).at(self.scores())
        };
        // What is there of it already takes no more of the disk.
        let to_write = bytes.saturating_sub(entry::written(wanted));
        let mut others = Vec::new();
        let (mut held, mut free) = (0, free);
        for entry in fs::read_dir(self.scores()).map_err(unreadable)? {
            let folder = entry.map_err(unreadable)?.path();
            if folder != wanted && folder.is_dir() {
                let size = entry::size(&folder);
                held += size;
                // What is still to be written of the others is as good as taken.
                free = free.saturating_sub(size.saturating_sub(entry::written(&folder)));
                others.push((entry::used(&folder), size, folder));
            }
        }
        others.sort();
        let fits = |held: u64, free| held.saturating_add(bytes) <= self.budget && to_write <= free;
        let mut goes = Vec::new();
        for (_, size, folder) in others {
            if fits(held, free) {
                break;
            }
            if let Ok(lock) = lock(&folder) {
                held -= size;
                free = free.saturating_add(size);
                goes.push((folder, lock));
            }
        }
        if fits(held, free) {
            for (folder, _lock) in goes {
                // What cannot be removed takes room, and is counted again next time.
                let _ = fs::remove_dir_all(folder);
            }
            return Ok(());
        }
        let (cause, help) = if held.saturating_add(bytes) > self.budget {
            let in_use = if held > 0 { format!(", {} of it in use", size(held)) } else { String::new() };
            (format!("the store may hold {}{in_use}", size(self.budget)), "allow it more with --store-size")
        } else {
            (format!("the disk has no more than {} free", size(free)), "name another folder with --store")
        };
        let cause = format!("the scores of a checkpoint take {}, and {cause}", size(bytes));
        let smaller = "or use --scores f16, fewer --samples or --points";
        Err(Error::new(Kind::Full, cause).help(format!("{help}, {smaller}")).at(&self.folder))
    }
}

/// A measurement as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    key: String,
    sum: String,
    measurement: Measurement,
}

/// A checksum of a measurement's numbers.
fn sum(measurement: &Measurement) -> String {
    let text = serde_json::to_string(measurement).unwrap_or_default();
    format!("{:032x}", XxHash3_128::oneshot(text.as_bytes()))
}

/// Takes an entry for this process, making its folder. The lock goes when the file is closed, at the latest
/// with the process.
fn lock(folder: &Path) -> Result<File> {
    let unusable = |error: std::io::Error| unwritable(folder, &error);
    // Whoever holds the lock may be removing the folder; then there is another to be made.
    for _ in 0..10 {
        fs::create_dir_all(folder).map_err(unusable)?;
        let path = folder.join("lock");
        let Ok(file) = File::options().create(true).truncate(false).write(true).open(&path) else { continue };
        match file.try_lock() {
            Ok(()) if path.exists() => return Ok(file),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let cause = "another process is using these scores";
                return Err(Error::new(Kind::Store, cause)
                    .help("wait until it is done, or name another folder with --store")
                    .at(folder));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
    }
    Err(unusable(std::io::Error::other("its folder comes and goes")))
}

/// A folder of the store that cannot be used.
fn unwritable(folder: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Store, format!("the store cannot be written ({error})"))
        .help("name another folder with --store, or measure without one by --no-store")
        .at(folder)
}

#[cfg(test)]
mod tests;
