//! Dates as Python formats them.

use minijinja::{Error, ErrorKind};

/// The day that templates take for today, so that what is measured does not depend on when: the one that the
/// template of Llama 3 falls back to where it cannot ask, a Friday, at midnight.
pub const TODAY: &str = "2024-07-26";

/// [`TODAY`] in the form of Python's `strftime`, in its locale `C`.
///
/// # Errors
/// A directive that Python has not.
pub(super) fn strftime_now(format: &str) -> Result<String, Error> {
    let mut text = String::with_capacity(format.len());
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let directive = match characters.next() {
            // glibc's mark for numbers without the zero before them.
            Some('-') => characters.next().and_then(bare),
            Some(directive) => padded(directive),
            None => Some("%"),
        };
        let unknown = || Error::new(ErrorKind::InvalidOperation, format!("`{format}` is no form of a date"));
        text.push_str(directive.ok_or_else(unknown)?);
    }
    Ok(text)
}

fn padded(directive: char) -> Option<&'static str> {
    Some(match directive {
        'a' => "Fri",
        'A' => "Friday",
        'b' | 'h' => "Jul",
        'B' => "July",
        'c' => "Fri Jul 26 00:00:00 2024",
        'C' => "20",
        'd' | 'e' => "26",
        'D' | 'x' => "07/26/24",
        'f' => "000000",
        'F' => TODAY,
        'G' | 'Y' => "2024",
        'g' | 'y' => "24",
        'H' | 'M' | 'S' => "00",
        'I' | 'l' => "12",
        'j' => "208",
        'k' => " 0",
        'm' => "07",
        'n' => "\n",
        'p' => "AM",
        'r' => "12:00:00 AM",
        'R' => "00:00",
        't' => "\t",
        'T' | 'X' => "00:00:00",
        'u' | 'w' => "5",
        'U' => "29",
        'V' | 'W' => "30",
        'z' | 'Z' => "",
        '%' => "%",
        _ => return None,
    })
}

fn bare(directive: char) -> Option<&'static str> {
    match directive {
        'm' => Some("7"),
        'H' | 'M' | 'S' | 'k' => Some("0"),
        directive => padded(directive),
    }
}
