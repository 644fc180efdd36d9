//! Text as pyarrow, polars and DuckDB write it, whole and damaged.

use std::fs;
use std::path::{Path, PathBuf};

use infoplane::corpus::{Field, documents};
use infoplane::error::{Error, Kind};

use super::support::fixture;

/// What the fixtures hold but for the second document, which is null.
const TEXTS: [&str; 5] = [
    "a, \"quoted\" document",
    "naïve 😀\nof two lines",
    "a, \"quoted\" document",
    "",
    "longer than what a view holds within it",
];
/// The formats in which a string may be empty without being null.
const FILES: [&str; 14] = [
    "duckdb.parquet",
    "polars-views.arrow",
    "polars-zstd.parquet",
    "pyarrow-brotli.parquet",
    "pyarrow-dictionary.arrow",
    "pyarrow-gzip.parquet",
    "pyarrow-large-zstd.arrow",
    "pyarrow-lz4.feather",
    "pyarrow-lz4.parquet",
    "pyarrow-none.parquet",
    "pyarrow-snappy.parquet",
    "pyarrow-zstd-delta-byte.parquet",
    "pyarrow-zstd-delta-length-byte.parquet",
    "pyarrow-zstd-plain.parquet",
];
const NESTED: [&str; 2] = ["pyarrow-nested.parquet", "pyarrow-nested.arrow"];

fn text(name: &str) -> PathBuf {
    fixture("text").join(name)
}

/// All documents of a text, and what is to be known of it without its path.
fn read(path: &Path, field: Field) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut all = documents(path, field)?;
    let texts = all.by_ref().collect::<Result<Vec<_>, _>>()?;
    let place = format!(": {}", path.display());
    Ok((texts, all.notes().iter().map(|note| note.trim_end_matches(&place).to_owned()).collect()))
}

#[test]
fn columns_of_every_codec_encoding_and_layout() {
    let rows = "1 of 6 rows has no text in `text`; skipped, row 2 first".to_owned();
    for name in FILES {
        let (texts, notes) = read(&text(name), Field::chosen("text")).unwrap();
        assert_eq!(texts, TEXTS, "{name}");
        assert_eq!(notes, [rows.as_str()], "{name}");
    }
    let folder =
        "1 of 6 rows has no text in `text`; skipped, row 2 of data-00000-of-00001.arrow first".to_owned();
    assert_eq!(
        read(&text("save_to_disk"), Field::usual("text")).unwrap(),
        (TEXTS.map(str::to_owned).into(), vec![folder])
    );
    // CSV knows no difference between what is empty and what is not there.
    let (texts, notes) = read(&text("duckdb.csv"), Field::usual("text")).unwrap();
    assert_eq!(texts, [TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[4]]);
    assert_eq!(notes, ["2 of 6 rows have no text in `text`; skipped, row 2 first"]);
}

#[test]
fn columns_within_columns_and_messages() {
    for name in NESTED {
        let (texts, notes) = read(&text(name), Field::chosen("meta.body")).unwrap();
        assert_eq!(texts, TEXTS, "{name}");
        assert_eq!(notes, ["1 of 6 rows has no text in `meta.body`; skipped, row 2 first"], "{name}");
        let chats = TEXTS.map(|text| format!("?\n{text}"));
        for field in ["messages", "messages.content"] {
            assert_eq!(read(&text(name), Field::chosen(field)).unwrap().0, chats, "{name} {field}");
        }
        let roles = read(&text(name), Field::chosen("messages.role")).unwrap().0;
        assert_eq!(roles, ["user\nassistant"; 5], "{name}");
        let error = read(&text(name), Field::chosen("meta.n")).unwrap_err();
        assert!(error.to_string().starts_with("there is no column `meta.n` of text; it has "), "{error}");
    }
    let (texts, notes) = read(&text("pyarrow-nested.arrow"), Field::usual("text")).unwrap();
    assert_eq!(texts.len(), 5);
    assert_eq!(notes[0], "there is no `text`; the text is taken from `messages`");
}

#[test]
fn tables_with_names_in_their_first_line() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, content: &str, field: Field| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        read(&path, field)
    };
    let csv = "id,text\r\n1,\"a, \"\"b\"\"\nc\"\r\n2,d\r\n";
    assert_eq!(read("a.csv", csv, Field::usual("text")).unwrap().0, ["a, \"b\"\nc", "d"]);
    assert_eq!(read("a.tsv", "text\tn\na, b\t1\n", Field::usual("text")).unwrap().0, ["a, b"]);
    let (texts, notes) = read("a.csv", "\u{feff}id,story\n1,a\n2,b\n", Field::usual("text")).unwrap();
    assert_eq!(
        (texts, notes[0].as_str()),
        (vec!["a".into(), "b".into()], "there is no `text`; the text is taken from `story`")
    );
    let error = read("a.csv", "a,b\nx,y\n", Field::usual("text")).unwrap_err().to_string();
    let cause =
        "there is no column `text` of text; it has `a`, `b`: name the text's column with --text-field: ";
    assert!(error.starts_with(cause), "{error}");
}

#[test]
fn folders_of_shards() {
    let folder = tempfile::tempdir().unwrap();
    let shard = |name: &str, from: &str| {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::copy(text(from), folder.path().join(name)).unwrap();
    };
    let read = |name: &str| read(&folder.path().join(name), Field::usual("text"));
    shard("shards/part-10.parquet", "pyarrow-none.parquet");
    shard("shards/part-2.parquet", "duckdb.parquet");
    fs::write(folder.path().join("shards/._part-2.parquet"), "not a shard").unwrap();
    let (texts, notes) = read("shards").unwrap();
    assert_eq!(texts, [TEXTS, TEXTS].concat());
    assert_eq!(notes, ["2 of 12 rows have no text in `text`; skipped, row 2 of part-2.parquet first"]);
    // As on the hub.
    shard("hub/data/train-00000-of-00002.parquet", "duckdb.parquet");
    shard("hub/data/train-00001-of-00002.parquet", "duckdb.parquet");
    shard("hub/data/test-00000-of-00001.parquet", "duckdb.parquet");
    let (texts, notes) = read("hub").unwrap();
    assert_eq!((texts.len(), notes[0].as_str()), (10, "the text is that of the split `train`"));
    // As `save_to_disk` leaves a `DatasetDict`.
    for split in ["train", "test"] {
        for file in ["data-00000-of-00001.arrow", "state.json", "dataset_info.json"] {
            shard(&format!("dict/{split}/{file}"), &format!("save_to_disk/{file}"));
        }
    }
    let splits = |list: &str| {
        fs::write(folder.path().join("dict/dataset_dict.json"), format!("{{\"splits\": [{list}]}}")).unwrap();
        read("dict")
    };
    let (texts, notes) = splits("\"train\", \"test\"").unwrap();
    assert_eq!((texts.len(), notes[0].as_str()), (5, "the text is that of the split `train`"));
    assert_eq!(splits("\"test\"").unwrap().1.len(), 1, "nothing was chosen");
    let error = splits("\"test\", \"dev\"").unwrap_err().to_string();
    assert!(
        error.starts_with("this data set has no split `train` but `test`, `dev`; name the folder of one"),
        "{error}"
    );
    // Names that lead elsewhere are none.
    fs::write(
        folder.path().join("dict/test/state.json"),
        "{\"_data_files\": [{\"filename\": \"../x.arrow\"}]}",
    )
    .unwrap();
    assert!(
        read("dict/test").unwrap_err().to_string().starts_with("state.json names no files of this folder; ")
    );
}

#[test]
fn compressed_text_of_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        read(&path, Field::usual("text")).map(|(texts, _)| texts)
    };
    let lines = "{\"text\": \"a\"}\n{\"text\": \"b\"}\n";
    let frame = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    for name in ["a.jsonl.zst", "a.jsonl", "a.jsonl.gz", "noname"] {
        assert_eq!(read(name, &frame).unwrap(), ["a", "b"], "{name}");
    }
    assert_eq!(read("a.txt.zst", &zstd::encode_all(&b"A story."[..], 3).unwrap()).unwrap(), ["A story."]);
    // Frames behind each other, one of them to be passed over, as parallel compressors write them.
    let passed = [&b"\x50\x2a\x4d\x18\x04\0\0\0"[..], b"size"].concat();
    assert_eq!(
        read("a.jsonl.zst", &[passed, frame.clone(), frame.clone()].concat()).unwrap(),
        ["a", "b", "a", "b"]
    );
    // A frame with the window of `--long=31`: 2 GiB, and one block as it is.
    let block = (lines.len() as u32) << 3 | 1;
    let long = [b"\x28\xb5\x2f\xfd\0\xa8", &block.to_le_bytes()[..3], lines.as_bytes()].concat();
    assert_eq!(read("a.jsonl.zst", &long).unwrap(), ["a", "b"]);
    // Columns come compressed once more.
    let arrow = fs::read(text("pyarrow-dictionary.arrow")).unwrap();
    assert_eq!(read("a.arrow.zst", &zstd::encode_all(&arrow[..], 3).unwrap()).unwrap(), TEXTS);

    let refused = |bytes: &[u8]| {
        let error = read("a", bytes).unwrap_err();
        assert_eq!(error.kind(), Kind::Corpus);
        error.to_string()
    };
    let twice = zstd::encode_all(&frame[..], 3).unwrap();
    assert!(refused(&twice).starts_with("this file is compressed twice; "));
    let parquet = zstd::encode_all(&fs::read(text("duckdb.parquet")).unwrap()[..], 3).unwrap();
    assert!(
        refused(&parquet).starts_with("Parquet is read from files alone, and not compressed once more; ")
    );
    let random: String =
        (0..30_000_u32).map(|n| format!("{{\"text\": \"{}\"}}\n", n.wrapping_mul(2_654_435_761))).collect();
    let whole = zstd::encode_all(random.as_bytes(), 3).unwrap();
    let error = refused(&whole[..whole.len() / 2]);
    assert!(error.contains(" cannot be read (") && error.contains("the file may be truncated"), "{error}");
    // More of nothing than memory could hold is one line that is too long.
    let bomb = zstd::encode_all(std::io::Read::take(std::io::repeat(b' '), 1 << 30), 1).unwrap();
    assert!(refused(&bomb).starts_with("line 1 is longer than 64 MiB; "));
}

#[test]
fn damaged_columns_are_refused_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let mut refused = 0;
    let mut check = |name: &str, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        for field in ["text", "messages"] {
            match read(&path, Field::chosen(field)) {
                Ok((texts, _)) => assert!(texts.len() <= 1000, "{name}"),
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    assert!(error.kind() == Kind::Corpus && !text.contains('\n'), "{name}: {text}");
                }
            }
        }
    };
    for name in FILES.iter().chain(&NESTED) {
        let bytes = fs::read(text(name)).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= [0x80, 0xff, 1][at % 3];
            check(name, &damaged);
            if at % 5 == 0 {
                check(name, &bytes[..at]);
            }
        }
    }
    assert!(refused > 10_000, "{refused}");
}
