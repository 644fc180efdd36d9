//! `infoplane frontier`: the information-bottleneck frontier of the labels of a text, or of any joint.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser as _};
use serde::Serialize;

use super::interrupt::Interrupt;
use super::progress::Bar;
use super::settings::{OfFrontier, SettingsFlags};
use super::{DONE, NOTHING, StoreArgs, deliver, note, order, token_file};
use crate::chart::csv;
use crate::device::Compute;
use crate::engine::{frontier_of_joint, frontier_of_pairs};
use crate::error::{Error, Kind, Result};
use crate::figure::command::USUAL_DPI;
use crate::figure::{self, FigureOptions, layout};
use crate::frontier::{Options, Report, file};
use crate::labels::{Labels, joint};
use crate::measures::Order;
use crate::settings::Settings;
use crate::tokens::Tokens;
use crate::views::snapshot::Snapshot;
use crate::views::{self, View};

/// The flags of `frontier`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("of").required(true))]
pub struct FrontierArgs {
    /// A joint p(x, y) in JSON or CSV: a table of weights or counts, or columns `x`, `y` and `count`; FILE#NAME for one of
    /// several in a file.
    #[arg(long, value_name = "FILE", group = "of")]
    joint: Option<PathBuf>,
    /// A text whose n-grams are counted, at the positions that a measurement of it has.
    #[arg(long, value_name = "FILE", group = "of", requires = "tokenizer")]
    corpus: Option<PathBuf>,
    /// The `tokenizer.json` that the text is read by.
    #[arg(long, value_name = "FILE", requires = "corpus")]
    tokenizer: Option<PathBuf>,
    /// Token ids instead of text: a safetensors file with `tokens` (flat) and `offsets`.
    #[arg(long, value_name = "FILE", group = "of", value_parser = PathBufValueParser::new().try_map(token_file))]
    tokens: Option<PathBuf>,
    /// The n-gram order (back-off) of the labels, 1 to 4.
    #[arg(long, value_name = "K", default_value = "1", value_parser = order)]
    order: Order,
    /// The clusters that the search begins with [default: by the size of the joint].
    #[arg(long, value_name = "K")]
    clusters: Option<usize>,
    /// Trade-offs β at which a point is wanted besides those of the curve.
    #[arg(long, value_name = "B,…", value_delimiter = ',')]
    beta: Vec<f64>,
    /// The start of all random choices.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Search several times as long: more clusters, further seeds, and a narrower band.
    #[arg(long)]
    thorough: bool,
    /// Where to write: .json, .csv, or a figure as .svg, .pdf or .png; JSON on standard output otherwise.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsFlags<OfFrontier>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Computes a frontier, and prints, writes or draws it.
pub fn run(args: &FrontierArgs) -> Result<u8> {
    let form = args.form()?;
    let interrupt = Interrupt::watch();
    let Some(report) = args.report(&interrupt)? else {
        return Ok(interrupt.status().unwrap_or(NOTHING));
    };
    let out = args.out.as_deref();
    match (form, out) {
        (Form::Json, _) => {
            let mut json = serde_json::to_vec_pretty(&Printed::of(&report)).map_err(|error| {
                Error::new(Kind::Output, format!("the frontier cannot be written ({error})"))
            })?;
            json.push(b'\n');
            deliver(&json, out)?;
        }
        (form, Some(out)) => draw(report, form, args.order, out)?,
        (_, None) => {}
    }
    Ok(DONE)
}

/// A frontier as it is printed: with the outer bound as a line of places, which follows from its draws.
#[derive(Serialize)]
struct Printed<'r> {
    #[serde(flatten)]
    report: &'r Report,
    outer: Vec<Place>,
}

/// A place on the information plane, in nats.
#[derive(Serialize)]
struct Place {
    #[serde(rename = "I_X")]
    complexity: f64,
    #[serde(rename = "I_Y")]
    expressivity: f64,
}

impl<'r> Printed<'r> {
    fn of(report: &'r Report) -> Self {
        let corners = report.outer_corners().into_iter();
        let outer = corners.map(|(complexity, expressivity)| Place { complexity, expressivity }).collect();
        Self { report, outer }
    }
}

/// What is written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    Csv,
    Figure,
}

/// Draws a frontier without any model beside it.
fn draw(report: Report, form: Form, order: Order, out: &Path) -> Result<()> {
    let snapshot = Snapshot::default().with_frontier(order, Ok(report.into()));
    let view =
        View::of_kind("frontier").ok_or_else(|| Error::new(Kind::Bug, "there is no view of frontiers"))?;
    let chart = (view.chart)(&snapshot, &views::options::Options { order, ..Default::default() })
        .map_err(|missing| Error::new(Kind::Bug, missing).at(out))?;
    match form {
        Form::Csv => crate::output::write_atomically(out, &csv(&chart)?),
        _ => figure::write(&layout(&chart, &FigureOptions::default()), out, USUAL_DPI / 72.0),
    }
}

impl FrontierArgs {
    /// What is written, as the extension of the file says.
    fn form(&self) -> Result<Form> {
        let Some(out) = &self.out else { return Ok(Form::Json) };
        let extension = out.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("json") => Ok(Form::Json),
            Some("csv") => Ok(Form::Csv),
            Some("svg" | "pdf" | "png") => Ok(Form::Figure),
            _ => Err(Error::new(Kind::Usage, "the file's extension stands for no form of a frontier")
                .help("use .json, .csv, .svg, .pdf or .png")
                .at(out)),
        }
    }

    /// The frontier asked for, from the store where it is there; `None` where the program is asked to end.
    fn report(&self, interrupt: &Interrupt) -> Result<Option<Report>> {
        let options = Options {
            clusters: self.clusters,
            betas: self.beta.clone(),
            seed: self.seed,
            thorough: self.thorough,
        };
        let store = self.store.open()?;
        let bar = Bar::new();
        let mut watch = |report: &Report| {
            if let Some(progress) = report.progress {
                let left = progress.seconds_left.map(Duration::from_secs_f64);
                bar.advance(progress.share, "frontier", left);
            }
            // The flag of the signal stops the search by itself.
            ControlFlow::Continue(())
        };
        let stop = interrupt.flag();
        let settings = self.settings.settings(Settings::default());
        let (compute, warning) = Compute::open(settings.backend)?;
        if let Some(warning) = warning {
            note(&format!("infoplane: {warning}"));
        }
        let found = match &self.joint {
            Some(file) => {
                let joint = file::read(file)?.joint()?;
                frontier_of_joint(&joint, None, &options, &compute, stop, &mut watch)
            }
            None => self.pairs(&settings, interrupt).and_then(|pairs| {
                frontier_of_pairs(pairs, &options, &compute, store.as_ref(), stop, &mut watch)
            }),
        };
        let found = match found {
            Err(error) if error.kind() == Kind::Cancelled => return Ok(None),
            found => found?,
        };
        let text = self.corpus.as_ref().or(self.tokens.as_ref()).or(self.joint.as_ref());
        let text = text.and_then(|text| Some(text.file_name()?.to_string_lossy().into_owned()));
        let order = self.joint.is_none().then(|| self.order.number());
        Ok(Some(Report { text, order, ..found }))
    }

    /// The pairs of labels counted in a text.
    fn pairs(&self, settings: &Settings, interrupt: &Interrupt) -> Result<joint::Joint> {
        if self.order.number() > settings.max_order {
            let cause = format!("order {} is above --max-order {}", self.order.number(), settings.max_order);
            return Err(Error::new(Kind::Usage, cause).help("use a larger --max-order"));
        }
        let interrupted = &mut || interrupt.status().is_some();
        let tokens = match (&self.corpus, &self.tokenizer, &self.tokens) {
            (Some(corpus), Some(tokenizer), _) => {
                Tokens::from_text(tokenizer, corpus, settings, interrupted)?
            }
            (_, _, Some(tokens)) => Tokens::from_file(tokens, settings)?,
            _ => return Err(Error::new(Kind::Bug, "nothing to draw a frontier of")),
        };
        tokens.notes.iter().for_each(|line| note(&format!("infoplane: {line}")));
        let labels = Labels::new_unless(&tokens.documents, settings.max_order, interrupted)?;
        // Up to the widest order, every one is there.
        Ok(joint::joint(&labels, self.order, settings.min_count).unwrap_or_default())
    }
}
