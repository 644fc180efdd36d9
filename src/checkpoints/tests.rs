use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Links, Reach, Run, locate, open, open_unless, told_apart};
use crate::error::Kind;

/// Creates files, with the folders they need, in a new folder.
fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        write(folder.path(), file, "{}");
    }
    folder
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// `run: checkpoint checkpoint`, a line a run; the temporary folder's own name is `.`.
fn listed(root: &Path, runs: &[Run]) -> Vec<String> {
    let name = |name: &str| if root.ends_with(name) { ".".to_owned() } else { name.to_owned() };
    let names = |run: &Run| run.checkpoints.iter().map(|each| name(&each.name)).collect::<Vec<_>>().join(" ");
    runs.iter().map(|run| format!("{}: {}", name(&run.name), names(run))).collect()
}

fn opened(files: &[&str]) -> Vec<String> {
    let folder = folder(files);
    listed(folder.path(), &open(folder.path()).unwrap())
}

/// The same runs whatever folder above them was opened.
fn rootless(runs: &[Run]) -> Vec<Run> {
    let mut runs = runs.to_vec();
    runs.iter_mut().flat_map(|run| &mut run.checkpoints).for_each(|each| each.reach = Default::default());
    runs
}

#[test]
fn demo_runs() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let runs = open(&demo).unwrap();
    assert_eq!(
        runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(),
        ["gutenberg-1m", "gutenberg-200k"]
    );
    for run in &runs {
        let steps: Vec<_> = run.checkpoints.iter().map(|each| each.step.unwrap()).collect();
        assert_eq!(steps, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1500, 2000]);
        assert!(run.checkpoints.iter().all(|each| each.tokenizer == Some(run.path.join("tokenizer.json"))));
        assert!(run.checkpoints.iter().all(|each| each.tokens.is_none()));
        assert!(!run.is_single_model());
        assert_eq!(rootless(&open(&run.path).unwrap()), rootless(std::slice::from_ref(run)));
    }
    let step = open(&demo.join("gutenberg-1m/step512")).unwrap();
    assert!(step[0].is_single_model());
    assert_eq!(rootless(&step)[0].checkpoints, rootless(&runs)[0].checkpoints[10..11]);
}

#[test]
fn single_models() {
    let model = folder(&["config.json", "tokenizer.json", "1_Pooling/config.json"]);
    let runs = open(model.path()).unwrap();
    assert_eq!(listed(model.path(), &runs), [".: ."]);
    assert!(runs[0].is_single_model());
    assert_eq!(runs[0].checkpoints[0].tokenizer, Some(model.path().join("tokenizer.json")));
    assert_eq!(runs[0].checkpoints[0].step, None);

    let dotted = open(&model.path().join("1_Pooling/..")).unwrap();
    assert_eq!(listed(model.path(), &dotted), [".: ."]);
}

#[test]
fn a_run_with_its_final_model() {
    let files = ["main/config.json", "step10/config.json", "step9/config.json", "logs/x", "notes.txt"];
    assert_eq!(opened(&files), [".: step9 step10 main"]);
}

#[test]
fn phases_count_on() {
    let names = [
        "stage2-ingredient2-step1000-tokens5B",
        "stage1-step2000-tokens9B",
        "stage2-ingredient1-step2000-tokens8B",
        "stage1-step150-tokens1B",
        "stage3-step1-tokens1B",
        "stage2-ingredient1-step1000-tokens5B",
        "main",
    ];
    let run = folder(&names.map(|name| format!("{name}/config.json")).each_ref().map(String::as_str));
    let runs = open(run.path()).unwrap();
    let billions: Vec<_> = runs[0]
        .checkpoints
        .iter()
        .map(|each| (each.name.as_str(), each.tokens.map(|tokens| tokens / 1_000_000_000)))
        .collect();
    assert_eq!(
        billions,
        [
            ("stage1-step150-tokens1B", Some(1)),
            ("stage1-step2000-tokens9B", Some(9)),
            ("stage2-ingredient1-step1000-tokens5B", Some(14)),
            ("stage2-ingredient2-step1000-tokens5B", Some(14)),
            ("stage2-ingredient1-step2000-tokens8B", Some(17)),
            ("stage3-step1-tokens1B", Some(18)),
            ("main", None),
        ]
    );
}

#[test]
fn phases_without_tokens() {
    let files = [
        "stage2-ingredient2-step1/config.json",
        "stage2-ingredient1-step5/config.json",
        "stage1-step9/config.json",
        "stage1-step8-tokens1B/config.json",
    ];
    let order = ".: stage1-step8-tokens1B stage1-step9 stage2-ingredient1-step5 stage2-ingredient2-step1";
    assert_eq!(opened(&files), [order]);
}

/// What folders of these names hold: their order, and steps and tokens where they are known.
fn training(names: &[&str]) -> Vec<(String, Option<u64>, Option<u64>)> {
    let files: Vec<String> = names.iter().map(|name| format!("{name}/config.json")).collect();
    let run = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let runs = open(run.path()).unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].checkpoints.iter().map(|each| (each.name.clone(), each.step, each.tokens)).collect()
}

#[test]
fn names_of_several_projects_are_runs() {
    const BILLION: u64 = 1_000_000_000;
    let of = |name: &str, step, tokens| (name.to_owned(), step, tokens);
    assert_eq!(
        training(&["ckpt_000", "ckpt_010", "ckpt_100"]),
        [of("ckpt_000", Some(0), None), of("ckpt_010", Some(10), None), of("ckpt_100", Some(100), None)]
    );
    assert_eq!(
        training(&["step-720k-token-1510B", "step-240k-token-503B"]),
        [
            of("step-240k-token-503B", Some(240_000), Some(503 * BILLION)),
            of("step-720k-token-1510B", Some(720_000), Some(1510 * BILLION)),
        ]
    );
    assert_eq!(
        training(&["chck_1M", "chck_10M", "chck_100M", "chck_1000M"])
            .iter()
            .map(|each| each.2)
            .collect::<Vec<_>>(),
        [1, 10, 100, 1000].map(|millions| Some(millions * 1_000_000))
    );
    assert_eq!(
        training(&["stage1-step1000-tokens5B", "stage2-step10-tokens1B", "step2150-tokens10B"]),
        [
            of("stage1-step1000-tokens5B", Some(1000), Some(5 * BILLION)),
            of("step2150-tokens10B", Some(2150), Some(10 * BILLION)),
            of("stage2-step10-tokens1B", Some(10), Some(11 * BILLION)),
        ]
    );
    assert_eq!(
        training(&["save-b-2", "save-b-10"]),
        [of("save-b-2", None, None), of("save-b-10", None, None)]
    );
}

#[test]
fn numbers_in_names_of_other_architectures_make_no_run() {
    let root = folder(&["notes.txt"]);
    for (name, width) in [("m-1", 64), ("m-2", 64), ("m-10", 128)] {
        write(
            root.path(),
            &format!("{name}/config.json"),
            &format!(r#"{{"hidden_size": {width}, "a": NaN}}"#),
        );
    }
    assert_eq!(listed(root.path(), &open(root.path()).unwrap()), ["m: m-1 m-2", "m-10: m-10"]);
}

#[test]
fn trainer_states_order_and_date() {
    let run =
        folder(&["checkpoint-500/config.json", "checkpoint-1000/config.json", "checkpoint-9/config.json"]);
    // Tokens disagree with the steps to show that they decide.
    for (name, tokens) in [("checkpoint-500", 70), ("checkpoint-1000", 60), ("checkpoint-9", 50)] {
        let text =
            format!(r#"{{"epoch": 1.5, "num_input_tokens_seen": {tokens}, "log_history": [{{"a": null}}]}}"#);
        write(run.path(), &format!("{name}/trainer_state.json"), &text);
    }
    let tokens = |runs: &[Run]| runs[0].checkpoints.iter().map(|each| each.tokens).collect::<Vec<_>>();
    let runs = open(run.path()).unwrap();
    assert_eq!(listed(run.path(), &runs), [".: checkpoint-9 checkpoint-1000 checkpoint-500"]);
    assert_eq!(tokens(&runs), [Some(50), Some(60), Some(70)]);

    // A broken file, or tokens that were not counted, leave the order to the steps.
    for text in ["{\"num_input_tokens_seen\": 5", r#"{"num_input_tokens_seen": 0}"#, "[]", "\u{1}"] {
        write(run.path(), "checkpoint-500/trainer_state.json", text);
        let runs = open(run.path()).unwrap();
        assert_eq!(listed(run.path(), &runs), [".: checkpoint-9 checkpoint-500 checkpoint-1000"], "{text}");
        assert_eq!(tokens(&runs), [Some(50), None, Some(60)]);
    }
}

#[test]
fn trainer_output_folders() {
    // The folder's own weights are the last checkpoint, unless they are one of them again.
    let run = folder(&[
        "out/config.json",
        "out/checkpoint-5/config.json",
        "out/tokenizer.json",
        "out/plain/config.json",
    ]);
    let out = run.path().join("out");
    assert_eq!(listed(run.path(), &open(&out).unwrap()), ["out: checkpoint-5"]);
    write(&out, "model.safetensors", "");
    let runs = open(&out).unwrap();
    assert_eq!(listed(run.path(), &runs), ["out: checkpoint-5 out"]);
    assert_eq!(rootless(&open(run.path()).unwrap()), rootless(&runs));
    write(&out, "trainer_state.json", r#"{"global_step": 5}"#);
    assert_eq!(listed(run.path(), &open(&out).unwrap()), ["out: checkpoint-5"]);
    write(&out, "trainer_state.json", r#"{"global_step": 6}"#);
    let runs = open(&out).unwrap();
    assert_eq!(runs[0].checkpoints.iter().map(|each| each.step).collect::<Vec<_>>(), [Some(5), Some(6)]);

    // Two of them side by side are two runs, even though both have steps.
    write(run.path(), "out2/config.json", "{}");
    write(run.path(), "out2/checkpoint-7/config.json", "{}");
    assert_eq!(
        listed(run.path(), &open(run.path()).unwrap()),
        ["out: checkpoint-5 out", "out2: checkpoint-7"]
    );
}

#[test]
fn folders_of_runs_and_models() {
    let mixed =
        ["run10/step1/config.json", "run2/step2/config.json", "run2/step1/config.json", "olmo/config.json"];
    assert_eq!(opened(&mixed), ["olmo: olmo", "run2: step1 step2", "run10: step1"]);
    assert_eq!(opened(&["b/config.json", "a/config.json"]), ["a: a", "b: b"]);
    assert_eq!(opened(&["org/b/config.json", "org/a/config.json"]), ["a: a", "b: b"]);
    assert_eq!(opened(&["step1/config.json", "extra/step2/config.json"]).len(), 2);
}

#[test]
fn only_four_visible_levels() {
    let deep =
        ["a/b/c/d/e/config.json", ".hidden/config.json", ".cache/run/config.json", "run/.old/config.json"];
    let root = folder(&deep);
    assert_eq!(open(root.path()).unwrap_err().kind(), Kind::Folder);
    write(root.path(), "a/b/run/step1/config.json", "{}");
    write(root.path(), "a/b/run/step2/config.json", "{}");
    assert_eq!(listed(root.path(), &open(root.path()).unwrap()), ["run: step1 step2"]);
}

#[cfg(unix)]
#[test]
fn links_and_locked_folders() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let root = folder(&["store/one/config.json", "run/step2/config.json", "run/locked/x/config.json"]);
    let run = root.path().join("run");
    symlink(root.path().join("store/one"), run.join("step1")).unwrap();
    symlink("step2", run.join("latest")).unwrap();
    symlink("nowhere", run.join("step3")).unwrap();
    symlink("..", run.join("loop")).unwrap();
    fs::set_permissions(run.join("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    let runs = open(&run).unwrap();
    fs::set_permissions(run.join("locked"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(listed(root.path(), &runs).contains(&"run: step1 step2".to_owned()), "{runs:?}");
}

#[test]
fn tokenizers_come_from_the_model_or_its_run() {
    let files = ["tokenizer.json", "run/tokenizer.json", "run/step1/config.json", "run/step1/tokenizer.json"];
    let root = folder(&[&files[..], &["run/step2/config.json", "bare/step1/config.json"]].concat());
    let runs = open(root.path()).unwrap();
    let tokenizer = |run: usize, checkpoint: usize| runs[run].checkpoints[checkpoint].tokenizer.clone();
    assert_eq!(tokenizer(0, 0), None);
    assert_eq!(tokenizer(1, 0), Some(root.path().join("run/step1/tokenizer.json")));
    assert_eq!(tokenizer(1, 1), Some(root.path().join("run/tokenizer.json")));
}

#[test]
fn nothing_to_open() {
    let root = folder(&["notes.txt", "empty/notes.txt", "config.json/x"]);
    for (path, cause) in
        [("nowhere", "no such folder"), ("notes.txt", "a file"), ("empty", "no model"), ("", "no model")]
    {
        let error = open(&root.path().join(path)).unwrap_err();
        assert_eq!(error.kind(), Kind::Folder);
        let text = error.to_string();
        assert!(text.contains(cause) && text.contains("; ") && !text.contains('\n'), "{text}");
        assert!(text.contains(root.path().to_str().unwrap()), "{text}");
    }
}

/// A repository of the hub cache: each revision's files are links into `blobs`.
#[cfg(unix)]
fn repository(hub: &Path, refs: &[(&str, &str)], fetched: &[&str]) {
    let repository = hub.join("models--org--some-model");
    for (name, commit) in refs {
        write(&repository, &format!("refs/{name}"), commit);
    }
    for commit in fetched {
        for file in ["config.json", "tokenizer.json"] {
            write(&repository, &format!("blobs/{commit}-{file}"), "{}");
            let snapshot = repository.join("snapshots").join(commit);
            fs::create_dir_all(&snapshot).unwrap();
            std::os::unix::fs::symlink(format!("../../blobs/{commit}-{file}"), snapshot.join(file)).unwrap();
        }
    }
}

#[cfg(unix)]
#[test]
fn revisions_in_the_hub_cache_are_a_run() {
    let hub = tempfile::tempdir().unwrap();
    let refs = [
        ("main", "cc3"),
        ("stage1-step2000-tokens9B", "cc3"),
        ("stage1/step150-tokens1B", "aa1"),
        ("stage2/ingredient1-step1000-tokens5B", "dd4"),
        ("step-from-elsewhere", "../../outside"),
        ("stage1-step500-tokens2B", "ee5"),
    ];
    repository(hub.path(), &refs, &["aa1", "bb2", "cc3", "dd4"]);
    let repository = hub.path().join("models--org--some-model");
    let runs = open(&repository).unwrap();
    assert_eq!(
        listed(hub.path(), &runs),
        ["org/some-model: stage1/step150-tokens1B stage1-step2000-tokens9B \
          stage2/ingredient1-step1000-tokens5B bb2"]
    );
    assert_eq!(runs[0].missing, ["stage1-step500-tokens2B"]);
    let checkpoints = &runs[0].checkpoints;
    assert_eq!(
        checkpoints.iter().map(|c| c.tokens.map(|tokens| tokens / 1_000_000_000)).collect::<Vec<_>>(),
        [Some(1), Some(9), Some(14), None]
    );
    for checkpoint in checkpoints {
        assert!(checkpoint.tokenizer.is_some());
        assert!(checkpoint.folder().file("config.json").unwrap().is_some());
    }
    // From above, and a single revision from within.
    assert_eq!(open(hub.path()).unwrap(), runs);
    let inside = open(&checkpoints[0].path).unwrap();
    assert_eq!(inside[0].checkpoints[0].name, "stage1/step150-tokens1B");
    assert_eq!(inside[0].checkpoints[0].reach, checkpoints[0].reach);
}

#[cfg(unix)]
#[test]
fn links_stay_within_the_folder_opened_where_they_are_kept_within() {
    use std::os::unix::fs::symlink;
    let root = folder(&["secret/config.json", "run/step1/real.json", "run/shared.json"]);
    let step = root.path().join("run/step1");
    symlink("../../secret/config.json", step.join("outside")).unwrap();
    symlink("../shared.json", step.join("shared")).unwrap();
    symlink("real.json", step.join("inside")).unwrap();
    symlink("loop", step.join("loop")).unwrap();
    symlink("nowhere", step.join("broken")).unwrap();
    symlink("/dev/zero", step.join("device")).unwrap();
    fs::create_dir(step.join("folder")).unwrap();
    let run = Reach::of(&root.path().join("run"), Links::KeptWithin);
    let opened = super::ModelFolder::within(&step, &run);
    for name in ["inside", "shared", "real.json"] {
        assert_eq!(opened.file(name), Ok(Some(step.join(name))));
    }
    assert_eq!(opened.file("nothing"), Ok(None));
    for (name, cause) in [
        ("outside", "leads outside"),
        ("loop", "cannot be read"),
        ("broken", "not there"),
        ("device", "leads outside"),
        ("folder", "not a file"),
    ] {
        let text = opened.file(name).unwrap_err().to_string();
        assert!(text.contains(cause) && text.ends_with(name), "{text}");
    }
    // Named by itself, the step may not look into the run.
    let alone = super::ModelFolder::opened(&step, Links::KeptWithin);
    assert!(alone.file("shared").is_err() && alone.file("inside").is_ok());
    // Where links are followed, only what is no file is refused; and wherever it is, the target is named.
    let followed = super::ModelFolder::new(&step);
    for name in ["inside", "shared", "real.json", "outside"] {
        assert_eq!(followed.file(name), Ok(Some(step.join(name))));
    }
    for (folder, name, target) in [
        (&opened, "outside", "secret/config.json"),
        (&opened, "outside", "without --no-follow-links"),
        (&followed, "loop", "to loop"),
        (&followed, "broken", "to nowhere"),
        (&followed, "device", "/dev/zero"),
        (&opened, "device", "/dev/zero"),
        (&followed, "folder", "not a file"),
    ] {
        let text = folder.file(name).unwrap_err().to_string();
        assert!(text.contains(target) && text.ends_with(name), "{text}");
    }
}

/// Runs opened together from these paths, and what is said of those that were opened twice.
fn opened_together(root: &Path, paths: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut runs: Vec<Run> = paths.iter().flat_map(|path| open(&root.join(path)).unwrap()).collect();
    let said = told_apart(&mut runs.iter_mut().collect::<Vec<_>>());
    runs.retain(|run| !run.checkpoints.is_empty());
    let said = said.iter().map(|line| line.replace(&format!("{}/", root.display()), "")).collect();
    (listed(root, &runs), said)
}

#[cfg(unix)]
#[test]
fn a_checkpoint_reached_by_two_paths_is_opened_once() {
    use std::os::unix::fs::symlink;
    let root = folder(&["run/step1/config.json", "run/step2/config.json", "other/step3/config.json"]);
    symlink("../run/step2", root.path().join("other/step2")).unwrap();
    symlink("run", root.path().join("link")).unwrap();
    let together = |paths: &[&str]| opened_together(root.path(), paths);
    let (run, none) = (vec!["run: step1 step2".to_owned()], Vec::<String>::new());
    assert_eq!(together(&["run"]), (run.clone(), none));
    // A run is whole, whichever is named first.
    let again = vec!["run/step1 is in run already, measured once".to_owned()];
    assert_eq!(together(&["run", "run/step1"]), (run.clone(), again.clone()));
    assert_eq!(together(&["run/step1", "run"]), (run.clone(), again));
    let again = vec!["link is in run already, measured once".to_owned()];
    assert_eq!(together(&["run", "link"]), (run.clone(), again));
    let again = vec!["run/../run is in run already, measured once".to_owned()];
    assert_eq!(together(&["run", "run/../run"]), (run, again));
    // Of a run that shares one checkpoint the rest stays.
    let (runs, said) = together(&["run", "other"]);
    assert_eq!(runs, ["run: step1 step2", "other: step3"]);
    assert_eq!(said, ["other/step2 is run/step2, measured once"]);
}

#[test]
fn runs_of_one_name_are_named_with_what_is_above_them() {
    let root = folder(&[
        "a/x/run/step1/config.json",
        "b/x/run/step1/config.json",
        "c/y/run/step1/config.json",
        "a/model/config.json",
        "b/model/config.json",
    ]);
    let together = |paths: &[&str]| opened_together(root.path(), paths).0;
    assert_eq!(together(&["a/x/run"]), ["run: step1"]);
    assert_eq!(together(&["a/x/run", "c/y/run"]), ["x/run: step1", "y/run: step1"]);
    let three = ["a/x/run: step1", "b/x/run: step1", "c/y/run: step1"];
    assert_eq!(together(&["a/x/run", "b/x/run", "c/y/run"]), three);
    assert_eq!(together(&["a/model", "b/model"]), ["a/model: a/model", "b/model: b/model"]);
}

#[test]
fn opening_can_be_broken_off_between_checkpoints() {
    let run = folder(&["step1/config.json", "step2/config.json", "step3/config.json"]);
    let mut asked = 0;
    let mut second = || {
        asked += 1;
        asked == 2
    };
    assert_eq!(open_unless(run.path(), Links::Followed, &mut second).unwrap_err().kind(), Kind::Cancelled);
    assert_eq!(asked, 2);
    assert_eq!(open_unless(run.path(), Links::Followed, &mut || false).unwrap(), open(run.path()).unwrap());
}

#[test]
fn a_folder_is_located_without_looking_into_it() {
    let root = folder(&["empty/notes.txt", "notes.txt"]);
    assert_eq!(locate(&root.path().join("empty")), Ok(root.path().join("empty")));
    for (path, cause) in [("nowhere", "no such folder"), ("notes.txt", "a file")] {
        let error = locate(&root.path().join(path)).unwrap_err().to_string();
        assert!(error.contains(cause) && error.ends_with(path), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_checkpoint_finds_its_run_s_tokenizer() {
    use std::os::unix::fs::symlink;
    let root = folder(&["run/tokenizer.json", "run/step1/config.json", "folder/notes.txt"]);
    let tokenizer = |path: &Path| open(path).unwrap()[0].checkpoints[0].tokenizer.clone();
    let real = root.path().canonicalize().unwrap();
    symlink("run/step1", root.path().join("link")).unwrap();
    assert_eq!(tokenizer(&root.path().join("link")), Some(real.join("run/tokenizer.json")));
    // A link within a folder that leads out of it is followed that far, unless links are kept within.
    symlink("../run/step1", root.path().join("folder/step1")).unwrap();
    assert_eq!(tokenizer(&root.path().join("folder")), Some(real.join("run/tokenizer.json")));
    let kept = open_unless(&root.path().join("folder"), Links::KeptWithin, &mut || false).unwrap();
    assert_eq!(kept[0].checkpoints[0].tokenizer, None);
}
