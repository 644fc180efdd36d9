//! The information plane: complexity across, expressivity up, one trajectory a run (paper, figure 1).

use crate::measures::LayerMeasures;
use crate::results::{Measurement, Results};

/// Which hidden states a point stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LayerChoice {
    /// The average over layers 1..L.
    #[default]
    Mean,
    /// One hidden state, 0 for the embedding output.
    Layer(usize),
}

/// What of a measurement is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaneView {
    /// The n-gram order (back-off), 1 to 4.
    pub order: usize,
    /// The hidden states.
    pub layers: LayerChoice,
}

impl Default for PlaneView {
    fn default() -> Self {
        Self { order: 1, layers: LayerChoice::Mean }
    }
}

/// A checkpoint on the plane.
#[derive(Clone, Debug, PartialEq)]
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
    /// The standard deviations of I(X;Z) and I(Y;Z) over seeds of the reference points, where several were scored.
    pub spread: Option<[f64; 2]>,
    /// The same of φ.
    pub optimality_spread: Option<f64>,
    /// 𝓗(Z), in efficiency.
    pub entropy: f64,
    /// Next-token cross-entropy in nats a token.
    pub loss: f64,
}

impl PlanePoint {
    /// I(X;Z) and I(Y;Z) less what shuffled labels give, where that was measured.
    pub fn less_null(&self) -> Option<[f64; 2]> {
        self.null.map(|[input, output]| [self.complexity - input, self.expressivity - output])
    }
}

/// The measured checkpoints of one run, in the order of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Index of the run.
    pub run: usize,
    /// The run's name.
    pub name: String,
    /// Its points; checkpoints not measured, or without the order or layer asked for, are left out.
    pub points: Vec<PlanePoint>,
}

/// The measures a view picks from a measurement.
pub fn measures_of(measurement: &Measurement, layers: LayerChoice) -> Option<&LayerMeasures> {
    match layers {
        LayerChoice::Mean => Some(&measurement.mean),
        LayerChoice::Layer(index) => measurement.layers.get(index),
    }
}

/// The point of checkpoint number `checkpoint` of `count`, where it has the order and layer asked for.
pub fn point(
    view: PlaneView,
    (checkpoint, count): (usize, usize),
    name: &str,
    (step, tokens): (Option<u64>, Option<u64>),
    measurement: &Measurement,
) -> Option<PlanePoint> {
    let layer = measures_of(measurement, view.layers)?;
    let order = layer.orders.get(view.order)?;
    Some(PlanePoint {
        checkpoint,
        name: name.to_owned(),
        step,
        tokens,
        progress: if count > 1 { checkpoint as f32 / (count - 1) as f32 } else { 1.0 },
        complexity: order.input,
        expressivity: order.output,
        optimality: order.optimality,
        null: order.input_null.zip(order.output_null).map(Into::into),
        singletons: order.input_singletons.zip(order.output_singletons).map(Into::into),
        spread: order.input_spread.zip(order.output_spread).map(Into::into),
        optimality_spread: order.optimality_spread,
        entropy: layer.entropy,
        loss: measurement.loss,
    })
}

/// The trajectories of stored results, runs in the order they first appear.
pub fn trajectories(results: &Results, view: PlaneView) -> Vec<Trajectory> {
    let of_run = |(index, run): (usize, Results)| {
        let count = run.checkpoints.len();
        let points = run.checkpoints.iter().enumerate().filter_map(|(index, c)| {
            point(view, (index, count), &c.name, (c.step, c.tokens), c.measurement()?)
        });
        Trajectory { run: index, name: run.checkpoints[0].run.clone(), points: points.collect() }
    };
    results.by_run().into_iter().enumerate().map(of_run).collect()
}

/// A name for an order's axis labels: `token`, `bigram`, ….
pub fn axis_labels(view: PlaneView) -> (String, String) {
    let order = crate::measures::order_name(view.order);
    (
        format!("complexity I(X;Z), {order} input, nats / ln n"),
        format!("expressivity I(Y;Z), {order} output, nats / ln n"),
    )
}

/// The rectangle that holds all points with a margin, from the origin: `(complexity, expressivity)` at the far corner.
///
/// Both axes share one scale, so that the bound stays the diagonal the eye expects.
pub fn extent(trajectories: &[Trajectory]) -> f64 {
    let largest = trajectories
        .iter()
        .flat_map(|t| &t.points)
        .flat_map(|p| [p.complexity, p.expressivity])
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    if largest > 0.0 { (largest * 1.12).clamp(0.02, 1.0) } else { 0.5 }
}
