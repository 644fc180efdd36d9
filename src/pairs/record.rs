//! Records of the layouts that are in use to pairs.
//!
//! | layout | fields |
//! |---|---|
//! | Tulu 3, Zephyr | `chosen` and `rejected` as whole conversations; a `prompt` repeats their beginning |
//! | trl, conversational | `prompt` as messages, `chosen` and `rejected` as what follows |
//! | trl, plain | `prompt`, `chosen` and `rejected` as texts |
//! | HH-RLHF | `chosen` and `rejected` as whole transcripts, or what follows a `prompt` that is one |
//! | Orca | `system`, `question`, `chosen` and `rejected` as texts |
//! | ShareGPT | `conversations`, and one message each as `chosen` and `rejected` |

use serde_json::{Map, Value};

use super::message::{messages, short};
use super::problem::{Fault, Problem};
use super::transcript;
use super::{Pair, Rendered, Side};
use crate::chat::Message;

/// The names of the fields, the usual one first.
const CHOSEN: &[&str] = &["chosen", "chosen_response"];
const REJECTED: &[&str] = &["rejected", "rejected_response"];
const PROMPT: &[&str] = &["prompt", "question", "instruction", "conversations", "messages"];
const SYSTEM: &[&str] = &["system", "system_prompt"];
/// The names that a problem lists of what a record has.
const NAMES_SHOWN: usize = 8;

/// What a field says.
enum Said {
    Text(String),
    Messages(Vec<Message>),
}

/// The pair of a record.
///
/// # Errors
/// What the record lacks: a field, a message's role or text, something said on either side, or a difference
/// between the sides.
pub fn pair(mut record: Map<String, Value>) -> Result<Pair, Problem> {
    let absent = [(CHOSEN, "chosen"), (REJECTED, "rejected")].into_iter();
    let absent: Vec<_> =
        absent.filter(|(names, _)| find(&record, names).is_none()).map(|(_, name)| name).collect();
    if let Some(name) = absent.first() {
        let mut names: Vec<_> =
            record.keys().take(NAMES_SHOWN).map(|name| format!("`{}`", short(name))).collect();
        if record.len() > NAMES_SHOWN {
            names.push("…".to_owned());
        }
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let help = format!("pairs have `prompt`, `chosen` and `rejected`; its fields are {has}");
        return Err(Problem::new(Fault::Layout, format!("has no `{name}`"), help));
    }
    let prompt = take(&mut record, PROMPT)?;
    let system = match take(&mut record, SYSTEM)? {
        Some(Said::Text(system)) if !system.trim().is_empty() => Some(system),
        _ => None,
    };
    let mut side = |names| {
        let answer = take(&mut record, names)?.ok_or_else(|| empty(names[0]))?;
        let side = side(prompt.as_ref(), system.as_deref(), answer);
        checked(side, names[0])
    };
    let (chosen, rejected) = (side(CHOSEN)?, side(REJECTED)?);
    if chosen == rejected {
        return Err(Problem::new(Fault::Equal, "is the same on both sides", "leave it out"));
    }
    Ok(Pair { chosen, rejected, fields: record })
}

/// The first of some fields that there is and that is not null.
fn find(record: &Map<String, Value>, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| record.get(*name).is_some_and(|value| !value.is_null()))
}

/// What the first of some fields says, which is taken from the record.
fn take(record: &mut Map<String, Value>, names: &[&'static str]) -> Result<Option<Said>, Problem> {
    let Some(name) = find(record, names) else { return Ok(None) };
    match record.remove(name) {
        Some(Value::String(text)) => Ok(Some(Said::Text(text))),
        Some(Value::Array(list)) => messages(&list, name).map(|messages| Some(Said::Messages(messages))),
        Some(message @ Value::Object(_)) => {
            messages(&[message], name).map(|messages| Some(Said::Messages(messages)))
        }
        _ => {
            let cause = format!("has as `{name}` neither a text nor messages");
            Err(Problem::new(
                Fault::Layout,
                cause,
                "a side is a text, or a list of messages with `role` and `content`",
            ))
        }
    }
}

/// A conversation that ends with an answer.
fn side(prompt: Option<&Said>, system: Option<&str>, answer: Said) -> Side {
    let mut side = match (prompt, answer) {
        (None, Said::Text(answer)) => transcript(answer),
        (None, Said::Messages(answer)) => Side { messages: answer, plain: None },
        (Some(Said::Text(prompt)), Said::Text(answer)) => answered(prompt, &answer),
        (Some(Said::Text(prompt)), Said::Messages(mut answer)) => {
            // A whole conversation has the prompt in it.
            if answer.first().is_some_and(|first| first.role == "assistant") {
                answer.insert(0, Message::new("user", prompt));
            }
            Side { messages: answer, plain: None }
        }
        (Some(Said::Messages(prompt)), answer) => {
            let answer = match answer {
                Said::Text(answer) => vec![Message::new("assistant", answer)],
                Said::Messages(answer) => answer,
            };
            let whole = answer.len() > prompt.len() && answer.starts_with(prompt);
            let messages = if whole { answer } else { [prompt.clone(), answer].concat() };
            Side { messages, plain: None }
        }
    };
    if let Some(system) = system.filter(|_| side.messages.first().is_some_and(|first| first.role != "system"))
    {
        side.messages.insert(0, Message::new("system", system));
        if let Some(plain) = &mut side.plain {
            let before = format!("{system}\n\n");
            plain.text.insert_str(0, &before);
            plain.prefix += before.len();
        }
    }
    side
}

/// A text that is a whole conversation, or nothing but an answer.
fn transcript(text: String) -> Side {
    let (messages, prefix) =
        transcript::turns(&text).unwrap_or_else(|| (vec![Message::new("assistant", text.clone())], 0));
    Side { messages, plain: Some(Rendered { text, prefix }) }
}

/// A prompt that is a text, a question or a whole transcript, with its answer.
fn answered(prompt: &str, answer: &str) -> Side {
    let messages = match transcript::turns(prompt) {
        Some((mut turns, _)) => {
            // The prompt's end only says whose turn it is.
            if turns.last().is_some_and(|last| last.role == "assistant" && last.content.is_empty()) {
                turns.pop();
            }
            turns.push(Message::new("assistant", answer.trim()));
            turns
        }
        None => vec![Message::new("user", prompt), Message::new("assistant", answer)],
    };
    Side { messages, plain: Some(Rendered { text: format!("{prompt}{answer}"), prefix: prompt.len() }) }
}

/// A side that ends with an answer that says something.
fn checked(side: Side, name: &str) -> Result<Side, Problem> {
    let Some(last) = side.messages.last() else { return Err(empty(name)) };
    if last.role != "assistant" {
        let cause = format!("has a `{name}` that ends with a message of the role {}", last.role);
        return Err(Problem::new(Fault::Message, cause, "a side ends with an answer, of the role assistant"));
    }
    let calls = last.others.get("tool_calls").is_some_and(|calls| !calls.is_null());
    if last.content.trim().is_empty() && !calls {
        return Err(empty(name));
    }
    Ok(side)
}

fn empty(name: &str) -> Problem {
    Problem::new(Fault::Empty, format!("has an empty answer in `{name}`"), "leave it out, or give it one")
}
