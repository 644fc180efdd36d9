//! The checkpoints that a view of single ones shows, and how they are told from each other.

use super::datum;
use super::options::Options;
use super::plane::chart::{is_single, progress};
use super::snapshot::{Measure, Run, Snapshot};
use crate::chart::{Chart, Color, Dash, Key, Line, Of, Series};
use crate::words::thousands;

/// From more runs than this only the last checkpoint of each is shown where none are named.
const MANY_RUNS: usize = 3;

/// A checkpoint that is shown.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'s> {
    /// Its numbers.
    pub measure: Measure<'s>,
    /// Its place among those chosen of its run, 0 for the last.
    pub rank: usize,
    /// What it was chosen as: `first`, `last`, or its name.
    choice: String,
}

/// The checkpoints chosen, run by run in the order of training.
#[derive(Clone, Debug)]
pub(super) struct Choice<'s> {
    /// At least one.
    pub chosen: Vec<Chosen<'s>>,
    /// Whether they are several of one run, whose colours then tell the way through training.
    pub is_by_progress: bool,
}

impl<'s> Choice<'s> {
    /// The checkpoints that options name of the runs; where they name none, the first, middle and last measured of each, and of
    /// many runs the last.
    ///
    /// # Errors
    /// That nothing is measured, or that no measured checkpoint has such a name.
    pub(super) fn of(snapshot: &'s Snapshot, options: &Options) -> Result<Self, String> {
        Self::with(snapshot, options, snapshot.runs().len() <= MANY_RUNS)
    }

    /// The same, of each run the last where options name none.
    ///
    /// # Errors
    /// Likewise.
    pub(super) fn last(snapshot: &'s Snapshot, options: &Options) -> Result<Self, String> {
        Self::with(snapshot, options, false)
    }

    fn with(snapshot: &'s Snapshot, options: &Options, has_first: bool) -> Result<Self, String> {
        let chosen: Vec<Chosen<'s>> =
            snapshot.runs().flat_map(|run| of_run(run, options, has_first)).collect();
        if !chosen.is_empty() {
            let is_by_progress = is_single(snapshot) && chosen.len() > 1;
            return Ok(Self { chosen, is_by_progress });
        }
        let mut measured = snapshot.measured();
        Err(match measured.next() {
            None => "no checkpoint is measured yet".to_owned(),
            Some(first) => {
                let last = measured.last().map(|last| format!(" to {}", last.subject.name));
                format!(
                    "no measured checkpoint is called {}: choose by name or step, such as {}{}",
                    options.checkpoints.join(" or "),
                    first.subject.name,
                    last.unwrap_or_default()
                )
            }
        })
    }

    /// The measures of those chosen.
    pub(super) fn measures(&self) -> impl Iterator<Item = &Measure<'s>> {
        self.chosen.iter().map(|chosen| &chosen.measure)
    }

    /// Adds to a legend of runs what tells checkpoints apart.
    pub(super) fn explain(&self, chart: &mut Chart) {
        let ranks = self.chosen.iter().map(|chosen| chosen.rank).max().unwrap_or(0);
        if ranks == 0 {
            return;
        }
        if self.is_by_progress {
            chart.legend.bar = Some(progress());
            // The run's own colour is not seen.
            chart.legend.keys.iter_mut().for_each(|key| key.color = Color::Text);
            return;
        }
        let choice = |rank: usize| self.chosen.iter().find(|chosen| chosen.rank == rank);
        let key = |chosen: &Chosen<'_>| Key {
            label: format!("{} checkpoint", chosen.choice),
            color: Color::Text,
            line: Some(Line { dash: Dash::Style(chosen.rank), is_thin: false }),
            of: Of::default(),
            ..Key::default()
        };
        chart.legend.keys.extend((0..=ranks).rev().filter_map(choice).map(key));
    }
}

impl Chosen<'_> {
    /// The series of the checkpoint, without data. Of one run the colour is that of the way through training; of several it is
    /// the run's, and the dash tells checkpoints apart.
    pub(super) fn series(&self, choice: &Choice<'_>) -> Series {
        let run = self.measure.run;
        let series = datum::of_run(run);
        match choice.is_by_progress {
            true => Series { color: self.color(choice), label: self.name(), ..series },
            false => Series { line: Some(Line { dash: Dash::Style(self.rank), is_thin: false }), ..series },
        }
    }

    /// The colour of the checkpoint.
    pub(super) fn color(&self, choice: &Choice<'_>) -> Color {
        let run = self.measure.run;
        match choice.is_by_progress {
            true => Color::Progress(run.progress(self.measure.index)),
            false => run.subject.color(),
        }
    }

    /// Its step, or its name where that is not known.
    pub(super) fn name(&self) -> String {
        match self.measure.subject.step {
            Some(step) => format!("step {}", thousands(step)),
            None => self.measure.subject.name.clone(),
        }
    }
}

/// The checkpoints chosen of a run.
fn of_run<'s>(run: Run<'s>, options: &Options, has_first: bool) -> Vec<Chosen<'s>> {
    let measured: Vec<Measure<'s>> = run.measured().collect();
    let named = |measure: &Measure<'_>| {
        options.checkpoints.iter().find(|wanted| measure.subject.is_called(wanted)).cloned()
    };
    let mut chosen: Vec<(Measure<'s>, String)> = match (options.checkpoints.is_empty(), measured.len()) {
        (_, 0) => Vec::new(),
        (false, _) => measured.iter().filter_map(|measure| Some((*measure, named(measure)?))).collect(),
        (true, count) => {
            let places: &[(usize, &str)] = match has_first {
                true => &[(0, "first"), (count / 2, "middle"), (count - 1, "last")],
                false => &[(count - 1, "last")],
            };
            places.iter().map(|(place, choice)| (measured[*place], (*choice).to_owned())).collect()
        }
    };
    // Of few checkpoints one may be two of them; it is the later.
    chosen.reverse();
    chosen.dedup_by_key(|(measure, _)| measure.index);
    let ranked = chosen.into_iter().enumerate();
    let mut chosen: Vec<Chosen<'s>> =
        ranked.map(|(rank, (measure, choice))| Chosen { measure, rank, choice }).collect();
    chosen.reverse();
    chosen
}
