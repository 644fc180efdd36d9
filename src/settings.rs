//! One struct behind the flags, the sliders, the cache keys and the captions, so they cannot drift.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The widest n-gram that can be measured.
pub const LARGEST_ORDER: usize = 4;

/// The names of the n-gram orders 1 to 4, as they appear in results and in the window.
pub const ORDER_NAMES: [&str; LARGEST_ORDER] = ["token", "bigram", "trigram", "quadgram"];

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
                Ok(epsilon) if epsilon.is_finite() && epsilon > 0.0 => Ok(Self::Fixed(epsilon)),
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
