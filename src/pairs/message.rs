//! Messages as data sets write them: with `role` and `content`, or as ShareGPT has them with `from` and
//! `value`.

use serde_json::{Map, Value};

use super::problem::{Fault, Problem};
use crate::chat::Message;

/// Roles by the names they go by, each with the one that templates know.
const ROLES: [(&str, &str); 15] = [
    ("assistant", "assistant"),
    ("bot", "assistant"),
    ("chatbot", "assistant"),
    ("chatgpt", "assistant"),
    ("gpt", "assistant"),
    ("model", "assistant"),
    ("developer", "developer"),
    ("function", "function"),
    ("ipython", "ipython"),
    ("system", "system"),
    ("tool", "tool"),
    ("user", "user"),
    ("human", "user"),
    ("prompter", "user"),
    ("instruction", "user"),
];

/// The messages of a list, of the field `name`.
///
/// # Errors
/// The first that is no message: without a role or a text, with a role that is unknown, with a picture.
pub(super) fn messages(list: &[Value], name: &str) -> Result<Vec<Message>, Problem> {
    let message = |(index, value): (usize, &Value)| {
        message(value).map_err(|cause| {
            let cause = format!("has in `{name}` a message ({}) {cause}", index + 1);
            let help = "a message has a `role`, such as user or assistant, and a text as its `content`";
            Problem::new(Fault::Message, cause, help)
        })
    };
    list.iter().enumerate().map(message).collect()
}

/// One message, or what is wrong with it.
fn message(value: &Value) -> Result<Message, String> {
    let fields = value.as_object().ok_or("that is no object")?;
    let named = |names: [&'static str; 2]| {
        names
            .into_iter()
            .find_map(|name| Some((name, fields.get(name)?)))
            .ok_or(format!("without `{}`", names[0]))
    };
    let (role_name, role) = named(["role", "from"])?;
    let role = role.as_str().ok_or_else(|| format!("whose `{role_name}` is no text"))?;
    let known = ROLES.iter().find(|(name, _)| role.eq_ignore_ascii_case(name));
    let (_, role) = known.ok_or_else(|| format!("of the role `{}`, which is unknown", short(role)))?;
    let (content_name, content) = named(["content", "value"])?;
    let content = content_text(content, content_name)?;
    let others = fields.iter().filter(|(name, _)| **name != role_name && **name != content_name);
    let others: Map<_, _> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Message { role: (*role).to_owned(), content, others })
}

/// What a message says: a text, or parts of text, which stand below each other; nothing where it calls a
/// tool.
fn content_text(content: &Value, name: &str) -> Result<String, String> {
    let part = |part: &Value| match (part, part.get("text"), part.get("type").and_then(Value::as_str)) {
        (Value::String(text), ..) | (_, Some(Value::String(text)), None | Some("text")) => Ok(text.clone()),
        (.., Some(other)) => Err(format!("with a part of the type `{}`, which is no text", short(other))),
        _ => Err("with a part that is no text".to_owned()),
    };
    match content {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        Value::Array(parts) => Ok(parts.iter().map(part).collect::<Result<Vec<_>, _>>()?.join("\n")),
        _ => Err(format!("whose `{name}` is no text")),
    }
}

/// A name as messages show it.
pub(super) fn short(name: &str) -> String {
    name.chars().take(40).collect::<String>().escape_debug().to_string()
}
