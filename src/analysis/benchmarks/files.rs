//! Files of scores.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Benchmarks, csv, harness};
use crate::error::{Error, Kind, Result};
use crate::json;

/// How far below a folder evaluations are looked for: a folder a model, perhaps one a checkpoint.
const DEPTH: usize = 4;

/// Reads scores: a CSV or TSV table, a `results_*.json` of lm-evaluation-harness, or a folder of such, at whatever depth
/// its program puts them.
///
/// # Errors
/// A file that cannot be read or is none of these; a folder without an evaluation.
pub fn read(path: &Path) -> Result<Benchmarks> {
    if path.is_dir() {
        return read_folder(path);
    }
    let bytes = bytes(path)?;
    let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if json {
        return Ok(harness::put_together(&[document(&bytes, path)?], &[above(path)]));
    }
    csv::read(&bytes).map_err(|problem| Error::new(Kind::Output, problem.cause).help(problem.help).at(path))
}

/// Whether a file that begins so is one of scores: a table with a column of models and one of numbers, or results of
/// lm-evaluation-harness.
pub fn looks_like_scores(beginning: &[u8]) -> bool {
    match beginning.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => json::from_slice(beginning).is_ok_and(|document| harness::is_of_harness(&document)),
        Some(_) => {
            // The last line may have been cut.
            let whole = beginning.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
            csv::read(&beginning[..whole]).is_ok_and(|scores| !scores.benchmarks.is_empty())
        }
        None => false,
    }
}

fn read_folder(folder: &Path) -> Result<Benchmarks> {
    let mut files = Vec::new();
    evaluations(folder, DEPTH, &mut files)?;
    // Names end in the date: what was measured last counts.
    files.sort_by(|a, b| b.file_name().cmp(&a.file_name()).then_with(|| a.cmp(b)));
    let (mut documents, mut folders, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for file in &files {
        match bytes(file).and_then(|bytes| document(&bytes, file)) {
            Ok(document) => {
                documents.push(document);
                folders.push(above(file));
            }
            Err(error) => notes.push(error.to_string()),
        }
    }
    if documents.is_empty() {
        let error = Error::new(Kind::Output, "no results_*.json of lm-evaluation-harness in this folder");
        return Err(error.adding(notes.into_iter().next()).help("name a file of scores").at(folder));
    }
    let mut together = harness::put_together(&documents, &folders);
    together.notes.splice(0..0, notes);
    Ok(together)
}

fn evaluations(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(&error, folder))? {
        let path = entry.map_err(|error| unreadable(&error, folder))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if depth > 0 {
                evaluations(&path, depth - 1, found)?;
            }
        } else if name.starts_with("results") && name.ends_with(".json") {
            found.push(path);
        }
    }
    Ok(())
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| unreadable(&error, path))
}

fn unreadable(error: &std::io::Error, path: &Path) -> Error {
    Error::new(Kind::Output, format!("scores cannot be read ({error})")).help("check the spelling").at(path)
}

fn document(bytes: &[u8], path: &Path) -> Result<Value> {
    let error = |cause: String| Error::new(Kind::Output, cause).help("name a file of scores").at(path);
    let document = json::from_slice(bytes).map_err(|cause| error(format!("not JSON ({cause})")))?;
    match harness::is_of_harness(&document) {
        true => Ok(document),
        false => Err(error("not results of lm-evaluation-harness".to_owned())),
    }
}

/// The folder that an evaluation lies in, which its program calls after the model.
fn above(path: &Path) -> Option<String> {
    Some(path.parent()?.file_name()?.to_string_lossy().replace("__", "/"))
}
