//! Where a checkpoint's scores go: a pure function of what they cost and of what room there is.

use super::keys::Part;
use crate::model::config::Config;
use crate::scores::Shape;
use crate::store::StoreScores;

/// A place for scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Free memory of the GPU that makes them.
    Gpu,
    /// Free main memory.
    Memory,
    /// The store.
    Store,
    /// Memory of the GPU, for want of room at the expense of other scores.
    GpuOfOthers,
    /// Main memory, for want of room at the expense of other scores.
    MemoryOfOthers,
}

/// Bytes of scores in some memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many there may be.
    pub all: usize,
    /// How many the scores that lie there take, or will.
    pub held: usize,
}

impl Budget {
    /// Whether so many bytes more fit.
    pub fn fits(self, bytes: usize) -> bool {
        self.held.saturating_add(bytes) <= self.all
    }
}

/// What decides where scores go.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// Which seeds they are of, and with that how often they are queried: those of all and of the further ones once,
    /// those of the first whenever a slider moves.
    pub part: Part,
    /// How they are laid out.
    pub shape: Shape,
    /// Operations that a token's scores take, with the states they are of.
    pub operations: f64,
    /// Bytes of main memory that all of them take.
    pub bytes: usize,
    /// Bytes of a GPU's memory that all of them take.
    pub bytes_on_gpu: usize,
    /// The budget in the memory of the GPU; `None` where none makes them, or it had no room for them before.
    pub gpu: Option<Budget>,
    /// Whether a GPU makes them.
    pub made_on_gpu: bool,
    /// The budget in main memory.
    pub memory: Budget,
    /// Whether the machine has that much main memory free.
    pub free: bool,
    /// Whether the store takes scores; `None` where there is no store.
    pub store: Option<StoreScores>,
}

impl Situation {
    /// The places to try, the first that takes the scores before the others:
    ///
    /// 1. free memory of a GPU that makes them;
    /// 2. free memory of the machine, for what a window's sliders query, and for what is made again about as soon as
    ///    stored. A window's scores of further seeds are evicted once they are queried, and count against no budget;
    /// 3. the store. A window whose memory is full stores cheap scores of the first seed too: every slider queries all
    ///    of them again, and reading them is several times faster than writing was, while the model would have to be
    ///    opened each time;
    /// 4. memory from which other scores are evicted.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        if self.gpu.is_some_and(|gpu| gpu.fits(self.bytes_on_gpu)) {
            places.push(Place::Gpu);
        }
        let cheap = self.store.is_some_and(|store| !self.better_stored(store));
        let in_memory = match self.part {
            Part::First => self.memory.fits(self.bytes),
            Part::All => cheap && self.memory.fits(self.bytes),
            Part::Further => cheap || self.store.is_none(),
        };
        if in_memory && self.free {
            // It takes them.
            places.push(Place::Memory);
            return places;
        }
        if self.store.is_some_and(|store| store != StoreScores::Never) {
            places.push(Place::Store);
        }
        if self.gpu.is_some_and(|gpu| self.bytes_on_gpu <= gpu.all) {
            places.push(Place::GpuOfOthers);
        }
        places.push(Place::MemoryOfOthers);
        places
    }

    /// Whether scores that are queried once are better stored than made again.
    fn better_stored(&self, store: StoreScores) -> bool {
        match store {
            StoreScores::Always => true,
            StoreScores::Never => false,
            // A GPU, whose rate is another altogether, keeps scores in its own memory as long as they fit.
            StoreScores::Auto => self.made_on_gpu || worth_storing(self.operations, self.shape),
        }
    }
}

/// Operations (multiplications and additions) that a token's scores take: the products with the weights, and
/// those with the reference points. Attention, norms and the like add little.
pub fn operations(config: &Config, shape: Shape) -> f64 {
    let [hidden, inner, vocabulary] =
        [config.hidden_size, config.intermediate_size, config.vocab_size].map(|size| size as f64);
    let attention = 2.0 * (config.attention.query_width() + config.attention.key_width()) as f64;
    // With a gate, as most have.
    let feed_forward = 3.0 * inner;
    let blocks = config.layers.len() as f64 * hidden * (attention + feed_forward);
    let scores = (shape.slabs() * shape.points) as f64 * hidden;
    2.0 * (blocks + hidden * vocabulary + scores)
}

/// Whether a token's scores take clearly longer to make again than to store and read.
///
/// A rule of thumb in place of a clock, so that the same measurement always does the same. Two cores compute
/// 100 operations a nanosecond for models of a million parameters and 200 for large ones, and a byte takes
/// 1.5 to 5 ns to a disk and back: storing breaks even somewhere between 150 and 1000 operations a byte, and
/// is worth its room from there on. Models lie far apart: of a million parameters at 400 operations a byte,
/// of a hundred million at 7,000 to 16,000, of one billion at 100,000.
pub fn worth_storing(operations: f64, shape: Shape) -> bool {
    const OPERATIONS_A_BYTE: f64 = 1000.0;
    operations > OPERATIONS_A_BYTE * shape.bytes(1) as f64
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
