//! All scores of all checkpoints: where they lie, how much memory they take, and which make room for others. Scores
//! of a window's further seeds pass through: they are made for one question, and held until it is answered.

use std::collections::{BTreeMap, HashSet};

use super::keys::{Part, ScoresId, ScoresKey};
use super::open_device::OpenDevice;
use super::place::{self, Budget, Place, Situation};
use super::sample::Sample;
use super::scored::Scored;
use crate::device::Compute;
use crate::error::{Error, Kind, Result};
use crate::memory;
use crate::model::config::Config;
use crate::scores::{Entry, ScoreTable, Shape};
use crate::settings::Settings;
use crate::store::Store;
use crate::words::{self, counted};

/// Scores that are to be made.
#[derive(Clone, Debug)]
pub struct NewScores<'a> {
    sample: &'a Sample,
    /// How they are laid out where none are there yet.
    shape: Shape,
    /// The points and seeds that are asked for, which scores that are there must have.
    least: Shape,
    /// The hidden size h.
    width: usize,
    /// Operations that a token's scores take, with the states they are of.
    operations: f64,
    /// Which seeds they are of.
    part: Part,
    /// The checkpoint's name, for people.
    name: &'a str,
}

impl<'a> NewScores<'a> {
    /// The scores of the model of a checkpoint of this name on a sample, of some of the seeds.
    pub fn new(settings: &Settings, part: Part, config: &Config, sample: &'a Sample, name: &'a str) -> Self {
        let least = Shape {
            layers: config.layers.len() + 1,
            seeds: part.seeds(settings.reference_seeds.max(1)),
            points: settings.points,
            precision: settings.scores,
        };
        let shape = Shape { points: points_made(settings.points, part), ..least };
        let operations = place::operations(config, shape);
        Self { sample, shape, least, width: config.hidden_size, operations, part, name }
    }

    fn positions(&self) -> usize {
        self.sample.positions(self.sample.documents.len())
    }

    fn empty(&self) -> ScoreTable {
        ScoreTable::new(self.shape, &self.sample.chunks)
    }

    /// In main memory or on disk.
    fn scored(&self, table: ScoreTable) -> Scored {
        Scored::new(table, self.width)
    }

    /// In the GPU's memory, where this is a GPU that can hold a slab in one piece.
    fn on_gpu(&self, device: &OpenDevice) -> Result<Option<Scored>> {
        let Shape { points, precision, .. } = self.shape;
        let slabs = self.shape.slabs();
        let slabs = device.estimator.device_slabs(slabs, self.positions(), points, precision)?;
        Ok(slabs.map(|slabs| Scored::on_gpu(self.empty(), slabs, self.width)))
    }
}

/// How many reference points are scored where `points` are asked for: for a window some to spare, so that their number
/// can change without the model.
fn points_made(points: usize, part: Part) -> usize {
    const SPARE: usize = 128;
    match part {
        Part::All => points,
        Part::First | Part::Further => points.max(SPARE).next_power_of_two(),
    }
}

/// The scores of all checkpoints, under what they depend on.
#[derive(Debug)]
pub struct Bank {
    scores: BTreeMap<ScoresId, Slot>,
    /// Where they may be stored.
    store: Option<Store>,
    /// Bytes that scores may take in either memory, where that is said.
    kept: Option<usize>,
    /// Scores that the GPU's memory was used up with.
    too_large: HashSet<ScoresId>,
    /// Counts calls of [`Bank::open`], to know what was wanted longest ago.
    clock: u64,
}

#[derive(Debug)]
struct Slot {
    scored: Scored,
    /// When they were among the wanted ones last.
    wanted: u64,
}

/// Whether scores are dropped once they were queried: those of further seeds in main memory, which are soon made again. A
/// GPU's memory keeps them as long as there is room: to bring a model there again takes longer than to run it.
pub fn is_passing(id: ScoresId, scored: &Scored) -> bool {
    id.part() == Part::Further && !scored.table.is_stored() && !scored.is_on_gpu()
}

impl Bank {
    /// A bank with nothing in it, which keeps scores in memory, up to `kept` bytes where that is said, and in a store
    /// where there is one.
    pub fn new(store: Option<Store>, kept: Option<usize>) -> Self {
        Self { scores: BTreeMap::new(), store, kept, too_large: HashSet::new(), clock: 0 }
    }

    /// The scores under an id; `None` where there are none.
    pub fn get(&self, id: ScoresId) -> Option<&Scored> {
        self.scores.get(&id).map(|slot| &slot.scored)
    }

    /// The same, to be filled.
    pub fn get_mut(&mut self, id: ScoresId) -> Option<&mut Scored> {
        self.scores.get_mut(&id).map(|slot| &mut slot.scored)
    }

    /// The scores under some ids, to be filled; `None` where any are missing.
    pub fn get_all_mut(&mut self, ids: &[ScoresId]) -> Option<Vec<&mut Scored>> {
        let found = self.scores.iter_mut().filter(|(id, _)| ids.contains(id));
        let found: Vec<&mut Scored> = found.map(|(_, slot)| &mut slot.scored).collect();
        (found.len() == ids.len()).then_some(found)
    }

    /// Drops scores; what of them is stored stays there.
    pub fn evict(&mut self, id: ScoresId) {
        self.scores.remove(&id);
    }

    /// Drops the scores of a model on a sample, of whatever seeds.
    pub fn evict_all(&mut self, id: ScoresId) {
        self.scores.retain(|other, _| !other.same_model(id));
    }

    /// Drops scores that the GPU's memory was used up with; from here on they go elsewhere.
    pub fn move_off_gpu(&mut self, id: ScoresId) {
        self.evict_all(id);
        self.too_large.insert(id);
    }

    /// Whether scores have no place in the GPU's memory, which was used up with them.
    pub fn is_off_gpu(&self, id: ScoresId) -> bool {
        self.too_large.iter().any(|too_large| too_large.same_model(id))
    }

    /// Drops all that lies in the memory of a GPU, which is lost.
    pub fn lose_gpu(&mut self) {
        self.scores.retain(|_, slot| !slot.scored.is_on_gpu());
    }

    /// The scores that lie in the GPU's memory, or those that do not.
    fn of(&self, on_gpu: bool) -> impl Iterator<Item = (ScoresId, &Scored)> {
        let scores = self.scores.iter().map(|(id, slot)| (*id, &slot.scored));
        scores.filter(move |(_, scored)| scored.is_on_gpu() == on_gpu)
    }

    /// The same without those that are dropped as soon as they are queried and count against no budget.
    fn of_budget(&self, on_gpu: bool) -> impl Iterator<Item = &Scored> {
        self.of(on_gpu).filter(|(id, scored)| !is_passing(*id, scored)).map(|(_, scored)| scored)
    }

    /// Bytes that scores still take of the memory that a model is opened in: of the GPU's, of which the driver says what it
    /// has and not what is free, all that lie there; of main memory those to come.
    pub fn bytes_beside_model(&self, device: &OpenDevice) -> usize {
        match device.is_gpu() {
            true => self.of(true).map(|(_, scored)| scored.bytes_to_hold()).sum(),
            false => self.of(false).map(|(_, scored)| scored.bytes_to_hold() - scored.bytes()).sum(),
        }
    }

    /// The budget of scores in either memory: half of what is free, unless it is said.
    fn budget(&self, device: &OpenDevice, on_gpu: bool) -> Budget {
        const UNKNOWN: usize = 4 << 30;
        let free = match (&device.compute, on_gpu) {
            (Compute::Gpu(gpu), true) => gpu.memory,
            _ => {
                memory::available().map(|free| free + self.of_budget(false).map(Scored::bytes).sum::<usize>())
            }
        };
        let all = self.kept.unwrap_or_else(|| free.map_or(UNKNOWN, |free| free / 2));
        Budget { all, held: self.of_budget(on_gpu).map(Scored::bytes_to_hold).sum() }
    }

    /// Makes sure that there are scores under a key, or room for them: those that are there already, in memory or in
    /// the store, else the first place of [`Situation::places`] that takes them. `order` has the scores that are
    /// wanted, those to be evicted first last; whatever is not among them goes before.
    ///
    /// Returns what went otherwise than it should, a line each.
    ///
    /// # Errors
    /// [`Kind::Memory`] and [`Kind::DeviceMemory`] for more scores than there is room for.
    pub fn open(
        &mut self,
        key: &ScoresKey,
        new: &NewScores<'_>,
        order: &[ScoresId],
        device: &OpenDevice,
    ) -> Result<Vec<String>> {
        self.clock += 1;
        for id in order {
            if let Some(slot) = self.scores.get_mut(id) {
                slot.wanted = self.clock;
            }
        }
        // Scores to be dropped once they were queried, which nobody wants to query any more.
        self.scores.retain(|id, slot| !is_passing(*id, &slot.scored) || *id == key.id || order.contains(id));
        let enough = |scored: &Scored| scored.table.shape().covers(new.least.points, new.least.seeds);
        if self.get(key.id).is_some_and(enough) {
            return Ok(Vec::new());
        }
        self.evict(key.id);
        let (scored, warnings) = self.place(key, new, order, device)?;
        self.scores.insert(key.id, Slot { scored, wanted: self.clock });
        Ok(warnings)
    }

    fn place(
        &mut self,
        key: &ScoresKey,
        new: &NewScores<'_>,
        order: &[ScoresId],
        device: &OpenDevice,
    ) -> Result<(Scored, Vec<String>)> {
        let store = self.store.clone();
        let memory = self.budget(device, false);
        let bytes = new.empty().bytes_of(new.positions());
        let fits = |bytes: usize| memory.fits(bytes) && memory::check(bytes).is_ok();
        let complete =
            store.as_ref().and_then(|store| store.complete(&key.stored, new.least, &new.sample.chunks));
        if let Some(mut table) = complete {
            if new.part == Part::First && fits(table.bytes_of(new.positions())) {
                // What is damaged stays where it is, and is found when it is read.
                let _ = table.load();
            }
            return Ok((new.scored(table), Vec::new()));
        }
        let gpu = (device.is_gpu() && !self.is_off_gpu(key.id)).then(|| self.budget(device, true));
        let situation = Situation {
            part: new.part,
            shape: new.shape,
            operations: new.operations,
            bytes,
            bytes_on_gpu: new.shape.bytes_on_gpu(new.positions()),
            gpu,
            made_on_gpu: device.is_gpu(),
            memory,
            free: memory::check(bytes).is_ok(),
            store: store.as_ref().map(Store::scores_kept),
        };
        // Why they are not stored, where they should be.
        let mut full: Option<Error> = None;
        let said = |full: &Option<Error>| -> Vec<String> {
            full.iter().map(|error| format!("{error}; going on in memory")).collect()
        };
        for place in situation.places() {
            match place {
                Place::Gpu | Place::GpuOfOthers => {
                    if place == Place::GpuOfOthers {
                        self.make_room(key.id, situation.bytes_on_gpu, true, order, device);
                    }
                    if let Some(scored) = new.on_gpu(device)? {
                        return Ok((scored, said(&full)));
                    }
                }
                Place::Memory => return Ok((self.in_memory(key, new, fits), Vec::new())),
                Place::Store => {
                    let Some(store) = &store else { continue };
                    match self.entry(key, new, store, order) {
                        Ok(entry) => return Ok(stored(entry, new)),
                        Err(error) => full = Some(error),
                    }
                }
                Place::MemoryOfOthers => {
                    let room = bytes <= memory.all;
                    let freed = if room { self.make_room(key.id, bytes, false, order, device) } else { 0 };
                    // The system may not have back yet what was evicted.
                    memory::check(bytes.saturating_sub(freed)).map_err(|error| match &full {
                        // Why it could not be stored is what the user can do something about.
                        Some(full) => {
                            let free = words::size(memory::available().unwrap_or(0) as u64);
                            let cause = format!("no room in memory, of which {free} is free: {full}");
                            Error::new(error.kind(), cause)
                        }
                        None => error,
                    })?;
                }
            }
        }
        Ok((new.scored(new.empty()), said(&full)))
    }

    /// Scores in free memory. What a window's sliders find of them in the store is brought there, and only the rest is
    /// made.
    fn in_memory(&self, key: &ScoresKey, new: &NewScores<'_>, fits: impl Fn(usize) -> bool) -> Scored {
        let begun = self.store.as_ref().and_then(|store| match new.part {
            Part::All => {
                store.leave_out();
                None
            }
            Part::First => {
                let mut begun = store.begun(&key.stored, new.least, &new.sample.chunks)?;
                let fits = fits(begun.bytes_of(new.positions()));
                (fits && begun.load().is_ok()).then_some(begun)
            }
            Part::Further => None,
        });
        new.scored(begun.unwrap_or_else(|| new.empty()))
    }

    /// The ids of all scores in the order in which they are evicted: what is not wanted any more, the longest first,
    /// then from the end of `order`. Those of the model that there is to be `room_for` are not among them: its parts are
    /// filled together.
    fn evicted_first(&self, room_for: ScoresId, order: &[ScoresId]) -> Vec<ScoresId> {
        let wanted: HashSet<&ScoresId> = order.iter().collect();
        let unwanted = self.scores.iter().filter(|(id, _)| !wanted.contains(id));
        let mut unwanted: Vec<(u64, ScoresId)> = unwanted.map(|(id, slot)| (slot.wanted, *id)).collect();
        unwanted.sort_unstable();
        let unwanted = unwanted.into_iter().map(|(_, id)| id);
        let wanted = order.iter().rev().copied().filter(|id| self.scores.contains_key(id));
        unwanted.chain(wanted).filter(|id| !id.same_model(room_for)).collect()
    }

    /// Evicts scores from a memory until `bytes` more fit into its budget. Returns the bytes of main memory, or of the
    /// GPU's, that were freed.
    fn make_room(
        &mut self,
        room_for: ScoresId,
        bytes: usize,
        on_gpu: bool,
        order: &[ScoresId],
        device: &OpenDevice,
    ) -> usize {
        let mut budget = self.budget(device, on_gpu);
        let mut freed = 0;
        for id in self.evicted_first(room_for, order) {
            if budget.fits(bytes) {
                break;
            }
            if let Some(scored) = self.get(id)
                && scored.is_on_gpu() == on_gpu
                && scored.bytes_to_hold() > 0
            {
                budget.held -= scored.bytes_to_hold();
                freed += scored.bytes();
                self.evict(id);
            }
        }
        freed
    }

    /// An entry of the store, for want of room at the expense of other scores.
    fn entry(
        &mut self,
        key: &ScoresKey,
        new: &NewScores<'_>,
        store: &Store,
        order: &[ScoresId],
    ) -> Result<Entry> {
        loop {
            match store.entry(&key.stored, new.shape, new.positions(), new.name) {
                Err(error) if error.kind() == Kind::Full && self.release_entry(key.id, order) => {}
                found => return found,
            }
        }
    }

    /// Lets the store have one entry, so that it may remove it. Returns whether there was one.
    fn release_entry(&mut self, room_for: ScoresId, order: &[ScoresId]) -> bool {
        let stored = |id: &ScoresId| self.get(*id).is_some_and(|scored| scored.table.is_stored());
        let Some(id) = self.evicted_first(room_for, order).into_iter().find(stored) else { return false };
        self.evict(id);
        true
    }
}

/// Scores that go to an entry, and a warning of those it has that are damaged.
fn stored(entry: Entry, new: &NewScores<'_>) -> (Scored, Vec<String>) {
    let folder = entry.folder().to_owned();
    let (table, damaged) = ScoreTable::stored(entry, &new.sample.chunks);
    let cut = || {
        let cause = "the stored scores are cut short";
        format!("{cause}; making {} again: {}", counted(damaged, "chunk"), folder.display())
    };
    (new.scored(table), (damaged > 0).then(cut).into_iter().collect())
}

#[cfg(test)]
#[path = "bank_tests.rs"]
mod tests;
