//! Where a checkpoint's scores go: to the GPU's memory, to main memory or to the store.

use serde::Serialize;

use super::job::Scored;
use super::message::Request;
use super::open_device::OpenDevice;
use super::sample::Sample;
use crate::device::Compute;
use crate::error::{Error, Result};
use crate::memory;
use crate::model::config::Config;
use crate::settings::{Backend, Settings};
use crate::store::{Entry, Key, ScoreTable, Shape, Store, score_bytes};

/// How much room a checkpoint's scores want.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    sample: &'a Sample,
    hidden_states: usize,
    width: usize,
    seeds: usize,
    stride: usize,
}

impl<'a> Place<'a> {
    /// The room for the scores of a model on a sample.
    pub fn new(request: &Request, config: &Config, sample: &'a Sample) -> Self {
        Self {
            sample,
            hidden_states: config.layers.len() + 1,
            width: config.hidden_size,
            seeds: request.settings.reference_seeds.max(1),
            stride: request.scored_points(),
        }
    }

    fn planes(&self) -> usize {
        self.hidden_states * self.seeds
    }

    fn positions(&self) -> usize {
        self.sample.positions(self.sample.documents.len())
    }

    /// Bytes of memory that all scores take.
    pub fn bytes(&self) -> usize {
        self.planes() * self.positions() * self.stride * size_of::<f32>()
    }

    /// Finds room: on a GPU in its memory where that suffices, in main memory for what a window asks live and
    /// for want of a store, else in the store. Says what went otherwise than it should.
    ///
    /// # Errors
    /// More scores than there is room for.
    pub fn find(
        &self,
        identity: u128,
        budget: usize,
        device: &OpenDevice,
        store: Option<&Store>,
        request: &Request,
    ) -> Result<(Scored, Vec<String>)> {
        let mut warnings = Vec::new();
        let mut scored = Scored {
            hidden_states: self.hidden_states,
            seeds: self.seeds,
            width: self.width,
            ..Scored::default()
        };
        if self.bytes() <= budget {
            scored.device = device.estimator.device_planes(self.planes(), self.positions(), self.stride)?;
        }
        let live = request.interactive && self.bytes() <= budget;
        let stored = match store {
            Some(store) if scored.device.is_none() && !live => {
                let entry = self.entry(identity, device, store, &request.settings);
                entry.map_err(|error| warnings.push(format!("{error}; going on in memory"))).ok()
            }
            _ => None,
        };
        if stored.is_none() && scored.device.is_none() {
            memory::check(self.bytes()).map_err(|error| match warnings.pop() {
                // Why it could not be stored is what the user can do something about.
                Some(warning) => Error::new(error.kind(), format!("{error}; {warning}")),
                None => error,
            })?;
        }
        let folder = stored.as_ref().map(|entry| entry.folder().to_owned());
        let (table, damaged) = ScoreTable::new(self.planes(), self.stride, &self.sample.chunks, stored);
        if let Some(folder) = folder.filter(|_| damaged > 0) {
            let cause = "the stored scores are cut short";
            warnings.push(format!("{cause}; making {} again: {}", chunks(damaged), folder.display()));
        }
        scored.table = table;
        Ok((scored, warnings))
    }

    fn entry(
        &self,
        identity: u128,
        device: &OpenDevice,
        store: &Store,
        settings: &Settings,
    ) -> Result<Entry> {
        let shape = Shape { planes: self.planes(), stride: self.stride, precision: settings.scores };
        let bytes = self.planes() * self.positions() * self.stride * score_bytes(shape.precision);
        let dependencies = Dependencies {
            scored_points: Some(self.stride),
            ..Dependencies::new(identity, device, settings.of_scores())
        };
        store.entry(&Key::new(&dependencies), shape, bytes as u64)
    }
}

/// What the content of the store depends on.
#[derive(Serialize)]
struct Dependencies {
    /// The identity of the model.
    model: String,
    /// The identity of the sample; absent for scores, each chunk of which has its own.
    tokens: Option<String>,
    /// The number of points scored, where scores are meant.
    scored_points: Option<usize>,
    /// The device that computes, by its own name.
    device: String,
    settings: Settings,
}

impl Dependencies {
    fn new(identity: u128, device: &OpenDevice, settings: Settings) -> Self {
        Self {
            model: format!("{identity:032x}"),
            tokens: None,
            scored_points: None,
            device: device.compute.name(),
            // What these choose counts by itself: the tokens, and the device.
            settings: Settings {
                samples: 0,
                context: 0,
                text_field: String::new(),
                backend: Backend::Auto,
                ..settings
            },
        }
    }
}

/// The key of a checkpoint's measurement.
pub fn measurement_key(identity: u128, sample: &Sample, settings: &Settings, device: &OpenDevice) -> Key {
    let tokens = Some(format!("{:032x}", sample.identity()));
    Key::new(&Dependencies { tokens, ..Dependencies::new(identity, device, settings.clone()) })
}

/// Bytes of scores that may be kept in memory for later questions, of which `held` are: half of what is free.
pub fn budget(device: &OpenDevice, held: usize) -> usize {
    const UNKNOWN: usize = 4 << 30;
    let free = match &device.compute {
        Compute::Cpu => memory::available().map(|free| free + held),
        Compute::Gpu(gpu) => gpu.memory,
    };
    free.map_or(UNKNOWN, |free| free / 2)
}

/// A number of chunks for people.
pub fn chunks(count: usize) -> String {
    if count == 1 { "1 chunk".to_owned() } else { format!("{count} chunks") }
}
