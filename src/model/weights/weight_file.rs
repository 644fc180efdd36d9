//! An open weight file, read at any place, that says when another program changed it.

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::checkpoints::is_lfs_pointer;
use crate::error::{Error, Kind, Result};

/// An open weight file.
#[derive(Debug)]
pub struct WeightFile {
    /// Where it was opened.
    pub path: PathBuf,
    file: File,
    /// As it was when its header was read.
    version: Version,
}

/// The length of a file and when it was last written, where the file system says so.
#[derive(Debug, PartialEq)]
struct Version {
    length: u64,
    modified: Option<SystemTime>,
}

impl WeightFile {
    /// The file at a path.
    ///
    /// # Errors
    /// One that cannot be opened.
    pub fn open(path: PathBuf) -> Result<Self> {
        let opened = File::open(&path).and_then(|file| Ok((Version::of(&file)?, file)));
        match opened {
            Ok((version, file)) => Ok(Self { path, file, version }),
            Err(error) => Err(Error::new(Kind::Weights, format!("cannot be opened ({error})")).at(&path)),
        }
    }

    /// Its bytes when it was opened.
    pub fn length(&self) -> u64 {
        self.version.length
    }

    /// An error in this file.
    pub fn error(&self, cause: impl std::fmt::Display) -> Error {
        broken(&self.path, cause)
    }

    /// Fills `bytes` with those from an offset on.
    ///
    /// # Errors
    /// A file that ends before, or cannot be read.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        read_exact_at(&self.file, offset, bytes)
    }

    /// Tells the system that bytes will soon be read, so that it fetches those from the disk that it does not hold.
    pub fn announce(&self, range: Range<u64>) {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Advice, fadvise};
            let length = NonZeroU64::new(range.end.saturating_sub(range.start));
            // Advice: without it they are read all the same.
            let _ = fadvise(&self.file, range.start, length, Advice::WillNeed);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = range;
    }

    /// Whether it is a Git LFS pointer. A file that cannot be read is none.
    pub fn is_lfs_pointer(&self) -> bool {
        let mut start = [0; 64];
        let start = &mut start[..self.version.length.min(64) as usize];
        self.read(0, start).is_ok() && is_lfs_pointer(start)
    }

    /// Sees to it that the file is the one whose header was read.
    ///
    /// # Errors
    /// Another length, or another time of writing.
    pub fn check(&self) -> Result<()> {
        match Version::of(&self.file) {
            Ok(version) if version == self.version => Ok(()),
            Ok(_) => Err(self.changed()),
            Err(error) => Err(self.error(format!("cannot be read ({error})"))),
        }
    }

    /// The error of a file that is not as it was.
    pub fn changed(&self) -> Error {
        self.error("another program changed this file while it was read")
            .help("measure it again once it is complete")
    }
}

impl Version {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { length: metadata.len(), modified: metadata.modified().ok() })
    }
}

/// Fills `bytes` with those of a file from an offset on.
#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` with those of a file from an offset on.
#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => (offset, bytes) = (offset + read as u64, &mut bytes[read..]),
        }
    }
    Ok(())
}

/// An error in a file.
pub fn broken(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Weights, cause).at(path)
}

/// The error of a Git LFS pointer in a file's place.
pub fn lfs_pointer(path: &Path) -> Error {
    broken(path, "a Git LFS pointer").help("run `git lfs pull`")
}
