//! What of the state is drawn, computed once after what it depends on has changed, however many frames show it.

use std::iter::Sum;

use super::{Counts, State};
use crate::figure::{Highlight, PlaneFigureOptions, Scene, plane_figure};
use crate::results::condition::{Condition, RunCondition, distinctions};
use crate::views::marks::{Note, caption, notes};
use crate::views::plane::{self, Trajectory};

/// What of the state is drawn, wherever the scrubber stands.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The trajectories of the visible runs under the view on screen.
    pub trajectories: Vec<Trajectory>,
    /// What the marks on the plane mean.
    pub notes: Vec<Note>,
    /// The extent of the plane that holds all points.
    pub extent: f64,
    /// What is said of each run, hidden ones included.
    pub runs: Vec<RunWords>,
    /// What has become of the checkpoints at each of the scrubber's times.
    pub marks: Vec<Mark>,
}

/// What is said of a run in lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunWords {
    /// What tells its condition from the others', such as `n = 50`; mostly empty.
    pub distinction: String,
    /// Its name with what tells it from the others.
    pub label: String,
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

    /// The name of a run with what tells it from the others; empty where there is no such run.
    pub fn label(&self, run: usize) -> &str {
        self.runs.get(run).map_or("", |run| &run.label)
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
        let conditions = self.conditions();
        let runs = self.runs.iter().zip(&conditions);
        let told: Vec<RunCondition<'_>> = runs
            .map(|(run, condition)| RunCondition { name: &run.name, place: &run.path, condition })
            .collect();
        let distinctions = distinctions(&told);
        let trajectories = self.trajectories(&conditions, &distinctions);
        let words = |(run, distinction): (usize, String)| RunWords {
            label: plane::label(&self.runs[run].name, &distinction),
            distinction,
            counts: self.counts_of(run),
        };
        Drawn {
            notes: notes(&trajectories),
            extent: plane::extent(&trajectories),
            trajectories,
            runs: distinctions.into_iter().enumerate().map(words).collect(),
            marks: self.marks(),
        }
    }

    /// What each run is measured under, or was.
    fn conditions(&self) -> Vec<Condition> {
        let of = |(run, state): (usize, &super::RunState)| match &state.recorded {
            Some(results) => plane::condition_of(results),
            None => {
                let shown = state.checkpoints.iter().filter_map(|c| c.shown.as_ref());
                let finished = shown.filter(|shown| shown.complete && self.is_fresh(run, shown));
                let documents = finished.map(|shown| (shown.documents, shown.documents));
                Condition {
                    settings: self.settings.clone(),
                    text: self.text.as_ref().map(|text| text.path().to_owned()),
                    documents: documents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
                    recorded: false,
                }
            }
        };
        self.run_states.iter().enumerate().map(of).collect()
    }

    fn marks(&self) -> Vec<Mark> {
        let times = self.scrubber.times();
        let mut marks = vec![Mark::Measured; times.len()];
        for (run, open) in self.visible_runs() {
            for (checkpoint, state) in self.run_states[run].checkpoints.iter().enumerate() {
                let fresh = state.shown.as_ref().is_some_and(|shown| self.is_fresh(run, shown));
                let mark = match (&state.error, fresh) {
                    (Some(_), _) => Mark::Failed,
                    (None, true) => Mark::Measured,
                    (None, false) => Mark::Waiting,
                };
                if let Ok(position) = times.binary_search(&self.scrubber.time_of(open, checkpoint)) {
                    marks[position] = marks[position].max(mark);
                }
            }
        }
        marks
    }

    /// The plane on screen as a figure; `None` while nothing is measured.
    pub fn scene(&self) -> Option<Scene> {
        let trajectories = &self.drawn().trajectories;
        if trajectories.iter().all(|trajectory| trajectory.points.is_empty()) {
            return None;
        }
        let highlight = self.current().map(|id| Highlight { run: id.run, checkpoint: id.checkpoint });
        let options = PlaneFigureOptions {
            caption: Some(caption(trajectories)),
            highlight: highlight.collect(),
            ..PlaneFigureOptions::default()
        };
        Some(plane_figure(trajectories, self.view, &options))
    }
}
