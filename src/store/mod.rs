//! What was scored and measured before, on disk, to be found again.
//!
//! A [`Store`] is a folder of [entries](crate::scores::Entry) of scores and of finished measurements:
//!
//! ```text
//! STORE/scores/vS-KEY-SEEDSxPOINTS/   an entry: the scores of a checkpoint
//! STORE/measurements/vS.M-KEY.json    a checkpoint's numbers, or the frontier of a text's labels
//! STORE/limit.json                    what scores may take, where `infoplane store limit` said so
//! STORE/lock                          held while room is made
//! ```
//!
//! A key is a hash of everything the content depends on, so what has changed since is simply not found: the
//! files of the model, the tokens, the settings, the versions of the arithmetic ([`SCORES_VERSION`] S and
//! [`MEASURES_VERSION`] M) and the kind of device. Neither the program's file nor the number of threads is
//! among them, since they change no bit. The first points and seeds are the same however many follow: a
//! complete entry answers for fewer of both.
//!
//! Scores take up to a limit, beyond which those used longest ago are removed; measurements take up to a
//! share of it beside them. What earlier versions made is never found again and goes first.

mod account;
mod key;
mod room;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

use self::account::Account;
pub use self::key::{Key, MEASURES_VERSION, SCORES_VERSION};
pub use self::room::{Cleared, Contents, StoredScores};

use crate::error::{Error, Kind, Result};
use crate::frontier::Report;
use crate::output::write_atomically;
use crate::results::Measurement;
use crate::scores::lock::{lock, lock_existing};
use crate::scores::{ChunkKey, Entry, ScoreTable, Shape, entry, unwritable};

/// Whether a headless measurement stores the scores it makes. Measurements are stored in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StoreScores {
    /// Where making them again would take clearly longer than storing and reading them, or where memory is
    /// too small.
    #[default]
    Auto,
    /// Always, so that a killed measurement goes on within a checkpoint, and other settings are asked of
    /// them.
    Always,
    /// Never: they stay in memory while a checkpoint is measured.
    Never,
}

/// A folder of scores and measurements.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// Bytes that scores may take, where that is said.
    limit: Option<u64>,
    scores_kept: StoreScores,
    account: Arc<Account>,
}

impl Store {
    /// Opens a store, making its folders. Scores take up to `limit` bytes, by default what the store itself
    /// was told ([`Store::set_limit`]) or a share of the disk; beyond, those used longest ago are removed.
    ///
    /// # Errors
    /// A folder that cannot be made or written to.
    pub fn open(folder: &Path, limit: Option<u64>) -> Result<Self> {
        let store = Self::at(folder, limit);
        for folder in [store.scores(), store.measurements()] {
            let made = fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder).map(drop));
            made.map_err(|error| unwritable(&folder, &error))?;
        }
        store.tidy();
        Ok(store)
    }

    /// The store of a folder as it is, be there one or not: to be looked at and cleared, not written to.
    pub fn at(folder: &Path, limit: Option<u64>) -> Self {
        let (folder, account) = (folder.to_owned(), Arc::default());
        Self { folder, limit, scores_kept: StoreScores::default(), account }
    }

    /// The same store, into which a headless measurement puts its scores as `scores` says.
    #[must_use]
    pub fn keeping(self, scores: StoreScores) -> Self {
        Self { scores_kept: scores, ..self }
    }

    /// Whether a headless measurement stores its scores.
    pub fn scores_kept(&self) -> StoreScores {
        self.scores_kept
    }

    /// Notes that scores were not stored because making them again takes less time, for [`Store::summary`].
    pub fn leave_out(&self) {
        self.account.leave_out();
    }

    /// What this process stored, in one line; nothing where it stored nothing.
    pub fn summary(&self) -> Option<String> {
        self.account.summary(&self.folder)
    }

    /// The folder where a store is kept that nobody named: infoplane's in the user's cache.
    pub fn usual_folder() -> Option<PathBuf> {
        Some(dirs::cache_dir()?.join("infoplane"))
    }

    /// The entry of this key and shape for the scores of a checkpoint, with room for that many positions, to
    /// be used by this process alone.
    ///
    /// # Errors
    /// [`Kind::Full`] where limit or disk are too small; an entry that another process uses, or a folder that
    /// cannot be written.
    pub fn entry(&self, key: &Key, shape: Shape, positions: usize, checkpoint: &str) -> Result<Entry> {
        let bytes = shape.bytes(positions);
        let folder = self.scores().join(format!("{}-{}x{}", key.name(), shape.seeds, shape.points));
        let _room = self.lock_room();
        let lock = lock(&folder)?;
        // Where the system does not say what is free, the disk will when it is full.
        let free = fs4::available_space(&folder).unwrap_or(u64::MAX);
        self.make_room(&folder, bytes, free).inspect_err(|_| {
            // The lock made the folder; without anything else in it, it is no entry.
            if entry::written(&folder) == 0 {
                let _ = fs::remove_dir_all(&folder);
            }
        })?;
        let entry = Entry::open(folder, lock, key.text(), shape, self.account.scores_written())?;
        entry.reserve(bytes, checkpoint)?;
        Ok(entry)
    }

    /// The scores of all `chunks`, where an entry of this key that no other process uses has them with the seeds
    /// of `shape` and at least as many points.
    pub fn complete(&self, key: &Key, shape: Shape, chunks: &[ChunkKey]) -> Option<ScoreTable> {
        self.find(key, shape, chunks, ScoreTable::is_complete)
    }

    /// The scores of some of `chunks`, where such an entry has any: what a measurement that was killed, or
    /// one of other documents further on, left behind.
    pub fn begun(&self, key: &Key, shape: Shape, chunks: &[ChunkKey]) -> Option<ScoreTable> {
        self.find(key, shape, chunks, |table| (0..chunks.len()).any(|chunk| table.has(chunk)))
    }

    fn find(
        &self,
        key: &Key,
        shape: Shape,
        chunks: &[ChunkKey],
        suits: impl Fn(&ScoreTable) -> bool,
    ) -> Option<ScoreTable> {
        let name = key.name();
        let mut found: Vec<(Shape, PathBuf)> = self
            .entries()
            .filter(|entry| entry.key == name)
            .map(|room::Found { folder, seeds, points, .. }| (Shape { seeds, points, ..shape }, folder))
            .filter(|(found, _)| found.covers(shape.points, shape.seeds))
            .collect();
        // The least to read first.
        found.sort_by_key(|(found, _)| found.slabs() * found.points);
        // The room need not be locked: whoever removes an entry holds its lock first, so that one whose lock
        // is held and that is still in its place stays there.
        found.into_iter().find_map(|(shape, folder)| {
            let lock = lock_existing(&folder).ok()??;
            let entry =
                Entry::existing(folder.clone(), lock, key.text(), shape, self.account.scores_written())?;
            let (table, _) = ScoreTable::stored(entry, chunks);
            suits(&table).then(|| {
                entry::touch(&folder);
                table
            })
        })
    }

    /// What was measured under this key, if it was.
    pub fn measurement(&self, key: &Key) -> Option<Measurement> {
        self.recall(key)
    }

    /// The frontier that was found under this key, if one was.
    pub fn frontier(&self, key: &Key) -> Option<Report> {
        self.recall(key)
    }

    fn recall<T: Serialize + DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let path = self.measurement_file(key);
        let bytes = fs::read(&path).ok()?;
        let kept: Kept<T> = serde_json::from_slice(&bytes).ok()?;
        // Two keys with the same name are as unlikely as a file changed so that it still reads; neither
        // may be shown for the other.
        (kept.key == key.text() && kept.sum == sum(&kept.measurement)).then(|| {
            entry::used_now(&path);
            kept.measurement
        })
    }

    /// Keeps what was measured under a key.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn keep(&self, key: &Key, measurement: &Measurement) -> Result<()> {
        self.write(key, measurement)?;
        self.account.keep();
        Ok(())
    }

    /// Keeps the frontier that was found under a key.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn keep_frontier(&self, key: &Key, report: &Report) -> Result<()> {
        self.write(key, report)
    }

    fn write<T: Serialize>(&self, key: &Key, measurement: &T) -> Result<()> {
        let kept = Kept { key: key.text().to_owned(), sum: sum(measurement), measurement };
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
        self.measurements().join(format!("{}.json", key.name()))
    }

    /// Keeps other processes from making room, and from removing what is about to be opened. Where there is
    /// no locking they may.
    fn lock_room(&self) -> Option<File> {
        if !self.scores().is_dir() {
            // Nothing is made where there is no store.
            return None;
        }
        let file = File::options().create(true).truncate(false).write(true).open(self.folder.join("lock"));
        file.and_then(|file| file.lock().map(|()| file)).ok()
    }
}

/// A measurement as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    key: String,
    sum: String,
    measurement: T,
}

/// A checksum of a measurement's numbers.
fn sum<T: Serialize>(measurement: &T) -> String {
    let text = serde_json::to_string(measurement).unwrap_or_default();
    format!("{:032x}", XxHash3_128::oneshot(text.as_bytes()))
}

#[cfg(test)]
mod tests;
