use std::path::Path;

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
fn two_forms_of_one_setting_open_where_they_agree_and_are_named_where_they_do_not() {
    let five =
        with(r#""rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 5e5}"#).unwrap();
    let both = |theta: &str, scaling: &str| {
        with(&format!(
            r#""rope_parameters": {{"rope_type": "linear", "factor": 4.0, "rope_theta": 500000}},
                "rope_theta": {theta}, "rope_scaling": {scaling}"#
        ))
    };
    for scaling in ["null", r#"{"type": "linear", "factor": 4}"#, r#"{"rope_type": "linear", "factor": 4.0}"#]
    {
        assert_eq!(both("5e5", scaling).unwrap(), five, "{scaling}");
    }
    for (theta, scaling, names) in [
        ("1e4", "null", ["`rope_parameters.rope_theta` is 500000", "`rope_theta` is 10000"]),
        ("5e5", r#"{"type": "linear", "factor": 8}"#, ["`rope_parameters` is {", "`rope_scaling` is {"]),
        (
            "5e5",
            r#"{"type": "yarn", "rope_type": "linear", "factor": 4}"#,
            ["rope_scaling.rope_type", "rope_scaling.type"],
        ),
        (
            "5e5",
            r#"{"rope_theta": 7, "type": "linear", "factor": 4}"#,
            ["rope_parameters.rope_theta", "rope_scaling.rope_theta"],
        ),
    ] {
        let error = both(theta, scaling).unwrap_err().to_string();
        assert!(names.iter().all(|name| error.contains(name)) && error.ends_with("config.json"), "{error}");
    }
    let context = r#""original_max_position_embeddings": 64, "max_position_embeddings": 128,
        "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 32}"#;
    let error = with(context).unwrap_err().to_string();
    assert!(error.contains("`rope_scaling.original_max_position_embeddings` is 32"), "{error}");
}

#[test]
fn two_ways_to_say_which_layers_slide_or_rotate_must_agree() {
    let of = |family: &str, extra: &str| {
        let json = LLAMA.replace("\"llama\"", &format!("\"{family}\""));
        parse(&format!("{{{json}, {extra}}}"))
    };
    let types = |types: &str| format!(r#""layer_types": {types}, "sliding_window": 8"#);
    let [alternating, all] = [
        types(r#"["sliding_attention", "full_attention"]"#),
        types(r#"["sliding_attention", "sliding_attention"]"#),
    ];
    for (family, name) in [
        ("gemma3_text", "sliding_window_pattern"),
        ("cohere2", "sliding_window_pattern"),
        ("cohere2", "layer_switch"),
    ] {
        of(family, &format!("{alternating}, \"{name}\": 2")).unwrap();
        let error = of(family, &format!("{all}, \"{name}\": 2")).unwrap_err().to_string();
        assert!(error.contains("`layer_types`") && error.contains(&format!("`{name}` of 2")), "{error}");
        // Nothing is said but by the one.
        of(family, &all).unwrap();
    }
    let error = of("cohere2", r#""sliding_window_pattern": 2, "layer_switch": 3"#).unwrap_err().to_string();
    assert!(error.contains("`sliding_window_pattern` is 2, but `layer_switch` is 3"), "{error}");
    of("smollm3", r#""no_rope_layers": [1, 0], "no_rope_layer_interval": 2"#).unwrap();
    let error =
        of("smollm3", r#""no_rope_layers": [1, 1], "no_rope_layer_interval": 2"#).unwrap_err().to_string();
    assert!(error.contains("`no_rope_layers`") && error.contains("`no_rope_layer_interval` of 2"), "{error}");
}

/// Releases of transformers read such configs in different ways, so none of them is guessed at.
#[test]
fn rotations_of_all_layers_alike_are_refused_where_layers_have_their_own_and_the_other_way_round() {
    let flat = r#"{"rope_type": "default", "rope_theta": 1e4}"#;
    let apart = format!(r#"{{"full_attention": {flat}, "sliding_attention": {flat}}}"#);
    let of = |family: &str, parameters: &str| {
        let json = LLAMA.replace("\"llama\"", &format!("\"{family}\""));
        parse(&format!(r#"{{{json}, "rope_parameters": {parameters}}}"#))
    };
    for family in ["olmo3", "gemma3_text"] {
        of(family, &apart).unwrap();
        let error = of(family, flat).unwrap_err().to_string();
        assert!(error.contains("`rope_parameters`") && error.contains("\"full_attention\": {"), "{error}");
        // Both layers are of one kind.
        assert_eq!(of(family, &format!(r#"{{"sliding_attention": {flat}}}"#)), of(family, &apart));
        let error = of(family, &format!(r#"{{"full_attention": {flat}}}"#)).unwrap_err().to_string();
        assert!(error.contains("says nothing of `sliding_attention`"), "{error}");
    }
    for family in ["llama", "qwen3", "gemma2", "gpt_neox"] {
        of(family, flat).unwrap();
        let error = of(family, &apart).unwrap_err().to_string();
        assert!(error.contains("`rope_parameters` has `full_attention`"), "{error}");
    }
}

#[test]
fn a_second_name_of_a_setting_of_gpt_neox_does_not_decide() {
    let neox = |extra: &str| {
        let json = LLAMA.replace("\"llama\"", "\"gpt_neox\"");
        parse(&format!("{{{json}, \"rotary_pct\": 0.25, \"rotary_emb_base\": 10000{extra}}}")).unwrap()
    };
    let plain = neox("");
    assert_eq!(neox(r#", "partial_rotary_factor": 0.25, "rope_theta": 10000, "rope_scaling": null"#), plain);
    let other = neox(r#", "partial_rotary_factor": 0.5, "rope_theta": 500000"#);
    assert_eq!(other.ropes, plain.ropes);
    let warnings = other.warnings();
    assert!(
        warnings[0].contains("`rope_theta` of config.json is 500000, but `rotary_emb_base`"),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("`partial_rotary_factor` of config.json is 0.5"), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
}

/// Decisive fields that Llama does not ask for, each with values that say nothing and values that do.
const DECISIVE: [(&str, &[&str], &[&str]); 33] = [
    ("add_cross_attention", &["false", "0"], &["true", "1"]),
    ("alibi", &["false"], &["true"]),
    ("attention_multiplier", &[], &["0", "1", "1.0", "0.0078125"]),
    ("attn_logit_softcapping", &[], &["0", "1.0", "50.0"]),
    ("clip_qkv", &[], &["0.0", "1.0", "8.0"]),
    ("embedding_multiplier", &["1", "1.0"], &["0", "12.0"]),
    ("final_logit_softcapping", &[], &["0.0", "1.0", "30.0"]),
    ("is_encoder_decoder", &["false"], &["true"]),
    ("logits_scaling", &["1.0"], &["0", "8.0"]),
    ("logit_scale", &["1.0"], &["0.0", "0.0625"]),
    ("moe_intermediate_size", &["0"], &["1", "1024"]),
    ("multi_query", &["false"], &["true", "1"]),
    ("n_routed_experts", &["0"], &["1", "64"]),
    ("no_rope_layers", &[], &["[0, 1]", "0", "1"]),
    ("num_experts", &["0"], &["1", "8"]),
    ("num_local_experts", &["0"], &["1", "8"]),
    ("partial_rotary_factor", &["1.0"], &["0.0", "0.5"]),
    ("qk_layernorm", &["false"], &["true", "1"]),
    ("qk_norm", &["false"], &["true", "1"]),
    ("query_pre_attn_scalar", &[], &["0", "1", "256"]),
    ("residual_multiplier", &["1.0"], &["0.0", "0.22"]),
    ("rope_interleave", &["false"], &["true"]),
    ("rope_interleaved", &["false"], &["true"]),
    ("rope_local_base_freq", &[], &["0", "1.0", "10000.0"]),
    ("rotary_emb_base", &[], &["0", "1", "10000"]),
    ("rotary_pct", &["1.0"], &["0.0", "0.25"]),
    ("scale_attn_by_inverse_layer_idx", &["false"], &["true"]),
    ("use_alibi", &["false"], &["true"]),
    ("use_bidirectional_attention", &["false"], &["true", "\"all\""]),
    ("use_mrope", &["false"], &["true"]),
    ("use_qk_norm", &["false"], &["true", "1"]),
    ("use_sliding_window", &["false", "0"], &["true", "1"]),
    ("xielu", &["false"], &["true", "{}"]),
];

#[test]
fn what_changes_the_numbers_is_refused() {
    for (name, nothing, something) in DECISIVE {
        for value in ["null"].iter().chain(nothing) {
            let config = with(&format!(r#""{name}": {value}"#));
            let config = config.unwrap_or_else(|error| panic!("{name} of {value}: {error}"));
            assert!(config.warnings().is_empty());
        }
        for value in something {
            let error = with(&format!(r#""{name}": {value}"#)).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}` is ")) && error.ends_with("config.json"), "{error}");
        }
    }
}

#[test]
fn what_nobody_knows_is_told_by_its_name() {
    let config = with(r#""a_new_gate": 1, "torch_dtype": "bfloat16", "_name_or_path": "x", "another": "on""#);
    let config = config.unwrap();
    assert_eq!(config.unknown_fields, ["a_new_gate", "another"]);
    let [warning] = &config.warnings()[..] else { panic!("{:?}", config.warnings()) };
    assert!(warning.contains("`a_new_gate`, `another`") && !warning.contains('\n'), "{warning}");
    // Where the model came from, and tokens of any name.
    assert!(with(r#""_model_name_or_path": "x", "unk_token_id": 3"#).unwrap().warnings().is_empty());
    // Within an object too.
    let config = with(r#""rope_scaling": {"rope_type": "linear", "factor": 2, "a_new_one": 3, "off": null}"#);
    assert_eq!(config.unwrap().unknown_fields, ["rope_scaling.a_new_one"]);
    // Set to nothing, whatever it is.
    let config = with(r#""a_new_gate": false, "another": null, "a_list": [], "a_name": """#).unwrap();
    assert!(config.warnings().is_empty());
}

/// As Python writes numbers that JSON has not.
#[test]
fn numbers_that_are_none_are_read_and_matter_only_where_one_is_needed() {
    let config =
        with(r#""dola_layers": NaN, "typical_p": Infinity, "time_limit": [0.0, -Infinity]"#).unwrap();
    assert_eq!(config.unknown_fields, ["dola_layers", "time_limit"]);
    for value in ["NaN", "Infinity", "-Infinity"] {
        let error = with(&format!(r#""rms_norm_eps": {value}"#)).unwrap_err().to_string();
        assert!(error.contains("`rms_norm_eps` is") && error.contains(value), "{error}");
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
