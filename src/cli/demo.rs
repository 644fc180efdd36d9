//! The runs and the text that ship with the program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The runs, in the order they are shown.
const RUNS: [&str; 2] = ["gutenberg-1m", "gutenberg-200k"];
/// The folder of the demo below the repository, or beside the binary.
const FOLDER: &str = "assets/demo";
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

/// Finds the demo: beside the binary, where packages put data, in the working folder, in the repository that the binary
/// lies in, or in the one that it was installed from.
pub fn find() -> Option<Demo> {
    let executable = std::env::current_exe().ok();
    let data = std::env::var_os("XDG_DATA_DIRS").filter(|folders| !folders.is_empty());
    places(executable.as_deref(), data.as_deref()).into_iter().find_map(|folder| {
        let text = folder.join(TEXT);
        let runs = || RUNS.iter().map(|run| folder.join(run)).filter(|run| run.is_dir()).collect();
        text.is_file().then(|| Demo { runs: runs(), text })
    })
}

/// Where the demo may lie, given the program's own file and the folders that packages put data into.
fn places(executable: Option<&Path>, data: Option<&OsStr>) -> Vec<PathBuf> {
    let beside = executable.and_then(Path::parent);
    let packaged = beside.map(|folder| folder.join("../share/infoplane/demo"));
    let data = data.unwrap_or(OsStr::new("/usr/local/share:/usr/share"));
    let data = std::env::split_paths(data).map(|folder| folder.join("infoplane/demo"));
    // `target/release/infoplane` lies two folders below the repository.
    let above = beside.map(Path::ancestors).into_iter().flatten().skip(1);
    beside
        .map(|folder| folder.join(FOLDER))
        .into_iter()
        .chain(packaged)
        .chain(data)
        .chain([PathBuf::from(FOLDER)])
        .chain(above.map(|folder| folder.join(FOLDER)))
        // `cargo install` leaves it where it is. Last: where the program was built elsewhere this means nothing.
        .chain([Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_holds_the_demo() {
        assert_eq!(find().unwrap().runs.len(), RUNS.len());
    }

    #[test]
    fn it_is_looked_for_where_the_program_runs() {
        let mut places =
            places(Some(Path::new("/opt/x/target/release/infoplane")), Some(OsStr::new("/a:/b")));
        for place in [
            "/opt/x/target/release/assets/demo",
            "/opt/x/target/release/../share/infoplane/demo",
            "/a/infoplane/demo",
            "/b/infoplane/demo",
            "assets/demo",
            "/opt/x/assets/demo",
        ] {
            assert!(places.iter().any(|found| found == Path::new(place)), "{place}");
        }
        // As `cargo install` leaves it, and only where it is nowhere else.
        let built = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(places.pop().unwrap().starts_with(built));
        assert!(!places.iter().any(|found| found.starts_with(built)));
    }
}
