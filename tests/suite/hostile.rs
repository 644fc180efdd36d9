//! Broken and hostile folders: whatever lies in them, one line says what is wrong and nothing panics.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use half::bf16;
use infoplane::checkpoints::{Links, ModelFolder};
use infoplane::device::Compute;
use infoplane::error::Error;
use infoplane::model::batch::batches;
use infoplane::model::config::Config;
use infoplane::model::weights::Weights;
use infoplane::model::{Model, Options, read_back};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::engine::run_of;
use super::support::{asset, copy_of, fixture};

/// One line that ends with a path: that of `at`, or of a file in it.
#[track_caller]
fn check_error(error: &Error, at: &Path) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 2000, "{text}");
    let (_, path) = text.rsplit_once(": ").unwrap_or_else(|| panic!("no path: {text}"));
    assert!(Path::new(path).starts_with(at), "{text}");
}

/// The bits of all states and losses of a document that passes the model in a folder, or what was wrong with it.
fn try_model(folder: &Path) -> Result<Vec<u32>, Error> {
    let options = Options::new(Compute::Cpu.tensors());
    let documents = vec![vec![1u32, 2, 3, 4, 5, 6]];
    let mut values = Vec::new();
    let mut model = Model::open(&ModelFolder::new(folder), &options)?;
    let losses = model.forward(batches(&documents, 0..1, 64), |_, _, states| {
        values.extend(read_back(states.clone())?);
        Ok(())
    })?;
    values.extend(losses.into_iter().flat_map(|(_, losses)| losses.concat()));
    Ok(values.into_iter().map(f32::to_bits).collect())
}

/// What the model in a folder of fixtures gives, undamaged.
fn good_model(name: &str) -> Vec<u32> {
    try_model(&fixture(name)).unwrap()
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
            Err(error) => check_error(&error, Path::new("config.json")),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Err(error) = Config::parse(&bytes, Path::new("config.json")) {
            check_error(&error, Path::new("config.json"));
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
        static GOOD: LazyLock<Vec<u32>> = LazyLock::new(|| good_model("models/llama"));
        const HEAD: &[u8] = b"\"lm_head.weight\"";
        let good = fixture("models/llama");
        let intact = std::fs::read(good.join("model.safetensors")).unwrap();
        let mut bytes = intact.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Some(header) = header {
            bytes[..8].copy_from_slice(&header.to_le_bytes());
        }
        bytes.truncate(length.unwrap_or(usize::MAX));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("model.safetensors"), &bytes).unwrap();
        std::fs::copy(good.join("config.json"), folder.path().join("config.json")).unwrap();
        let data = 8 + u64::from_le_bytes(intact[..8].try_into().unwrap()) as usize;
        match try_model(folder.path()) {
            Err(error) => {
                check_error(&error, folder.path());
                prop_assert!(bytes != intact, "{error}");
            }
            Ok(values) => {
                // A file of another length, or whose header is of another, is never read.
                prop_assert_eq!(bytes.len(), intact.len());
                prop_assert_eq!(&bytes[..8], &intact[..8]);
                // What a header says beside names, types and places changes nothing. The format has no checksum,
                // so other numbers are other weights. Without a head of that name there is no loss, but the same states.
                if bytes[data..] == intact[data..] {
                    let without_head = !bytes[..data].windows(HEAD.len()).any(|name| name == HEAD);
                    prop_assert!(values == *GOOD || without_head && GOOD.starts_with(&values));
                }
            }
        }
    }

    #[test]
    fn damaged_indices_are_refused(at in 0usize..4000, byte in any::<u8>(), length in 0usize..5000) {
        static GOOD: LazyLock<Vec<u32>> = LazyLock::new(|| good_model("variants/qwen3_yarn"));
        let folder = copy_of(&fixture("variants/qwen3_yarn"));
        let index = folder.path().join("model.safetensors.index.json");
        let intact = std::fs::read(&index).unwrap();
        let mut bytes = intact.clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(length.max(1));
        std::fs::write(&index, &bytes).unwrap();
        match try_model(folder.path()) {
            Err(error) => {
                check_error(&error, folder.path());
                prop_assert!(bytes != intact, "{error}");
            }
            Ok(values) => {
                // An index that is cut short is no JSON; one that still names the shards is as good as before.
                prop_assert!(bytes.len() >= intact.trim_ascii_end().len());
                prop_assert!(values == *GOOD);
            }
        }
    }
}

/// A kind of damage and how it is done to the bytes of a file.
type Damage = (&'static str, fn(&mut Vec<u8>));

#[test]
fn every_kind_of_damage_is_refused() {
    fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    fn grow_header(bytes: &mut [u8], by: i64) {
        let length = i64::from_le_bytes(bytes[..8].try_into().unwrap());
        bytes[..8].copy_from_slice(&(length + by).to_le_bytes());
    }
    let damages: [Damage; 11] = [
        ("nothing left", |bytes| bytes.clear()),
        ("cut in its header", |bytes| bytes.truncate(1000)),
        ("cut in its data", |bytes| bytes.truncate(200_000)),
        ("a byte short", |bytes| bytes.truncate(bytes.len() - 1)),
        ("a byte long", |bytes| bytes.push(0)),
        ("a header too short", |bytes| grow_header(bytes, -8)),
        ("a header too long", |bytes| grow_header(bytes, 8)),
        ("a tensor of integers", |bytes| replace(bytes, b"\"F32\"", b"\"I32\"")),
        ("another shape", |bytes| replace(bytes, b"[320,64]", b"[64,320]")),
        ("a tensor renamed", |bytes| replace(bytes, b"model.norm.weight", b"model.form.weight")),
        ("two of a name", |bytes| replace(bytes, b"layers.1.mlp.up_proj", b"layers.0.mlp.up_proj")),
    ];
    let intact = std::fs::read(fixture("models/llama/model.safetensors")).unwrap();
    for (kind, damage) in damages {
        let folder = copy_of(&fixture("models/llama"));
        let mut bytes = intact.clone();
        damage(&mut bytes);
        std::fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
        match try_model(folder.path()) {
            Ok(_) => panic!("{kind}: not refused"),
            Err(error) => check_error(&error, folder.path()),
        }
    }
    // A shard that is missing, cut short, or another one.
    let shard = |number: usize| format!("model-0000{number}-of-00003.safetensors");
    let breaks: [fn(&Path, &Path); 3] = [
        |second, _| std::fs::remove_file(second).unwrap(),
        |second, _| std::fs::File::options().write(true).open(second).unwrap().set_len(3000).unwrap(),
        |second, first| assert!(std::fs::copy(first, second).unwrap() > 0),
    ];
    for (index, damage) in breaks.into_iter().enumerate() {
        let folder = copy_of(&fixture("variants/qwen3_yarn"));
        damage(&folder.path().join(shard(2)), &folder.path().join(shard(1)));
        match try_model(folder.path()) {
            Ok(_) => panic!("damage {index} to a shard: not refused"),
            Err(error) => check_error(&error, folder.path()),
        }
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
        check_error(&error, &folder.path().join("model.safetensors"));
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
    let kept = Weights::open(&ModelFolder::opened(folder.path(), Links::KeptWithin)).unwrap_err().to_string();
    assert!(kept.contains("a link that leads outside") && kept.contains("w.safetensors"), "{kept}");
    let followed = Weights::open(&ModelFolder::new(folder.path())).map_err(|error| error.to_string());
    assert!(followed.as_ref().map_or_else(|error| !error.contains("a link"), |_| true), "{followed:?}");
    std::fs::write(&index, "[".repeat(100_000)).unwrap();
    check_error(&Weights::open(&ModelFolder::new(folder.path())).unwrap_err(), &index);
}

/// Measures a run on a little text: the exit status, and what was said.
fn measure(run: &Path, backend: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_infoplane"))
        .args(["measure", "--no-store", "--samples", "4", "--context", "32", "--points", "20"])
        .args(["--backend", backend, "--corpus"])
        .args([&asset("demo/books-sample.jsonl"), run])
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn fields_that_nobody_knows_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step1"]);
    for checkpoint in ["step0", "step1"] {
        let config = run.join(checkpoint).join("config.json");
        let mut json: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
        json["a_gate_of_tomorrow"] = json!(0.5);
        std::fs::write(config, json.to_string()).unwrap();
    }
    let (status, stderr) = measure(&run, "cpu");
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(stderr.matches("`a_gate_of_tomorrow`").count(), 1, "{stderr}");
}

#[test]
fn states_too_large_to_measure_are_refused_alike_on_both_devices() {
    // The elements' squares stay finite at 1e19 and only their sum overflows; at 1e20 each overflows.
    for size in [1e19f32, 1e20] {
        let folder = tempfile::tempdir().unwrap();
        let run = run_of(folder.path(), &["step0"]);
        let weights = run.join("step0/model.safetensors");
        let mut bytes = std::fs::read(&weights).unwrap();
        let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&bytes[8..data]).unwrap();
        let embedding = &header["model.embed_tokens.weight"];
        assert_eq!(embedding["dtype"], "BF16");
        let place = |index: usize| data + embedding["data_offsets"][index].as_u64().unwrap() as usize;
        for element in bytes[place(0)..place(1)].as_chunks_mut::<2>().0 {
            *element = bf16::from_f32(size.copysign(bf16::from_le_bytes(*element).to_f32())).to_le_bytes();
        }
        std::fs::write(&weights, bytes).unwrap();
        let lines = ["cpu", "gpu"].map(|backend| {
            let (status, stderr) = measure(&run, backend);
            assert_eq!(status, Some(2), "{backend}: {stderr}");
            let line = stderr.lines().find(|line| line.contains("the hidden states of layer 0"));
            line.unwrap_or_else(|| panic!("{backend}: {stderr}")).to_owned()
        });
        assert!(
            lines[0].contains("the hidden states of layer 0 are not finite or too large"),
            "{}",
            lines[0]
        );
        assert_eq!(lines[0], lines[1]);
    }
}
