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
use crate::settings::{Dtype, Precision, Settings, Temperature};
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

    /// Bytes of memory that the scores of `positions` positions take.
    pub fn bytes_of(&self, positions: usize) -> usize {
        self.planes() * positions * self.stride * size_of::<f32>()
    }

    /// Bytes of memory that all scores take.
    pub fn bytes(&self) -> usize {
        self.bytes_of(self.positions())
    }

    /// Bytes that `scored` will hold in the memory of the device that computes.
    pub fn held_beside(&self, scored: &Scored) -> usize {
        if scored.table.is_stored() { 0 } else { self.bytes() }
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
        store.entry(&Key::new(&self.scores_key(identity, device, settings)), shape, bytes as u64)
    }

    fn scores_key(&self, identity: u128, device: &OpenDevice, settings: &Settings) -> ScoresKey {
        ScoresKey {
            model: format!("{identity:032x}"),
            max_order: settings.max_order,
            points: self.stride,
            seed: settings.seed,
            reference_seeds: self.seeds,
            device: device.compute.name(),
            dtype: settings.dtype,
            scores: settings.scores,
        }
    }
}

/// What scores depend on, beside the tokens that each chunk has with it.
#[derive(Serialize)]
struct ScoresKey {
    model: String,
    max_order: usize,
    points: usize,
    seed: u64,
    reference_seeds: usize,
    device: String,
    dtype: Dtype,
    scores: Precision,
}

/// The key of a checkpoint's measurement.
pub fn measurement_key(identity: u128, sample: &Sample, settings: &Settings, device: &OpenDevice) -> Key {
    #[derive(Serialize)]
    struct MeasurementKey {
        model: String,
        tokens: String,
        max_order: usize,
        points: usize,
        seed: u64,
        reference_seeds: usize,
        temperature: Temperature,
        temperature_factor: f64,
        min_count: u32,
        tolerance: f64,
        device: String,
        dtype: Dtype,
        scores: Precision,
    }
    let Settings { max_order, points, seed, reference_seeds, temperature, temperature_factor, .. } =
        *settings;
    let Settings { min_count, tolerance, dtype, scores, .. } = *settings;
    Key::new(&MeasurementKey {
        model: format!("{identity:032x}"),
        tokens: format!("{:032x}", sample.identity()),
        max_order,
        points,
        seed,
        reference_seeds,
        temperature,
        temperature_factor,
        min_count,
        tolerance,
        device: device.compute.name(),
        dtype,
        scores,
    })
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
