//! Files written whole or not at all, so that a full disk or an interruption never leaves half a result.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Writes `bytes` to `path` in one step: readers see the old file or the new one, never a part.
///
/// A link is followed and its target replaced; an existing file keeps its permissions. Devices, pipes and
/// `/dev/stdout` are written to directly, since replacing them would be wrong.
///
/// # Errors
/// An output error naming the folder that is missing, or the path that cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_special(path) {
        return append(path, bytes).map_err(|error| unwritable(path, &error));
    }
    let (target, old) = target_of(path)?;
    replace(&target, &folder_of(&target), old.map(|old| old.permissions()), bytes)
        .map_err(|error| unwritable(path, &error))
}

/// The file that writing to `path` replaces, and what is known of it where it exists.
fn target_of(path: &Path) -> Result<(PathBuf, Option<fs::Metadata>)> {
    // The target of a link, so that the link itself stays.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&target).ok();
    if old.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(Error::new(Kind::Output, "this is a folder, not a file")
            .help("add a file name")
            .at(path));
    }
    if old.as_ref().is_some_and(|old| old.permissions().readonly()) {
        return Err(Error::new(Kind::Output, "the file is read-only").help("choose another name").at(path));
    }
    let folder = folder_of(&target);
    if !folder.is_dir() {
        let error = Error::new(Kind::Output, "the folder to write to does not exist");
        return Err(error.help("create it or choose another").at(folder));
    }
    Ok((target, old))
}

/// Checks, before long work, that [`write_atomically`] could write to `path`.
///
/// # Errors
/// As [`write_atomically`], as far as can be told without writing the result.
pub fn check_writable(path: &Path) -> Result<()> {
    if is_special(path) {
        return Ok(());
    }
    let (target, _) = target_of(path)?;
    tempfile::tempfile_in(folder_of(&target)).map(drop).map_err(|error| unwritable(path, &error))
}

/// Whether a path names something other than a regular file, a folder or nothing at all.
fn is_special(path: &Path) -> bool {
    let Ok(link) = fs::symlink_metadata(path) else { return false };
    if link.is_symlink() {
        // `/dev/stdout` may lead to a regular file through its descriptor; a dangling link to no file yet.
        let is_descriptor = path.starts_with("/dev") || path.starts_with("/proc");
        return is_descriptor
            || fs::metadata(path).map_or(true, |target| !target.is_file() && !target.is_dir());
    }
    !link.is_file() && !link.is_dir()
}

/// Writes behind what is there, which for a device or a pipe is simply writing.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(bytes)?;
    file.flush()
}

/// Writes a temporary file beside `target` and renames it, which the file system does in one step.
fn replace(target: &Path, folder: &Path, old: Option<fs::Permissions>, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".infoplane-");
    // Temporary files are private by default; a result is an ordinary file, less what the umask takes.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old)?;
    }
    // Without it a crash soon after could leave the new name with no bytes behind it.
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// The folder a file lies in; the current one for a bare name.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The error for a path that refused the bytes.
fn unwritable(path: &Path, error: &io::Error) -> Error {
    let help = match error.kind() {
        io::ErrorKind::StorageFull => "make room or choose another disk",
        _ => "choose a place you can write to",
    };
    Error::new(Kind::Output, format!("cannot write the file ({error})")).help(help).at(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_file_is_written_and_replaced_without_leftovers() {
        let folder = folder();
        let path = folder.path().join("plane.svg");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = folder();
        let missing = folder.path().join("not here");
        let error = write_atomically(&missing.join("plane.svg"), b"").unwrap_err();
        assert_eq!(check_writable(&missing.join("plane.svg")), Err(error.clone()));
        assert_eq!(error.kind(), Kind::Output);
        assert!(error.to_string().ends_with(&format!("choose another: {}", missing.display())), "{error}");
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let folder = folder();
        let error = write_atomically(folder.path(), b"").unwrap_err();
        assert!(error.to_string().contains("folder"), "{error}");
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn permissions_are_those_of_an_ordinary_file() {
            let folder = folder();
            let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
            write_atomically(&ours, b"x").unwrap();
            fs::write(&theirs, b"x").unwrap();
            assert_eq!(mode(&ours), mode(&theirs));

            fs::set_permissions(&ours, fs::Permissions::from_mode(0o640)).unwrap();
            write_atomically(&ours, b"y").unwrap();
            assert_eq!(mode(&ours), 0o640);

            fs::set_permissions(&ours, fs::Permissions::from_mode(0o440)).unwrap();
            assert!(write_atomically(&ours, b"z").unwrap_err().to_string().contains("read-only"));
            assert_eq!(fs::read(&ours).unwrap(), b"y");
        }

        #[test]
        fn links_stay_links() {
            let folder = folder();
            let (file, link) = (folder.path().join("file"), folder.path().join("link"));
            fs::write(&file, b"old").unwrap();
            symlink(&file, &link).unwrap();
            write_atomically(&link, b"new").unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(&file).unwrap(), b"new");

            fs::remove_file(&file).unwrap();
            write_atomically(&link, b"again").unwrap();
            assert_eq!(fs::read(&file).unwrap(), b"again");
        }

        #[test]
        fn devices_are_written_to_and_stay() {
            write_atomically(Path::new("/dev/null"), b"x").unwrap();
            assert!(!fs::metadata("/dev/null").unwrap().is_file());
            let error = write_atomically(Path::new("/dev/full"), b"x");
            assert!(!Path::new("/dev/full").exists() || error.is_err());
        }
    }
}
