//! Figures to files: all are made before any is written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::error::{Error, Kind, Result};
use crate::output::write_atomically;
use crate::words::counted;

/// Figures that were written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Their files, at least one.
    pub files: Vec<PathBuf>,
    /// Why others were not made, a line each.
    pub left_out: Vec<String>,
    /// What those written were found to lack of what journals ask, a line a file.
    pub faults: Vec<String>,
}

/// What becomes of a figure that is to be written.
pub(super) enum Made {
    /// The bytes of its file, and what the figure was found to lack of what journals ask, in a few words each.
    File(Vec<u8>, Vec<String>),
    /// Nothing, since there is nothing to show, with why.
    Nothing(Error),
}

/// What makes a figure, with the file that it is written to.
pub(super) type Making = (PathBuf, Box<dyn FnOnce() -> Result<Made> + Send>);

/// Makes files, and writes them once all are made.
pub(super) fn written(making: Vec<Making>) -> Result<Written> {
    let (mut made, mut left_out, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for (path, make) in making {
        let bytes = catch_unwind(AssertUnwindSafe(make))
            .unwrap_or_else(|_| Err(Error::new(Kind::Output, "the drawing of the figure broke down")))?;
        match bytes {
            Made::File(bytes, lacks) => {
                if !lacks.is_empty() {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    faults.push(format!("{name}: {}", lacks.join(", ")));
                }
                made.push((path, bytes));
            }
            Made::Nothing(why) => left_out.push(why),
        }
    }
    match (made.is_empty(), left_out.len()) {
        (true, 1) => return Err(left_out.remove(0)),
        (true, _) => return Err(Error::new(Kind::Output, "no panel has anything to show yet")),
        (false, _) => {}
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for (path, bytes) in made {
        if let Err(error) = write_atomically(&path, &bytes) {
            return Err(match files.len() {
                0 => error,
                count => error.adding(Some(format!("{} written before it", counted(count, "file")))),
            });
        }
        files.push(path);
    }
    Ok(Written { files, left_out: left_out.iter().map(ToString::to_string).collect(), faults })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once_all_are_made_and_what_shows_nothing_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let file = |name: &str| -> Making {
            (at(name), Box::new(|| Ok(Made::File(b"figure".to_vec(), Vec::new()))))
        };
        let nothing = |name: &str| -> Making {
            (at(name), Box::new(|| Ok(Made::Nothing(Error::new(Kind::Output, "nothing to export of Loss")))))
        };
        let failing = || -> Making { (at("c"), Box::new(|| Err(Error::new(Kind::Output, "no fonts")))) };
        let breaking = || -> Making { (at("c"), Box::new(|| panic!("while it is drawn"))) };
        for fails in [failing(), breaking()] {
            assert!(written(vec![file("a"), file("b"), fails]).is_err());
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written of a part");
        }
        let crowded: Making =
            (at("c"), Box::new(|| Ok(Made::File(b"figure".to_vec(), vec!["2 labels overlap".to_owned()]))));
        let found = written(vec![file("a"), nothing("b"), crowded]).unwrap();
        assert_eq!(found.faults, ["c: 2 labels overlap"]);
        assert_eq!(found.files, [at("a"), at("c")]);
        assert_eq!(found.left_out, ["nothing to export of Loss"]);
        assert!(found.files.iter().all(|path| std::fs::read(path).unwrap() == b"figure"));
        assert_eq!(written(vec![nothing("b")]).unwrap_err().to_string(), "nothing to export of Loss");
        assert!(written(vec![nothing("b"), nothing("d")]).unwrap_err().to_string().contains("no panel has"));
        let error = written(vec![file("d"), file("nowhere/e")]).unwrap_err().to_string();
        assert!(error.contains("1 file written before it"), "{error}");
    }
}
