//! The command line: flags to settings, and one file a command.
//!
//! Results go to standard output or `--out`, everything else to standard error. The exit status says what was done:
//!
//! | status | what was done |
//! |---|---|
//! | 0 | everything |
//! | 1 | some checkpoints failed; the others were measured |
//! | 2 | nothing: a flag, a path or a text that makes no sense, or every checkpoint failed |
//! | 130 | interrupted by Ctrl+C; what was measured is in the store |
//! | 143 | ended by SIGTERM, as by a cluster's time limit; likewise |

mod correlate;
mod demo;
mod figure;
mod form;
mod frontier;
mod hidden;
mod inspect;
mod interrupt;
mod measure;
mod merge;
mod pairs;
mod progress;
mod settings;
mod show;
mod store;
mod window;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use self::settings::SettingsFlags;
use crate::checkpoints::Links;
use crate::condition::TextSource;
use crate::corpus;
use crate::engine;
use crate::error::Result;
use crate::measures::Order;
use crate::settings::{LARGEST_ORDER, Settings};
use crate::store::{Store, StoreScores};

/// Everything was done.
const DONE: u8 = 0;
/// Some checkpoints failed, or some runs could not be drawn; the others were.
const PARTLY: u8 = 1;
/// Nothing was done.
const NOTHING: u8 = 2;
/// Interrupted by Ctrl+C: 128 and the signal's number, as shells have it.
const INTERRUPTED: u8 = 130;
/// Ended by SIGTERM.
const TERMINATED: u8 = 143;

/// See what a language model keeps and what it forgets.
///
/// Opens a window on folders of Hugging Face checkpoints and draws them on the information plane:
/// complexity I(X;Z) across, expressivity I(Y;Z) up. Without a folder it shows the runs that ship with it.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    window: window::WindowArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a model or all checkpoints of a run, without a window.
    Measure(measure::MeasureArgs),
    /// Merge results of several files: parts of a run, runs, conditions.
    Merge(merge::MergeArgs),
    /// Show what a folder holds: runs, checkpoints and their models.
    Inspect(inspect::InspectArgs),
    /// Write the hidden states and the loss of a model on given tokens.
    Hidden(hidden::HiddenArgs),
    /// Print measured results as tables.
    Show(show::ShowArgs),
    /// Draw measured results on the information plane, as PDF, SVG or PNG.
    Figure(figure::FigureArgs),
    /// Draw the information-bottleneck frontier of a text's labels, or of any joint.
    Frontier(frontier::FrontierArgs),
    /// Show what preference pairs come to, and how one is read.
    Pairs(pairs::PairsArgs),
    /// Correlate two columns of a table: Pearson, Spearman, line, partial correlation.
    Correlate(correlate::CorrelateArgs),
    /// List, limit and clear what measurements store.
    Store(store::StoreCommandArgs),
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    // Libraries' complaints are for whoever asks for them by RUST_LOG.
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("off")).init();
    quiet_worker_panics();
    let cli = Cli::parse();
    let status = match cli.command {
        None => window::run(cli.window),
        Some(Command::Measure(args)) => measure::run(args),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Inspect(args)) => inspect::run(&args),
        Some(Command::Hidden(args)) => hidden::run(&args),
        Some(Command::Show(args)) => show::run(&args),
        Some(Command::Figure(args)) => figure::run(&args),
        Some(Command::Frontier(args)) => frontier::run(&args),
        Some(Command::Pairs(args)) => pairs::run(&args),
        Some(Command::Correlate(args)) => correlate::run(&args),
        Some(Command::Store(args)) => store::run(&args),
    };
    ExitCode::from(status.unwrap_or_else(|error| {
        note(&format!("infoplane: {error}"));
        NOTHING
    }))
}

/// A line on standard error. Where nobody reads it any more, the work goes on without.
fn note(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A name that a file gave, safe to print.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The tensor library panics where a device is lost. The worker survives that and tells it in a line of its
/// own, so the panic's own report is left to whoever asks for backtraces.
fn quiet_worker_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let survivors = [crate::engine::WORKER, crate::model::feed::THREAD];
        let survived = std::thread::current().name().is_some_and(|name| survivors.contains(&name));
        if !survived || std::env::var_os("RUST_BACKTRACE").is_some() {
            usual(panic);
        }
    }));
}

/// What to read.
#[derive(Debug, Clone, Args)]
struct TextArgs {
    /// The text: JSON (lines or an array), CSV, Parquet, Arrow, a folder of such, or plain text, also in gzip or zstd; `-` for
    /// standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "tokens")]
    corpus: Option<PathBuf>,
    /// Token ids instead of text: a safetensors file with `tokens` (flat) and `offsets`.
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(token_file))]
    tokens: Option<PathBuf>,
}

impl TextArgs {
    /// What the flags name, if they name anything.
    fn source(&self) -> Option<TextSource> {
        let tokens = self.tokens.clone().map(TextSource::Tokens);
        tokens.or_else(|| self.corpus.clone().map(TextSource::Corpus))
    }
}

/// The pairs that settings name, where there is no text that they would be measured beside; they are a text then.
fn pairs_alone(settings: &mut Settings) -> Option<TextSource> {
    let pairs = std::mem::take(&mut settings.pairs);
    (!pairs.is_empty()).then(|| TextSource::Pairs(pairs.into()))
}

/// What to measure and how, and what may be used for it.
#[derive(Debug, Clone, Args)]
struct MeasuringArgs {
    #[command(flatten)]
    settings: SettingsFlags<settings::All>,
    #[command(flatten)]
    memory: MemoryArg,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    links: LinkArgs,
}

/// Where scores and measurements are kept.
#[derive(Debug, Clone, Args)]
struct StoreArgs {
    /// The folder in which scores and measurements are kept [default: infoplane in the user's cache].
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_store")]
    store: Option<PathBuf>,
    /// What stored scores may take; beyond it those used longest ago are removed [default: what `infoplane
    /// store limit` says, else a tenth of the disk's free space and at most 32 GiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    store_size: Option<usize>,
    /// Whether `measure` stores scores: auto stores those that take clearly longer to make again than to
    /// store and read. Numbers of finished checkpoints are stored in any case.
    #[arg(long, value_enum, default_value_t = StoreScores::Auto)]
    store_scores: StoreScores,
    /// Keep everything in memory and nothing for later.
    #[arg(long)]
    no_store: bool,
}

impl StoreArgs {
    /// The store; where a folder that nobody named cannot be used, none, and a word about it.
    ///
    /// # Errors
    /// A folder that was named and cannot be used.
    fn open(&self) -> Result<Option<Store>> {
        if self.no_store {
            return Ok(None);
        }
        let limit = self.store_size.map(|bytes| bytes as u64);
        let open = |folder: &Path| Ok(Store::open(folder, limit)?.keeping(self.store_scores));
        if let Some(folder) = &self.store {
            return open(folder).map(Some);
        }
        let Some(usual) = Store::usual_folder() else { return Ok(None) };
        Ok(open(&usual)
            .inspect_err(|error| note(&format!("warning: {error}; continuing without a store")))
            .ok())
    }
}

/// How folders are opened.
#[derive(Debug, Clone, Copy, Args)]
struct LinkArgs {
    /// Follow no link that leads out of a folder that is opened: for folders from strangers.
    #[arg(long)]
    no_follow_links: bool,
}

impl LinkArgs {
    fn links(self) -> Links {
        if self.no_follow_links { Links::KeptWithin } else { Links::Followed }
    }
}

/// How much memory a model may take.
#[derive(Debug, Clone, Copy, Args)]
struct MemoryArg {
    /// What a model's weights and activations may take, as in 6GiB; a larger model is read layer by layer
    /// [default: what the device or the machine has, less a reserve].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<usize>,
}

impl MeasuringArgs {
    /// What the engine may use.
    ///
    /// # Errors
    /// A store that was named and cannot be used.
    fn engine_options(&self) -> Result<engine::Options> {
        Ok(engine::Options {
            memory: self.memory.memory,
            store: self.store.open()?,
            links: self.links.links(),
            ..Default::default()
        })
    }
}

/// A file of token ids, of which parts are read.
fn token_file(path: PathBuf) -> Result<PathBuf, String> {
    match corpus::is_standard_input(&path) {
        true => Err("token ids are not read from standard input; name a file".to_owned()),
        false => Ok(path),
    }
}

/// A number of bytes, with a unit or without.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match text[digits.len()..].trim() {
        "" | "B" => 1.0,
        "KiB" | "K" | "k" => 1024.0,
        "MiB" | "M" | "m" => f64::from(1 << 20),
        "GiB" | "G" | "g" => f64::from(1 << 30),
        "TiB" | "T" => 1024.0 * f64::from(1 << 30),
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        unit => return Err(format!("`{unit}` is not a unit; known are KiB, MiB, GiB, kB, MB, GB")),
    };
    match digits.parse::<f64>() {
        Ok(number) if number > 0.0 && number * unit < 2f64.powi(60) => Ok((number * unit) as usize),
        _ => Err("not a size such as 512MiB or 6GiB".to_owned()),
    }
}

/// Reads an n-gram order by its number.
fn order(text: &str) -> Result<Order, String> {
    let order = text.parse().ok().and_then(Order::of_number);
    order.ok_or_else(|| format!("not a whole number from 1 to {LARGEST_ORDER}"))
}

/// Writes a command's result to a file, or to standard output.
fn deliver(bytes: &[u8], out: Option<&Path>) -> Result<()> {
    use std::io::Write as _;

    use crate::error::{Error, Kind};
    match out {
        Some(path) => crate::output::write_atomically(path, bytes),
        None => match std::io::stdout().write_all(bytes) {
            // Whoever read us has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => done.map_err(|error| {
                Error::new(Kind::Output, format!("standard output cannot be written ({error})"))
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn sizes_have_units() {
        use super::size;
        assert_eq!(size("1GiB"), Ok(1 << 30));
        assert_eq!(size("1.5 MiB"), Ok(3 << 19));
        assert_eq!(size("2000"), Ok(2000));
        assert_eq!(size("3GB"), Ok(3_000_000_000));
        for wrong in ["", "GiB", "-1GiB", "1 parsec", "0", "nan", "1e30GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_flags_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
