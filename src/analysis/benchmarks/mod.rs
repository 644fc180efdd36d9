//! Benchmark scores of models, as leaderboards and evaluation programs write them, beside measures of the same models.

mod csv;
mod files;
mod harness;
mod join;
mod names;

pub use files::{looks_like_scores, read};
pub use join::{Join, Measured, join};
pub use names::same_name;

use std::collections::HashMap;

use self::names::Key;

/// Benchmark scores: a row a model, or a checkpoint of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Benchmarks {
    /// The benchmarks, in the order of the file.
    pub benchmarks: Vec<Benchmark>,
    /// The models and checkpoints, each once.
    pub rows: Vec<Scores>,
    /// What was made of the file that its author may not have meant, a line each.
    pub notes: Vec<String>,
}

/// One benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// Its name, without the emoji that leaderboards put behind some.
    pub name: String,
    /// What its scores count in.
    pub unit: Unit,
}

/// What the scores of a benchmark count in, as far as their values and names say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 100.
    Percent,
    /// 0 to 1.
    Fraction,
    /// Something else, as a perplexity.
    Other,
}

/// The scores of a model or of one of its checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The model's name as the file has it, with its organisation where that is told.
    pub model: String,
    /// The checkpoint; `None` where the scores are of the model as it was published.
    pub checkpoint: Option<Checkpoint>,
    /// The number of parameters; `None` where the file does not say.
    pub parameters: Option<f64>,
    /// A score a benchmark; `None` where there is none.
    pub values: Vec<Option<f64>>,
}

/// A checkpoint as a file of scores has it: by a name, a step or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// The name of its revision or folder; `None` where only a step is told.
    pub name: Option<String>,
    /// Training steps; `None` where neither file nor name says.
    pub step: Option<u64>,
}

impl Benchmarks {
    /// The number of a benchmark by its name, whatever its case and marks; `None` where there is none of it.
    pub fn benchmark(&self, name: &str) -> Option<usize> {
        let exact = self.benchmarks.iter().position(|benchmark| benchmark.name == name);
        let plain = super::table::plain;
        exact.or_else(|| self.benchmarks.iter().position(|benchmark| plain(&benchmark.name) == plain(name)))
    }

    /// Keeps the first row of each model and checkpoint, with what it lacks of those that follow, and says so.
    fn without_repeats(mut self) -> Self {
        let mut first: HashMap<(Key, Option<Checkpoint>), usize> = HashMap::new();
        let mut kept: Vec<Scores> = Vec::new();
        let mut repeated: Vec<String> = Vec::new();
        for row in self.rows {
            let key = (Key::of(&row.model), row.checkpoint.clone());
            let Some(&at) = first.get(&key) else {
                first.insert(key, kept.len());
                kept.push(row);
                continue;
            };
            let known = &mut kept[at];
            let both = known.values.iter().zip(&row.values).any(|(a, b)| a.is_some() && b.is_some());
            if both && !repeated.contains(&known.model) {
                repeated.push(known.model.clone());
            }
            known.values.iter_mut().zip(row.values).for_each(|(known, more)| *known = known.or(more));
            known.parameters = known.parameters.or(row.parameters);
        }
        self.rows = kept;
        if let [model, ..] = &repeated[..] {
            let models = crate::words::counted(repeated.len(), "model");
            self.notes
                .push(format!("{models} with scores more than once, as `{model}`: the first are taken"));
        }
        self
    }
}

impl Checkpoint {
    /// A checkpoint by the name of its revision or folder, whose step it may say; `None` for a name that is of the
    /// model as it was published.
    fn named(name: &str, step: Option<u64>) -> Option<Self> {
        let name =
            Some(name.trim()).filter(|name| !matches!(*name, "" | "main" | "master" | "latest" | "final"));
        let said = || crate::checkpoints::step_name::StepName::parse(name?)?.step;
        let step = step.or_else(said);
        (name.is_some() || step.is_some()).then(|| Self { name: name.map(str::to_owned), step })
    }
}

impl Unit {
    /// The unit of a benchmark by its name and its scores.
    fn of(name: &str, scores: impl Iterator<Item = f64> + Clone, percent_signs: bool) -> Self {
        const UNBOUNDED: [&str; 6] = ["ppl", "perplexity", "loss", "bits_per_byte", "nll", "likelihood"];
        let name = name.to_lowercase();
        let within = |most: f64| scores.clone().all(|score| (0.0..=most).contains(&score));
        if percent_signs {
            return Self::Percent;
        }
        if UNBOUNDED.iter().any(|unbounded| name.contains(unbounded)) || scores.clone().next().is_none() {
            return Self::Other;
        }
        match () {
            () if within(1.0) => Self::Fraction,
            () if within(100.0) => Self::Percent,
            () => Self::Other,
        }
    }

    /// The unit behind a number on an axis; empty where it is not known.
    pub fn label(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Fraction => "fraction",
            Self::Other => "",
        }
    }
}

#[cfg(test)]
mod tests;
