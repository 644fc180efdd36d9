//! What views draw: the measurements of runs, as results hold them or the window knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::plane::Basis;
use super::quantity::Quantity;
use crate::analysis::benchmarks::Benchmarks;
use crate::chart::{CheckpointSubject, Color, ColorBar, ColorBy, RunSubject, Subjects};
use crate::frontier::Report;
use crate::labels::sentence::Sentence;
use crate::measures::cloud::Cloud;
use crate::measures::{Label, Order};
use crate::results::caption::{self, Measured, MeasuredRun, distinctions};
use crate::results::{CheckpointResult, JoinedRun, Measurement};

/// The measurements of runs.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    subjects: Arc<Subjects>,
    runs: Vec<RunData>,
    /// How far each of them was trained.
    extents: Vec<Extent>,
    /// Documents of the sample by their number, or why one cannot be shown.
    sentences: BTreeMap<usize, Result<Arc<Sentence>, String>>,
    cloud: Option<Arc<Cloud>>,
    /// Frontiers of the text's labels by their order, or why there is none.
    frontiers: BTreeMap<Order, Result<Arc<Report>, String>>,
    benchmarks: Option<Arc<Benchmarks>>,
}

/// What is known of a run under a condition.
#[derive(Clone, Debug, Default)]
pub struct RunData {
    /// What its numbers are of.
    pub measured: Measured,
    /// What is known of each of its checkpoints, in the order of [`RunSubject::checkpoints`].
    pub checkpoints: Vec<CheckpointData>,
}

/// What is known of a checkpoint.
#[derive(Clone, Debug, Default)]
pub enum CheckpointData {
    /// Nothing yet.
    #[default]
    Pending,
    /// Nothing, and nothing will be.
    Failed,
    /// Its numbers, with what they rest on.
    Measured(Arc<Measurement>, Basis),
}

/// A run of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Run<'s> {
    /// Its place in the snapshot, which data name it by.
    pub index: usize,
    /// Who it is.
    pub subject: &'s RunSubject,
    /// What is known of it.
    pub data: &'s RunData,
    /// How far it was trained.
    pub extent: Extent,
}

/// How far a run was trained, as far as its checkpoints say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Whether all of them know their step; else they are counted.
    pub has_steps: bool,
    /// The largest step, or the number of the last.
    pub last: f64,
}

impl Extent {
    fn of(run: &RunSubject) -> Self {
        let steps: Option<Vec<u64>> = run.checkpoints.iter().map(|checkpoint| checkpoint.step).collect();
        let counted = run.checkpoints.len().saturating_sub(1) as f64;
        let largest = steps.as_ref().map(|steps| steps.iter().max().map_or(0.0, |step| *step as f64));
        Self { has_steps: steps.is_some(), last: largest.unwrap_or(counted) }
    }
}

/// A measured checkpoint of a run.
#[derive(Clone, Copy, Debug)]
pub struct Measure<'s> {
    /// Its run.
    pub run: Run<'s>,
    /// Its place in the run.
    pub index: usize,
    /// Who it is.
    pub subject: &'s CheckpointSubject,
    /// Its numbers.
    pub measurement: &'s Arc<Measurement>,
    /// What they rest on.
    pub basis: Basis,
    /// Whether they can be followed from those of the measured checkpoint before.
    pub joined: bool,
}

impl Snapshot {
    /// A snapshot of runs, each with who it is.
    pub fn new(runs: impl IntoIterator<Item = (RunSubject, RunData)>) -> Self {
        let (subjects, runs): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        let extents = subjects.iter().map(Extent::of).collect();
        Self {
            subjects: Arc::new(Subjects { runs: subjects, ..Subjects::default() }),
            runs,
            extents,
            ..Self::default()
        }
    }

    /// The same snapshot with a document of the sample, or why it cannot be shown.
    #[must_use]
    pub fn with_sentence(mut self, document: usize, sentence: Result<Arc<Sentence>, String>) -> Self {
        self.sentences.insert(document, sentence);
        self
    }

    /// The same snapshot with the frontier of the labels of an order, or why there is none.
    #[must_use]
    pub fn with_frontier(mut self, order: Order, frontier: Result<Arc<Report>, String>) -> Self {
        self.frontiers.insert(order, frontier);
        self
    }

    /// The frontier of the labels of an order, or why there is none; `None` where none was asked for.
    pub fn frontier(&self, order: Order) -> Option<Result<&Report, String>> {
        let frontier = self.frontiers.get(&order)?;
        Some(frontier.as_deref().map_err(String::clone))
    }

    /// The same snapshot with scores of benchmarks.
    #[must_use]
    pub fn with_benchmarks(self, benchmarks: impl Into<Arc<Benchmarks>>) -> Self {
        Self { benchmarks: Some(benchmarks.into()), ..self }
    }

    /// The scores of benchmarks; `None` where none are given.
    pub fn benchmarks(&self) -> Option<&Benchmarks> {
        self.benchmarks.as_deref()
    }

    /// A snapshot of results.
    pub fn recorded(runs: &[JoinedRun]) -> Self {
        let measured: Vec<Measured> = runs.iter().map(|run| run.results.measured()).collect();
        let named = runs.iter().zip(&measured);
        let named: Vec<MeasuredRun<'_>> = named
            .map(|(run, measured)| MeasuredRun { name: &run.results.run, place: run.file(), measured })
            .collect();
        let conditions = distinctions(&named);
        let checkpoint = |result: &CheckpointResult| match result.measurement() {
            Some(numbers) => {
                CheckpointData::Measured(Arc::new(numbers.clone()), Basis::recorded(result.documents()))
            }
            None => CheckpointData::Failed,
        };
        let of = |(index, ((run, measured), condition)): (usize, ((&JoinedRun, Measured), String))| {
            let checkpoints = &run.results.checkpoints;
            let subject = RunSubject {
                run: index,
                style: 0,
                hue: None,
                name: run.results.run.clone(),
                condition,
                checkpoints: checkpoints
                    .iter()
                    .map(|c| CheckpointSubject { name: c.name.clone(), step: c.step, tokens: c.tokens })
                    .collect(),
            };
            (subject, RunData { measured, checkpoints: checkpoints.iter().map(checkpoint).collect() })
        };
        let runs = runs.iter().zip(measured).zip(conditions).enumerate().map(of);
        Self::new(runs.collect::<Vec<_>>())
    }

    /// The same snapshot, its runs in other colours: one a run, `None` for that of its number; with the scale of those.
    #[must_use]
    pub fn with_hues(mut self, by: ColorBy, hues: Vec<Option<Color>>, bar: Option<ColorBar>) -> Self {
        let subjects = Arc::make_mut(&mut self.subjects);
        (subjects.color_by, subjects.color_bar) = (by, bar);
        subjects.runs.iter_mut().zip(hues).for_each(|(run, hue)| run.hue = hue);
        self
    }

    /// The same snapshot without the runs of these names, each with what tells it from others or without; the others keep
    /// their numbers and colours.
    ///
    /// # Errors
    /// A name that no run has, or that no run is left.
    pub fn without(mut self, names: &[String]) -> Result<Self, String> {
        let mut hidden = vec![false; self.runs.len()];
        for name in names {
            let places = self.subjects.named(name);
            if places.is_empty() {
                let labels: Vec<String> = self.subjects.runs.iter().map(RunSubject::label).collect();
                return Err(format!("no run is called `{name}`: there are {}", labels.join("; ")));
            }
            places.into_iter().for_each(|place| hidden[place] = true);
        }
        if !hidden.is_empty() && hidden.iter().all(|is_hidden| *is_hidden) {
            return Err("every run would be hidden: none is left to draw".to_owned());
        }
        fn keep<T>(of: &mut Vec<T>, hidden: &[bool]) {
            let mut hidden = hidden.iter();
            of.retain(|_| hidden.next() != Some(&true));
        }
        keep(&mut Arc::make_mut(&mut self.subjects).runs, &hidden);
        keep(&mut self.runs, &hidden);
        keep(&mut self.extents, &hidden);
        Ok(self)
    }

    /// What data are of.
    pub fn subjects(&self) -> &Arc<Subjects> {
        &self.subjects
    }

    /// A document of the sample with the labels of its positions, or why it cannot be shown; `None` where no text is known.
    pub fn sentence(&self, document: usize) -> Option<Result<&Sentence, &str>> {
        let sentence = self.sentences.get(&document)?;
        Some(sentence.as_deref().map_err(String::as_str))
    }

    /// The same snapshot with states of a model to show on a sphere.
    #[must_use]
    pub fn with_cloud(self, cloud: impl Into<Arc<Cloud>>) -> Self {
        Self { cloud: Some(cloud.into()), ..self }
    }

    /// States of a model, projected; `None` where none are given.
    pub fn cloud(&self) -> Option<&Cloud> {
        self.cloud.as_deref()
    }

    /// The runs.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = Run<'_>> + Clone {
        let all = self.subjects.runs.iter().zip(&self.runs).zip(&self.extents).enumerate();
        all.map(|(index, ((subject, data), extent))| Run { index, subject, data, extent: *extent })
    }

    /// All measured checkpoints, run by run in the order of training.
    pub fn measured(&self) -> impl Iterator<Item = Measure<'_>> {
        self.runs().flat_map(|run| run.measured())
    }

    /// The informations about labels that are no n-grams, of all that any checkpoint has.
    pub fn other_labels(&self) -> Vec<Quantity> {
        let labels = self.measured().flat_map(|measure| measure.measurement.mean.other_labels());
        let labels: BTreeSet<&Label> = labels.map(|(label, _)| label).collect();
        labels.into_iter().filter_map(Quantity::of_label).collect()
    }

    /// Whether any checkpoint has numbers of n-grams; preference pairs alone have none.
    pub fn has_ngrams(&self) -> bool {
        self.measured().any(|measure| measure.measurement.mean.orders().next().is_some())
    }

    /// What the numbers of the runs were measured under, for under a figure.
    pub fn caption(&self) -> String {
        let told: Vec<MeasuredRun<'_>> = self
            .runs()
            .filter(|run| run.measured().next().is_some())
            .map(|run| MeasuredRun {
                name: &run.subject.name,
                place: Path::new(""),
                measured: &run.data.measured,
            })
            .collect();
        caption::caption(&told)
    }
}

impl<'s> Run<'s> {
    /// Its measured checkpoints in the order of training.
    pub fn measured(self) -> impl DoubleEndedIterator<Item = Measure<'s>> + Clone {
        let of = move |(index, (subject, data)): (usize, (&'s CheckpointSubject, &'s CheckpointData))| {
            match data {
                CheckpointData::Measured(measurement, basis) => {
                    let joined = self.joined(index);
                    Some(Measure { run: self, index, subject, measurement, basis: *basis, joined })
                }
                CheckpointData::Pending | CheckpointData::Failed => None,
            }
        };
        self.subject.checkpoints.iter().zip(&self.data.checkpoints).enumerate().filter_map(of)
    }

    /// Whether the numbers of a checkpoint can be followed from those of the measured one before: nothing between them may
    /// still come, and both rest on the same.
    fn joined(self, index: usize) -> bool {
        for before in self.data.checkpoints[..index].iter().rev() {
            match (before, &self.data.checkpoints[index]) {
                (CheckpointData::Failed, _) => {}
                (CheckpointData::Measured(_, before), CheckpointData::Measured(_, own)) => {
                    return before.joins(own);
                }
                _ => return false,
            }
        }
        false
    }

    /// The place of a checkpoint in its run, from the first (0) to the last (1).
    pub fn progress(self, checkpoint: usize) -> f32 {
        let last = self.subject.checkpoints.len().saturating_sub(1);
        if last > 0 { checkpoint as f32 / last as f32 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn runs_are_left_out_by_name_and_the_others_stay_who_they_are() {
        let named = |number: usize, name: &str, condition: &str| {
            let (subject, data) = run(number, name, 1 + number, 2);
            (RunSubject { condition: condition.to_owned(), ..subject }, data)
        };
        let runs = [named(0, "a", "n = 50"), named(1, "b", ""), named(2, "a", "n = 100")];
        let snapshot = Snapshot::new(runs).colored_by(ColorBy::Family);
        let left = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let left = snapshot.clone().without(&names)?;
            let of = |run: Run<'_>| (run.subject.run, run.data.checkpoints.len(), run.subject.color());
            Ok::<_, String>(left.runs().map(of).collect::<Vec<_>>())
        };
        let all = left(&[]).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(left(&["b"]).unwrap(), [all[0], all[2]]);
        assert_eq!(left(&["a, n = 50"]).unwrap(), [all[1], all[2]], "one of two of a name");
        assert_eq!(left(&["a"]).unwrap(), [all[1]], "both of the name");
        let unknown = left(&["c"]).unwrap_err();
        assert_eq!(unknown, "no run is called `c`: there are a, n = 50; b; a, n = 100");
        assert!(left(&["a", "b"]).unwrap_err().contains("none is left"));
    }
}
