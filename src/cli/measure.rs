//! `infoplane measure`: the whole measurement without a window.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use crossbeam_channel::Receiver;
use indicatif::{ProgressBar, ProgressStyle};

use super::{DONE, NOTHING, PARTLY, SettingsArgs, TextArgs, deliver};
use crate::checkpoints::Run;
use crate::engine::{self, CheckpointId, Command, EstimatorCosts, Event, Request};
use crate::error::{Error, Kind, Result};
use crate::output;
use crate::results::{CheckpointResult, Outcome, ResultSettings, Results};
use crate::settings::Settings;

/// The flags of `measure`.
#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// A model, a run of checkpoints or a folder of runs.
    path: PathBuf,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// The form of the results [default: by the extension of --out, else json].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where to write the results; standard output otherwise.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The form of results.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One document with settings and checkpoints.
    Json,
    /// One row a checkpoint, layer and order.
    Csv,
    /// One row a checkpoint, layer, order and measure, for pandas and polars.
    Parquet,
}

/// Measures and writes the results.
pub fn run(args: MeasureArgs) -> Result<u8> {
    let text = args.text.source().ok_or_else(|| {
        Error::new(Kind::Usage, "no text to measure").help("name one with --corpus FILE or --tokens FILE")
    })?;
    // Hours of measuring should not end at a file that cannot be written.
    if let Some(out) = &args.out {
        output::check_writable(out)?;
    }
    let settings = args.settings.settings(Settings::default().samples);
    let (commands, events) = engine::spawn(args.settings.engine_options()?, || {})?;
    let request = Request {
        generation: 1,
        settings: settings.clone(),
        text: text.clone(),
        focus: None,
        interactive: false,
    };
    commands.send(Command::Open { paths: vec![args.path] }).map_err(|_| ended_early())?;
    let runs = opened(&events)?;
    let start = Instant::now();
    commands.send(Command::Measure(request)).map_err(|_| ended_early())?;
    let measured = Collector::new(runs).collect(&events)?;
    eprintln!("{}", told(start.elapsed(), measured.costs));

    let failed = measured.checkpoints.iter().filter(|c| c.measurement().is_none()).count();
    let (status, all) = (if failed > 0 { PARTLY } else { DONE }, measured.checkpoints.len());
    let results = Results {
        settings: ResultSettings {
            settings,
            corpus: text.path().clone(),
            documents: measured.documents,
            skipped_documents: measured.skipped,
            device: measured.device,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        checkpoints: measured.checkpoints,
    };
    if failed > 0 {
        eprintln!("infoplane: {failed} of {all} checkpoints failed");
    }
    if failed == all {
        return Ok(NOTHING);
    }
    let by_name = args.out.as_deref().and_then(|out| Format::from_str(out.extension()?.to_str()?, true).ok());
    let bytes = match args.format.or(by_name).unwrap_or(Format::Json) {
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

/// Waits for the runs.
fn opened(events: &Receiver<Event>) -> Result<Arc<Vec<Run>>> {
    for event in events {
        match event {
            Event::Opened { runs, recorded } if recorded.iter().all(Option::is_none) => return Ok(runs),
            Event::Opened { runs, .. } => {
                return Err(Error::new(Kind::Usage, "these are results, which hold no model to measure")
                    .help("print them with `infoplane show`")
                    .at(&runs[0].path));
            }
            Event::Failed { error, .. } => return Err(error),
            _ => {}
        }
    }
    Err(ended_early())
}

/// The worker is gone without having said that it was done.
fn ended_early() -> Error {
    Error::new(Kind::Device, "the worker ended early")
}

/// Gathers what the worker tells.
struct Collector {
    runs: Arc<Vec<Run>>,
    outcomes: BTreeMap<CheckpointId, Outcome>,
    bar: ProgressBar,
    measured: Measured,
    /// Checkpoints that were measured before.
    recalled: usize,
}

#[derive(Default)]
struct Measured {
    checkpoints: Vec<CheckpointResult>,
    device: String,
    documents: usize,
    skipped: usize,
    costs: Option<EstimatorCosts>,
}

impl Collector {
    fn new(runs: Arc<Vec<Run>>) -> Self {
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
            bar.set_style(style);
        }
        Self { runs, outcomes: BTreeMap::new(), bar, measured: Measured::default(), recalled: 0 }
    }

    fn collect(mut self, events: &Receiver<Event>) -> Result<Measured> {
        loop {
            match events.recv().map_err(|_| ended_early())? {
                Event::Device { name } => {
                    self.say(&format!("computing on {name}"));
                    self.measured.device = name;
                }
                Event::Warning(warning) => self.say(&format!("warning: {warning}")),
                Event::Prepared { run, documents, skipped_documents, positions, .. } => {
                    // Runs differ only where their tokenizers do; the largest stands for all.
                    self.measured.documents = self.measured.documents.max(documents);
                    self.measured.skipped = self.measured.skipped.max(skipped_documents);
                    let name = &self.runs[run].name;
                    let skipped = match skipped_documents {
                        0 => String::new(),
                        n => format!(" ({n} too short, skipped)"),
                    };
                    self.say(&format!("{name}: {documents} documents{skipped}, {positions} positions"));
                }
                Event::Progress { checkpoint, total_share, left, .. } => {
                    self.bar.set_position((f64::from(total_share) * 1000.0) as u64);
                    let left = left
                        .map_or(String::new(), |left| format!(", {} left", indicatif::HumanDuration(left)));
                    self.bar.set_message(format!("{}{left}", self.name(checkpoint)));
                }
                Event::Measured { checkpoint, measurement, complete: true, recalled, .. } => {
                    self.recalled += usize::from(recalled);
                    self.outcomes
                        .insert(checkpoint, Outcome::Measured(Box::new(Arc::unwrap_or_clone(measurement))));
                }
                Event::CheckpointFailed { checkpoint, error, .. } => {
                    self.say(&format!("{} failed: {error}", self.name(checkpoint)));
                    self.outcomes.insert(checkpoint, Outcome::Failed { error: error.to_string() });
                }
                Event::Failed { error, .. } => return Err(error),
                Event::Idle { costs, .. } => {
                    self.measured.costs = costs;
                    break;
                }
                Event::Opened { .. } | Event::Measured { .. } => {}
            }
        }
        self.bar.finish_and_clear();
        if self.recalled > 0 {
            eprintln!("{} of {} checkpoints were measured before", self.recalled, self.outcomes.len());
        }
        for (id, outcome) in self.outcomes {
            let run = &self.runs[id.run];
            let checkpoint = &run.checkpoints[id.checkpoint];
            self.measured.checkpoints.push(CheckpointResult {
                run: run.name.clone(),
                name: checkpoint.name.clone(),
                step: checkpoint.step,
                tokens: checkpoint.tokens,
                path: checkpoint.path.clone(),
                outcome,
            });
        }
        Ok(self.measured)
    }

    fn name(&self, id: CheckpointId) -> String {
        let run = &self.runs[id.run];
        let name = &run.checkpoints[id.checkpoint].name;
        if run.name == *name { name.clone() } else { format!("{}/{name}", run.name) }
    }

    /// A line on standard error, above the bar where there is one.
    fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        settings: SettingsArgs,
    }

    fn settings_of(flags: &[&str]) -> Settings {
        use clap::Parser as _;
        Only::parse_from(["infoplane"].iter().chain(flags)).settings.settings(500)
    }

    #[test]
    fn every_field_of_the_settings_is_set_by_a_flag() {
        assert_eq!(settings_of(&[]), Settings::default());
        let flags = "--samples 2000000 --context 200000 --max-order 2 --points 1000 --seed 7 --reference-seeds 50 \
                     --temperature 0.02 --temperature-factor 2 --min-count 50 --tolerance 0.5 --scores f16 \
                     --backend cpu --dtype bf16 --text-field body";
        let set = settings_of(&flags.split_whitespace().collect::<Vec<_>>());
        let fields = |settings: &Settings| serde_json::to_value(settings).unwrap();
        let (usual, set) = (fields(&Settings::default()), fields(&set));
        for (field, value) in usual.as_object().unwrap() {
            assert_ne!(set[field], *value, "{field} is set by no flag");
        }
        assert_eq!([&set["samples"], &set["points"], &set["min_count"]], [2_000_000, 1000, 50]);
    }
}
