//! Finds the runs below a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::has_weights;
use super::folder::{ModelFolder, is_repository, root_of, tokenizer_of};
use super::step_name::{StepName, natural_order, sort_by_training};
use super::trainer_state::TrainerState;
use super::{Checkpoint, Run, hub};
use crate::error::{Error, Kind, Result};

/// Opens a folder and returns the runs in it, at least one, in natural order of their names.
///
/// - A model (a folder with `config.json`) is a run of one checkpoint. If it has step-named models below
///   it, as a Trainer's output folder does, it is their run, and its own weights come last.
/// - A folder whose sub-folders are models is a run if any of them has a step name; the others, such as a
///   final `main`, come last. If none has, each is a model of its own.
/// - A repository in the hub cache is a run of its revisions, by their names.
/// - A folder of such folders opens all of them. Nothing deeper than two levels is looked into.
/// - A name such as `org/name` that is no folder stands for a repository in this machine's hub cache.
///
/// Sub-folders that are hidden, cannot be read or only link to a folder beside them are passed over.
/// Weights need not be there: a checkpoint without them is listed and fails when it is measured.
///
/// # Errors
/// [`Kind::Folder`] if the path is no readable folder or no model is found.
pub fn open(path: &Path) -> Result<Vec<Run>> {
    open_unless(path, &mut || false)
}

/// As [`open`], but asks `interrupted` before every checkpoint whether to stop.
///
/// # Errors
/// As [`open`], and [`Kind::Cancelled`] when interrupted.
pub fn open_unless(path: &Path, interrupted: &mut dyn FnMut() -> bool) -> Result<Vec<Run>> {
    let path = &*locate(path)?;
    let root = &root_of(path);
    let mut scan = Scan { interrupted, stopped: false };
    let mut runs: Vec<Run> = Vec::new();
    if is_model(path) {
        runs.push(scan.run_of_model(path, root));
    } else if is_repository(path) {
        runs.extend(scan.run_of_repository(path));
    } else {
        let mut beside = Vec::new();
        for folder in sub_folders(path) {
            if is_repository(&folder) {
                runs.extend(scan.run_of_repository(&folder));
            } else if !is_model(&folder) {
                let (models, others): (Vec<_>, Vec<_>) =
                    sub_folders(&folder).into_iter().partition(|below| is_model(below));
                runs.extend(scan.runs_of_models(&folder, models, root));
                let repositories = others.iter().filter(|below| is_repository(below));
                runs.extend(repositories.filter_map(|below| scan.run_of_repository(below)));
            } else if step_models_in(&folder).is_empty() {
                beside.push(folder);
            } else {
                runs.push(scan.run_of_model(&folder, root));
            }
        }
        runs.extend(scan.runs_of_models(path, beside, root));
    }
    if scan.stopped {
        return Err(Error::cancelled());
    }
    if runs.is_empty() {
        return Err(Error::new(Kind::Folder, "no model found")
            .help("open a folder that has a config.json in it or in its subfolders")
            .at(path));
    }
    runs.sort_by(|a, b| natural_order(&a.name, &b.name));
    Ok(runs)
}

/// The folder that a path stands for: itself, or a repository in this machine's hub cache.
///
/// # Errors
/// [`Kind::Folder`] if there is no such folder, or it cannot be read.
pub fn locate(path: &Path) -> Result<PathBuf> {
    let cached = path.to_str().filter(|_| !path.exists()).and_then(hub::cached);
    let path = cached.unwrap_or_else(|| path.to_owned());
    check_folder(&path)?;
    Ok(path)
}

/// Only the folder the user named may fail; what cannot be read below it is passed over.
fn check_folder(path: &Path) -> Result<()> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::new(Kind::Folder, "no such folder").help("check the spelling"),
        io::ErrorKind::NotADirectory => Error::new(Kind::Folder, "this is a file, not a folder")
            .help("open the folder with config.json and weights, or one above it"),
        _ => Error::new(Kind::Folder, format!("this folder cannot be read ({error})"))
            .help("check its permissions"),
    };
    match fs::read_dir(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(error).at(path)),
    }
}

/// Reads checkpoints until it is told to stop; what was read then is of no use.
struct Scan<'a> {
    interrupted: &'a mut dyn FnMut() -> bool,
    stopped: bool,
}

impl Scan<'_> {
    /// A model with the step-named models below it, if any, as one run.
    fn run_of_model(&mut self, folder: &Path, root: &Path) -> Run {
        let mut found: Vec<Found> =
            step_models_in(folder).into_iter().map(|model| self.read(model, root)).collect();
        let own = self.read(folder.to_owned(), root);
        // The Trainer saves the last step both as a checkpoint and beside them; some runs keep only a
        // `config.json` there for all of them.
        let again = own.checkpoint.step.is_some()
            && found.iter().any(|below| below.checkpoint.step == own.checkpoint.step);
        if found.is_empty() || (has_weights(folder) && !again) {
            found.push(Found { name: found.is_empty().then_some(own.name).flatten(), ..own });
        }
        Run::new(name_of(folder), folder.to_owned(), ordered(found))
    }

    /// Models that lie beside each other in a folder: one run if any has a step name, else a run each.
    fn runs_of_models(&mut self, folder: &Path, models: Vec<PathBuf>, root: &Path) -> Vec<Run> {
        let found: Vec<Found> = models.into_iter().map(|model| self.read(model, root)).collect();
        if found.iter().any(|model| model.name.is_some()) {
            return vec![Run::new(name_of(folder), folder.to_owned(), ordered(found))];
        }
        let single = |model: Found| {
            let Checkpoint { name, path, .. } = model.checkpoint.clone();
            Run::new(name, path, vec![model.checkpoint])
        };
        found.into_iter().map(single).collect()
    }

    /// The revisions of a repository in the hub cache as one run; none if it holds no model.
    fn run_of_repository(&mut self, repository: &Path) -> Option<Run> {
        let root = root_of(repository);
        // A name may stand for what was never fetched, or for a tokenizer alone.
        let (models, others): (Vec<_>, Vec<_>) =
            hub::revisions(repository).into_iter().partition(|revision| is_model(&revision.path));
        let found = models.into_iter().map(|revision| {
            let hub::Revision { name, step, path } = revision;
            self.read_as(path, name, step, &root)
        });
        let checkpoints = ordered(found.collect());
        let path = match &checkpoints[..] {
            [] => return None,
            // The one revision of a model is the model.
            [only] => only.path.clone(),
            _ => repository.to_owned(),
        };
        let missing = others.into_iter().map(|revision| revision.name).collect();
        Some(Run { missing, ..Run::new(hub::repository_name(repository), path, checkpoints) })
    }

    /// A checkpoint, by its folder's name.
    fn read(&mut self, path: PathBuf, root: &Path) -> Found {
        match hub::name_of_snapshot(&path) {
            Some((name, step_name)) => self.read_as(path, name, step_name, root),
            None => {
                let name = name_of(&path);
                let step_name = StepName::parse(&name);
                self.read_as(path, name, step_name, root)
            }
        }
    }

    /// A checkpoint under this name. The files beside it are what takes time.
    fn read_as(&mut self, path: PathBuf, name: String, step_name: Option<StepName>, root: &Path) -> Found {
        self.stopped = self.stopped || (self.interrupted)();
        let state = match self.stopped {
            true => TrainerState::default(),
            false => TrainerState::read(&ModelFolder::within(&path, root)),
        };
        let step = step_name.map(|name| name.step).or(state.step());
        let tokens = step_name.and_then(|name| name.tokens).or(state.tokens());
        let tokenizer = tokenizer_of(&path, root);
        let root = root.to_owned();
        Found { name: step_name, checkpoint: Checkpoint { name, path, step, tokens, tokenizer, root } }
    }
}

fn step_models_in(folder: &Path) -> Vec<PathBuf> {
    let mut models = sub_folders(folder);
    models.retain(|below| StepName::parse(&name_of(below)).is_some() && is_model(below));
    models
}

/// A checkpoint and what its name says, which decides its place.
struct Found {
    name: Option<StepName>,
    /// `tokens` counts within the phase until the run is [`ordered`].
    checkpoint: Checkpoint,
}

impl Found {
    fn phase(&self) -> u64 {
        self.name.and_then(|name| name.phase).unwrap_or(0)
    }
}

/// Sorts a run's checkpoints by training time and makes their tokens count on over phases.
///
/// A phase starts, whatever its branch, where the phase before ended: at its largest number of tokens.
fn ordered(mut found: Vec<Found>) -> Vec<Checkpoint> {
    let mut largest = BTreeMap::new();
    for model in found.iter().filter(|model| model.name.is_some()) {
        let tokens = largest.entry(model.phase()).or_insert(0);
        *tokens = model.checkpoint.tokens.unwrap_or(0).max(*tokens);
    }
    for model in found.iter_mut().filter(|model| model.name.is_some()) {
        let before =
            largest.range(..model.phase()).fold(0u64, |sum, (_, tokens)| sum.saturating_add(*tokens));
        model.checkpoint.tokens = model.checkpoint.tokens.map(|tokens| tokens.saturating_add(before));
    }
    sort_by_training(&mut found, |model| (model.name, model.checkpoint.tokens, &model.checkpoint.name));
    found.into_iter().map(|model| model.checkpoint).collect()
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

/// The folders in a folder that are not hidden, in natural order; none if it cannot be read.
fn sub_folders(folder: &Path) -> Vec<PathBuf> {
    let real = folder.canonicalize().ok();
    let visible = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') || !path.is_dir() {
            return None;
        }
        // A link to a folder beside it, such as `latest`, would only be the same checkpoint again.
        if entry.file_type().ok()?.is_symlink() {
            let target = path.canonicalize().ok()?;
            if target.parent() == real.as_deref() {
                return None;
            }
        }
        Some(path)
    };
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.filter_map(visible).collect();
    folders.sort_by(|a, b| natural_order(&name_of(a), &name_of(b)));
    folders
}
