//! The file that a figure is to be written to, and what is there already.

use std::path::{Path, PathBuf};

use eframe::egui::Context;

use super::choices::Form;
use crate::app::browser::{Found, Looker};
use crate::app::pasted;

/// What is at the places of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing, in folders that are there.
    Nothing,
    /// So many files, which would be replaced.
    Files(usize),
    /// Why nothing can be written there, in one line.
    Trouble(String),
}

/// The field of the file.
#[derive(Debug)]
pub(super) struct FileField {
    /// What stands in it.
    pub text: String,
    /// Whether the user has named the file.
    is_named: bool,
    /// The folder that names are meant in.
    folder: PathBuf,
    looker: Looker,
    /// What is at each of the places asked about last.
    looked: Vec<(PathBuf, There)>,
}

impl FileField {
    /// A field that suggests a file of this kind in a folder.
    pub fn new(folder: PathBuf, kind: &str, form: Form) -> Self {
        let mut field = Self {
            text: String::new(),
            is_named: false,
            folder,
            looker: Looker::default(),
            looked: Vec::new(),
        };
        field.suggest(kind, form);
        field
    }

    /// Suggests another name, unless the user has named the file.
    pub fn suggest(&mut self, kind: &str, form: Form) {
        if !self.is_named {
            self.set(&self.folder.join(format!("{kind}.{}", form.extension())));
        }
    }

    /// Takes a file that was chosen.
    pub fn choose(&mut self, path: &Path) {
        self.is_named = true;
        self.set(path);
    }

    /// Takes in that the text was typed into.
    pub fn typed(&mut self) {
        self.is_named = true;
    }

    /// Gives the file the extension of a form.
    pub fn set_form(&mut self, form: Form) {
        let path = PathBuf::from(self.text.trim());
        if Form::of(&path).is_some() {
            self.set(&path.with_extension(form.extension()));
        }
    }

    fn set(&mut self, path: &Path) {
        self.text = path.to_string_lossy().into_owned();
    }

    /// The file as it would be written; `None` where none is named.
    pub fn target(&self, form: Form) -> Option<PathBuf> {
        let text = self.text.trim();
        if text.is_empty() || text.ends_with(std::path::is_separator) {
            return None;
        }
        let path = self.folder.join(pasted::path(text).unwrap_or_else(|| text.into()));
        match Form::of(&path) {
            Some(_) => Some(path),
            // What follows a dot may be a part of the name.
            None => {
                let mut name = path.into_os_string();
                name.push(format!(".{}", form.extension()));
                Some(name.into())
            }
        }
    }

    /// The files of several figures, named after the kind of each; a kind that comes again is counted. None where no file is
    /// named.
    pub fn targets<'k>(&self, form: Form, kinds: impl IntoIterator<Item = &'k str>) -> Vec<PathBuf> {
        let Some(path) = self.target(form) else { return Vec::new() };
        let [stem, extension] =
            [path.file_stem(), path.extension()].map(|part| part.unwrap_or_default().to_string_lossy());
        let mut kinds_before: Vec<&str> = Vec::new();
        let mut named = |kind: &'k str| {
            let again = kinds_before.iter().filter(|before| **before == kind).count();
            kinds_before.push(kind);
            let counted = if again > 0 { format!("-{}", again + 1) } else { String::new() };
            path.with_file_name(format!("{stem}-{kind}{counted}.{extension}"))
        };
        kinds.into_iter().map(&mut named).collect()
    }

    /// What is at these places together; `None` while that is being found out.
    pub fn there(&mut self, ctx: &Context, targets: &[PathBuf]) -> Option<There> {
        if let Some(path) = self.looker.pending().map(Path::to_owned)
            && let Some(found) = self.looker.found()
        {
            let there = match found {
                Found::Nothing(_) => There::Nothing,
                Found::File(_) => There::Files(1),
                Found::Folder(_) => There::Trouble("this is a folder, not a file".to_owned()),
                Found::Failed(error) => There::Trouble(error),
            };
            self.looked.push((path, there));
        }
        // What was found elsewhere may be another thing by the time it is asked about again.
        self.looked.retain(|(path, _)| targets.contains(path));
        let known =
            |target: &PathBuf| self.looked.iter().find(|(path, _)| path == target).map(|(_, there)| there);
        let unknown = targets.iter().find(|target| known(target).is_none());
        if let Some(unknown) = unknown {
            let is_awaited =
                self.looker.pending().is_some_and(|path| targets.iter().any(|target| target == path));
            if !is_awaited {
                self.looker.look(ctx, unknown.clone());
            }
            return None;
        }
        let mut files = 0;
        for there in targets.iter().filter_map(known) {
            match there {
                There::Nothing => {}
                There::Files(count) => files += count,
                There::Trouble(_) => return Some(there.clone()),
            }
        }
        Some(if files > 0 { There::Files(files) } else { There::Nothing })
    }

    /// Forgets what was there: something was written.
    pub fn forget(&mut self) {
        self.looked.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field() -> FileField {
        FileField::new("/figures".into(), "plane", Form::Pdf)
    }

    #[test]
    fn a_name_is_suggested_until_one_is_named() {
        let mut field = field();
        assert_eq!(field.text, "/figures/plane.pdf");
        field.suggest("loss", Form::Svg);
        assert_eq!(field.text, "/figures/loss.svg");
        field.set_form(Form::Csv);
        assert_eq!(field.text, "/figures/loss.csv");
        field.choose(Path::new("/paper/figure 1.pdf"));
        field.suggest("plane", Form::Pdf);
        field.set_form(Form::Png);
        assert_eq!(field.text, "/paper/figure 1.png");
    }

    #[test]
    fn several_figures_are_named_after_their_kinds() {
        let mut field = field();
        let names = |field: &FileField| -> Vec<String> {
            let targets = field.targets(Form::Svg, ["plane", "loss", "plane", "plane"]);
            targets.iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        field.text = "paper/fig 1".to_owned();
        let expected = ["plane", "loss", "plane-2", "plane-3"];
        assert_eq!(names(&field), expected.map(|name| format!("/figures/paper/fig 1-{name}.svg")));
        field.text = "a.b.pdf".to_owned();
        assert_eq!(names(&field)[0], "/figures/a.b-plane.pdf", "the form that the name says");
        field.text.clear();
        assert!(names(&field).is_empty());
    }

    #[test]
    fn what_is_typed_becomes_a_whole_path_with_an_extension() {
        let mut field = field();
        let mut target = |text: &str| {
            field.text = text.to_owned();
            field.target(Form::Svg).map(|path| path.to_string_lossy().into_owned())
        };
        assert_eq!(target("plane.svg").as_deref(), Some("/figures/plane.svg"));
        assert_eq!(target(" /tmp/a.SVG ").as_deref(), Some("/tmp/a.SVG"));
        assert_eq!(target("file:///tmp/a%20b.svg").as_deref(), Some("/tmp/a b.svg"));
        assert_eq!(target("step1.5").as_deref(), Some("/figures/step1.5.svg"));
        assert_eq!(target("sub/plane").as_deref(), Some("/figures/sub/plane.svg"));
        for nothing in ["", "  ", "/tmp/"] {
            assert_eq!(target(nothing), None, "{nothing}");
        }
    }
}
