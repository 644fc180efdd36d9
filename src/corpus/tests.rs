use std::fs;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::json::{JsonEntries, Objects};
use super::plain::ENOUGH_BYTES;
use super::{Documents, Field, Lines, documents};
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
    documents(path, Field::usual("text"))?.collect()
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
    assert!(
        documents(&path, Field::chosen("url")).unwrap().all(|url| url.unwrap().starts_with("gutenberg:"))
    );
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
    let objects = Objects::Lines(lines);
    let entries = Box::new(JsonEntries::new(objects, Field::usual("text")));
    let endless = Documents { entries, tally: crate::tally::Tally::default(), ended: false };
    assert!(endless.take(1000).all(|document| document.unwrap() == "again"));

    // What follows the documents asked for does not matter.
    let long = "{\"text\": \"a\"}\n".to_owned() + &" ".repeat(super::lines::LONGEST_BYTES + 1);
    let (_folder, path) = file("a.jsonl", long.as_bytes());
    let mut all = documents(&path, Field::usual("text")).unwrap();
    assert_eq!(all.next().unwrap().unwrap(), "a");
    assert!(all.next().unwrap().is_err());
    assert!(all.next().is_none());
}

#[test]
fn overlong_lines_are_refused() {
    let text = "short\n0123456789\n0123456789a\n";
    let mut lines = Lines::new(Box::new(text.as_bytes()), Path::new("long.txt")).with_longest(11);
    assert_eq!(lines.next().unwrap(), Some(Ok("short")));
    assert_eq!(lines.next().unwrap(), Some(Ok("0123456789")));
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
        ("a.bin", b"\x7fELF\0\0", "this file is a program; "),
        ("a.txt", b"a line\nwith a \0 byte\n", "line 2 has a zero byte; this is not a text file; "),
        ("a.txt", b"caf\xe9\n", "line 1 is not UTF-8 text; it looks like Latin-1 (ISO 8859-1): convert it"),
        (
            "a.txt",
            b"na\xefve \x93word\x94\n",
            "line 1 is not UTF-8 text; it looks like Windows-1252: convert it",
        ),
        ("a.jsonl", b"{\0\"\0t\0\"\0:\0\"\0\"\0}\0", "this file is in UTF-16 without its mark; "),
        ("a.txt", b"\0a\0b\0c\0d\0\n", "this file is in UTF-16 without its mark; "),
        ("a.json", b"%PDF-1.7 ...", "this file is a PDF document; "),
        ("a.json", b"[{\"text\": \"a\"}, {\"text\"", "the array ends before it is closed; "),
        ("a.json", b"[{\"text\": \"a\"}] more", "there is something behind the array's end; "),
        ("a.json", b"[{\"text\": null}]", "entry 1 has a field `text` that is not a string; no field"),
        ("a.json", b"[1, 2, 3]", "entry 1 is not a JSON object; "),
        ("a.json", b"[]", "the file has no text; "),
        ("a.jsonl", b"{\"text\": \"a\0\"}", "line 1 has a zero byte; "),
        ("a.json.gz", &gzip(&b"{\"text\": \"a\"}\n".repeat(99))[..40], "line 1 cannot be read ("),
        ("a.jsonl.zst", b"\x28\xb5\x2f\xfd...", "the text cannot be read ("),
        ("a.parquet", b"PAR1...", "this Parquet file cannot be read ("),
    ] {
        let error = refused(name, bytes);
        assert!(error.starts_with(cause), "{error}");
    }
}

#[test]
fn unusable_lines() {
    for (line, cause) in [
        ("{\"text\": \"a\"", "line 1 is not valid JSON (EOF while parsing an object, column 12); every line"),
        ("text", "line 1 is not valid JSON (expected"),
        ("1", "line 1 is not a JSON object; every line"),
        (
            "{\"text\": [\"a\"], \"b\": \"c\"}",
            "line 1 has a field `text` that is not a string; it has `b`: name",
        ),
        ("{\"n\": 1}", "line 1 has no field `text`; no field of it is a string; choose another file"),
        ("{\"a\": \"b\", \"c\": \"d\"}", "line 1 has no field `text`; it has `a`, `c`: name"),
    ] {
        let error = refused("a.jsonl", format!("{line}\n").as_bytes());
        assert!(error.starts_with(cause), "{error}");
    }
    let (_folder, path) =
        file("a.jsonl", b"{\"body\": \"a\", \"n\": 1, \"title\": \"b\"}\n{\"a\\nb\": \"c\"}");
    let error = documents(&path, Field::chosen("text")).unwrap().next().unwrap().unwrap_err();
    let cause = "line 1 has no field `text`; it has `body`, `title`: name the text's field with --text-field";
    assert!(error.to_string().starts_with(cause), "{error}");
    let many: String = (0..20).map(|n| format!("\"f{n:02}\": \"\",")).collect();
    let error = refused("a.jsonl", format!("{{{many} \"n\": 1}}").as_bytes());
    assert!(error.contains("`f07`, …: name") && !error.contains("f08"), "{error}");
}

/// All documents of a file, and what is to be known of it.
fn read_with_notes(name: &str, bytes: &[u8], field: Field) -> (Vec<String>, Vec<String>) {
    let (_folder, path) = file(name, bytes);
    let mut all = documents(&path, field).unwrap();
    let texts = all.by_ref().collect::<Result<_>>().unwrap();
    let place = format!(": {}", path.display());
    (texts, all.notes().iter().map(|note| note.strip_suffix(&place).unwrap().to_owned()).collect())
}

#[test]
fn bad_lines_are_skipped_and_counted() {
    let good = "{\"text\": \"a\"}\n".repeat(4);
    let bad = [
        &b"{\"text\": null}\n{\"text\": 7}\n{\"url\": \"x\"}\n"[..],
        b"{\"text\": \"half \\ud83d of it\"}\n{broken\n",
        b"[1]\n{\"text\": \"caf\xe9\"}\n{\"text\": \"\0\"}\n",
    ];
    let bytes = [good.as_bytes(), &bad.concat(), b"\n\n", good.as_bytes(), good.as_bytes()].concat();
    let (texts, notes) = read_with_notes("a.jsonl", &bytes, Field::usual("text"));
    assert_eq!(texts, ["a"; 12]);
    let causes = "3 of 20 lines have no text in `text`, 1 is no JSON object, 2 are not valid JSON, 1 is not UTF-8, \
                  1 has a zero byte; skipped, line 5 first";
    assert_eq!(notes, [causes]);
    // What is empty is a document, if a short one.
    let (texts, notes) = read_with_notes("a.jsonl", b"{\"text\": \"\"}\n", Field::usual("text"));
    assert_eq!((texts, notes), (vec![String::new()], vec![]));
    // A surrogate's half matters in the text alone.
    let elsewhere = b"{\"text\": \"a\", \"title\": \"\\ud83d\"}\n";
    assert_eq!(read_with_notes("a.jsonl", elsewhere, Field::usual("text")), (vec!["a".to_owned()], vec![]));
}

#[test]
fn mostly_bad_lines_are_an_error() {
    let lines = |good: usize, bad: usize| "{\"text\": \"a\"}\n".repeat(good) + &"{broken\n".repeat(bad);
    // Few lines say little, half of many may be bad, and more may not.
    assert_eq!(read_bytes("a.jsonl", lines(1, 18).as_bytes()).unwrap().len(), 1);
    assert_eq!(read_bytes("a.jsonl", lines(50, 50).as_bytes()).unwrap().len(), 50);
    let error = refused("a.jsonl", lines(50, 51).as_bytes());
    let cause = "line 51 is not valid JSON (key must be a string, column 2); 51 of 101 are not usable; every";
    assert!(error.starts_with(cause), "{error}");
    // Where nothing is good, that is known before the end.
    let error = refused("a.jsonl", (lines(0, 20) + &lines(9, 0)).as_bytes());
    assert!(error.starts_with("line 1 is not valid JSON"), "{error}");
}

#[test]
fn arrays_of_objects() {
    let text = br#"
        [ {"text": "a ], \" [", "n": [1, {"text": "b"}]},
          {"n": 1, "text": "c\\"} , 7
          ,{"text": "d"}]
    "#;
    for name in ["a.json", "a.jsonl", "noname"] {
        let (texts, notes) = read_with_notes(name, text, Field::usual("text"));
        assert_eq!(texts, ["a ], \" [", "c\\", "d"], "{name}");
        assert_eq!(notes, ["1 of 4 entries is no JSON object; skipped, entry 3 first"]);
    }
    assert_eq!(read_bytes("a.json.gz", &gzip(text)).unwrap().len(), 3);
    // A text may begin with a bracket.
    assert_eq!(read_bytes("noname", b"[Illustration]\n\nA story.").unwrap(), ["[Illustration]\n\nA story."]);
}

#[test]
fn fields_within_fields() {
    let read = |line: &str, field: &str| {
        read_with_notes("a.jsonl", format!("{line}\n").as_bytes(), Field::chosen(field)).0
    };
    assert_eq!(read(r#"{"a": {"b": 1, "c": {"d": "deep"}}}"#, "a.c.d"), ["deep"]);
    // A name that has the dots itself comes first, wherever it stands.
    assert_eq!(read(r#"{"a.b": "whole", "a": {"b": "within"}}"#, "a.b"), ["whole"]);
    assert_eq!(read(r#"{"a": {"b": "within"}, "a.b": "whole"}"#, "a.b"), ["whole"]);
    assert_eq!(read(r#"{"a": {"b.c": "mixed"}}"#, "a.b.c"), ["mixed"]);
    let chat =
        r#"{"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I."}]}"#;
    assert_eq!(read(chat, "messages"), ["Who?\nI."]);
    assert_eq!(read(chat, "messages.content"), ["Who?\nI."]);
    assert_eq!(read(chat, "messages.role"), ["user\nassistant"]);
}

#[test]
fn the_field_is_found_where_it_is_plain() {
    let found =
        |lines: &[&str]| read_with_notes("a.jsonl", lines.join("\n").as_bytes(), Field::usual("text"));
    let (texts, notes) = found(&[r#"{"id": 1, "story": "a"}"#, "", r#"{"story": "b", "id": 2}"#]);
    assert_eq!(texts, ["a", "b"]);
    assert_eq!(notes, ["there is no `text`; the text is taken from `story`"]);
    // Of several, the one that text goes by.
    assert_eq!(found(&[r#"{"url": "u", "content": "a", "title": "t"}"#]).0, ["a"]);
    assert_eq!(found(&[r#"{"id": "1", "messages": [{"role": "user", "content": "a"}]}"#]).0, ["a"]);
    // The usual one, though not every object has it.
    let (texts, notes) = found(&[r#"{"url": "u"}"#, r#"{"url": "u", "text": "a"}"#]);
    assert_eq!(texts, ["a"]);
    assert_eq!(notes, ["1 of 2 lines has no text in `text`; skipped, line 1 first"]);
    // What is said is only what was chosen.
    let (_folder, path) = file("a.jsonl", br#"{"story": "a"}"#);
    assert!(documents(&path, Field::chosen("text")).unwrap().next().unwrap().is_err());
}

#[test]
fn utf_16_with_its_mark() {
    let text = "{\"text\": \"na\u{ef}ve \u{1f600}\"}\r\n{\"text\": \"b\"}\r\n";
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    let (little, big) =
        (units().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), units().flat_map(u16::to_be_bytes));
    let big: Vec<u8> = big.collect();
    for bytes in [&little, &big, &gzip(&little)] {
        for name in ["a.jsonl", "noname"] {
            assert_eq!(read_bytes(name, bytes).unwrap(), ["na\u{ef}ve \u{1f600}", "b"], "{name}");
        }
    }
}

#[test]
fn paths_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| one_line(&documents(path, Field::usual("text")).err().unwrap(), path);
    assert!(refused(folder.path()).starts_with("this is a folder without Parquet or Arrow files; "));
    let missing = refused(&folder.path().join("nowhere.jsonl"));
    assert!(
        missing.starts_with("the text cannot be read (") && missing.ends_with("check the spelling"),
        "{missing}"
    );
}
