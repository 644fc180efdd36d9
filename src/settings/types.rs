//! Settings that are neither numbers nor text.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The legal values of [`Temperature::Fixed`].
pub const EPSILON: RangeInclusive<f64> = f64::MIN_POSITIVE..=f64::MAX;

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
                Ok(epsilon) if EPSILON.contains(&epsilon) => Ok(Self::Fixed(epsilon)),
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

/// Names of fields, each once, in the order in which they were named. Written with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct FieldNames(Vec<String>);

impl FieldNames {
    /// The names.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a field is among them.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// Takes a field in, or out where it is among them.
    pub fn toggle(&mut self, name: &str) {
        match self.contains(name) {
            true => self.0.retain(|known| known != name),
            false => self.0.push(name.to_owned()),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for FieldNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

impl From<String> for FieldNames {
    fn from(text: String) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Self(names)
    }
}

impl FromStr for FieldNames {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.to_owned().into())
    }
}

impl From<FieldNames> for String {
    fn from(names: FieldNames) -> Self {
        names.to_string()
    }
}

/// Which positions of a preferred or rejected answer carry that label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PairPositions {
    /// Those of the last message, its end marker included.
    #[default]
    Last,
    /// All, those of the prompt too, which both answers have in common.
    All,
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
    /// What gives the model's own states: f32, or what comes as near in less time.
    #[default]
    Auto,
    /// 32 bits.
    F32,
    /// 16 bits, on a GPU that has them: large states may overflow.
    F16,
    /// 16 bits with the range of f32, on the CPU or on a GPU that has them.
    Bf16,
    /// The same for weights, and twice for states, which are sums of two: on the CPU, nearly as f32 where weights are stored so.
    Bf16x2,
}

impl Dtype {
    /// The type that [`Dtype::Auto`] comes to; any other itself.
    pub fn resolved(self) -> Self {
        if self == Self::Auto { Self::F32 } else { self }
    }
}

/// The type that scores have, in memory and on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, as they were made.
    #[default]
    F32,
    /// 16 bits, each score rounded to the nearest: half the space; a cosine keeps three digits.
    F16,
}
