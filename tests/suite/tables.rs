//! Results as other programs read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::engine::run_of;
use super::support::asset;

/// A Python with polars, made on first use.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python");
    let works = |python: &Path| {
        let output = Command::new(python).args(["-c", "import polars"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !works(&python) {
        let run = |program: &Path, args: &[&str]| {
            let output = Command::new(program).args(args).output();
            let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        run(Path::new("python3"), &["-m", "venv", folder.to_str().unwrap()]);
        run(&python, &["-m", "pip", "install", "--quiet", "polars==1.35.2"]);
    }
    python
}

#[test]
fn polars_reads_parquet_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    std::fs::write(run.join("step64/model.safetensors"), "no weights").unwrap();
    let measure = |name: &str| {
        let out = folder.path().join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_infoplane"))
            .args(["measure", run.to_str().unwrap()])
            .args(["--corpus", asset("demo/books-sample.jsonl").to_str().unwrap()])
            .args(["--samples", "40", "--context", "64", "--points", "20", "--backend", "cpu"])
            .args(["--store", folder.path().join("store").to_str().unwrap()])
            .args(["--out", out.to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        out
    };
    let (parquet, json) = (measure("results.parquet"), measure("results.json"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/check.py");
    let output = Command::new(python()).arg(script).args([&parquet, &json]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compared: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    // Two checkpoints, four layers with the average, four orders, eight measures at least.
    assert!(compared >= 2 * 4 * 4 * 8, "{compared}");
}

#[test]
fn results_are_shown_as_tables_from_either_form() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let infoplane = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_infoplane")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let corpus = text(&asset("demo/books-sample.jsonl"));
    let (store, run) = (text(&folder.path().join("store")), text(&run));
    let results = ["json", "parquet"].map(|form| {
        let out = text(&folder.path().join(format!("results.{form}")));
        let args = ["measure", &run, "--corpus", &corpus, "--samples", "40", "--context", "64"];
        let more = ["--points", "20", "--backend", "cpu", "--store", &store, "--out", &out];
        infoplane(&[&args[..], &more[..]].concat());
        out
    });
    let shown = results.each_ref().map(|path| infoplane(&["show", path]));
    assert_eq!(shown[0], shown[1]);
    for word in ["token", "quadgram", "run/step2000", "± ", "φ", "− null"] {
        assert!(shown[0].contains(word), "{word}: {}", shown[0]);
    }
    let layers = infoplane(&["show", &results[0], "--checkpoint", "step2000", "--order", "2"]);
    assert!(
        layers.contains("layer 2") && layers.contains("bigram") && !layers.contains("token\n"),
        "{layers}"
    );
    let growth = infoplane(&["show", &results[1], "--convergence", "--order", "1"]);
    assert_eq!(growth.matches("run/step0").count(), 2, "{growth}");
}
