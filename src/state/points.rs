//! The points of a [`State`] on the plane, and what stands at the scrubber.

use super::State;
use super::runs::{CheckpointState, Shown};
use crate::engine::CheckpointId;
use crate::measures::Order;
use crate::results::condition::Condition;
use crate::settings::Settings;
use crate::views::plane::{self, Basis, PlanePoint, Trajectory};

/// A point of the plane with what is said of it beside where it lies.
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

/// Where a checkpoint stands in training, seen from the scrubber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the scrubber.
    Past,
    /// The scrubber stands on it.
    Current,
    /// After the scrubber, or of a run that begins after it.
    Later,
}

impl Moment {
    /// The moment of checkpoint number `checkpoint` of a run whose checkpoint at the scrubber is `current`.
    pub fn of(checkpoint: usize, current: Option<usize>) -> Self {
        match current {
            Some(current) if checkpoint < current => Self::Past,
            Some(current) if checkpoint == current => Self::Current,
            _ => Self::Later,
        }
    }
}

impl State {
    /// The trajectory of each visible run under the view on screen.
    pub(super) fn trajectories(&self, conditions: &[Condition], distinctions: &[String]) -> Vec<Trajectory> {
        let of = |(run, open): (usize, &crate::checkpoints::Run)| {
            let states = &self.run_states[run].checkpoints;
            let ids = (0..open.checkpoints.len()).map(|checkpoint| CheckpointId { run, checkpoint });
            let mut points: Vec<PlanePoint> = ids.filter_map(|id| self.point(id)).collect();
            // A checkpoint with numbers but no point lacks the layer, and one that failed never comes.
            Trajectory::join(&mut points, |c| states[c].shown.is_none() && states[c].error.is_none());
            let measured = states.iter().filter_map(|c| Some(&*c.shown.as_ref()?.measurement));
            Trajectory {
                run,
                name: open.name.clone(),
                distinction: distinctions[run].clone(),
                condition: conditions[run].clone(),
                absence: plane::absence(self.view, measured),
                points,
            }
        };
        self.visible_runs().map(of).collect()
    }

    /// What there is to show of each visible run at the scrubber; runs that begin later are left out.
    pub fn at_scrubber(&self) -> Vec<(CheckpointId, AtScrubber)> {
        let of = |id: CheckpointId| {
            let known = self.checkpoint_state(id);
            let point = || self.shown_point(id, self.drawn_point(id)?);
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
        self.current().map(of).collect()
    }

    /// The settings a run is measured under, or was.
    pub fn settings_of(&self, run: usize) -> &Settings {
        let recorded = self.run_states.get(run).and_then(|state| state.recorded.as_ref());
        recorded.map_or(&self.settings, |results| &results.settings.settings)
    }

    /// The widest n-gram that any run is measured with, or was.
    pub fn largest_order(&self) -> Order {
        let orders = (0..self.run_states.len()).map(|run| Order::widest_of(self.settings_of(run)));
        orders.max().unwrap_or_else(|| Order::widest_of(&self.settings))
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

    /// A checkpoint's point as it is drawn.
    fn drawn_point(&self, id: CheckpointId) -> Option<&PlanePoint> {
        let trajectory = self.drawn().trajectories.iter().find(|trajectory| trajectory.run == id.run)?;
        trajectory.points.iter().find(|point| point.checkpoint == id.checkpoint)
    }

    /// A point with what else is said of it.
    pub fn shown_point(&self, id: CheckpointId, point: &PlanePoint) -> Option<ShownPoint> {
        let measurement = &self.checkpoint_state(id)?.shown.as_ref()?.measurement;
        Some(ShownPoint {
            id,
            point: point.clone(),
            positions: measurement.positions,
            last_change: measurement.last_change(),
            temperature: measurement.temperature,
        })
    }
}
