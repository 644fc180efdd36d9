//! Which template a folder has.

use std::fs;

use super::*;

/// A folder with files of these names and texts.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The text of the template that a folder has.
fn found(files: &[(&str, &str)]) -> Result<Option<String>> {
    let folder = folder(files);
    let template = ChatTemplate::of_folder(folder.path())?;
    template.map(|template| template.render(&[Message::new("user", "hello")], false)).transpose()
}

#[test]
fn files_of_templates_come_before_fields_and_the_default_before_others() {
    let one = ("chat_template.jinja", "file");
    let config =
        ("tokenizer_config.json", r#"{"chat_template": "config {{ bos_token }}", "bos_token": "<s>"}"#);
    let processor = ("chat_template.json", r#"{"chat_template": "processor"}"#);
    let further = ("additional_chat_templates/rag.jinja", "rag");
    let named =
        r#"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}"#;
    let text = |files: &[(&str, &str)]| found(files).unwrap();
    assert_eq!(text(&[]), None);
    assert_eq!(text(&[("tokenizer_config.json", r#"{"chat_template": null}"#)]), None);
    assert_eq!(text(&[one, config, processor, further]).as_deref(), Some("file"));
    assert_eq!(text(&[config, processor]).as_deref(), Some("config <s>"));
    assert_eq!(text(&[processor]).as_deref(), Some("processor"));
    assert_eq!(text(&[("tokenizer_config.json", named), processor]).as_deref(), Some("d"));
    let mapping = ("tokenizer_config.json", r#"{"chat_template": {"default": "m"}, "x": NaN}"#);
    assert_eq!(text(&[mapping]).as_deref(), Some("m"));

    let refused = |files: &[(&str, &str)]| {
        let error = found(files).unwrap_err();
        assert_eq!(error.kind(), Kind::Tokenizer);
        error.to_string()
    };
    let error = refused(&[further, ("additional_chat_templates/tool_use.jinja", "t"), config]);
    assert!(
        error.contains("`rag`, `tool_use` none is the default; choose one with --chat-template"),
        "{error}"
    );
    let error = refused(&[("tokenizer_config.json", r#"{"chat_template": [{"name": "x"}]}"#)]);
    assert!(error.contains("nor a list of named ones"), "{error}");
    let error = refused(&[("tokenizer_config.json", "{")]);
    assert!(error.contains("not valid JSON") && error.contains("tokenizer_config.json"), "{error}");
    let error = refused(&[("chat_template.jinja", "a\n{% if %}")]);
    assert!(error.contains("in line 2") && error.ends_with("chat_template.jinja"), "{error}");
    let error = refused(&[("chat_template.jinja/x", "")]);
    assert!(error.contains("it is not a file"), "{error}");
}

#[test]
fn a_file_may_be_jinja_or_json_and_must_be_there() {
    let folder =
        folder(&[("t.jinja", "{{ eos_token }}"), ("t.json", r#"{"chat_template": "j"}"#), ("e.json", "{}")]);
    fs::write(folder.path().join("latin1.jinja"), [0xe9]).unwrap();
    fs::write(folder.path().join("special_tokens_map.json"), r#"{"eos_token": "</s>"}"#).unwrap();
    let text = |name: &str| {
        let template = ChatTemplate::of_file(&folder.path().join(name), folder.path())?;
        template.render(&[Message::new("user", "hello")], false)
    };
    assert_eq!(text("t.jinja").unwrap(), "</s>");
    assert_eq!(text("t.json").unwrap(), "j");
    for (name, words) in
        [("e.json", "no field"), ("no.jinja", "check the spelling"), ("latin1.jinja", "UTF-8")]
    {
        let error = text(name).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn special_tokens_are_texts_or_objects_and_the_map_fills_in_for_old_configs() {
    let config = r#"{"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "pad_token": null,
        "add_bos_token": true, "image_token": "<i>", "extra_special_tokens": {"audio_token": "<a>"}"#;
    let map = ("special_tokens_map.json", r#"{"eos_token": {"content": "<end>"}, "unk_token": "<unk>"}"#);
    let tokens = |config: String| {
        let folder = folder(&[("tokenizer_config.json", &config), map]);
        let tokens = SpecialTokens::of_folder(folder.path()).unwrap();
        tokens.iter().map(|(name, token)| format!("{name}={token}")).collect::<Vec<_>>().join(" ")
    };
    let new = tokens(format!("{config}, \"added_tokens_decoder\": {{}}}}"));
    assert_eq!(new, "audio_token=<a> bos_token=<s> eos_token=</s> image_token=<i>");
    let old = tokens(format!("{config}}}"));
    assert_eq!(old, "audio_token=<a> bos_token=<s> eos_token=<end> image_token=<i> unk_token=<unk>");
}
