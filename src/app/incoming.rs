//! What a path that was dropped, pasted or chosen leads to, by what is there and not by its name.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::analysis::benchmarks::{self, Benchmarks};
use crate::condition::TextSource;
use crate::corpus::{self, Field};
use crate::error::{Error, Kind, Result};
use crate::pairs::{self, Fault};
use crate::results;

/// More of a file than this is not read to find out what it is.
const BEGINNING: u64 = 1 << 20;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Incoming {
    /// A folder or a file of results, to be opened.
    Open(PathBuf),
    /// A text or tokens, to be measured on.
    Text(TextSource),
    /// Preference pairs, to be measured.
    Pairs(PathBuf),
    /// Scores of benchmarks, to be shown beside the measures.
    Scores(Arc<Benchmarks>),
}

/// Finds out what a path leads to. Reads at most the beginning of a file and its first record, of scores all; may block as long as the file system does.
///
/// # Errors
/// Where nothing is there, or something that is neither a folder nor a file.
pub(super) fn look(path: &Path) -> Result<Incoming> {
    let kind = fs::metadata(path).map_err(|error| {
        let help = match error.kind() {
            std::io::ErrorKind::NotFound => "check the spelling",
            _ => "check that you may read it",
        };
        Error::new(Kind::Folder, format!("there is nothing that can be opened ({error})")).help(help).at(path)
    })?;
    if kind.is_dir() {
        return Ok(Incoming::Open(path.to_owned()));
    }
    if !kind.is_file() {
        // Opening a pipe or a device would wait for whoever writes to it.
        return Err(Error::new(Kind::Folder, "neither a file nor a folder").at(path));
    }
    if results::looks_like_results(path) {
        return Ok(Incoming::Open(path.to_owned()));
    }
    let beginning = beginning(path);
    if is_scores(&beginning) {
        return scores(path);
    }
    let of_model = matches!(content(&beginning), Content::Weights | Content::Config);
    match path.parent() {
        Some(folder) if of_model => Ok(Incoming::Open(folder.to_owned())),
        _ if is_pairs(path, &beginning) => Ok(Incoming::Pairs(path.to_owned())),
        _ => Ok(Incoming::Text(text_source(path, &beginning))),
    }
}

/// Whether the first record of a file has a chosen and a rejected answer.
fn is_pairs(path: &Path, beginning: &[u8]) -> bool {
    if content(beginning) != Content::Other {
        return false;
    }
    let first = corpus::records(path).ok().and_then(|mut records| records.next());
    let Some(Ok(record)) = first else { return false };
    // One of an unusual message or an empty answer is still meant as a pair.
    !matches!(pairs::pair(record.fields), Err(problem) if problem.fault == Fault::Layout)
}

/// The scores in a file or a folder of such that the user chose as such.
///
/// # Errors
/// What cannot be read as scores.
pub(super) fn scores(path: &Path) -> Result<Incoming> {
    Ok(Incoming::Scores(Arc::new(benchmarks::read(path)?)))
}

/// The source of a text that the user chose as such; may block as long as the file system does.
pub(super) fn text(path: &Path) -> TextSource {
    let beginning = match fs::metadata(path) {
        Ok(kind) if kind.is_file() => beginning(path),
        // Whoever measures on it will say what is wrong.
        _ => Vec::new(),
    };
    text_source(path, &beginning)
}

fn text_source(path: &Path, beginning: &[u8]) -> TextSource {
    let named = beginning.is_empty() && path.extension().is_some_and(|extension| extension == "safetensors");
    match content(beginning) {
        Content::Tokens => TextSource::Tokens(path.to_owned()),
        // Weights have no text; the reader of tokens says so.
        Content::Weights => TextSource::Tokens(path.to_owned()),
        _ if named => TextSource::Tokens(path.to_owned()),
        _ => TextSource::Corpus(path.to_owned()),
    }
}

/// Whether a file that begins so is one of scores, and not a text with a column of the models that wrote it.
fn is_scores(beginning: &[u8]) -> bool {
    let head = String::from_utf8_lossy(beginning.split(|byte| *byte == b'\n').next().unwrap_or_default());
    let is_text = |name: &str| Field::is_usual(name.trim().trim_matches('"'));
    benchmarks::looks_like_scores(beginning) && !head.split([',', '\t', ';']).any(is_text)
}

fn beginning(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // As much as can be read is what there is to judge by.
        let _ = file.take(BEGINNING).read_to_end(&mut bytes);
    }
    bytes
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Safetensors with tokens of documents.
    Tokens,
    /// Safetensors with anything else.
    Weights,
    /// A model's `config.json`, or the list of its weight files.
    Config,
    /// Anything else.
    Other,
}

fn content(beginning: &[u8]) -> Content {
    if let Some((size, rest)) = beginning.split_first_chunk() {
        let size = u64::from_le_bytes(*size);
        if (2..100 << 20).contains(&size) && rest.starts_with(b"{\"") {
            // The header of a file of tokens is short.
            let header = rest.get(..size as usize).and_then(|header| serde_json::from_slice(header).ok());
            let Some(serde_json::Value::Object(header)) = header else { return Content::Weights };
            let of_tokens = header.contains_key("tokens") && header.contains_key("offsets");
            return if of_tokens { Content::Tokens } else { Content::Weights };
        }
    }
    // The whole of it, and nothing after it: documents in JSON lines may have any field.
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(beginning) else {
        return Content::Other;
    };
    let of_model =
        ["model_type", "architectures", "weight_map"].iter().any(|name| fields.contains_key(*name));
    if of_model && !fields.contains_key("text") { Content::Config } else { Content::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safetensors(header: &str) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()
    }

    #[test]
    fn files_are_told_apart_by_what_they_hold_whatever_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let tokens = r#"{"tokens":{"dtype":"I32","shape":[0],"data_offsets":[0,0]},"offsets":{}}"#;
        let weights = r#"{"lm_head.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let open = |path: &Path| Incoming::Open(path.to_owned());
        let text = Incoming::Text(TextSource::Corpus(path.clone()));
        let pairs = Incoming::Pairs(path.clone());
        for (bytes, expected) in [
            (b"It was the best of times".to_vec(), text.clone()),
            (b"{\"text\": \"It was\"}\n{\"text\": \"the best\"}\n".to_vec(), text.clone()),
            (b"[{\"text\": \"It was the best of times\"}]".to_vec(), text.clone()),
            (b"{\"schema\": \"chat\", \"text\": \"It was the best of times\"}\n".to_vec(), text.clone()),
            (b"{\"settings\": {\"a\": 1}, \"text\": \"It was the best of times\"}\n".to_vec(), text.clone()),
            (b"model,text,score\nllama,It was,3\nllama,the best,4\n".to_vec(), text.clone()),
            (b"".to_vec(), text.clone()),
            (b"{\"schema\": 2, \"conditions\": [{\"settings\": {}}]}\n".to_vec(), open(&path)),
            (b"{\"settings\": {\"samples\": 64}, \"checkpoints\": []}\n".to_vec(), open(&path)),
            (b"{\"model_type\": \"llama\"}\n".to_vec(), open(folder.path())),
            (b"{\"metadata\": {}, \"weight_map\": {}}\n".to_vec(), open(folder.path())),
            (safetensors(weights), open(folder.path())),
            (safetensors(tokens), Incoming::Text(TextSource::Tokens(path.clone()))),
            (b"{\"prompt\": \"?\", \"chosen\": \"a\", \"rejected\": \"b\"}\n".to_vec(), pairs.clone()),
            (b"{\"chosen\": \"a\", \"rejected\": \"\"}\n{\"chosen\": \"a\"}\n".to_vec(), pairs),
            (b"{\"text\": \"It was\", \"chosen\": true}\n".to_vec(), text),
        ] {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(look(&path).unwrap(), expected, "{}", String::from_utf8_lossy(&bytes));
        }
        fs::write(&path, "model,mmlu,arc\nfirst,0.3,0.4\nsecond,0.5,0.6\n").unwrap();
        let Incoming::Scores(scores) = look(&path).unwrap() else { panic!("scores") };
        assert_eq!((scores.benchmarks.len(), scores.rows.len()), (2, 2));
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        let error = look(Path::new("/nonexistent/runs")).unwrap_err().to_string();
        assert!(error.contains("check the spelling: /nonexistent/runs"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_not_read() {
        assert!(look(Path::new("/dev/zero")).unwrap_err().to_string().contains("neither a file"));
        assert_eq!(text(Path::new("/dev/zero")), TextSource::Corpus("/dev/zero".into()));
    }
}
