//! Keys of scores and measurements: everything that their content depends on.

use serde::Serialize;
use twox_hash::XxHash3_128;

use super::open_device::OpenDevice;
use super::sample::Sample;
use crate::settings::{Role, Settings};
use crate::store::Key;

/// The scores of one model on one sample, by a hash of everything they depend on but the number of points and seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScoresId(u128);

#[cfg(test)]
impl ScoresId {
    pub fn of_number(number: u128) -> Self {
        Self(number)
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
    /// The key of the scores of the model with this content hash.
    pub fn new(identity: u128, sample: &Sample, settings: &Settings, device: &OpenDevice) -> Self {
        let of = Dependencies::new(identity, device, &settings.of_scores());
        let stored = Key::of_scores(&of);
        let of = Dependencies { tokens: Some(hex(sample.identity())), ..of };
        // Only maps with keys that are no text could fail.
        let text = serde_json::to_string(&of).unwrap_or_default();
        Self { id: ScoresId(XxHash3_128::oneshot(text.as_bytes())), stored }
    }
}

/// The key of a checkpoint's measurement.
pub fn measurement_key(identity: u128, sample: &Sample, settings: &Settings, device: &OpenDevice) -> Key {
    let tokens = Some(hex(sample.identity()));
    Key::of_measurement(&Dependencies { tokens, ..Dependencies::new(identity, device, settings) })
}

/// What stored content depends on.
#[derive(Serialize)]
struct Dependencies {
    /// The identity of the model.
    model: String,
    /// The identity of the sample; absent for scores, each chunk of which has its own.
    tokens: Option<String>,
    /// The arithmetic of the device that computes.
    device: String,
    settings: Settings,
}

impl Dependencies {
    fn new(identity: u128, device: &OpenDevice, settings: &Settings) -> Self {
        Self {
            model: hex(identity),
            tokens: None,
            device: device.compute.arithmetic(),
            // What these choose counts by itself: the tokens, and the device.
            settings: settings.without(&[Role::Tokens, Role::Device]),
        }
    }
}

fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}
