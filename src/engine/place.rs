//! Where a checkpoint's scores go: to the GPU's memory, to main memory or to the store.

use serde::Serialize;

use super::job::Scored;
use super::message::Request;
use super::open_device::OpenDevice;
use super::sample::Sample;
use crate::device::Compute;
use crate::error::{Error, Kind, Result};
use crate::memory;
use crate::model::config::Config;
use crate::settings::{Backend, Settings};
use crate::store::{Entry, Key, ScoreTable, Shape, Store};

/// Where scores may go.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// The device that makes them.
    pub device: &'a OpenDevice,
    /// Whether they may lie in its memory.
    pub on_device: bool,
    /// The store, if there is one.
    pub store: Option<&'a Store>,
    /// Bytes of scores that may be kept in memory, the device's or the machine's.
    pub budget: usize,
}

/// The scores of the other checkpoints, in the order of training.
pub struct Others<'a>(pub Vec<&'a mut Option<Scored>>);

impl Others<'_> {
    fn all(&self) -> impl Iterator<Item = &Scored> {
        self.0.iter().filter_map(|scored| scored.as_ref())
    }

    /// Bytes of memory they take.
    pub fn bytes(&self) -> usize {
        self.all().map(Scored::bytes).sum()
    }

    /// Bytes of memory they take, or will.
    fn bytes_to_hold(&self) -> usize {
        self.all().map(Scored::bytes_to_hold).sum()
    }

    /// Gives up scores in memory until `bytes` more fit into the budget, the last in training first. Returns the
    /// bytes that took.
    fn give_up(&mut self, bytes: usize, budget: usize) -> usize {
        let (mut held, mut freed) = (self.bytes_to_hold(), 0);
        for scored in self.0.iter_mut().rev() {
            if held + bytes <= budget {
                break;
            }
            if let Some(given_up) = scored.take_if(|scored| scored.bytes_to_hold() > 0) {
                held -= given_up.bytes_to_hold();
                freed += given_up.bytes();
            }
        }
        freed
    }

    /// Lets the store have the scores of one checkpoint, the last in training, so that it may remove them. Returns
    /// whether there was one.
    fn release(&mut self) -> bool {
        let stored = |scored: &&mut &mut Option<Scored>| {
            scored.as_ref().is_some_and(|scored| scored.table.is_stored())
        };
        let Some(scored) = self.0.iter_mut().rev().find(stored) else { return false };
        **scored = None;
        true
    }
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
    /// as far as it is free; the store; at last room that others give up. Says what went otherwise than it should.
    ///
    /// # Errors
    /// [`Kind::Memory`] and [`Kind::DeviceMemory`] for more scores than there is room for.
    pub fn place(
        &self,
        identity: u128,
        places: Places<'_>,
        mut others: Others<'_>,
    ) -> Result<(Scored, Vec<String>)> {
        let Places { device, on_device, store, budget } = places;
        let device_scores = || if on_device { self.on_device(device) } else { Ok(None) };
        let key = scores_key(identity, &self.request.settings, device);
        let held = others.bytes_to_hold();
        let live =
            |bytes: usize| self.request.interactive && held + bytes <= budget && memory::check(bytes).is_ok();
        let least = Shape { points: self.request.settings.points, ..self.shape };
        if let Some(mut table) = store.and_then(|store| store.complete(&key, least, &self.sample.chunks)) {
            if live(table.bytes_of(self.positions())) {
                // What is damaged stays where it is, and is found when it is asked.
                let _ = table.load();
            }
            return Ok((Scored::new(table, self.width), Vec::new()));
        }
        let empty = ScoreTable::new(self.shape, &self.sample.chunks);
        let bytes = empty.bytes_of(self.positions());
        if held + bytes <= budget
            && let Some(scored) = device_scores()?
        {
            return Ok((scored, Vec::new()));
        }
        if live(bytes) {
            return Ok((Scored::new(empty, self.width), Vec::new()));
        }
        let full = match store.map(|store| self.entry(&key, store, &mut others)).transpose() {
            Ok(Some(entry)) => return Ok(self.stored(entry)),
            entry => entry.err(),
        };
        let warnings = full.iter().map(|error| format!("{error}; going on in memory")).collect();
        let mut freed = 0;
        if bytes <= budget {
            freed = others.give_up(bytes, budget);
            if let Some(scored) = device_scores()? {
                return Ok((scored, warnings));
            }
        }
        // The system may not have back yet what was given up.
        memory::check(bytes.saturating_sub(freed)).map_err(|error| match full {
            // Why it could not be stored is what the user can do something about.
            Some(full) => Error::new(error.kind(), format!("{error}; {full}")),
            None => error,
        })?;
        Ok((Scored::new(empty, self.width), warnings))
    }

    /// An entry of the store, for want of room at the expense of others.
    fn entry(&self, key: &Key, store: &Store, others: &mut Others<'_>) -> Result<Entry> {
        loop {
            match store.entry(key, self.shape, self.positions()) {
                Err(error) if error.kind() == Kind::Full && others.release() => {}
                found => return found,
            }
        }
    }

    /// Scores that go to an entry, and what there is to say of those it has.
    fn stored(&self, entry: Entry) -> (Scored, Vec<String>) {
        let folder = entry.folder().to_owned();
        let (table, damaged) = ScoreTable::stored(entry, &self.sample.chunks);
        let cut = || {
            let cause = "the stored scores are cut short";
            format!("{cause}; making {} again: {}", chunks(damaged), folder.display())
        };
        let warnings = (damaged > 0).then(cut).into_iter().collect();
        (Scored::new(table, self.width), warnings)
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
    Key::new(&Dependencies::new(identity, device, settings.of_scores()))
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

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
