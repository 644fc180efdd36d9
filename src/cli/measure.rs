//! `infoplane measure`: the whole measurement without a window.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::form::OutArgs;
use super::interrupt::{self, Interrupt};
use super::progress::Progress;
use super::{DONE, MeasuringArgs, NOTHING, PARTLY, TextArgs, note, pairs_alone};
use crate::checkpoints::{self, CheckpointKey, RunKey};
use crate::condition::{Condition, TextSource};
use crate::corpus;
use crate::engine::{self, Command, EstimatorCosts, Event, Quality, RunList, Want};
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::results::{CheckpointResult, Outcome, Provenance, Results};
use crate::settings::{SAMPLES, Settings};
use crate::words::counted;

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
    #[command(flatten)]
    out: OutArgs,
}

/// Measures and writes the results.
pub fn run(args: MeasureArgs) -> Result<u8> {
    // Hours of measuring should not end at something that could be known before.
    let format = args.out.format()?;
    for path in args.paths.iter().filter(|path| !checkpoints::expanded(path).is_file()) {
        checkpoints::locate(path)?;
    }
    let flags = &args.measuring.settings;
    let mut settings = flags.settings(Settings::default());
    let text = args.text.source().or_else(|| pairs_alone(&mut settings)).ok_or_else(|| {
        let help = "name one with --corpus FILE or --tokens FILE, or preference pairs with --pairs FILE";
        Error::new(Kind::Usage, "no text to measure").help(help)
    })?;
    if let Some(out) = &args.out.out {
        output::check_writable(out)?;
    }
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
    let text = match text {
        TextSource::Corpus(path) => TextSource::Corpus(corpus::name(&path).to_owned()),
        other => other,
    };
    let named = Condition { settings, text };
    let mut collector = Collector::new(runs, named.clone(), asked);
    match collector.collect(&worker) {
        Ok(()) => {}
        Err(Ended::Interrupted(status)) => {
            let line = collector.interrupted(store.is_some(), args.out.out.is_some());
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
    if failed > 0 {
        note(&format!("infoplane: {failed} of {all} checkpoints failed"));
    }
    if failed == all {
        return Ok(NOTHING);
    }
    args.out.deliver(&Results::of(&named, measured.checkpoints)?, format)?;
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
                let error =
                    Error::new(Kind::Usage, "this is a file of results, which has no model to measure")
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
    /// What all checkpoints are measured under, with the name of the text for its path.
    condition: Condition,
    /// How many documents the user asked for, if anything was said.
    asked: Option<usize>,
    /// Documents and positions of the sample that was announced last.
    sample: Option<(usize, usize)>,
    /// Answers and positions of the pairs beside it that were announced last.
    beside: Option<(usize, usize)>,
    /// The number of documents of a run's sample, and of those too short for it.
    samples: BTreeMap<RunKey, [usize; 2]>,
    /// Each with the device that computed it.
    outcomes: BTreeMap<CheckpointKey, (Outcome, String)>,
    recalled: usize,
    progress: Progress,
    device: String,
    costs: Option<EstimatorCosts>,
}

/// What a measurement came to.
struct Measured {
    checkpoints: Vec<CheckpointResult>,
    costs: Option<EstimatorCosts>,
}

impl Collector {
    fn new(runs: Arc<RunList>, condition: Condition, asked: Option<usize>) -> Self {
        let all = runs.keys().count();
        Self {
            runs,
            condition,
            asked,
            sample: None,
            beside: None,
            samples: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            recalled: 0,
            progress: Progress::new(all),
            device: String::new(),
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
                    self.device = name;
                }
                Event::Warning(warning) => self.progress.say(&format!("warning: {warning}")),
                Event::Prepared { text, run, documents, skipped_documents, positions, .. } => {
                    let beside = matches!(text, TextSource::Pairs(_)) && self.condition.text != text;
                    match beside {
                        true => self.prepared_beside(&text, documents, positions),
                        false => self.prepared(run, documents, skipped_documents, positions),
                    }
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
                // Nothing is looked at here, and no folder opened.
                Event::Opened { .. }
                | Event::OpenFailed { .. }
                | Event::Measured { .. }
                | Event::Seen { .. } => {}
            }
        }
    }

    /// Says what is measured on what: all of it before the first checkpoint, later what is different for a run.
    fn prepared(&mut self, run: RunKey, documents: usize, skipped: usize, positions: usize) {
        self.samples.insert(run, [documents, skipped]);
        if self.sample == Some((documents, positions)) {
            return;
        }
        let (noun, passed_over) = match self.condition.text {
            TextSource::Pairs(_) => ("answer", "cut away"),
            TextSource::Corpus(_) | TextSource::Tokens(_) => ("document", "too short"),
        };
        let skipped_words = if skipped > 0 { format!(", {skipped} {passed_over}") } else { String::new() };
        let sample = format!("{} ({positions} positions{skipped_words})", counted(documents, noun));
        let first = self.sample.replace((documents, positions)).is_none();
        self.progress.say(&match first {
            true => {
                let checkpoints = counted(self.runs.keys().count(), "checkpoint");
                let text = self.condition.text.path().display();
                format!("measuring {checkpoints} on {sample} of {text}, computing on {}", self.device)
            }
            false => {
                let name = self.runs.run(run).map_or("", |run| run.run.name.as_str());
                format!("{name}: {sample}")
            }
        });
        // Of pairs it is said how many answers there are, and why some are not.
        let of_documents = !matches!(self.condition.text, TextSource::Pairs(_));
        if let Some(asked) = self.asked.filter(|&asked| of_documents && asked > documents) {
            let held = counted(documents + skipped, "document");
            let enough =
                if skipped > 0 { format!(", {documents} of them long enough") } else { String::new() };
            self.progress.say(&format!("the text has {held}{enough}, fewer than --samples {asked}"));
        }
    }

    /// Says what is measured beside the text, once.
    fn prepared_beside(&mut self, pairs: &TextSource, answers: usize, positions: usize) {
        if self.beside.replace((answers, positions)) != Some((answers, positions)) {
            let answers = counted(answers, "answer");
            let pairs = pairs.path().display();
            self.progress.say(&format!("beside it {answers} ({positions} positions) of {pairs}"));
        }
    }

    fn finished(&mut self, checkpoint: CheckpointKey, outcome: Outcome, recalled: bool) {
        let name = self.name(checkpoint);
        let done = self.outcomes.len() + usize::from(!self.outcomes.contains_key(&checkpoint));
        self.progress.finished(done, &name, &outcome, recalled);
        self.outcomes.insert(checkpoint, (outcome, self.device.clone()));
    }

    /// The number of checkpoints measured so far.
    fn measured(&self) -> usize {
        self.outcomes.values().filter(|(outcome, _)| matches!(outcome, Outcome::Measured(_))).count()
    }

    /// What to say where the measurement is broken off: what of it is kept, in a store or nowhere.
    fn interrupted(&self, kept: bool, to_file: bool) -> String {
        let all = self.runs.keys().count();
        let measured = format!("interrupted; {} of {} measured", self.measured(), counted(all, "checkpoint"));
        let results = if to_file { ", --out is not written" } else { "" };
        match kept {
            true => format!("{measured} and stored{results}; the same command resumes"),
            false => format!("{measured}, nothing was stored, for want of a store{results}"),
        }
    }

    /// Whatever has no outcome failed for the same reason.
    fn fail_the_rest(&mut self, error: &Error) {
        let rest: Vec<CheckpointKey> =
            self.runs.keys().filter(|key| !self.outcomes.contains_key(key)).collect();
        self.progress.say(&format!("{} not measured: {error}", counted(rest.len(), "checkpoint")));
        let failed = |key| (key, (Outcome::Failed { error: error.to_string() }, self.device.clone()));
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
            let missed = || (Outcome::Failed { error: "was not measured".to_owned() }, self.device.clone());
            let (outcome, device) = self.outcomes.remove(&key).unwrap_or_else(missed);
            let sample = self.samples.get(&run.key).copied().unwrap_or_default();
            Some(CheckpointResult {
                run: run.run.name.clone(),
                name: checkpoint.name.clone(),
                step: checkpoint.step,
                tokens: checkpoint.tokens,
                path: checkpoint.path.clone(),
                provenance: Provenance::of(&self.condition, sample, &device),
                outcome,
            })
        };
        let checkpoints = runs.keys().filter_map(result).collect();
        Measured { checkpoints, costs: self.costs }
    }

    fn name(&self, key: CheckpointKey) -> String {
        let Some((run, checkpoint)) = self.runs.get(key) else { return String::new() };
        let (run, name) = (&run.run.name, &checkpoint.name);
        if run == name { name.clone() } else { format!("{run}/{name}") }
    }
}
