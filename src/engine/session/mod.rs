//! A request being answered: what is known of every checkpoint, and the work that makes it known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cost::{Cost, cost};
use super::inbox::{Gone, Inbox, Outbox};
use super::job::{Job, Scored};
use super::message::{CheckpointId, EstimatorCosts, Event, Focus, Request};
use super::open_device::OpenDevice;
use super::place::{self, Others, Places, Wanted};
use super::progress::Progress;
use super::sample::{Sample, Samples};
use super::schedule::{Standing, Task, next_task};
use crate::checkpoints::{self, Checkpoint, Files, Run};
use crate::condition::TextSource;
use crate::error::{Error, Kind, caught};
use crate::estimator::{Reference, ReferencePoints};
use crate::model::Options;
use crate::model::config::Config;
use crate::results::Measurement;
use crate::settings::Settings;
use crate::store::{Shape, Store};

mod answers;

/// What ends a task early.
enum Trouble {
    /// Nobody listens any more.
    Gone,
    /// The request itself cannot be answered, whatever the checkpoint.
    Request(Error),
    /// The task failed, or was interrupted; what that costs is told by [`cost`].
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
    scored: Option<Scored>,
    /// Whether its scores have no place in the GPU's memory, which was used up with them.
    elsewhere: bool,
    /// Content hash of its configuration and weights with what the files looked like; `None` until computed.
    identity: Option<(Files, u128)>,
    /// The newest request for which the store was asked for its measurement.
    recalled: Option<u64>,
    /// What was told last, for what is told beside it.
    measurement: Option<Arc<Measurement>>,
    /// The newest request its numbers, or its failure, were told for, and how many stages they rest on.
    told: Option<(u64, usize)>,
    /// The newest request for which its numbers were told with null and spread.
    told_honesty: Option<u64>,
    /// The stages that are enough under the present request, where the numbers have settled before the last.
    settled: Option<usize>,
    failure: Option<Error>,
}

impl Track {
    /// How far it has come.
    fn standing(&self) -> Standing {
        Standing {
            failed: self.failure.is_some(),
            scored_stages: self.scored.as_ref().map_or(0, |scored| scored.stages),
            told: self.told,
            told_honesty: self.told_honesty,
        }
    }
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
    /// Where scores and measurements are kept, if anywhere.
    store: Option<Store>,
    /// Bytes of scores that may be kept in memory, where that is said.
    kept: Option<usize>,
    /// Reference points of each seed, by hidden size and number.
    references: HashMap<(usize, usize), Vec<Reference>>,
    job: Option<Job>,
    /// What the estimator cost since the request.
    pub costs: EstimatorCosts,
    progress: Progress,
    /// When progress was told last, and how long it is not told again while a model works.
    told_progress: Instant,
    progress_every: Duration,
    /// Runs whose sample was announced for this request.
    announced: Vec<usize>,
    /// Whether a measurement was told for this request.
    answered: bool,
    /// Warnings of configs that were told: the checkpoints of a run share theirs.
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
            store: options.store.clone(),
            kept: options.kept,
            references: HashMap::new(),
            job: None,
            costs: EstimatorCosts::default(),
            progress: Progress::new(Instant::now()),
            told_progress: Instant::now(),
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
            let shape = track.scored.as_ref().map(|scored| scored.table.shape());
            let too_few = shape.is_some_and(|shape| shape.points < points || shape.seeds < reference_seeds);
            // Written anew since: what was scored is of another model.
            let changed = track.identity.as_ref().is_some_and(|(files, _)| files.changed());
            if changed {
                self.samples.forget(self.runs[id.run].checkpoints[id.checkpoint].tokenizer.as_deref());
            }
            if track.failure.is_some() || too_few || changed {
                *track = Track { elsewhere: track.elsewhere, ..Track::default() };
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
        let (Task::TellFailure(id) | Task::Measure(id) | Task::MeasureHonesty(id) | Task::Score { id, .. }) =
            task;

        let Err(trouble) = caught(|| self.carry_out(task, device, inbox, outbox)) else { return Ok(true) };
        match trouble {
            Trouble::Gone => Err(Gone),
            Trouble::Request(error) => {
                outbox.tell(Event::Failed { generation: Some(generation), error })?;
                Ok(false)
            }
            Trouble::Task(error) => {
                let elsewhere = self.tracks.get(&id).is_some_and(|track| track.elsewhere);
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
        let standings = self.tracks.iter().map(|(id, track)| (*id, track.standing()));
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

    /// Whether a model has not come to the end of its stage.
    fn is_under_way(&self, job: &Job) -> bool {
        let track = self.tracks.get(&job.id).filter(|track| track.failure.is_none());
        track.and_then(|track| track.scored.as_ref()).is_some_and(|scored| scored.stages <= job.stage)
    }

    /// Gives up the scores of a checkpoint in the GPU's memory, to be made again in main memory or the store.
    fn move_elsewhere(&mut self, id: CheckpointId, device: &mut OpenDevice) {
        self.job = None;
        let track = self.tracks.entry(id).or_default();
        (track.scored, track.elsewhere) = (None, true);
        device.estimator.release();
    }

    /// Gives up a checkpoint, until the next request.
    fn fail(&mut self, id: CheckpointId, device: &mut OpenDevice, error: Error) {
        self.job = None;
        if error.kind() == Kind::DeviceMemory {
            device.estimator.release();
        }
        let track = self.tracks.entry(id).or_default();
        *track = Track { elsewhere: track.elsewhere, failure: Some(error), ..Track::default() };
    }

    /// Goes on with the CPU. Checkpoints already told keep their numbers.
    fn fall_back(&mut self, device: &mut OpenDevice, outbox: &Outbox<'_>, error: &Error) -> Result<(), Gone> {
        self.job = None;
        self.references.clear();
        for track in self.tracks.values_mut() {
            track.scored = None;
        }
        device.give_up_gpu();
        let until = "computing on the CPU until infoplane is started again";
        outbox.tell(Event::Warning(format!("the GPU failed ({error}); {until}")))?;
        outbox.tell(Event::Device { name: device.compute.name() })
    }

    /// The stages of a checkpoint's sample; 1 until the sample is known.
    fn stages(&self, id: CheckpointId) -> usize {
        if let Some(settled) = self.tracks.get(&id).and_then(|track| track.settled) {
            return settled;
        }
        let checkpoint = &self.runs[id.run].checkpoints[id.checkpoint];
        let sample = self.samples.known(checkpoint.tokenizer.as_deref(), &self.request.text);
        sample.map_or(1, |sample| sample.stages.len())
    }

    fn carry_out(
        &mut self,
        task: Task,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        match task {
            Task::TellFailure(id) => self.tell_failure(id, outbox),
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
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        // A folder that cannot be read says so before a tokenizer is missed in it.
        self.identity(id)?;
        self.announce(id, inbox, outbox)?;
        if self.recall(id, device, inbox, outbox)? {
            return Ok(());
        }
        if self.job.as_ref().is_none_or(|job| (job.id, job.stage) != (id, stage)) {
            // A stage further keeps the model; another checkpoint needs its own.
            let job = self.job.take().filter(|job| job.id == id);
            let config = Config::read(&checkpoint.folder())?;
            if let Some(warning) = config.warning()
                && self.warned.insert(warning.clone())
            {
                outbox.tell(Event::Warning(format!("{warning}: {}", checkpoint.path.display())))?;
            }
            self.place(id, &config, device, inbox, outbox)?;
            let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
            let track = self.tracks.entry(id).or_default();
            let Some(scored) = &mut track.scored else { return Ok(()) };
            if (0..sample.chunks_of(stage)).all(|chunk| scored.table.has(chunk)) {
                // All of it was in the store.
                scored.stages = stage + 1;
                return Ok(());
            }
            let mut job = match job {
                Some(job) => job,
                None => {
                    let products = device.compute.products(self.request.settings.dtype);
                    let products = products.map_err(Trouble::Request)?;
                    let memory = device.memory_beside(scored.table.bytes_to_hold());
                    let scores_a_token = if scored.device.is_some() { 0 } else { scored.table.bytes_of(1) };
                    let tensors = device.compute.tensors();
                    let longest = sample.longest();
                    let options = Options { device: tensors, products, memory, longest, scores_a_token };
                    Job::open(id, checkpoint, &options)?
                }
            };
            job.aim(stage, sample, scored)?;
            self.job = Some(job);
        }
        let Some(job) = &mut self.job else { return Ok(()) };
        let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
        let track = self.tracks.entry(id).or_default();
        let Some(scored) = &mut track.scored else { return Ok(()) };
        let references = references(&mut self.references, scored, self.request.settings.seed, device)?;
        let before = job.passed();
        let done = job.step(sample, &device.estimator, references, scored, &mut self.costs)?;
        if let Some(error) = scored.trouble.take() {
            outbox.tell(Event::Warning(format!("{error}; going on in memory")))?;
        }
        if done {
            scored.stages = stage + 1;
            return Ok(());
        }
        self.progress.advance(job.passed() - before);
        if self.told_progress.elapsed() < self.progress_every {
            return Ok(());
        }
        let share = (scored.documents(sample) as f64 + job.through()) / sample.stages[stage] as f64;
        self.tell_progress(id, share as f32, outbox)
    }

    /// Finds a place for a checkpoint's scores, unless it has one.
    fn place(
        &mut self,
        id: CheckpointId,
        config: &Config,
        device: &OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let track = self.tracks.entry(id).or_default();
        if track.scored.is_some() {
            return Ok(());
        }
        let elsewhere = track.elsewhere;
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        let identity = self.identity(id)?;
        let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
        let others = self.tracks.iter_mut().filter(|(other, _)| **other != id);
        let others = Others(others.map(|(_, track)| &mut track.scored).collect());
        let budget = self.kept.unwrap_or_else(|| place::budget(device, others.bytes()));
        let places = Places { device, on_device: !elsewhere, store: self.store.as_ref(), budget };
        let name = place::title(&runs[id.run].name, &checkpoint.name);
        let placed = Wanted::new(&self.request, config, sample, &name).place(identity, places, others);
        let (scored, warnings) = placed.map_err(|error| error.at(&checkpoint.path))?;
        for warning in warnings {
            outbox.tell(Event::Warning(warning))?;
        }
        self.tracks.entry(id).or_default().scored = Some(scored);
        Ok(())
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

    /// Tells once a request and run what text there is to measure.
    fn announce(&mut self, id: CheckpointId, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<(), Trouble> {
        if self.announced.contains(&id.run) {
            return Ok(());
        }
        let checkpoint = &self.runs[id.run].checkpoints[id.checkpoint];
        let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
        outbox.tell(Event::Prepared {
            generation: self.request.generation,
            run: id.run,
            documents: sample.documents.len(),
            skipped_documents: sample.skipped,
            positions: sample.positions(sample.documents.len()),
        })?;
        self.announced.push(id.run);
        Ok(())
    }

    fn tell_progress(
        &mut self,
        checkpoint: CheckpointId,
        checkpoint_share: f32,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        // Checkpoints without a known sample will be about as long as this one's.
        let documents = |id: CheckpointId| {
            let checkpoint = &self.runs[id.run].checkpoints[id.checkpoint];
            self.samples.known(checkpoint.tokenizer.as_deref(), &self.request.text)
        };
        let typical = documents(checkpoint).map_or(0, |sample| sample.documents.len());
        self.told_progress = Instant::now();
        let (mut all, mut remaining) = (0, 0);
        for (&id, track) in &self.tracks {
            let sample = documents(id);
            let total = sample.map_or(typical, |sample| sample.documents.len());
            let done = match track.told {
                _ if track.failure.is_some() => total,
                Some((told, stages)) if told == self.request.generation && stages > 0 => {
                    sample.map_or(0, |sample| sample.stages[stages - 1])
                }
                _ => match (&track.scored, sample) {
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
        outbox.mention(Event::Progress {
            generation: self.request.generation,
            checkpoint,
            checkpoint_share,
            total_share: (1.0 - remaining / all.max(1) as f64) as f32,
            left: self.progress.left(self.told_progress, remaining),
        })?;
        Ok(())
    }
}

/// The sample of a checkpoint. Text that cannot be read ends the request; a tokenizer that cannot be read, or leaves
/// nothing of the text to measure, costs its checkpoints.
fn sample_of<'a>(
    samples: &'a mut Samples,
    request: &Request,
    checkpoint: &Checkpoint,
    inbox: &mut Inbox,
) -> Result<&'a mut Sample, Trouble> {
    let mut interrupted = || inbox.interrupts(request);
    let tokenizer = (checkpoint.tokenizer.as_deref(), checkpoint.path.as_path());
    let Request { text, settings, .. } = request;
    samples.get(tokenizer, text, settings, request.staged(), &mut interrupted).map_err(|error| {
        let own = match text {
            TextSource::Corpus(_) => matches!(error.kind(), Kind::Tokenizer | Kind::Sample),
            // The same tokens for all.
            TextSource::Tokens(_) => false,
        };
        if own || error.kind() == Kind::Cancelled { Trouble::Task(error) } else { Trouble::Request(error) }
    })
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
