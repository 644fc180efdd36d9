//! A request being answered: what is known of every checkpoint, and the work that makes it known.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::inbox::{Gone, Inbox, Outbox};
use super::job::{Job, Scored};
use super::measuring::{layers_of, measurement, with_null};
use super::message::{CheckpointId, Event, Request};
use super::open_device::OpenDevice;
use super::progress::Progress;
use super::sample::Samples;
use super::schedule::{Standing, Task, next_task};
use crate::checkpoints::{Checkpoint, Run};
use crate::device::Compute;
use crate::error::{Error, Kind, caught};
use crate::estimator::{Binning, Estimator, Reference, ReferencePoints, temperature};
use crate::measures::LayerMeasures;
use crate::memory;
use crate::model::Options;
use crate::model::config::Config;
use crate::results::Measurement;

/// Scores kept for later questions, in bytes over all checkpoints; beyond it the oldest are given up and
/// made again when asked for.
const SCORE_BUDGET: usize = 4 << 30;
/// How often progress is told while a model works.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// What ends a task early.
enum Trouble {
    /// Nobody listens any more.
    Gone,
    /// The request itself cannot be answered.
    Request(Error),
    /// The checkpoint or the device failed, or the task was interrupted.
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
    scored: Scored,
    standing: Standing,
    /// What was told last, for what is told beside it.
    measurement: Option<Arc<Measurement>>,
    failure: Option<Error>,
}

/// A request being answered.
pub struct Session {
    /// The request.
    pub request: Request,
    /// Whether there is work left for it.
    pub active: bool,
    runs: Arc<Vec<Run>>,
    tracks: BTreeMap<CheckpointId, Track>,
    samples: Samples,
    /// Reference points by hidden size.
    references: HashMap<usize, Reference>,
    job: Option<Job>,
    progress: Progress,
    /// When progress was told last.
    told_progress: Instant,
    /// Runs whose sample was announced for this request.
    announced: Vec<usize>,
}

impl Session {
    /// A session with nothing made yet.
    pub fn new(request: Request, runs: Arc<Vec<Run>>) -> Self {
        let ids = runs.iter().enumerate().flat_map(|(run, found)| {
            (0..found.checkpoints.len()).map(move |checkpoint| CheckpointId { run, checkpoint })
        });
        let tracks = ids.map(|id| (id, Track::default())).collect();
        Self {
            request,
            active: true,
            runs,
            tracks,
            samples: Samples::default(),
            references: HashMap::new(),
            job: None,
            progress: Progress::new(),
            told_progress: Instant::now(),
            announced: Vec::new(),
        }
    }

    /// The same scores under a request that asks something else of them.
    ///
    /// What failed is tried again: its file may have been mended since, or the new settings may suit it.
    pub fn renewed(mut self, request: Request) -> Self {
        for track in self.tracks.values_mut().filter(|track| track.standing.failed) {
            *track = Track::default();
        }
        self.samples.forget_failures();
        Self { request, active: true, progress: Progress::new(), announced: Vec::new(), ..self }
    }

    /// Does the next piece of work: one batch through a model, or the measures of one checkpoint.
    /// Returns whether there may be more.
    ///
    /// Whatever happens to a checkpoint or a device is told and survived: a panic from the tensor library
    /// too, which is how it says that a GPU is lost.
    pub fn advance(
        &mut self,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<bool, Gone> {
        let standings: Vec<_> = self.tracks.iter().map(|(id, track)| (*id, track.standing)).collect();
        let (generation, focus) = (self.request.generation, self.request.focus);
        let stages = |id| self.stages(id);
        let Some(task) = next_task(generation, focus, &standings, stages) else { return Ok(false) };
        let (Task::TellFailure(id) | Task::Measure(id) | Task::MeasureNull(id) | Task::Score { id, .. }) =
            task;

        let Err(trouble) = caught(|| self.carry_out(task, device, inbox, outbox)) else { return Ok(true) };
        match trouble {
            Trouble::Gone => Err(Gone),
            Trouble::Request(error) => {
                outbox.tell(Event::Failed { generation: Some(generation), error })?;
                Ok(false)
            }
            Trouble::Task(error) if error.kind() == Kind::Cancelled => Ok(true),
            Trouble::Task(error) if error.kind() == Kind::Device && device.is_gpu() => {
                self.fall_back(device, outbox, &error)?;
                Ok(true)
            }
            Trouble::Task(error) => {
                self.job = None;
                let track = self.tracks.entry(id).or_default();
                track.scored = Scored::default();
                track.standing = Standing { failed: true, ..Standing::default() };
                track.failure = Some(error);
                Ok(true)
            }
        }
    }

    /// Goes on with the CPU. Checkpoints already told keep their numbers.
    fn fall_back(&mut self, device: &mut OpenDevice, outbox: &Outbox<'_>, error: &Error) -> Result<(), Gone> {
        self.job = None;
        self.references.clear();
        for track in self.tracks.values_mut() {
            track.scored = Scored::default();
            track.standing.scored_stages = 0;
        }
        device.compute = Compute::Cpu;
        device.estimator = Estimator::Cpu;
        outbox
            .tell(Event::Warning(format!("the GPU failed ({error}); computing on the CPU from here on")))?;
        outbox.tell(Event::Device { name: device.compute.name() })
    }

    /// The stages of a checkpoint's sample; 1 until the sample is known.
    fn stages(&self, id: CheckpointId) -> usize {
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
            Task::MeasureNull(id) => self.measure_null(id, device, inbox, outbox),
            Task::Score { id, stage } => self.score(id, stage, device, inbox, outbox),
        }
    }

    fn tell_failure(&mut self, id: CheckpointId, outbox: &Outbox<'_>) -> Result<(), Trouble> {
        let generation = self.request.generation;
        let track = self.tracks.entry(id).or_default();
        track.standing.told = Some((generation, 0));
        if let Some(error) = track.failure.clone() {
            outbox.tell(Event::CheckpointFailed { generation, checkpoint: id, error })?;
        }
        Ok(())
    }

    /// Passes a batch of a checkpoint's documents through its model.
    fn score(
        &mut self,
        id: CheckpointId,
        stage: usize,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let points = self.request.scored_points();
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        self.announce(id, inbox, outbox)?;
        if self.job.as_ref().is_none_or(|job| (job.id, job.stage) != (id, stage)) {
            // A stage further keeps the model; another checkpoint needs its own.
            let job = self.job.take().filter(|job| job.id == id);
            let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
            let positions = sample.positions(sample.stages[stage]);
            let mut job = match job {
                Some(job) => job,
                None => {
                    let layers = Config::read(&checkpoint.folder())?.layers.len() + 1;
                    let all = sample.positions(sample.documents.len());
                    let memory = device.memory_beside(score_bytes(layers, all, points));
                    let products = device.compute.products(self.request.settings.dtype);
                    let products = products.map_err(Trouble::Request)?;
                    let options = Options { device: device.compute.tensors(), products, memory };
                    Job::open(id, checkpoint, &options)?
                }
            };
            let bytes = score_bytes(job.hidden_states(), positions, points);
            make_room(&mut self.tracks, id, bytes);
            memory::check(bytes).map_err(Trouble::Request)?;
            let reference = reference(&mut self.references, job.width(), &self.request, device)?;
            let track = self.tracks.entry(id).or_default();
            job.aim(stage, sample, &device.estimator, reference, &mut track.scored)?;
            self.job = Some(job);
        }
        let Some(job) = &mut self.job else { return Ok(()) };
        let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
        let reference = reference(&mut self.references, job.width(), &self.request, device)?;
        let track = self.tracks.entry(id).or_default();
        let before = job.through();
        if job.step(sample, &device.estimator, reference, &mut track.scored)? {
            track.standing.scored_stages = stage + 1;
            return Ok(());
        }
        self.progress.advance(job.through() - before);
        let share = (track.scored.documents as f64 + job.through()) / sample.stages[stage] as f64;
        if self.told_progress.elapsed() < PROGRESS_EVERY {
            return Ok(());
        }
        self.tell_progress(id, share as f32, outbox)
    }

    /// Derives a checkpoint's measures from its scores and tells them.
    fn measure(
        &mut self,
        id: CheckpointId,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        self.announce(id, inbox, outbox)?;
        let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
        let track = self.tracks.entry(id).or_default();
        let stage = track.standing.scored_stages - 1;
        let segments = sample.segments(stage);
        let binning = binning(&self.request, track.scored.width, checkpoint)?;
        let mut layers = layers_of(&track.scored, &mut device.estimator, binning, &segments, inbox)
            .map_err(|error| error.at(&checkpoint.path))?;
        let complete = stage + 1 == sample.stages.len();
        let last_time = complete && !self.request.interactive;
        if last_time {
            let null = layers_of(&track.scored, &mut device.estimator, binning, &sample.null(), inbox)?;
            layers = with_null(layers, &null);
        }
        let measurement = measurement(&track.scored, layers, segments.positions(), binning.temperature)
            .map_err(|error| error.at(&checkpoint.path))?;
        let generation = self.request.generation;
        track.standing.told = Some((generation, stage + 1));
        let measurement = Arc::new(measurement);
        if last_time {
            // Nobody will ask again.
            self.job = None;
            track.scored = Scored::default();
            track.standing.scored_stages = 0;
            track.standing.told_null = Some(generation);
        } else {
            track.measurement = Some(Arc::clone(&measurement));
        }
        outbox.tell(Event::Measured {
            generation,
            checkpoint: id,
            measurement,
            documents: sample.stages[stage],
            complete,
        })?;
        self.tell_progress(id, 1.0, outbox)
    }

    /// Measures a checkpoint under shuffled labels and tells its measures again, with those beside them.
    fn measure_null(
        &mut self,
        id: CheckpointId,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        let sample = sample_of(&mut self.samples, &self.request, checkpoint, inbox)?;
        let track = self.tracks.entry(id).or_default();
        let binning = binning(&self.request, track.scored.width, checkpoint)?;
        let null = layers_of(&track.scored, &mut device.estimator, binning, &sample.null(), inbox)?;
        let generation = self.request.generation;
        track.standing.told_null = Some(generation);
        let Some(measurement) = &track.measurement else { return Ok(()) };
        let layers = with_null(measurement.layers.clone(), &null);
        let mean = LayerMeasures::mean(&layers[1..]).unwrap_or_else(|| measurement.mean.clone());
        let measurement = Arc::new(Measurement { layers, mean, ..(**measurement).clone() });
        outbox.tell(Event::Measured {
            generation,
            checkpoint: id,
            measurement,
            documents: sample.documents.len(),
            complete: true,
        })?;
        Ok(())
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
            let done = match track.standing {
                Standing { failed: true, .. } => total,
                Standing { told: Some((told, stages)), .. }
                    if told == self.request.generation && stages > 0 =>
                {
                    sample.map_or(0, |sample| sample.stages[stages - 1])
                }
                _ => track.scored.documents,
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
            left: self.progress.left(remaining),
        })?;
        Ok(())
    }
}

/// The sample of a checkpoint. Text that cannot be read ends the request, a tokenizer that cannot be read
/// only its checkpoint.
fn sample_of<'a>(
    samples: &'a mut Samples,
    request: &Request,
    checkpoint: &Checkpoint,
    inbox: &mut Inbox,
) -> Result<&'a mut super::sample::Sample, Trouble> {
    let mut interrupted = || inbox.interrupts(request);
    let tokenizer = (checkpoint.tokenizer.as_deref(), checkpoint.path.as_path());
    let Request { text, settings, interactive, .. } = request;
    samples.get(tokenizer, text, settings, *interactive, &mut interrupted).map_err(|error| {
        match error.kind() {
            Kind::Tokenizer | Kind::Cancelled => Trouble::Task(error),
            _ => Trouble::Request(error),
        }
    })
}

fn reference<'a>(
    references: &'a mut HashMap<usize, Reference>,
    width: usize,
    request: &Request,
    device: &OpenDevice,
) -> Result<&'a Reference, Error> {
    use std::collections::hash_map::Entry;
    Ok(match references.entry(width) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => {
            let points = ReferencePoints::new(request.settings.seed, request.scored_points(), width);
            entry.insert(device.estimator.reference(points)?)
        }
    })
}

/// The binning a request asks for. A width that no temperature can be calibrated for fails its checkpoint, a
/// temperature that cannot be computed with the request.
fn binning(request: &Request, width: usize, checkpoint: &Checkpoint) -> Result<Binning, Trouble> {
    let settings = &request.settings;
    let calibrated = temperature(settings.temperature, settings.points, width)
        .map_err(|error| Trouble::Task(error.at(&checkpoint.path)))?;
    Binning::new(settings.points, calibrated * settings.temperature_factor).map_err(Trouble::Request)
}

/// Bytes that the scores of a checkpoint take.
fn score_bytes(layers: usize, positions: usize, points: usize) -> usize {
    layers * positions * points * size_of::<f32>()
}

/// Gives up scores of other checkpoints until `bytes` more fit into the budget, the last in training first.
fn make_room(tracks: &mut BTreeMap<CheckpointId, Track>, wanted: CheckpointId, bytes: usize) {
    let mut held: usize = tracks.iter().filter(|(id, _)| **id != wanted).map(|(_, t)| t.scored.bytes()).sum();
    for (id, track) in tracks.iter_mut().rev() {
        if held + bytes <= SCORE_BUDGET {
            break;
        }
        if *id != wanted && track.scored.bytes() > 0 {
            held -= track.scored.bytes();
            track.scored = Scored::default();
            track.standing.scored_stages = 0;
        }
    }
}
