//! `infoplane store`: what measurements left behind, how much it may be, and how it goes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};

use super::{DONE, PARTLY, deliver, note, size};
use crate::error::{Error, Kind, Result};
use crate::store::{Contents, Store, StoredScores};
use crate::words;

/// The flags of `store`.
#[derive(Debug, Args)]
pub struct StoreCommandArgs {
    /// The folder of the store [default: infoplane in the user's cache].
    #[arg(long, value_name = "FOLDER", global = true)]
    store: Option<PathBuf>,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with a store; without any of these it is listed.
#[derive(Debug, Subcommand)]
enum Action {
    /// List the scores, and tell what everything takes.
    List,
    /// Remove scores and measurements that no process uses.
    Clear {
        /// Leave what was used within this many days.
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
    },
    /// Set what scores may take where no --store-size says, from now on: a size, or auto for a tenth of the
    /// disk's free space and at most 32 GiB.
    Limit {
        /// As in 10GiB, or auto.
        #[arg(value_parser = limit)]
        size: Limit,
    },
}

/// A limit as it is given.
#[derive(Clone, Copy, Debug)]
enum Limit {
    Auto,
    Bytes(u64),
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "auto" => Ok(Limit::Auto),
        text => size(text).map(|bytes| Limit::Bytes(bytes as u64)),
    }
}

/// Lists, clears or limits.
pub fn run(args: &StoreCommandArgs) -> Result<u8> {
    let folder = args.store.clone().or_else(Store::usual_folder).ok_or_else(|| {
        Error::new(Kind::Store, "this system has no folder for caches").help("name one with --store FOLDER")
    })?;
    let store = Store::at(&folder, None);
    match &args.action {
        None | Some(Action::List) => {
            deliver(list(&store.contents(), &folder.display().to_string()).as_bytes(), None)?;
            Ok(DONE)
        }
        Some(Action::Clear { older_than }) => clear(&store, *older_than),
        Some(Action::Limit { size }) => {
            store.set_limit(match size {
                Limit::Auto => None,
                Limit::Bytes(bytes) => Some(*bytes),
            })?;
            let limit = words::size(store.contents().limit);
            note(&format!(
                "the limit for scores is {limit}, from the next measurement on: {}",
                folder.display()
            ));
            Ok(DONE)
        }
    }
}

/// Says in one line what a process stored, where it did.
pub fn tell(store: Option<&Store>) {
    if let Some(summary) = store.and_then(Store::summary) {
        note(&summary);
    }
}

fn list(contents: &Contents, folder: &str) -> String {
    let Contents { scores, measurements, measurement_bytes, limit } = contents;
    let name = |scores: &StoredScores| scores.checkpoint.clone().unwrap_or_else(|| "unknown".to_owned());
    let width = scores.iter().map(|scores| name(scores).chars().count()).max().unwrap_or(0).max(10);
    let mut text = String::new();
    // Writing to text cannot fail.
    if !scores.is_empty() {
        let _ = writeln!(text, "{:width$}  seeds  points        size  used", "checkpoint");
    }
    for scores in scores {
        let StoredScores { seeds, points, bytes, used, in_use, .. } = scores;
        let used = if *in_use { "now".to_owned() } else { ago(*used) };
        let (name, size) = (name(scores), words::size(*bytes));
        let _ = writeln!(text, "{name:width$}  {seeds:>5}  {points:>6}  {size:>10}  {used}");
    }
    let total = words::size(scores.iter().map(|scores| scores.bytes).sum());
    let _ = writeln!(
        text,
        "scores of {}, {total} of {} allowed; {}, {}: {folder}",
        count(scores.len(), "checkpoint"),
        words::size(*limit),
        count(*measurements, "measurement"),
        words::size(*measurement_bytes),
    );
    text
}

/// How long ago something was.
fn ago(time: SystemTime) -> String {
    let seconds = SystemTime::now().duration_since(time).unwrap_or_default().as_secs();
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} ago", count(seconds as usize / 60, "minute")),
        3600..86_400 => format!("{} ago", count(seconds as usize / 3600, "hour")),
        _ => format!("{} ago", count(seconds as usize / 86_400, "day")),
    }
}

fn clear(store: &Store, older_than: Option<u32>) -> Result<u8> {
    const DAY: u64 = 24 * 60 * 60;
    let before = older_than.map(|days| {
        let age = Duration::from_secs(u64::from(days) * DAY);
        SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
    });
    let cleared = store.clear(before)?;
    note(&format!(
        "removed scores of {} and {}, {} in all",
        count(cleared.scores, "checkpoint"),
        count(cleared.measurements, "measurement"),
        words::size(cleared.bytes),
    ));
    for checkpoint in &cleared.in_use {
        note(&format!("not removed, since another process uses them: the scores of {checkpoint}"));
    }
    Ok(if cleared.in_use.is_empty() { DONE } else { PARTLY })
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
