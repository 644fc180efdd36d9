//! What transformers adds to Jinja, and what minijinja answers otherwise than Jinja does.

use std::fmt;

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value, functions};

use super::{methods, time, to_json};

/// The filter that what is assigned goes through.
pub(super) const BOUNDED: &str = "bounded";
/// How deep lists and mappings may stand in each other within what is assigned.
const DEEPEST: usize = 64;

/// Adds them all.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", time::strftime_now);
    // It would print what a template knows.
    environment.remove_global("debug");
    environment.add_function("range", range);
    environment.add_filter(BOUNDED, bounded);
    environment.add_filter("indent", indent);
    environment.add_filter("int", int);
    environment.add_filter("tojson", to_json::tojson);
    environment.add_filter("trim", trim);
    environment.add_test("callable", is_callable);
    environment.add_test("iterable", is_iterable);
    environment.add_test("sequence", is_sequence);
}

/// A template's own refusal, with its words.
#[derive(Debug)]
struct Raised(String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Raised {}

/// How a template refuses a conversation.
fn raise_exception(message: &Value) -> Result<(), Error> {
    let raised = Raised(message.to_string());
    Err(Error::new(ErrorKind::InvalidOperation, raised.to_string()).with_source(raised))
}

/// The words of a template that refused, if that is what an error is.
pub(super) fn raised(error: &minijinja::Error) -> Option<&str> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(raised) = error.downcast_ref::<Raised>() {
            return Some(&raised.0);
        }
        cause = error.source();
    }
    None
}

/// The value itself, unless it is deeper than [`DEEPEST`] or has more in it than there is work left for, what
/// is in it twice counted twice. `within` is whether it becomes part of a namespace, which may then not be in
/// it.
fn bounded(state: &mut State, value: Value, within: bool) -> Result<Value, Error> {
    // What is gone through only later would then find what was assigned meanwhile.
    let value = match value.kind() {
        ValueKind::Iterable if within => value.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?.into(),
        _ => value,
    };
    if within && is_namespace(&value) {
        return Err(error("a namespace cannot be part of another"));
    }
    walk(state, &value, 0)?;
    Ok(value)
}

/// Goes through all that is in a value, unless it is too deep or too much.
fn walk(state: &State, value: &Value, depth: usize) -> Result<(), Error> {
    let is_map = value.kind() == ValueKind::Map;
    if !is_map && value.kind() != ValueKind::Seq {
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(error(format!("lists and mappings are deeper than {DEEPEST}")));
    }
    for item in value.try_iter()?.checked() {
        let item = if is_map { value.get_item(&item?)? } else { item? };
        state.consume_fuel(1)?;
        if is_namespace(&item) || item.kind() == ValueKind::Iterable {
            return Err(error("a list or mapping has a namespace or an iterator in it"));
        }
        walk(state, &item, depth + 1)?;
    }
    Ok(())
}

fn is_namespace(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("Namespace"))
}

fn error(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, cause.into())
}

/// Whole numbers from the first on, or from 0, below the next, at a distance. Every one is paid for: two
/// ranges are compared in one step.
fn range(
    state: &mut State,
    first: isize,
    next: Option<isize>,
    distance: Option<isize>,
) -> Result<Value, Error> {
    let range = functions::range(first, next, distance)?;
    state.consume_fuel(range.len().unwrap_or_default() as u64)?;
    Ok(range)
}

/// A text without what Python calls space, or without other characters, at both ends.
fn trim(state: &mut State, value: &Value, characters: Rest<Value>) -> Result<Value, Error> {
    let text = state.format(value.clone())?;
    methods::strip(&text, "strip", &characters)
}

/// A text whose lines are set in, but for the first and for empty ones, unless `first` and `blank` say so.
fn indent(state: &mut State, value: &Value, arguments: Rest<Value>, named: Kwargs) -> Result<String, Error> {
    let text = state.format(value.clone())?;
    let argument = |index: usize, name| match arguments.get(index) {
        Some(value) => Ok(Some(value.clone())),
        None => named.get::<Option<Value>>(name),
    };
    let (width, first, blank) = (argument(0, "width")?, argument(1, "first")?, argument(2, "blank")?);
    named.assert_all_used()?;
    let margin = match width {
        None => " ".repeat(4),
        Some(width) => match width.as_str() {
            Some(margin) => margin.to_owned(),
            None => methods::spaces(state, width)?,
        },
    };
    let [first, blank] = [first, blank].map(|flag| flag.is_some_and(|flag| flag.is_true()));
    let text = text + "\n";
    let lines = methods::lines(&text, false);
    state.consume_fuel((lines.len() * (1 + margin.len() / 64)) as u64)?;
    let mut indented = String::with_capacity(text.len());
    for (index, line) in lines.into_iter().enumerate() {
        if index > 0 {
            indented.push('\n');
        }
        if if index == 0 { first } else { blank || !line.is_empty() } {
            indented.push_str(&margin);
        }
        indented.push_str(line);
    }
    Ok(indented)
}

/// A whole number: of one with a fraction what is before it, of a text what it says, `default` or 0 where it
/// says none.
fn int(value: &Value, default: Option<Value>) -> Value {
    let number = match value.as_str() {
        Some(text) => {
            let text = text.trim();
            text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from)).ok()
        }
        None => Some(value.clone()),
    };
    let whole = |number: Value| match f64::try_from(number.clone()) {
        _ if number.is_integer() || number.kind() == ValueKind::Bool => i64::try_from(number).ok(),
        Ok(number) if number.is_finite() => Some(number.trunc() as i64),
        _ => None,
    };
    number.and_then(whole).map(Value::from).or(default).unwrap_or_else(|| Value::from(0))
}

/// Whether it can be called: a function or a macro.
fn is_callable(value: &Value) -> bool {
    value.kind() == ValueKind::Plain
}

/// Whether Python could go through it; through what is undefined Jinja can.
fn is_iterable(value: &Value) -> bool {
    !value.is_none() && value.try_iter().is_ok()
}

/// Whether it has a length and items, as Jinja asks: texts and mappings have.
fn is_sequence(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Undefined | ValueKind::String | ValueKind::Seq | ValueKind::Map)
}
