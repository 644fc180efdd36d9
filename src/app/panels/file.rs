//! The layout in a file of its own: read when the window opens, written while it is changed and when it closes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::layout::Layout;
use crate::error::{Error, Kind, Result};
use crate::output::write_atomically;

/// A layout that is still being changed is not written more often than this.
const PAUSE: Duration = Duration::from_secs(2);

/// The file, and what is on its way there.
pub(in crate::app) struct LayoutFile {
    path: PathBuf,
    /// What is written or on its way.
    written: Option<Vec<u8>>,
    /// When a change not yet written was seen first.
    since: Option<Instant>,
    writing: Option<JoinHandle<Result<()>>>,
}

impl LayoutFile {
    /// A file, and the layout in it; `None` where there is no file yet.
    ///
    /// # Errors
    /// Why the layout could not be taken from it. The file stays as it is until the layout is changed.
    pub fn open(path: PathBuf) -> (Self, Result<Option<Layout>>) {
        let bad = |cause: String| {
            Error::new(Kind::Output, format!("the layout of the panels was not restored: {cause}"))
                .help("the panels stand as they come")
                .at(&path)
        };
        let layout = match std::fs::read(&path) {
            Ok(bytes) => Layout::read(&bytes).map(Some).map_err(bad),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(bad(error.to_string())),
        };
        (Self { path, written: None, since: None, writing: None }, layout)
    }

    /// Takes in that the layout was changed.
    pub fn changed(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// How long until a change is to be written; `None` where nothing was changed.
    pub fn due(&self) -> Option<Duration> {
        Some(PAUSE.saturating_sub(self.since?.elapsed()))
    }

    /// Whether what was written last is still on its way.
    pub fn is_writing(&self) -> bool {
        self.writing.as_ref().is_some_and(|writing| !writing.is_finished())
    }

    /// Writes a layout on a thread of its own: a disk may be slow.
    ///
    /// # Errors
    /// What went wrong with the one before.
    pub fn write(&mut self, layout: &Layout) -> Result<()> {
        let done = self.finish();
        self.since = None;
        let bytes = layout.written();
        if self.written.as_ref() == Some(&bytes) {
            return done;
        }
        self.written = Some(bytes.clone());
        let path = self.path.clone();
        let thread = std::thread::Builder::new().name("infoplane-layout".to_owned());
        let spawned = thread.spawn(move || written(&path, &bytes));
        self.writing = spawned.ok();
        done
    }

    /// Waits for what is on its way.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        self.writing.take().and_then(|writing| writing.join().ok()).unwrap_or(Ok(()))
    }
}

fn written(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        // What cannot be made is said by what cannot be written.
        let _ = std::fs::create_dir_all(folder);
    }
    write_atomically(path, bytes)
}
