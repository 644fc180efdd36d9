//! The architecture as the imports have it: data flows one way, and what could run anywhere knows of no
//! device and no window.

use std::path::{Path, PathBuf};

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Modules of `src` (files or folders) of which no file may mention any of `words` in code.
fn forbid(modules: &[&str], words: &[&str]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for module in modules {
        let (file, folder) = (source.join(format!("{module}.rs")), source.join(module));
        let files = if file.is_file() { vec![file] } else { rust_files(&folder) };
        assert!(!files.is_empty(), "{module}");
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap();
                for word in words {
                    assert!(!code.contains(word), "{}:{}: {word}", path.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn pure_modules_know_no_device_and_no_window() {
    forbid(
        &[
            "corpus", "tokens", "labels", "measures", "results", "bound", "views", "figure", "settings",
            "error",
        ],
        &[
            "burn::",
            "burn_",
            "wgpu::",
            "cubecl",
            "egui",
            "eframe",
            "crate::engine",
            "crate::device",
            "crate::model",
        ],
    );
}

#[test]
fn what_reads_a_model_knows_nothing_that_computes() {
    let readers = ["checkpoints", "model/config", "model/family", "model/weights/files"];
    forbid(&readers, &["burn::", "wgpu::", "cubecl", "crate::device", "crate::engine"]);
}

#[test]
fn only_the_window_knows_egui() {
    let everything_else = ["checkpoints", "cli", "device", "engine", "estimator", "model", "output"];
    forbid(&everything_else, &["egui::", "eframe::", "egui_plot"]);
}

#[test]
fn the_window_reaches_the_engine_by_messages_only() {
    forbid(&["app"], &["crate::model", "crate::estimator", "crate::device", "crate::labels", "burn::"]);
}

#[test]
fn the_engine_knows_no_window_and_the_estimator_no_engine() {
    forbid(&["engine"], &["crate::app", "crate::figure", "crate::cli"]);
    forbid(&["model", "estimator"], &["crate::engine", "crate::app", "crate::cli", "crate::results"]);
}

#[test]
fn only_one_file_opens_a_device() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in rust_files(&source) {
        let text = std::fs::read_to_string(&path).unwrap();
        let opens = text.contains("wgpu_options(") || text.contains("Instance::new(");
        assert_eq!(opens, path.ends_with("src/device.rs"), "{}", path.display());
    }
}
