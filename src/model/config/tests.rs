use super::*;
use crate::model::config::rope::RopeScaling;

fn parse(json: &str) -> Result<Config> {
    Config::parse(json.as_bytes(), Path::new("config.json"))
}

const LLAMA: &str = r#""model_type": "llama", "hidden_size": 64, "intermediate_size": 160,
    "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 320, "hidden_act": "silu""#;

fn with(extra: &str) -> Result<Config> {
    parse(&format!("{{{LLAMA}, {extra}}}"))
}

#[test]
fn both_forms_of_rope() {
    let four = with(r#""rope_theta": 5e5, "rope_scaling": null"#).unwrap();
    let five = with(r#""rope_parameters": {"rope_type": "default", "rope_theta": 5e5}"#).unwrap();
    assert_eq!(four, five);
    assert_eq!((four.ropes[0].theta, four.attention.key_value_heads, four.attention.head_size), (5e5, 4, 16));
    let four = with(r#""rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 4}"#).unwrap();
    let five =
        with(r#""rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 5e5}"#).unwrap();
    assert_eq!(four, five);
    assert_eq!(four.ropes[0].scaling, RopeScaling::Linear { factor: 4.0 });
}

#[test]
fn errors_name_the_field() {
    for (extra, part) in [
        (r#""rope_scaling": {"type": "longrope", "factor": 4}"#, "rope_type `longrope`"),
        (r#""rope_scaling": {"type": "yarn", "factor": 4}"#, "`max_position_embeddings` is missing"),
        (r#""rope_scaling": 4"#, "`rope_scaling` is 4"),
        (r#""num_key_value_heads": 3"#, "4 attention heads cannot share 3"),
        (r#""head_dim": -2"#, "`head_dim` is -2"),
        (r#""tie_word_embeddings": 7"#, "`tie_word_embeddings` is 7"),
        (r#""rms_norm_eps": "small""#, "`rms_norm_eps` is \"small\""),
        (r#""quantization_config": {"quant_method": "gptq"}"#, "quantised weights (gptq)"),
        (r#""hidden_act": "mish""#, "hidden_act `mish`"),
    ] {
        let error = with(extra).unwrap_err().to_string();
        assert!(error.contains(part) && error.ends_with("config.json"), "{error}");
    }
    let error = parse(r#"{"model_type": "mamba"}"#).unwrap_err().to_string();
    assert!(error.contains("`mamba`") && error.contains("gpt_neox, llama, mistral, olmo"), "{error}");
    for (size, shown) in [("0", "0"), ("1e3", "1000.0"), ("99999999999999999999", "1e+20")] {
        let text = LLAMA.replace("\"hidden_size\": 64", &format!("\"hidden_size\": {size}"));
        let error = parse(&format!("{{{text}}}")).unwrap_err().to_string();
        assert!(error.contains(&format!("`hidden_size` is {shown}")), "{error}");
    }
    let text = LLAMA.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 9999999");
    assert!(parse(&format!("{{{text}}}")).unwrap_err().to_string().contains("more than 4096"));
}

#[test]
fn what_changes_the_numbers_is_never_passed_over() {
    for extra in [
        r#""clip_qkv": 8.0"#,
        r#""final_logit_softcapping": 30.0"#,
        r#""residual_multiplier": 0.22"#,
        r#""num_local_experts": 8"#,
        r#""partial_rotary_factor": 0.5"#,
        r#""no_rope_layers": [0, 1]"#,
        r#""use_qk_norm": true"#,
    ] {
        let name = extra.split('"').nth(1).unwrap();
        let error = with(extra).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
    // Set to nothing, or read by nobody anywhere.
    for extra in [
        r#""clip_qkv": null"#,
        r#""use_qk_norm": false"#,
        r#""residual_multiplier": 1.0"#,
        r#""num_local_experts": 0"#,
        r#""_name_or_path": "x""#,
        r#""torch_dtype": "bfloat16""#,
    ] {
        with(extra).unwrap_or_else(|error| panic!("{extra}: {error}"));
    }
}

#[test]
fn hostile_json_is_an_error() {
    let nested = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for text in ["", "{", "[]", "null", &nested, &format!("{{\"model_type\": {nested}}}")] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.ends_with("config.json") && error.len() < 400, "{error}");
    }
}

#[test]
fn a_seeing_model_leaves_out_what_is_usual() {
    let text = r#"{"model_type": "gemma3", "text_config": {"hidden_size": 2560, "intermediate_size": 10240,
        "model_type": "gemma3_text", "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0,
        "rope_type": "linear"}, "sliding_window": 1024}, "vision_config": {"hidden_size": 1152}}"#;
    let config = parse(text).unwrap();
    let attention = &config.attention;
    assert_eq!((attention.heads, attention.key_value_heads, attention.head_size), (8, 4, 256));
    assert_eq!((config.vocab_size, config.layers.len(), config.tied_embeddings), (262_208, 34, true));
    let [global, local] = &config.ropes[..] else { panic!() };
    assert_eq!((global.theta, global.scaling), (1e6, RopeScaling::Linear { factor: 8.0 }));
    assert_eq!((local.theta, local.scaling), (1e4, RopeScaling::Default));
    assert_eq!((config.layers[4].window, config.layers[5].window), (Some(1024), None));
    assert_eq!((config.layers[4].rope, config.layers[5].rope), (Some(1), Some(0)));
}
