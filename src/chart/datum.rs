//! One number of a figure with what it is of: the source of tooltips, selection, rows of tables and words for those who
//! do not see the picture.

use crate::measures::Order;

/// A place on a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Datum {
    /// The value across.
    pub x: f64,
    /// The value up; of a cell, the value that its colour shows. Not finite where there is none.
    pub y: f64,
    /// The lower end of what `y` may be: a standard deviation over seeds below, a band's edge, what an area stands on.
    pub low: Option<f64>,
    /// The upper end, likewise.
    pub high: Option<f64>,
    /// The standard deviation across; `None` where it is not known.
    pub x_spread: Option<f64>,
    /// What it is of.
    pub of: Of,
    /// The label it is of, the tokens of an n-gram with blanks between; empty where it is not of a single one.
    pub label: String,
    /// The statistic that `y` is, where it is one of a sample.
    pub statistic: Option<Statistic>,
    /// Whether a line leads here from the datum before.
    pub joined: bool,
    /// Whether it rests on less than it claims: a part of the sample, or settings before the present ones. Drawn open.
    pub is_open: bool,
    /// Whether it is of settings before the present ones. The line between two such is dashed.
    pub is_stale: bool,
    /// What is to be known before it is believed, in a few words each.
    pub flags: Vec<String>,
    /// Whether an exclamation mark stands beside it: what its flags say is seen at its place.
    pub is_marked: bool,
    /// How large its mark is against the usual one, by its radius; `None` for as large.
    pub size: Option<f32>,
    /// The colour of its mark, where that is not its series'.
    pub color: Option<super::Color>,
    /// What else a tooltip says of it, a line each.
    pub more: Vec<String>,
}

impl Datum {
    /// A datum with its place.
    pub fn new(x: f64, y: f64, of: Of) -> Self {
        Self { x, y, of, ..Self::default() }
    }

    /// The same datum, from `y` less to `y` plus a standard deviation.
    #[must_use]
    pub fn with_spread(self, spread: Option<f64>) -> Self {
        let (low, high) = (spread.map(|spread| self.y - spread), spread.map(|spread| self.y + spread));
        Self { low, high, ..self }
    }

    /// Whether it has a place.
    pub fn is_finite(&self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

/// What a datum is of; `None` where it is not of one in particular.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Of {
    /// The place in [`Subjects::runs`] of its run under a condition.
    pub run: Option<usize>,
    /// The place of its checkpoint in the run.
    pub checkpoint: Option<usize>,
    /// The hidden state, 0 for the embedding output; `None` for an average over layers.
    pub layer: Option<usize>,
    /// The n-gram order (back-off).
    pub order: Option<Order>,
}

impl Of {
    /// A run's.
    pub fn run(run: usize) -> Self {
        Self { run: Some(run), ..Self::default() }
    }

    /// A checkpoint's.
    pub fn checkpoint(run: usize, checkpoint: usize) -> Self {
        Self { run: Some(run), checkpoint: Some(checkpoint), ..Self::default() }
    }

    /// The same at a hidden state.
    #[must_use]
    pub fn at_layer(self, layer: Option<usize>) -> Self {
        Self { layer, ..self }
    }

    /// The same of an n-gram order.
    #[must_use]
    pub fn of_order(self, order: Order) -> Self {
        Self { order: Some(order), ..self }
    }
}

/// A statistic of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistic {
    /// Its name: `pearson`, `spearman`, ….
    pub name: &'static str,
    /// The two-sided p-value; `None` where there are too few points for one.
    pub p: Option<f64>,
    /// The number of points.
    pub n: usize,
}

/// What the data of a figure are of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subjects {
    /// The runs, each once a condition.
    pub runs: Vec<RunSubject>,
    /// What decides their colours.
    pub color_by: super::ColorBy,
    /// The scale of their colours; `None` where no number decides them, or all have the same.
    pub color_bar: Option<super::ColorBar>,
}

/// A run under a condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSubject {
    /// The number of the run among all that are open, which decides its colour and shape.
    pub run: usize,
    /// Tells conditions of one run apart: decides line and shade. 0 for the present one.
    pub style: usize,
    /// The colour that was chosen for it; `None` for that of its number.
    pub hue: Option<super::Color>,
    /// The run's name.
    pub name: String,
    /// What tells its numbers from the others', such as `n = 50`; mostly empty.
    pub condition: String,
    /// Its checkpoints in the order of training.
    pub checkpoints: Vec<CheckpointSubject>,
}

impl RunSubject {
    /// The run's name with what tells its numbers from others.
    pub fn label(&self) -> String {
        if self.condition.is_empty() {
            self.name.clone()
        } else {
            format!("{}, {}", self.name, self.condition)
        }
    }

    /// Its colour.
    pub fn color(&self) -> super::Color {
        self.hue.unwrap_or(super::Color::Run(self.run, self.style))
    }
}

/// A checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckpointSubject {
    /// Its folder's name.
    pub name: String,
    /// Training steps; `None` where they are not known.
    pub step: Option<u64>,
    /// Training tokens, likewise.
    pub tokens: Option<u64>,
}

impl CheckpointSubject {
    /// Whether this is its name or its step.
    pub fn is_called(&self, name: &str) -> bool {
        name == self.name || self.step.is_some_and(|step| name == step.to_string())
    }
}

impl Subjects {
    /// The checkpoints of this name or step, in whatever runs.
    pub fn called<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Of> + 's {
        self.runs.iter().enumerate().flat_map(move |(run, subject)| {
            let places = subject.checkpoints.iter().enumerate();
            let called = places.filter(move |(_, checkpoint)| checkpoint.is_called(name));
            called.map(move |(place, _)| Of::checkpoint(run, place))
        })
    }

    /// The places of the runs of this name: of the one whose label it is, else of all that are called so, whatever tells
    /// them apart.
    pub fn named(&self, name: &str) -> Vec<usize> {
        let of = |is_of: &dyn Fn(&RunSubject) -> bool| -> Vec<usize> {
            self.runs.iter().enumerate().filter(|(_, run)| is_of(run)).map(|(place, _)| place).collect()
        };
        let labelled = of(&|run| run.label() == name);
        if labelled.is_empty() { of(&|run| run.name == name) } else { labelled }
    }

    /// The run that a datum is of.
    pub fn run(&self, of: Of) -> Option<&RunSubject> {
        self.runs.get(of.run?)
    }

    /// The checkpoint that a datum is of.
    pub fn checkpoint(&self, of: Of) -> Option<&CheckpointSubject> {
        self.run(of)?.checkpoints.get(of.checkpoint?)
    }

    /// What a datum is of, in words: `run · checkpoint · layer 3`.
    pub fn words(&self, of: Of) -> String {
        let run = self.run(of).map(RunSubject::label);
        let checkpoint = self.checkpoint(of).map(|checkpoint| checkpoint.name.clone());
        let layer = of.layer.map(|layer| format!("layer {layer}"));
        run.into_iter().chain(checkpoint).chain(layer).collect::<Vec<_>>().join(" · ")
    }
}
