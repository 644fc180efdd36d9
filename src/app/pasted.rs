//! Paths in a text that was typed or pasted.
//!
//! A file manager puts what was copied on the clipboard as `file://` URIs or as plain paths, one a line; a terminal
//! may have quoted them.

use std::path::{Path, PathBuf};

/// The paths a text consists of; empty where any line of it is something else.
pub(super) fn paths(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    // What GNOME's file manager calls its list of copied files begins with what is to be done with them.
    let mut lines = lines.peekable();
    lines.next_if(|line| matches!(*line, "copy" | "cut"));
    lines.map(path).collect::<Option<_>>().unwrap_or_default()
}

/// The path that a line is: a `file://` URI, an absolute path, or one from the home folder.
pub(super) fn path(line: &str) -> Option<PathBuf> {
    let line = unquoted(line);
    if let Some(rest) = strip_scheme(line) {
        let path = match rest.find('/') {
            Some(0) => rest,
            // Files of other machines cannot be reached this way.
            Some(at) if rest[..at].eq_ignore_ascii_case("localhost") => &rest[at..],
            _ => return None,
        };
        return decoded(path);
    }
    if line == "~" || line.starts_with("~/") {
        let rest = line[1..].trim_start_matches('/');
        return Some(dirs::home_dir()?.join(rest));
    }
    Path::new(line).is_absolute().then(|| PathBuf::from(line))
}

fn unquoted(line: &str) -> &str {
    let quoted = |quote: char| line.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(line)
}

fn strip_scheme(line: &str) -> Option<&str> {
    let (scheme, rest) = line.split_at_checked("file://".len())?;
    scheme.eq_ignore_ascii_case("file://").then_some(rest)
}

/// A path with its `%` escapes resolved; `None` where one is broken.
fn decoded(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
        rest = after;
    }
    if bytes.contains(&0) {
        return None;
    }
    path_of(bytes)
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // file:///C:/runs is C:/runs.
    let drive = text.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
    Some(PathBuf::from(drive.unwrap_or(&text)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<PathBuf> {
        paths(text)
    }

    #[test]
    fn uris_are_paths_once_decoded() {
        assert_eq!(of("file:///runs/a%20b"), [Path::new("/runs/a b")]);
        assert_eq!(of("file://localhost/runs"), [Path::new("/runs")]);
        assert_eq!(of("FILE:///runs/%C3%A9"), [Path::new("/runs/é")]);
        assert_eq!(
            of("# a list\r\nfile:///a\r\n\r\nfile:///b%23c\r\n"),
            [Path::new("/a"), Path::new("/b#c")]
        );
        assert_eq!(of("copy\nfile:///a\nfile:///b"), [Path::new("/a"), Path::new("/b")]);
    }

    #[test]
    fn names_that_are_no_unicode_survive() {
        use std::os::unix::ffi::OsStrExt as _;
        assert_eq!(of("file:///%FF%FE")[0].as_os_str().as_bytes(), b"/\xff\xfe");
    }

    #[test]
    fn plain_and_quoted_paths_are_paths() {
        assert_eq!(of("  /runs/a b \n"), [Path::new("/runs/a b")]);
        assert_eq!(of("'/runs/a'\n\"/runs/b\""), [Path::new("/runs/a"), Path::new("/runs/b")]);
        assert_eq!(of("~/runs"), [dirs::home_dir().unwrap().join("runs")]);
    }

    #[test]
    fn other_text_is_no_path() {
        for text in [
            "",
            "It was the best of times",
            "/runs\nand prose",
            "https://host/a",
            "file://elsewhere/a",
            "file:///a%2",
            "file:///a%zz",
            "file:///a%00b",
            "runs/a",
            "file://",
            "é",
        ] {
            assert!(of(text).is_empty(), "{text}");
        }
    }
}
