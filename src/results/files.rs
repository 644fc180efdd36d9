//! Results from several files and folders.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Results, csv, parquet};
use crate::checkpoints::natural::natural_order;
use crate::error::{Error, Kind, Result};

/// The results in files and in folders of files, each with its file; those of a folder in the natural order of their
/// names, whatever else it holds passed over.
///
/// # Errors
/// A file that holds no results, a folder that holds none.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Results)>> {
    let mut files = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => files.extend(files_in(path)?),
            false => files.push(path.clone()),
        }
    }
    let mut found: Vec<(PathBuf, Results)> = Vec::with_capacity(files.len());
    for file in files {
        if !found.iter().any(|(known, _)| *known == file) {
            let results = Results::read(&file)?;
            found.push((file, results));
        }
    }
    Ok(found)
}

/// The files of results in a folder.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        Error::new(Kind::Output, format!("the folder cannot be read ({error})")).at(folder)
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && looks_like_results(&path) {
            files.push(path);
        }
    }
    files.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    match files.is_empty() {
        true => Err(Error::new(Kind::Output, "no results in this folder")
            .help("name a file that `infoplane measure` wrote, or a folder of such")
            .at(folder)),
        false => Ok(files),
    }
}

/// Whether a folder holds a file of results.
pub fn holds_results(folder: &Path) -> bool {
    files_in(folder).is_ok()
}

/// Whether a file has the outward form of results, whatever its name; [`Results::read`] may still refuse it.
pub fn looks_like_results(path: &Path) -> bool {
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    looks_like(&mut file).unwrap_or(false)
}

/// Whether JSON without white space begins as results do. A text corpus may have fields of these names too.
fn json_looks_like(text: &str) -> bool {
    // Other tools may have sorted the fields.
    if text.starts_with("{\"conditions\":[{") || text.starts_with("{\"checkpoints\":[{") {
        return true;
    }
    let number = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
    let begins = text.starts_with("{\"settings\":{") || text.strip_prefix("{\"schema\":").is_some_and(number);
    begins && ["\"conditions\":[", "\"checkpoints\":["].iter().any(|name| text.contains(name))
}

fn looks_like(file: &mut std::fs::File) -> std::io::Result<bool> {
    /// The names of columns of a wider table than ours take less.
    const LARGEST_FOOTER: u64 = 1 << 24;
    /// The names of all columns of a wider table than ours.
    const LARGEST_HEADER: u64 = 1 << 14;
    let mut beginning = Vec::new();
    file.by_ref().take(LARGEST_HEADER).read_to_end(&mut beginning)?;
    if !beginning.starts_with(parquet::MAGIC) {
        let text = String::from_utf8_lossy(&beginning);
        let text: String = text.split_whitespace().collect();
        return Ok(json_looks_like(&text) || csv::looks_like(&beginning));
    }
    // A table of text is Parquet too. The footer, its size before the closing magic, holds the names of columns.
    let mut end = [0; 8];
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut end)?;
    let size = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]])).min(LARGEST_FOOTER);
    file.seek(SeekFrom::End(-8 - size as i64))?;
    let mut footer = Vec::new();
    file.take(size).read_to_end(&mut footer)?;
    let names = |name: &str| footer.windows(name.len()).any(|bytes| bytes == name.as_bytes());
    Ok(["run", "measure", "value", "layer"].into_iter().all(names))
}
