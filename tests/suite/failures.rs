//! What a failure costs: the checkpoint that it is of, and no more.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use infoplane::checkpoints::ModelFolder;
use infoplane::condition::TextSource;
use infoplane::engine::{self, Event, Request};
use infoplane::error::Kind;
use infoplane::model::{Model, Options};
use infoplane::results::Measurement;
use infoplane::settings::{Backend, Settings};
use serde_json::{Value, json};

use super::engine::run_of;
use super::support::{PATIENCE, asset, devices, json as read_json};

/// The program on a folder and the demo's books; see [`measure_text`].
fn measure(folder: &Path, flags: &[&str], variables: &[(&str, &str)]) -> (String, Option<i32>, Value) {
    measure_text(folder, &asset("demo/books-sample.jsonl"), flags, variables)
}

/// The program on a folder and a text, with a cache of its own: what it says, its exit status and its results.
fn measure_text(
    folder: &Path,
    corpus: &Path,
    flags: &[&str],
    variables: &[(&str, &str)],
) -> (String, Option<i32>, Value) {
    let cache = tempfile::tempdir().unwrap();
    let out = cache.path().join("out.json");
    let output = Command::new(env!("CARGO_BIN_EXE_infoplane"))
        .arg("measure")
        .arg(folder)
        .arg("--corpus")
        .arg(corpus)
        .args(["--samples", "8", "--context", "64", "--backend", "cpu", "--out"])
        .arg(&out)
        .args(flags)
        .env("XDG_CACHE_HOME", cache.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(out.exists(), "no results: {said}");
    (said, output.status.code(), read_json(&out))
}

/// The errors of the checkpoints of a run, none for those measured.
fn errors(results: &Value, run: &str) -> Vec<Option<String>> {
    let checkpoints = results["checkpoints"].as_array().unwrap().iter();
    let of_run = checkpoints.filter(|checkpoint| checkpoint["run"] == run);
    of_run.map(|checkpoint| checkpoint["error"].as_str().map(str::to_owned)).collect()
}

/// A tokenizer that adds so many special tokens to every document.
fn add_specials(path: &Path, count: usize) {
    let mut tokenizer = read_json(path);
    let special = json!({"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}});
    let mut single = vec![special; count];
    single.push(json!({"Sequence": {"id": "A", "type_id": 0}}));
    tokenizer["post_processor"]["single"] = single.into();
    tokenizer["post_processor"]["special_tokens"] =
        json!({"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}});
    std::fs::write(path, tokenizer.to_string()).unwrap();
}

#[test]
fn a_tokenizer_that_leaves_no_text_costs_the_checkpoints_that_use_it() {
    let folder = tempfile::tempdir().unwrap();
    for run in ["first", "second", "third"] {
        let made = run_of(&folder.path().join("made"), &["step0", "step2000"]);
        std::fs::rename(made, folder.path().join(run)).unwrap();
    }
    std::fs::remove_dir(folder.path().join("made")).unwrap();
    add_specials(&folder.path().join("second/tokenizer.json"), 64);
    let (said, status, results) = measure(folder.path(), &[], &[]);
    assert_eq!(status, Some(1), "{said}");
    for run in ["first", "third"] {
        assert_eq!(errors(&results, run), [None, None], "{run}");
    }
    for error in errors(&results, "second") {
        assert!(error.as_ref().is_some_and(|error| error.contains("leaves no text")), "{error:?}");
    }
}

/// A job of so little memory that one checkpoint's scores fit neither it nor the store.
#[cfg(target_os = "linux")]
#[test]
fn scores_that_fit_nowhere_cost_their_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    let config = run.join("step64/config.json");
    let mut deep = read_json(&config);
    deep["num_hidden_layers"] = 4000.into();
    std::fs::write(&config, deep.to_string()).unwrap();
    let job = [("SLURM_MEM_PER_NODE", "700")];
    for store in [&["--store-size", "200MiB"][..], &["--no-store"]] {
        let (said, status, results) = measure(&run, store, &job);
        assert_eq!(status, Some(1), "{said}");
        let [None, Some(error), None] = &errors(&results, "run")[..] else { panic!("{said}") };
        // Cause, help and path: of the memory, and of the store where there is one.
        assert!(
            error.contains("memory") && error.contains("is free") && error.contains("--samples"),
            "{error}"
        );
        assert_eq!(error.contains("--store-size"), store.len() == 2, "{error}");
        assert!(error.contains("step64"), "{error}");
    }
}

#[test]
fn a_minimum_count_that_the_first_documents_miss_waits_for_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let worker = Worker::open(&run_of(folder.path(), &["step2000"]), engine::Options::default());
    let wanted = Settings { samples: 64, max_order: 1, min_count: 100, ..settings(64) };
    let few = Settings { samples: 16, ..wanted.clone() };
    assert_eq!(failures(&worker.ask(request(1, few, true))).len(), 1);
    let events = worker.ask(request(2, wanted, true));
    assert!(failures(&events).is_empty(), "{:?}", failures(&events));
    assert_eq!(measured(&events).len(), 1);
}

/// A worker with one folder open.
struct Worker {
    commands: Sender<engine::Command>,
    events: Receiver<Event>,
}

impl Worker {
    fn open(path: &Path, options: engine::Options) -> Self {
        let (commands, events) = engine::spawn(options, || {}).unwrap();
        commands.send(engine::Command::Open { paths: vec![path.to_owned()] }).unwrap();
        Self { commands, events }
    }

    /// Everything told of a request, up to its end.
    fn ask(&self, request: Request) -> Vec<Event> {
        self.commands.send(engine::Command::Measure(request.clone())).unwrap();
        let mut events = Vec::new();
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("the worker answers");
            let ends = matches!(event, Event::Idle { generation, .. } if generation == request.generation);
            events.push(event);
            if ends {
                return events;
            }
        }
    }
}

fn request(generation: u64, settings: Settings, interactive: bool) -> Request {
    let text = TextSource::Corpus(asset("demo/books-sample.jsonl"));
    Request { generation, settings, text, focus: None, interactive }
}

fn settings(context: usize) -> Settings {
    Settings { samples: 8, context, points: 20, backend: Backend::Cpu, ..Settings::default() }
}

/// The last numbers told of each checkpoint, in the order of training.
fn measured(events: &[Event]) -> Vec<Arc<Measurement>> {
    let mut last = std::collections::BTreeMap::new();
    for event in events {
        if let Event::Measured { checkpoint, measurement, .. } = event {
            last.insert(*checkpoint, Arc::clone(measurement));
        }
    }
    last.into_values().collect()
}

fn failures(events: &[Event]) -> Vec<(usize, Kind, String)> {
    let failed = events.iter().filter_map(|event| match event {
        Event::CheckpointFailed { checkpoint, error, .. } => {
            Some((checkpoint.checkpoint, error.kind(), error.to_string()))
        }
        Event::Failed { error, .. } => panic!("the request failed: {error}"),
        _ => None,
    });
    failed.collect()
}

#[test]
fn text_that_breaks_off_ends_the_request_and_keeps_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    for run in ["first", "second"] {
        let made = run_of(&folder.path().join("made"), &["step0", "step2000"]);
        std::fs::rename(made, folder.path().join(run)).unwrap();
    }
    std::fs::remove_dir(folder.path().join("made")).unwrap();
    // Even the short documents are long enough for the first run, which so never comes to the line that is broken.
    add_specials(&folder.path().join("first/tokenizer.json"), 10);
    let long =
        json!({"text": "the quick brown fox jumps over the lazy dog and is gone ".repeat(9)}).to_string();
    let short = json!({"text": "a"}).to_string();
    let corpus = folder.path().join("text.jsonl");
    let lines = [vec![long; 6], vec![short; 2], vec!["{broken".to_owned()]].concat();
    std::fs::write(&corpus, lines.join("\n") + "\n").unwrap();
    let (said, status, results) = measure_text(folder.path(), &corpus, &[], &[]);
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(errors(&results, "first"), [None, None]);
    for error in errors(&results, "second") {
        assert!(error.as_ref().is_some_and(|error| error.contains("line 9")), "{error:?}");
    }
    assert!(said.contains("line 9") && said.contains("text.jsonl"), "{said}");
}

#[test]
fn a_minimum_count_that_one_tokenizer_misses_costs_its_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    for run in ["plain", "special"] {
        let made = run_of(&folder.path().join("made"), &["step0"]);
        std::fs::rename(made, folder.path().join(run)).unwrap();
    }
    std::fs::remove_dir(folder.path().join("made")).unwrap();
    // Its special token alone occurs some 300 times in 456 positions.
    add_specials(&folder.path().join("special/tokenizer.json"), 40);
    let (said, status, results) = measure(folder.path(), &["--min-count", "200"], &[]);
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(errors(&results, "special"), [None]);
    let [Some(error)] = &errors(&results, "plain")[..] else { panic!("{said}") };
    assert!(error.contains("occurs 200 times") && error.contains("--min-count"), "{error}");
}

/// What is wrong with a checkpoint, or with the memory allowed, is not the GPU's fault.
#[test]
fn a_failure_that_is_not_the_gpus_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    let weights = run.join("step64/model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let on_gpu = Settings { backend: Backend::Gpu, ..settings(64) };
    for (memory, failing) in [(None, &[1][..]), (Some(1 << 10), &[0, 1, 2])] {
        let worker = Worker::open(&run, engine::Options { memory, ..Default::default() });
        let events = worker.ask(request(1, on_gpu.clone(), false));
        let failed: Vec<usize> = failures(&events).iter().map(|failure| failure.0).collect();
        assert_eq!((&failed[..], measured(&events).len()), (failing, 3 - failing.len()));
        let devices: Vec<&String> = events
            .iter()
            .filter_map(|event| match event {
                Event::Device { name } => Some(name),
                Event::Warning(warning) => panic!("{warning}"),
                _ => None,
            })
            .collect();
        assert!(devices.len() == 1 && devices[0].contains("GPU"), "{devices:?}");
    }
}

#[test]
fn a_checkpoint_written_anew_is_measured_anew() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    let worker = Worker::open(&run, engine::Options::default());
    let first = measured(&worker.ask(request(1, settings(64), true)));
    // In place, at the same length, as a trainer writes.
    std::fs::copy(run.join("step2000/model.safetensors"), run.join("step0/model.safetensors")).unwrap();
    let second = measured(&worker.ask(request(2, settings(64), true)));
    let numbers = |measurement: &Measurement| (measurement.loss, measurement.mean.clone());
    assert_ne!(numbers(&first[0]), numbers(&first[2]));
    assert_eq!(numbers(&second[0]), numbers(&first[2]));
    assert_eq!(
        second[1..].iter().map(|m| numbers(m)).collect::<Vec<_>>(),
        [numbers(&first[1]), numbers(&first[2])]
    );
    // Their files say so too.
    assert_ne!(first[0].weights, second[0].weights);
    assert_eq!(second[0].weights, second[2].weights);
}

#[test]
fn results_say_what_weights_and_what_text_they_are_of() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let of = |folder: &tempfile::TempDir, settings: Settings| {
        let run = folder.path().join("run");
        let run = if run.exists() { run } else { run_of(folder.path(), &["step0", "step2000"]) };
        measured(&Worker::open(&run, engine::Options::default()).ask(request(1, settings, false)))
    };
    let here = of(&folders[0], settings(64));
    let there = of(&folders[1], settings(64));
    for (here, there) in here.iter().zip(&there) {
        assert!(here.weights.as_ref().is_some_and(|hash| hash.len() == 32), "{:?}", here.weights);
        assert_eq!((&here.weights, &here.sample), (&there.weights, &there.sample));
    }
    assert_ne!(here[0].weights, here[1].weights);
    assert_eq!(here[0].sample, here[1].sample);
    // Cut elsewhere it is another text; asked otherwise it is the same.
    let shorter = of(&folders[0], settings(32));
    assert_ne!(here[0].sample, shorter[0].sample);
    let warmer = of(&folders[0], Settings { temperature_factor: 2.0, ..settings(64) });
    assert_eq!((&here[0].weights, &here[0].sample), (&warmer[0].weights, &warmer[0].sample));
    // Numbers that carry no such thing, as of earlier versions, are read without.
    let mut value = serde_json::to_value(&*here[0]).unwrap();
    value.as_object_mut().unwrap().remove("weights");
    assert_eq!(serde_json::from_value::<Measurement>(value).unwrap().weights, None);
}

/// While nothing is to be done no model is kept: its files are open no more.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_worker_keeps_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step2000"]);
    let worker = Worker::open(&run, engine::Options::default());
    for generation in 1..=2 {
        // Another factor is answered by scores alone, another context needs the model.
        let context = if generation == 1 { 64 } else { 32 };
        assert_eq!(measured(&worker.ask(request(generation, settings(context), true))).len(), 1);
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let weights =
            open.filter_map(|file| std::fs::read_link(file.path()).ok()).find(|to| to.starts_with(&run));
        assert_eq!(weights, None, "after {generation}");
    }
}

/// Documents of up to `longest` tokens.
fn options(compute: &infoplane::device::Compute, longest: usize, memory: usize) -> Options {
    Options { longest, memory: Some(memory), ..Options::new(compute.tensors()) }
}

/// The least memory that a model is opened with for documents of up to `longest` tokens, to 4 KiB.
fn least_memory(folder: &Path, compute: &infoplane::device::Compute, longest: usize) -> usize {
    let (mut too_little, mut enough) = (0, 1 << 44);
    while enough - too_little > 4 << 10 {
        let memory = (too_little + enough) / 2;
        match Model::open(&ModelFolder::new(folder), &options(compute, longest, memory)) {
            Ok(_) => enough = memory,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Memory, "{error}");
                too_little = memory;
            }
        }
    }
    enough
}

#[test]
fn memory_counts_the_longest_document() {
    for (backend, compute) in devices() {
        let model = asset("demo/gutenberg-200k/step0");
        let least = |longest| least_memory(&model, &compute, longest);
        let config = infoplane::model::config::Config::read(&ModelFolder::new(&model)).unwrap();
        let token = config.floats_per_token() * size_of::<f32>();
        let [usual, long, longer] = [0, 8192, 131_072].map(least);
        // What a document longer than a batch of 4096 tokens takes, it takes more; never less.
        assert!(long >= usual + 4096 * token, "{backend:?}: {usual} {long}");
        assert!(longer >= long + (131_072 - 8192) * token, "{backend:?}: {long} {longer}");
        // But no square of it.
        assert!(longer < 131_072 * 8 * token + usual, "{backend:?}: {longer}");
        // Shorter documents pass several together: a batch takes what it takes.
        assert!(least(512) <= least(4096));
        let error = Model::open(&ModelFolder::new(&model), &options(&compute, 131_072, long)).unwrap_err();
        let said = error.to_string();
        assert!(["--context", "--memory", "131072"].iter().all(|part| said.contains(part)), "{said}");
    }
}

#[test]
fn a_document_too_long_for_the_memory_is_refused_and_shorter_ones_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let corpus: PathBuf = folder.path().join("long.txt");
    // Some 12,000 tokens in one document.
    std::fs::write(&corpus, "the quick brown fox jumps over it; ".repeat(1000)).unwrap();
    let cpu = infoplane::device::Compute::Cpu;
    let memory =
        (least_memory(&run.join("step0"), &cpu, 512) + least_memory(&run.join("step0"), &cpu, 8192)) / 2;
    let worker = Worker::open(&run, engine::Options { memory: Some(memory), ..Default::default() });
    let ask = |generation, context| {
        let text = TextSource::Corpus(corpus.clone());
        worker.ask(Request { text, ..request(generation, settings(context), false) })
    };
    let failed = failures(&ask(1, 8192));
    assert_eq!(failed.iter().map(|failure| failure.0).collect::<Vec<_>>(), [0, 1]);
    for (_, kind, said) in failed {
        assert!(kind == Kind::Memory && said.contains("--context") && said.contains("--memory"), "{said}");
    }
    let events = ask(2, 512);
    assert_eq!((failures(&events).len(), measured(&events).len()), (0, 2));
}
