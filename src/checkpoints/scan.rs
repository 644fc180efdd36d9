//! Finds the runs below a folder.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::has_weights;
use super::folder::{ModelFolder, is_repository, root_of, tokenizer_of};
use super::natural::natural_order;
use super::siblings::{Group, grouped};
use super::step_name::StepName;
use super::trainer_state::TrainerState;
use super::training_order::{TrainingTime, cumulative_tokens, sort_by_training};
use super::{Checkpoint, Run, hub};
use crate::error::{Error, Kind, Result};
use crate::json;

/// Opens a folder and returns the runs in it, at least one, in natural order of their names.
///
/// - A model (a folder with `config.json`) is a run of one checkpoint. If it has step-named models below
///   it, as a Trainer's output folder does, it is their run, and its own weights come last.
/// - A folder whose sub-folders are models is a run if any of them has a step name; the others, such as a
///   final `main`, come last. If none has, models of one architecture whose names differ in numbers alone are a
///   run, and every other is a model of its own.
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

    /// The runs of models that lie beside each other in a folder.
    fn runs_of_models(&mut self, folder: &Path, models: Vec<PathBuf>, root: &Path) -> Vec<Run> {
        let models = models.into_iter().map(|path| (name_of(&path), path)).collect();
        let of_group = |group: Group<PathBuf>| {
            let found = group.models.into_iter().map(|path| self.read(path, root)).collect();
            let checkpoints = ordered(found);
            match (group.name, &checkpoints[..]) {
                (None, [model]) => Run::new(model.name.clone(), model.path.clone(), checkpoints),
                (name, _) => {
                    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| name_of(folder));
                    Run::new(name, folder.to_owned(), checkpoints)
                }
            }
        };
        grouped(models, |path| architecture(&ModelFolder::within(path, root)))
            .into_iter()
            .map(of_group)
            .collect()
    }

    /// The revisions of a repository in the hub cache as one run; none if it holds no model.
    fn run_of_repository(&mut self, repository: &Path) -> Option<Run> {
        let root = root_of(repository);
        // A name may stand for what was never fetched, or for a tokenizer alone.
        let (models, others): (Vec<_>, Vec<_>) =
            hub::revisions(repository).into_iter().partition(|revision| is_model(&revision.path));
        let found = models.into_iter().map(|revision| {
            let hub::Revision { name, path } = revision;
            self.read_as(path, name, &root)
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
        let name = hub::name_of_snapshot(&path).unwrap_or_else(|| name_of(&path));
        self.read_as(path, name, root)
    }

    /// A checkpoint under this name. The files beside it are what takes time.
    fn read_as(&mut self, path: PathBuf, name: String, root: &Path) -> Found {
        let step_name = StepName::parse(&name);
        self.stopped = self.stopped || (self.interrupted)();
        let state = match self.stopped {
            true => TrainerState::default(),
            false => TrainerState::read(&ModelFolder::within(&path, root)),
        };
        let step = step_name.as_ref().and_then(|name| name.step).or(state.step());
        let tokens = step_name.as_ref().and_then(|name| name.tokens).or(state.tokens());
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
