//! `infoplane merge`: results of several files as those of one measurement.

use std::path::PathBuf;

use clap::Args;

use super::form::OutArgs;
use super::{DONE, note};
use crate::error::Result;
use crate::output;
use crate::results::{Results, read_all, union};
use crate::words::counted;

/// The flags of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Results in any form, or folders of such. Of a checkpoint measured several times under one condition the
    /// numbers of most documents are kept; numbers of as many must be the same.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    #[command(flatten)]
    out: OutArgs,
}

/// Writes the union.
///
/// # Errors
/// Files that hold no results, and results that conflict; nothing is written then.
pub fn run(args: &MergeArgs) -> Result<u8> {
    let format = args.out.format()?;
    if let Some(out) = &args.out.out {
        output::check_writable(out)?;
    }
    let (files, results): (Vec<PathBuf>, Vec<Results>) = read_all(&args.results)?.into_iter().unzip();
    let count = files.len();
    let union = union(files.iter().map(|file| Some(&**file)).zip(results).collect())?;
    args.out.deliver(&union, format)?;
    let all = || union.conditions.iter().flat_map(|of_condition| &of_condition.checkpoints);
    let failed = all().filter(|checkpoint| checkpoint.measurement().is_none()).count();
    let failures = if failed > 0 { format!(", {failed} of them failed") } else { String::new() };
    note(&format!(
        "{} of {}: {}{failures}",
        counted(union.conditions.len(), "condition"),
        counted(count, "file"),
        counted(all().count(), "checkpoint"),
    ));
    Ok(DONE)
}
