//! The window's own file browser, for desktops that have none to offer.
//!
//! | file | duty |
//! |---|---|
//! | `listing` | folders read on a thread |
//! | `view` | how it looks, and its keys |

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use eframe::egui;

use super::dialogs::Question;
use super::pasted;
use listing::{Entry, Listing};
pub(super) use listing::{Found, Looker};

mod listing;
mod view;

/// What came of browsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The user changed their mind.
    Closed,
    /// A folder was chosen.
    Folder(PathBuf),
    /// A file was chosen, or named where there was none or it may be replaced.
    File(PathBuf),
}

/// What a look at a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Going there, or choosing it where it is a file.
    Go,
    /// Writing there.
    Save,
}

/// A file browser in the window.
#[derive(Debug)]
pub(super) struct Browser {
    question: Question,
    /// Why the desktop's dialog is not there.
    note: String,
    looker: Looker,
    purpose: Purpose,
    listing: Listing,
    /// Indices of the entries that the filter leaves.
    seen: Vec<usize>,
    filter: String,
    /// Place in `seen`.
    selected: Option<usize>,
    /// The entry to select once its folder is listed.
    to_select: Option<OsString>,
    /// What stands in the field of the path.
    path: String,
    /// What stands in the field of the name of a file to be written.
    name: String,
    /// The file that would be replaced.
    replaces: Option<PathBuf>,
    error: Option<String>,
    /// Folders one click away.
    places: Vec<PathBuf>,
    /// The part that gets the focus in the next frame.
    focus: Option<Focus>,
    /// Whether the list scrolls to what is selected in the next frame.
    follow: bool,
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    List,
    Path,
    Name,
    Keep,
}

impl Browser {
    /// A browser that begins with the last of `places`, since the desktop has no dialog for what `note` says.
    pub(super) fn new(ctx: &egui::Context, question: Question, note: String, places: Vec<PathBuf>) -> Self {
        let suggested = question.saves().and_then(Path::file_name);
        let name = suggested.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let focus = if name.is_empty() { Focus::List } else { Focus::Name };
        let mut browser = Self {
            question,
            note,
            looker: Looker::default(),
            purpose: Purpose::Go,
            listing: Listing::default(),
            seen: Vec::new(),
            filter: String::new(),
            selected: None,
            to_select: None,
            path: String::new(),
            name,
            replaces: None,
            error: None,
            places,
            focus: Some(focus),
            follow: false,
            outcome: None,
        };
        let start = browser.places.last().cloned().or_else(dirs::home_dir).unwrap_or_else(|| "/".into());
        browser.go(ctx, start);
        browser
    }

    /// What is to be chosen.
    pub(super) fn question(&self) -> &Question {
        &self.question
    }

    /// Draws the browser and reads its keys; answers once something was chosen, or nothing.
    pub(super) fn show(&mut self, ctx: &egui::Context) -> Option<Outcome> {
        self.receive();
        view::browser_ui(ctx, self);
        self.outcome.take()
    }

    fn go(&mut self, ctx: &egui::Context, path: PathBuf) {
        self.error = None;
        self.path = path.to_string_lossy().into_owned();
        self.purpose = Purpose::Go;
        self.looker.look(ctx, path);
    }

    /// Goes to what was typed or pasted.
    fn go_to_text(&mut self, ctx: &egui::Context, text: &str) {
        let text = text.trim();
        let path = match &pasted::paths(text)[..] {
            [first, ..] => Some(first.clone()),
            // A name is meant within the folder on screen.
            [] if text.is_empty() || text.contains('\n') || text.contains("://") => None,
            [] => Some(self.listing.folder.join(text)),
        };
        match path {
            Some(path) if path == self.listing.folder && self.question.takes_folders() => {
                self.outcome = Some(Outcome::Folder(path));
            }
            Some(path) => {
                self.go(ctx, path);
                self.focus = Some(Focus::List);
            }
            None => self.error = Some("this is not a path".to_owned()),
        }
    }

    fn go_up(&mut self, ctx: &egui::Context) {
        // Where the folder on the way does not answer, up is up from there.
        let here = self.looker.pending().unwrap_or(&self.listing.folder).to_owned();
        if let Some(parent) = here.parent() {
            self.to_select = here.file_name().map(OsStr::to_owned);
            self.go(ctx, parent.to_owned());
        }
    }

    fn receive(&mut self) {
        let Some(found) = self.looker.found() else { return };
        match (found, self.purpose) {
            (Found::Folder(listing), _) => self.arrive(listing),
            // A file that is there is one to be replaced, which is said before it is done.
            (Found::File(path), _) if self.question.saves().is_some() => {
                self.replaces = Some(path);
                self.focus = Some(Focus::Keep);
            }
            (Found::Nothing(path), Purpose::Save) => self.outcome = Some(Outcome::File(path)),
            (Found::File(path), _) => self.outcome = Some(Outcome::File(path)),
            (Found::Nothing(path), Purpose::Go) => {
                self.failed(format!("{}: no such file or folder", path.display()));
            }
            (Found::Failed(error), _) => self.failed(error),
        }
    }

    fn failed(&mut self, error: String) {
        self.error = Some(error);
        self.to_select = None;
    }

    fn arrive(&mut self, listing: Listing) {
        self.path = listing.folder.to_string_lossy().into_owned();
        self.listing = listing;
        self.filter.clear();
        self.filter_entries();
        let wanted = self.to_select.take();
        let is_wanted = |index: &usize| Some(&self.listing.entries[*index].name) == wanted.as_ref();
        self.selected = self.seen.iter().position(is_wanted);
        self.follow = true;
    }

    /// Leaves the entries that the filter names; hidden ones only where it begins with a dot.
    fn filter_entries(&mut self) {
        let wanted = self.filter.to_lowercase();
        let hidden = wanted.starts_with('.');
        let is_seen =
            |entry: &Entry| (hidden || !entry.shown.starts_with('.')) && entry.lower.contains(&wanted);
        let entries = self.listing.entries.iter().enumerate();
        self.seen = entries.filter(|(_, entry)| is_seen(entry)).map(|(index, _)| index).collect();
        self.selected = (!wanted.is_empty() && !self.seen.is_empty()).then_some(0);
        self.follow = true;
    }

    fn set_filter(&mut self, filter: String) {
        self.error = None;
        self.filter = filter;
        self.filter_entries();
    }

    fn entry(&self, row: usize) -> Option<&Entry> {
        self.listing.entries.get(*self.seen.get(row)?)
    }

    fn selected_entry(&self) -> Option<&Entry> {
        self.entry(self.selected?)
    }

    /// Moves the selection by `rows`; to the first or the last row where nothing is selected.
    fn move_selection(&mut self, rows: isize) {
        match self.selected {
            Some(row) => self.select(row.saturating_add_signed(rows)),
            None => self.select(if rows > 0 { 0 } else { usize::MAX }),
        }
    }

    /// Selects a row, the last where there are fewer.
    fn select(&mut self, row: usize) {
        self.selected = self.seen.len().checked_sub(1).map(|last| row.min(last));
        self.follow = true;
    }

    /// Goes into the selected folder, or chooses the selected file; with nothing selected, chooses the folder.
    fn activate(&mut self, ctx: &egui::Context) {
        let Some(entry) = self.selected_entry() else { return self.choose(ctx) };
        let path = self.listing.folder.join(&entry.name);
        if entry.is_folder {
            self.go(ctx, path);
        } else {
            self.choose(ctx);
        }
    }

    /// Chooses what is selected, else the folder on screen, else the file that the name stands for.
    fn choose(&mut self, ctx: &egui::Context) {
        let selected = self.selected_entry().map(|entry| (entry.is_folder, entry.name.clone()));
        if self.question.saves().is_some() {
            if let Some((false, name)) = selected {
                self.name = name.to_string_lossy().into_owned();
            }
            return self.save(ctx);
        }
        let folder = &self.listing.folder;
        self.outcome = match selected {
            Some((true, name)) if self.question.takes_folders() => Some(Outcome::Folder(folder.join(name))),
            Some((true, name)) => {
                let path = folder.join(name);
                return self.go(ctx, path);
            }
            Some((false, name)) => Some(Outcome::File(folder.join(name))),
            None if self.question.takes_folders() && !folder.as_os_str().is_empty() => {
                Some(Outcome::Folder(folder.clone()))
            }
            None => None,
        };
    }

    /// Looks whether the named file can be written without replacing another.
    fn save(&mut self, ctx: &egui::Context) {
        let name = self.name.trim();
        if name.is_empty() {
            self.error = Some("the figure needs a name".to_owned());
            return;
        }
        let mut path = self.listing.folder.join(pasted::path(name).unwrap_or_else(|| name.into()));
        if path.extension().is_none() && !name.ends_with(std::path::is_separator) {
            path.set_extension(self.question.saves().and_then(Path::extension).unwrap_or_default());
        }
        self.error = None;
        self.purpose = Purpose::Save;
        self.looker.look(ctx, path);
    }

    /// Whether Escape is the filter's or the question's before it closes the browser.
    fn takes_escape(&self) -> bool {
        !self.filter.is_empty() || self.replaces.is_some()
    }

    fn escape(&mut self) {
        if self.replaces.is_some() {
            self.keep();
        } else {
            self.set_filter(String::new());
        }
    }

    fn replace(&mut self) {
        self.outcome = self.replaces.take().map(Outcome::File);
    }

    fn keep(&mut self) {
        self.replaces = None;
        self.focus = Some(Focus::Name);
    }

    /// What the button that ends browsing says; `None` while there is nothing to choose.
    fn choice(&self) -> Option<String> {
        if self.question.saves().is_some() {
            return Some("Choose".to_owned());
        }
        let folder = self.listing.folder.file_name().unwrap_or(self.listing.folder.as_os_str());
        match self.selected_entry() {
            Some(entry) => Some(format!("Open {}", entry.shown)),
            None if self.question.takes_folders() && !folder.is_empty() => {
                Some(format!("Open {}", folder.to_string_lossy()))
            }
            None => None,
        }
    }
}
