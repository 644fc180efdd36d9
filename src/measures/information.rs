//! The numbers known of a label or a layer, and their names.

use std::fmt;
use std::str::FromStr;

/// The name of a number in tables, documents and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// 𝓗(Z) of a layer; of a label with positions of its own, [`Information::entropy`].
    Entropy,
    /// [`Information::value`].
    Information,
    /// [`Information::mean`].
    InformationMean,
    /// φ of an order.
    Optimality,
    /// [`Information::null`].
    Null,
    /// [`Information::singletons`].
    Singletons,
    /// [`Information::kept`].
    Kept,
    /// [`Information::labels`].
    Labels,
    /// [`Information::positions`].
    Positions,
    /// The standard deviation, over the seeds of the reference points, of a label's information, of φ or of 𝓗(Z).
    Spread,
}

impl Measure {
    /// Every measure, in the order of tables.
    pub const ALL: [Self; 10] = [
        Self::Entropy,
        Self::Information,
        Self::InformationMean,
        Self::Optimality,
        Self::Null,
        Self::Singletons,
        Self::Kept,
        Self::Labels,
        Self::Positions,
        Self::Spread,
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entropy => "entropy",
            Self::Information => "information",
            Self::InformationMean => "information_mean",
            Self::Optimality => "optimality",
            Self::Null => "null",
            Self::Singletons => "singletons",
            Self::Kept => "kept",
            Self::Labels => "labels",
            Self::Positions => "positions",
            Self::Spread => "spread",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Measure {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|measure| measure.name() == name).ok_or(())
    }
}

/// The information a layer holds about a label: complexity I(X;Z) where it is an input, expressivity I(Y;Z) where it
/// is an output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Information {
    /// The information as an efficiency, each label weighted by its share of positions (*expectation*).
    pub value: f64,
    /// The same with every label weighted alike (*mean*); not a true mutual information.
    pub mean: f64,
    /// The information under a seeded shuffle of the labels, what a sample of this size gives for labels that say
    /// nothing; `None` where none was measured.
    pub null: Option<f64>,
    /// The standard deviation of the information over seeds of the reference points; `None` where one was scored.
    pub spread: Option<f64>,
    /// The share of positions whose label occurs nowhere else in the sample; `None` where it is not known.
    pub singletons: Option<f64>,
    /// The share of positions whose label occurs often enough to be kept; `None` where it is not known.
    pub kept: Option<f64>,
    /// The number of labels kept; `None` where it is not known.
    pub labels: Option<f64>,
    /// The number of positions that the information is of, where they are others than the layer's own.
    pub positions: Option<f64>,
    /// 𝓗(Z) at these positions, likewise.
    pub entropy: Option<f64>,
}

impl Information {
    /// An information of which nothing else is known.
    pub fn new(value: f64, mean: f64) -> Self {
        Self { value, mean, ..Self::default() }
    }

    /// A number of it; `None` for one that is not known and for one that is not of labels.
    pub fn get(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Information => Some(self.value),
            Measure::InformationMean => Some(self.mean),
            Measure::Null => self.null,
            Measure::Spread => self.spread,
            Measure::Singletons => self.singletons,
            Measure::Kept => self.kept,
            Measure::Labels => self.labels,
            Measure::Positions => self.positions,
            Measure::Entropy => self.entropy,
            Measure::Optimality => None,
        }
    }

    /// The information whose [`Self::get`] is `value`.
    ///
    /// # Errors
    /// The first number that none is without and this one lacks.
    pub fn from_values(value: impl Fn(Measure) -> Option<f64>) -> Result<Self, Measure> {
        let needed = |measure| value(measure).ok_or(measure);
        Ok(Self {
            value: needed(Measure::Information)?,
            mean: needed(Measure::InformationMean)?,
            null: value(Measure::Null),
            spread: value(Measure::Spread),
            singletons: value(Measure::Singletons),
            kept: value(Measure::Kept),
            labels: value(Measure::Labels),
            positions: value(Measure::Positions),
            entropy: value(Measure::Entropy),
        })
    }

    /// Whether the information is a number; states that are NaN or infinite give one that is not.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && self.mean.is_finite()
    }
}

/// A value that may have been estimated with several seeds of the reference points.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Estimated {
    /// The value of the first seed.
    pub value: f64,
    /// The standard deviation over the seeds; `None` where one was scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
}

impl From<f64> for Estimated {
    /// The value of a single seed.
    fn from(value: f64) -> Self {
        Self { value, spread: None }
    }
}

/// The standard deviation of a sample; none of a single value.
pub(super) fn standard_deviation(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt())
}
