//! Keys of scores and measurements: everything that their content depends on.

use serde::Serialize;
use twox_hash::XxHash3_128;

use super::open_device::OpenDevice;
use super::sample::Sample;
use crate::scores::Seeds;
use crate::settings::{Role, Settings};
use crate::store::Key;

/// The scores of one model on one sample, by a hash of everything they depend on but the number of points and seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScoresId {
    of: u128,
    part: Part,
}

/// Seeds whose scores are held as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// All, for who measures once.
    All,
    /// The first, which all numbers but the spread are of: what a window's sliders query.
    First,
    /// Those that follow it, for the spread.
    Further,
}

impl Part {
    /// The seeds, where there are `count` in all.
    pub fn seeds(self, count: usize) -> Seeds {
        match self {
            Self::All => Seeds::from_first(count),
            Self::First => Seeds::from_first(1),
            Self::Further => Seeds { first: 1, count: count.saturating_sub(1) },
        }
    }
}

impl ScoresId {
    /// The part that has the scores of the first seed; the others are in the part itself, or in
    /// [`ScoresId::further`].
    fn new(of: u128, live: bool) -> Self {
        Self { of, part: if live { Part::First } else { Part::All } }
    }

    #[cfg(test)]
    pub fn of_number(number: u128, part: Part) -> Self {
        Self { of: number, part }
    }

    /// Which seeds these are.
    pub fn part(self) -> Part {
        self.part
    }

    /// The same scores of the seeds that follow the first; `None` where one part has all.
    pub fn further(self) -> Option<Self> {
        (self.part != Part::All).then_some(Self { part: Part::Further, ..self })
    }

    /// Whether both are of one model on one sample.
    pub fn same_model(self, other: Self) -> bool {
        self.of == other.of
    }
}

/// The key of a checkpoint's scores.
#[derive(Clone, Debug)]
pub struct ScoresKey {
    /// The scores on this very sample.
    pub id: ScoresId,
    /// Where the store has them: there a chunk of documents is found whatever sample it belongs to.
    pub stored: Key,
}

impl ScoresKey {
    /// The key of the scores of the model with this content hash: in a window, which is `live`, of the first seed, else
    /// of all.
    pub fn new(
        identity: u128,
        sample: &Sample,
        settings: &Settings,
        live: bool,
        device: &OpenDevice,
    ) -> Self {
        let of = Dependencies::new(identity, device, &settings.of_scores());
        let stored = Key::of_scores(&of);
        let of = Dependencies { tokens: Some(hex(sample.identity())), ..of };
        // Only maps with keys that are no text could fail.
        let text = serde_json::to_string(&of).unwrap_or_default();
        Self { id: ScoresId::new(XxHash3_128::oneshot(text.as_bytes()), live), stored }
    }

    /// The key of the same scores in another part.
    pub fn with(&self, id: ScoresId) -> Self {
        Self { id, stored: self.stored.clone() }
    }
}

/// The key of a checkpoint's measurement.
pub fn measurement_key(identity: u128, sample: &Sample, settings: &Settings, device: &OpenDevice) -> Key {
    let (tokens, labels) = (Some(hex(sample.identity())), sample.labelled.map(hex));
    Key::of_measurement(&Dependencies { tokens, labels, ..Dependencies::new(identity, device, settings) })
}

/// What stored content depends on.
#[derive(Serialize)]
struct Dependencies {
    /// The identity of the model.
    model: String,
    /// The identity of the sample; absent for scores, each chunk of which has its own.
    tokens: Option<String>,
    /// The labels of documents, where there are any; absent for scores, which do not depend on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<String>,
    /// The arithmetic of the device that computes.
    device: String,
    settings: Settings,
}

impl Dependencies {
    fn new(identity: u128, device: &OpenDevice, settings: &Settings) -> Self {
        Self {
            model: hex(identity),
            tokens: None,
            labels: None,
            device: device.compute.arithmetic(),
            // What these choose counts by itself: the tokens, and the device.
            settings: settings.without(&[Role::Tokens, Role::Device]),
        }
    }
}

fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys under which a device of this arithmetic finds scores and measurements.
    fn keys(model: u128, device: &str, settings: &Settings) -> [String; 2] {
        let of = Dependencies {
            model: hex(model),
            tokens: Some(hex(7)),
            labels: None,
            device: device.to_owned(),
            settings: settings.without(&[Role::Tokens, Role::Device]),
        };
        [Key::of_scores(&of), Key::of_measurement(&of)].map(|key| format!("{key:?}"))
    }

    #[test]
    fn another_arithmetic_or_model_finds_nothing_of_this_one() {
        let usual = Settings::default();
        let here = keys(1, "CPU (x86_64, linux, AVX2)", &usual);
        assert_ne!(here[0], here[1]);
        for other in [
            keys(1, "CPU (aarch64, macos, NEON)", &usual),
            keys(2, "CPU (x86_64, linux, AVX2)", &usual),
            keys(1, "CPU (x86_64, linux, AVX2)", &Settings { seed: 5, ..usual.clone() }),
        ] {
            assert!(here.iter().zip(&other).all(|(here, other)| here != other), "{here:?} {other:?}");
        }
        // What was asked for, and how many documents were allowed, is no part of it.
        let asked = Settings { samples: 3, backend: crate::settings::Backend::Cpu, ..usual };
        assert_eq!(here, keys(1, "CPU (x86_64, linux, AVX2)", &asked));
    }
}
