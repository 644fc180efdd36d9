//! A model's folder, and where its files may lie.
//!
//! Links are followed wherever they lead, as weights often lie in a store of their own: a folder that the user named
//! is the user's. Devices, pipes and what the kernel shows as files are never read. A folder from a stranger can be
//! opened so that nothing outside of it is read; and in the hub cache, whose snapshots are links into `blobs` beside
//! them, nothing outside of the repository ever is.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Whether links that lead out of the folder that was opened are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Wherever they lead.
    #[default]
    Followed,
    /// Not out of the folder.
    KeptWithin,
}

/// Where the files of a model may lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere that a link leads.
    #[default]
    Anywhere,
    /// Below this real folder.
    Within(PathBuf),
}

impl Reach {
    /// What may be read of what is opened at `path`: what lies in the repository where the path leads into a hub
    /// cache; else anything, or what lies in the folder itself.
    pub fn of(path: &Path, links: Links) -> Self {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match (real.ancestors().find(|folder| is_repository(folder)), links) {
            (Some(repository), _) => Self::Within(repository.to_owned()),
            (None, Links::Followed) => Self::Anywhere,
            (None, Links::KeptWithin) => Self::Within(real),
        }
    }

    /// Whether a real path may be read.
    pub fn holds(&self, real: &Path) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Within(root) => real.starts_with(root),
        }
    }
}

/// A model's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    path: PathBuf,
    reach: Reach,
}

impl ModelFolder {
    /// A folder that was named by the user.
    pub fn new(path: &Path) -> Self {
        Self::opened(path, Links::default())
    }

    /// A folder that was named by the user, with whether links out of it are followed.
    pub fn opened(path: &Path, links: Links) -> Self {
        Self { path: path.to_owned(), reach: Reach::of(path, links) }
    }

    /// A folder whose files may lie where `reach` says.
    pub fn within(path: &Path, reach: &Reach) -> Self {
        Self { path: path.to_owned(), reach: reach.clone() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its files may lie.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// A file in the folder, if there is one of this name.
    ///
    /// # Errors
    /// One that is no file, or a link that loops, leads to nothing or where it is not followed; it names where the link
    /// leads.
    pub fn file(&self, name: &str) -> Result<Option<PathBuf>> {
        self.file_or(Kind::Folder, name)
    }

    /// As [`Self::file`], with errors of a kind.
    fn file_or(&self, kind: Kind, name: &str) -> Result<Option<PathBuf>> {
        let path = self.path.join(name);
        let (cause, help) = match real_file(&path, &self.reach) {
            Ok(()) => return Ok(Some(path)),
            Err(Trouble::Absent) => return Ok(None),
            Err(Trouble::Outside(cause)) if !matches!(&self.reach, Reach::Within(root) if is_repository(root)) => {
                (cause, "open it without --no-follow-links if you trust the folder")
            }
            Err(Trouble::Outside(cause) | Trouble::Broken(cause)) => {
                (cause, "put the file itself there, or open its folder")
            }
        };
        Err(Error::new(kind, cause).help(help).at(path))
    }
}

/// Whether this is a repository of the hub cache.
pub fn is_repository(folder: &Path) -> bool {
    folder.join("snapshots").is_dir() && (folder.join("refs").is_dir() || folder.join("blobs").is_dir())
}

/// Whether a real path is one of those that the kernel shows as files: reading them may block or do something.
pub fn is_of_kernel(real: &Path) -> bool {
    cfg!(unix) && ["/dev", "/proc", "/sys"].iter().any(|root| real.starts_with(root))
}

/// Why a file is not read.
enum Trouble {
    Absent,
    /// A link that leads where nothing is read.
    Outside(String),
    Broken(String),
}

fn real_file(path: &Path, reach: &Reach) -> Result<(), Trouble> {
    let broken = |cause: String| Err(Trouble::Broken(cause));
    let target = || path.read_link().map_or_else(|_| String::new(), |to| format!(" to {}", to.display()));
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match path.is_symlink() {
                true => broken(format!("a link{} leads to a file that is not there", target())),
                false => Err(Trouble::Absent),
            };
        }
        Err(error) if path.is_symlink() => {
            return broken(format!("a link{} cannot be read ({error})", target()));
        }
        Err(error) => return broken(format!("cannot be read ({error})")),
    };
    if let Reach::Within(root) = reach
        && !real.starts_with(root)
    {
        let cause = format!("a link that leads outside {}, to {}", root.display(), real.display());
        return Err(Trouble::Outside(cause));
    }
    if is_of_kernel(&real) {
        return broken(format!("not a file but {}", real.display()));
    }
    // A pipe or a socket could be waited on for ever.
    if !real.is_file() {
        return broken(match path.is_symlink() {
            true => format!("a link to what is not a file, {}", real.display()),
            false => "not a file".to_owned(),
        });
    }
    Ok(())
}

/// Whether a file is a Git LFS pointer: a few lines that stand for it until it is fetched.
fn is_pointer(path: &Path) -> bool {
    let mut start = Vec::new();
    let opened = std::fs::File::open(path);
    opened.is_ok_and(|file| file.take(64).read_to_end(&mut start).is_ok()) && is_lfs_pointer(&start)
}

/// Whether a file that starts with these bytes is a Git LFS pointer, which stands for the file itself until that is
/// fetched.
pub fn is_lfs_pointer(start: &[u8]) -> bool {
    start.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// A tokenizer beside the model or in the folder above, as a run of checkpoints may share one. Where the model's
/// folder is a link within what was opened, the folder above its target counts too. `None` where there is none; with
/// the first that is there and is not read, as an error.
pub fn tokenizer_of(folder: &Path, reach: &Reach) -> (Option<PathBuf>, Option<Error>) {
    let links = match reach {
        Reach::Anywhere => Links::Followed,
        Reach::Within(_) => Links::KeptWithin,
    };
    let above = |folder: &Path| {
        let above = folder.parent()?;
        // A relative path of one name lies in the current folder.
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        Some((above.to_owned(), Reach::of(above, links)))
    };
    let real = folder.canonicalize().ok().filter(|real| reach.holds(real));
    let places = [Some((folder.to_owned(), reach.clone())), above(folder), real.as_deref().and_then(above)];
    let mut refused = None;
    for (folder, reach) in places.into_iter().flatten() {
        match ModelFolder::within(&folder, &reach).file_or(Kind::Tokenizer, "tokenizer.json") {
            Ok(Some(path)) if is_pointer(&path) => {
                let pointer =
                    Error::new(Kind::Tokenizer, "a Git LFS pointer").help("run `git lfs pull`").at(&path);
                refused = refused.or(Some(pointer));
            }
            Ok(Some(path)) => return (Some(path), refused),
            Ok(None) => {}
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    (None, refused)
}
