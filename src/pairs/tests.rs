use serde_json::{Value, json};

use super::*;
use crate::chat::{ChatTemplate, SpecialTokens};
use crate::settings::PairPositions;

fn pair_of(record: Value) -> Result<Pair, Problem> {
    let Value::Object(record) = record else { panic!("a record is an object") };
    pair(record)
}

/// A side as `role: content` a message, `|` between them.
fn told(side: &Side) -> String {
    let told = side.messages.iter().map(|message| format!("{}: {}", message.role, message.content));
    told.collect::<Vec<_>>().join(" | ")
}

fn template() -> ChatTemplate {
    let source = "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}\
                  {{ eos_token if m.role == 'assistant' }}\n\
                  {% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
    ChatTemplate::new(source, [("eos_token", "</s>")].into_iter().collect(), "t").unwrap()
}

/// The plain text of the chosen side, with a mark where its last message begins.
fn plain(pair: &Pair) -> String {
    let [chosen, _] = render(pair, None).unwrap();
    let (before, last) = chosen.text.split_at(chosen.prefix);
    format!("{before}^{last}")
}

#[test]
fn layouts_in_use_say_the_same() {
    let user = json!({"role": "user", "content": "Q?"});
    let answer = |text: &str| json!({"role": "assistant", "content": text});
    let whole = |text: &str| json!([user, answer(text)]);
    for (record, text) in [
        // Tulu 3 and UltraFeedback.
        (json!({"id": "7", "prompt": "Q?", "chosen": whole("A"), "rejected": whole("B")}), "Q?\n\n^A"),
        (json!({"chosen": whole("A"), "rejected": whole("B"), "score_chosen": 8.5}), "Q?\n\n^A"),
        // trl's.
        (json!({"prompt": [user], "chosen": [answer("A")], "rejected": [answer("B")]}), "Q?\n\n^A"),
        (json!({"prompt": [user], "chosen": whole("A"), "rejected": whole("B")}), "Q?\n\n^A"),
        (json!({"prompt": [user], "chosen": "A", "rejected": "B"}), "Q?\n\n^A"),
        (json!({"prompt": "Q?", "chosen": [answer("A")], "rejected": [answer("B")]}), "Q?\n\n^A"),
        (json!({"prompt": "Q?", "chosen": "A", "rejected": "B"}), "Q?^A"),
        (json!({"instruction": "Q?", "chosen_response": "A", "rejected_response": "B"}), "Q?^A"),
        // Orca's, its system left empty.
        (json!({"system": "", "question": "Q?", "chosen": "A", "rejected": "B"}), "Q?^A"),
        // HH-RLHF.
        (
            json!({"chosen": "\n\nHuman: Q?\n\nAssistant: A", "rejected": "\n\nHuman: Q?\n\nAssistant: B"}),
            "\n\nHuman: Q?\n\nAssistant:^ A",
        ),
        (
            json!({"prompt": "\n\nHuman: Q?\n\nAssistant:", "chosen": " A", "rejected": " B"}),
            "\n\nHuman: Q?\n\nAssistant:^ A",
        ),
        // ShareGPT's.
        (
            json!({"conversations": [{"from": "human", "value": "Q?"}],
                   "chosen": {"from": "gpt", "value": "A"},
                   "rejected": {"from": "gpt", "value": "B"}}),
            "Q?\n\n^A",
        ),
        // In parts.
        (
            json!({"chosen": [{"role": "user", "content": [{"type": "text", "text": "Q?"}]}, answer("A")],
                   "rejected": [{"role": "user", "content": ["Q?"]}, answer("B")]}),
            "Q?\n\n^A",
        ),
    ] {
        let pair = pair_of(record.clone()).unwrap_or_else(|problem| panic!("{record}: {problem}"));
        assert_eq!(told(&pair.chosen), "user: Q? | assistant: A", "{record}");
        assert_eq!(told(&pair.rejected), "user: Q? | assistant: B", "{record}");
        assert_eq!(plain(&pair), text, "{record}");
        let [chosen, rejected] = render(&pair, Some(&template())).unwrap();
        assert_eq!(chosen, Rendered { text: "<user>Q?\n<assistant>A</s>\n".into(), prefix: 20 }, "{record}");
        assert_eq!(
            rejected,
            Rendered { text: "<user>Q?\n<assistant>B</s>\n".into(), prefix: 20 },
            "{record}"
        );
    }
}

#[test]
fn what_else_a_record_has_is_kept() {
    let record = json!({"prompt": "Q?", "chosen": "A", "rejected": "B", "source": "web", "score": 2});
    assert_eq!(Value::Object(pair_of(record).unwrap().fields), json!({"source": "web", "score": 2}));
}

#[test]
fn a_system_of_its_own_comes_first_once() {
    let record = json!({"system": "Be kind.", "question": "Q?", "chosen": "A", "rejected": "B"});
    let pair = pair_of(record).unwrap();
    assert_eq!(told(&pair.rejected), "system: Be kind. | user: Q? | assistant: B");
    assert_eq!(plain(&pair), "Be kind.\n\nQ?^A");
    let message = |role: &str, text: &str| json!({"role": role, "content": text});
    let whole =
        |text: &str| json!([message("system", "S"), message("user", "Q?"), message("assistant", text)]);
    let record = json!({"system": "Be kind.", "chosen": whole("A"), "rejected": whole("B")});
    assert_eq!(told(&pair_of(record).unwrap().chosen), "system: S | user: Q? | assistant: A");
}

#[test]
fn transcripts_of_many_turns_are_parted() {
    let text = "Human: 1\n\nmore\n\nAssistant: 2\n\nHuman: 3\n\nAssistant: A\n\nB";
    let record = json!({"chosen": text, "rejected": "C"});
    let pair = pair_of(record).unwrap();
    assert_eq!(told(&pair.chosen), "user: 1\n\nmore | assistant: 2 | user: 3 | assistant: A\n\nB");
    assert_eq!(plain(&pair), "Human: 1\n\nmore\n\nAssistant: 2\n\nHuman: 3\n\nAssistant:^ A\n\nB");
    assert_eq!(told(&pair.rejected), "assistant: C");
}

#[test]
fn records_that_are_no_pairs_say_why() {
    let user = json!({"role": "user", "content": "Q?"});
    let messages = |role: &str, content: Value| json!([user, {"role": role, "content": content}]);
    let with = |chosen: Value| json!({"chosen": chosen, "rejected": messages("assistant", json!("B"))});
    for (record, fault, words) in [
        (
            json!({}),
            Fault::Layout,
            "has no `chosen`; pairs have `prompt`, `chosen` and `rejected`; its fields are none",
        ),
        (json!({"text": "x", "chosen": "A"}), Fault::Layout, "has no `rejected`"),
        (json!({"prompt": "Q", "chosen": null, "rejected": "B"}), Fault::Layout, "has no `chosen`"),
        (json!({"prompt": "Q", "chosen": 3, "rejected": "B"}), Fault::Layout, "neither a text nor messages"),
        (json!({"prompt": "Q", "chosen": "A", "rejected": "A"}), Fault::Equal, "same on both sides"),
        (
            json!({"prompt": "Q", "chosen": "A", "rejected": " \n"}),
            Fault::Empty,
            "empty answer in `rejected`",
        ),
        (with(json!([])), Fault::Empty, "empty answer in `chosen`"),
        (with(messages("assistant", json!(""))), Fault::Empty, "empty answer in `chosen`"),
        (with(messages("assistant", Value::Null)), Fault::Empty, "empty answer in `chosen`"),
        (
            with(messages("narrator", json!("A"))),
            Fault::Message,
            "(2) of the role `narrator`, which is unknown",
        ),
        (with(messages("user", json!("A"))), Fault::Message, "ends with a message of the role user"),
        (with(messages("assistant", json!(3))), Fault::Message, "whose `content` is no text"),
        (with(json!([{"content": "A"}])), Fault::Message, "a message (1) without `role`"),
        (with(json!([{"role": "assistant"}])), Fault::Message, "a message (1) without `content`"),
        (with(json!(["A"])), Fault::Message, "that is no object"),
        (
            with(messages("assistant", json!([{"type": "image", "url": "x"}]))),
            Fault::Message,
            "with a part of the type `image`, which is no text",
        ),
    ] {
        let problem = pair_of(record.clone()).unwrap_err();
        assert_eq!(problem.fault, fault, "{record}: {problem}");
        assert!(problem.to_string().contains(words) && !problem.help.is_empty(), "{record}: {problem}");
    }
}

#[test]
fn a_call_of_a_tool_is_an_answer() {
    let record = json!({"prompt": "Q?",
        "chosen": [{"role": "assistant", "content": null, "tool_calls": [{"id": 1}]}],
        "rejected": [{"role": "assistant", "content": "B"}]});
    assert_eq!(told(&pair_of(record).unwrap().chosen), "user: Q? | assistant: ");
}

#[test]
fn pairs_that_a_template_spoils_say_why() {
    let pair = pair_of(json!({"prompt": "Q?", "chosen": "A", "rejected": " A"})).unwrap();
    let problem = render(&pair, Some(&template())).unwrap_err();
    assert!(
        problem.fault == Fault::Equal && problem.cause.contains("in the text of the chat template"),
        "{problem}"
    );
    let strict = "{% if messages | length > 1 %}{{ raise_exception('one turn only') }}{% endif %}";
    let strict = ChatTemplate::new(strict, SpecialTokens::default(), "t.jinja").unwrap();
    let problem = render(&pair, Some(&strict)).unwrap_err();
    assert_eq!(problem.fault, Fault::Template);
    let words = "on its chosen side (the chat template refuses: one turn only";
    assert!(problem.cause.contains(words) && problem.cause.contains("t.jinja"), "{problem}");
}

#[test]
fn texts_and_prefixes_are_those_of_transformers() {
    let folder = format!("{}/tests/fixtures/chat", env!("CARGO_MANIFEST_DIR"));
    let fixture: Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}/pairs.json")).unwrap()).unwrap();
    let tokens = || [("bos_token", "<s>"), ("eos_token", "</s>")].into_iter().collect();
    let smollm3 = std::fs::read_to_string(format!("{folder}/templates/smollm3.jinja")).unwrap();
    let own = ChatTemplate::new(fixture["template"].as_str().unwrap(), tokens(), "t").unwrap();
    let smollm3 = ChatTemplate::new(smollm3, tokens(), "t").unwrap();
    let pairs = fixture["pairs"].as_array().unwrap();
    for expected in pairs {
        let pair = pair_of(expected["record"].clone()).unwrap();
        for (name, template) in [("pairs", &own), ("smollm3", &smollm3)] {
            for (side, expected) in
                render(&pair, Some(template)).unwrap().iter().zip(expected[name].as_array().unwrap())
            {
                match expected[0].as_str() {
                    Some(text) => assert_eq!(side.text, text),
                    None => assert_eq!(side.text.chars().count(), expected[0].as_u64().unwrap() as usize),
                }
                assert_eq!(
                    side.prefix_in_characters(),
                    expected[1].as_u64().unwrap() as usize,
                    "{}",
                    side.text
                );
            }
        }
    }
    assert_eq!(pairs.len(), 10);
}

#[test]
fn what_two_texts_share_ends_between_characters() {
    // The last message's mark and its content differ from what asks for an answer within a character of two
    // bytes.
    let source = "{% for m in messages %}{{ m.content }}{% endfor %}{{ 'é' if add_generation_prompt }}";
    let template = ChatTemplate::new(source, SpecialTokens::default(), "t").unwrap();
    let pair = pair_of(json!({"prompt": "ö", "chosen": "è", "rejected": "x"})).unwrap();
    let [chosen, rejected] = render(&pair, Some(&template)).unwrap();
    assert_eq!((chosen.text.as_str(), chosen.prefix, chosen.prefix_in_characters()), ("öè", 2, 1));
    assert_eq!(rejected.prefix, 2);
    // With nothing before it, the answer is all there is.
    let pair = pair_of(json!({"chosen": "A", "rejected": "B"})).unwrap();
    assert_eq!(render(&pair, Some(&template)).unwrap()[0], Rendered { text: "A".into(), prefix: 0 });
}

#[test]
fn positions_begin_where_the_last_message_does_and_end_with_the_context() {
    use PairPositions::{All, Last};
    // The second token begins before the prefix and ends behind it; two share a character.
    let offsets = [(0, 2), (2, 6), (6, 6), (6, 7), (7, 9)];
    for (prefix, context, last, all) in [
        (5, 9, Some(2..5), Some(0..5)),
        (6, 4, Some(2..4), Some(0..4)),
        (0, 9, Some(0..5), Some(0..5)),
        (5, 2, None, Some(0..2)),
        (8, 9, None, Some(0..5)),
        (5, 0, None, None),
    ] {
        assert_eq!(labelled(&offsets, prefix, context, Last), last, "{prefix} {context}");
        assert_eq!(labelled(&offsets, prefix, context, All), all, "{prefix} {context}");
    }
    assert_eq!(labelled(&[], 0, 9, All), None);
    assert_eq!(PairPositions::default(), Last);
}
