//! Conversations written as one text, as in HH-RLHF: each turn begins with an empty line and who speaks.

use crate::chat::Message;

/// What a turn begins with, and whose it is.
const TURNS: [(&str, &str); 3] =
    [("\n\nHuman:", "user"), ("\n\nAssistant:", "assistant"), ("\n\nSystem:", "system")];

/// The turns of a text, with the byte where what is said in the last one begins; `None` where the text does
/// not begin with a turn.
pub(super) fn turns(text: &str) -> Option<(Vec<Message>, usize)> {
    // The very first turn may lack its empty line.
    let bare = || TURNS.iter().find_map(|(mark, role)| Some((bare_length(text, mark)?, *role)));
    let (mut start, mut role) = first(text).or_else(bare)?;
    let mut messages = Vec::new();
    loop {
        let said = &text[start..];
        let next = said.match_indices("\n\n").find_map(|(index, _)| Some((index, first(&said[index..])?)));
        let Some((end, (length, next))) = next else {
            messages.push(Message::new(role, said.trim()));
            return Some((messages, start));
        };
        messages.push(Message::new(role, said[..end].trim()));
        (role, start) = (next, start + end + length);
    }
}

/// How long the mark is that a text begins with, and whose turn that is.
fn first(text: &str) -> Option<(usize, &'static str)> {
    TURNS.iter().find_map(|(mark, role)| text.starts_with(mark).then_some((mark.len(), *role)))
}

fn bare_length(text: &str, mark: &str) -> Option<usize> {
    let mark = mark.trim_start();
    text.starts_with(mark).then_some(mark.len())
}
