//! The information plane: complexity across, expressivity up, one trajectory a run (paper, figure 1).

pub(in crate::views) mod chart;

pub use self::chart::{VIEW, is_near_bound};

pub use super::options::LayerChoice;
use crate::measures::{Information, Order};
use crate::results::Measurement;
use crate::results::caption::Measured;

/// What of a measurement is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneView {
    /// The n-gram order (back-off).
    pub order: Order,
    /// The hidden states.
    pub layers: LayerChoice,
}

/// What the numbers of a point rest on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The number of documents; 0 where results do not say.
    pub documents: usize,
    /// Whether that is the whole sample, or as much of it as was asked for.
    pub complete: bool,
    /// 0 for numbers under the condition of their trajectory; others are of conditions before it, which it tells from
    /// each other.
    pub earlier: usize,
}

impl Basis {
    /// Numbers read from results: finished, under the condition they were recorded with.
    pub fn recorded(documents: usize) -> Self {
        Self { documents, complete: true, ..Self::default() }
    }

    /// Whether numbers can be followed from one to the other: same settings, and as many documents or all of them.
    /// A first estimate lies elsewhere than a finished point for its fewer documents alone.
    pub fn joins(&self, other: &Self) -> bool {
        let documents = self.documents == other.documents && self.complete == other.complete;
        self.earlier == other.earlier && (documents || (self.complete && other.complete))
    }

    /// Whether they are of a condition before their trajectory's.
    pub fn is_stale(&self) -> bool {
        self.earlier > 0
    }

    /// Whether the point is drawn solid: finished, and of what its trajectory claims.
    pub fn is_final(&self) -> bool {
        self.complete && !self.is_stale()
    }
}

/// A checkpoint on the plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanePoint {
    /// Index of the checkpoint within its run.
    pub checkpoint: usize,
    /// The checkpoint's folder name.
    pub name: String,
    /// Training steps, where known.
    pub step: Option<u64>,
    /// Training tokens, where known.
    pub tokens: Option<u64>,
    /// The place in the run from the first checkpoint (0) to the last (1); colours the point.
    pub progress: f32,
    /// I(X;Z), in efficiency.
    pub complexity: f64,
    /// I(Y;Z), in efficiency.
    pub expressivity: f64,
    /// I(Y;Z)/I(X;Z).
    pub optimality: Option<f64>,
    /// I(X;Z) and I(Y;Z) under shuffled labels, where they were measured.
    pub null: Option<[f64; 2]>,
    /// The shares of positions whose input and output labels occur once.
    pub singletons: Option<[f64; 2]>,
    /// The share of positions whose labels on either side occur often enough to be kept; `None` where all are.
    pub kept: Option<f64>,
    /// The standard deviations of I(X;Z) and I(Y;Z) over seeds of the reference points, where several were scored.
    pub spread: Option<[f64; 2]>,
    /// The same of φ.
    pub optimality_spread: Option<f64>,
    /// Of the layers behind the point those that depend on the seed of the reference points more than on the
    /// text, and all.
    pub layers_of_seed: (usize, usize),
    /// 𝓗(Z), in efficiency.
    pub entropy: f64,
    /// Next-token cross-entropy in nats a token; `None` of a model without an output head.
    pub loss: Option<f64>,
    /// What the numbers rest on.
    pub basis: Basis,
    /// Whether a line leads here from the point before.
    pub joined: bool,
}

impl PlanePoint {
    /// I(X;Z) and I(Y;Z) less what shuffled labels give, where that was measured.
    pub fn less_null(&self) -> Option<[f64; 2]> {
        self.null.map(|[x, y]| [self.complexity - x, self.expressivity - y])
    }
}

/// The measured checkpoints of one run, in the order of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Index of the run, which decides colour and marker.
    pub run: usize,
    /// Tells trajectories of one run under several conditions apart; decides line and shade. 0 for the one looked at.
    pub style: usize,
    /// The run's name.
    pub name: String,
    /// What tells the run's numbers from the others', or the run from one of the same name; mostly empty.
    pub distinction: String,
    /// What its points are of, stale ones apart.
    pub measured: Measured,
    /// Why it has no points although it was measured, such as `no layer 4`.
    pub absence: Option<String>,
    /// Its points; checkpoints not measured, or without the order or layer asked for, are left out.
    pub points: Vec<PlanePoint>,
}

impl Trajectory {
    /// The run's name with what tells it from others.
    pub fn label(&self) -> String {
        label(&self.name, &self.distinction)
    }

    /// Decides which points are joined; `pending` says of a checkpoint without a point that it may still get one.
    pub fn join(points: &mut [PlanePoint], pending: impl Fn(usize) -> bool) {
        for next in 1..points.len() {
            let (before, point) = (&points[next - 1], &points[next]);
            let whole = !(before.checkpoint + 1..point.checkpoint).any(&pending);
            points[next].joined = whole && before.basis.joins(&point.basis);
        }
    }
}

/// A run's name with what tells it from others.
pub fn label(name: &str, distinction: &str) -> String {
    if distinction.is_empty() { name.to_owned() } else { format!("{name}, {distinction}") }
}

/// The point of checkpoint number `checkpoint` of `count`, where it has the order and layer asked for.
pub fn point(
    view: PlaneView,
    (checkpoint, count): (usize, usize),
    name: &str,
    (step, tokens): (Option<u64>, Option<u64>),
    measurement: &Measurement,
    basis: Basis,
) -> Option<PlanePoint> {
    let layer = view.layers.of(measurement)?;
    let [complexity, expressivity] = layer.plane(view.order)?;
    let both = |number: fn(&Information) -> Option<f64>| {
        number(complexity).zip(number(expressivity)).map(<[f64; 2]>::from)
    };
    let optimality = layer.optimality(view.order);
    let layers_of_seed = match view.layers {
        LayerChoice::Mean => (measurement.layers_of_seed(), measurement.layers.len().saturating_sub(1)),
        LayerChoice::Layer(_) | LayerChoice::Depth(_) | LayerChoice::Last => {
            (usize::from(layer.depends_on_seed()), 1)
        }
    };
    Some(PlanePoint {
        checkpoint,
        name: name.to_owned(),
        step,
        tokens,
        progress: if count > 1 { checkpoint as f32 / (count - 1) as f32 } else { 1.0 },
        complexity: complexity.value,
        expressivity: expressivity.value,
        optimality: optimality.map(|optimality| optimality.value),
        null: both(|information| information.null),
        singletons: both(|information| information.singletons),
        kept: complexity
            .kept
            .into_iter()
            .chain(expressivity.kept)
            .reduce(f64::min)
            .filter(|kept| *kept < 1.0),
        spread: both(|information| information.spread),
        optimality_spread: optimality.and_then(|optimality| optimality.spread),
        layers_of_seed,
        entropy: layer.entropy.value,
        loss: measurement.loss,
        basis,
        joined: false,
    })
}

/// Why a run with these measurements has no point under a view; `None` where one has, or nothing is measured.
pub fn absence<'a>(view: PlaneView, measurements: impl Iterator<Item = &'a Measurement>) -> Option<String> {
    let mut absence = None;
    for measurement in measurements {
        match view.layers.of(measurement).map(|layer| layer.plane(view.order)) {
            Some(Some(_)) => return None,
            Some(None) => absence = Some(format!("no {}s", view.order)),
            None => absence = Some(format!("no {}", view.layers.name())),
        }
    }
    absence
}

#[cfg(test)]
mod tests;
