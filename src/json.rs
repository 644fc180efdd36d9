//! JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` stand where a number should.
//!
//! A diverged run leaves them in its `trainer_state.json`, and some configurations hold them on purpose. JSON has
//! no such numbers, so each is read as the string of its name: `null` would be "not set" to whoever reads a field,
//! while a string where a number is needed is refused by the field's name.

use std::io::{self, Read};

use serde_json::Value;

/// Reads a JSON document in which Python's `NaN`, `Infinity` and `-Infinity` stand for the strings of these names.
/// The same words within strings stay as they are.
///
/// # Errors
/// Anything else that is not JSON. On a line with such a word the column is counted with its two quotes.
pub fn from_slice(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_reader(Quoting::new(bytes))
}

/// A reader that puts quotes around `NaN`, `Infinity` and `-Infinity` outside of strings and leaves everything else
/// as it is, whether JSON or not.
pub struct Quoting<R> {
    inner: R,
    /// What was read of `inner`.
    input: Box<[u8]>,
    /// What is to be read next: `output[position..]`.
    output: Vec<u8>,
    position: usize,
    /// The word at the end of `input`, with the `-` before it; at most as long as the longest of interest.
    word: Vec<u8>,
    place: Place,
}

/// Where in a document the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of strings.
    Between,
    /// Within a word too long to be of interest.
    LongWord,
    String,
    /// Behind a backslash in a string.
    Escape,
}

impl<R: Read> Quoting<R> {
    /// A reader of what `inner` reads.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            input: vec![0; 1 << 14].into(),
            output: Vec::new(),
            position: 0,
            word: Vec::new(),
            place: Place::Between,
        }
    }

    /// Ends the word that was collected.
    fn end_word(&mut self) {
        let quoted = matches!(&self.word[..], b"NaN" | b"Infinity" | b"-Infinity");
        let quotes: &[u8] = if quoted { b"\"" } else { b"" };
        self.output.extend(quotes.iter().chain(&self.word).chain(quotes));
        self.word.clear();
    }

    fn push(&mut self, byte: u8) {
        match self.place {
            Place::Between if byte.is_ascii_alphabetic() => {
                self.word.push(byte);
                if self.word.len() > "-Infinity".len() {
                    self.end_word();
                    self.place = Place::LongWord;
                }
                return;
            }
            Place::LongWord if byte.is_ascii_alphabetic() => {}
            Place::Between | Place::LongWord => {
                self.end_word();
                self.place = if byte == b'"' { Place::String } else { Place::Between };
                if byte == b'-' {
                    return self.word.push(byte);
                }
            }
            Place::String if byte == b'"' => self.place = Place::Between,
            Place::String if byte == b'\\' => self.place = Place::Escape,
            Place::String => {}
            Place::Escape => self.place = Place::String,
        }
        self.output.push(byte);
    }
}

impl<R: Read> Read for Quoting<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.position == self.output.len() {
            self.output.clear();
            self.position = 0;
            let mut input = std::mem::take(&mut self.input);
            let count = self.inner.read(&mut input);
            if let Ok(count) = count {
                input[..count].iter().for_each(|&byte| self.push(byte));
            }
            self.input = input;
            if count? == 0 {
                self.end_word();
                if self.output.is_empty() {
                    return Ok(0);
                }
            }
        }
        let count = (&self.output[self.position..]).read(bytes)?;
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One byte at a time, so that every word is cut in every place.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let end = bytes.len().min(1);
            self.0.read(&mut bytes[..end])
        }
    }

    fn quoted(text: &str) -> String {
        let (mut fast, mut slow) = (String::new(), String::new());
        Quoting::new(text.as_bytes()).read_to_string(&mut fast).unwrap();
        Quoting::new(Slow(text.as_bytes())).read_to_string(&mut slow).unwrap();
        assert_eq!(fast, slow);
        fast
    }

    #[test]
    fn pythons_numbers_are_read_by_their_names() {
        let read = from_slice(br#"{"a": NaN, "b": [Infinity,-Infinity], "c":-1e-5, "d": null}"#).unwrap();
        assert_eq!(read, json!({"a": "NaN", "b": ["Infinity", "-Infinity"], "c": -1e-5, "d": null}));
        assert_eq!(from_slice(b"NaN").unwrap(), json!("NaN"));
    }

    #[test]
    fn strings_that_hold_these_words_stay() {
        for text in [r#""NaN""#, r#"{"Infinity": "\" NaN, -Infinity \\"}"#, r#"["\\", "a NaN b"]"#] {
            assert_eq!(quoted(text), text);
        }
        assert_eq!(quoted(r#"["\\",NaN,"\"",NaN]"#), r#"["\\","NaN","\"","NaN"]"#);
    }

    #[test]
    fn everything_else_passes_as_it_is() {
        for text in [
            "",
            "-",
            "--",
            "true",
            "nan",
            "-NaN",
            "Infinit",
            "Infinityy",
            "NaNNaN",
            "-InfinityInfinity",
            "1e5",
            "-1E-5",
            "é NaNé",
            "\"unfinished NaN",
            "\"unfinished \\",
        ] {
            assert_eq!(quoted(text), text.replace("NaNé", "\"NaN\"é"));
            if text != "true" && !text.contains("1") {
                assert!(from_slice(text.as_bytes()).is_err(), "{text}");
            }
        }
    }
}
