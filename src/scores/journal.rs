//! The journal of an entry: a line a finished chunk.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::losses::Losses;

/// What is known of a finished chunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub chunk: usize,
    /// Its first position.
    pub start: usize,
    /// One past its last position.
    pub end: usize,
    /// A hash of its documents' tokens.
    pub tokens: String,
    /// What the model lost on them.
    pub losses: Losses,
    /// A checksum a slab, of its bytes on disk.
    pub sums: Vec<String>,
}

/// A checksum as it stands in the journal.
pub fn checksum(bytes: &[u8]) -> String {
    format!("{:016x}", XxHash3_64::oneshot(bytes))
}

/// The records of a journal. Lines that are torn or changed say nothing.
pub fn read(path: &Path) -> Vec<Record> {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.split(|&byte| byte == b'\n').filter_map(parse).collect()
}

fn parse(line: &[u8]) -> Option<Record> {
    let (sum, json) = str::from_utf8(line).ok()?.split_once(' ')?;
    if sum != checksum(json.as_bytes()) {
        return None;
    }
    serde_json::from_str(json).ok()
}

/// Adds a record to a journal in one write.
///
/// # Errors
/// What the disk said.
pub fn append(mut file: &File, record: &Record) -> std::io::Result<()> {
    let json = serde_json::to_string(record)?;
    // A line of its own even behind one that was torn.
    file.write_all(format!("\n{} {json}\n", checksum(json.as_bytes())).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(chunk: usize) -> Record {
        let losses = Losses { sum: 0.1 + 0.2, predictions: 7 };
        Record { chunk, start: 0, end: 9, tokens: "f".to_owned(), losses, sums: vec![checksum(b"x")] }
    }

    #[test]
    fn a_torn_or_changed_line_says_nothing_and_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let file = File::options().create(true).append(true).open(&path).unwrap();
        append(&file, &record(0)).unwrap();
        append(&file, &record(1)).unwrap();
        assert_eq!(read(&path), [record(0), record(1)]);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let file = File::options().append(true).open(&path).unwrap();
            append(&file, &record(2)).unwrap();
            let found = read(&path);
            assert_eq!(*found.last().unwrap(), record(2), "cut at {cut}");
            assert!(found.iter().all(|found| *found == record(found.chunk)));
        }
        for flipped in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[flipped] ^= 4;
            fs::write(&path, &bytes).unwrap();
            assert!(read(&path).iter().all(|found| *found == record(found.chunk)), "flipped at {flipped}");
        }
    }
}
