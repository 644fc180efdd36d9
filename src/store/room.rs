//! Room in the store: what it may take, what goes when there is no more, and what `infoplane store` shows and
//! clears.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Store;
use super::key::Version;
use crate::error::{Error, Kind, Result};
use crate::output::write_atomically;
use crate::scores::lock::lock_existing;
use crate::scores::{Seeds, entry, unwritable};
use crate::words::size;

/// What scores may take at the most where nobody says.
const LARGEST: u64 = 32 << 30;
/// Of what the disk has free without the scores, the part they may take where nobody says.
const SHARE: u64 = 10;
/// Of what scores may take, the part that measurements may take beside them…
const MEASUREMENTS: u64 = 16;
/// …and what they may take in any case: thousands of measurements.
const MEASUREMENTS_LEAST: u64 = 64 << 20;

/// An entry's folder, by its name. What else lies in the folder of scores is no business of the store.
pub(super) struct Found {
    pub folder: PathBuf,
    version: Version,
    /// The name of its key.
    pub key: String,
    pub seeds: Seeds,
    pub points: usize,
}

impl Found {
    fn parse(folder: PathBuf) -> Option<Self> {
        let (version, rest) = Version::split(folder.file_name()?.to_str()?)?;
        let (hash, sizes) = rest.split_once('-')?;
        let (seeds, points) = sizes.split_once('x')?;
        let (seeds, points) = (Seeds::parse(seeds)?, points.parse().ok()?);
        let key = format!("{version}-{hash}");
        (is_hash(hash) && folder.is_dir()).then_some(Self { folder, version, key, seeds, points })
    }

    /// Whether no program from this one on finds it.
    fn is_obsolete(&self) -> bool {
        self.version < Version::SCORES
    }
}

/// Whether this is a hash as it stands in names.
fn is_hash(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A measurement's file.
struct Measured {
    file: PathBuf,
    version: Version,
    bytes: u64,
    used: SystemTime,
}

impl Measured {
    fn parse(file: PathBuf) -> Option<Self> {
        let (version, hash) = Version::split(file.file_name()?.to_str()?.strip_suffix(".json")?)?;
        let metadata = fs::metadata(&file).ok()?;
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        is_hash(hash).then_some(Self { file, version, bytes: metadata.len(), used })
    }
}

/// The scores of a checkpoint in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredScores {
    /// The checkpoint, as it was called when it was scored; `None` where nothing says.
    pub checkpoint: Option<String>,
    /// Seeds of reference points scored.
    pub seeds: usize,
    /// Reference points of a seed.
    pub points: usize,
    /// Bytes on disk now.
    pub bytes: u64,
    /// When they were made or read last.
    pub used: SystemTime,
    /// Whether a process uses them now.
    pub in_use: bool,
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Scores, those used last first.
    pub scores: Vec<StoredScores>,
    /// The number of measurements.
    pub measurements: usize,
    /// Bytes that measurements take.
    pub measurement_bytes: u64,
    /// Bytes that scores may take.
    pub limit: u64,
}

/// What was removed, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Entries of scores removed.
    pub scores: usize,
    /// Measurements removed.
    pub measurements: usize,
    /// Bytes both took.
    pub bytes: u64,
    /// The checkpoints of entries that other processes use, and that stay.
    pub in_use: Vec<String>,
}

/// The limit that a store was told.
#[derive(Serialize, Deserialize)]
struct Told {
    bytes: u64,
}

impl Store {
    /// Sets what scores may take from now on where no `--store-size` says; `None` for a share of the disk.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn set_limit(&self, bytes: Option<u64>) -> Result<()> {
        let path = self.limit_file();
        match bytes {
            Some(bytes) => {
                let made = fs::create_dir_all(&self.folder);
                made.map_err(|error| unwritable(&self.folder, &error))?;
                let told = serde_json::to_vec(&Told { bytes })
                    .map_err(|error| Error::new(Kind::Store, error).at(&path))?;
                write_atomically(&path, &told)
            }
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(unwritable(&self.folder, &error))
                }
                _ => Ok(()),
            },
        }
    }

    fn limit_file(&self) -> PathBuf {
        self.folder.join("limit.json")
    }

    /// Bytes that scores may take, on a disk that has `free` bytes without them.
    pub(super) fn limit(&self, free: u64) -> u64 {
        let told = || Some(serde_json::from_slice::<Told>(&fs::read(self.limit_file()).ok()?).ok()?.bytes);
        self.limit.or_else(told).unwrap_or_else(|| LARGEST.min(free / SHARE))
    }

    /// Bytes that the disk has free; as many as there can be where the system does not say.
    fn free(&self) -> u64 {
        // A folder that does not exist yet will lie on the disk of the nearest one that does.
        let there = self.folder.ancestors().find(|folder| folder.exists());
        there.and_then(|folder| fs4::available_space(folder).ok()).unwrap_or(u64::MAX)
    }

    /// The folders of entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = Found> {
        let folders = fs::read_dir(self.scores()).into_iter().flatten().flatten();
        folders.filter_map(|folder| Found::parse(folder.path()))
    }

    fn measured(&self) -> impl Iterator<Item = Measured> {
        let files = fs::read_dir(self.measurements()).into_iter().flatten().flatten();
        files.filter_map(|file| Measured::parse(file.path()))
    }

    /// What lies in the store.
    pub fn contents(&self) -> Contents {
        // Looking whether an entry is in use takes its lock for a moment, in which nobody shall find it
        // taken.
        let _room = self.lock_room();
        let mut scores: Vec<StoredScores> = self.entries().map(|found| stored(&found)).collect();
        scores.sort_by_key(|scores| std::cmp::Reverse(scores.used));
        let free = self.free().saturating_add(scores.iter().map(|scores| scores.bytes).sum());
        let (measurements, measurement_bytes) =
            self.measured().fold((0, 0), |(count, bytes), measured| (count + 1, bytes + measured.bytes));
        Contents { scores, measurements, measurement_bytes, limit: self.limit(free) }
    }

    /// Removes all that was used last before `before`, or everything. What other processes use stays.
    ///
    /// # Errors
    /// Files that cannot be removed.
    pub fn clear(&self, before: Option<SystemTime>) -> Result<Cleared> {
        let old = |used: SystemTime| before.is_none_or(|before| used < before);
        let _room = self.lock_room();
        let mut cleared = Cleared::default();
        for found in self.entries() {
            let scores = stored(&found);
            if !old(scores.used) {
                continue;
            }
            let Some(lock) = free_lock(&found.folder) else {
                cleared.in_use.push(scores.checkpoint.unwrap_or_else(|| found.folder.display().to_string()));
                continue;
            };
            fs::remove_dir_all(&found.folder).map_err(|error| unremovable(&found.folder, &error))?;
            drop(lock);
            cleared.scores += 1;
            cleared.bytes += scores.bytes;
        }
        for measured in self.measured().filter(|measured| old(measured.used)) {
            fs::remove_file(&measured.file).map_err(|error| unremovable(&measured.file, &error))?;
            cleared.measurements += 1;
            cleared.bytes += measured.bytes;
        }
        Ok(cleared)
    }

    /// Removes what no program from this one on finds again, and the measurements used longest ago beyond
    /// their share.
    pub(super) fn tidy(&self) {
        let _room = self.lock_room();
        for found in self.entries().filter(Found::is_obsolete) {
            // One that an older program is at work on stays until it is done.
            if let Some(_lock) = free_lock(&found.folder) {
                let _ = fs::remove_dir_all(&found.folder);
            }
        }
        let (obsolete, mut found): (Vec<_>, Vec<_>) =
            self.measured().partition(|measured| measured.version < Version::MEASUREMENTS);
        let mut held: u64 = found.iter().map(|measured| measured.bytes).sum();
        let most = match held > MEASUREMENTS_LEAST {
            true => MEASUREMENTS_LEAST.max(self.measurements_limit()),
            false => held,
        };
        found.sort_by_key(|measured| measured.used);
        let excess = found.into_iter().take_while(|measured| {
            let goes = held > most;
            held -= if goes { measured.bytes } else { 0 };
            goes
        });
        for measured in obsolete.into_iter().chain(excess) {
            // What cannot be removed takes room, and is tried again next time.
            let _ = fs::remove_file(measured.file);
        }
    }

    /// Bytes that measurements may take.
    fn measurements_limit(&self) -> u64 {
        let scores = self.entries().map(|found| entry::written(&found.folder)).sum();
        self.limit(self.free().saturating_add(scores)) / MEASUREMENTS
    }

    /// Removes entries, those used longest ago first, until `bytes` for `wanted` fit into the limit beside
    /// them, and onto a disk with `free` bytes. Entries in use stay, and all do where it would not be enough.
    pub(super) fn make_room(&self, wanted: &Path, bytes: u64, free: u64) -> Result<()> {
        // What is there of it already takes no more of the disk.
        let written = entry::written(wanted);
        let to_write = bytes.saturating_sub(written);
        let mut others = Vec::new();
        let (mut held, mut free, mut without) = (0, free, free.saturating_add(written));
        for Found { folder, .. } in self.entries().filter(|found| found.folder != wanted) {
            let (size, written) = (entry::size(&folder), entry::written(&folder));
            held += size;
            without = without.saturating_add(written);
            // What is still to be written of the others is as good as taken.
            free = free.saturating_sub(size.saturating_sub(written));
            others.push((entry::used(&folder), size, folder));
        }
        others.sort();
        let limit = self.limit(without);
        let fits = |held: u64, free| held.saturating_add(bytes) <= limit && to_write <= free;
        let mut goes = Vec::new();
        for (_, size, folder) in others {
            if fits(held, free) {
                break;
            }
            if let Some(lock) = free_lock(&folder) {
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
        let (cause, help) = if held.saturating_add(bytes) > limit {
            let in_use = if held > 0 { format!(", {} of it in use", size(held)) } else { String::new() };
            (format!("the store may hold {}{in_use}", size(limit)), "allow it more with --store-size")
        } else {
            (format!("the disk has no more than {} free", size(free)), "name another folder with --store")
        };
        let cause = format!("the scores of a checkpoint take {}, and {cause}", size(bytes));
        let smaller = "or use --scores f16, fewer --samples or --points";
        Err(Error::new(Kind::Full, cause).help(format!("{help}, {smaller}")).at(&self.folder))
    }
}

/// What there is to say of an entry.
fn stored(found: &Found) -> StoredScores {
    let folder = &found.folder;
    StoredScores {
        checkpoint: entry::checkpoint(folder),
        seeds: found.seeds.count,
        points: found.points,
        bytes: entry::written(folder),
        used: entry::used(folder),
        in_use: free_lock(folder).is_none(),
    }
}

/// The lock of an entry that nobody uses. Entries without one were never begun.
fn free_lock(folder: &Path) -> Option<Option<File>> {
    lock_existing(folder).ok()
}

fn unremovable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Store, format!("this cannot be removed ({error})")).at(path)
}
