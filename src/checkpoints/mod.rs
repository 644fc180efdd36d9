//! Checkpoints on disk: which folders hold models, which belong to one run, in which order.
//!
//! Training code agrees on little more than "a sub-folder a checkpoint, its name says when". [`step_name`]
//! reads those names, [`open`] walks a few levels of folders with them, and the hub cache's own layout. Checkpoints that
//! other programs wrote are recognised by their files' names, and whoever opens one reads how to make it a model.
//! Nothing here reads weights or understands a `config.json`: a broken checkpoint is listed like any other and fails
//! when it is measured.

use std::path::{Path, PathBuf};

use crate::error::Error;

mod files;
mod folder;
mod hub;
mod identity;
mod key;
mod listing;
pub mod natural;
mod recognise;
mod scan;
mod siblings;
pub mod step_name;
mod told_apart;
mod trainer_state;
pub mod training_order;
mod weight_files;

pub use files::{Files, weight_files};
pub use folder::{Links, ModelFolder, Reach, is_lfs_pointer};
pub use hub::expanded;
pub use identity::identity;
pub use key::{CheckpointKey, RunKey};
pub use listing::check_form;
pub use scan::{locate, open, open_unless};
pub use told_apart::told_apart;
pub use weight_files::{Format, WeightFiles};

/// Whether there is anything at a path to open: a file, a folder, or a repository of that name in the hub cache.
pub fn is_there(path: &Path) -> bool {
    expanded(path).exists() || path.to_str().is_some_and(|name| hub::cached(name).is_some())
}

/// A training run: checkpoints of one model in the order of training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// The folder; for a single model, the model itself.
    pub path: PathBuf,
    /// At least one checkpoint, ordered by tokens where all have them, else by step.
    pub checkpoints: Vec<Checkpoint>,
    /// Names of revisions that the hub cache knows and whose model was not fetched.
    pub missing: Vec<String>,
    /// Lines on what was passed over where this run was looked for: unfinished and foreign checkpoints, links that are
    /// not followed.
    pub notes: Vec<String>,
}

impl Run {
    /// A run of these checkpoints.
    pub fn new(name: String, path: PathBuf, checkpoints: Vec<Checkpoint>) -> Self {
        Self { name, path, checkpoints, missing: Vec::new(), notes: Vec::new() }
    }

    /// Whether this is one model rather than several checkpoints of one.
    pub fn is_single_model(&self) -> bool {
        self.checkpoints.len() == 1 && self.checkpoints[0].path == self.path
    }
}

/// A model folder within a run. Its files are only looked into when it is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The folder's name.
    pub name: String,
    /// The folder with `config.json` and weights.
    pub path: PathBuf,
    /// Training steps, where the name or `trainer_state.json` says. A later phase may count from 0 again.
    pub step: Option<u64>,
    /// Training tokens, where the name or `trainer_state.json` says. Phases count on: a checkpoint of
    /// phase 2 includes what the run's last checkpoint of phase 1 had read.
    pub tokens: Option<u64>,
    /// `tokenizer.json`, in the checkpoint's folder or its parent.
    pub tokenizer: Option<PathBuf>,
    /// Where its files may lie.
    pub reach: Reach,
}

impl Checkpoint {
    /// The folder, with where its files may lie.
    pub fn folder(&self) -> ModelFolder {
        ModelFolder::within(&self.path, &self.reach)
    }

    /// Why a tokenizer that is there is not read; `None` where there is none.
    pub fn refused_tokenizer(&self) -> Option<Error> {
        folder::tokenizer_of(&self.path, &self.reach).1
    }
}

#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod tests;
