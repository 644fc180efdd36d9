//! Finds the runs below a folder.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::has_weights;
use super::folder::{Links, ModelFolder, Reach, is_of_kernel, is_repository, tokenizer_of};
use super::listing::{check_form, holds};
use super::natural::natural_order;
use super::recognise::{Holds, is_unfinished};
use super::siblings::{Group, grouped};
use super::step_name::StepName;
use super::trainer_state::TrainerState;
use super::training_order::{TrainingTime, cumulative_tokens, sort_by_training};
use super::{Checkpoint, Run, hub};
use crate::error::{Error, Kind, Result};
use crate::json;

/// The deepest level of folders looked into, below the one that is opened.
const DEEPEST: usize = 4;
/// The most folders looked into: whoever opens a whole disk means something on it.
const MOST_FOLDERS: usize = 20_000;

/// Opens a folder and returns the runs in it, at least one, in natural order of their names.
///
/// - A model (a folder with `config.json`) is a run of one checkpoint. If it has step-named models below
///   it, as a Trainer's output folder does, it is their run, and its own weights come last.
/// - A folder whose sub-folders are models is a run if any of them has a step name; the others, such as a
///   final `main`, come last. If none has, models of one architecture whose names differ in numbers alone are a
///   run, and every other is a model of its own.
/// - A repository in the hub cache is a run of its revisions, by their names; a revision whose sub-folders are models
///   holds runs as any folder does.
/// - A folder of such folders opens all of them, up to four levels deep.
/// - A name such as `org/name` that is no folder stands for a repository in this machine's hub cache.
///
/// Sub-folders that are hidden, cannot be read or only link to a folder beside them are passed over; those that their
/// writer had not finished, and checkpoints in forms that cannot be measured, too, with a [note](Run::notes). Weights
/// need not be there: a checkpoint without them is listed and fails when it is measured.
///
/// # Errors
/// [`Kind::Folder`] if the path is no readable folder or no model is found: then with what lies there instead, and the
/// command that makes it readable, where that is known.
pub fn open(path: &Path) -> Result<Vec<Run>> {
    open_unless(path, Links::default(), &mut || false)
}

/// As [`open`], with whether links out of the folder are followed, but asks `interrupted` before every checkpoint
/// whether to stop.
///
/// # Errors
/// As [`open`], and [`Kind::Cancelled`] when interrupted.
pub fn open_unless(path: &Path, links: Links, interrupted: &mut dyn FnMut() -> bool) -> Result<Vec<Run>> {
    let path = &*locate(path)?;
    let reach = &Reach::of(path, links);
    let mut scan = Scan {
        interrupted,
        stopped: false,
        looked: 0,
        way: Way::default(),
        first_unreadable: None,
        unlisted: Vec::new(),
        notes: Vec::new(),
        readable: false,
    };
    let mut runs = if is_repository(path) {
        scan.runs_of_repository(path)
    } else if is_model(path) {
        vec![scan.run_of_model(path, reach)]
    } else {
        scan.note_form(&ModelFolder::within(path, reach));
        scan.runs_below(path, reach, DEEPEST)
    };
    if scan.stopped {
        return Err(Error::cancelled());
    }
    let nothing = || {
        Error::new(Kind::Folder, "no model found")
            .help("open a folder that has a config.json in it or in its subfolders")
            .at(path)
    };
    if !scan.readable {
        return Err(scan.first_unreadable.unwrap_or_else(nothing));
    }
    runs.sort_by(|a, b| natural_order(&a.name, &b.name));
    let unlisted = scan.unlisted.iter().map(|error| format!("passed over: {error}"));
    let notes = scan.notes.into_iter().chain(unlisted).collect();
    if let Some(first) = runs.first_mut() {
        first.notes.extend(shortened(notes));
    }
    Ok(runs)
}

/// The first of many lines alike, and how many more there are.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 8;
    let more = lines.len().saturating_sub(SHOWN);
    if more > 1 {
        lines.truncate(SHOWN);
        lines.push(format!("and {more} more like these"));
    }
    lines
}

/// The folder that a path stands for: itself, with `~` for the user's own folder, or a repository in this machine's
/// hub cache.
///
/// # Errors
/// [`Kind::Folder`] if there is no such folder, or it cannot be read; with where it was looked for.
pub fn locate(path: &Path) -> Result<PathBuf> {
    let path = &*hub::expanded(path);
    let name = path.to_str().filter(|_| !path.exists());
    let located = name.and_then(hub::cached).unwrap_or_else(|| path.to_owned());
    match fs::read_dir(&located) {
        Ok(_) => Ok(located),
        Err(error) => Err(unreadable(&error, name.and_then(hub::looked_for)).at(&located)),
    }
}

/// Only the folder the user named may fail; what cannot be read below it is passed over.
fn unreadable(error: &io::Error, looked_for: Option<PathBuf>) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let help = looked_for.map_or_else(
                || "check the spelling".to_owned(),
                |place| {
                    format!(
                        "check the spelling, or download it: it is not in the hub cache at {}",
                        place.display()
                    )
                },
            );
            Error::new(Kind::Folder, "no such folder").help(help)
        }
        io::ErrorKind::NotADirectory => Error::new(Kind::Folder, "this is a file, not a folder")
            .help("open the folder with config.json and weights, or one above it"),
        _ => Error::new(Kind::Folder, format!("this folder cannot be read ({error})"))
            .help("check its permissions"),
    }
}

/// Reads checkpoints until it is told to stop; what was read then is of no use.
struct Scan<'a> {
    interrupted: &'a mut dyn FnMut() -> bool,
    stopped: bool,
    /// How many folders were looked into.
    looked: usize,
    way: Way,
    /// The first checkpoint found in a form that cannot be measured.
    first_unreadable: Option<Error>,
    /// Such checkpoints that no run lists.
    unlisted: Vec<Error>,
    /// What was passed over, a line each.
    notes: Vec<String>,
    /// Whether any model was found that may be measured.
    readable: bool,
}

impl Scan<'_> {
    /// The runs in a folder that is no model, up to so many levels deep.
    fn runs_below(&mut self, folder: &Path, reach: &Reach, levels: usize) -> Vec<Run> {
        self.looked += 1;
        if self.looked == MOST_FOLDERS {
            self.notes.push(format!("no further than {MOST_FOLDERS} folders were looked into"));
        }
        if self.looked >= MOST_FOLDERS || self.stopped || !self.way.enter(folder) {
            return Vec::new();
        }
        self.stopped = self.looked.is_multiple_of(256) && (self.interrupted)();
        let (mut runs, mut beside) = (Vec::new(), Vec::new());
        for below in self.sub_folders(folder, reach) {
            if is_repository(&below) {
                runs.extend(self.runs_of_repository(&below));
            } else if is_model(&below) {
                match self.step_models_in(&below, reach).is_empty() {
                    true => beside.push(below),
                    false => runs.push(self.run_of_model(&below, reach)),
                }
            } else if !self.note_form(&ModelFolder::within(&below, reach)) && levels > 1 {
                runs.extend(self.runs_below(&below, reach, levels - 1));
            }
        }
        runs.extend(self.runs_of_models(folder, beside, reach));
        self.way.leave();
        runs
    }

    /// The folders in a folder that may hold models, in natural order; none if it cannot be read.
    fn sub_folders(&mut self, folder: &Path, reach: &Reach) -> Vec<PathBuf> {
        let (folders, passed_over) = sub_folders(folder, reach);
        self.notes.extend(passed_over);
        folders
    }

    /// Whether a folder holds a checkpoint in a form that cannot be measured, which is remembered.
    fn note_form(&mut self, folder: &ModelFolder) -> bool {
        let Holds::Other(form) = holds(folder) else { return false };
        let error = form.error(folder.path());
        self.first_unreadable.get_or_insert_with(|| error.clone());
        self.unlisted.push(error);
        true
    }

    /// A model with the step-named models below it, if any, as one run.
    fn run_of_model(&mut self, folder: &Path, reach: &Reach) -> Run {
        let steps = self.step_models_in(folder, reach);
        let mut found: Vec<Found> = steps.into_iter().map(|model| self.read(model, reach)).collect();
        let own = self.read(folder.to_owned(), reach);
        // The Trainer saves the last step both as a checkpoint and beside them; some runs keep only a
        // `config.json` there for all of them.
        let again = own.checkpoint.step.is_some()
            && found.iter().any(|below| below.checkpoint.step == own.checkpoint.step);
        if found.is_empty() || (has_weights(folder) && !again) {
            found.push(Found { name: found.is_empty().then_some(own.name).flatten(), ..own });
        }
        Run::new(name_of(folder), folder.to_owned(), ordered(found))
    }

    /// The runs of models that lie beside each other in a folder.
    fn runs_of_models(&mut self, folder: &Path, models: Vec<PathBuf>, reach: &Reach) -> Vec<Run> {
        let models = models.into_iter().map(|path| (name_of(&path), path)).collect();
        let of_group = |group: Group<PathBuf>| {
            let found = group.models.into_iter().map(|path| self.read(path, reach)).collect();
            let checkpoints = ordered(found);
            match (group.name, &checkpoints[..]) {
                (None, [model]) => Run::new(model.name.clone(), model.path.clone(), checkpoints),
                (name, _) => {
                    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| name_of(folder));
                    Run::new(name, folder.to_owned(), checkpoints)
                }
            }
        };
        grouped(models, |path| architecture(&ModelFolder::within(path, reach)))
            .into_iter()
            .map(of_group)
            .collect()
    }

    /// The revisions of a repository in the hub cache as one run, and the runs that lie within revisions; none if it
    /// holds no model.
    fn runs_of_repository(&mut self, repository: &Path) -> Vec<Run> {
        let reach = Reach::of(repository, Links::KeptWithin);
        let repository_name = hub::repository_name(repository);
        let (models, others): (Vec<_>, Vec<_>) =
            hub::revisions(repository).into_iter().partition(|revision| {
                is_model(&revision.path) && self.step_models_in(&revision.path, &reach).is_empty()
            });
        let found = models.into_iter().map(|hub::Revision { name, path }| self.read_as(path, name, &reach));
        let checkpoints = ordered(found.collect());
        let (mut runs, mut missing) = (Vec::new(), Vec::new());
        let several = others.len() > 1 || !checkpoints.is_empty();
        for revision in others {
            let within = if is_model(&revision.path) {
                vec![self.run_of_model(&revision.path, &reach)]
            } else if revision.path.is_dir() {
                self.runs_below(&revision.path, &reach, DEEPEST)
            } else {
                // A name may stand for what was never fetched.
                Vec::new()
            };
            if within.is_empty()
                && !(revision.path.is_dir() && self.note_form(&ModelFolder::within(&revision.path, &reach)))
            {
                // Or for a tokenizer alone.
                missing.push(revision.name.clone());
            }
            let prefix = match several {
                true => format!("{repository_name}@{}", revision.name),
                false => repository_name.clone(),
            };
            runs.extend(within.into_iter().map(|run| Run {
                name: match run.path == revision.path {
                    true => prefix.clone(),
                    false => format!("{prefix}/{}", run.name),
                },
                ..run
            }));
        }
        let path = match &checkpoints[..] {
            [] => return runs,
            // The one revision of a model is the model.
            [only] => only.path.clone(),
            _ => repository.to_owned(),
        };
        runs.push(Run { missing, ..Run::new(repository_name, path, checkpoints) });
        runs
    }

    /// The models below a model whose names say a time.
    fn step_models_in(&mut self, folder: &Path, reach: &Reach) -> Vec<PathBuf> {
        let mut models = self.sub_folders(folder, reach);
        models.retain(|below| StepName::parse(&name_of(below)).is_some() && is_model(below));
        models
    }

    /// A checkpoint, by its folder's name.
    fn read(&mut self, path: PathBuf, reach: &Reach) -> Found {
        let name = hub::name_of_snapshot(&path).unwrap_or_else(|| name_of(&path));
        self.read_as(path, name, reach)
    }

    /// A checkpoint under this name. The files beside it are what takes time.
    fn read_as(&mut self, path: PathBuf, name: String, reach: &Reach) -> Found {
        let step_name = StepName::parse(&name);
        self.stopped = self.stopped || (self.interrupted)();
        let folder = ModelFolder::within(&path, reach);
        let state = match self.stopped {
            true => TrainerState::default(),
            false => {
                // A checkpoint that cannot be measured stays in its run, and fails there with the same words.
                match check_form(&folder) {
                    Ok(()) => self.readable = true,
                    Err(error) => _ = self.first_unreadable.get_or_insert(error),
                }
                let (state, refused) = TrainerState::read(&folder);
                self.notes.extend(refused.map(|error| error.to_string()));
                state
            }
        };
        let step = step_name.as_ref().and_then(|name| name.step).or(state.step());
        let tokens = step_name.as_ref().and_then(|name| name.tokens).or(state.tokens());
        let (tokenizer, refused) = tokenizer_of(&path, reach);
        self.notes.extend(refused.map(|error| error.to_string()));
        let reach = reach.clone();
        Found { name: step_name, checkpoint: Checkpoint { name, path, step, tokens, tokenizer, reach } }
    }
}

/// A checkpoint and what its name says, which decides its place.
struct Found {
    name: Option<StepName>,
    /// `tokens` counts within the phase until the run is [`ordered`].
    checkpoint: Checkpoint,
}

impl Found {
    fn time(&self) -> TrainingTime {
        let Checkpoint { name, step, tokens, .. } = &self.checkpoint;
        TrainingTime { label: name.clone(), name: self.name.clone(), step: *step, tokens: *tokens }
    }
}

/// Sorts a run's checkpoints by training time and makes their tokens count on over phases.
fn ordered(mut found: Vec<Found>) -> Vec<Checkpoint> {
    let times: Vec<TrainingTime> = found.iter().map(Found::time).collect();
    for (model, tokens) in found.iter_mut().zip(cumulative_tokens(&times)) {
        model.checkpoint.tokens = tokens;
    }
    sort_by_training(&mut found, Found::time);
    found.into_iter().map(|model| model.checkpoint).collect()
}

/// What tells models of different sizes apart, from `config.json`; `None` where it cannot be read.
fn architecture(folder: &ModelFolder) -> Option<Vec<Value>> {
    /// Enough for a configuration.
    const LARGEST: u64 = 1 << 20;
    const FIELDS: [&str; 9] = [
        "model_type",
        "hidden_size",
        "n_embd",
        "num_hidden_layers",
        "n_layer",
        "intermediate_size",
        "num_attention_heads",
        "vocab_size",
        "text_config",
    ];
    let mut bytes = Vec::new();
    let file = fs::File::open(folder.file("config.json").ok()??).ok()?;
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    let config = json::from_slice(&bytes).ok()?;
    Some(FIELDS.iter().map(|field| config.get(field).cloned().unwrap_or_default()).collect())
}

/// Whether the folder holds a `config.json`; no more is asked of a model here.
fn is_model(folder: &Path) -> bool {
    folder.join("config.json").is_file()
}

/// The folder's name; a path such as `.` or `..` is looked up.
fn name_of(folder: &Path) -> String {
    let found = folder.canonicalize().ok().filter(|_| folder.file_name().is_none());
    let named = found.as_deref().unwrap_or(folder);
    named.file_name().unwrap_or(named.as_os_str()).to_string_lossy().into_owned()
}

/// The folders in a folder that may hold models, in natural order, and a line on each that is passed over for a reason
/// that whoever looks for it should know. None if the folder cannot be read.
fn sub_folders(folder: &Path, reach: &Reach) -> (Vec<PathBuf>, Vec<String>) {
    let real = folder.canonicalize().ok();
    let (mut folders, mut notes) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if name.starts_with('.') || !path.is_dir() {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            let Ok(target) = path.canonicalize() else { continue };
            // A link to a folder beside it, such as `latest`, would only be the same checkpoint again.
            if target.parent() == real.as_deref() {
                continue;
            }
            if is_of_kernel(&target) || !(reach.holds(&target) || is_model(&path)) {
                notes.push(format!("a link to {} is not followed: {}", shown(&target), shown(&path)));
                continue;
            }
        }
        if is_unfinished(&name) && (is_model(&path) || name.bytes().any(|byte| byte.is_ascii_digit())) {
            notes.push(format!("passed over, as its writer had not finished it: {}", shown(&path)));
            continue;
        }
        folders.push(path);
    }
    folders.sort_by(|a, b| natural_order(&name_of(a), &name_of(b)));
    notes.sort_unstable();
    (folders, notes)
}

/// A path in a line: a name may hold line breaks.
fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "\u{fffd}")
}

/// The folders that lead to the one at work, by what the file system knows them by: a link to one of them leads round
/// in a circle.
#[derive(Default)]
struct Way(Vec<FolderId>);

#[cfg(unix)]
type FolderId = (u64, u64);
#[cfg(not(unix))]
type FolderId = PathBuf;

impl Way {
    /// Goes into a folder, unless it cannot be read or leads round.
    fn enter(&mut self, folder: &Path) -> bool {
        match Self::id(folder).filter(|id| !self.0.contains(id)) {
            Some(id) => self.0.push(id),
            None => return false,
        }
        true
    }

    /// Goes back to the folder above.
    fn leave(&mut self) {
        self.0.pop();
    }

    #[cfg(unix)]
    fn id(folder: &Path) -> Option<FolderId> {
        use std::os::unix::fs::MetadataExt as _;
        folder.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn id(folder: &Path) -> Option<FolderId> {
        folder.canonicalize().ok()
    }
}
