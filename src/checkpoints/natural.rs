//! The order in which people read names with numbers in them.

use std::cmp::Ordering;

/// Compares names as people order them: digits by their value, `epoch2` before `epoch10`.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (left_digits, right_digits) = (split_digits(left), split_digits(right));
        if !left_digits.0.is_empty() && !right_digits.0.is_empty() {
            // Compared as text after leading zeros, so that no number is too long.
            let (x, y) = (left_digits.0.trim_start_matches('0'), right_digits.0.trim_start_matches('0'));
            match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
                Ordering::Equal => (left, right) = (left_digits.1, right_digits.1),
                unequal => return unequal,
            }
            continue;
        }
        let (mut left_chars, mut right_chars) = (left.chars(), right.chars());
        match (left_chars.next(), right_chars.next()) {
            // `01` and `1` are equal so far; any fixed order will do.
            (None, None) => return a.cmp(b),
            (x, y) if x == y => (left, right) = (left_chars.as_str(), right_chars.as_str()),
            (x, y) => return x.cmp(&y),
        }
    }
}

/// Splits leading ASCII digits off a text.
fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_count_digits() {
        let mut names = ["b", "a10", "a2", "a", "a2b", "a02", "a100000000000000000000000", "a99", "é1", ""];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            ["", "a", "a02", "a2", "a2b", "a10", "a99", "a100000000000000000000000", "b", "é1"]
        );
    }
}
