//! The results of one run under one condition: a trajectory.

use std::path::Path;

use super::caption::Measured;
use super::{CheckpointResult, Results};
use crate::checkpoints::{Checkpoint, Run};
use crate::condition::{Condition, TextSource};
use crate::settings::{Backend, Settings};

/// The results of one run under one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResults {
    /// The run's name.
    pub run: String,
    /// The condition as it was asked for: with the most documents and the largest tolerance of any checkpoint, the kind
    /// of device where all were asked of one, and the path of a text where they had one.
    pub condition: Condition,
    /// At least one checkpoint, in the order of training.
    pub checkpoints: Vec<CheckpointResult>,
}

impl RunResults {
    /// The results of a run, of its checkpoints at least one; `None` without any.
    pub fn new(condition: &Condition, checkpoints: Vec<CheckpointResult>) -> Option<Self> {
        let first = &checkpoints.first()?.provenance;
        let all = || checkpoints.iter().map(|checkpoint| &checkpoint.provenance);
        let same_backend = all().all(|provenance| provenance.backend == first.backend);
        let settings = Settings {
            samples: all().map(|provenance| provenance.samples).max().unwrap_or_default(),
            tolerance: all().map(|provenance| provenance.tolerance).fold(0.0, f64::max),
            backend: if same_backend { first.backend } else { Backend::Auto },
            ..condition.settings.clone()
        };
        let text = TextSource::Corpus(first.corpus.clone());
        let run = checkpoints[0].run.clone();
        Some(Self { run, condition: Condition { settings, text }, checkpoints })
    }

    /// What the run's numbers are of, in the terms of captions.
    pub fn measured(&self) -> Measured {
        let finished = self.checkpoints.iter().filter(|checkpoint| checkpoint.measurement().is_some());
        let documents = finished.map(|checkpoint| (checkpoint.documents(), checkpoint.documents()));
        Measured {
            settings: self.condition.settings.clone(),
            text: Some(self.condition.text.path().to_owned()),
            documents: documents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
            recorded: true,
        }
    }

    /// The run that these results are of; its path is the file they are from. There is nothing to measure of it.
    pub fn as_run(&self, file: &Path) -> Run {
        let checkpoint = |result: &CheckpointResult| Checkpoint {
            name: result.name.clone(),
            path: result.path.clone(),
            step: result.step,
            tokens: result.tokens,
            tokenizer: None,
            reach: Default::default(),
        };
        Run::new(self.run.clone(), file.to_owned(), self.checkpoints.iter().map(checkpoint).collect())
    }

    /// The devices that computed, by their own names, each once.
    pub fn device(&self) -> String {
        each(self.checkpoints.iter().map(|checkpoint| &*checkpoint.provenance.device))
    }
}

/// Texts without repetitions, in a list.
pub fn each<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut found: Vec<&str> = texts.collect();
    found.sort_unstable();
    found.dedup();
    found.join("; ")
}

impl Results {
    /// The same results, a run under a condition each, in the order they first appear.
    pub fn runs(&self) -> Vec<RunResults> {
        let mut runs = Vec::new();
        for of_condition in &self.conditions {
            let mut of_run: Vec<Vec<CheckpointResult>> = Vec::new();
            for checkpoint in &of_condition.checkpoints {
                match of_run.iter_mut().find(|run| run[0].run == checkpoint.run) {
                    Some(run) => run.push(checkpoint.clone()),
                    None => of_run.push(vec![checkpoint.clone()]),
                }
            }
            runs.extend(of_run.into_iter().filter_map(|run| RunResults::new(&of_condition.condition, run)));
        }
        runs
    }
}
