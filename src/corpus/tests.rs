use std::fs;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::plain::ENOUGH_BYTES;
use super::{Lines, documents};
use crate::error::{Error, Kind, Result};

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(path: &Path) -> Result<Vec<String>> {
    documents(path, "text")?.collect()
}

fn read_bytes(name: &str, bytes: &[u8]) -> Result<Vec<String>> {
    let (_folder, path) = file(name, bytes);
    read(&path)
}

/// The error for a file, which must be one line that names it.
fn refused(name: &str, bytes: &[u8]) -> String {
    let (_folder, path) = file(name, bytes);
    one_line(&read(&path).unwrap_err(), &path)
}

fn one_line(error: &Error, path: &Path) -> String {
    assert_eq!(error.kind(), Kind::Corpus);
    let text = error.to_string();
    assert!(!text.contains('\n') && text.ends_with(&format!(": {}", path.display())), "{text}");
    text.replace(&format!(": {}", path.display()), "")
}

#[test]
fn json_lines_of_any_name() {
    let text = b"\xef\xbb\xbf{\"text\": \"one\\n\\u00e9\", \"url\": 1}\r\n\r\n  \n{\"url\": null, \"text\": \"\"}\n{\"text\":\"z\"}";
    for name in ["a.jsonl", "a.json", "a.NDJSON", "a.b.data", "noname", "c4.json.gz"] {
        assert_eq!(read_bytes(name, text).unwrap(), ["one\né", "", "z"], "{name}");
    }
    // Members of a gzip file follow each other, as when shards were joined.
    let (first, second) = text.split_at(30);
    for name in ["c4-train.00000-of-01024.json.gz", "a.jsonl", "unknown.gz"] {
        let joined = [gzip(first), gzip(second)].concat();
        assert_eq!(read_bytes(name, &joined).unwrap(), ["one\né", "", "z"], "{name}");
    }
}

#[test]
fn demo_sample() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/books-sample.jsonl");
    assert_eq!(read(&path).unwrap().len(), 401);
    assert!(documents(&path, "url").unwrap().all(|url| url.unwrap().starts_with("gutenberg:")));
}

#[test]
fn paragraphs_gather_into_documents() {
    let paragraph = |words: usize| "word ".repeat(words);
    assert_eq!(read_bytes("a.txt", b"\n\na\nb\n\nc\n").unwrap(), ["a\nb\n\nc"]);
    assert_eq!(read_bytes("a.txt", b"\xef\xbb\xbfa\r\nb\r\n\r\nc").unwrap(), ["a\nb\n\nc"]);
    assert_eq!(
        read_bytes("a.txt", b"CHAPTER I\n\n \n\na\n\nb\n\t\n\nc").unwrap(),
        ["CHAPTER I", "a\n\nb", "c"]
    );

    let long = paragraph(ENOUGH_BYTES / 5 + 1);
    let half = paragraph(ENOUGH_BYTES / 10 + 1);
    let text = format!("{half}\n\n{half}\n\n{half}\n\n{long}\n\n{long}\nend");
    let expected = [format!("{half}\n\n{half}"), format!("{half}\n\n{long}"), format!("{long}\nend")];
    assert_eq!(read_bytes("a.txt", text.as_bytes()).unwrap(), expected);
    assert_eq!(read_bytes("a.txt.gz", &gzip(text.as_bytes())).unwrap(), expected);
    assert_eq!(read_bytes("sniffed", text.as_bytes()).unwrap(), expected);

    // Without blank lines, a document ends with a line.
    let lines = "a line of text\n".repeat(2000);
    let cut = read_bytes("a.txt", lines.as_bytes()).unwrap();
    assert_eq!(cut.concat().replace('\n', ""), lines.replace('\n', ""));
    assert!(cut.len() == 4 && cut.iter().all(|document| document.ends_with("text")));
}

#[test]
fn reads_no_further_than_asked() {
    /// Endless, so that reading it whole would never end.
    struct Endless;
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let line = b"{\"text\": \"again\"}\n";
            buffer[..line.len()].copy_from_slice(line);
            Ok(line.len())
        }
    }
    let lines = Lines::new(Box::new(BufReader::new(Endless)), Path::new("endless"));
    let text_field = "text".to_owned();
    let format = super::Format::JsonLines;
    let endless = super::Documents { lines, format, text_field, found_any: false, ended: false };
    assert!(endless.take(1000).all(|document| document.unwrap() == "again"));

    // What follows the documents asked for does not matter.
    let (_folder, path) = file("a.jsonl", b"{\"text\": \"a\"}\n{broken");
    let mut all = documents(&path, "text").unwrap();
    assert_eq!(all.next().unwrap().unwrap(), "a");
    assert!(all.next().unwrap().is_err());
    assert!(all.next().is_none());
}

#[test]
fn overlong_lines_are_refused() {
    let text = "short\n0123456789\n0123456789a\n";
    let mut lines = Lines::new(Box::new(text.as_bytes()), Path::new("long.txt")).with_longest(11);
    assert_eq!(lines.next().unwrap(), Some("short"));
    assert_eq!(lines.next().unwrap(), Some("0123456789"));
    let error = one_line(&lines.next().unwrap_err(), Path::new("long.txt"));
    assert!(error.starts_with("line 3 is longer than 0 MiB; "), "{error}");
}

#[test]
fn unusable_files() {
    for (name, bytes, cause) in [
        ("a.jsonl", &b""[..], "the file is empty; "),
        ("a.json.gz", &gzip(b"")[..], "the file is empty; "),
        ("a.jsonl", b"\n \r\n", "the file has no text; "),
        ("a.txt", b"\n\n\n", "the file has no text; "),
        ("a.txt", b"text\n\xff\xfe", "line 2 is not UTF-8 text; "),
        ("a.bin", b"\x7fELF\0\0", "line 1 has a zero byte; "),
        ("a.jsonl", b"{\"text\": \"a\0\"}", "line 1 has a zero byte; "),
        ("a.json.gz", &gzip(&b"{\"text\": \"a\"}\n".repeat(99))[..40], "line 1 cannot be read ("),
        ("a.jsonl.zst", b"\x28\xb5\x2f\xfd...", "text compressed with zstd is not supported; "),
        ("a.parquet", b"PAR1...", "text in Parquet is not supported; "),
    ] {
        let error = refused(name, bytes);
        assert!(error.starts_with(cause), "{error}");
    }
}

#[test]
fn unusable_lines() {
    for (line, cause) in [
        ("{\"text\": \"a\"", "line 2 is not valid JSON (EOF while parsing an object, column 12); every line"),
        ("text", "line 2 is not valid JSON (expected"),
        ("[1]", "line 2 is not a JSON object; every line"),
        (
            "{\"body\": \"a\", \"n\": 1, \"title\": \"b\"}",
            "line 2 has no field `text`; it has `body`, `title`: name the text's field with --text-field",
        ),
        (
            "{\"text\": [\"a\"], \"b\": \"c\"}",
            "line 2 has a field `text` that is not a string; it has `b`: name",
        ),
        ("{\"n\": 1}", "line 2 has no field `text`; no field of it is a string; choose another file"),
        ("{\"a\\nb\": \"c\"}", "line 2 has no field `text`; it has `a\\nb`: name"),
    ] {
        let error = refused("a.jsonl", format!("{{\"text\": \"fine\"}}\n{line}\n").as_bytes());
        assert!(error.starts_with(cause), "{error}");
    }
    let many: String = (0..20).map(|n| format!("\"f{n:02}\": \"\",")).collect();
    let error = refused("a.jsonl", format!("{{{many} \"n\": 1}}").as_bytes());
    assert!(error.contains("`f07`, …: name") && !error.contains("f08"), "{error}");
}

#[test]
fn paths_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| one_line(&documents(path, "text").err().unwrap(), path);
    assert!(refused(folder.path()).starts_with("this is a folder, not a text file; "));
    let missing = refused(&folder.path().join("nowhere.jsonl"));
    assert!(
        missing.starts_with("the text cannot be read (") && missing.ends_with("check the spelling"),
        "{missing}"
    );
}
