//! The store by the program itself: a process killed at any moment, damage, a full disk, two processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::engine::run_of;
use super::support::asset;

/// A measurement of one small checkpoint in a folder of its own.
struct Setup {
    folder: tempfile::TempDir,
    model: PathBuf,
    corpus: PathBuf,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = run_of(folder.path(), &["step2000"]);
        let corpus = folder.path().join("text.jsonl");
        fs::copy(asset("demo/books-sample.jsonl"), &corpus).unwrap();
        Self { folder, model, corpus }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infoplane"));
        command.args(["measure", self.model.to_str().unwrap(), "--corpus", self.corpus.to_str().unwrap()]);
        command.args(["--samples", "80", "--backend", "cpu"]);
        // Scores of models as small as this one are not stored by themselves.
        for usual in [["--context", "256"], ["--points", "20"], ["--store-scores", "always"]] {
            if !more.contains(&usual[0]) {
                command.args(usual);
            }
        }
        command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn measure(&self, more: &[&str]) -> Output {
        let store = self.store();
        let mut args = vec!["--store", store.to_str().unwrap()];
        args.extend(more);
        self.command(&args).output().unwrap()
    }

    /// A measurement that the system ends at once, with nothing said and nothing tidied, when a file of it is to grow
    /// beyond this many KiB.
    fn measure_up_to(&self, kib: usize) -> Output {
        let measure = self.command(&["--store", self.store().to_str().unwrap()]);
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -c 0; ulimit -f $0; exec \"$@\"", &(2 * kib).to_string()]);
        limited.arg(measure.get_program()).args(measure.get_args());
        limited.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }

    /// The numbers as they are without any store.
    fn expected(&self, more: &[&str]) -> Value {
        let mut args = vec!["--no-store"];
        args.extend(more);
        numbers(&self.command(&args).output().unwrap())
    }

    /// The folders of the only checkpoint's scores.
    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.store().join("scores")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The only one of them.
    fn entry(&self) -> PathBuf {
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].clone()
    }

    /// The files of measurements.
    fn measurements(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.store().join("measurements")).into_iter().flatten();
        let files = files.filter_map(|file| Some(file.ok()?.path()));
        // One being written has another name.
        files.filter(|file| file.extension().is_some_and(|extension| extension == "json")).collect()
    }

    /// `infoplane store` on this store.
    fn manage(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infoplane"));
        command.arg("store").args(args).arg("--store").arg(self.store());
        command.output().unwrap()
    }

    fn forget_measurements(&self) {
        fs::remove_dir_all(self.store().join("measurements")).unwrap();
    }
}

#[track_caller]
fn numbers(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", warnings(output));
    let mut numbers =
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["conditions"][0]["checkpoints"].take();
    for checkpoint in numbers.as_array_mut().unwrap() {
        checkpoint.as_object_mut().unwrap().remove("provenance").unwrap();
    }
    numbers
}

fn warnings(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn lines(journal: &Path) -> usize {
    let text = fs::read_to_string(journal).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).count()
}

#[test]
fn a_killed_measurement_goes_on_from_its_last_chunk_to_the_same_bit() {
    let setup = Setup::new();
    // A slab's chunks end at some 310, 1240 and 1550 KiB: killed while each is written, in the middle of it.
    for (finished, kib) in [200, 800, 1400].into_iter().enumerate() {
        let output = setup.measure_up_to(kib);
        assert_eq!(output.status.code(), None, "it was not killed: {}", warnings(&output));
        assert_eq!(lines(&setup.entry().join("journal")), finished);
        let longest =
            fs::read_dir(setup.entry()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).max();
        assert_eq!(longest, Some(1024 * kib as u64));
    }
    let output = setup.measure(&[]);
    assert_eq!(numbers(&output), setup.expected(&[]));
    // Every chunk was finished once, by whichever process.
    let records = fs::read_to_string(setup.entry().join("journal")).unwrap();
    let mut chunks: Vec<u64> = records
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.split_once(' ')?.1).ok()?["chunk"].as_u64())
        .collect();
    chunks.sort_unstable();
    assert_eq!(chunks, (0..chunks.len() as u64).collect::<Vec<_>>());
    assert_eq!(chunks.len(), 3);
}

#[test]
fn other_questions_need_no_weights_and_known_answers_no_scores() {
    let setup = Setup::new();
    let first = numbers(&setup.measure(&[]));
    let warm = ["--temperature", "0.05", "--min-count", "2"];
    let expected = setup.expected(&warm);
    // The same bytes count, wherever they lie.
    let moved = setup.folder.path().join("moved");
    fs::rename(&setup.model, &moved).unwrap();
    let setup = Setup { model: moved, ..setup };
    let mut other = numbers(&setup.measure(&warm));
    other[0]["path"] = expected[0]["path"].clone();
    other[0]["run"] = expected[0]["run"].clone();
    assert_eq!(other, expected);
    fs::remove_dir_all(setup.store().join("scores")).unwrap();
    let output = setup.measure(&[]);
    assert!(warnings(&output).contains("1 of 1 checkpoints were measured before"), "{}", warnings(&output));
    assert_eq!(numbers(&output)[0]["layers"], first[0]["layers"]);
}

#[test]
fn fewer_points_and_seeds_are_asked_of_what_is_stored() {
    let setup = Setup::new();
    numbers(&setup.measure(&[]));
    let journal = || fs::read(setup.entry().join("journal")).unwrap();
    let before = journal();
    let fewer = ["--points", "10", "--reference-seeds", "2"];
    assert_eq!(numbers(&setup.measure(&fewer)), setup.expected(&fewer));
    assert_eq!(journal(), before, "nothing was scored again");

    // What is damaged is made again as it was.
    let slab = setup.entry().join("slab-004");
    let mut bytes = fs::read(&slab).unwrap();
    bytes[100] ^= 1;
    fs::write(&slab, bytes).unwrap();
    let warm = [&fewer[..], &["--temperature", "0.05"]].concat();
    let output = setup.measure(&warm);
    assert!(warnings(&output).contains("making 1 chunk again"), "{}", warnings(&output));
    assert_eq!(numbers(&output), setup.expected(&warm));

    let more = ["--points", "21"];
    assert_eq!(numbers(&setup.measure(&more)), setup.expected(&more));
    assert_eq!(setup.entries().len(), 2);
}

#[test]
fn changed_weights_and_changed_text_are_measured_anew() {
    let setup = Setup::new();
    let before = numbers(&setup.measure(&[]));
    let text = fs::read_to_string(&setup.corpus).unwrap();
    // Another document in the middle, as many as before.
    let mut documents: Vec<&str> = text.lines().collect();
    documents[40] = documents[100];
    fs::write(&setup.corpus, documents.join("\n")).unwrap();
    let after = numbers(&setup.measure(&[]));
    assert_ne!(after[0]["layers"], before[0]["layers"]);
    assert_eq!(after, setup.expected(&[]));

    let weights = setup.model.join("step2000/model.safetensors");
    fs::copy(asset("demo/gutenberg-200k/step64/model.safetensors"), &weights).unwrap();
    let other = numbers(&setup.measure(&[]));
    assert_ne!(other[0]["loss"], after[0]["loss"]);
    assert_eq!(other, setup.expected(&[]));
}

#[test]
fn damaged_scores_are_said_and_made_again() {
    let setup = Setup::new();
    numbers(&setup.measure(&[]));
    let expected = setup.expected(&[]);
    let slab = setup.entry().join("slab-003");
    let whole = fs::read(&slab).unwrap();

    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    fs::write(&slab, &flipped).unwrap();
    setup.forget_measurements();
    let output = setup.measure(&[]);
    let said = warnings(&output);
    assert!(said.contains("damaged") && said.contains("making 1 chunk again"), "{said}");
    assert_eq!(numbers(&output), expected);
    assert_eq!(fs::read(&slab).unwrap(), whole);

    fs::write(&slab, &whole[..whole.len() / 2]).unwrap();
    setup.forget_measurements();
    let output = setup.measure(&[]);
    assert!(warnings(&output).contains("cut short"), "{}", warnings(&output));
    assert_eq!(numbers(&output), expected);
    assert_eq!(fs::read(&slab).unwrap(), whole);

    // A measurement that was changed is not believed.
    let file = fs::read_dir(setup.store().join("measurements")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap().replacen("\"loss\":", "\"loss\":1", 1);
    fs::write(&file, text).unwrap();
    assert_eq!(numbers(&setup.measure(&[])), expected);
}

#[test]
fn a_copy_of_the_program_with_another_number_of_threads_finds_what_is_stored() {
    let setup = Setup::new();
    let first = numbers(&setup.measure(&[]));
    let journal = || fs::read(setup.entry().join("journal")).unwrap();
    let before = journal();
    let copy = setup.folder.path().join("elsewhere");
    fs::copy(env!("CARGO_BIN_EXE_infoplane"), &copy).unwrap();
    let measure = |more: &[&str]| {
        let like = setup.command(more);
        let mut command = Command::new(&copy);
        command.args(like.get_args()).arg("--store").arg(setup.store()).env("RAYON_NUM_THREADS", "1");
        command.output().unwrap()
    };
    let output = measure(&[]);
    assert!(warnings(&output).contains("1 of 1 checkpoints were measured before"), "{}", warnings(&output));
    assert_eq!(numbers(&output), first);
    // Another question is asked of the scores.
    let warm = ["--temperature", "0.05"];
    let output = measure(&warm);
    let said = warnings(&output);
    assert!(said.contains("stored 1 measurement in") && !said.contains("of scores"), "{said}");
    assert_eq!(numbers(&output), setup.expected(&warm));
    assert_eq!(journal(), before, "nothing was scored again");
}

/// A JSON value as text, its numbers rounded to what any width of vectors gives.
fn rounded(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{:.5}", number.as_f64().unwrap()),
        Value::Array(values) => values.iter().map(|value| rounded(value) + ",").collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name}:{},", rounded(value))).collect()
        }
        other => other.to_string(),
    }
}

/// What `SCORES_VERSION` and `MEASURES_VERSION` stand for. On systems with another library for sines and
/// cosines the last bits of scores are others, and keys say so.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
#[test]
fn arithmetic_does_not_change_without_its_version() {
    const SCORES: &str = "e185058912632c9b232184bb031ecc31";
    const MEASUREMENT: &str = "483457833276c0bc9fb9fcdd062cc212";
    if !std::arch::is_x86_feature_detected!("fma") {
        return;
    }
    let setup = Setup::new();
    // Documents of 64 tokens: shorter ones are added up in an order that depends on the width of vectors.
    let text = fs::read_to_string(&setup.corpus).unwrap();
    fs::write(&setup.corpus, text.lines().take(40).collect::<Vec<_>>().join("\n")).unwrap();
    let output = setup.measure(&["--context", "64", "--temperature", "0.1", "--dtype", "f32"]);
    numbers(&output);
    let mut slabs: Vec<PathBuf> =
        fs::read_dir(setup.entry()).unwrap().map(|file| file.unwrap().path()).collect();
    slabs.retain(|slab| slab.file_name().unwrap().to_str().unwrap().starts_with("slab"));
    slabs.sort();
    let digest = |bytes: &[u8]| format!("{:032x}", twox_hash::XxHash3_128::oneshot(bytes));
    let scores: Vec<u8> = slabs.iter().flat_map(|slab| fs::read(slab).unwrap()).collect();
    let kept: Value = serde_json::from_slice(&fs::read(&setup.measurements()[0]).unwrap()).unwrap();
    let found = [digest(&scores), digest(rounded(&kept["measurement"]).as_bytes())];
    assert_eq!(
        found,
        [SCORES, MEASUREMENT],
        "scores or measures have changed: raise SCORES_VERSION or MEASURES_VERSION, and set this digest beside it"
    );
}

#[test]
fn scores_of_a_small_model_are_not_stored_and_its_finished_checkpoints_are_not_measured_again() {
    let setup = Setup::new();
    run_of(setup.folder.path(), &["step64", "step512"]);
    let weights = setup.model.join("step512/model.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    let auto = ["--store-scores", "auto"];
    let output = setup.measure(&auto);
    let said = warnings(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("stored 2 measurements in") && said.contains("--store-scores always"), "{said}");
    assert_eq!(setup.measurements().len(), 2);
    fs::write(&weights, whole).unwrap();
    let output = setup.measure(&auto);
    let said = warnings(&output);
    assert!(said.contains("2 of 3 checkpoints were measured before"), "{said}");
    assert!(said.contains("stored 1 measurement in"), "{said}");
    assert_eq!(numbers(&output), setup.expected(&[]));
    assert_eq!(setup.entries(), [] as [PathBuf; 0]);
}

#[test]
fn what_is_stored_is_told_listed_and_cleared() {
    let setup = Setup::new();
    let said = warnings(&setup.measure(&[]));
    assert!(said.contains("MiB of scores and 1 measurement in"), "{said}");
    let listed = |args: &[&str]| {
        let output = setup.manage(args);
        assert_eq!(output.status.code(), Some(0), "{}", warnings(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let list = listed(&[]);
    assert_eq!(list, listed(&["list"]));
    let (entry, total) = (list.lines().nth(1).unwrap(), list.lines().last().unwrap());
    assert!(entry.starts_with("run/step2000") && entry.ends_with("just now"), "{list}");
    assert!(total.starts_with("scores of 1 checkpoint, ") && total.contains("; 1 measurement, "), "{list}");
    assert!(total.ends_with(setup.store().to_str().unwrap()), "{list}");

    // Scores that a process uses are left alone.
    let lock = File::options().write(true).open(setup.entry().join("lock")).unwrap();
    lock.lock().unwrap();
    assert!(listed(&[]).lines().nth(1).unwrap().ends_with("now"));
    let output = setup.manage(&["clear"]);
    let said = warnings(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("removed scores of 0 checkpoints and 1 measurement"), "{said}");
    assert!(said.contains("not removed") && said.contains("run/step2000"), "{said}");
    drop(lock);
    let said = warnings(&setup.manage(&["clear", "--older-than", "1"]));
    assert!(said.contains("removed scores of 0 checkpoints and 0 measurements"), "{said}");
    assert_eq!(setup.entries().len(), 1);
    let said = warnings(&setup.manage(&["clear"]));
    assert!(said.contains("removed scores of 1 checkpoint and 0 measurements"), "{said}");
    assert_eq!(setup.entries(), [] as [PathBuf; 0]);
    assert!(listed(&[]).starts_with("scores of 0 checkpoints, 0.0 MiB of"));
}

#[test]
fn a_limit_is_kept_until_a_flag_says_otherwise() {
    let setup = Setup::new();
    let output = setup.manage(&["limit", "1KiB"]);
    assert_eq!(output.status.code(), Some(0), "{}", warnings(&output));
    let said = warnings(&setup.measure(&[]));
    assert!(said.contains("the store may hold 0.0 MiB") && said.contains("going on in memory"), "{said}");
    assert_eq!(setup.entries().len(), 0, "{said}");
    setup.forget_measurements();
    let said = warnings(&setup.measure(&["--store-size", "1GiB"]));
    assert!(said.contains("of scores and 1 measurement"), "{said}");
    // A limit that no disk with room for this test is given by itself.
    let said = warnings(&setup.manage(&["limit", "17MiB"]));
    assert!(said.contains("the limit for scores is 17.0 MiB"), "{said}");
    let list = String::from_utf8(setup.manage(&[]).stdout).unwrap();
    assert!(list.contains("of 17.0 MiB allowed"), "{list}");
    setup.manage(&["limit", "auto"]);
    let list = String::from_utf8(setup.manage(&[]).stdout).unwrap();
    assert!(!list.contains("of 17.0 MiB allowed"), "{list}");
    assert_eq!(setup.manage(&["limit", "much"]).status.code(), Some(2));
}

#[test]
fn a_store_that_is_not_there_is_empty_and_looking_makes_none() {
    let setup = Setup::new();
    for args in [&[][..], &["list"], &["clear"]] {
        let output = setup.manage(args);
        assert_eq!(output.status.code(), Some(0), "{}", warnings(&output));
    }
    assert!(!setup.store().exists());
}

#[test]
fn a_full_disk_loses_nothing() {
    let setup = Setup::new();
    numbers(&setup.measure(&[]));
    let entry = setup.entry();
    // Everything of the last slab goes to a device that is always full.
    fs::remove_file(entry.join("journal")).unwrap();
    fs::remove_file(entry.join("slab-008")).unwrap();
    std::os::unix::fs::symlink("/dev/full", entry.join("slab-008")).unwrap();
    setup.forget_measurements();
    let output = setup.measure(&[]);
    let said = warnings(&output);
    assert!(said.contains("No space left") && said.contains("going on in memory"), "{said}");
    assert_eq!(numbers(&output), setup.expected(&[]));
}

#[test]
fn scores_that_cannot_be_stored_are_kept_in_memory() {
    let setup = Setup::new();
    let expected = setup.expected(&[]);
    let output = setup.measure(&["--store-size", "1KiB"]);
    assert!(warnings(&output).contains("--store-size"), "{}", warnings(&output));
    assert_eq!(numbers(&output), expected);

    setup.forget_measurements();
    numbers(&setup.measure(&[]));
    setup.forget_measurements();
    let lock = File::options().write(true).open(setup.entry().join("lock")).unwrap();
    lock.lock().unwrap();
    let output = setup.measure(&[]);
    assert!(warnings(&output).contains("another process"), "{}", warnings(&output));
    assert_eq!(numbers(&output), expected);
}

#[test]
fn a_store_that_was_named_has_to_be_usable() {
    let setup = Setup::new();
    fs::write(setup.store(), "a file").unwrap();
    let output = setup.measure(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(warnings(&output).contains("the store cannot be written"), "{}", warnings(&output));
}
