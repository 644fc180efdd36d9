//! What of a view can be chosen: one set for all views, of which each heeds some.

use std::fmt;
use std::str::FromStr;

use super::quantity::Quantity;
use crate::analysis::relative;
use crate::chart::named;
use crate::measures::soft_entropy::temperature;
use crate::measures::{Information, Order};
use crate::settings::Temperature;

/// Which hidden states a number stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LayerChoice {
    /// The average over layers 1..L.
    #[default]
    Mean,
    /// One hidden state, 0 for the embedding output.
    Layer(usize),
    /// The hidden state nearest to a relative depth, whatever the number of layers.
    Depth(Share),
    /// The last hidden state of each model, however deep it is.
    Last,
}

/// A share from 0 to 1, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// The nearest share; `None` for a number outside 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then(|| Self((share * 1000.0).round() as u16))
    }

    /// The number.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// The hidden state at this share of the way, of so many; `None` of none.
    pub fn layer_of(self, states: usize) -> Option<usize> {
        relative::layer_at(self.value(), states.checked_sub(1)?)
    }
}

impl LayerChoice {
    /// The choice in words.
    pub fn name(self) -> String {
        match self {
            Self::Mean => "mean of layers".to_owned(),
            Self::Layer(layer) => format!("layer {layer}"),
            Self::Depth(share) => format!("layer at depth {}", share.value()),
            Self::Last => "last layer".to_owned(),
        }
    }
}

/// As it is written on the command line, and read again.
impl fmt::Display for LayerChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Last => f.write_str("last"),
            Self::Layer(layer) => write!(f, "{layer}"),
            // With its decimal point, which tells it from the number of a layer.
            Self::Depth(share) => write!(f, "{:?}", share.value()),
        }
    }
}

impl FromStr for LayerChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "mean" => Ok(Self::Mean),
            "last" => Ok(Self::Last),
            _ if text.contains('.') => {
                let share = text.parse().ok().and_then(Share::new);
                share.map(Self::Depth).ok_or_else(|| "a depth lies between 0.0 and 1.0".to_owned())
            }
            number => number.parse().map(Self::Layer).map_err(|_| {
                "neither `mean` nor `last` nor the number of a hidden state nor a depth such as 0.5"
                    .to_owned()
            }),
        }
    }
}

named! {
    /// What an axis of training's time counts.
    Time {
        /// Training steps; the number of the checkpoint where a run has none.
        #[default]
        Steps = "steps",
        /// Training tokens.
        Tokens = "tokens",
        /// The share of the run's last step, 0 to 1.
        Relative = "relative",
    }
}

named! {
    /// What stands side by side instead of in one frame.
    FacetBy {
        /// Nothing.
        #[default]
        Nothing = "none",
        /// A frame a run.
        Run = "run",
        /// A frame an n-gram order.
        Order = "order",
        /// A frame a chosen depth: embedding, a quarter, half, three quarters, last.
        Layer = "layer",
        /// A frame a condition.
        Condition = "condition",
    }
}

named! {
    /// What the plane shows upward.
    PlaneY {
        /// Expressivity I(Y;Z).
        #[default]
        Expressivity = "expressivity",
        /// The gap to the bound, I(X;Z) − I(Y;Z).
        Gap = "gap",
    }
}

named! {
    /// What bounds the plane.
    Bound {
        /// The line I(Y;Z) = I(X;Z) of the paper.
        #[default]
        Line = "line",
        /// The frontier of the text's labels, with the line up to I(X;Y) beside it.
        Frontier = "frontier",
    }
}

named! {
    /// What numbers over training are compared with.
    Differences {
        /// Nothing: they are shown as they are.
        #[default]
        None = "none",
        /// Those of the first run at the same steps, which they are shown less.
        FirstRun = "first-run",
    }
}

/// What of a view can be chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The n-gram order (back-off).
    pub order: Order,
    /// The hidden states.
    pub layers: LayerChoice,
    /// The number shown, where a view shows one of several; `None` for what it shows by itself.
    pub quantity: Option<Quantity>,
    /// What stands side by side.
    pub facet: FacetBy,
    /// What the axis of time counts.
    pub time: Time,
    /// Whether an axis of time is logarithmic.
    pub log: bool,
    /// Whether values are shown less what shuffled labels give.
    pub less_null: bool,
    /// What the plane shows upward.
    pub y: PlaneY,
    /// What bounds the plane.
    pub bound: Bound,
    /// What numbers over training are compared with.
    pub differences: Differences,
    /// The checkpoints a view of single ones shows, by name or step; empty for first, middle and last, of
    /// many runs for the last.
    pub checkpoints: Vec<String>,
    /// The benchmark's column; `None` for the average.
    pub score: Option<String>,
    /// The estimator shown on a sphere.
    pub sphere: Sphere,
    /// The number of the document shown, from 0.
    pub document: usize,
    /// The token of it whose labels are pointed out, from 0; `None` for one near the beginning.
    pub position: Option<usize>,
}

/// The estimator on a sphere, and from where it is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sphere {
    /// How far the sphere is turned about its upright axis, in radians.
    pub yaw: f64,
    /// How far its front is then tilted down, in radians.
    pub pitch: f64,
    /// The number n of reference points.
    pub points: usize,
    /// The seed of the reference points.
    pub seed: u64,
    /// How the temperature ε is chosen.
    pub temperature: Temperature,
    /// The number of states of the cloud drawn where no model's are given.
    pub states: usize,
    /// How far those scatter about their centres: the standard deviation of each coordinate.
    pub scatter: f64,
    /// The number of the state whose assignment is shown, from 0.
    pub chosen: usize,
}

impl Default for Sphere {
    fn default() -> Self {
        Self {
            yaw: -2.2,
            pitch: 0.25,
            points: 100,
            seed: 0,
            // Wide enough that several points share a state: on a sphere calibration leaves each to one or two.
            temperature: Temperature::Fixed(0.1),
            states: 240,
            scatter: 0.25,
            chosen: 0,
        }
    }
}

impl Sphere {
    /// The dimensions in which it lies.
    pub const WIDTH: usize = 3;

    /// The temperature ε.
    ///
    /// # Errors
    /// A preset that so many reference points have none for.
    pub fn epsilon(&self) -> crate::error::Result<f64> {
        temperature(self.temperature, self.points, Self::WIDTH)
    }
}

impl Options {
    /// An information under these options: less its null where that is asked for, `None` where the null is not known.
    pub fn value(&self, information: &Information) -> Option<f64> {
        if self.less_null { Some(information.value - information.null?) } else { Some(information.value) }
    }
}

/// One of the [`Options`], as a view heeds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heed {
    /// [`Options::order`].
    Order,
    /// [`Options::layers`].
    Layers,
    /// [`Options::quantity`].
    Quantity,
    /// [`Options::facet`].
    Facet,
    /// [`Options::time`] and [`Options::log`].
    Time,
    /// [`Options::less_null`].
    LessNull,
    /// [`Options::y`].
    Y,
    /// [`Options::bound`].
    Bound,
    /// The frontier of the text's labels.
    Frontier,
    /// [`Options::differences`].
    Differences,
    /// [`Options::checkpoints`].
    Checkpoints,
    /// [`Options::score`].
    Score,
    /// [`Options::sphere`].
    Sphere,
    /// [`Options::document`] and [`Options::position`].
    Document,
}
