//! What of a [`State`] is drawn: points, what stands at the scrubber, and how runs are told apart.

use super::state::{CheckpointState, RunState, Shown, State};
use crate::engine::CheckpointId;
use crate::results::condition::{Condition, RunCondition, distinctions};
use crate::settings::Settings;
use crate::views::plane::{self, Basis, PlanePoint, Trajectory};

/// A point of the plane with what decides how it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownPoint {
    /// The checkpoint.
    pub id: CheckpointId,
    /// The point as every view has it.
    pub point: PlanePoint,
    /// Labelled positions behind it.
    pub positions: usize,
    /// The most that the last growth of the sample moved a complexity or an expressivity.
    pub last_change: Option<f64>,
    /// The temperature ε it was measured at.
    pub temperature: f64,
    /// Whether the scrubber stands on it.
    pub current: bool,
    /// Whether it lies after the scrubber in training.
    pub later: bool,
}

/// What there is to show of a run at the scrubber.
#[derive(Clone, Debug, PartialEq)]
pub enum AtScrubber {
    /// Its numbers.
    Point(Box<ShownPoint>),
    /// Why its checkpoint has no numbers.
    Failed(String),
    /// Why it has none yet, or none under this view.
    Nothing(String),
}

impl State {
    /// The points of each visible run under the view on screen.
    pub fn points(&self) -> Vec<(usize, Vec<ShownPoint>)> {
        let current = self.current();
        self.visible_runs()
            .map(|(run, r)| {
                let here = current.iter().find(|id| id.run == run).map(|id| id.checkpoint);
                let ids = (0..r.checkpoints.len()).map(|checkpoint| CheckpointId { run, checkpoint });
                let (ids, mut points): (Vec<_>, Vec<_>) =
                    ids.filter_map(|id| Some((id, self.point(id)?))).unzip();
                let states = &self.run_states[run].checkpoints;
                // A checkpoint with numbers but no point lacks the layer, and one that failed never comes.
                Trajectory::join(&mut points, |c| states[c].shown.is_none() && states[c].error.is_none());
                let shown = ids.into_iter().zip(points).filter_map(|(id, p)| self.shown_point(id, p, here));
                (run, shown.collect())
            })
            .collect()
    }

    /// The same points as every other view and figure takes them.
    pub fn trajectories(&self) -> Vec<Trajectory> {
        let (conditions, distinctions) = (self.conditions(), self.distinctions());
        self.points()
            .into_iter()
            .map(|(run, points)| Trajectory {
                run,
                name: self.runs[run].name.clone(),
                distinction: distinctions[run].clone(),
                condition: conditions[run].clone(),
                absence: self.absence(run),
                points: points.into_iter().map(|shown| shown.point).collect(),
            })
            .collect()
    }

    /// Why a run has no points under the view on screen although it was measured.
    pub fn absence(&self, run: usize) -> Option<String> {
        let states = &self.run_states.get(run)?.checkpoints;
        plane::absence(self.view, states.iter().filter_map(|c| Some(&*c.shown.as_ref()?.measurement)))
    }

    /// What each run is measured under, or was.
    pub fn conditions(&self) -> Vec<Condition> {
        let of = |(run, state): (usize, &RunState)| match &state.recorded {
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

    /// What tells each run's condition from the others', such as `n = 50`; mostly empty.
    pub fn distinctions(&self) -> Vec<String> {
        let conditions = self.conditions();
        let runs = self.runs.iter().zip(&conditions);
        let runs: Vec<RunCondition<'_>> = runs
            .map(|(run, condition)| RunCondition { name: &run.name, place: &run.path, condition })
            .collect();
        distinctions(&runs)
    }

    /// Each run's name with what tells it from the others.
    pub fn run_labels(&self) -> Vec<String> {
        let labels = self.runs.iter().zip(self.distinctions());
        labels.map(|(run, distinction)| plane::label(&run.name, &distinction)).collect()
    }

    /// What there is to show of each visible run at the scrubber; runs that begin later are left out.
    pub fn at_scrubber(&self) -> Vec<(CheckpointId, AtScrubber)> {
        let of = |id: CheckpointId| {
            let known = self.checkpoint_state(id);
            let point = || self.shown_point(id, self.point(id)?, Some(id.checkpoint));
            let what = if let Some(shown) = point() {
                AtScrubber::Point(Box::new(shown))
            } else if let Some(error) = known.and_then(|known| known.error.as_ref()) {
                AtScrubber::Failed(error.to_string())
            } else if let Some(shown) = known.and_then(|known| known.shown.as_ref()) {
                let absence = plane::absence(self.view, std::iter::once(&*shown.measurement));
                AtScrubber::Nothing(absence.unwrap_or_default())
            } else if self.text.is_none() {
                AtScrubber::Nothing("Choose a text corpus to measure.".to_owned())
            } else if self.busy {
                AtScrubber::Nothing("Being measured…".to_owned())
            } else {
                AtScrubber::Nothing("Not measured yet.".to_owned())
            };
            (id, what)
        };
        self.current().into_iter().map(of).collect()
    }

    /// The settings a run is measured under, or was.
    pub fn settings_of(&self, run: usize) -> &Settings {
        let recorded = self.run_states.get(run).and_then(|state| state.recorded.as_ref());
        recorded.map_or(&self.settings, |results| &results.settings.settings)
    }

    /// The widest n-gram that any run is measured with, or was.
    pub fn largest_order(&self) -> usize {
        let orders = (0..self.run_states.len()).map(|run| self.settings_of(run).max_order);
        orders.max().unwrap_or(self.settings.max_order)
    }

    /// The largest index of a hidden state any measured checkpoint has.
    pub fn last_layer(&self) -> Option<usize> {
        self.last_layers().max()
    }

    /// The largest index of a hidden state that all measured runs have.
    pub fn last_common_layer(&self) -> Option<usize> {
        self.last_layers().min()
    }

    /// The index of the last hidden state of each measured run.
    fn last_layers(&self) -> impl Iterator<Item = usize> + '_ {
        let layers = |state: &CheckpointState| state.shown.as_ref()?.measurement.layers.len().checked_sub(1);
        self.run_states.iter().filter_map(move |run| run.checkpoints.iter().filter_map(layers).max())
    }

    /// A checkpoint's point under the view on screen, not joined to others yet.
    fn point(&self, id: CheckpointId) -> Option<PlanePoint> {
        let checkpoint = self.checkpoint(id)?;
        let shown = self.checkpoint_state(id)?.shown.as_ref()?;
        let count = self.runs.get(id.run)?.checkpoints.len();
        let Shown { documents, complete, asked, .. } = *shown;
        let stale = !self.is_fresh(id.run, shown);
        plane::point(
            self.view,
            (id.checkpoint, count),
            &checkpoint.name,
            (checkpoint.step, checkpoint.tokens),
            &shown.measurement,
            Basis { documents, complete, stale, asked },
        )
    }

    fn shown_point(&self, id: CheckpointId, point: PlanePoint, current: Option<usize>) -> Option<ShownPoint> {
        let measurement = &self.checkpoint_state(id)?.shown.as_ref()?.measurement;
        Some(ShownPoint {
            id,
            point,
            positions: measurement.positions,
            last_change: measurement.last_change(),
            temperature: measurement.temperature,
            current: current == Some(id.checkpoint),
            later: current.is_none_or(|current| id.checkpoint > current),
        })
    }
}
