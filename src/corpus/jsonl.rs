//! JSON lines: one object a line, one of its fields the text.

use serde_json::{Map, Value};

use super::lines::Lines;
use crate::error::Result;

/// Names of fields shown in an error; objects can have hundreds.
const MOST_NAMES: usize = 8;

/// The text of the next line that is not blank, `None` after the last.
pub(super) fn next_document(lines: &mut Lines, text_field: &str) -> Result<Option<String>> {
    let read = loop {
        match lines.next()? {
            None => return Ok(None),
            Some(line) if line.trim().is_empty() => {}
            Some(line) => break text_of(line, text_field),
        }
    };
    read.map(Some).map_err(|problem| lines.line_error(problem.cause).help(problem.help))
}

/// Why a line has no text, and what would help.
struct Problem {
    cause: String,
    help: String,
}

fn text_of(line: &str, text_field: &str) -> Result<String, Problem> {
    let problem = |cause: String, help: &str| Problem { cause, help: help.to_owned() };
    let one_a_line = "every line must be one JSON object";
    let mut object = match serde_json::from_str(line) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(problem("is not a JSON object".to_owned(), one_a_line)),
        Err(error) => {
            // The parser saw one line and would call it line 1.
            let text = error.to_string();
            let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
            let cause = format!("is not valid JSON ({reason}, column {})", error.column());
            return Err(problem(cause, one_a_line));
        }
    };
    let named = text_field.escape_debug();
    match object.remove(text_field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Problem {
            cause: format!("has a field `{named}` that is not a string"),
            help: other_fields(&object),
        }),
        None => Err(Problem { cause: format!("has no field `{named}`"), help: other_fields(&object) }),
    }
}

/// Names the fields that could be meant.
fn other_fields(object: &Map<String, Value>) -> String {
    let names: Vec<String> = object
        .iter()
        .filter(|(_, value)| value.is_string())
        .map(|(name, _)| format!("`{}`", name.escape_debug()))
        .collect();
    let more = if names.len() > MOST_NAMES { ", …" } else { "" };
    match names.get(..names.len().min(MOST_NAMES)) {
        None | Some([]) => "no field of it is a string; choose another file".to_owned(),
        Some([name]) => format!("it has {name}: name the text's field with --text-field"),
        Some(names) => format!("it has {}{more}: name the text's field with --text-field", names.join(", ")),
    }
}
