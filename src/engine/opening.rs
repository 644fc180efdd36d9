//! What is opened: folders of models, and results.

use std::path::Path;
use std::sync::Arc;

use crate::checkpoints::{self, Run};
use crate::error::{Error, Kind, Result};
use crate::results::Results;

/// A run, with the results it was read from where it was.
pub type Opened = (Run, Option<Arc<Results>>);

/// The runs of a folder, or of a file of results.
///
/// # Errors
/// A path where there is neither; [`Kind::Cancelled`] once `interrupted`.
pub fn open_path(path: &Path, interrupted: &mut dyn FnMut() -> bool) -> Result<Vec<Opened>> {
    if !path.is_file() {
        let runs = checkpoints::open_unless(path, interrupted)?;
        return Ok(runs.into_iter().map(|run| (run, None)).collect());
    }
    let run = |results: Results| (results.as_run(path), Some(Arc::new(results)));
    let runs: Vec<_> = Results::read(path)?.by_run().into_iter().map(run).collect();
    match runs.is_empty() {
        true => Err(Error::new(Kind::Output, "these results hold no checkpoint").at(path)),
        false => Ok(runs),
    }
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
