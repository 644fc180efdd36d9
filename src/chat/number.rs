//! Numbers as Python writes them.

use minijinja::value::ValueKind;
use minijinja::{Error, Output, State, Value, escape_formatter};

/// Writes a value where a template prints one.
pub(super) fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match float(value) {
        Some(number) => out.write_str(&text(number)).map_err(Error::from),
        None => escape_formatter(out, state, value),
    }
}

/// The value of a number with a fraction, 1.0 also being one.
pub(super) fn float(value: &Value) -> Option<f64> {
    let number = value.kind() == ValueKind::Number && !value.is_integer();
    if number { f64::try_from(value.clone()).ok() } else { None }
}

/// A number as Python's `repr` has it: the shortest digits that read back the same, with an exponent below
/// 1e-4 and from 1e16 on.
pub(super) fn text(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => scientific,
    }
}
