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
use crate::store::{Key, ScoreTable, Shape, Store};

/// Where scores may go.
pub struct Places<'a> {
    /// The device that makes them.
    pub device: &'a OpenDevice,
    /// The store, if there is one.
    pub store: Option<&'a Store>,
    /// Bytes of scores that may be kept in memory, the device's or the machine's.
    pub budget: usize,
    /// Bytes of those that other checkpoints take, or will.
    pub held: usize,
}

/// The scores of a checkpoint that want a place.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    request: &'a Request,
    sample: &'a Sample,
    shape: Shape,
    width: usize,
}

impl<'a> Wanted<'a> {
    /// The scores of a model on a sample.
    pub fn new(request: &'a Request, config: &Config, sample: &'a Sample) -> Self {
        let shape = Shape {
            layers: config.layers.len() + 1,
            seeds: request.settings.reference_seeds.max(1),
            points: request.scored_points(),
            precision: request.settings.scores,
        };
        Self { request, sample, shape, width: config.hidden_size }
    }

    fn positions(&self) -> usize {
        self.sample.positions(self.sample.documents.len())
    }

    /// Finds a place: scores in the store that answer already; memory, for what a window asks live or a GPU made,
    /// as far as it is free; the store; at last memory that `give_up` takes from other checkpoints, given the bytes
    /// that are wanted. Says what went otherwise than it should.
    ///
    /// # Errors
    /// More scores than there is room for.
    pub fn place(
        &self,
        identity: u128,
        places: &Places<'_>,
        give_up: impl FnOnce(usize),
    ) -> Result<(Scored, Vec<String>)> {
        let Places { device, store, budget, held } = *places;
        let settings = &self.request.settings;
        let key = scores_key(identity, settings, device);
        let least = Shape { points: settings.points, ..self.shape };
        if let Some(table) = store.and_then(|store| store.complete(&key, least, &self.sample.chunks)) {
            return Ok((Scored::new(table, self.width), Vec::new()));
        }
        let empty = ScoreTable::new(self.shape, &self.sample.chunks);
        let bytes = empty.bytes_of(self.positions());
        if held + bytes <= budget {
            if let Some(scored) = self.on_device(device)? {
                return Ok((scored, Vec::new()));
            }
            if self.request.interactive && memory::check(bytes).is_ok() {
                return Ok((Scored::new(empty, self.width), Vec::new()));
            }
        }
        let mut warnings = Vec::new();
        match store.map(|store| store.entry(&key, self.shape, self.positions())) {
            Some(Ok(entry)) => {
                let folder = entry.folder().to_owned();
                let (table, damaged) = ScoreTable::stored(entry, &self.sample.chunks);
                if damaged > 0 {
                    let cause = "the stored scores are cut short";
                    warnings.push(format!("{cause}; making {} again: {}", chunks(damaged), folder.display()));
                }
                return Ok((Scored::new(table, self.width), warnings));
            }
            Some(Err(error)) => warnings.push(format!("{error}; going on in memory")),
            None => {}
        }
        if bytes <= budget {
            give_up(bytes);
            if let Some(scored) = self.on_device(device)? {
                return Ok((scored, warnings));
            }
        }
        memory::check(bytes).map_err(|error| match warnings.pop() {
            // Why it could not be stored is what the user can do something about.
            Some(warning) => Error::new(error.kind(), format!("{error}; {warning}")),
            None => error,
        })?;
        Ok((Scored::new(empty, self.width), warnings))
    }

    /// A place in the GPU's memory, where this is a GPU that can hold a plane in one piece.
    fn on_device(&self, device: &OpenDevice) -> Result<Option<Scored>> {
        let Shape { points, .. } = self.shape;
        let planes = device.estimator.device_planes(self.shape.planes(), self.positions(), points)?;
        let table = ScoreTable::new(self.shape, &self.sample.chunks);
        Ok(planes.map(|planes| Scored { device: Some(planes), ..Scored::new(table, self.width) }))
    }
}

/// What the content of the store depends on.
#[derive(Serialize)]
struct Dependencies {
    /// The identity of the model.
    model: String,
    /// The identity of the sample; absent for scores, each chunk of which has its own.
    tokens: Option<String>,
    /// The device that computes, by its own name.
    device: String,
    settings: Settings,
}

impl Dependencies {
    fn new(identity: u128, device: &OpenDevice, settings: Settings) -> Self {
        Self {
            model: format!("{identity:032x}"),
            tokens: None,
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

/// The key of a checkpoint's scores, however many points and seeds they are of.
fn scores_key(identity: u128, settings: &Settings, device: &OpenDevice) -> Key {
    let settings = Settings { reference_seeds: 0, ..settings.of_scores() };
    Key::new(&Dependencies::new(identity, device, settings))
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
