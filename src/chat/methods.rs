//! Methods of Python's strings, lists and mappings: those that `minijinja_contrib` lacks or answers
//! otherwise.

use minijinja::value::{ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

/// Calls a method that the value itself has not.
///
/// # Errors
/// A method that is unknown, or that would change its value, which no template may; arguments it does not
/// take.
pub(super) fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    let own = match (value.kind(), value.as_str()) {
        (ValueKind::String, Some(text)) => of_string(state, text, method, arguments),
        (ValueKind::Seq, _) => of_list(value, method, arguments),
        (ValueKind::Map, _) if method == "copy" => from_args::<()>(arguments).map(|()| value.clone()),
        _ => Err(ErrorKind::UnknownMethod.into()),
    };
    match own {
        Err(error) if error.kind() == ErrorKind::UnknownMethod => {
            pycompat::unknown_method_callback(state, value, method, arguments)
        }
        own => own,
    }
}

fn of_string(state: &State, text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    Ok(match method {
        "strip" | "lstrip" | "rstrip" => return strip(text, method, arguments),
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(arguments)?;
            text.strip_prefix(prefix).unwrap_or(text).into()
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(arguments)?;
            text.strip_suffix(suffix).unwrap_or(text).into()
        }
        "partition" | "rpartition" => partition(text, method == "rpartition", arguments)?,
        "split" | "rsplit" => split(text, method == "rsplit", arguments)?,
        "splitlines" => {
            let (keep_ends,): (Option<bool>,) = from_args(arguments)?;
            lines(text, keep_ends.unwrap_or(false)).into_iter().map(Value::from).collect()
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(arguments)?;
            let found = if method == "index" { text.find(part) } else { text.rfind(part) };
            let found = found.ok_or_else(|| error("substring not found"))?;
            text[..found].chars().count().into()
        }
        "title" => {
            let () = from_args(arguments)?;
            title(text).into()
        }
        "swapcase" => {
            let () = from_args(arguments)?;
            let swap = |c: char| -> String {
                if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
            };
            text.chars().map(swap).collect::<String>().into()
        }
        "casefold" => {
            let () = from_args(arguments)?;
            text.replace('ß', "ss").to_lowercase().into()
        }
        "ljust" | "rjust" | "center" | "zfill" => pad(state, text, method, arguments)?,
        _ => return Err(ErrorKind::UnknownMethod.into()),
    })
}

fn of_list(list: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match method {
        "index" => {
            let (item,): (&Value,) = from_args(arguments)?;
            for (index, other) in list.try_iter()?.checked().enumerate() {
                if other? == *item {
                    return Ok(index.into());
                }
            }
            Err(error("the item is not in the list"))
        }
        "copy" => from_args::<()>(arguments).map(|()| list.clone()),
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}

fn error(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, cause.into())
}

/// What Python calls space.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// A text without space at the sides that `method` names, or without the characters that are its argument.
pub(super) fn strip(text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (characters,): (Option<&str>,) = from_args(arguments)?;
    let of_these = |c: char| characters.map_or_else(|| is_space(c), |characters| characters.contains(c));
    let text = if method == "rstrip" { text } else { text.trim_start_matches(of_these) };
    Ok(if method == "lstrip" { text } else { text.trim_end_matches(of_these) }.into())
}

fn partition(text: &str, from_the_end: bool, arguments: &[Value]) -> Result<Value, Error> {
    let (separator,): (&str,) = from_args(arguments)?;
    if separator.is_empty() {
        return Err(error("empty separator"));
    }
    let parts = if from_the_end { text.rsplit_once(separator) } else { text.split_once(separator) };
    let parts = match parts {
        Some((before, behind)) => [before, separator, behind],
        None if from_the_end => ["", "", text],
        None => [text, "", ""],
    };
    Ok(minijinja::value::Tuple::from(parts.map(Value::from)).into())
}

fn split(text: &str, from_the_end: bool, arguments: &[Value]) -> Result<Value, Error> {
    let (separator, most): (Option<&str>, Option<i64>) = from_args(arguments)?;
    // Python's -1 is no limit; so is one beyond what a text can be split into.
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(text.len() + 1);
    let mut parts: Vec<&str> = match (separator, from_the_end) {
        (Some(""), _) => return Err(error("empty separator")),
        (Some(separator), false) => text.splitn(most.saturating_add(1), separator).collect(),
        (Some(separator), true) => text.rsplitn(most.saturating_add(1), separator).collect(),
        (None, false) => words(text.trim_start_matches(is_space), most),
        (None, true) => {
            let mut words = words_from_the_end(text.trim_end_matches(is_space), most);
            words.reverse();
            words
        }
    };
    if separator.is_some() && from_the_end {
        parts.reverse();
    }
    Ok(parts.into_iter().map(Value::from).collect())
}

/// Words parted by space, no more than `most` of them apart from the rest.
fn words(mut text: &str, most: usize) -> Vec<&str> {
    let mut words = Vec::new();
    while !text.is_empty() {
        match text.find(is_space).filter(|_| words.len() < most) {
            Some(end) => {
                words.push(&text[..end]);
                text = text[end..].trim_start_matches(is_space);
            }
            None => {
                words.push(if words.len() < most { text.trim_end_matches(is_space) } else { text });
                break;
            }
        }
    }
    words
}

/// The same from the end on, the last word first.
fn words_from_the_end(mut text: &str, most: usize) -> Vec<&str> {
    let mut words = Vec::new();
    while !text.is_empty() {
        match text.rfind(is_space).filter(|_| words.len() < most) {
            Some(space) => {
                let word = &text[space..];
                words.push(word.trim_start_matches(is_space));
                text = text[..space].trim_end_matches(is_space);
            }
            None => {
                words.push(if words.len() < most { text.trim_start_matches(is_space) } else { text });
                break;
            }
        }
    }
    words
}

/// A text whose letters are capitals where no letter stands before them, and small elsewhere.
fn title(text: &str) -> String {
    let mut title = String::with_capacity(text.len());
    let mut within = false;
    for c in text.chars() {
        if within {
            title.extend(c.to_lowercase())
        } else {
            title.extend(c.to_uppercase())
        }
        within = c.is_alphabetic();
    }
    title
}

/// The lines of a text as Python parts them, with their ends or without.
pub(super) fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let ends = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let (mut lines, mut rest) = (Vec::new(), text);
    while let Some(end) = rest.find(ends) {
        let width = if rest[end..].starts_with("\r\n") {
            2
        } else {
            rest[end..].chars().next().map_or(1, char::len_utf8)
        };
        lines.push(&rest[..if keep_ends { end + width } else { end }]);
        rest = &rest[end + width..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn pad(state: &State, text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (width, fill): (i64, Option<&str>) = from_args(arguments)?;
    let fill = match (method, fill) {
        ("zfill", _) => "0",
        (_, None) => " ",
        (_, Some(fill)) if fill.chars().count() == 1 => fill,
        (_, Some(_)) => return Err(error("what fills is one character long")),
    };
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text.chars().count());
    state.consume_fuel(missing as u64)?;
    let before = match method {
        "ljust" => 0,
        // As CPython shares out what is odd.
        "center" => missing / 2 + (missing & width as usize & 1),
        _ => missing,
    };
    let (start, behind) = (fill.repeat(before), fill.repeat(missing - before));
    let sign = usize::from(method == "zfill" && text.starts_with(['+', '-']));
    Ok(format!("{}{start}{}{behind}", &text[..sign], &text[sign..]).into())
}

/// So many spaces, which are paid for.
pub(super) fn spaces(state: &State, count: Value) -> Result<String, Error> {
    let count = usize::try_from(count)?;
    state.consume_fuel(count as u64)?;
    Ok(" ".repeat(count))
}
