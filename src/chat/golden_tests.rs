//! Templates, conversations and expressions against what transformers makes of them.

use serde_json::Value;

use super::*;

fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/chat/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn messages(list: &Value) -> Vec<Message> {
    let message = |fields: &Value| {
        let mut others = fields.as_object().unwrap().clone();
        let mut text = |name| others.remove(name).unwrap().as_str().unwrap().to_owned();
        Message { role: text("role"), content: text("content"), others }
    };
    list.as_array().unwrap().iter().map(message).collect()
}

fn tokens() -> SpecialTokens {
    [("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")]
        .into_iter()
        .collect()
}

#[test]
fn published_forms_of_templates_are_rendered_as_transformers_renders_them() {
    let (rendered, conversations) = (fixture("rendered.json"), fixture("conversations.json"));
    let (mut texts, mut refusals) = (0, 0);
    for (name, by_conversation) in rendered.as_object().unwrap() {
        let path = format!("{}/tests/fixtures/chat/templates/{name}.jinja", env!("CARGO_MANIFEST_DIR"));
        let template = ChatTemplate::new(std::fs::read_to_string(path).unwrap(), tokens(), name).unwrap();
        for (title, expected) in by_conversation.as_object().unwrap() {
            let messages = messages(&conversations[title]);
            let ours = [false, true].map(|prompt| template.render(&messages, prompt));
            if let Some(refusal) = expected.get("raises") {
                let error = ours.into_iter().find_map(Result::err).unwrap().to_string();
                assert!(error.contains(refusal.as_str().unwrap()), "{name}, {title}: {error}");
                refusals += 1;
                continue;
            }
            for (ours, expected) in ours.into_iter().zip(expected.as_array().unwrap()) {
                let ours = ours.unwrap_or_else(|error| panic!("{name}, {title}: {error}"));
                assert_eq!(ours, expected.as_str().unwrap(), "{name}, {title}");
                texts += 1;
            }
        }
    }
    assert!(rendered.as_object().unwrap().len() >= 14 && texts > 500 && refusals > 10, "{texts}, {refusals}");
}

#[test]
fn expressions_mean_what_they_mean_to_transformers() {
    let fixture = fixture("expressions.json");
    let (before, messages) = (fixture["before"].as_str().unwrap(), messages(&fixture["messages"]));
    let mut wrong = Vec::new();
    let expressions = fixture["expressions"].as_array().unwrap();
    for expression in expressions {
        let (source, expected) = (expression[0].as_str().unwrap(), expression[1].as_str());
        let template = ChatTemplate::new(format!("{before}{source}"), tokens(), "t");
        let ours = template.and_then(|template| template.render(&messages, true));
        if ours.as_deref().ok() != expected {
            wrong.push(format!("{source}\n  ours {ours:?}\n  theirs {expected:?}"));
        }
    }
    assert!(wrong.is_empty() && expressions.len() > 150, "{}", wrong.join("\n"));
}
