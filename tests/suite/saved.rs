//! Models as people's own programs save them: names that wrappers change, heads that are missing or one too many, tensors
//! that no family of this kind has.

use std::collections::BTreeMap;
use std::path::Path;

use infoplane::checkpoints::ModelFolder;
use infoplane::engine::Event;
use infoplane::model::{Model, Options};
use infoplane::settings::{Backend, Settings};
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use super::driver::{Driver, headless, last_numbers, on_books, run_of, warnings};
use super::models::loss_and_norm;
use super::support::{asset, fixture, json as read_json, open};

/// A tensor: its type, its shape and its bytes.
type Tensor = (Dtype, Vec<usize>, Vec<u8>);

/// Tensors by name.
type Tensors = BTreeMap<String, Tensor>;

/// A tensor of ones.
fn ones(shape: &[usize]) -> Tensor {
    let count = shape.iter().product();
    (Dtype::F32, shape.to_vec(), std::iter::repeat_n(1f32.to_le_bytes(), count).flatten().collect())
}

/// Changes the model of a folder.
fn change(folder: &Path, config: impl FnOnce(&mut Value), tensors: impl FnOnce(&mut Tensors)) {
    let (config_file, weights_file) = (folder.join("config.json"), folder.join("model.safetensors"));
    let mut json = read_json(&config_file);
    config(&mut json);
    std::fs::write(config_file, json.to_string()).unwrap();
    let bytes = std::fs::read(&weights_file).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Tensors = file
        .tensors()
        .into_iter()
        .map(|(name, tensor)| (name, (tensor.dtype(), tensor.shape().to_vec(), tensor.data().to_vec())))
        .collect();
    tensors(&mut all);
    let views = all
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    std::fs::write(weights_file, serialize(views, None).unwrap()).unwrap();
}

/// A fixture's model, changed.
fn saved(
    name: &str,
    config: impl FnOnce(&mut Value),
    tensors: impl FnOnce(&mut Tensors),
) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(fixture("models").join(name).join(file), folder.path().join(file)).unwrap();
    }
    change(folder.path(), config, tensors);
    folder
}

fn as_it_was(_: &mut Value) {}

fn open_model(folder: &tempfile::TempDir) -> Result<Model, String> {
    let options = Options::new(open(Backend::Cpu).tensors());
    Model::open(&ModelFolder::new(folder.path()), &options).map_err(|error| error.to_string())
}

/// Opens a model that must compute as the fixture it was made of, and returns its warnings.
fn same_as_llama(folder: &tempfile::TempDir) -> Vec<String> {
    let mut model = open_model(folder).unwrap();
    let found = loss_and_norm(&mut model);
    assert!((found.0 - LLAMA.0).abs() < 1e-4 && (found.1 - LLAMA.1).abs() < 1e-2, "{found:?}");
    model.warnings().to_vec()
}

/// Of the fixture of Llama: the loss of a document and the norm of its last states, by transformers 4.57.1.
const LLAMA: (f64, f64) = (6.895_009, 44.968_65);

/// Renames all tensors.
fn renamed(rename: impl Fn(&str) -> String) -> impl FnOnce(&mut Tensors) {
    move |tensors| {
        *tensors =
            std::mem::take(tensors).into_iter().map(|(name, tensor)| (rename(&name), tensor)).collect();
    }
}

#[test]
fn names_that_known_wrappers_changed_are_seen_through() {
    for wrapper in [
        "_orig_mod.",
        "module.",
        "base_model.model.",
        "_fsdp_wrapped_module.",
        "module._orig_mod.",
        "_orig_mod.module.base_model.model.",
    ] {
        let folder = saved("llama", as_it_was, renamed(|name| format!("{wrapper}{name}")));
        assert_eq!(same_as_llama(&folder), [""; 0], "{wrapper}");
    }
    // Blocks that were wrapped each for itself.
    let wrap = |name: &str| name.replacen("layers.1.", "layers.1._fsdp_wrapped_module._orig_mod.", 1);
    assert_eq!(same_as_llama(&saved("llama", as_it_was, renamed(wrap))), [""; 0]);
}

#[test]
fn a_wrapper_that_is_not_known_is_named() {
    let folder = saved("llama", as_it_was, renamed(|name| format!("student.net.{name}")));
    let error = open_model(&folder).unwrap_err();
    assert!(error.contains("begin with `student.net.model.`"), "{error}");
    // Two tensors that a wrapper makes one.
    let folder = saved("llama", as_it_was, |tensors| {
        let norm = tensors["model.norm.weight"].clone();
        tensors.insert("module.model.norm.weight".to_owned(), norm);
    });
    let error = open_model(&folder).unwrap_err();
    assert!(error.contains("two tensors `model.norm.weight`"), "{error}");
}

#[test]
fn an_adapter_that_is_not_merged_is_refused_with_what_merges_it() {
    let folder = saved("llama", as_it_was, |tensors| {
        let name = |end: &str| format!("base_model.model.model.layers.0.self_attn.q_proj.{end}");
        let weight = tensors.remove("model.layers.0.self_attn.q_proj.weight").unwrap();
        tensors.insert(name("base_layer.weight"), weight);
        tensors.insert(name("lora_A.default.weight"), ones(&[8, 64]));
        tensors.insert(name("lora_B.default.weight"), ones(&[64, 8]));
    });
    let error = open_model(&folder).unwrap_err();
    assert!(error.contains("adapter") && error.contains("merge_and_unload"), "{error}");
}

#[test]
fn tensors_that_the_forward_pass_does_not_read_are_named() {
    let with_biases = |tensors: &mut Tensors| {
        for layer in 0..3 {
            tensors.insert(format!("model.layers.{layer}.self_attn.o_proj.bias"), ones(&[64]));
        }
    };
    let [warning] = &same_as_llama(&saved("llama", as_it_was, with_biases))[..] else { panic!() };
    assert!(warning.contains("`model.layers.*.self_attn.o_proj.bias` (3)"), "{warning}");
    // A flag that says so is refused, be it known or not.
    for flag in ["oproj_bias", "intervened"] {
        let error = open_model(&saved("llama", |json| json[flag] = true.into(), with_biases)).unwrap_err();
        assert!(error.contains(&format!("`{flag}`")) && error.contains("o_proj.bias"), "{error}");
    }
    // Blocks beyond those of the config, and what is in none.
    let [warning] = &same_as_llama(&saved("llama", as_it_was, |tensors| {
        tensors.insert("model.layers.3.input_layernorm.weight".to_owned(), ones(&[64]));
        tensors.insert("lm_head.bias".to_owned(), ones(&[320]));
    }))[..] else {
        panic!()
    };
    assert!(warning.contains("`lm_head.bias`, `model.layers.3.input_layernorm.weight`"), "{warning}");
    let sinks = saved("olmo3", as_it_was, |tensors| {
        for layer in 0..4 {
            tensors.insert(format!("model.layers.{layer}.self_attn.sinks"), ones(&[4]));
        }
    });
    let warnings = open_model(&sinks).unwrap().warnings().to_vec();
    assert!(warnings[0].contains("`model.layers.*.self_attn.sinks` (4)"), "{warnings:?}");
}

#[test]
fn tensors_that_change_nothing_are_passed_over() {
    let folder = saved("llama", as_it_was, |tensors| {
        for layer in 0..3 {
            let name = |part: &str| format!("model.layers.{layer}.self_attn.rotary_emb.{part}");
            tensors.insert(name("inv_freq"), ones(&[8]));
            tensors.insert(name("cos_cached"), ones(&[1, 1, 128, 16]));
        }
        tensors.insert("score.weight".to_owned(), ones(&[2, 64]));
        tensors.insert("v_head.summary.weight".to_owned(), ones(&[1, 64]));
    });
    assert_eq!(same_as_llama(&folder), [""; 0]);
    let masks = |prefix: &'static str, part: &'static str| {
        move |tensors: &mut Tensors| {
            for layer in 0..3 {
                let name = |end: &str| format!("{prefix}.{layer}.{part}.{end}");
                tensors.insert(name("bias"), ones(&[1, 1, 128, 128]));
                tensors.insert(name("masked_bias"), ones(&[]));
            }
        }
    };
    for folder in [
        saved("gpt2", as_it_was, masks("transformer.h", "attn")),
        saved("gpt_neox", as_it_was, masks("gpt_neox.layers", "attention")),
    ] {
        assert_eq!(open_model(&folder).unwrap().warnings(), [""; 0]);
    }
}

#[test]
fn the_head_of_a_model_that_ties_it_is_the_embedding_whichever_name_was_kept() {
    let tied = |json: &mut Value| json["tie_word_embeddings"] = true.into();
    let only_head = saved("llama", tied, |tensors| _ = tensors.remove("model.embed_tokens.weight"));
    let mut model = open_model(&only_head).unwrap();
    let (loss, _) = loss_and_norm(&mut model);
    assert!((loss - 6.750_162).abs() < 1e-4, "{loss}");
    assert_eq!(model.warnings(), [""; 0]);

    // Both names for the same tensor, and for two.
    let embedding = "model.embed_tokens.weight";
    let both = |head: fn(&Tensors) -> Tensor| {
        saved("gemma", as_it_was, move |tensors| {
            let head = head(tensors);
            tensors.insert("lm_head.weight".to_owned(), head);
        })
    };
    let plain = saved("gemma", as_it_was, |_| {});
    let expected = loss_and_norm(&mut open_model(&plain).unwrap());
    let same = both(|tensors| tensors["model.embed_tokens.weight"].clone());
    let other = both(|tensors| ones(&tensors["model.embed_tokens.weight"].1));
    let padded = both(|_| ones(&[384, 64]));
    for (folder, warned) in [(same, false), (other, true), (padded, true)] {
        let mut model = open_model(&folder).unwrap();
        assert_eq!(loss_and_norm(&mut model), expected);
        let warnings = model.warnings();
        assert_eq!(warnings.len(), usize::from(warned), "{warnings:?}");
        let said =
            warnings.iter().all(|text| text.contains(embedding) && text.contains("`lm_head.weight` is not"));
        assert!(said, "{warnings:?}");
    }
}

/// Models saved without their output head, also as the model inside is saved by itself, and as a classifier.
#[test]
fn a_model_without_a_head_is_measured_without_loss() {
    let headless_model = |tensors: &mut Tensors| _ = tensors.remove("lm_head.weight");
    let base = |tensors: &mut Tensors| {
        headless_model(tensors);
        renamed(|name| name.trim_start_matches("model.").to_owned())(tensors);
    };
    let classifier = |tensors: &mut Tensors| {
        headless_model(tensors);
        tensors.insert("score.weight".to_owned(), ones(&[2, 64]));
    };
    for folder in [
        saved("llama", as_it_was, headless_model),
        saved("llama", as_it_was, base),
        saved("llama", as_it_was, classifier),
    ] {
        let mut model = open_model(&folder).unwrap();
        let (loss, norm) = loss_and_norm(&mut model);
        assert!(loss.is_nan() && (norm - LLAMA.1).abs() < 1e-2, "{loss}, {norm}");
        let [warning] = model.warnings() else { panic!("{:?}", model.warnings()) };
        assert!(warning.contains("no output head") && warning.contains("without loss"), "{warning}");
    }
}

/// From a folder to results: the warning stands beside the numbers, also where they are queried again and where they were
/// measured before.
#[test]
fn what_makes_numbers_doubtful_stands_beside_them_in_results() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    for name in ["step0", "step2000"] {
        change(&run.join(name), as_it_was, |tensors| {
            let width = tensors["model.norm.weight"].1[0];
            tensors.insert("model.layers.0.self_attn.gate.weight".to_owned(), ones(&[width]));
            tensors.remove("lm_head.weight");
        });
        let mut config = read_json(&run.join(name).join("config.json"));
        config["tie_word_embeddings"] = json!(false);
        std::fs::write(run.join(name).join("config.json"), config.to_string()).unwrap();
    }
    let settings = Settings { samples: 8, context: 64, backend: Backend::Cpu, ..Default::default() };
    let driver = Driver::open(&run, headless());
    for factor in [1.0, 2.0] {
        let condition = on_books(&Settings { temperature_factor: factor, ..settings.clone() });
        driver.want(driver.all(&condition));
        let events = driver.until_idle();
        // Said once for both checkpoints.
        let said = warnings(&events);
        assert_eq!(said.len(), if factor == 1.0 { 2 } else { 0 }, "{said:?}");
        let numbers = last_numbers(&driver, &events);
        assert_eq!(numbers.len(), 2);
        for numbers in numbers {
            let warning = numbers.warning.as_ref().unwrap();
            assert!(numbers.loss.is_none() && warning.contains("self_attn.gate.weight"), "{warning}");
            assert!(warning.contains("without loss") && !warning.contains('\n'), "{warning}");
        }
        assert!(!events.iter().any(|event| matches!(event, Event::CheckpointFailed { .. })));
    }
    // The command's results, and what `show` makes of them.
    let out = folder.path().join("out.json");
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_infoplane"));
    let measured = program()
        .arg("measure")
        .arg(&run)
        .arg("--corpus")
        .arg(asset("demo/books-sample.jsonl"))
        .args(["--samples", "8", "--context", "64", "--no-store", "--backend", "cpu", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8(measured.stderr).unwrap();
    assert!(measured.status.success() && said.contains("self_attn.gate.weight"), "{said}");
    let results = read_json(&out);
    let first = &results["conditions"][0]["checkpoints"][0];
    assert!(first["loss"].is_null() && first["warning"].as_str().unwrap().contains("gate"), "{first}");
    let shown = program().arg("show").arg(&out).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("warning: ") && shown.contains("self_attn.gate.weight"), "{shown}");
}
