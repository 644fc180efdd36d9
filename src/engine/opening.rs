//! What is opened: folders of models, and results.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkpoints::{self, Links, Run};
use crate::error::{Kind, Result};
use crate::results::{self, JoinedRun, Results};

/// A run, with the results it was read from where it was.
pub type Opened = (Run, Option<Arc<JoinedRun>>);

/// What a path holds.
pub enum Found {
    /// Runs of models.
    Models(Vec<Run>),
    /// Results, each with its file.
    Results(Vec<(PathBuf, Results)>),
}

/// Looks for models in a folder, and where it has none for results; or reads a file of results.
///
/// # Errors
/// A path where there is neither; [`Kind::Cancelled`] once `interrupted`.
pub fn open_path(path: &Path, links: Links, interrupted: &mut dyn FnMut() -> bool) -> Result<Found> {
    let path = &*checkpoints::expanded(path);
    let results = || results::read_all(&[path.to_owned()]).map(Found::Results);
    if path.is_file() {
        return results();
    }
    match checkpoints::open_unless(path, links, interrupted) {
        Err(error) if error.kind() == Kind::Folder && results::holds_results(path) => results(),
        runs => runs.map(Found::Models),
    }
}

/// The runs that results are of, parts of one run joined; and a line on those that could not be.
pub fn recorded(files: Vec<(PathBuf, Results)>) -> (Vec<Opened>, Vec<String>) {
    let run = |joined: JoinedRun| (joined.results.as_run(joined.file()), Some(Arc::new(joined)));
    let (joined, notes) = results::join(files);
    (joined.into_iter().map(run).collect(), notes)
}

/// Makes runs that are opened together differ, and drops those that are nothing but repeats. Returns a line on
/// whatever went.
pub fn tell_apart(runs: &mut Vec<Opened>) -> Vec<String> {
    let measured = runs.iter_mut().filter(|(_, results)| results.is_none());
    let mut measured: Vec<&mut Run> = measured.map(|(run, _)| run).collect();
    let repeats = checkpoints::told_apart(&mut measured);
    runs.retain(|(run, _)| !run.checkpoints.is_empty());
    repeats
}
