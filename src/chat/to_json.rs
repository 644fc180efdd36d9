//! Values as JSON, as `json.dumps` of Python writes them.

use std::fmt::Write;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::methods::spaces;
use super::number;

/// How deep lists and mappings may stand in each other.
const DEEPEST: usize = 64;
/// The work that a byte written is, in 64ths of a step: it costs more than one that is copied.
const WORK_BY_BYTE: u64 = 16;

/// A value as JSON. Named arguments are those of transformers: `ensure_ascii`, `indent`, `separators`,
/// `sort_keys`.
///
/// # Errors
/// A value that JSON has no form for, or one that is too deep or too long.
pub(super) fn tojson(state: &State, value: &Value, arguments: Kwargs) -> Result<String, Error> {
    let indent: Option<Value> = arguments.get("indent")?;
    let indent = match indent.filter(|indent| !indent.is_none()) {
        None => None,
        Some(indent) => Some(match indent.as_str() {
            Some(indent) => indent.to_owned(),
            None => spaces(state, indent)?,
        }),
    };
    let separators: Option<Vec<String>> = match arguments.get::<Option<Value>>("separators")? {
        Some(separators) if !separators.is_none() => {
            Some(separators.try_iter()?.map(|separator| separator.to_string()).collect())
        }
        _ => None,
    };
    let (item, key) = match separators.as_deref() {
        None => (if indent.is_some() { "," } else { ", " }, ": "),
        Some([item, key]) => (&**item, &**key),
        Some(_) => return Err(error("`separators` are two: between items, and between a key and its value")),
    };
    let flag =
        |name| arguments.get::<Option<Value>>(name).map(|flag| flag.is_some_and(|flag| flag.is_true()));
    let (ascii, sort_keys) = (flag("ensure_ascii")?, flag("sort_keys")?);
    arguments.assert_all_used()?;
    let mut writer = Writer { state, text: String::new(), paid: 0, indent, item, key, ascii, sort_keys };
    writer.value(value, 0)?;
    Ok(writer.text)
}

fn error(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, cause.into())
}

struct Writer<'a> {
    state: &'a State<'a, 'a>,
    text: String,
    /// The bytes of the text that were accounted for.
    paid: usize,
    /// What a level is set in by, where there are lines at all.
    indent: Option<String>,
    /// Between items.
    item: &'a str,
    /// Between a key and its value.
    key: &'a str,
    ascii: bool,
    sort_keys: bool,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(error(format!("`tojson` of lists and mappings deeper than {DEEPEST}")));
        }
        // What is written twice costs twice: a list of itself, again and again, is small but for its text.
        let written = self.text.len() - self.paid;
        self.paid = self.text.len();
        self.state.consume_fuel(1 + written as u64 * WORK_BY_BYTE / 64)?;
        match value.kind() {
            ValueKind::None => self.text.push_str("null"),
            ValueKind::Bool => self.text.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.text.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?.checked();
                self.items('[', ']', items, depth, |writer, item| writer.value(&item?, depth + 1))?;
            }
            ValueKind::Map => {
                let mut entries = Vec::new();
                for key in value.try_iter()?.checked() {
                    let key = key?;
                    let item = value.get_item(&key)?;
                    entries.push((key, item));
                }
                if self.sort_keys {
                    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                self.items('{', '}', entries.into_iter(), depth, |writer, (key, item)| {
                    writer.string(&name(&key)?);
                    writer.text.push_str(writer.key);
                    writer.value(&item, depth + 1)
                })?;
            }
            kind => return Err(error(format!("{kind} is nothing that JSON has a form for"))),
        }
        Ok(())
    }

    /// What stands between two brackets.
    fn items<T>(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = T>,
        depth: usize,
        write: impl Fn(&mut Self, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.text.push(open);
        let mut first = true;
        for item in items {
            if !first {
                self.text.push_str(self.item);
            }
            first = false;
            self.line(depth + 1);
            write(self, item)?;
        }
        if !first {
            self.line(depth);
        }
        self.text.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.text.push('\n');
            (0..depth).for_each(|_| self.text.push_str(indent));
        }
    }

    fn string(&mut self, string: &str) {
        self.text.push('"');
        for c in string.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                c if c < ' ' || (self.ascii && !(' '..='~').contains(&c)) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        // Writing to a string cannot fail.
                        _ = write!(self.text, "\\u{unit:04x}");
                    }
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}

fn number(value: &Value) -> String {
    match number::float(value) {
        None => value.to_string(),
        Some(number) if number.is_nan() => "NaN".to_owned(),
        Some(number) if number.is_infinite() => {
            if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
        }
        Some(number) => number::text(number),
    }
}

/// The name of a key: Python turns what is no string into one.
fn name(key: &Value) -> Result<String, Error> {
    match key.kind() {
        ValueKind::String => Ok(key.to_string()),
        ValueKind::None => Ok("null".to_owned()),
        ValueKind::Bool => Ok(if key.is_true() { "true" } else { "false" }.to_owned()),
        ValueKind::Number => Ok(number(key)),
        kind => Err(error(format!("a key of JSON is a string, no {kind}"))),
    }
}
