//! `infoplane measure`: the whole measurement without a window.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::interrupt::{self, Interrupt};
use super::progress::Progress;
use super::{DONE, MeasuringArgs, NOTHING, PARTLY, TextArgs, deliver, note};
use crate::checkpoints::{self, CheckpointKey, RunKey};
use crate::condition::{Condition, TextSource};
use crate::corpus;
use crate::engine::{self, Command, EstimatorCosts, Event, Quality, RunList, Want};
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::results::{CheckpointResult, Outcome, ResultSettings, Results};
use crate::settings::{SAMPLES, Settings};

/// The flags of `measure`.
#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// Models, runs of checkpoints or folders of runs.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    measuring: MeasuringArgs,
    /// The form of the results [default: by the extension of --out, else json].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where to write the results; standard output otherwise. Written once all is measured.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The form of results.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One document with settings and checkpoints.
    Json,
    /// One row a checkpoint, layer, label and measure.
    Csv,
    /// The same rows, for pandas and polars; `show`, `figure` and the window read it.
    Parquet,
}

impl MeasureArgs {
    /// The form of the results: as the flag says, else as the file is called.
    ///
    /// # Errors
    /// A file with an extension that stands for no form.
    fn format(&self) -> Result<Format> {
        let extension = self.out.as_ref().and_then(|out| Some((out, out.extension()?.to_string_lossy())));
        let (None, Some((out, extension))) = (self.format, extension) else {
            return Ok(self.format.unwrap_or(Format::Json));
        };
        Format::from_str(&extension, true).map_err(|_| {
            Error::new(Kind::Usage, format!("`.{extension}` is no form of results"))
                .help("choose .json, .csv or .parquet, or name the form with --format")
                .at(out)
        })
    }
}

/// Measures and writes the results.
pub fn run(args: MeasureArgs) -> Result<u8> {
    // Hours of measuring should not end at something that could be known before.
    let format = args.format()?;
    for path in args.paths.iter().filter(|path| !path.is_file()) {
        checkpoints::locate(path)?;
    }
    let text = args.text.source().ok_or_else(|| {
        Error::new(Kind::Usage, "no text to measure").help("name one with --corpus FILE or --tokens FILE")
    })?;
    if let Some(out) = &args.out {
        output::check_writable(out)?;
    }
    let flags = &args.measuring.settings;
    let settings = flags.settings(Settings::default());
    let asked = flags.has(&SAMPLES).then_some(settings.samples);
    let options = engine::Options { live: false, ..args.measuring.engine_options()? };
    let store = options.store.clone();
    let worker = Worker::start(options)?;
    worker.send(Command::Open { paths: args.paths })?;
    let runs = match opened(&worker) {
        Ok(runs) => runs,
        Err(Ended::Failed(error)) => return Err(error),
        Err(Ended::Interrupted(status)) => {
            note("infoplane: interrupted before anything was measured");
            interrupt::leave(status)
        }
    };
    let start = Instant::now();
    let condition = Arc::new(Condition { settings: settings.clone(), text: text.clone() });
    let want = |checkpoint| Want { checkpoint, condition: Arc::clone(&condition), quality: Quality::Honest };
    worker.send(Command::Want(runs.keys().map(want).collect()))?;
    let mut collector = Collector::new(runs, &text, asked);
    match collector.collect(&worker) {
        Ok(()) => {}
        Err(Ended::Interrupted(status)) => {
            let line = collector.interrupted(store.is_some(), args.out.is_some());
            // The bar goes before the last word.
            drop(collector);
            super::store::tell(store.as_ref());
            note(&format!("infoplane: {line}"));
            interrupt::leave(status)
        }
        Err(Ended::Failed(error)) if collector.measured() == 0 => return Err(error),
        Err(Ended::Failed(error)) => collector.fail_the_rest(&error),
    }
    let measured = collector.finish();
    note(&told(start.elapsed(), measured.costs));
    super::store::tell(store.as_ref());

    let failed = measured.checkpoints.iter().filter(|c| c.measurement().is_none()).count();
    let (status, all) = (if failed > 0 { PARTLY } else { DONE }, measured.checkpoints.len());
    let results = Results {
        settings: ResultSettings {
            settings,
            corpus: corpus::name(text.path()).to_owned(),
            documents: measured.documents,
            skipped_documents: measured.skipped,
            device: measured.device,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        checkpoints: measured.checkpoints,
    };
    if failed > 0 {
        note(&format!("infoplane: {failed} of {all} checkpoints failed"));
    }
    if failed == all {
        return Ok(NOTHING);
    }
    let bytes = match format {
        Format::Json => results.to_json(),
        Format::Csv => results.to_csv(),
        Format::Parquet => results.to_parquet(),
    }?;
    deliver(&bytes, args.out.as_deref())?;
    Ok(status)
}

/// How long it took, and how much of that was the estimator's.
fn told(took: Duration, costs: Option<EstimatorCosts>) -> String {
    let took = took.as_secs_f64();
    let share = costs.map(|EstimatorCosts { scores, statistics }| {
        let [scores, statistics] = [scores, statistics].map(|cost| cost.as_secs_f64());
        let share = 100.0 * (scores + statistics) / took;
        format!(", of which scores {scores:.2} s and statistics {statistics:.2} s ({share:.1} % together)")
    });
    format!("took {took:.2} s{}", share.unwrap_or_default())
}

/// What ends the listening early.
enum Ended {
    /// The user, or the machine, wants the program to end with this status.
    Interrupted(u8),
    /// There is nothing more to come.
    Failed(Error),
}

/// The engine's worker, as far as it speaks.
struct Worker {
    /// There until the worker is to end.
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    interrupt: Interrupt,
}

/// How often it is asked whether to end.
const OFTEN: Duration = Duration::from_millis(50);

impl Worker {
    fn start(options: engine::Options) -> Result<Self> {
        let (commands, events) = engine::spawn(options, || {})?;
        Ok(Self { commands: Some(commands), events, interrupt: Interrupt::watch() })
    }

    fn send(&self, command: Command) -> Result<()> {
        let sent = self.commands.as_ref().is_some_and(|commands| commands.send(command).is_ok());
        if sent { Ok(()) } else { Err(ended_early()) }
    }

    /// Waits for the next event.
    fn next(&self) -> Result<Event, Ended> {
        loop {
            if let Some(status) = self.interrupt.status() {
                return Err(Ended::Interrupted(status));
            }
            match self.events.recv_timeout(OFTEN) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Ended::Failed(ended_early())),
            }
        }
    }
}

impl Drop for Worker {
    /// Waits until the worker has released its device and its memory: libraries clean up as the program ends, and
    /// a thread that still uses them then would fail.
    fn drop(&mut self) {
        self.commands = None;
        while self.interrupt.status().is_none() {
            if matches!(self.events.recv_timeout(OFTEN), Err(RecvTimeoutError::Disconnected)) {
                break;
            }
        }
    }
}

/// Waits for the runs.
fn opened(worker: &Worker) -> Result<Arc<RunList>, Ended> {
    loop {
        match worker.next()? {
            Event::Opened { runs } => {
                let Some(recorded) = runs.runs().iter().find(|run| run.recorded.is_some()) else {
                    return Ok(runs);
                };
                let error = Error::new(Kind::Usage, "these are results, which hold no model to measure")
                    .help("print them with `infoplane show`");
                return Err(Ended::Failed(error.at(&recorded.run.path)));
            }
            Event::Warning(warning) => note(&format!("warning: {warning}")),
            Event::OpenFailed { error } => return Err(Ended::Failed(error)),
            _ => {}
        }
    }
}

/// The worker is gone without having said that it was done.
fn ended_early() -> Error {
    Error::new(Kind::Device, "the worker ended early")
}

/// Gathers what the worker emits.
struct Collector {
    runs: Arc<RunList>,
    /// The name of the text.
    text: String,
    /// How many documents the user asked for, if anything was said.
    asked: Option<usize>,
    /// Documents and positions of the sample that was announced last.
    sample: Option<(usize, usize)>,
    outcomes: BTreeMap<CheckpointKey, Outcome>,
    recalled: usize,
    progress: Progress,
    device: String,
    documents: usize,
    skipped: usize,
    costs: Option<EstimatorCosts>,
}

/// What a measurement came to.
struct Measured {
    checkpoints: Vec<CheckpointResult>,
    device: String,
    documents: usize,
    skipped: usize,
    costs: Option<EstimatorCosts>,
}

impl Collector {
    fn new(runs: Arc<RunList>, text: &TextSource, asked: Option<usize>) -> Self {
        let all = runs.keys().count();
        Self {
            runs,
            text: corpus::name(text.path()).display().to_string(),
            asked,
            sample: None,
            outcomes: BTreeMap::new(),
            recalled: 0,
            progress: Progress::new(all),
            device: String::new(),
            documents: 0,
            skipped: 0,
            costs: None,
        }
    }

    /// Listens until every checkpoint is measured or failed.
    fn collect(&mut self, worker: &Worker) -> Result<(), Ended> {
        loop {
            match worker.next()? {
                Event::Device { name } => {
                    if self.sample.is_some() {
                        self.progress.say(&format!("computing on {name}"));
                    }
                    // What a GPU that failed had measured stays.
                    self.device = match self.measured() > 0 && self.device != name {
                        true => format!("{}, then {name}", self.device),
                        false => name,
                    };
                }
                Event::Warning(warning) => self.progress.say(&format!("warning: {warning}")),
                Event::Prepared { run, documents, skipped_documents, positions, .. } => {
                    self.prepared(run, documents, skipped_documents, positions);
                }
                Event::Progress { checkpoint, total_share, remaining, .. } => {
                    let name = self.name(checkpoint);
                    self.progress.advance(total_share, &name, remaining);
                }
                Event::Measured { checkpoint, measurement, quality: Quality::Honest, recalled, .. } => {
                    self.recalled += usize::from(recalled);
                    let measurement = Box::new(Arc::unwrap_or_clone(measurement));
                    self.finished(checkpoint, Outcome::Measured(measurement), recalled);
                }
                Event::CheckpointFailed { checkpoint, error, .. } => {
                    self.finished(checkpoint, Outcome::Failed { error: error.to_string() }, false);
                }
                Event::ConditionFailed { error, .. } => return Err(Ended::Failed(error)),
                Event::Idle { costs } => {
                    self.costs = costs;
                    return Ok(());
                }
                Event::Opened { .. } | Event::OpenFailed { .. } | Event::Measured { .. } => {}
            }
        }
    }

    /// Says what is measured on what: all of it before the first checkpoint, later what is different for a run.
    fn prepared(&mut self, run: RunKey, documents: usize, skipped: usize, positions: usize) {
        // Runs differ only where their tokenizers do; the largest stands for all.
        self.documents = self.documents.max(documents);
        self.skipped = self.skipped.max(skipped);
        if self.sample == Some((documents, positions)) {
            return;
        }
        let too_short = if skipped > 0 { format!(", {skipped} too short") } else { String::new() };
        let sample = format!("{} ({positions} positions{too_short})", counted(documents, "document"));
        let first = self.sample.replace((documents, positions)).is_none();
        self.progress.say(&match first {
            true => {
                let checkpoints = counted(self.runs.keys().count(), "checkpoint");
                format!("measuring {checkpoints} on {sample} of {}, computing on {}", self.text, self.device)
            }
            false => {
                let name = self.runs.run(run).map_or("", |run| run.run.name.as_str());
                format!("{name}: {sample}")
            }
        });
        if let Some(asked) = self.asked.filter(|&asked| asked > documents) {
            let held = counted(documents + skipped, "document");
            let enough =
                if skipped > 0 { format!(", {documents} of them long enough") } else { String::new() };
            self.progress.say(&format!("the text holds {held}{enough}; --samples {asked} asked"));
        }
    }

    fn finished(&mut self, checkpoint: CheckpointKey, outcome: Outcome, recalled: bool) {
        let name = self.name(checkpoint);
        let done = self.outcomes.len() + usize::from(!self.outcomes.contains_key(&checkpoint));
        self.progress.finished(done, &name, &outcome, recalled);
        self.outcomes.insert(checkpoint, outcome);
    }

    /// The number of checkpoints measured so far.
    fn measured(&self) -> usize {
        self.outcomes.values().filter(|outcome| matches!(outcome, Outcome::Measured(_))).count()
    }

    /// What to say where the measurement is broken off: what of it is kept, in a store or nowhere.
    fn interrupted(&self, kept: bool, to_file: bool) -> String {
        let all = self.runs.keys().count();
        let measured = format!("interrupted; {} of {} measured", self.measured(), counted(all, "checkpoint"));
        let results = if to_file { ", --out is not written" } else { "" };
        match kept {
            true => format!("{measured} and kept in the store{results}; the same command goes on from there"),
            false => format!("{measured}, nothing is kept as there is no store{results}"),
        }
    }

    /// Whatever has no outcome failed for the same reason.
    fn fail_the_rest(&mut self, error: &Error) {
        let rest: Vec<CheckpointKey> =
            self.runs.keys().filter(|key| !self.outcomes.contains_key(key)).collect();
        self.progress.say(&format!("{} not measured: {error}", counted(rest.len(), "checkpoint")));
        let failed = |key| (key, Outcome::Failed { error: error.to_string() });
        self.outcomes.extend(rest.into_iter().map(failed));
    }

    /// The results, every checkpoint among them.
    fn finish(mut self) -> Measured {
        if self.recalled > 0 {
            let all = self.outcomes.len();
            self.progress.say(&format!("{} of {all} checkpoints were measured before", self.recalled));
        }
        let runs = Arc::clone(&self.runs);
        let result = |key: CheckpointKey| {
            let (run, checkpoint) = runs.get(key)?;
            let missed = || Outcome::Failed { error: "was not measured".to_owned() };
            Some(CheckpointResult {
                run: run.run.name.clone(),
                name: checkpoint.name.clone(),
                step: checkpoint.step,
                tokens: checkpoint.tokens,
                path: checkpoint.path.clone(),
                outcome: self.outcomes.remove(&key).unwrap_or_else(missed),
            })
        };
        let checkpoints = runs.keys().filter_map(result).collect();
        let Self { device, documents, skipped, costs, .. } = self;
        Measured { checkpoints, device, documents, skipped, costs }
    }

    fn name(&self, key: CheckpointKey) -> String {
        let Some((run, checkpoint)) = self.runs.get(key) else { return String::new() };
        let (run, name) = (&run.run.name, &checkpoint.name);
        if run == name { name.clone() } else { format!("{run}/{name}") }
    }
}

/// `1 document`, `2 documents`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
