//! A turn of a conversation.

use minijinja::Value;
use minijinja::value::Serde;
use serde_json::Map;

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks: `user`, `assistant`, `system`.
    pub role: String,
    /// What is said.
    pub content: String,
    /// What else the template may ask of it, such as `name` or `tool_calls`, by name.
    pub others: Map<String, serde_json::Value>,
}

impl Message {
    /// A turn with nothing but a role and what is said.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into(), others: Map::new() }
    }

    /// Its size, in bytes, roughly.
    pub(super) fn size(&self) -> u64 {
        let others: usize =
            self.others.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
        (self.role.len() + self.content.len() + others) as u64
    }

    /// As a template sees it: fields that are null are absent, and what was thought before an answer has the
    /// two names that templates know.
    pub(super) fn value(&self) -> Value {
        let thought = ["reasoning_content", "thinking", "reasoning"];
        let thought = thought.iter().find_map(|name| self.others.get(*name).filter(|value| !value.is_null()));
        let mut fields: Vec<(&str, Value)> =
            vec![("role", (&*self.role).into()), ("content", (&*self.content).into())];
        let others = self.others.iter().filter(|(_, value)| !value.is_null());
        fields.extend(others.map(|(name, value)| (&**name, Serde(value).into())));
        if let Some(thought) = thought.map(|value| Value::from(Serde(value))) {
            fields.retain(|(name, _)| *name != "reasoning_content");
            if !self.others.contains_key("thinking") {
                fields.insert(0, ("thinking", thought.clone()));
            }
            fields.push(("reasoning_content", thought));
        }
        Value::from_pairs(fields)
    }
}
