//! The files of a model, and what they looked like when they were read.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::ModelFolder;
use super::weight_files::{Format, WeightFiles, is_weight_file};
use crate::error::{Error, Kind, Result};

/// The names of what lies in a folder; those that are not UTF-8 are passed over.
///
/// # Errors
/// A folder that cannot be read.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    let unreadable =
        |error: std::io::Error| Error::new(Kind::Folder, format!("cannot be read ({error})")).at(folder);
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        names.extend(entry.map_err(unreadable)?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// The weights in a model's folder; `None` if there are none.
///
/// # Errors
/// A folder that cannot be read; as [`WeightFiles::among`].
pub fn weight_files(folder: &ModelFolder) -> Result<Option<WeightFiles>> {
    let missing = |cause| Error::new(Kind::Weights, cause).help("download the model again").at(folder.path());
    WeightFiles::among(&names_in(folder.path())?).map_err(missing)
}

/// Whether weights lie in a folder, or a part of them.
pub fn has_weights(folder: &Path) -> bool {
    names_in(folder).is_ok_and(|names| WeightFiles::among(&names) != Ok(None))
}

/// The files that a model's hidden states depend on, by name: configuration, weights and the index over them.
///
/// # Errors
/// A folder that cannot be read, or a file that lies outside of it.
pub fn files_of(folder: &ModelFolder) -> Result<Vec<(String, PathBuf)>> {
    let mut names = names_in(folder.path())?;
    let format =
        WeightFiles::among(&names).ok().flatten().map_or(Format::Safetensors, |files| files.format());
    names.retain(|name| {
        name == "config.json" || name.ends_with(".index.json") || is_weight_file(format, name)
    });
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        if let Some(path) = folder.file(&name)? {
            files.push((name, path));
        }
    }
    Ok(files)
}

/// The files of a model as they were at some time, by size, time of writing and inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files(Vec<(PathBuf, Option<Stamp>)>);

/// Bytes, when last written, and the inode where there are such.
type Stamp = (u64, Option<SystemTime>, u64);

impl Files {
    /// A model's files as they are now.
    ///
    /// # Errors
    /// A folder that cannot be read, a file that lies outside it.
    pub fn of(folder: &ModelFolder) -> Result<Self> {
        let files = files_of(folder)?.into_iter().map(|(_, path)| {
            let stamp = stamp(&path);
            (path, stamp)
        });
        Ok(Self(files.collect()))
    }

    /// Whether one of them was written or replaced since. One that is gone says nothing against what was read of it.
    /// Only asks the file system, reads nothing.
    pub fn changed(&self) -> bool {
        self.0.iter().any(|(path, known)| stamp(path).is_some_and(|now| Some(now) != *known))
    }
}

/// `None` for a file that is not there.
fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok(), inode(&metadata)))
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_or_replaced_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (config, weights) = (folder.path().join("config.json"), folder.path().join("model.safetensors"));
        std::fs::write(&config, "{}").unwrap();
        std::fs::write(&weights, [7; 100]).unwrap();
        let now = || Files::of(&ModelFolder::new(folder.path())).unwrap();
        let first = now();
        std::fs::write(folder.path().join("README.md"), "of no matter").unwrap();
        assert!(!first.changed() && first == now());
        // Another length, another time, another file in its place.
        std::fs::write(&weights, [7; 101]).unwrap();
        assert!(first.changed());
        let longer = now();
        let file = std::fs::File::options().write(true).open(&weights).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(longer.changed());
        let older = now();
        let other = folder.path().join("other");
        std::fs::write(&other, [7; 101]).unwrap();
        std::fs::File::options()
            .write(true)
            .open(&other)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        std::fs::rename(&other, &weights).unwrap();
        assert_eq!(older.changed(), cfg!(unix));
        let newest = now();
        std::fs::remove_file(&config).unwrap();
        assert!(!newest.changed());
        std::fs::write(&config, "{ }").unwrap();
        assert!(newest.changed());
    }
}
