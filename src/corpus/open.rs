//! What a file is, by its first bytes: compressed or not, in which encoding, and of which format.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

use super::utf16::{Order, Utf16};
use super::{arrow, spool};
use crate::error::{Error, Kind, Result};

/// What a file's text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON objects, one a line.
    JsonLines,
    /// An array of JSON objects.
    JsonArray,
    /// Paragraphs.
    Plain,
    /// Rows with this character between their columns.
    Table(u8),
    /// Arrow's messages.
    Arrow,
}

/// A file as it is read.
pub(super) enum Opened {
    /// From its start on: text in UTF-8, without a mark, or Arrow's messages.
    Stream { reader: Box<dyn BufRead + Send>, format: Format },
    /// Parquet, here and there.
    Parquet(File),
    /// A file of Arrow's, likewise.
    Arrow(File),
}

/// The windows of zstd, as a power of two: those of `--long=31`, which dumps of the web are compressed with.
const LONGEST_WINDOW: u32 = 31;
/// What Parquet files start with.
const PARQUET: &[u8] = b"PAR1";

/// Bytes that files of other kinds start with, and what those are.
const OTHERS: [(&[u8], &str); 14] = [
    (b"\x7fELF", "a program"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"GGUF", "a model in GGUF"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b"\xff\xfe\0\0", "text in UTF-32"),
    (b"\0\0\xfe\xff", "text in UTF-32"),
];

/// Opens a file.
///
/// # Errors
/// A file that cannot be opened, is empty, or no text.
pub(super) fn open(path: &Path) -> Result<Opened> {
    if !spool::is_standard_input(path) && path.is_file() {
        let mut file = File::open(path).map_err(|error| unreadable(&error))?;
        let mut start = Vec::new();
        let read = (&file).take(arrow::FILE.len() as u64).read_to_end(&mut start).and_then(|_| file.rewind());
        read.map_err(|error| unreadable(&error))?;
        if start.starts_with(PARQUET) {
            return Ok(Opened::Parquet(file));
        }
        if start == arrow::FILE {
            return Ok(Opened::Arrow(file));
        }
    }
    let file = spool::reader(path).map_err(|error| unreadable(&error))?;
    of_reader(Box::new(BufReader::new(file)), path)
}

/// Opens what a reader reads, which is called `path`.
fn of_reader(file: Box<dyn BufRead + Send>, path: &Path) -> Result<Opened> {
    let (mut reader, packed) = decompressed(file)?;
    let start_of = start(&mut reader)?;
    if start_of.is_empty() {
        return Err(Error::new(Kind::Corpus, "the file is empty").help("choose another file"));
    }
    if start_of.starts_with(PARQUET) {
        return Err(Error::new(
            Kind::Corpus,
            "Parquet is read from files alone, and not compressed once more",
        )
        .help("decompress it, or save what comes through the pipe"));
    }
    if start_of.starts_with(arrow::FILE) || start_of.starts_with(arrow::MESSAGE) {
        return Ok(Opened::Stream { reader, format: Format::Arrow });
    }
    if packed && is_packed(start_of) {
        return Err(Error::new(Kind::Corpus, "this file is compressed twice").help("decompress it once"));
    }
    let mut reader = decoded(reader)?;
    let format = format(path, start(&mut reader)?);
    Ok(Opened::Stream { reader, format })
}

/// Whether bytes are those that compressed ones start with.
fn is_packed(start: &[u8]) -> bool {
    matches!(start, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// What is compressed, decompressed while it is read, and whether it was.
fn decompressed(mut file: Box<dyn BufRead + Send>) -> Result<(Box<dyn BufRead + Send>, bool)> {
    const PIECE: usize = 1 << 16;
    Ok(match start(&mut file)? {
        [0x1f, 0x8b, ..] => (Box::new(BufReader::with_capacity(PIECE, MultiGzDecoder::new(file))), true),
        // A frame, or one that is to be passed over, as parallel compressors start with.
        start if is_packed(start) => {
            let decoder = Decoder::with_buffer(file).and_then(|mut decoder| {
                decoder.window_log_max(LONGEST_WINDOW)?;
                Ok(decoder)
            });
            (Box::new(BufReader::with_capacity(PIECE, decoder.map_err(|error| unreadable(&error))?)), true)
        }
        _ => (file, false),
    })
}

/// The same in UTF-8, without a mark.
fn decoded(mut reader: Box<dyn BufRead + Send>) -> Result<Box<dyn BufRead + Send>> {
    let start = start(&mut reader)?;
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Error::new(Kind::Corpus, format!("this file is {what}"))
            .help("choose text in UTF-8, JSON lines or plain, or compressed with gzip or zstd"));
    }
    let (mark, order) = match start {
        [0xef, 0xbb, 0xbf, ..] => (3, None),
        [0xff, 0xfe, ..] => (2, Some(Order::Little)),
        [0xfe, 0xff, ..] => (2, Some(Order::Big)),
        _ if is_utf16(start) => {
            return Err(Error::new(Kind::Corpus, "this file is in UTF-16 without its mark")
                .help("convert it to UTF-8, as with `iconv -f UTF-16LE -t UTF-8` or -f UTF-16BE"));
        }
        _ => return Ok(reader),
    };
    reader.consume(mark);
    Ok(match order {
        None => reader,
        Some(order) => Box::new(BufReader::with_capacity(1 << 16, Utf16::new(reader, order))),
    })
}

/// Whether bytes look like letters of two bytes, of which one is zero.
fn is_utf16(start: &[u8]) -> bool {
    let start = &start[..start.len().min(64) & !1];
    let zeros = |offset: usize| start.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let pairs = start.len() / 2;
    pairs >= 4
        && [(zeros(0), zeros(1)), (zeros(1), zeros(0))].iter().any(|&(many, few)| few == 0 && many == pairs)
}

/// The first bytes that a reader has, at least as many as tell what it is if there are so many.
fn start(reader: &mut Box<dyn BufRead + Send>) -> Result<&[u8]> {
    const ENOUGH: usize = 64;
    // What comes through a pipe may come in small pieces.
    if reader.fill_buf().map_err(|error| unreadable(&error))?.len() < ENOUGH {
        let mut start = Vec::new();
        let read = reader.by_ref().take(ENOUGH as u64).read_to_end(&mut start);
        let rest: Box<dyn Read + Send> = match read {
            Ok(_) => Box::new(std::mem::replace(reader, Box::new(std::io::empty()))),
            Err(error) if start.is_empty() => return Err(unreadable(&error)),
            // It comes when it is due: behind what could be read.
            Err(error) => Box::new(Broken(error)),
        };
        *reader = Box::new(BufReader::new(std::io::Cursor::new(start).chain(rest)));
    }
    reader.fill_buf().map_err(|error| unreadable(&error))
}

/// A reader that cannot be read.
struct Broken(std::io::Error);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::new(self.0.kind(), self.0.to_string()))
    }
}

fn unreadable(error: &std::io::Error) -> Error {
    let help = match error.kind() {
        std::io::ErrorKind::NotFound => "check the spelling",
        std::io::ErrorKind::PermissionDenied => "check its permissions",
        _ => "check that the file is whole",
    };
    Error::new(Kind::Corpus, format!("the text cannot be read ({error})")).help(help)
}

/// The format that a file's name promises, or that its start shows.
fn format(path: &Path, start: &[u8]) -> Format {
    let mut visible = start.iter().filter(|byte| !byte.is_ascii_whitespace());
    let (first, second) = (visible.next(), visible.next());
    match (format_by_name(path), first) {
        (Some(Format::JsonLines), Some(b'[')) => Format::JsonArray,
        (Some(format), _) => format,
        (None, Some(b'{')) => Format::JsonLines,
        (None, Some(b'[')) if second == Some(&b'{') => Format::JsonArray,
        (None, _) => Format::Plain,
    }
}

/// The endings of names that texts usually have.
pub const EXTENSIONS: [&str; 14] = [
    "jsonl", "json", "ndjson", "csv", "tsv", "txt", "text", "md", "parquet", "arrow", "feather", "gz", "zst",
    "zstd",
];

/// The format that a file's name promises, compression aside.
fn format_by_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    match name.rsplit_once('.')?.1 {
        "jsonl" | "json" | "ndjson" => Some(Format::JsonLines),
        "txt" | "text" => Some(Format::Plain),
        "csv" => Some(Format::Table(b',')),
        "tsv" => Some(Format::Table(b'\t')),
        _ => None,
    }
}
