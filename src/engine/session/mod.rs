//! A request being answered: what is known of every checkpoint, and the work that makes it known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bank::{Bank, NewScores};
use super::cost::{Cost, cost};
use super::inbox::{Gone, Inbox, Outbox};
use super::job::Job;
use super::keys::{ScoresId, ScoresKey};
use super::message::{CheckpointId, EstimatorCosts, Event, Focus, Request};
use super::open_device::OpenDevice;
use super::progress::Progress;
use super::sample::{Sample, Samples};
use super::schedule::{Standing, Task, next_task};
use super::scored::Scored;
use crate::checkpoints::{self, Files, Run};
use crate::condition::TextSource;
use crate::error::{Error, Kind, caught};
use crate::estimator::{Reference, ReferencePoints};
use crate::model::Options;
use crate::model::config::Config;
use crate::results::Measurement;
use crate::scores::Shape;
use crate::settings::Settings;
use crate::store::Store;

mod answers;

/// What ends a task early.
enum Trouble {
    /// Nobody listens any more.
    Gone,
    /// The request itself cannot be answered, whatever the checkpoint.
    Request(Error),
    /// The task failed, or was interrupted; what that costs [`cost`] decides.
    Task(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Task(error)
    }
}

impl From<Gone> for Trouble {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// A checkpoint as the session knows it.
#[derive(Default)]
struct Track {
    /// Where its scores are in the bank, as long as they are there; `None` before they first were.
    scores: Option<ScoresId>,
    /// Content hash of its configuration and weights with what the files looked like; `None` until computed.
    identity: Option<(Files, u128)>,
    /// The newest request for which the store was queried for its measurement.
    recalled: Option<u64>,
    /// What was emitted last, for what is emitted beside it.
    measurement: Option<Arc<Measurement>>,
    /// The newest request its numbers, or its failure, were emitted for, and how many stages they rest on.
    emitted: Option<(u64, usize)>,
    /// The newest request for which its numbers were emitted with null and spread.
    emitted_honest: Option<u64>,
    /// The stages that are enough under the present request, where the numbers have settled before the last.
    settled: Option<usize>,
    failure: Option<Error>,
}

/// A request being answered.
pub struct Session {
    /// The request.
    pub request: Request,
    /// What is measured before the rest.
    pub focus: Focus,
    /// Whether there is work left for it.
    pub active: bool,
    runs: Arc<Vec<Run>>,
    tracks: BTreeMap<CheckpointId, Track>,
    samples: Samples,
    bank: Bank,
    /// Where measurements are stored, if anywhere.
    store: Option<Store>,
    /// Reference points of each seed, by hidden size and number.
    references: HashMap<(usize, usize), Vec<Reference>>,
    job: Option<Job>,
    /// What the estimator cost since the request.
    pub costs: EstimatorCosts,
    progress: Progress,
    /// When progress was emitted last, and how long it is not emitted again while a model works.
    emitted_progress: Instant,
    progress_every: Duration,
    /// Runs whose sample was announced for this request.
    announced: Vec<usize>,
    /// Whether a measurement was emitted for this request.
    answered: bool,
    /// Warnings of configs that were emitted: the checkpoints of a run share theirs.
    warned: HashSet<String>,
}

impl Session {
    /// A session with nothing made yet. Runs that are `recorded` are left alone.
    pub fn new(request: Request, runs: Arc<Vec<Run>>, recorded: &[bool], options: &super::Options) -> Self {
        let measured = runs.iter().enumerate().filter(|(run, _)| recorded.get(*run) != Some(&true));
        let ids = measured.flat_map(|(run, found)| {
            (0..found.checkpoints.len()).map(move |checkpoint| CheckpointId { run, checkpoint })
        });
        let tracks = ids.map(|id| (id, Track::default())).collect();
        Self {
            focus: Focus { checkpoint: request.focus, hidden: Vec::new() },
            request,
            active: true,
            runs,
            tracks,
            samples: Samples::default(),
            bank: Bank::new(options.store.clone(), options.kept),
            store: options.store.clone(),
            references: HashMap::new(),
            job: None,
            costs: EstimatorCosts::default(),
            progress: Progress::new(Instant::now()),
            emitted_progress: Instant::now(),
            progress_every: options.progress_every,
            announced: Vec::new(),
            answered: false,
            warned: HashSet::new(),
        }
    }

    /// The same scores under a request that asks something else of them.
    ///
    /// What failed is tried again: its file may have been mended since, or the new settings may suit it.
    pub fn renewed(mut self, request: Request) -> Self {
        for (&id, track) in &mut self.tracks {
            let Settings { points, reference_seeds, .. } = request.settings;
            let scored = track.scores.and_then(|id| self.bank.get(id));
            let shape = scored.map(|scored| scored.table.shape());
            let too_few = shape.is_some_and(|shape| shape.points < points || shape.seeds < reference_seeds);
            // Written anew since: what was scored is of another model.
            let changed = track.identity.as_ref().is_some_and(|(files, _)| files.changed());
            if changed {
                self.samples.forget(self.runs[id.run].checkpoints[id.checkpoint].tokenizer.as_deref());
            }
            if track.failure.is_some() || too_few || changed {
                if let Some(scores) = std::mem::take(track).scores {
                    self.bank.evict(scores);
                }
                self.job.take_if(|job| job.id == id);
            }
            track.settled = None;
        }
        self.samples.forget_failures();
        let (progress, costs) = (Progress::new(Instant::now()), EstimatorCosts::default());
        let focus = Focus { checkpoint: request.focus, hidden: Vec::new() };
        Self { request, focus, active: true, progress, costs, announced: Vec::new(), answered: false, ..self }
    }

    /// Ends the request. What was scored and measured stays for the next one; the model goes, which may be as large as
    /// the machine's memory, and is soon opened again.
    pub fn rest(&mut self) {
        self.active = false;
        self.job = None;
    }

    /// Does the next piece of work: one batch through a model, or the measures of one checkpoint.
    /// Returns whether there may be more.
    ///
    /// Whatever happens to a checkpoint or a device is told and survived, and costs what [`cost`] says: a panic from
    /// the tensor library too, which is how it says that a GPU is lost.
    pub fn advance(
        &mut self,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<bool, Gone> {
        let generation = self.request.generation;
        let Some(task) = self.next_task() else { return Ok(false) };
        let (Task::EmitFailure(id) | Task::Measure(id) | Task::MeasureHonesty(id) | Task::Score { id, .. }) =
            task;

        let Err(trouble) = caught(|| self.carry_out(task, device, inbox, outbox)) else { return Ok(true) };
        match trouble {
            Trouble::Gone => Err(Gone),
            Trouble::Request(error) => {
                outbox.emit(Event::Failed { generation: Some(generation), error })?;
                Ok(false)
            }
            Trouble::Task(error) => {
                let scores = self.tracks.get(&id).and_then(|track| track.scores);
                let elsewhere = scores.is_some_and(|scores| self.bank.is_off_gpu(scores));
                match cost(error.kind(), device.health(error.kind()), elsewhere) {
                    Cost::Nothing => {}
                    Cost::Place => self.move_elsewhere(id, device),
                    Cost::Checkpoint => self.fail(id, device, error),
                    Cost::Device => self.fall_back(device, outbox, &error)?,
                }
                Ok(true)
            }
        }
    }

    /// What to do next: all there is to do for runs on screen before anything for hidden ones.
    fn next_task(&self) -> Option<Task> {
        let hidden = |id: CheckpointId| self.focus.hidden.contains(&id.run);
        let standings = self.tracks.iter().map(|(&id, track)| (id, self.standing(id, track)));
        let (hidden, shown): (Vec<_>, Vec<_>) = standings.partition(|(id, _)| hidden(*id));
        let next = |standings: &[_]| {
            next_task(self.request.generation, self.focus.checkpoint, standings, |id| self.stages(id))
        };
        let task = next(&shown).or_else(|| next(&hidden))?;
        // A stage that a model is at work on is finished first: to turn to another model would lose that work, and
        // whoever drags the scrubber along would keep all of them from ever getting done.
        Some(match (task, &self.job) {
            (Task::Score { .. }, Some(job)) if self.is_under_way(job) => {
                Task::Score { id: job.id, stage: job.stage }
            }
            (task, _) => task,
        })
    }

    /// How far a checkpoint has come.
    fn standing(&self, id: CheckpointId, track: &Track) -> Standing {
        let at_hand =
            self.scored(id).zip(self.known_sample(id)).map(|(scored, sample)| scored.stages(sample));
        Standing {
            failed: track.failure.is_some(),
            scored_stages: at_hand.unwrap_or(0),
            emitted: track.emitted,
            emitted_honest: track.emitted_honest,
        }
    }

    /// Whether a model has not come to the end of its stage.
    fn is_under_way(&self, job: &Job) -> bool {
        let failed = self.tracks.get(&job.id).is_none_or(|track| track.failure.is_some());
        let at_hand = self.scored(job.id).zip(self.known_sample(job.id));
        !failed && at_hand.is_some_and(|(scored, sample)| scored.stages(sample) <= job.stage)
    }

    /// Evicts the scores of a checkpoint from the GPU's memory, to be made again in main memory or the store.
    fn move_elsewhere(&mut self, id: CheckpointId, device: &mut OpenDevice) {
        self.job = None;
        if let Some(scores) = self.tracks.get(&id).and_then(|track| track.scores) {
            self.bank.move_off_gpu(scores);
        }
        device.estimator.release();
    }

    /// Leaves a checkpoint alone until the next request.
    fn fail(&mut self, id: CheckpointId, device: &mut OpenDevice, error: Error) {
        self.job = None;
        if error.kind() == Kind::DeviceMemory {
            device.estimator.release();
        }
        let track = self.tracks.entry(id).or_default();
        if let Some(scores) = std::mem::take(track).scores {
            self.bank.evict(scores);
        }
        track.failure = Some(error);
    }

    /// Goes on with the CPU. Checkpoints whose numbers are emitted keep them.
    fn fall_back(&mut self, device: &mut OpenDevice, outbox: &Outbox<'_>, error: &Error) -> Result<(), Gone> {
        self.job = None;
        self.references.clear();
        self.bank.lose_gpu();
        // What the GPU made and main memory has is found again under the GPU's name alone.
        for track in self.tracks.values_mut() {
            track.scores = None;
        }
        device.lose_gpu();
        let until = "computing on the CPU until infoplane is started again";
        outbox.emit(Event::Warning(format!("the GPU failed ({error}); {until}")))?;
        outbox.emit(Event::Device { name: device.compute.name() })
    }

    /// The scores of a checkpoint, where there are any.
    fn scored(&self, id: CheckpointId) -> Option<&Scored> {
        self.bank.get(self.tracks.get(&id)?.scores?)
    }

    /// The sample of a checkpoint, where it was made.
    fn known_sample(&self, id: CheckpointId) -> Option<&Sample> {
        let checkpoint = &self.runs[id.run].checkpoints[id.checkpoint];
        self.samples.known(checkpoint.tokenizer.as_deref(), &self.request.text)
    }

    /// The stages of a checkpoint's sample; 1 until the sample is known.
    fn stages(&self, id: CheckpointId) -> usize {
        if let Some(settled) = self.tracks.get(&id).and_then(|track| track.settled) {
            return settled;
        }
        self.known_sample(id).map_or(1, |sample| sample.stages.len())
    }

    fn carry_out(
        &mut self,
        task: Task,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        match task {
            Task::EmitFailure(id) => self.emit_failure(id, outbox),
            Task::Measure(id) => self.measure(id, device, inbox, outbox),
            Task::MeasureHonesty(id) => self.measure_honesty(id, device, inbox, outbox),
            Task::Score { id, stage } => self.score(id, stage, device, inbox, outbox),
        }
    }

    /// Passes a batch of a checkpoint's documents through its model, unless it was measured before.
    fn score(
        &mut self,
        id: CheckpointId,
        stage: usize,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        // A folder that cannot be read says so before a tokenizer is missed in it.
        let identity = self.identity(id)?;
        let sample = self.sample(id, inbox)?;
        self.announce(id, &sample, outbox)?;
        if self.recall(id, identity, &sample, device, outbox)? {
            return Ok(());
        }
        if self.job.as_ref().is_none_or(|job| (job.id, job.stage) != (id, stage)) {
            self.aim(id, stage, &sample, device, outbox)?;
        }
        self.step(id, &sample, device, outbox)
    }

    /// Has the model of a checkpoint work towards a stage, unless the stage is scored already.
    fn aim(
        &mut self,
        id: CheckpointId,
        stage: usize,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        // A stage further keeps the model; another checkpoint needs its own.
        let job = self.job.take().filter(|job| job.id == id);
        let config = match job {
            Some(_) => None,
            None => Some(self.open_scores(id, sample, device, outbox)?),
        };
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        let Some(scores) = self.tracks.get(&id).and_then(|track| track.scores) else { return Ok(()) };
        let beside = self.bank.bytes_beside_model(device);
        let Some(scored) = self.bank.get_mut(scores) else { return Ok(()) };
        if scored.stages(sample) > stage {
            // All of it was there.
            return Ok(());
        }
        let mut job = match (job, config) {
            (Some(job), _) => job,
            (None, Some(config)) => {
                let products = device.compute.products(self.request.settings.dtype);
                let options = Options {
                    device: device.compute.tensors(),
                    products: products.map_err(Trouble::Request)?,
                    memory: device.memory_beside(beside),
                    longest: sample.longest(),
                    scores_a_token: if scored.is_on_gpu() { 0 } else { scored.table.bytes_of(1) },
                };
                Job::open(id, checkpoint, config, &options)?
            }
            (None, None) => return Ok(()),
        };
        job.aim(stage, sample, scored)?;
        self.job = Some(job);
        Ok(())
    }

    /// Reads a checkpoint's configuration and finds a place for its scores.
    fn open_scores(
        &mut self,
        id: CheckpointId,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<Config, Trouble> {
        let identity = self.identity(id)?;
        let runs = Arc::clone(&self.runs);
        let (run, checkpoint) = (&runs[id.run], &runs[id.run].checkpoints[id.checkpoint]);
        let config = Config::read(&checkpoint.folder())?;
        if let Some(warning) = config.warning()
            && self.warned.insert(warning.clone())
        {
            outbox.emit(Event::Warning(format!("{warning}: {}", checkpoint.path.display())))?;
        }
        let Request { settings, interactive, .. } = &self.request;
        let name = title(&run.name, &checkpoint.name);
        let new = NewScores::new(settings, *interactive, &config, sample, &name);
        let key = ScoresKey::new(identity, sample, settings, device);
        self.tracks.entry(id).or_default().scores = Some(key.id);
        let order: Vec<ScoresId> = self.tracks.values().filter_map(|track| track.scores).collect();
        let opened = self.bank.open(&key, &new, &order, device);
        for warning in opened.map_err(|error| error.at(&checkpoint.path))? {
            outbox.emit(Event::Warning(warning))?;
        }
        Ok(config)
    }

    /// Takes a batch of the model at work one step further.
    fn step(
        &mut self,
        id: CheckpointId,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let Some(job) = &mut self.job else { return Ok(()) };
        let scores = self.tracks.get(&id).and_then(|track| track.scores);
        let Some(scored) = scores.and_then(|scores| self.bank.get_mut(scores)) else { return Ok(()) };
        let references = references(&mut self.references, scored, self.request.settings.seed, device)?;
        let before = job.passed();
        let done = job.step(sample, &device.estimator, references, scored, &mut self.costs)?;
        if let Some(error) = scored.trouble.take() {
            outbox.emit(Event::Warning(format!("{error}; going on in memory")))?;
        }
        if done {
            return Ok(());
        }
        self.progress.advance(job.passed() - before);
        if self.emitted_progress.elapsed() < self.progress_every {
            return Ok(());
        }
        let share = (scored.documents(sample) as f64 + job.through()) / sample.stages[job.stage] as f64;
        self.emit_progress(id, share as f32, outbox)
    }

    /// The content hash of a checkpoint's configuration and weights.
    fn identity(&mut self, id: CheckpointId) -> Result<u128, Error> {
        let track = self.tracks.entry(id).or_default();
        if let Some((_, identity)) = track.identity {
            return Ok(identity);
        }
        let folder = self.runs[id.run].checkpoints[id.checkpoint].folder();
        // Looked at first: files written while they are read are seen to have changed.
        let files = Files::of(&folder)?;
        let identity = checkpoints::identity(&folder)?;
        track.identity = Some((files, identity));
        Ok(identity)
    }

    /// Emits once a request and run what text there is to measure.
    fn announce(&mut self, id: CheckpointId, sample: &Sample, outbox: &Outbox<'_>) -> Result<(), Trouble> {
        if self.announced.contains(&id.run) {
            return Ok(());
        }
        outbox.emit(Event::Prepared {
            generation: self.request.generation,
            run: id.run,
            documents: sample.documents.len(),
            skipped_documents: sample.skipped,
            positions: sample.positions(sample.documents.len()),
        })?;
        self.announced.push(id.run);
        Ok(())
    }

    /// The sample of a checkpoint. Text that cannot be read ends the request; a tokenizer that cannot be read, or leaves
    /// nothing of the text to measure, costs its checkpoints.
    fn sample(&mut self, id: CheckpointId, inbox: &mut Inbox) -> Result<Rc<Sample>, Trouble> {
        let checkpoint = &self.runs[id.run].checkpoints[id.checkpoint];
        let request = &self.request;
        let mut interrupted = || inbox.interrupts(request);
        let tokenizer = (checkpoint.tokenizer.as_deref(), checkpoint.path.as_path());
        let Request { text, settings, .. } = request;
        self.samples.get(tokenizer, text, settings, request.staged(), &mut interrupted).map_err(|error| {
            let own = match text {
                TextSource::Corpus(_) => matches!(error.kind(), Kind::Tokenizer | Kind::Sample),
                // The same tokens for all.
                TextSource::Tokens(_) => false,
            };
            if own || error.kind() == Kind::Cancelled {
                Trouble::Task(error)
            } else {
                Trouble::Request(error)
            }
        })
    }

    fn emit_progress(
        &mut self,
        checkpoint: CheckpointId,
        checkpoint_share: f32,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        // Checkpoints without a known sample will be about as long as this one's.
        let typical = self.known_sample(checkpoint).map_or(0, |sample| sample.documents.len());
        self.emitted_progress = Instant::now();
        let (mut all, mut remaining) = (0, 0);
        for (&id, track) in &self.tracks {
            let sample = self.known_sample(id);
            let total = sample.map_or(typical, |sample| sample.documents.len());
            let done = match track.emitted {
                _ if track.failure.is_some() => total,
                Some((generation, stages)) if generation == self.request.generation && stages > 0 => {
                    sample.map_or(0, |sample| sample.stages[stages - 1])
                }
                _ => match (self.scored(id), sample) {
                    (Some(scored), Some(sample)) => scored.documents(sample),
                    _ => 0,
                },
            };
            all += total;
            remaining += total - done.min(total);
        }
        // Of the stage under way, what is already through.
        let through = self.job.as_ref().map_or(0.0, Job::through);
        let remaining = (remaining as f64 - through).max(0.0);
        outbox.emit_replaceable(Event::Progress {
            generation: self.request.generation,
            checkpoint,
            checkpoint_share,
            total_share: (1.0 - remaining / all.max(1) as f64) as f32,
            left: self.progress.left(self.emitted_progress, remaining),
        })?;
        Ok(())
    }
}

/// A checkpoint's name beside those of other runs.
fn title(run: &str, checkpoint: &str) -> String {
    // A model on its own is a run of one.
    if run == checkpoint { run.to_owned() } else { format!("{run}/{checkpoint}") }
}

/// The reference points that a checkpoint's scores are made with, one after the other of the seeds from `first` on.
fn references<'a>(
    known: &'a mut HashMap<(usize, usize), Vec<Reference>>,
    scored: &Scored,
    first: u64,
    device: &OpenDevice,
) -> Result<&'a [Reference], Error> {
    let Shape { points, seeds, .. } = scored.table.shape();
    let known = known.entry((scored.width, points)).or_default();
    for seed in known.len()..seeds {
        let points = ReferencePoints::new(first.wrapping_add(seed as u64), points, scored.width);
        known.push(device.estimator.reference(points)?);
    }
    Ok(&known[..seeds])
}
