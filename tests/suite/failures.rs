//! What a failure costs: the checkpoint that it is of, and no more.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use infoplane::checkpoints::ModelFolder;
use infoplane::engine::{self, Command as Message, Event};
use infoplane::error::Kind;
use infoplane::model::{Model, Options};
use infoplane::results::Measurement;
use infoplane::settings::{Backend, Settings};
use serde_json::{Value, json};

use super::driver::{Driver, failures, headless, last_numbers, on, on_books, run_of, warnings};
use super::support::{asset, devices, json as read_json, token_file};

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
    let checkpoints = results["conditions"][0]["checkpoints"].as_array().unwrap().iter();
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
        assert!(error.as_ref().is_some_and(|error| error.contains("leaves no room for text")), "{error:?}");
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

/// A job of less memory than a tokenizer takes, or any model: nothing is measured, what there was no room for is said with
/// what it takes, and no partial results are written.
#[cfg(target_os = "linux")]
#[test]
fn a_job_with_less_memory_than_a_tokenizer_or_a_model_says_what_they_take_and_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let (store, out) = (folder.path().join("store"), folder.path().join("out.json"));
    let tokens = folder.path().join("tokens.safetensors");
    token_file(&tokens, &[&[3; 64]]);
    let measured_on = |flag: &str, text: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_infoplane"))
            .arg("measure")
            .arg(&run)
            .arg(flag)
            .arg(text)
            .args(["--samples", "8", "--context", "64", "--backend", "cpu", "--store"])
            .arg(&store)
            .arg("--out")
            .arg(&out)
            .env("SLURM_MEM_PER_NODE", "1")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && !out.exists(), "{said}");
        said
    };
    // One tokenizer for all: nothing can be measured.
    let said = measured_on("--corpus", &asset("demo/books-sample.jsonl"));
    let cause =
        "infoplane: the tokenizer takes 1.3 MiB, and 0.0 MiB of memory is free; allow the job more memory";
    assert!(said.contains(cause) && said.contains("tokenizer.json"), "{said}");

    let said = measured_on("--tokens", &tokens);
    let failed: Vec<&str> = said.lines().filter(|line| line.contains("failed:")).collect();
    assert_eq!(failed.len(), 2, "{said}");
    for (line, step) in failed.iter().zip(["step0", "step64"]) {
        assert!(line.contains("two blocks of this model and a batch take"), "{line}");
        assert!(line.contains("the memory limit is 0 MiB; allow more --memory"), "{line}");
        assert!(line.contains(step), "{line}");
    }
    assert!(said.contains("2 of 2 checkpoints failed"), "{said}");
}

#[test]
fn a_minimum_count_that_the_first_documents_miss_waits_for_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step2000"]), engine::Options::default());
    let wanted = Settings { samples: 64, max_order: 1, min_count: 100, ..settings(64) };
    let few = Settings { samples: 16, ..wanted.clone() };
    assert_eq!(failures(&driver, &driver.ask(&on_books(&few))).len(), 1);
    let events = driver.ask(&on_books(&wanted));
    assert!(failures(&driver, &events).is_empty(), "{:?}", failures(&driver, &events));
    assert_eq!(last_numbers(&driver, &events).len(), 1);
}

fn settings(context: usize) -> Settings {
    Settings { samples: 8, context, points: 20, backend: Backend::Cpu, ..Settings::default() }
}

#[test]
fn text_that_breaks_off_costs_the_checkpoints_whose_tokenizer_comes_that_far() {
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
    let lines = [vec![long; 6], vec![short; 2], vec!["{broken".to_owned(); 12]].concat();
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
        let driver = Driver::open(&run, engine::Options { memory, ..headless() });
        driver.want(driver.all(&on_books(&on_gpu)));
        let events = driver.until_idle();
        let mut failed: Vec<usize> = failures(&driver, &events).iter().map(|failure| failure.0).collect();
        failed.sort_unstable();
        assert_eq!((&failed[..], last_numbers(&driver, &events).len()), (failing, 3 - failing.len()));
        assert!(warnings(&events).is_empty(), "{:?}", warnings(&events));
        let devices: Vec<&String> = events
            .iter()
            .filter_map(|event| match event {
                Event::Device { name } => Some(name),
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
    let driver = Driver::open(&run, engine::Options::default());
    let condition = on_books(&settings(64));
    let first = last_numbers(&driver, &driver.ask(&condition));
    let numbers = |measurement: &Measurement| (measurement.loss, measurement.mean.clone());
    assert_ne!(numbers(&first[0]), numbers(&first[2]));
    // In place, at the same length, as a trainer writes.
    std::fs::copy(run.join("step2000/model.safetensors"), run.join("step0/model.safetensors")).unwrap();
    driver.commands.send(Message::Retry).unwrap();
    let events = driver.until_idle();
    let second = last_numbers(&driver, &events);
    assert_eq!(second.iter().map(|m| numbers(m)).collect::<Vec<_>>(), [numbers(&first[2])]);
    let said = warnings(&events);
    assert!(said.len() == 1 && said[0].contains("rewritten") && said[0].contains("step0"), "{said:?}");
    // Their files say so too.
    assert_ne!(first[0].weights, second[0].weights);
    assert_eq!(second[0].weights, first[2].weights);
    // A slider moved finds out for itself.
    std::fs::copy(run.join("step64/model.safetensors"), run.join("step0/model.safetensors")).unwrap();
    let events = driver.ask(&on_books(&Settings { temperature_factor: 2.0, ..settings(64) }));
    let third = last_numbers(&driver, &events);
    assert_eq!(numbers(&third[0]), numbers(&third[1]));
    assert_eq!(warnings(&events).len(), 1);
}

/// Whatever was read before or while the files were rewritten is of another model, and is neither shown nor stored.
#[test]
fn files_rewritten_while_a_model_works_leave_no_trace_in_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let expected = {
        let other = run_of(&folder.path().join("other"), &["step64"]);
        let driver = Driver::open(&other, engine::Options::default());
        last_numbers(&driver, &driver.ask(&on_books(&settings(64))))[0].clone()
    };
    let store = folder.path().join("store");
    let open_store = || infoplane::store::Store::open(&store, Some(1 << 30)).unwrap();
    // Stored at once, and every step emitted.
    let options = engine::Options {
        progress_every: Duration::ZERO,
        kept: Some(0),
        store: Some(open_store()),
        ..Default::default()
    };
    let mut driver = Driver::stepwise(&run, options.clone());
    driver.want(driver.window(&on_books(&settings(64)), None));
    driver.step();
    driver
        .until(|event| matches!(event, Event::Progress { checkpoint_share, .. } if *checkpoint_share < 1.0));
    let weights = run.join("step0/model.safetensors");
    let original = folder.path().join("original");
    std::fs::rename(&weights, &original).unwrap();
    std::fs::copy(run.join("step64/model.safetensors"), &weights).unwrap();
    driver.run();
    let events = driver.until_idle();
    let found = last_numbers(&driver, &events);
    assert_eq!((&found[0].mean, &found[0].weights), (&expected.mean, &expected.weights));
    let said = warnings(&events);
    assert!(said.len() == 1 && said[0].contains("rewritten"), "{said:?}");
    drop(driver);
    // Nor is anything stored under the name of the former files.
    let fresh = {
        let other = run_of(&folder.path().join("fresh"), &["step0"]);
        let driver = Driver::open(&other, engine::Options::default());
        last_numbers(&driver, &driver.ask(&on_books(&settings(64))))[0].clone()
    };
    std::fs::rename(&original, &weights).unwrap();
    let driver = Driver::open(&run, engine::Options { store: Some(open_store()), ..options });
    let again = last_numbers(&driver, &driver.ask(&on_books(&settings(64))));
    assert_eq!((&again[0].mean, again[0].loss), (&fresh.mean, fresh.loss));
}

#[test]
fn a_checkpoint_that_is_gone_fails_and_its_numbers_stay_answerable() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let driver = Driver::open(&run, engine::Options::default());
    assert_eq!(last_numbers(&driver, &driver.ask(&on_books(&settings(64)))).len(), 2);
    std::fs::rename(run.join("step64"), run.join("moved")).unwrap();
    // What was scored of it is still of it.
    let warmer = on_books(&Settings { temperature_factor: 2.0, ..settings(64) });
    let events = driver.ask(&warmer);
    let numbers = last_numbers(&driver, &events);
    assert_eq!((failures(&driver, &events).len(), numbers.len()), (0, 2));
    // But for the spread, of which the scores are not kept.
    let spreads = numbers.iter().map(|found| found.mean.entropy.spread.is_some());
    assert_eq!(spreads.collect::<Vec<_>>(), [true, false]);
    let said = warnings(&events);
    assert!(matches!(said[..], [said] if said.contains("spread") && said.contains("step64")), "{said:?}");
    // What needs the model says that it is gone, and where it was.
    let events = driver.ask(&on_books(&settings(32)));
    let failed = failures(&driver, &events);
    assert!(matches!(&failed[..], [(1, _, said)] if said.contains("step64")), "{failed:?}");
    std::fs::rename(run.join("moved"), run.join("step64")).unwrap();
    driver.commands.send(Message::Retry).unwrap();
    let events = driver.until_idle();
    assert_eq!((failures(&driver, &events).len(), last_numbers(&driver, &events).len()), (0, 1));
}

#[test]
fn a_store_copied_from_another_machine_answers_here() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let ask = |store: &Path, run: &Path, settings: Settings| {
        let store = infoplane::store::Store::open(store, Some(1 << 30)).unwrap();
        let options = engine::Options { store: Some(store), kept: Some(0), ..Default::default() };
        let driver = Driver::open(run, options);
        let events = driver.ask(&on_books(&settings));
        assert_eq!(warnings(&events), [] as [&str; 0]);
        let recalled = events.iter().filter(|event| matches!(event, Event::Measured { recalled: true, .. }));
        (recalled.count(), last_numbers(&driver, &events))
    };
    let here = folder.path().join("here");
    let (_, first) = ask(&here, &run, settings(64));
    let there = folder.path().join("there");
    copy_folder(&here, &there);
    // Elsewhere lie the same files, and nothing can be read of them but what they are.
    let moved = folder.path().join("moved");
    std::fs::rename(&run, &moved).unwrap();
    let (recalled, second) = ask(&there, &moved, settings(64));
    assert_eq!(recalled, 2);
    assert_eq!(second, first);
    // Scores, copied without their locks, answer too, even with the numbers gone.
    std::fs::remove_dir_all(there.join("measurements")).unwrap();
    let (recalled, third) = ask(&there, &moved, settings(64));
    assert_eq!((recalled, third), (0, first));
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        match from.is_dir() {
            true => copy_folder(&from, &to),
            false if from.file_name().is_some_and(|name| name == "lock") => {}
            false => _ = std::fs::copy(from, to).unwrap(),
        }
    }
}

#[test]
fn results_say_what_weights_and_what_text_they_are_of() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let of = |folder: &tempfile::TempDir, settings: Settings| {
        let run = folder.path().join("run");
        let run = if run.exists() { run } else { run_of(folder.path(), &["step0", "step2000"]) };
        let driver = Driver::open(&run, headless());
        driver.want(driver.all(&on_books(&settings)));
        last_numbers(&driver, &driver.until_idle())
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
    let driver = Driver::open(&run, engine::Options::default());
    // Another context needs the model.
    for context in [64, 32] {
        assert_eq!(last_numbers(&driver, &driver.ask(&on_books(&settings(context)))).len(), 1);
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let weights =
            open.filter_map(|file| std::fs::read_link(file.path()).ok()).find(|to| to.starts_with(&run));
        assert_eq!(weights, None, "at {context}");
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
    let driver = Driver::open(&run, engine::Options { memory: Some(memory), ..headless() });
    let ask = |context| {
        driver.want(driver.all(&on(&corpus, &settings(context))));
        driver.until_idle()
    };
    let failed = failures(&driver, &ask(8192));
    assert_eq!(failed.iter().map(|failure| failure.0).collect::<Vec<_>>(), [0, 1]);
    for (_, kind, said) in failed {
        assert!(kind == Kind::Memory && said.contains("--context") && said.contains("--memory"), "{said}");
    }
    let events = ask(512);
    assert_eq!((failures(&driver, &events).len(), last_numbers(&driver, &events).len()), (0, 2));
}
