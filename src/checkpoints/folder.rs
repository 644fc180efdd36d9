//! A model's folder, and where its files may lie.
//!
//! A folder from elsewhere can hold links to anywhere. Only what lies below the folder that was opened is
//! read; in the hub cache, whose snapshots are links into `blobs` beside them, below the repository's.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// A model's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    path: PathBuf,
    /// The real folder that none of its files may lie outside of.
    root: PathBuf,
}

impl ModelFolder {
    /// A folder that was named by the user.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), root: root_of(path) }
    }

    /// A folder found below `root`, a real path.
    pub fn within(path: &Path, root: &Path) -> Self {
        Self { path: path.to_owned(), root: root.to_owned() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in the folder, if there is one of this name.
    ///
    /// # Errors
    /// One that is no file, or a link that loops or leads outside.
    pub fn file(&self, name: &str) -> Result<Option<PathBuf>> {
        let path = self.path.join(name);
        match real_file(&path, &self.root) {
            Ok(()) => Ok(Some(path)),
            Err(Trouble::Absent) => Ok(None),
            Err(Trouble::Broken(cause)) => Err(Error::new(Kind::Folder, cause)
                .help("put the file itself there, or open its folder")
                .at(path)),
        }
    }
}

/// The real folder that what is opened at `path` may read: the folder itself, or the repository's where the
/// path leads into a hub cache.
pub fn root_of(path: &Path) -> PathBuf {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let repository = real.ancestors().find(|folder| is_repository(folder)).map(Path::to_owned);
    repository.unwrap_or(real)
}

/// Whether this is a repository of the hub cache.
pub fn is_repository(folder: &Path) -> bool {
    folder.join("snapshots").is_dir() && (folder.join("refs").is_dir() || folder.join("blobs").is_dir())
}

/// Why a file is not read.
enum Trouble {
    Absent,
    Broken(String),
}

fn real_file(path: &Path, root: &Path) -> Result<(), Trouble> {
    let broken = |cause: String| Err(Trouble::Broken(cause));
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match path.is_symlink() {
                true => broken("a link to a file that is not there".to_owned()),
                false => Err(Trouble::Absent),
            };
        }
        Err(error) => return broken(format!("cannot be read ({error})")),
    };
    if !real.starts_with(root) {
        return broken(format!("a link that leads outside {}", root.display()));
    }
    // A pipe or a device could be waited on for ever.
    if !real.is_file() {
        return broken("not a file".to_owned());
    }
    Ok(())
}

/// A tokenizer beside the model or in the folder above, as a run of checkpoints may share one. Where the model's
/// folder is a link within what was opened, the folder above its target counts too.
pub fn tokenizer_of(folder: &Path, root: &Path) -> Option<PathBuf> {
    let above = |folder: &Path| folder.parent().map(|above| (above.to_owned(), root_of(above)));
    let real = folder.canonicalize().ok().filter(|real| real.starts_with(root));
    let places = [Some((folder.to_owned(), root.to_owned())), above(folder), real.as_deref().and_then(above)];
    places.into_iter().flatten().find_map(|(folder, root)| {
        let path = folder.join("tokenizer.json");
        real_file(&path, &root).is_ok().then_some(path)
    })
}
