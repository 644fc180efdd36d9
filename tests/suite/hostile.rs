//! Broken and hostile folders: whatever lies in them, one line says what is wrong and nothing panics.

use std::path::Path;

use infoplane::checkpoints::ModelFolder;
use infoplane::device::Compute;
use infoplane::model::batch::batches;
use infoplane::model::config::Config;
use infoplane::model::weights::Weights;
use infoplane::model::{Model, Options};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::fixture;

/// One line, with a path.
fn check_error(error: &infoplane::error::Error) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 2000, "{text}");
}

/// Opens what a folder holds as a model and passes a document through it.
fn try_model(folder: &Path) {
    let options = Options::new(Compute::Cpu.tensors());
    let documents = vec![vec![1u32, 2, 3, 4, 5, 6]];
    let tried = Model::open(&ModelFolder::new(folder), &options)
        .and_then(|mut model| model.forward(batches(&documents, 0..1, 64), |_, _, _| Ok(())).map(drop));
    if let Err(error) = tried {
        check_error(&error);
    }
}

/// Names that configs use, and values that they should not.
fn config_fields() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    const NAMES: [&str; 36] = [
        "hidden_size",
        "n_embd",
        "intermediate_size",
        "n_inner",
        "num_hidden_layers",
        "n_layer",
        "num_attention_heads",
        "n_head",
        "num_key_value_heads",
        "head_dim",
        "vocab_size",
        "n_positions",
        "max_position_embeddings",
        "rms_norm_eps",
        "layer_norm_eps",
        "layer_norm_epsilon",
        "hidden_act",
        "hidden_activation",
        "activation_function",
        "tie_word_embeddings",
        "attention_bias",
        "mlp_bias",
        "rope_theta",
        "rope_scaling",
        "rope_parameters",
        "rotary_pct",
        "rotary_emb_base",
        "sliding_window",
        "sliding_window_pattern",
        "layer_types",
        "no_rope_layers",
        "no_rope_layer_interval",
        "use_sliding_window",
        "query_pre_attn_scalar",
        "logit_scale",
        "text_config",
    ];
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0u64..9).prop_map(|n| Value::from(1u64 << (n * 8 % 63))),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (1u64..200).prop_map(Value::from),
        Just(json!("silu")),
        Just(json!("nothing known")),
        Just(json!([0, 1, "full_attention"])),
        Just(json!({"rope_type": "yarn", "factor": 1e300, "original_max_position_embeddings": 1})),
        Just(json!({"rope_type": "linear", "factor": 0})),
        Just(json!({"type": "dynamic", "factor": 1e-300})),
        Just(json!({"rope_type": "llama3", "factor": 2, "low_freq_factor": 1, "high_freq_factor": 1,
            "original_max_position_embeddings": 5})),
        Just(json!({"full_attention": {"rope_theta": 1e308}, "sliding_attention": null})),
    ];
    prop::collection::vec((prop::sample::select(NAMES.to_vec()), value), 1..5)
}

/// The configs of all families, as they should be.
fn good_configs() -> Vec<Value> {
    let mut configs = Vec::new();
    for folder in ["models", "variants"] {
        for entry in std::fs::read_dir(fixture(folder)).unwrap() {
            if let Ok(text) = std::fs::read(entry.unwrap().path().join("config.json")) {
                configs.push(serde_json::from_slice(&text).unwrap());
            }
        }
    }
    assert_eq!(configs.len(), 34);
    configs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_config_is_read_or_refused(
        config in prop::sample::select(good_configs()),
        changes in config_fields(),
        inside in any::<bool>(),
    ) {
        let mut config = config;
        for (name, value) in changes {
            match config.get_mut("text_config") {
                Some(Value::Object(text)) if inside => text.insert(name.to_owned(), value),
                _ => config.as_object_mut().unwrap().insert(name.to_owned(), value),
            };
        }
        match Config::parse(config.to_string().as_bytes(), Path::new("config.json")) {
            Ok(config) => {
                prop_assert!(!config.layers.is_empty() && config.layers.len() <= 4096);
                prop_assert!(config.attention.heads % config.attention.key_value_heads == 0);
                for rope in &config.ropes {
                    prop_assert!(rope.size % 2 == 0 && rope.size <= config.attention.head_size);
                }
                for plan in &config.layers {
                    prop_assert!(plan.rope.is_none_or(|index| index < config.ropes.len()));
                    prop_assert!(plan.window != Some(0) && plan.scale.is_finite());
                }
            }
            Err(error) => check_error(&error),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Err(error) = Config::parse(&bytes, Path::new("config.json")) {
            check_error(&error);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_weights_are_refused(
        changes in prop::collection::vec((0usize..6000, any::<u8>()), 0..6),
        length in prop::option::of(0usize..700_000),
        header in prop::option::of(any::<u64>()),
    ) {
        let good = fixture("models/llama");
        let mut bytes = std::fs::read(good.join("model.safetensors")).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Some(header) = header {
            bytes[..8].copy_from_slice(&header.to_le_bytes());
        }
        bytes.truncate(length.unwrap_or(usize::MAX));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
        std::fs::copy(good.join("config.json"), folder.path().join("config.json")).unwrap();
        try_model(folder.path());
    }

    #[test]
    fn damaged_indices_are_refused(at in 0usize..4000, byte in any::<u8>(), length in 0usize..5000) {
        let good = fixture("variants/qwen3_yarn");
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(good).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let index = folder.path().join("model.safetensors.index.json");
        let mut bytes = std::fs::read(&index).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(length.max(1));
        std::fs::write(&index, bytes).unwrap();
        try_model(folder.path());
    }
}

/// A folder whose weights are one file with this header and data.
fn weights_with(header: &Value, data: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let header = header.to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    std::fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
    folder
}

#[test]
fn headers_that_lie() {
    let tensor = |dtype: &str, shape: Value, from: u64, to: u64| json!({"dtype": dtype, "shape": shape, "data_offsets": [from, to]});
    for header in [
        json!({"a": tensor("F32", json!([2]), 0, 8), "b": tensor("F32", json!([2]), 4, 12)}),
        json!({"a": tensor("F32", json!([2]), 0, u64::MAX)}),
        json!({"a": tensor("F32", json!([u64::MAX, u64::MAX]), 0, 8)}),
        json!({"a": tensor("F32", json!([1u64 << 62, 8]), 0, 0)}),
        json!({"a": tensor("F32", json!([-1]), 0, 8)}),
        json!({"a": tensor("F99", json!([2]), 0, 8)}),
        json!({"a": 3}),
        json!([1, 2]),
    ] {
        let folder = weights_with(&header, &[0; 12]);
        let error = Weights::open(&ModelFolder::new(folder.path())).unwrap_err();
        check_error(&error);
        assert!(error.to_string().ends_with("model.safetensors"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn shards_and_links_stay_inside() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::copy(fixture("models/llama/model.safetensors"), outside.path().join("w.safetensors")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("model.safetensors.index.json");
    let open = || Weights::open(&ModelFolder::new(folder.path())).unwrap_err().to_string();
    for name in ["../w.safetensors", "/etc/passwd", "a/b.safetensors", "..", ""] {
        std::fs::write(&index, json!({"weight_map": {"a": name}}).to_string()).unwrap();
        assert!(open().contains("not a file beside it"), "{name}: {}", open());
    }
    std::fs::write(&index, json!({"weight_map": {"a": "gone.safetensors"}}).to_string()).unwrap();
    assert!(open().contains("`gone.safetensors`, which is missing"), "{}", open());
    std::os::unix::fs::symlink(outside.path().join("w.safetensors"), folder.path().join("gone.safetensors"))
        .unwrap();
    assert!(open().contains("a link that leads outside"), "{}", open());
    std::fs::write(&index, "[".repeat(100_000)).unwrap();
    check_error(&Weights::open(&ModelFolder::new(folder.path())).unwrap_err());
}
