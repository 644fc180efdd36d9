//! Results of several files: merged, shown and drawn as one, and what stands in the way of it.

use std::path::{Path, PathBuf};

use infoplane::engine::{self, Command, Event};
use serde_json::Value;

use super::super::engine::run_of;
use super::super::support::{PATIENCE, fixture};
use super::{infoplane, measure, text};

const STEPS: [&str; 3] = ["step0", "step64", "step2000"];

/// A run measured whole as JSON, and a folder with a part for each checkpoint, measured by itself: JSON, CSV, Parquet.
fn measured_in_parts(folder: &Path) -> (PathBuf, [PathBuf; 3]) {
    let run = run_of(folder, &STEPS);
    let whole = measure(&run, &folder.join("whole.json"), &["--points", "20"], 0);
    std::fs::create_dir(folder.join("parts")).unwrap();
    let parts = [("0", "json"), ("1", "csv"), ("2", "parquet")].map(|(index, form)| {
        let step = STEPS[index.parse::<usize>().unwrap()];
        let others = || STEPS.iter().filter(|other| **other != step);
        // The other checkpoints out of the way, so that all stays where it was.
        others().for_each(|other| std::fs::rename(run.join(other), folder.join(other)).unwrap());
        let part = folder.join(format!("parts/part-{index}.{form}"));
        measure(&run, &part, &["--points", "20"], 0);
        others().for_each(|other| std::fs::rename(folder.join(other), run.join(other)).unwrap());
        part
    });
    (whole, parts)
}

/// A document as it is without its tables of single labels.
fn without_label_tables(path: &Path) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for condition in document["conditions"].as_array_mut().unwrap() {
        for checkpoint in condition["checkpoints"].as_array_mut().unwrap() {
            checkpoint.as_object_mut().unwrap().remove("label_tables");
        }
    }
    serde_json::to_vec_pretty(&document).unwrap()
}

#[test]
fn parts_merge_to_the_whole_to_the_byte_and_show_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = measured_in_parts(folder.path());
    let [a, b, c] = parts.each_ref().map(|part| text(part));
    let (parts, whole_name) = (text(&folder.path().join("parts")), text(&whole));
    let merged = |inputs: &[&str], form: &str| {
        let out = folder.path().join(format!("merged.{form}"));
        let (_, stderr) = infoplane(&[&["merge"], inputs, &["--out", &text(&out)]].concat(), 0);
        assert!(stderr.starts_with("1 condition of ") && stderr.ends_with(": 3 checkpoints\n"), "{stderr}");
        if form == "json" { without_label_tables(&out) } else { std::fs::read(&out).unwrap() }
    };
    // Tables of single labels are in documents alone; of the part that is one they are there.
    assert!(merged(&[&a, &b, &c], "json") == without_label_tables(&whole));
    let found: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("merged.json")).unwrap()).unwrap();
    let checkpoints = found["conditions"][0]["checkpoints"].as_array().unwrap();
    let has_tables = |checkpoint: &Value| checkpoint.get("label_tables").is_some();
    assert_eq!(checkpoints.iter().map(has_tables).collect::<Vec<_>>(), [true, false, false]);
    for form in ["json", "csv", "parquet"] {
        let expected = merged(&[&whole_name], form);
        for inputs in [&[&*a, &b, &c][..], &[&c, &a, &b], &[&parts], &[&b, &whole_name, &parts, &a]] {
            assert!(merged(inputs, form) == expected, "{form} of {inputs:?}");
        }
        // Once more with what came of it.
        let again = text(&folder.path().join(format!("merged.{form}")));
        assert!(merged(&[&again, &a], form) == expected, "{form}");
    }
    // Without a file it goes to standard output, as JSON.
    let (stdout, _) = infoplane(&["merge", &parts], 0);
    let printed = folder.path().join("printed.json");
    std::fs::write(&printed, stdout).unwrap();
    assert!(without_label_tables(&printed) == without_label_tables(&whole));

    let expected = infoplane(&["show", &whole_name], 0).0;
    assert_eq!(infoplane(&["show", &parts], 0).0, expected);
    let (whole_figure, figure) = (folder.path().join("whole.svg"), folder.path().join("parts.svg"));
    infoplane(&["figure", &whole_name, "--out", &text(&whole_figure)], 0);
    infoplane(&["figure", &c, &b, &a, "--out", &text(&figure)], 0);
    assert!(std::fs::read(&figure).unwrap() == std::fs::read(&whole_figure).unwrap());

    // The window's worker opens the folder too, as one run.
    let (commands, events) = engine::spawn(engine::Options::default(), || {}).unwrap();
    commands.send(Command::Open { paths: vec![PathBuf::from(&parts)] }).unwrap();
    let runs = loop {
        match events.recv_timeout(PATIENCE).unwrap() {
            Event::Opened { runs } => break runs,
            Event::OpenFailed { error } => panic!("{error}"),
            _ => {}
        }
    };
    let [run] = runs.runs() else { panic!("{:?}", runs.runs()) };
    let names: Vec<&str> = run.run.checkpoints.iter().map(|checkpoint| &*checkpoint.name).collect();
    assert_eq!(names, STEPS);
    let joined = run.recorded.as_ref().unwrap();
    let recorded = &joined.results;
    assert_eq!(joined.files.len(), 3, "every file is known that holds a part");
    assert_eq!((recorded.run.as_str(), recorded.checkpoints.len()), ("run", 3));
    // A measurement has nothing to do there.
    let (_, stderr) = infoplane(&["measure", &parts, "--corpus", &a], 2);
    assert!(stderr.contains("this is a file of results, which has no model to measure"), "{stderr}");
}

#[test]
fn more_documents_take_the_place_of_fewer_and_of_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let at = |name: &str| folder.path().join(name);
    let weights = run.join("step64/model.safetensors");
    std::fs::rename(&weights, at("weights")).unwrap();
    let on = |samples: &str, out: &str, status: i32| {
        let (run, corpus) = (text(&run), text(&super::asset("demo/books-sample.jsonl")));
        let flags = ["--context", "64", "--points", "20", "--backend", "cpu", "--no-store"];
        let args = ["measure", &run, "--corpus", &corpus, "--samples", samples, "--out", &text(&at(out))];
        infoplane(&[&args[..], &flags].concat(), status);
        at(out)
    };
    let few = on("8", "few.json", 1);
    std::fs::rename(at("weights"), &weights).unwrap();
    let more = on("12", "more.json", 0);
    let merged = at("merged.json");
    for inputs in [[&few, &more], [&more, &few]] {
        infoplane(&["merge", &text(inputs[0]), &text(inputs[1]), "--out", &text(&merged)], 0);
        assert_eq!(std::fs::read_to_string(&merged).unwrap(), std::fs::read_to_string(&more).unwrap());
    }
}

#[test]
fn two_runs_of_one_name_merge_nowhere_and_are_shown_apart() {
    let folder = tempfile::tempdir().unwrap();
    let runs = ["x", "y"].map(|name| run_of(&folder.path().join(name), &["step0", "step2000"]));
    // The other is another model.
    let swapped = runs[1].join("step0/model.safetensors");
    std::fs::copy(runs[0].join("step2000/model.safetensors"), &swapped).unwrap();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let files = [0, 1]
        .map(|index| measure(&runs[index], &parts.join(format!("{index}.csv")), &["--points", "20"], 0));
    std::fs::write(parts.join("README.md"), "What these are.").unwrap();
    std::fs::write(parts.join("config.json"), "{\"model_type\": \"llama\"}").unwrap();
    std::fs::write(parts.join("words.csv"), "word,count\nwhale,1\n").unwrap();

    let out = folder.path().join("merged.csv");
    let (stdout, stderr) = infoplane(&["merge", &text(&parts), "--out", &text(&out)], 2);
    let paths = runs.each_ref().map(|run| text(&run.join("step0")));
    let names = files.each_ref().map(|file| text(file));
    let words = ["checkpoint `run/step0` is of two models", "measure them in one command"];
    for part in words.iter().copied().chain(paths.iter().chain(&names).map(String::as_str)) {
        assert!(stderr.contains(part), "`{part}` is not in: {stderr}");
    }
    assert!(stdout.is_empty() && stderr.lines().count() == 1 && !out.exists(), "{stderr}");

    let (shown, stderr) = infoplane(&["show", &text(&parts), "--order", "1"], 0);
    assert!(stderr.contains("run `run` is shown once for each of its files"), "{stderr}");
    assert_eq!(shown.matches("run/step0").count(), 2, "{shown}");
    for name in &names {
        assert!(shown.contains(&format!("{name}\n")), "{shown}");
    }
    let figure = folder.path().join("plane.svg");
    let (_, stderr) = infoplane(&["figure", &text(&parts), "--out", &text(&figure)], 0);
    assert!(stderr.contains("is of two models"), "{stderr}");
    let svg = std::fs::read_to_string(&figure).unwrap();
    assert!(svg.contains("0.csv") && svg.contains("1.csv"), "both are on the plane, by their files");

    // Measured in one command they have names of their own.
    let both = folder.path().join("both.json");
    let corpus = text(&super::asset("demo/books-sample.jsonl"));
    let [x, y] = runs.each_ref().map(|run| text(run));
    let flags = ["--samples", "8", "--context", "64", "--points", "20", "--backend", "cpu", "--no-store"];
    infoplane(&[&["measure", &x, &y, "--corpus", &corpus, "--out", &text(&both)], &flags[..]].concat(), 0);
    infoplane(&["merge", &text(&both), &text(&both), "--out", &text(&out)], 0);
    assert!(out.exists());
}

#[test]
fn files_that_cannot_be_merged_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let older = text(&fixture("results/older.json"));
    let csv = text(&at("results.csv"));
    // A file of an earlier form is one of today after it.
    infoplane(&["merge", &older, "--out", &csv], 0);
    let merged = infoplane(&["merge", &older, &csv, &text(&fixture("results/older.parquet"))], 0).0;
    assert_eq!(merged, infoplane(&["merge", &csv], 0).0);

    let table = std::fs::read_to_string(&csv).unwrap();
    std::fs::create_dir(at("empty")).unwrap();
    let cases = [
        ("empty.csv", table.lines().next().unwrap().to_owned(), "a table without rows"),
        ("cut.csv", table[..table.len() / 2].to_owned(), "line "),
        ("newer.json", "{\"schema\": 9, \"conditions\": {}}".to_owned(), "written by a newer infoplane"),
        ("other.csv", "word,count\nwhale,1\n".to_owned(), "not an infoplane results file"),
        ("text.txt", "It was the best of times".to_owned(), "not an infoplane results file"),
    ];
    for (name, content, part) in cases {
        std::fs::write(at(name), content).unwrap();
        let out = at("out.parquet");
        let (stdout, stderr) = infoplane(&["merge", &csv, &text(&at(name)), "--out", &text(&out)], 2);
        assert!(stderr.contains(part) && stderr.contains(&text(&at(name))), "{name}: {stderr}");
        assert!(stdout.is_empty() && stderr.lines().count() == 1 && !out.exists(), "{stderr}");
    }
    let (_, stderr) = infoplane(&["merge", &text(&at("empty"))], 2);
    assert!(stderr.contains("no results in this folder"), "{stderr}");
    let (_, stderr) = infoplane(&["merge", &csv, "--out", &text(&at("results.tsv"))], 2);
    assert!(stderr.contains("use .json, .csv or .parquet"), "{stderr}");
}
