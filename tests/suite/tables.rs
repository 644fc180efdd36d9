//! Results as other programs read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::engine::run_of;
use super::support::{asset, fixture};

mod merge;

/// A Python with polars and DuckDB, made on first use; none, told loudly, where PyPI cannot be reached. Where `CI` is set there is
/// no excuse.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python");
    let run = |program: &Path, args: &[&str]| match Command::new(program).args(args).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(format!("{}: {error}", program.display())),
    };
    let made = run(&python, &["-c", "import polars, duckdb"])
        .or_else(|_| run(Path::new("python3"), &["-m", "venv", folder.to_str().unwrap()]))
        .and_then(|()| run(&python, &["-m", "pip", "install", "--quiet", "polars==1.35.2", "duckdb==1.4.2"]));
    if let Err(error) = made {
        assert!(std::env::var_os("CI").is_none(), "no polars or DuckDB: {error}");
        eprintln!(
            "SKIPPED: polars and DuckDB cannot be installed, so nothing here reads their tables: {error}"
        );
        return None;
    }
    Some(python)
}

fn infoplane(args: &[&str], status: i32) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_infoplane")).args(args).output().unwrap();
    let (stdout, stderr) = (output.stdout, String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    (String::from_utf8(stdout).unwrap(), stderr)
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Measures a run on the demo's text, quickly, with more flags; the file of results.
fn measure(run: &Path, out: &Path, more: &[&str], status: i32) -> PathBuf {
    let corpus = text(&asset("demo/books-sample.jsonl"));
    // A store beside the run, shared by all that measure it.
    let (run, store, out_name) = (text(run), text(&run.with_extension("store")), text(out));
    let args =
        ["measure", &run, "--corpus", &corpus, "--samples", "40", "--context", "64", "--backend", "cpu"];
    infoplane(&[&args[..], &["--store", &store, "--out", &out_name], more].concat(), status);
    out.to_owned()
}

#[test]
fn polars_reads_parquet_as_it_is_and_leaves_tables_that_read_alike() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    std::fs::write(run.join("step64/model.safetensors"), "no weights").unwrap();
    let at = |name: &str| folder.path().join(name);
    let few = ["--points", "20"];
    let parquet = measure(&run, &at("results.parquet"), &few, 1);
    let json = measure(&run, &at("results.json"), &few, 1);
    let other = measure(&run, &at("other.parquet"), &["--points", "10"], 1);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/check.py");
    let output =
        Command::new(python).arg(script).args([&parquet, &json, &other, folder.path()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compared: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    // Two checkpoints, four layers with the average, four orders, eight measures at least.
    assert!(compared >= 2 * 4 * 4 * 8, "{compared}");
    let show = |name: &str| infoplane(&["show", &text(&at(name))], 0).0;
    let expected = show("results.json");
    for name in ["results.parquet", "sorted.parquet", "reversed.parquet", "twice.parquet"] {
        assert_eq!(show(name), expected, "{name}");
    }
    // Two settings below each other are two conditions, each as it would be in a file of its own.
    let both = show("two-settings.parquet");
    let heading = format!("{}\n", text(&at("two-settings.parquet")));
    let sections: Vec<&str> = both.split(&heading).collect();
    assert_eq!(sections.len(), 3, "{both}");
    assert!(sections[1].contains("n = 10") && sections[2].contains("n = 20"), "{both}");
    assert_eq!(sections[2], expected);
}

#[test]
fn polars_and_duckdb_read_a_folder_of_parts_as_the_union() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let steps = ["step0", "step64", "step2000"];
    let whole = run_of(folder.path(), &steps);
    let few = ["--points", "20"];
    let json = measure(&whole, &at("whole.json"), &few, 0);
    // Each checkpoint as a part, measured by itself at the same place, in both forms.
    std::fs::create_dir(at("parts")).unwrap();
    for (index, step) in steps.iter().enumerate() {
        let aside: Vec<_> = steps.iter().filter(|other| *other != step).collect();
        aside.iter().for_each(|other| std::fs::rename(whole.join(other), at(other)).unwrap());
        for form in ["csv", "parquet"] {
            measure(&whole, &at(&format!("parts/{index}.{form}")), &few, 0);
        }
        aside.iter().for_each(|other| std::fs::rename(at(other), whole.join(other)).unwrap());
    }
    let merged = ["csv", "parquet"].map(|form| {
        let out = at(&format!("merged.{form}"));
        infoplane(&["merge", &text(&json), "--out", &text(&out)], 0);
        // From either form of the parts, the parts of the other beside them.
        let again = at(&format!("again.{form}"));
        infoplane(&["merge", &text(&at("parts")), "--out", &text(&again)], 0);
        assert!(std::fs::read(&again).unwrap() == std::fs::read(&out).unwrap(), "{form}");
        out
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/parts.py");
    let output = Command::new(python).arg(script).arg(at("parts")).args(&merged).arg(folder.path()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What both wrote of them reads as the whole.
    let expected = infoplane(&["show", &text(&json)], 0).0;
    for name in ["polars.parquet", "polars.csv", "duckdb.parquet", "duckdb.csv", "parts"] {
        assert_eq!(infoplane(&["show", &text(&at(name))], 0).0, expected, "{name}");
    }
}

#[test]
fn results_are_shown_as_tables_from_either_form() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let results = ["json", "parquet"]
        .map(|form| measure(&run, &folder.path().join(format!("results.{form}")), &["--points", "20"], 0));
    let show = |args: &[&str]| infoplane(&[&["show"], args].concat(), 0).0;
    let [json, parquet] = results.each_ref().map(|path| text(path));
    let shown = show(&[&json]);
    assert_eq!(shown, show(&[&parquet]));
    for word in [
        "token",
        "quadgram",
        "run/step2000",
        "± ",
        "φ",
        "− null",
        "standard deviation over seeds 0, 1, 2 of the reference points; values are of seed 0",
        "share of positions whose label occurs once in the sample",
    ] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    // The name alone and the name as it is printed are the same checkpoint.
    let layers = show(&[&json, "--checkpoint", "step2000", "--order", "2"]);
    assert!(layers.contains("layer 2") && layers.contains("bigram"), "{layers}");
    assert!(!layers.contains("token\n") && !layers.contains("step0"), "{layers}");
    // What was measured on what, in short.
    assert!(shown.contains(", sample ") && layers.contains("run/step2000, weights "), "{shown}{layers}");
    assert_eq!(layers, show(&[&json, "--checkpoint", "run/step2000", "--order", "2"]));
    let growth = show(&[&parquet, "--convergence", "--order", "1"]);
    assert_eq!(growth.matches("run/step0").count(), 2, "{growth}");
    let (_, stderr) = infoplane(&["show", &json, "--checkpoint", "step3"], 2);
    assert!(stderr.contains("`step3`") && stderr.contains("run/step0, run/step2000"), "{stderr}");

    // Another measurement beside it: each file under its own heading, nothing mixed.
    let strict = ["--points", "10", "--min-count", "3", "--reference-seeds", "1"];
    let other = measure(&run, &folder.path().join("strict.json"), &strict, 0);
    let both = show(&[&json, &text(&other), "--order", "1"]);
    let (first, second) = both.split_once("strict.json\n").unwrap();
    assert!(first.contains("results.json\n") && first.contains("n = 20"), "{both}");
    assert!(second.contains("n = 10") && !second.contains("n = 20"), "{both}");
    assert!(second.contains("3 times") && second.contains("--min-count 3"), "{both}");
    assert!(second.contains("seed 0 of the reference points alone"), "{both}");
    // All three files of the folder, the first two alike and therefore one.
    let folder = show(&[&text(folder.path()), "--order", "1"]);
    assert!(folder.lines().next().unwrap().ends_with("results.parquet"), "{folder}");
    assert_eq!(folder.replace(&format!(", {parquet}\n"), "\n"), both, "{folder}");
}

#[test]
fn hostile_results_end_in_a_line_whatever_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(fixture("results/older.json")).unwrap();
    let table = std::fs::read(fixture("results/older.parquet")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1).into_bytes()
    };
    let cut = |share: usize| good.as_bytes()[..good.len() * share / 10].to_vec();
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        ("max_order", with("\"max_order\": 4", "\"max_order\": 1000000000")),
        ("max_order", with("\"max_order\": 4", "\"max_order\": 1000000000000000000")),
        ("points", with("\"points\": 20,", "")),
        ("points", with("\"points\": 20", "\"points\": -20")),
        ("reference_seeds", with("\"reference_seeds\": 3", "\"reference_seeds\": 4000000000000000000")),
        ("number", with("\"loss\": ", "\"loss\": 1e999, \"lost\": ")),
        ("layer", with("\"layer\": 1,", "\"layer\": 18446744073709551615,")),
        ("newer infoplane", with("{", "{\"schema\": 7,")),
        ("not an infoplane results file", cut(0)),
        ("not an infoplane results file", cut(5)),
        ("not an infoplane results file", "[".repeat(1 << 20).into_bytes()),
        ("not an infoplane results file", table[..table.len() / 2].to_vec()),
        ("not an infoplane results file", [&table[..4], &[0xff; 64], &table[table.len() - 8..]].concat()),
    ];
    let figure = text(&folder.path().join("plane.svg"));
    for (index, (part, bytes)) in hostile.into_iter().enumerate() {
        let file = folder.path().join(format!("{index}.results"));
        std::fs::write(&file, bytes).unwrap();
        let file = text(&file);
        let commands: [&[&str]; 2] = [&["show", &file], &["figure", &file, "--out", &figure]];
        for command in commands {
            let (stdout, stderr) = infoplane(command, 2);
            assert!(stderr.starts_with("infoplane: ") && stderr.lines().count() == 1, "{part}: {stderr}");
            assert!(stderr.contains(part) && stderr.contains(&file), "`{part}` is not in: {stderr}");
            assert!(stdout.is_empty() && !Path::new(&figure).exists());
        }
    }
}

#[test]
fn names_in_results_command_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(fixture("results/older.json")).unwrap();
    let file = folder.path().join("results.json");
    std::fs::write(&file, good.replace("\"step2000\"", "\"step\\u001b[2J\\n2000\"")).unwrap();
    let (shown, _) = infoplane(&["show", &text(&file)], 0);
    assert!(shown.contains("step\u{fffd}[2J\u{fffd}2000") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn layers_that_depend_on_the_seed_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut results: serde_json::Value =
        serde_json::from_slice(&std::fs::read(fixture("results/older.json")).unwrap()).unwrap();
    let show = |results: &serde_json::Value, args: &[&str]| {
        let file = folder.path().join("results.json");
        std::fs::write(&file, results.to_string()).unwrap();
        infoplane(&[&["show", &text(&file), "--order", "1"], args].concat(), 0).0
    };
    let unmarked = show(&results, &[]);
    assert!(!unmarked.contains('!'), "{unmarked}");
    // A seed moves the entropy of one layer of the last checkpoint further than quadgrams account for.
    let last = &mut results["checkpoints"][2];
    assert_eq!(last["name"], "step2000");
    last["layers"][1]["entropy_spread"] = 0.6.into();
    let marked = show(&results, &[]);
    let of = |name: &str| marked.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(of("run/step2000").ends_with("! 1 of 2 layers depend on the seed"), "{marked}");
    assert!(of("run/step0").ends_with('%'), "{marked}");
    let layers = show(&results, &["--checkpoint", "step2000"]);
    let marks: Vec<bool> =
        layers.lines().filter(|l| l.starts_with("layer ")).map(|l| l.ends_with('!')).collect();
    assert_eq!(marks, [false, true, false], "{layers}");
    assert!(
        layers.contains("0.6000") && layers.contains("depends on the seed of the reference points"),
        "{layers}"
    );
}
