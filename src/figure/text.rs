//! How wide text is, guessed: a figure is laid out before any font is known.
//!
//! A reader's browser may set the text in another font than the PNG's, so the guess follows the widest
//! of the usual sans-serif faces, DejaVu Sans; layouts made with it have room to spare and never touch.

/// The guessed width in pixels of a line of text, `size` pixels an em.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(advance).sum::<f32>() * size
}

/// `text` cut in the middle with an ellipsis until it is at most `limit` pixels wide; both ends tell most.
pub(super) fn elide(text: &str, size: f32, limit: f32) -> String {
    // Names come from folders: a line break or another control character has no width and no meaning here.
    let clean: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let whole: String = clean.iter().collect();
    if width(&whole, size) <= limit {
        return whole;
    }
    let (mut head, mut tail) = (String::new(), Vec::new());
    let mut left = limit - advance('…') * size;
    for i in 0..clean.len() {
        let next = if i % 2 == 0 { clean[i / 2] } else { clean[clean.len() - 1 - i / 2] };
        left -= advance(next) * size;
        if left < 0.0 {
            break;
        }
        if i % 2 == 0 { head.push(next) } else { tail.push(next) }
    }
    head.push('…');
    head.extend(tail.into_iter().rev());
    head
}

/// `text` broken between words into lines of at most `limit` pixels; a longer word is elided.
pub(super) fn wrap(text: &str, size: f32, limit: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(word, size) + advance(' ') * size <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(elide(word, size, limit)),
        }
    }
    lines
}

/// What is written for a character: a space for one that breaks lines, and U+FFFD for what XML 1.0 cannot say, not
/// even escaped: other control characters and two more.
pub(super) fn writable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => '\u{fffd}',
        c => c,
    }
}

/// A text as SVG sets it: on one line, with no space at its ends and one at most between two words.
pub(super) fn set_in_one_line(text: &str) -> String {
    let written: String = text.chars().map(writable).collect();
    written.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The guessed advance of a character, in ems.
fn advance(c: char) -> f32 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '·' => 0.33,
        'f' | 't' | 'r' | '-' | '/' | '"' | '(' | ')' | '[' | ']' => 0.41,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' | '=' => 0.92,
        'A'..='Z' => 0.71,
        // Scripts from Hangul and CJK on are set in full squares.
        '\u{1100}'.. => 1.0,
        _ => 0.62,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        let name = "stage2-ingredient1-step11931-tokens50B";
        let short = elide(name, 12.0, 120.0);
        assert!(short.starts_with("stage2") && short.ends_with("50B") && short.contains('…'), "{short}");
        assert!(width(&short, 12.0) <= 120.0);
        assert_eq!(elide("a\nb", 12.0, 120.0), "a b");
        assert_eq!(elide("abc", 12.0, 0.0), "…");
    }

    #[test]
    fn captions_wrap_between_words() {
        let lines = wrap("one two three four five", 10.0, 60.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 10.0) <= 60.0), "{lines:?}");
        assert_eq!(lines.join(" "), "one two three four five");
        assert!(wrap("", 10.0, 60.0).is_empty());
    }
}
