//! The points of a [`State`] on the plane, and what stands at the scrubber.

use std::sync::Arc;

use super::State;
use super::runs::Numbers;
use crate::checkpoints::{Checkpoint, CheckpointKey};
use crate::condition::Condition;
use crate::engine::OpenRun;
use crate::measures::{Information, Order};
use crate::results::Measurement;
use crate::settings::Settings;
use crate::views::plane::{self, Basis, PlanePoint, Trajectory};
use crate::views::quantity::Quantity;
use crate::views::snapshot::CheckpointData;

/// The numbers of a checkpoint under the view on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownNumbers {
    /// The checkpoint's folder name.
    pub name: String,
    /// Its point on the plane; `None` where no n-grams were measured.
    pub point: Option<PlanePoint>,
    /// What is known of labels that are no n-grams, in their own order.
    pub others: Vec<(Quantity, Information)>,
    /// 𝓗(Z), in efficiency.
    pub entropy: f64,
    /// All numbers of its checkpoint.
    pub measurement: Arc<Measurement>,
    /// What they rest on.
    pub basis: Basis,
}

/// What there is to show of a trajectory at the scrubber.
#[derive(Clone, Debug, PartialEq)]
pub struct AtScrubber {
    /// The checkpoint.
    pub checkpoint: CheckpointKey,
    /// The place of the trajectory among those drawn.
    pub trajectory: usize,
    /// What is known there.
    pub content: Content,
}

/// What is known of a checkpoint under a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Its numbers.
    Numbers(Box<ShownNumbers>),
    /// Why it has no numbers.
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
    /// What is known of each checkpoint of a run under a condition.
    pub(super) fn checkpoint_data(
        &self,
        run: usize,
        open: &OpenRun,
        condition: &Arc<Condition>,
    ) -> Vec<CheckpointData> {
        // Conditions that came before: points of two of them are not to be compared.
        let mut earlier: Vec<&Arc<Condition>> = Vec::new();
        let mut of = |key: &CheckpointKey| {
            let Some((of, numbers)) = self.numbers_at(run, *key, condition) else {
                let failed = self.known(*key).is_some_and(|known| known.error(condition).is_some());
                return if failed { CheckpointData::Failed } else { CheckpointData::Pending };
            };
            let place = match of == condition {
                true => 0,
                false => {
                    1 + earlier.iter().position(|other| *other == of).unwrap_or_else(|| {
                        earlier.push(of);
                        earlier.len() - 1
                    })
                }
            };
            let (documents, complete) = (numbers.documents, numbers.is_complete());
            let basis = Basis { documents, complete, earlier: place };
            CheckpointData::Measured(Arc::clone(&numbers.measurement), basis)
        };
        open.keys().iter().map(&mut of).collect()
    }

    /// The points of a run under the view on screen, joined where they can be compared.
    pub(super) fn points(&self, open: &OpenRun, data: &[CheckpointData]) -> Vec<PlanePoint> {
        let point = |(index, (checkpoint, data)): (usize, (&Checkpoint, &CheckpointData))| {
            let CheckpointData::Measured(measurement, basis) = data else { return None };
            let times = (checkpoint.step, checkpoint.tokens);
            let place = (index, open.keys().len());
            plane::point(self.view, place, &checkpoint.name, times, measurement, *basis)
        };
        let mut points: Vec<PlanePoint> =
            open.run.checkpoints.iter().zip(data).enumerate().filter_map(point).collect();
        // A checkpoint with numbers but no point lacks the layer, and one that failed never comes.
        Trajectory::join(&mut points, |index| matches!(data[index], CheckpointData::Pending));
        points
    }

    /// The numbers to show of a checkpoint under a condition, with the condition they are of: another only while there
    /// are none under the present one.
    fn numbers_at(
        &self,
        run: usize,
        key: CheckpointKey,
        condition: &Arc<Condition>,
    ) -> Option<(&Arc<Condition>, &Numbers)> {
        let known = self.known(key)?;
        let own = known.all_numbers().find(|(of, _)| *of == condition);
        let earlier = || {
            let replaced = self.present_of(run) == Some(condition) && known.error(condition).is_none();
            known.all_numbers().find(|(of, _)| replaced && !self.is_asked(of))
        };
        own.or_else(earlier)
    }

    /// What there is to show at the scrubber, a row a trajectory; runs that begin later are left out.
    pub fn at_scrubber(&self) -> Vec<AtScrubber> {
        let drawn = self.drawn().trajectories.iter().zip(&self.drawn().conditions).enumerate();
        let of = |(place, (trajectory, condition)): (usize, (&Trajectory, &Arc<Condition>))| {
            let current = self.current_of(trajectory.run)?;
            let checkpoint = self.runs.key(trajectory.run, current)?;
            let content = match self.shown_numbers(place, current) {
                Some(shown) => Content::Numbers(Box::new(shown)),
                None => self.nothing_at(trajectory.run, checkpoint, condition),
            };
            Some(AtScrubber { checkpoint, trajectory: place, content })
        };
        drawn.filter_map(of).collect()
    }

    /// Why there is no point of a checkpoint under a condition.
    fn nothing_at(&self, run: usize, key: CheckpointKey, condition: &Arc<Condition>) -> Content {
        if let Some(error) = self.known(key).and_then(|known| known.error(condition)) {
            return Content::Failed(error.to_string());
        }
        if let Some((_, numbers)) = self.numbers_at(run, key, condition) {
            let absence = plane::absence(self.view, std::iter::once(&*numbers.measurement));
            return Content::Nothing(absence.unwrap_or_default());
        }
        if let Some((_, error)) = self.failed_conditions.iter().find(|(failed, _)| failed == condition) {
            return Content::Failed(error.to_string());
        }
        Content::Nothing(if self.is_busy() { "Being measured…" } else { "Not measured yet." }.to_owned())
    }

    /// The numbers of a checkpoint of the trajectory at this place among those drawn; `None` where the view has none of it.
    fn shown_numbers(&self, trajectory: usize, checkpoint: usize) -> Option<ShownNumbers> {
        let run = self.drawn().snapshot.runs().nth(trajectory)?;
        let CheckpointData::Measured(measurement, basis) = run.data.checkpoints.get(checkpoint)? else {
            return None;
        };
        let layer = self.view.layers.of(measurement)?;
        let points = &self.drawn().trajectories.get(trajectory)?.points;
        let point = points.iter().find(|point| point.checkpoint == checkpoint).cloned();
        let others = layer.other_labels();
        let others: Vec<_> =
            others.filter_map(|(label, found)| Some((Quantity::of_label(label)?, *found))).collect();
        if point.is_none() && others.is_empty() {
            return None;
        }
        Some(ShownNumbers {
            name: run.subject.checkpoints.get(checkpoint)?.name.clone(),
            point,
            others,
            entropy: layer.entropy.value,
            measurement: Arc::clone(measurement),
            basis: *basis,
        })
    }

    /// The settings a run is measured under, or was.
    pub fn settings_of(&self, run: usize) -> &Settings {
        let recorded = self.run_states.get(run).and_then(|state| state.recorded.as_ref());
        recorded.map_or(self.asked.settings(), |recorded| &recorded.condition.settings)
    }

    /// The widest n-gram that any run is measured with, or was.
    pub fn largest_order(&self) -> Order {
        let runs = (0..self.run_states.len()).map(|run| self.settings_of(run));
        let pins = self.pins.iter().map(|pin| &pin.settings);
        let widest = runs.chain(pins).map(Order::widest_of).max();
        widest.unwrap_or_else(|| Order::widest_of(self.asked.settings()))
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
        let layers = |key: &CheckpointKey| {
            let numbers = self.known(*key)?.all_numbers();
            numbers.filter_map(|(_, numbers)| numbers.measurement.layers.len().checked_sub(1)).max()
        };
        self.open_runs().iter().filter_map(move |open| open.keys().iter().filter_map(layers).max())
    }
}
