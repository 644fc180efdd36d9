//! Locks on entries: an entry is one process's at a time.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::unwritable;
use crate::error::{Error, Kind, Result};

/// The file whose lock stands for the folder.
const LOCK: &str = "lock";

/// What came of asking for a lock.
enum Asked {
    /// It is this process's until the file is closed, at the latest with the process.
    Ours(File),
    /// Another process has it.
    InUse,
    /// It is the lock of a folder that was removed meanwhile.
    Removed,
}

/// Takes an entry for this process, making its folder.
///
/// # Errors
/// An entry that another process uses, or a folder that cannot be written.
pub fn lock(folder: &Path) -> Result<File> {
    let unusable = |error: std::io::Error| unwritable(folder, &error);
    // Whoever holds the lock may be removing the folder; then there is another to be made.
    for _ in 0..10 {
        fs::create_dir_all(folder).map_err(unusable)?;
        let path = folder.join(LOCK);
        let Ok(file) = File::options().create(true).truncate(false).write(true).open(&path) else { continue };
        match ask(file, &path).map_err(unusable)? {
            Asked::Ours(file) => return Ok(file),
            Asked::InUse => return Err(in_use(folder)),
            Asked::Removed => {}
        }
    }
    Err(unusable(std::io::Error::other("its folder is removed again and again")))
}

/// Takes an entry for this process where there is one.
///
/// # Errors
/// As [`lock`].
pub fn lock_existing(folder: &Path) -> Result<Option<File>> {
    let path = folder.join(LOCK);
    let Ok(file) = File::options().write(true).open(&path) else { return Ok(None) };
    match ask(file, &path).map_err(|error| unwritable(folder, &error))? {
        Asked::Ours(file) => Ok(Some(file)),
        Asked::InUse => Err(in_use(folder)),
        Asked::Removed => Ok(None),
    }
}

fn in_use(folder: &Path) -> Error {
    Error::new(Kind::Store, "another process is using these scores")
        .help("wait until it is done, or name another folder with --store")
        .at(folder)
}

/// Asks for the lock of a file that was opened at `path`.
fn ask(file: File, path: &Path) -> std::io::Result<Asked> {
    match file.try_lock() {
        // Between opening and locking the folder may have been removed and made again by others, who hold the
        // lock of another file by the same name.
        Ok(()) if is_at(&file, path) => Ok(Asked::Ours(file)),
        Ok(()) => Ok(Asked::Removed),
        Err(TryLockError::WouldBlock) => Ok(Asked::InUse),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether an open file is the one that lies at `path` now.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (open.dev(), open.ino()) == (there.dev(), there.ino())
    }
    // Elsewhere a file that is open cannot be removed.
    #[cfg(not(unix))]
    {
        let _ = (open, there);
        true
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_lock_opened_before_its_folder_was_made_anew_is_nobodys() {
        let store = tempfile::tempdir().unwrap();
        let folder = store.path().join("entry");
        let path = folder.join(LOCK);
        // One process has the entry, a second has opened its lock and not asked for it yet.
        let first = lock(&folder).unwrap();
        let opened = File::options().write(true).open(&path).unwrap();
        // The first removes the entry and is done; a third makes it anew.
        fs::remove_dir_all(&folder).unwrap();
        drop(first);
        let third = lock(&folder).unwrap();
        // The second finds the lock free, and a file by its name, but not its own.
        assert!(matches!(ask(opened, &path).unwrap(), Asked::Removed));
        assert!(lock(&folder).unwrap_err().to_string().contains("another process"));
        assert!(lock_existing(&folder).is_err());
        drop(third);
        assert!(lock_existing(&folder).unwrap().is_some());
        fs::remove_dir_all(&folder).unwrap();
        assert!(lock_existing(&folder).unwrap().is_none());
        assert!(!folder.exists(), "looking makes nothing");
    }
}
