//! What a folder holds, read on a thread: the file system of another machine may take minutes to answer, or never.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use crossbeam_channel::{Receiver, bounded};
use eframe::egui;

use crate::checkpoints::natural::natural_order;

/// More entries of a folder than this are not listed.
const MOST: usize = 20_000;

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Entry {
    /// Its name.
    pub name: OsString,
    /// Its name as it is shown.
    pub shown: String,
    /// Its name as it is searched.
    pub lower: String,
    /// Whether it is a folder, or a link to one.
    pub is_folder: bool,
}

/// The entries of a folder: folders first, each kind in the natural order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct Listing {
    /// The folder.
    pub folder: PathBuf,
    /// What it holds.
    pub entries: Vec<Entry>,
    /// Whether it holds more than is listed.
    pub is_cut: bool,
}

/// What was found at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum Found {
    /// A folder that can be read.
    Folder(Listing),
    /// A file.
    File(PathBuf),
    /// Nothing, in a folder that is there.
    Nothing(PathBuf),
    /// Why nothing can be told, in one line.
    Failed(String),
}

/// Looks at one path at a time. A look that is not over when the next begins, or when this is dropped, is left to
/// itself and ends at its next entry.
#[derive(Debug, Default)]
pub(in crate::app) struct Looker {
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    path: PathBuf,
    found: Receiver<Found>,
    /// Held for as long as anybody waits.
    _waiting: Arc<()>,
}

impl Looker {
    /// Starts looking at `path`.
    pub(in crate::app) fn look(&mut self, ctx: &egui::Context, path: PathBuf) {
        let (sender, found) = bounded(1);
        let waiting = Arc::new(());
        let (still_waiting, ctx, looked_at) = (Arc::downgrade(&waiting), ctx.clone(), path.clone());
        let look = move || {
            // Nobody waits for it any more where this fails.
            let _ = sender.send(found_at(&looked_at, &still_waiting));
            ctx.request_repaint();
        };
        // Without a thread the sender is dropped, which `found` takes for an answer.
        let _ = std::thread::Builder::new().name("infoplane-folder".to_owned()).spawn(look);
        self.pending = Some(Pending { path, found, _waiting: waiting });
    }

    /// The path being looked at.
    pub(in crate::app) fn pending(&self) -> Option<&Path> {
        self.pending.as_ref().map(|pending| &*pending.path)
    }

    /// What was found, once.
    pub(in crate::app) fn found(&mut self) -> Option<Found> {
        let found = match self.pending.as_ref()?.found.try_recv() {
            Ok(found) => found,
            Err(crossbeam_channel::TryRecvError::Empty) => return None,
            Err(crossbeam_channel::TryRecvError::Disconnected) => {
                Found::Failed("the folder cannot be read".to_owned())
            }
        };
        self.pending = None;
        Some(found)
    }
}

fn found_at(path: &Path, waiting: &Weak<()>) -> Found {
    let failed = |error: std::io::Error| Found::Failed(format!("{}: {}", path.display(), cause(&error)));
    match fs::metadata(path) {
        Ok(kind) if kind.is_dir() => listing(path, waiting).map_or_else(failed, Found::Folder),
        Ok(kind) if kind.is_file() => Found::File(path.to_owned()),
        Ok(_) => Found::Failed(format!("{}: neither a file nor a folder", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match path.parent().is_some_and(Path::is_dir) {
                true => Found::Nothing(path.to_owned()),
                false => failed(error),
            }
        }
        Err(error) => failed(error),
    }
}

/// Why a path cannot be read, in words.
fn cause(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "you may not read this folder".to_owned(),
        _ => error.to_string(),
    }
}

fn listing(folder: &Path, waiting: &Weak<()>) -> std::io::Result<Listing> {
    let mut entries = Vec::new();
    let mut is_cut = false;
    for entry in fs::read_dir(folder)? {
        if waiting.strong_count() == 0 {
            break;
        }
        if entries.len() == MOST {
            is_cut = true;
            break;
        }
        // One that went away meanwhile is no reason to show none of them.
        let Ok(entry) = entry else { continue };
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).is_ok_and(|kind| kind.is_dir()),
            Ok(kind) => kind.is_dir(),
            Err(_) => false,
        };
        let name = entry.file_name();
        let shown: String = name.to_string_lossy().chars().map(visible).collect();
        entries.push(Entry { lower: shown.to_lowercase(), shown, name, is_folder });
    }
    entries.sort_by(|a, b| b.is_folder.cmp(&a.is_folder).then_with(|| natural_order(&a.shown, &b.shown)));
    Ok(Listing { folder: folder.to_owned(), entries, is_cut })
}

/// A character of a name as one line can show it.
fn visible(character: char) -> char {
    if character.is_control() { '\u{fffd}' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path) -> Found {
        let waiting = Arc::new(());
        found_at(path, &Arc::downgrade(&waiting))
    }

    #[test]
    fn folders_come_first_in_natural_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["step-10", "step-9", "a\nb"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("Notes.txt"), "").unwrap();
        let Found::Folder(listing) = at(folder.path()) else { panic!("no listing") };
        let shown: Vec<&str> = listing.entries.iter().map(|entry| &*entry.shown).collect();
        assert_eq!(shown, ["a\u{fffd}b", "step-9", "step-10", "Notes.txt"]);
        assert_eq!(listing.entries[3].lower, "notes.txt");
        assert!(!listing.is_cut);
    }

    #[test]
    fn what_is_no_folder_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(at(&file), Found::File(file.clone()));
        let new = folder.path().join("new");
        assert_eq!(at(&new), Found::Nothing(new.clone()));
        let lost = new.join("deeper");
        assert_eq!(at(&lost), Found::Failed(format!("{}: no such file or folder", lost.display())));
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_where_they_lead() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("runs")).unwrap();
        std::os::unix::fs::symlink("runs", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("link-itself", folder.path().join("link-itself")).unwrap();
        let Found::Folder(listing) = at(folder.path()) else { panic!("no listing") };
        let kinds: Vec<(&str, bool)> = listing.entries.iter().map(|e| (&*e.shown, e.is_folder)).collect();
        assert_eq!(kinds, [("link", true), ("runs", true), ("link-itself", false)]);
        assert!(matches!(at(Path::new("/dev/null")), Found::Failed(_)));
    }

    #[test]
    fn nobody_waiting_ends_a_look() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let Found::Folder(listing) = found_at(folder.path(), &Weak::new()) else { panic!("no listing") };
        assert!(listing.entries.is_empty());
    }
}
