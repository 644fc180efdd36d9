//! What of the state is drawn, computed once after what it depends on has changed, however many frames show it.

use std::iter::Sum;
use std::sync::Arc;

use super::{Answer, Counts, State};
use crate::chart::{CheckpointSubject, Color, RunSubject};
use crate::checkpoints::{Checkpoint, CheckpointKey};
use crate::condition::Condition;
use crate::engine::OpenRun;
use crate::results::caption::{Measured, MeasuredRun, distinctions};
use crate::views::hues::{self, Hues};
use crate::views::plane::{self, Trajectory};
use crate::views::snapshot::{CheckpointData, RunData, Snapshot};

/// What of the state is drawn, wherever the scrubber stands.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The visible runs with all that is known of them, once a condition; what views draw.
    pub snapshot: Arc<Snapshot>,
    /// The trajectories of the visible runs under the view on screen, one a condition.
    pub trajectories: Vec<Trajectory>,
    /// The condition of each of them.
    pub conditions: Vec<Arc<Condition>>,
    /// The runs that are hidden, by their numbers, with the name of each that tells it from the others, once a condition.
    pub hidden: Vec<(usize, String)>,
    /// What tells the present condition and the pinned ones from each other.
    pub condition_words: Vec<(Arc<Condition>, String)>,
    /// The colour that each run was given, hidden ones included.
    pub hues: Hues,
    /// What is said of each run, hidden ones included.
    pub runs: Vec<RunWords>,
    /// What has become of the checkpoints at each of the scrubber's times.
    pub marks: Vec<Mark>,
}

/// What is said of a run in lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunWords {
    /// What tells its present condition from the others', such as `n = 50`; mostly empty.
    pub distinction: String,
    /// What has become of its checkpoints.
    pub counts: Counts,
}

/// What the worst-off of the checkpoints at a time has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// All have numbers under the present settings.
    Measured,
    /// One has none yet.
    Waiting,
    /// One cannot be measured.
    Failed,
}

impl Drawn {
    /// What has become of all checkpoints.
    pub fn counts(&self) -> Counts {
        self.runs.iter().map(|run| run.counts).sum()
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            measured: a.measured + b.measured,
            failed: a.failed + b.failed,
            all: a.all + b.all,
        })
    }
}

impl State {
    /// What is drawn; computed where something has changed since it was last asked for.
    pub fn drawn(&self) -> &Drawn {
        self.drawn.get_or_init(|| self.draw())
    }

    fn draw(&self) -> Drawn {
        let curves: Vec<Curve<'_>> = self.curves().collect();
        let told: Vec<MeasuredRun<'_>> = curves.iter().map(Curve::told).collect();
        let words = distinctions(&told);
        let (visible, hidden): (Vec<_>, Vec<_>) =
            curves.iter().zip(words).partition(|(curve, _)| self.is_visible(curve.run));
        let mut drawn = Drawn {
            condition_words: self.tell_conditions_apart(),
            hidden: hidden
                .into_iter()
                .map(|(curve, words)| (curve.run, plane::label(&curve.open.run.name, &words)))
                .collect(),
            runs: self.run_words(&curves),
            marks: self.marks(),
            ..Drawn::default()
        };
        let mut runs = Vec::new();
        for (curve, words) in visible {
            let data = self.checkpoint_data(curve.run, curve.open, &curve.condition);
            drawn.trajectories.push(self.trajectory(curve, words.clone(), &data));
            drawn.conditions.push(Arc::clone(&curve.condition));
            let data = RunData { measured: curve.measured.clone(), checkpoints: data };
            runs.push((curve.subject(words), data));
        }
        drawn.hues = self.hues();
        let snapshot = self.with_seen(Snapshot::new(runs));
        let hues = snapshot.subjects().runs.iter().map(|run| drawn.hues.colors[run.run]).collect();
        let bar = drawn.hues.bar.clone();
        drawn.snapshot = Arc::new(snapshot.with_hues(self.color_by, hues, bar));
        drawn
    }

    /// The colours that runs are given by what they are, the same whichever of them are hidden.
    fn hues(&self) -> Hues {
        let last = |run: usize| {
            let keys = self.open_runs()[run].keys().iter().rev();
            let measured = |key: &CheckpointKey| match self.present_answer(run, *key)? {
                Answer::Numbers(numbers) => Some(&*numbers.measurement),
                Answer::Failed(_) => None,
            };
            keys.filter_map(measured).next()
        };
        let names: Vec<&str> = self.open_runs().iter().map(|open| open.run.name.as_str()).collect();
        hues::hues(self.color_by, &names, last)
    }

    /// The colour of a run in lists.
    pub fn color_of(&self, run: usize) -> Color {
        let hue = self.drawn().hues.colors.get(run).copied().flatten();
        hue.unwrap_or(Color::Run(run, 0))
    }

    /// Every run under every condition of its.
    fn curves(&self) -> impl Iterator<Item = Curve<'_>> {
        self.open_runs().iter().enumerate().flat_map(move |(run, open)| {
            let recorded = self.is_recorded(run);
            self.conditions_of(run).into_iter().map(move |condition| {
                let measured = self.measured(run, &condition);
                let style = if recorded { 0 } else { self.style_of(&condition) };
                Curve { run, open, style, condition, measured }
            })
        })
    }

    /// What the numbers of a run under a condition were measured under, in words.
    fn measured(&self, run: usize, condition: &Arc<Condition>) -> Measured {
        match self.run_states[run].recorded.as_ref() {
            Some(recorded) => recorded.results.measured(),
            None => Measured::live(condition, self.documents_of(run, condition)),
        }
    }

    fn trajectory(&self, curve: &Curve<'_>, distinction: String, data: &[CheckpointData]) -> Trajectory {
        let numbers = data.iter().filter_map(|data| match data {
            CheckpointData::Measured(measurement, _) => Some(&**measurement),
            CheckpointData::Pending | CheckpointData::Failed => None,
        });
        Trajectory {
            run: curve.run,
            style: curve.style,
            name: curve.open.run.name.clone(),
            distinction,
            measured: curve.measured.clone(),
            absence: plane::absence(self.view, numbers),
            points: self.points(curve.open, data),
        }
    }

    /// What lists say of each run: that of its present condition alone.
    fn run_words(&self, curves: &[Curve<'_>]) -> Vec<RunWords> {
        let present: Vec<MeasuredRun<'_>> =
            curves.iter().filter(|curve| curve.style == 0).map(Curve::told).collect();
        // Without a text there are no conditions yet, and nothing to tell apart.
        let mut words = distinctions(&present).into_iter();
        let of = |run| RunWords {
            distinction: if self.present_of(run).is_some() {
                words.next().unwrap_or_default()
            } else {
                String::new()
            },
            counts: self.counts_of(run),
        };
        (0..self.open_runs().len()).map(of).collect()
    }

    fn marks(&self) -> Vec<Mark> {
        let times = self.scrubber.times();
        let mut marks = vec![Mark::Measured; times.len()];
        for (run, open) in self.visible_runs() {
            for (key, time) in open.keys().iter().zip(self.scrubber.times_of(&open.run)) {
                let mark = match self.present_answer(run, *key) {
                    Some(Answer::Failed(_)) => Mark::Failed,
                    Some(Answer::Numbers(_)) => Mark::Measured,
                    None => Mark::Waiting,
                };
                if let Ok(position) = times.binary_search(&time) {
                    marks[position] = marks[position].max(mark);
                }
            }
        }
        marks
    }
}

/// A run under a condition.
struct Curve<'a> {
    run: usize,
    open: &'a OpenRun,
    /// [`State::style_of`] its condition.
    style: usize,
    condition: Arc<Condition>,
    measured: Measured,
}

impl Curve<'_> {
    fn told(&self) -> MeasuredRun<'_> {
        MeasuredRun { name: &self.open.run.name, place: &self.open.run.path, measured: &self.measured }
    }

    /// Who it is, told from the others by `condition`.
    fn subject(&self, condition: String) -> RunSubject {
        let subject = |checkpoint: &Checkpoint| CheckpointSubject {
            name: checkpoint.name.clone(),
            step: checkpoint.step,
            tokens: checkpoint.tokens,
        };
        RunSubject {
            run: self.run,
            style: self.style,
            hue: None,
            name: self.open.run.name.clone(),
            condition,
            checkpoints: self.open.run.checkpoints.iter().map(subject).collect(),
        }
    }
}
