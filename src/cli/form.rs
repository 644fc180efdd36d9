//! Where results go, and in which form.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::deliver;
use crate::error::{Error, Kind, Result};
use crate::results::Results;

/// The flags of commands that write results.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// The form of the results [default: by the extension of --out, else json].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where to write the results; standard output otherwise. Written once all of them are known.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One document of conditions, each with its settings and checkpoints.
    Json,
    /// One row a checkpoint, layer, label and measure.
    Csv,
    /// The same rows, for pandas, polars and DuckDB.
    Parquet,
}

impl OutArgs {
    /// The form of the results: as the flag says, else as the file is called.
    ///
    /// # Errors
    /// A file with an extension that stands for no form.
    pub fn format(&self) -> Result<Format> {
        let extension = self.out.as_ref().and_then(|out| Some((out, out.extension()?.to_string_lossy())));
        let (None, Some((out, extension))) = (self.format, extension) else {
            return Ok(self.format.unwrap_or(Format::Json));
        };
        Format::from_str(&extension, true).map_err(|_| {
            Error::new(Kind::Usage, format!("`.{extension}` is not a format of results"))
                .help("use .json, .csv or .parquet, or name the format with --format")
                .at(out)
        })
    }

    /// Writes results.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn deliver(&self, results: &Results, format: Format) -> Result<()> {
        let bytes = match format {
            Format::Json => results.to_json(),
            Format::Csv => results.to_csv(),
            Format::Parquet => results.to_parquet(),
        }?;
        deliver(&bytes, self.out.as_deref())
    }
}
