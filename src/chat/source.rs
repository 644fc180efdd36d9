//! A template's source as minijinja takes it.
//!
//! Blocks of `generation`, by which templates mark what a model is trained on, are known only to Jinja as
//! transformers extends it; what they enclose is rendered as it stands. They become blocks of `with`, which
//! close off variables as they do. Marks that strip what is around, `-` and `+`, stay where they are, and so
//! does every line.
//!
//! What is given a name goes through [`super::functions::BOUNDED`], since that is how a template grows
//! values: without it some kilobytes of source make lists a million deep, or hold themselves, and a
//! comparison of two such never ends.

use super::functions::BOUNDED;

/// The most that one tag may say, in bytes without those of its strings: the time to read one grows with its
/// square.
pub(super) const LONGEST_TAG: usize = 4 << 10;

/// What is done to a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rewriting {
    /// Blocks and marks alone: the same expressions, so that what is no template still is none.
    Blocks,
    /// What is given a name too. Only of a source that is a template with its blocks rewritten: brackets
    /// within an expression would else reach across its end.
    BlocksAndNames,
}

/// A source that says the same in what minijinja knows.
///
/// # Errors
/// The line of a tag that is longer than [`LONGEST_TAG`].
pub(super) fn rewrite(source: &str, rewriting: Rewriting) -> Result<String, usize> {
    let mut rewritten = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find('{') {
        let (before, tag) = rest.split_at(start);
        rewritten.push_str(before);
        let (length, said) = match tag.as_bytes().get(1) {
            Some(b'#') => (tag.find("#}").map_or(tag.len(), |end| end + 2), 0),
            Some(b'{') => until(tag, "}}"),
            Some(b'%') => until(tag, "%}"),
            _ => (1, 0),
        };
        if said > LONGEST_TAG {
            return Err(1 + source[..source.len() - rest.len() + start].matches('\n').count());
        }
        let (tag, behind) = tag.split_at(length);
        rest = behind;
        let Some((open, inside, close)) = parts(tag) else {
            rewritten.push_str(tag);
            continue;
        };
        match inside.trim() {
            "raw" => {
                // Jinja does not trim the end of the line behind it.
                rewritten.push_str(tag.strip_suffix("%}").unwrap_or(tag));
                rewritten.push_str(if close == "%}" { "+%}" } else { "%}" });
                let raw;
                (raw, rest) = rest.split_at(end_of_raw(rest));
                rewritten.push_str(raw);
            }
            "generation" => rewritten.push_str(&tag.replacen("generation", "with", 1)),
            "endgeneration" => rewritten.push_str(&tag.replacen("endgeneration", "endwith", 1)),
            _ if rewriting == Rewriting::Blocks => rewritten.push_str(tag),
            _ => match bounded(inside) {
                Some(inside) => [open, &inside, close].iter().for_each(|part| rewritten.push_str(part)),
                None => with_bound_names(open, inside, close, &mut rewritten),
            },
        }
    }
    rewritten.push_str(rest);
    Ok(rewritten)
}

/// How long a tag is until `end`, which does not count within strings and brackets, or to the end of the text
/// if that never comes; and how much of it is outside of strings.
fn until(tag: &str, end: &str) -> (usize, usize) {
    let (mut rest, mut depth, mut said) = (&tag[2..], 0usize, 0);
    while let Some(c) = rest.chars().next() {
        if depth == 0 && rest.starts_with(end) {
            return (tag.len() - rest.len() + end.len(), said);
        }
        said += c.len_utf8();
        rest = &rest[c.len_utf8()..];
        match c {
            '"' | '\'' => rest = behind_string(rest, c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (tag.len(), said)
}

/// What follows a string whose first quote was read.
fn behind_string(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return &text[index + 1..],
            _ => {}
        }
    }
    ""
}

/// The tag of a block: its beginning with its mark, what it says, and its end with its mark.
fn parts(tag: &str) -> Option<(&str, &str, &str)> {
    let inside = tag.strip_prefix("{%")?.strip_suffix("%}")?;
    let start = 2 + usize::from(inside.starts_with(['-', '+']));
    let end = tag.len() - 2 - usize::from(inside.len() > start - 2 && inside.ends_with(['-', '+']));
    Some((&tag[..start], &tag[start..end], &tag[end..]))
}

/// The inside of a tag that assigns, with what it assigns kept within bounds.
fn bounded(inside: &str) -> Option<String> {
    let target = inside.trim_start().strip_prefix("set")?.strip_prefix(char::is_whitespace)?;
    let end = target.find(|c: char| !(is_of_word(c) || c.is_whitespace() || ".,()".contains(c)));
    match end.map(|end| &target[end..]) {
        Some(value) if value.starts_with('=') => {
            let (before, value) = (&inside[..inside.len() - value.len()], &value[1..]);
            // What has a dot is within a namespace.
            let within = target[..end.unwrap_or_default()].contains('.');
            Some(format!("{before}=({value})|{BOUNDED}({within}) "))
        }
        // A block goes through filters.
        Some(filters) if filters.starts_with('|') => Some(format!("{inside}|{BOUNDED}(true) ")),
        _ => None,
    }
}

/// Writes a tag, and behind it the assignments that keep within bounds what it names: the items of a loop,
/// what a macro is called with.
fn with_bound_names(open: &str, inside: &str, close: &str, rewritten: &mut String) {
    let names = named(inside);
    [open, inside].iter().for_each(|part| rewritten.push_str(part));
    for name in names {
        // The mark that strips what follows goes to the last tag.
        rewritten.push_str("%}{% ");
        rewritten.push_str(&format!("set {name}=({name})|{BOUNDED}(false) "));
    }
    rewritten.push_str(close);
}

/// The names that a tag gives to values, but for those of `set`.
fn named(inside: &str) -> Vec<&str> {
    let (keyword, rest) = word(inside.trim_start());
    let rest = rest.trim_start();
    match keyword {
        "for" => {
            let words = rest.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty());
            words.take_while(|word| *word != "in").collect()
        }
        "with" => parameters(rest),
        "call" => rest.strip_prefix('(').map(parameters).unwrap_or_default(),
        "macro" => word(rest).1.trim_start().strip_prefix('(').map(parameters).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The names in a list of them, each perhaps with a value, up to its end or the bracket that closes it.
fn parameters(list: &str) -> Vec<&str> {
    let (mut names, mut rest, mut depth, mut at_start) = (Vec::new(), list, 0usize, true);
    while let Some(c) = rest.chars().next() {
        if at_start && is_of_word(c) {
            let (name, behind) = word(rest);
            names.push(name);
            (rest, at_start) = (behind, false);
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '"' | '\'' => rest = behind_string(rest, c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' => at_start = depth == 0,
            _ => {}
        }
    }
    names
}

/// The word that a text begins with, and what follows it.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_of_word(c)).unwrap_or(text.len()))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How far it is to the tag that ends a raw part.
fn end_of_raw(text: &str) -> usize {
    let mut tags = text.match_indices("{%");
    let ends = |tag: &str| {
        let tag = tag.find("%}").map(|end| &tag[..end + 2]);
        tag.and_then(parts).is_some_and(|(_, inside, _)| inside.trim() == "endraw")
    };
    tags.find(|(start, _)| ends(&text[*start..])).map_or(text.len(), |(start, _)| start)
}
