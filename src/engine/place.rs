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
use crate::settings::{Backend, Precision, Settings};
use crate::store::{Entry, Key, ScoreTable, Shape, Store, StoreScores};

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
    /// Operations to make a token's scores, with the states they are of.
    operations: f64,
    /// The checkpoint's name.
    name: &'a str,
}

impl<'a> Wanted<'a> {
    /// The scores of the model of the checkpoint `name` on a sample.
    pub fn new(request: &'a Request, config: &Config, sample: &'a Sample, name: &'a str) -> Self {
        let shape = Shape {
            layers: config.layers.len() + 1,
            seeds: request.settings.reference_seeds.max(1),
            points: request.scored_points(),
            precision: request.settings.scores,
        };
        let operations = operations(config, shape);
        Self { request, sample, shape, width: config.hidden_size, operations, name }
    }

    fn positions(&self) -> usize {
        self.sample.positions(self.sample.documents.len())
    }

    /// Whether scores that nobody asks live are better stored than made again.
    fn better_stored(&self, store: &Store, device: &OpenDevice) -> bool {
        match store.scores_kept() {
            StoreScores::Always => true,
            StoreScores::Never => false,
            // A GPU, whose rate is another altogether, keeps scores in its own memory as long as they fit.
            StoreScores::Auto => {
                // What was asked for in half precision is rounded as it is stored, whatever memory is free.
                let rounded = self.shape.precision == Precision::F16;
                device.is_gpu() || rounded || worth_storing(self.operations, self.shape)
            }
        }
    }

    /// Finds a place, the first of these that there is:
    ///
    /// 1. scores in the store that answer already;
    /// 2. free memory of a GPU that makes them;
    /// 3. free memory of the machine, for what a window asks live (a part of it may lie in the store already), and for
    ///    what is made again about as soon as stored;
    /// 4. the store. A window whose memory is full stores cheap scores too: every slider asks for all of them again,
    ///    and reading them is several times faster than writing was, while the model would have to be opened each time;
    /// 5. memory that others give up.
    ///
    /// Also gives what went otherwise than it should, a line each.
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
        let fits = |bytes: usize| held + bytes <= budget && memory::check(bytes).is_ok();
        let live = |bytes: usize| self.request.interactive && fits(bytes);
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
            // What is there already is brought to memory, and only the rest is made.
            let begun = store
                .and_then(|store| store.begun(&key, least, &self.sample.chunks))
                .filter(|begun| live(begun.bytes_of(self.positions())))
                .and_then(|mut begun| begun.load().is_ok().then_some(begun));
            return Ok((Scored::new(begun.unwrap_or(empty), self.width), Vec::new()));
        }
        if let Some(store) = store.filter(|store| !self.better_stored(store, device))
            && fits(bytes)
        {
            store.leave_out();
            return Ok((Scored::new(empty, self.width), Vec::new()));
        }
        let store = store.filter(|store| store.scores_kept() != StoreScores::Never);
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
            Some(full) => {
                let free = memory::size(memory::available().unwrap_or(0) as u64);
                Error::new(error.kind(), format!("no room in memory, of which {free} is free: {full}"))
            }
            None => error,
        })?;
        Ok((Scored::new(empty, self.width), warnings))
    }

    /// An entry of the store, for want of room at the expense of others.
    fn entry(&self, key: &Key, store: &Store, others: &mut Others<'_>) -> Result<Entry> {
        loop {
            match store.entry(key, self.shape, self.positions(), self.name) {
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

/// Operations (multiplications and additions) that a token's scores take: the products with the weights, and
/// those with the reference points. Attention, norms and the like add little.
fn operations(config: &Config, shape: Shape) -> f64 {
    let [hidden, inner, vocabulary] =
        [config.hidden_size, config.intermediate_size, config.vocab_size].map(|size| size as f64);
    let attention = 2.0 * (config.attention.query_width() + config.attention.key_width()) as f64;
    // With a gate, as most have.
    let feed_forward = 3.0 * inner;
    let blocks = config.layers.len() as f64 * hidden * (attention + feed_forward);
    let scores = (shape.planes() * shape.points) as f64 * hidden;
    2.0 * (blocks + hidden * vocabulary + scores)
}

/// Whether a token's scores take clearly longer to make again than to store and read.
///
/// A rule of thumb in place of a clock, so that the same measurement always does the same. Two cores compute
/// 100 operations a nanosecond for models of a million parameters and 200 for large ones, and a byte takes
/// 1.5 to 5 ns to a disk and back: storing breaks even somewhere between 150 and 1000 operations a byte, and
/// is worth its room from there on. Models lie far apart: of a million parameters at 400 operations a byte,
/// of a hundred million at 7,000 to 16,000, of one billion at 100,000.
fn worth_storing(operations: f64, shape: Shape) -> bool {
    const OPERATIONS_A_BYTE: f64 = 1000.0;
    operations > OPERATIONS_A_BYTE * shape.bytes(1) as f64
}

/// What the content of the store depends on.
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
    fn new(identity: u128, device: &OpenDevice, settings: Settings) -> Self {
        Self {
            model: format!("{identity:032x}"),
            tokens: None,
            device: device.compute.arithmetic(),
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
    Key::of_scores(&Dependencies::new(identity, device, settings.of_scores()))
}

/// The key of a checkpoint's measurement.
pub fn measurement_key(identity: u128, sample: &Sample, settings: &Settings, device: &OpenDevice) -> Key {
    let tokens = Some(format!("{:032x}", sample.identity()));
    Key::of_measurement(&Dependencies { tokens, ..Dependencies::new(identity, device, settings.clone()) })
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

/// A checkpoint's name beside those of other runs.
pub fn title(run: &str, checkpoint: &str) -> String {
    // A model on its own is a run of one.
    if run == checkpoint { run.to_owned() } else { format!("{run}/{checkpoint}") }
}

/// A number of chunks for people.
pub fn chunks(count: usize) -> String {
    if count == 1 { "1 chunk".to_owned() } else { format!("{count} chunks") }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
