//! Measured checkpoints with the scores that belong to them.

use super::explain::list;
use super::families::Families;
use super::options::Options;
use super::quantity::Quantity;
use super::snapshot::{Measure, Snapshot};
use crate::analysis::benchmarks::{self, Benchmarks, Measured, Scores, Unit};
use crate::analysis::table::plain;
use crate::words::counted;

/// Measured checkpoints with scores.
pub(super) struct Scored<'s> {
    /// The checkpoints that have scores.
    pub points: Vec<Point<'s>>,
    /// The families of their runs.
    pub families: Families,
    benchmarks: &'s Benchmarks,
    /// What is to be known of how scores and runs were joined, a sentence each.
    pub notes: Vec<String>,
}

/// A measured checkpoint and its scores.
#[derive(Clone, Copy)]
pub(super) struct Point<'s> {
    /// The checkpoint.
    pub measure: Measure<'s>,
    row: &'s Scores,
    /// The place of its family among [`Families::names`].
    pub family: usize,
    /// The number of parameters, by the table of scores or the run's name.
    pub parameters: Option<f64>,
}

/// A column of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// One benchmark.
    Of(usize),
    /// The mean of all.
    Mean,
}

impl<'s> Scored<'s> {
    /// The measured checkpoints of a snapshot with their scores: of a run measured under several conditions those under the
    /// first, so that no model counts twice.
    ///
    /// # Errors
    /// That there are no scores, or none of any run, in a sentence.
    pub fn of(snapshot: &'s Snapshot) -> Result<Self, String> {
        let Some(benchmarks) = snapshot.benchmarks().filter(|benchmarks| !benchmarks.benchmarks.is_empty())
        else {
            return Err(
                "no scores of benchmarks are given: open a table of them (Views, Open benchmark scores…; --scores FILE)"
                    .to_owned()
            );
        };
        let families = Families::of(snapshot);
        let (mut seen, mut again): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
        let mut measures: Vec<Measure<'s>> = Vec::new();
        for run in snapshot.runs().filter(|run| run.measured().next().is_some()) {
            if seen.contains(&&*run.subject.name) {
                again.push(run.subject.label());
                continue;
            }
            seen.push(&run.subject.name);
            measures.extend(run.measured().filter(|measure| measure.basis.is_final()));
        }
        let measured: Vec<Measured<'_>> = measures.iter().map(asked).collect();
        let joined = benchmarks::join(benchmarks, &measured);
        let point = |(measure, row): (Measure<'s>, Option<usize>)| {
            let row = &benchmarks.rows[row?];
            let parameters = row.parameters.or(families.model(measure.run).parameters);
            Some(Point { measure, row, family: families.family(measure.run), parameters })
        };
        let points: Vec<Point<'s>> = measures.into_iter().zip(joined.rows).filter_map(point).collect();
        if points.is_empty() {
            return Err(nothing(benchmarks, &seen));
        }
        let without = (!joined.runs_without.is_empty())
            .then(|| format!("Without scores: {}", list(&joined.runs_without)));
        let unmeasured = (!joined.models_without.is_empty())
            .then(|| format!("{} with scores not measured", counted(joined.models_without.len(), "model")));
        let again = (!again.is_empty()).then(|| format!("Left out, since measured before: {}", list(&again)));
        let notes = [without, unmeasured, again].into_iter().flatten();
        let notes = notes.chain(joined.notes).chain(benchmarks.notes.iter().cloned()).collect();
        Ok(Self { points, families, benchmarks, notes })
    }

    /// All columns, the mean last; the mean is none of its own where there is one benchmark, or a column of it.
    pub fn columns(&self) -> Vec<Column> {
        let own = (0..self.benchmarks.benchmarks.len()).map(Column::Of);
        let mean = (self.average().is_none() && self.averaged().count() > 1).then_some(Column::Mean);
        own.chain(mean).collect()
    }

    /// The column of a name; the average without one.
    ///
    /// # Errors
    /// A name that no benchmark has, with those that there are.
    pub fn column(&self, name: Option<&str>) -> Result<Column, String> {
        let Some(name) = name else {
            return Ok(match (self.average(), &self.benchmarks.benchmarks[..]) {
                (Some(average), _) => Column::Of(average),
                (None, [_]) => Column::Of(0),
                (None, _) => Column::Mean,
            });
        };
        if let Some(found) = self.benchmarks.benchmark(name) {
            return Ok(Column::Of(found));
        }
        let is_mean = ["average", "mean"].contains(&&*plain(name)) && self.averaged().next().is_some();
        let names: Vec<String> = self.benchmarks.benchmarks.iter().map(|of| of.name.clone()).collect();
        is_mean
            .then_some(Column::Mean)
            .ok_or_else(|| format!("the scores have no benchmark `{name}`: they have {}", names.join(", ")))
    }

    /// The column that the table itself has its average in.
    fn average(&self) -> Option<usize> {
        ["average", "avg", "mean"].iter().find_map(|name| self.benchmarks.benchmark(name))
    }

    /// The benchmarks that a mean is over: those of which it is known what they count in.
    fn averaged(&self) -> impl Iterator<Item = usize> + '_ {
        let benchmarks = self.benchmarks.benchmarks.iter().enumerate();
        benchmarks.filter(|(_, benchmark)| benchmark.unit != Unit::Other).map(|(index, _)| index)
    }

    /// What a column is called, and its unit.
    pub fn name(&self, column: Column) -> [String; 2] {
        match column {
            Column::Of(index) => {
                let benchmark = &self.benchmarks.benchmarks[index];
                [benchmark.name.clone(), benchmark.unit.label().to_owned()]
            }
            Column::Mean => [
                format!("mean of {}", counted(self.averaged().count(), "benchmark")),
                Unit::Percent.label().to_owned(),
            ],
        }
    }

    /// What a column is called where there is little room.
    pub fn short_name(&self, column: Column) -> String {
        match column {
            Column::Of(index) => self.benchmarks.benchmarks[index].name.clone(),
            Column::Mean => "mean".to_owned(),
        }
    }

    /// The score of a checkpoint; `None` where there is none, of a mean where any is missing.
    pub fn score(&self, point: &Point<'_>, column: Column) -> Option<f64> {
        let value = |index: usize| point.row.values.get(index).copied().flatten();
        match column {
            Column::Of(index) => value(index),
            Column::Mean => {
                // All in per cent, whatever each counts in.
                let scale = |index: usize| match self.benchmarks.benchmarks[index].unit {
                    Unit::Fraction => 100.0,
                    Unit::Percent | Unit::Other => 1.0,
                };
                let scores: Option<Vec<f64>> =
                    self.averaged().map(|index| Some(scale(index) * value(index)?)).collect();
                let scores = scores.filter(|scores| !scores.is_empty())?;
                Some(scores.iter().sum::<f64>() / scores.len() as f64)
            }
        }
    }

    /// The points that have a quantity and a score, as `[quantity, score]`.
    pub fn pairs(&self, quantity: Quantity, column: Column, options: &Options) -> Vec<(Point<'s>, [f64; 2])> {
        let pair = |point: &Point<'s>| {
            let value = quantity.of(point.measure.measurement, options)?.value;
            let pair = [value, self.score(point, column)?];
            pair.iter().all(|number| number.is_finite()).then_some((*point, pair))
        };
        self.points.iter().filter_map(pair).collect()
    }
}

/// A checkpoint as scores are asked for it.
fn asked<'s>(measure: &Measure<'s>) -> Measured<'s> {
    Measured { run: &measure.run.subject.name, checkpoint: &measure.subject.name, step: measure.subject.step }
}

/// Why no run has scores.
fn nothing(benchmarks: &Benchmarks, runs: &[&str]) -> String {
    if runs.is_empty() {
        return "no checkpoint is measured yet".to_owned();
    }
    let models: Vec<String> = benchmarks.rows.iter().map(|row| row.model.clone()).collect();
    let runs: Vec<String> = runs.iter().map(|run| (*run).to_owned()).collect();
    format!("no run has the name of a model with scores: runs are {}, models {}", list(&runs), list(&models))
}
