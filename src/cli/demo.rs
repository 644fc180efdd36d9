//! The runs and the text that ship with the program.

use std::path::PathBuf;

/// The runs, in the order they are shown.
const RUNS: [&str; 2] = ["gutenberg-1m", "gutenberg-200k"];
/// The text they are measured on.
const TEXT: &str = "books-sample.jsonl";

/// Where the demo lies, if it does.
#[derive(Debug)]
pub struct Demo {
    /// The run folders.
    pub runs: Vec<PathBuf>,
    /// The text.
    pub text: PathBuf,
}

/// Finds the demo: beside the binary, where packages put data, in the working folder, or in the
/// repository the binary was built from.
pub fn find() -> Option<Demo> {
    let executable = std::env::current_exe().ok();
    let beside = executable.as_deref().and_then(std::path::Path::parent);
    let places = [
        beside.map(|folder| folder.join("assets/demo")),
        beside.map(|folder| folder.join("../share/infoplane/demo")),
        Some(PathBuf::from("assets/demo")),
        Some(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo"))),
    ];
    places.into_iter().flatten().find(|folder| folder.join(TEXT).is_file()).map(|folder| Demo {
        runs: RUNS.iter().map(|run| folder.join(run)).filter(|run| run.is_dir()).collect(),
        text: folder.join(TEXT),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_holds_the_demo() {
        let demo = super::find().unwrap();
        assert_eq!(demo.runs.len(), super::RUNS.len());
    }
}
