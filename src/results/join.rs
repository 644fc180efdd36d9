//! Runs of several files: the parts of one run under one condition are one trajectory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ConditionResults, Results, RunResults, union};
use crate::condition::ConditionId;

/// A run under a condition, with the files that hold parts of it.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinedRun {
    /// The files, at least one.
    pub files: Vec<PathBuf>,
    /// Whether another file holds other numbers of the same checkpoints, so that each file's run stands by itself.
    pub apart: bool,
    /// The run.
    pub results: Arc<RunResults>,
}

impl JoinedRun {
    /// A run that one file holds.
    pub fn alone(file: PathBuf, results: impl Into<Arc<RunResults>>) -> Self {
        Self { files: vec![file], apart: false, results: results.into() }
    }

    /// The first file it was read from.
    pub fn file(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }
}

/// Joins the parts of each run under a condition; runs in the order in which they first appear. Parts in conflict stay
/// apart, a run a file. Returns a line on each such run too.
pub fn join(files: Vec<(PathBuf, Results)>) -> (Vec<JoinedRun>, Vec<String>) {
    type Part = (PathBuf, ConditionResults);
    let mut runs: Vec<((ConditionId, String), Vec<Part>)> = Vec::new();
    for (file, results) in files {
        for run in results.runs() {
            // By its identity: what was asked of the parts may differ.
            let key = (run.condition.id(), run.run.clone());
            let of_run = ConditionResults { condition: run.condition, checkpoints: run.checkpoints };
            match runs.iter_mut().find(|(known, _)| *known == key) {
                Some((_, parts)) => parts.push((file.clone(), of_run)),
                None => runs.push((key, vec![(file.clone(), of_run)])),
            }
        }
    }
    let (mut joined, mut notes) = (Vec::with_capacity(runs.len()), Vec::new());
    for ((_, run), parts) in runs {
        let each =
            parts.iter().map(|(file, part)| (Some(&**file), Results { conditions: vec![part.clone()] }));
        let apart = match union(each.collect()) {
            Ok(whole) => {
                let files: Vec<PathBuf> = parts.iter().map(|(file, _)| file.clone()).collect();
                let of_run =
                    |results| JoinedRun { files: files.clone(), apart: false, results: Arc::new(results) };
                joined.extend(whole.runs().into_iter().map(of_run));
                continue;
            }
            Err(conflict) => conflict,
        };
        notes.push(format!("run `{run}` is shown once for each of its files: {apart}"));
        let of_part = |(file, part): Part| {
            let results = Results { conditions: vec![part] };
            results
                .runs()
                .into_iter()
                .map(move |run| JoinedRun { apart: true, ..JoinedRun::alone(file.clone(), run) })
        };
        joined.extend(parts.into_iter().flat_map(of_part));
    }
    (joined, notes)
}
