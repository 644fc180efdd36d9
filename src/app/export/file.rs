//! The file that a figure is to be written to, and what is there already.

use std::path::{Path, PathBuf};

use eframe::egui::Context;

use super::choices::Form;
use crate::app::browser::{Found, Looker};
use crate::app::pasted;

/// What is at the place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing, in a folder that is there.
    Nothing,
    /// A file, which would be replaced.
    File,
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
    looked: Option<(PathBuf, There)>,
}

impl FileField {
    /// A field that suggests a file of this kind in a folder.
    pub fn new(folder: PathBuf, kind: &str, form: Form) -> Self {
        let mut field =
            Self { text: String::new(), is_named: false, folder, looker: Looker::default(), looked: None };
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

    /// What is at a place; `None` while that is being found out.
    pub fn there(&mut self, ctx: &Context, target: &Path) -> Option<&There> {
        if let Some(path) = self.looker.pending().map(Path::to_owned)
            && let Some(found) = self.looker.found()
        {
            let there = match found {
                Found::Nothing(_) => There::Nothing,
                Found::File(_) => There::File,
                Found::Folder(_) => There::Trouble("this is a folder, not a file".to_owned()),
                Found::Failed(error) => There::Trouble(error),
            };
            self.looked = Some((path, there));
        }
        let is_known = self.looked.as_ref().is_some_and(|(path, _)| path == target);
        if !is_known && self.looker.pending() != Some(target) {
            self.looker.look(ctx, target.to_owned());
        }
        self.looked.as_ref().filter(|(path, _)| path == target).map(|(_, there)| there)
    }

    /// Forgets what was there: something was written.
    pub fn forget(&mut self) {
        self.looked = None;
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
