//! The command line as people type it: signals, pipes, several paths, names of files, a terminal that is none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use super::super::engine::run_of;
use super::{QUICK, fails, infoplane, status, text};

/// A line of JSON with a document of words.
fn line(words: &[&str]) -> String {
    format!("{}\n", json!({"text": words.join(" ")}))
}

/// Eight documents, one of them of few long words.
fn eight_documents() -> String {
    let words = ["the", "whale", "was", "white", "and", "the", "sea", "was", "wide", "and", "cold"];
    let few = ["incomprehensibilities"; 4];
    (0..8).map(|document| line(if document == 3 { &few } else { &words })).collect()
}

/// Two runs of one checkpoint each, which read text by different tokenizers: the second by words, so that few long ones
/// are too short a document. Returns their folders.
fn two_tokenizers(folder: &Path, special: &[&str]) -> [PathBuf; 2] {
    let [a, b] = ["a", "b"].map(|name| run_of(&folder.join(name), &["step0"]));
    let mut template: Vec<Value> =
        special.iter().map(|name| json!({"SpecialToken": {"id": name, "type_id": 0}})).collect();
    template.push(json!({"Sequence": {"id": "A", "type_id": 0}}));
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "decoder": null,
        "added_tokens": [],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template,
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}},
        },
        "model": {"type": "WordLevel", "vocab": {"?": 0, "the": 1, "was": 2, "and": 3, "sea": 4, "<s>": 5}, "unk_token": "?"},
    });
    std::fs::write(b.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    [a, b]
}

/// Runs with `input` on standard input.
fn infoplane_on(args: &[&str], input: &[u8]) -> Output {
    let mut child = start(args);
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_infoplane"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn progress_is_a_line_a_checkpoint_where_there_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    std::fs::remove_file(run.join("step64/model.safetensors")).unwrap();
    let (corpus, store) = (folder.path().join("text.jsonl"), folder.path().join("store"));
    std::fs::write(&corpus, eight_documents()).unwrap();
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--store", text(&store)];
    args.extend(["--samples", "2000", "--context", "64", "--points", "20", "--backend", "cpu"]);
    let stderr = status(&infoplane(&args), 1);
    let lines: Vec<&str> = stderr.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("measuring ")).unwrap();
    assert!(lines[first].starts_with("measuring 3 checkpoints on 8 documents ("), "{stderr}");
    assert!(lines[first].contains(text(&corpus)) && lines[first].contains("computing on CPU"), "{stderr}");
    assert_eq!(lines[first + 1], "the text has 8 documents, fewer than --samples 2000");
    let told: Vec<&&str> = lines.iter().filter(|line| line.contains("/3 ")).collect();
    assert_eq!(told.len(), 3, "{stderr}");
    for (number, line) in told.iter().enumerate() {
        assert!(line.starts_with(&format!("{}/3 run/step", number + 1)), "{stderr}");
        let parts: &[&str] = match line.contains("step64") {
            true => &[" failed: ", "step64"],
            false => &[": complexity 0.", ", expressivity 0.", ", loss ", " s"],
        };
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    // Nothing moves on a line of its own in a file.
    assert!(!stderr.contains('\r') && !stderr.contains('\u{1b}'), "{stderr}");

    let stderr = status(&infoplane(&args), 1);
    assert_eq!(stderr.lines().filter(|line| line.ends_with(", measured before")).count(), 2, "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_measurement_says_what_is_kept_and_goes_on_from_there() {
    for (signal, expected) in [("-INT", 130), ("-TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = two_tokenizers(folder.path(), &[]);
        let (store, out) = (folder.path().join("store"), folder.path().join("results.json"));
        let mut args = vec!["measure", text(&a), text(&b), "--corpus", "-", "--store", text(&store)];
        args.extend(["--out", text(&out)]);
        args.extend(QUICK);
        let mut child = start(&args);
        // To the second tokenizer these are seven documents; it waits for the eighth.
        let mut input = child.stdin.take().unwrap();
        input.write_all(eight_documents().as_bytes()).unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let first = stderr.find(|line| line.starts_with("1/2 ")).unwrap();
        assert!(first.starts_with("1/2 a/run/step0: complexity "), "{first}");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let rest: Vec<String> = stderr.collect();
        assert_eq!(child.wait().unwrap().code(), Some(expected), "{rest:?}");
        let last = rest.last().unwrap();
        assert_eq!(
            last,
            "infoplane: interrupted; 1 of 2 checkpoints measured and stored, --out is not written; \
             the same command resumes"
        );
        assert!(!out.exists());

        let output = infoplane_on(&args, (eight_documents() + &eight_documents()).as_bytes());
        let stderr = status(&output, 0);
        assert!(stderr.contains("1 of 2 checkpoints were measured before"), "{stderr}");
        assert!(stderr.contains("1/2 a/run/step0: ") && stderr.contains("2/2 b/run/step0: "), "{stderr}");
        assert!(out.exists());
    }
}

#[test]
fn standard_input_is_a_text_for_every_tokenizer() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = two_tokenizers(folder.path(), &[]);
    let content = eight_documents() + &eight_documents();
    let corpus = folder.path().join("text.jsonl");
    std::fs::write(&corpus, &content).unwrap();
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(content.as_bytes()).unwrap();
    let measured = |corpus: &str, input: &[u8]| {
        let mut args = vec!["measure", text(&a), text(&b), "--corpus", corpus, "--no-store"];
        args.extend(QUICK);
        let output = infoplane_on(&args, input);
        status(&output, 0);
        let mut results: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checkpoints = results["conditions"][0]["checkpoints"].as_array_mut().unwrap();
        let corpora = checkpoints.iter_mut().map(|checkpoint| {
            let provenance = checkpoint.as_object_mut().unwrap().remove("provenance").unwrap();
            provenance["corpus"].as_str().unwrap().to_owned()
        });
        let corpora: Vec<String> = corpora.collect();
        (checkpoints.clone(), corpora)
    };
    let (expected, _) = measured(text(&corpus), b"");
    assert_ne!(expected[0]["positions"], expected[1]["positions"]);
    assert_eq!(measured("-", content.as_bytes()), (expected.clone(), vec!["standard input".to_owned(); 2]));
    assert_eq!(measured("-", &zipped.finish().unwrap()).0, expected);
    if cfg!(unix) {
        assert_eq!(measured("/dev/stdin", content.as_bytes()).0, expected);
    }

    fails(&["measure", text(&a), "--corpus", "-"], &["is empty", "standard input"]);
    fails(&["measure", text(&a), "--tokens", "-"], &["--tokens", "standard input"]);
    fails(&["measure", text(&a), "--corpus", text(&corpus), "--tokens", "x"], &["cannot be used with"]);
    fails(&[text(&a), "--corpus", "-"], &["window", "infoplane measure"]);
}

#[test]
fn what_was_measured_is_written_where_the_text_fails_later() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = two_tokenizers(folder.path(), &[]);
    let corpus = folder.path().join("text.jsonl");
    // The second tokenizer needs a ninth line.
    std::fs::write(&corpus, eight_documents() + &"{broken\n".repeat(12)).unwrap();
    let mut args = vec!["measure", text(&a), text(&b), "--corpus", text(&corpus)];
    args.extend(QUICK);
    let output = infoplane(&args);
    let stderr = status(&output, 1);
    assert!(stderr.contains("1 of 2 checkpoints failed"), "{stderr}");
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checkpoints = results["conditions"][0]["checkpoints"].as_array().unwrap();
    assert_eq!((&checkpoints[0]["run"], &checkpoints[1]["run"]), (&json!("a/run"), &json!("b/run")));
    assert!(checkpoints[0]["loss"].as_f64().unwrap() > 0.0);
    assert!(checkpoints[1]["error"].as_str().unwrap().starts_with("line 9 is not valid JSON"), "{results}");
}

#[test]
fn a_tokenizer_that_leaves_no_text_costs_its_own_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = two_tokenizers(folder.path(), &["<s>", "<s>"]);
    let corpus = folder.path().join("text.jsonl");
    std::fs::write(&corpus, eight_documents()).unwrap();
    let measure = |paths: &[&Path]| {
        let mut args = vec!["measure"];
        args.extend(paths.iter().map(|path| text(path)));
        args.extend(["--corpus", text(&corpus), "--context", "2", "--max-order", "1"]);
        args.extend(["--points", "20", "--backend", "cpu"]);
        infoplane(&args)
    };
    let stderr = status(&measure(&[&b]), 2);
    assert!(
        stderr.contains("the tokenizer adds 2 special tokens, which leaves no room for text"),
        "{stderr}"
    );
    let output = measure(&[&a, &b]);
    status(&output, 1);
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(results["conditions"][0]["checkpoints"][0]["loss"].as_f64().unwrap() > 0.0);
    assert!(
        results["conditions"][0]["checkpoints"][1]["error"]
            .as_str()
            .unwrap()
            .contains("leaves no room for text"),
        "{results}"
    );
}

#[test]
fn what_can_be_known_is_said_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0"]);
    let (corpus, run) = (folder.path().join("text.jsonl"), text(&run));
    std::fs::write(&corpus, eight_documents()).unwrap();
    let corpus = text(&corpus);
    let nowhere = folder.path().join("nowhere");
    fails(&["measure", text(&nowhere)], &["no such folder", text(&nowhere)]);
    fails(&["measure", run, text(&nowhere), "--corpus", corpus], &["no such folder", text(&nowhere)]);
    fails(&["measure", corpus, "--corpus", corpus], &[corpus]);
    // Other names of files that were written as JSON.
    let table = folder.path().join("results.tsv");
    let known = [".json, .csv or .parquet", "--format", "results.tsv"];
    fails(&["measure", run, "--corpus", corpus, "--out", text(&table)], &known);
    assert!(!table.exists());
    let mut args = vec!["measure", run, "--corpus", corpus, "--format", "csv", "--out", text(&table)];
    args.extend(QUICK);
    let output = infoplane(&args);
    let stderr = status(&output, 0);
    assert!(stderr.contains("measuring 1 checkpoint on 8 documents ("), "{stderr}");
    assert!(!stderr.contains("--samples"), "{stderr}");
    let header = std::fs::read_to_string(&table).unwrap().lines().next().unwrap().to_owned();
    assert!(header.split(',').any(|column| column == "checkpoint"), "{header}");
}

#[cfg(unix)]
#[test]
fn a_model_reached_by_two_names_is_measured_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let (corpus, link) = (folder.path().join("text.jsonl"), folder.path().join("link"));
    std::fs::write(&corpus, eight_documents()).unwrap();
    symlink(&run, &link).unwrap();
    let step = run.join("step0");
    let mut args = vec!["measure", text(&run), text(&step), text(&link), "--corpus", text(&corpus)];
    args.extend(QUICK);
    let output = infoplane(&args);
    let stderr = status(&output, 0);
    for path in [&step, &link] {
        let line = format!("{} is in {} already, measured once", path.display(), run.display());
        assert!(stderr.contains(&line), "{stderr}");
    }
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&Value> = results["conditions"][0]["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|checkpoint| &checkpoint["name"])
        .collect();
    assert_eq!(names, ["step0", "step2000"]);
}

#[cfg(unix)]
#[test]
fn inspect_and_measure_agree_on_links() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let corpus = folder.path().join("text.jsonl");
    std::fs::write(&corpus, eight_documents()).unwrap();
    let both = |path: &Path, flags: &[&str]| {
        let inspected = infoplane(&[&["inspect", text(path), "--json"], flags].concat());
        let mut args = vec!["measure", text(path), "--corpus", text(&corpus)];
        args.extend(QUICK);
        args.extend(flags);
        (inspected, infoplane(&args))
    };
    // A link that the user names is as good as what it leads to, the tokenizer of its run included.
    let link = folder.path().join("link");
    symlink(run.join("step0"), &link).unwrap();
    let (inspected, measured) = both(&link, &[]);
    status(&inspected, 0);
    status(&measured, 0);
    let report: Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert!(
        report["runs"][0]["checkpoints"][0]["tokenizer"].as_str().unwrap().ends_with("run/tokenizer.json")
    );

    // One within a folder is followed out of it, unless it is a stranger's; then both say where it leads.
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    symlink(run.join("step0"), models.join("linked")).unwrap();
    let (inspected, measured) = both(&models, &[]);
    status(&inspected, 0);
    status(&measured, 0);
    let (inspected, measured) = both(&models, &["--no-follow-links"]);
    status(&inspected, 1);
    let report: Value = serde_json::from_slice(&inspected.stdout).unwrap();
    let cause = report["runs"][0]["checkpoints"][0]["error"].as_str().unwrap();
    let target = run.join("step0").canonicalize().unwrap();
    assert!(cause.contains("leads outside") && cause.contains(text(&target)), "{cause}");
    let stderr = status(&measured, 2);
    assert!(stderr.contains(cause), "{stderr}");
}

#[test]
fn results_are_written_where_nobody_reads_the_progress() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0"]);
    let (corpus, out) = (folder.path().join("text.jsonl"), folder.path().join("results.json"));
    std::fs::write(&corpus, eight_documents()).unwrap();
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--no-store", "--out", text(&out)];
    args.extend(QUICK);
    let mut child = start(&args);
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(out.exists());
}
