//! Folders as several programs leave them, built small.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Links, Run, open, open_unless};
use crate::error::{Error, Kind};

const CONFIG: &str = r#"{"model_type": "llama", "hidden_size": 64}"#;

/// A new folder of these files, each with its text.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The names of the one run in a folder.
fn names(runs: &[Run]) -> Vec<&str> {
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].checkpoints.iter().map(|checkpoint| checkpoint.name.as_str()).collect()
}

/// The error of opening a folder: one line that ends with a path in it.
#[track_caller]
fn error_of(folder: &Path) -> Error {
    let error = open(folder).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && error.kind() == Kind::Folder, "{text}");
    assert!(Path::new(text.rsplit_once(": ").unwrap().1).starts_with(folder), "{text}");
    error
}

#[test]
fn what_cannot_be_measured_says_what_it_is_where_no_model_is() {
    let olmo_core = r#"{"model": {"d_model": 64}, "dataset": {}, "trainer": {}}"#;
    for (files, cause) in [
        (&[("checkpoint-500/adapter_config.json", "{}")][..], "adapter (LoRA)"),
        (&[("step0-unsharded/config.yaml", ""), ("step0-unsharded/model.pt", "")], "OLMo's own program"),
        (&[("step1000/config.json", olmo_core), ("step1000/model_and_optim/.metadata", "")], "OLMo-core"),
        (&[("a/b/c/iter_0000001/mp_rank_00/x", "")], "Megatron"),
        (&[("latest_checkpointed_iteration.txt", "1"), ("iter_0000001/mp_rank_00/x", "")], "Megatron"),
        (
            &[("config.json", CONFIG), ("zero_to_fp32.py", ""), ("global_step1/a_optim_states.pt", "")],
            "zero_to_fp32.py",
        ),
        (
            &[("checkpoint-1/config.json", CONFIG), ("checkpoint-1/pytorch_model_fsdp_0/__0_0.distcp", "")],
            "accelerate merge-weights",
        ),
        (
            &[
                ("config.json", CONFIG),
                ("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid "),
            ],
            "a Git LFS pointer; run `git lfs pull`",
        ),
        (&[("notes.txt", ""), ("data/x.json", "")], "no model found"),
    ] {
        let root = folder(files);
        let text = error_of(root.path()).to_string();
        assert!(text.contains(cause), "{text}");
    }
}

#[test]
fn what_cannot_be_measured_is_noted_beside_what_can() {
    let root = folder(&[
        ("run/step1/config.json", CONFIG),
        ("run/step2/config.json", CONFIG),
        ("run/tmp-step3/config.json", CONFIG),
        ("lora/adapter_config.json", "{}"),
        ("run/step2/model.safetensors", "version https://git-lfs.github.com/spec/v1\n"),
    ]);
    let runs = open(root.path()).unwrap();
    // A pointer can be fetched while it is listed.
    assert_eq!(names(&runs), ["step1", "step2"]);
    let notes = &runs[0].notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("not finished") && notes[0].ends_with("run/tmp-step3"), "{notes:?}");
    assert!(notes[1].contains("adapter (LoRA)") && notes[1].ends_with("lora"), "{notes:?}");
    let [fine, pointer] = &runs[0].checkpoints[..] else { panic!() };
    super::identity(&fine.folder()).unwrap();
    let error = super::identity(&pointer.folder()).unwrap_err().to_string();
    assert!(error.contains("`git lfs pull`") && error.ends_with("model.safetensors"), "{error}");
    // An unfinished folder that is opened by itself is what the user asked for.
    assert_eq!(names(&open(&root.path().join("run/tmp-step3")).unwrap()), ["tmp-step3"]);
}

#[test]
fn a_tokenizer_that_was_not_fetched_is_noted() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
    let root = folder(&[("config.json", CONFIG), ("tokenizer.json", pointer)]);
    let runs = open(root.path()).unwrap();
    let checkpoint = &runs[0].checkpoints[0];
    assert_eq!(checkpoint.tokenizer, None);
    let refused = checkpoint.refused_tokenizer().unwrap();
    assert_eq!(refused.kind(), Kind::Tokenizer);
    assert!(refused.to_string().contains("a Git LFS pointer; run `git lfs pull`: "), "{refused}");
    assert_eq!(runs[0].notes, [refused.to_string()]);
}

#[test]
fn many_notes_alike_are_counted() {
    let mut files = vec![("step1/config.json".to_owned(), CONFIG)];
    files.extend((0..20).map(|n| (format!("tmp-checkpoint-{n}/config.json"), CONFIG)));
    let root = folder(&files.iter().map(|(file, text)| (file.as_str(), *text)).collect::<Vec<_>>());
    let notes = open(root.path()).unwrap()[0].notes.clone();
    assert_eq!((notes.len(), notes[8].as_str()), (9, "and 12 more like these"));
}

#[test]
fn the_last_step_of_a_diverged_run_is_listed_once() {
    let state = r#"{"global_step": 5, "num_input_tokens_seen": 4096, "log_history": [{"grad_norm": NaN}]}"#;
    let mut files = Vec::new();
    for at in ["out", "out/checkpoint-5"] {
        let file = |name: &str, text| (format!("{at}/{name}"), text);
        files.extend([
            file("config.json", CONFIG),
            file("model.safetensors", ""),
            file("trainer_state.json", state),
        ]);
    }
    let root = folder(&files.iter().map(|(file, text)| (file.as_str(), *text)).collect::<Vec<_>>());
    let runs = open(&root.path().join("out")).unwrap();
    assert_eq!(names(&runs), ["checkpoint-5"]);
    assert_eq!((runs[0].checkpoints[0].step, runs[0].checkpoints[0].tokens), (Some(5), Some(4096)));
}

#[test]
fn a_revision_that_holds_steps_as_folders_is_a_run() {
    let snapshot = format!("models--lab--traj/snapshots/{}", "a".repeat(40));
    let main = "models--lab--traj/refs/main";
    for below in ["", "checkpoints/", "a/b/c/"] {
        let steps = ["step-0010", "step-0100"].map(|step| format!("{snapshot}/{below}{step}/config.json"));
        let files = [(main, &*"a".repeat(40)), (&steps[0], CONFIG), (&steps[1], CONFIG)];
        let hub = folder(&files);
        for opened in ["", "models--lab--traj"] {
            let runs = open(&hub.path().join(opened)).unwrap();
            assert_eq!(names(&runs), ["step-0010", "step-0100"]);
            assert!(runs[0].name.starts_with("lab/traj"), "{}", runs[0].name);
            assert_eq!(runs[0].missing, [""; 0]);
        }
        let runs = open(&hub.path().join(&snapshot)).unwrap();
        assert_eq!(names(&runs), ["step-0010", "step-0100"]);
    }
}

#[test]
fn a_revision_that_is_a_model_with_steps_below_is_a_run() {
    let snapshot = format!("models--lab--traj/snapshots/{}", "a".repeat(40));
    let files = ["model.safetensors", "config.json", "step9/config.json", "step10/config.json"];
    let files = files.map(|file| format!("{snapshot}/{file}"));
    let mut files: Vec<(&str, &str)> = files.iter().map(|file| (file.as_str(), CONFIG)).collect();
    let commit = "a".repeat(40);
    files.push(("models--lab--traj/refs/main", &commit));
    let hub = folder(&files);
    let runs = open(&hub.path().join("models--lab--traj")).unwrap();
    assert_eq!(names(&runs), ["step9", "step10", "main"]);
    assert_eq!(runs[0].name, "lab/traj");
}

#[cfg(unix)]
mod of_links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_and_checkpoints_that_lie_in_a_store_elsewhere_are_followed() {
        let store = folder(&[("w.safetensors", ""), ("tokenizer.json", "{}"), ("step2/config.json", CONFIG)]);
        let run = folder(&[("step1/config.json", CONFIG)]);
        let step = run.path().join("step1");
        symlink(store.path().join("w.safetensors"), step.join("model.safetensors")).unwrap();
        symlink(store.path().join("tokenizer.json"), step.join("tokenizer.json")).unwrap();
        symlink(store.path().join("step2"), run.path().join("step2")).unwrap();
        let runs = open(run.path()).unwrap();
        assert_eq!(names(&runs), ["step1", "step2"]);
        let first = &runs[0].checkpoints[0];
        assert_eq!(first.tokenizer, Some(step.join("tokenizer.json")));
        assert_eq!(first.folder().file("model.safetensors"), Ok(Some(step.join("model.safetensors"))));
        assert_eq!(runs[0].notes, [""; 0]);

        // Of a stranger nothing outside is read, and it is said of what.
        let runs = open_unless(run.path(), Links::KeptWithin, &mut || false).unwrap();
        let [first, second] = &runs[0].checkpoints[..] else { panic!("{runs:?}") };
        assert_eq!(first.tokenizer, None);
        assert_eq!(runs[0].notes.len(), 1, "{:?}", runs[0].notes);
        let store = store.path().canonicalize().unwrap();
        let target = |name: &str| store.join(name).display().to_string();
        assert!(runs[0].notes[0].contains(&target("tokenizer.json")), "{:?}", runs[0].notes);
        for (checkpoint, name, at) in
            [(first, "model.safetensors", "w.safetensors"), (second, "config.json", "step2")]
        {
            let error = checkpoint.folder().file(name).unwrap_err().to_string();
            assert!(error.contains(&target(at)) && error.contains("--no-follow-links"), "{error}");
        }
    }

    #[test]
    fn what_is_no_file_is_never_read() {
        let run = folder(&[("step1/config.json", CONFIG), ("step3/config.json", CONFIG)]);
        let at = |name: &str| run.path().join(name);
        let _socket = std::os::unix::net::UnixListener::bind(at("step1/trainer_state.json")).unwrap();
        symlink("/dev/zero", at("step1/tokenizer.json")).unwrap();
        symlink("/proc/self/environ", at("step3/tokenizer.json")).unwrap();
        symlink("/proc", at("step4")).unwrap();
        symlink("/dev", at("devices")).unwrap();
        fs::create_dir(at("step2")).unwrap();
        symlink("/dev/zero", at("step2/config.json")).unwrap();
        let runs = open(run.path()).unwrap();
        assert_eq!(names(&runs), ["step1", "step3"]);
        assert!(runs[0].checkpoints.iter().all(|checkpoint| checkpoint.tokenizer.is_none()));
        let notes = runs[0].notes.join("\n");
        for said in [
            "to /dev is not followed",
            "to /proc is not followed",
            "but /dev/zero",
            "/environ",
            "not a file;",
        ] {
            assert!(notes.contains(said), "{notes}");
        }
        assert!(runs[0].notes.iter().all(|note| !note.contains('\n')));
    }

    #[test]
    fn links_that_lead_round_end() {
        let root = folder(&[("a/run/step1/config.json", CONFIG), ("a/run/step2/config.json", CONFIG)]);
        symlink("..", root.path().join("a/up")).unwrap();
        symlink(root.path(), root.path().join("a/run/top")).unwrap();
        symlink("round", root.path().join("a/round")).unwrap();
        symlink(".", root.path().join("a/here")).unwrap();
        assert_eq!(names(&open(root.path()).unwrap()), ["step1", "step2"]);
        assert_eq!(names(&open(&root.path().join("a/here/up/a")).unwrap()), ["step1", "step2"]);
    }

    #[test]
    fn a_repository_of_the_cache_reads_nothing_outside_of_it() {
        let hub = folder(&[("secret.json", "{}"), ("models--a--b/blobs/x", CONFIG)]);
        let snapshot = hub.path().join("models--a--b/snapshots").join("b".repeat(40));
        fs::create_dir_all(&snapshot).unwrap();
        symlink("../../blobs/x", snapshot.join("config.json")).unwrap();
        symlink("../../../secret.json", snapshot.join("tokenizer.json")).unwrap();
        let runs = open(&hub.path().join("models--a--b")).unwrap();
        assert_eq!(runs[0].checkpoints[0].tokenizer, None);
        assert!(runs[0].notes[0].contains("secret.json"), "{:?}", runs[0].notes);
    }

    #[test]
    fn names_that_are_no_text_and_names_too_long_open_or_say_so() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let root = tempfile::tempdir().unwrap();
        for name in [&b"step1-\xff"[..], b"step2-\xff\xfe", &[b'9'; 255], "é".repeat(127).as_bytes()] {
            let model = root.path().join(OsStr::from_bytes(name));
            fs::create_dir(&model).unwrap();
            fs::write(model.join("config.json"), CONFIG).unwrap();
            fs::write(model.join(OsStr::from_bytes(b"\xff.json")), "").unwrap();
        }
        let runs = open(root.path()).unwrap();
        assert_eq!(runs.iter().map(|run| run.checkpoints.len()).sum::<usize>(), 4);
        for checkpoint in runs.iter().flat_map(|run| &run.checkpoints) {
            assert!(checkpoint.folder().file("config.json").unwrap().is_some());
        }
        let lines = root.path().join("tmp-1\n\u{1b}[2J");
        fs::create_dir(&lines).unwrap();
        assert!(open(root.path()).unwrap()[0].notes[0].ends_with("tmp-1\u{fffd}\u{fffd}[2J"));
        assert!(!open(&lines).unwrap_err().to_string().contains(char::is_control));
        let long = root.path().join("x".repeat(4096));
        assert!(open(&long).unwrap_err().to_string().contains("cannot be read"));
        let long = "x".repeat(4096);
        assert!(open(Path::new(&format!("org/{long}"))).is_err());
    }
}

#[test]
fn it_is_said_where_a_repository_was_looked_for() {
    let error = open(Path::new("nobody/no-such-model")).unwrap_err().to_string();
    assert!(error.contains("hub cache at ") && error.contains("models--nobody--no-such-model"), "{error}");
    let error = open(Path::new("nowhere")).unwrap_err().to_string();
    assert!(error.contains("check the spelling") && !error.contains("cache"), "{error}");
}
