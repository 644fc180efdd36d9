//! One struct behind the flags, the sliders, the cache keys and the captions, so they cannot drift.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The widest n-gram that can be measured.
pub const LARGEST_ORDER: usize = 4;

/// The names of the n-gram orders 1 to 4, as they appear in results and in the window.
pub const ORDER_NAMES: [&str; LARGEST_ORDER] = ["token", "bigram", "trigram", "quadgram"];

/// A setting that is a number. Its flag and its field in the window take name, legal values and help from here,
/// so that what one accepts the other shows as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Number<T> {
    /// The name of the flag, without its dashes.
    pub name: &'static str,
    /// The legal values.
    pub legal: RangeInclusive<T>,
    /// What it means: one sentence without a full stop.
    pub help: &'static str,
}

/// A type of number that a setting may have.
pub trait Value: Copy + PartialOrd + fmt::Display + FromStr {
    /// What a value is called.
    const KIND: &'static str;
}

impl Value for usize {
    const KIND: &'static str = "whole number";
}

impl Value for u32 {
    const KIND: &'static str = "whole number";
}

impl Value for u64 {
    const KIND: &'static str = "whole number";
}

impl Value for f64 {
    const KIND: &'static str = "number";
}

impl<T: Value> Number<T> {
    /// Reads a value.
    ///
    /// # Errors
    /// One that is not legal; the message names those that are.
    pub fn parse(&self, text: &str) -> Result<T, String> {
        let illegal = || format!("not a {} from {} to {}", T::KIND, self.legal.start(), self.legal.end());
        text.parse().ok().filter(|value| self.legal.contains(value)).ok_or_else(illegal)
    }

    /// The legal value nearest to this one.
    pub fn nearest(&self, value: T) -> T {
        let (least, most) = (*self.legal.start(), *self.legal.end());
        if value < least {
            least
        } else if value > most {
            most
        } else {
            value
        }
    }
}

/// [`Settings::samples`].
pub const SAMPLES: Number<usize> =
    Number { name: "samples", legal: 1..=1_000_000_000, help: "How many documents are read at the most" };

/// [`Settings::context`].
pub const CONTEXT: Number<usize> =
    Number { name: "context", legal: 2..=1_048_576, help: "Documents are cut to this many tokens" };

/// [`Settings::max_order`].
pub const MAX_ORDER: Number<usize> = Number {
    name: "max-order",
    legal: 1..=LARGEST_ORDER,
    help: "The widest n-gram (back-off) measured, 1 to 4; it also decides which positions are labelled",
};

/// [`Settings::points`].
pub const POINTS: Number<usize> =
    Number { name: "points", legal: 2..=65_536, help: "The number n of reference points on the unit sphere" };

/// [`Settings::seed`].
pub const SEED: Number<u64> = Number {
    name: "seed",
    legal: 0..=u64::MAX,
    help: "The seed of the reference points, as NumPy's default_rng takes it",
};

/// [`Settings::reference_seeds`].
pub const REFERENCE_SEEDS: Number<usize> = Number {
    name: "reference-seeds",
    legal: 1..=100,
    help: "How many seeds are scored, the first and those that follow it: the spread over them is told beside \
           every measure",
};

/// [`Temperature::Fixed`].
pub const EPSILON: Number<f64> =
    Number { name: "temperature", legal: f64::MIN_POSITIVE..=f64::MAX, help: "The temperature ε itself" };

/// [`Settings::temperature_factor`].
pub const TEMPERATURE_FACTOR: Number<f64> = Number {
    name: "temperature-factor",
    legal: 0.001..=1000.0,
    help: "Multiplies the chosen temperature; 1 is the calibrated value itself",
};

/// [`Settings::min_count`].
pub const MIN_COUNT: Number<u32> = Number {
    name: "min-count",
    legal: 1..=u32::MAX,
    help: "Labels seen fewer times than this are dropped, their positions with them",
};

/// [`Settings::tolerance`].
pub const TOLERANCE: Number<f64> = Number {
    name: "tolerance",
    legal: 0.0..=1.0,
    help: "A checkpoint is done once four times as many documents moved no complexity and no expressivity by \
           more than this; 0 reads the whole sample",
};

/// What [`Settings::temperature`] means.
pub const TEMPERATURE_HELP: &str =
    "How the temperature ε of the soft binning is chosen: root, leading, grid, exact or a number";

/// What [`Settings::backend`] means.
pub const BACKEND_HELP: &str =
    "The device: auto takes a real GPU where there is one; gpu takes any adapter, software too";

/// What [`Settings::text_field`] means.
pub const TEXT_FIELD_HELP: &str = "The field of a JSON line that holds the text";

/// What is measured and how. Everything in it changes a number in the results.
///
/// Read from results, a setting that is missing is an error, not its default: numbers measured under another would pass
/// for it. Those that results once had no name for read as what they were measured under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How many documents are read at the most.
    pub samples: usize,
    /// Documents are cut to this many tokens.
    pub context: usize,
    /// The widest n-gram measured, 1 to 4. It also decides which positions are labelled.
    pub max_order: usize,
    /// The number n of reference points on the unit sphere.
    pub points: usize,
    /// The seed of the reference points, as given to `numpy.random.default_rng`.
    pub seed: u64,
    /// How many seeds are scored, this one and those that follow it; beyond the first they tell how far the
    /// measures depend on where the points happen to lie.
    #[serde(default = "one_seed")]
    pub reference_seeds: usize,
    /// How the temperature ε is chosen.
    pub temperature: Temperature,
    /// A factor on the chosen ε, 1 for the calibrated value itself.
    pub temperature_factor: f64,
    /// Labels seen fewer times are dropped, their positions with them.
    #[serde(default = "every_label")]
    pub min_count: u32,
    /// A checkpoint is done, whatever the number of documents, once four times as many moved no complexity and
    /// no expressivity by more than this; 0 for the whole sample.
    #[serde(default)]
    pub tolerance: f64,
    /// The type scores are stored in on disk.
    #[serde(default)]
    pub scores: Precision,
    /// The device that computes.
    pub backend: Backend,
    /// The type that products of matrices are computed in.
    #[serde(default)]
    pub dtype: Dtype,
    /// The field of a JSON line that holds the text.
    pub text_field: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            samples: 500,
            context: 512,
            max_order: LARGEST_ORDER,
            points: 100,
            seed: 0,
            reference_seeds: 3,
            temperature: Temperature::Root,
            temperature_factor: 1.0,
            min_count: 1,
            tolerance: 0.0,
            scores: Precision::F32,
            backend: Backend::Auto,
            dtype: Dtype::Auto,
            text_field: "text".to_owned(),
        }
    }
}

fn one_seed() -> usize {
    1
}

fn every_label() -> u32 {
    1
}

impl Settings {
    /// The settings that scores depend on, those that are only asked of scores at their defaults. Points and seeds
    /// are among them: scores of more answer for fewer.
    pub fn of_scores(&self) -> Self {
        let asked = Self::default();
        Self {
            points: asked.points,
            reference_seeds: asked.reference_seeds,
            temperature: asked.temperature,
            temperature_factor: asked.temperature_factor,
            min_count: asked.min_count,
            tolerance: asked.tolerance,
            ..self.clone()
        }
    }
}

/// How the temperature ε is chosen for a number of reference points n and a hidden size h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Temperature {
    /// The root of the lower Amos bound on KL(vMF(ε) ‖ U) = ln n; the estimator's default.
    #[default]
    Root,
    /// ε = 1/√(2 h ln n), the leading order of the above.
    Leading,
    /// The smallest of 100 geometrically spaced ε with the bound at or below ln n: the paper's wording.
    Grid,
    /// The divergence itself, by Bessel functions; for hidden sizes below a few hundred.
    Exact,
    /// This ε.
    Fixed(f64),
}

impl fmt::Display for Temperature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Leading => f.write_str("leading"),
            Self::Grid => f.write_str("grid"),
            Self::Exact => f.write_str("exact"),
            Self::Fixed(epsilon) => write!(f, "{epsilon}"),
        }
    }
}

impl FromStr for Temperature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "root" => Ok(Self::Root),
            "leading" => Ok(Self::Leading),
            "grid" => Ok(Self::Grid),
            "exact" => Ok(Self::Exact),
            number => match number.parse::<f64>() {
                Ok(epsilon) if EPSILON.legal.contains(&epsilon) => Ok(Self::Fixed(epsilon)),
                _ => Err(format!("`{number}` is not root, leading, grid, exact or a number above 0")),
            },
        }
    }
}

impl TryFrom<String> for Temperature {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Temperature> for String {
    fn from(temperature: Temperature) -> Self {
        temperature.to_string()
    }
}

/// Which device computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// A real GPU where there is one, the CPU otherwise; never a software adapter.
    #[default]
    Auto,
    /// Any adapter wgpu finds, a software one included.
    Gpu,
    /// The CPU.
    Cpu,
}

/// The type that a model's products of matrices are computed in. All else, statistics included, is in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// What is sure to give the model's own states: f32.
    #[default]
    Auto,
    /// 32 bits.
    F32,
    /// 16 bits, on a GPU that has them: large states may overflow.
    F16,
    /// 16 bits with the range of f32, on a GPU that has them.
    Bf16,
}

/// The type scores are stored in on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, as they were made.
    #[default]
    F32,
    /// 16 bits: half the space; a cosine keeps three digits.
    F16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_numbers_are_read_and_others_name_what_is_legal() {
        assert_eq!(POINTS.parse("65536"), Ok(65_536));
        assert_eq!(POINTS.parse("1"), Err("not a whole number from 2 to 65536".to_owned()));
        assert_eq!(SEED.parse("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(TOLERANCE.parse("0.5"), Ok(0.5));
        for wrong in ["nan", "-0.1", "1.5", "", "inf"] {
            assert_eq!(TOLERANCE.parse(wrong), Err("not a number from 0 to 1".to_owned()), "{wrong}");
        }
        assert_eq!((POINTS.nearest(0), POINTS.nearest(7), POINTS.nearest(70_000)), (2, 7, 65_536));
        let defaults = Settings::default();
        assert!(SAMPLES.legal.contains(&defaults.samples) && CONTEXT.legal.contains(&defaults.context));
        assert!(TEMPERATURE_FACTOR.legal.contains(&defaults.temperature_factor));
    }

    #[test]
    fn temperatures_survive_text() {
        for temperature in
            [Temperature::Root, Temperature::Grid, Temperature::Exact, Temperature::Fixed(0.0123)]
        {
            assert_eq!(temperature.to_string().parse(), Ok(temperature));
        }
        assert!("0".parse::<Temperature>().is_err());
        assert!("nan".parse::<Temperature>().is_err());
        assert!("roots".parse::<Temperature>().is_err());
    }
}
