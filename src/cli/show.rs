//! `infoplane show`: measured results as tables.

mod labels;
mod ranking;

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DONE, deliver, note, order, printable};
use crate::error::{Error, Kind, Result};
use crate::measures::{Information, LISTED, Label, LayerMeasures, Order};
use crate::results::caption::{MeasuredRun, caption};
use crate::results::{CheckpointResult, JoinedRun, Measurement, Outcome, each, join, read_all, warnings};
use crate::settings::Settings;

/// The flags of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Results as `measure` wrote them, or folders of such; parts of a run are shown as one.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// One n-gram order (back-off), 1 to 4, instead of all.
    #[arg(long, value_name = "N", value_parser = order)]
    order: Option<Order>,
    /// Every layer of this checkpoint, instead of the average over layers of each.
    #[arg(long, value_name = "[RUN/]NAME")]
    checkpoint: Option<String>,
    /// How complexity and expressivity move as the sample grows.
    #[arg(long)]
    convergence: bool,
    /// The single labels that most of an information is owed to, and those that tell least: of `token` to `quadgram`, one
    /// side of these such as `output:token`, `preference`, or a field; of the last checkpoint of each run, or of that of
    /// `--checkpoint`.
    #[arg(long, value_name = "LABEL", conflicts_with_all = ["order", "convergence"])]
    labels: Option<String>,
    /// How many of them at either end.
    #[arg(long, value_name = "N", default_value_t = 10, requires = "labels", value_parser = top)]
    top: usize,
}

/// As many as results keep at either end.
fn top(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(top) if (1..=LISTED).contains(&top) => Ok(top),
        _ => Err(format!("a number from 1 to {LISTED}, which is what results keep")),
    }
}

/// Prints the tables, each condition's under its own heading.
pub fn run(args: &ShowArgs) -> Result<u8> {
    let (runs, conflicts) = join(read_all(&args.results)?);
    conflicts.iter().for_each(|conflict| note(&format!("infoplane: {conflict}")));
    let all = sections(&runs);
    let chosen: Vec<Section<'_>> = all
        .iter()
        .map(|section| section.only(args.checkpoint.as_deref()))
        .filter(|section| !section.checkpoints.is_empty())
        .collect();
    if let (true, Some(name)) = (chosen.is_empty(), &args.checkpoint) {
        return Err(no_checkpoint(name, &runs));
    }
    let mut text = String::new();
    let legends: Vec<String> = chosen
        .iter()
        .map(|section| legend(section.settings(), &section.checkpoints, args.convergence))
        .collect();
    for (index, section) in chosen.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        if all.len() > 1 {
            text += &format!("{}\n", section.files());
        }
        text += &section.heading(args.checkpoint.is_some());
        if let Some(labels) = &args.labels {
            let labels = ranking::asked(labels).map_err(|cause| Error::new(Kind::Usage, cause))?;
            text += &ranking::tables(&labels, args.top, &section.checkpoints, args.checkpoint.is_some())
                .map_err(|error| error.at(section.runs[0].file()))?;
            text += &format!("\n{}", ranking::LEGEND);
            continue;
        }
        let tables = tables(args, section.settings(), &section.checkpoints);
        if let (true, Some(order)) = (tables.is_empty(), args.order) {
            let cause = format!("these results have no measures of order {}", order.number());
            let error = Error::new(Kind::Usage, cause).help("choose another --order");
            return Err(error.at(section.runs[0].file()));
        }
        text += &tables;
        if legends.get(index + 1) != Some(&legends[index]) {
            text += &format!("\n{}", legends[index]);
        }
    }
    deliver(text.as_bytes(), None)?;
    Ok(DONE)
}

/// Runs under one condition, shown together.
struct Section<'a> {
    /// At least one.
    runs: Vec<&'a JoinedRun>,
    checkpoints: Vec<&'a CheckpointResult>,
}

/// The runs by condition, in the order these first appear; a run in conflict with another file's apart, with others
/// of its file.
fn sections(runs: &[JoinedRun]) -> Vec<Section<'_>> {
    let key = |run: &JoinedRun| (run.results.condition.id(), run.apart.then(|| run.files.clone()));
    let mut keys = Vec::new();
    let mut sections: Vec<Section<'_>> = Vec::new();
    for run in runs {
        let key = key(run);
        let place = keys.iter().position(|known| *known == key).unwrap_or(keys.len());
        if place == keys.len() {
            keys.push(key);
            sections.push(Section { runs: Vec::new(), checkpoints: Vec::new() });
        }
        sections[place].runs.push(run);
        sections[place].checkpoints.extend(&run.results.checkpoints);
    }
    sections
}

impl<'a> Section<'a> {
    /// The section with the checkpoints of this name alone, where one is asked for.
    fn only(&self, name: Option<&str>) -> Self {
        let named = |c: &&&CheckpointResult| name.is_none_or(|name| is_called(c, name));
        let checkpoints = self.checkpoints.iter().filter(named).copied().collect();
        Self { runs: self.runs.clone(), checkpoints }
    }

    /// The settings, alike in all runs as far as numbers depend on them.
    fn settings(&self) -> &'a Settings {
        &self.runs[0].results.condition.settings
    }

    /// The files that hold parts of it, in a line.
    fn files(&self) -> String {
        /// As many as fit on a line.
        const NAMED: usize = 3;
        let mut files: Vec<&PathBuf> = Vec::new();
        for file in self.runs.iter().flat_map(|run| &run.files) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        let names: Vec<String> =
            files.iter().take(NAMED).map(|file| printable(&file.to_string_lossy())).collect();
        let more = match files.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", names.join(", "))
    }

    /// What all of its tables are of.
    fn heading(&self, with_weights: bool) -> String {
        let measured: Vec<_> = self.runs.iter().map(|run| run.results.measured()).collect();
        let named = self.runs.iter().zip(&measured);
        let named: Vec<MeasuredRun<'_>> = named
            .map(|(run, measured)| MeasuredRun { name: &run.results.run, place: Path::new(""), measured })
            .collect();
        let provenances = || self.checkpoints.iter().map(|checkpoint| &checkpoint.provenance);
        let mut text = format!(
            "{}\n{}, infoplane {}",
            caption(&named),
            each(provenances().map(|provenance| &*provenance.device)),
            each(provenances().map(|provenance| &*provenance.version))
        );
        let short = |id: &str| printable(&id.chars().take(8).collect::<String>());
        let mut samples: Vec<String> =
            self.checkpoints.iter().filter_map(|c| c.measurement()?.sample.as_deref().map(short)).collect();
        samples.sort();
        samples.dedup();
        match &samples[..] {
            [] => {}
            [sample] => text += &format!(", sample {sample}"),
            // One each for runs with other tokenizers or other numbers of documents.
            several => text += &format!(", samples {}", several.join(" ")),
        }
        text.push('\n');
        for warning in warnings(self.checkpoints.iter().copied()) {
            text += &format!("warning: {}\n", printable(warning));
        }
        if with_weights || self.checkpoints.len() == 1 {
            for checkpoint in &self.checkpoints {
                let weights = checkpoint.measurement().and_then(|m| m.weights.as_deref());
                let weights = weights.map_or(String::new(), |id| format!(", weights {}", short(id)));
                text += &format!("{}{weights}\n", full_name(checkpoint));
            }
        }
        printable_lines(&text)
    }
}

fn full_name(checkpoint: &CheckpointResult) -> String {
    printable(&format!("{}/{}", checkpoint.run, checkpoint.name))
}

/// Whether a name is the checkpoint's, with its run as tables print it or without.
fn is_called(checkpoint: &CheckpointResult, name: &str) -> bool {
    checkpoint.name == name || full_name(checkpoint) == name
}

fn no_checkpoint(name: &str, runs: &[JoinedRun]) -> Error {
    /// As many names as fit on a line.
    const TOLD: usize = 6;
    let names: Vec<String> = runs.iter().flat_map(|run| &run.results.checkpoints).map(full_name).collect();
    let more = if names.len() > TOLD { ", …" } else { "" };
    let error = Error::new(Kind::Usage, format!("there is no checkpoint `{}`", printable(name)))
        .help(format!("there are {}{more}", names[..names.len().min(TOLD)].join(", ")));
    match runs {
        [run, others @ ..] if others.iter().all(|other| other.files == run.files) => error.at(run.file()),
        _ => error,
    }
}

/// Text of a file with its line ends and nothing else that a terminal would obey.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

/// A table an order, and a line a failure; empty where there is nothing of the orders asked for.
fn tables(args: &ShowArgs, settings: &Settings, checkpoints: &[&CheckpointResult]) -> String {
    let mut text = String::new();
    let orders = Order::widest_of(settings).and_below();
    let orders = args.order.map_or_else(|| orders.collect(), |order| vec![order]);
    for order in orders {
        let mut table = match args.convergence {
            true => Table::new(&["checkpoint", "documents", "positions", "I(X;Z)", "I(Y;Z)"]),
            false => Table::new(&HEADER),
        };
        for checkpoint in checkpoints {
            let name = full_name(checkpoint);
            let Some(measurement) = checkpoint.measurement() else { continue };
            if args.convergence {
                convergence(&mut table, &name, measurement, order);
            } else if args.checkpoint.is_some() {
                let of = if checkpoints.len() > 1 { format!("{name} ") } else { String::new() };
                for layer in &measurement.layers {
                    let index = layer.layer.map_or(String::new(), |index| format!("layer {index}"));
                    let note = if layer.depends_on_seed() { "!" } else { "" };
                    table.add(layer_row(format!("{of}{index}"), measurement, layer, order), note);
                }
                let row = layer_row(format!("{of}mean"), measurement, &measurement.mean, order);
                table.add(row, &note_of_mean(measurement));
            } else {
                let row = layer_row(name, measurement, &measurement.mean, order);
                table.add(row, &note_of_mean(measurement));
            }
        }
        if !table.rows.is_empty() {
            text += &format!("\n{order}\n{}", table.text());
        }
    }
    if args.order.is_none() && !args.convergence {
        text += &labels::tables(args, checkpoints);
    }
    for checkpoint in checkpoints {
        if let Outcome::Failed { error } = &checkpoint.outcome {
            text += &format!("\n{} failed: {}\n", full_name(checkpoint), printable(error));
        }
    }
    text
}

/// The columns; a column `±` is of the one before it.
const HEADER: [&str; 15] = [
    "checkpoint",
    "loss",
    "H(Z)",
    "±",
    "I(X;Z)",
    "±",
    "− null",
    "once",
    "I(Y;Z)",
    "±",
    "− null",
    "once",
    "φ",
    "±",
    "kept",
];

/// What the columns are.
fn legend(settings: &Settings, checkpoints: &[&CheckpointResult], convergence: bool) -> String {
    let measures = "I(X;Z) complexity, I(Y;Z) expressivity, H(Z) entropy: in nats over ln n, from 0 to 1";
    if convergence {
        return format!("{measures}; averages over layers, on the first documents of the sample\n");
    }
    let of = settings;
    let last = of.seed.saturating_add(of.reference_seeds as u64 - 1);
    let spread = match of.reference_seeds {
        1 => format!("unknown: seed {last} of the reference points alone was measured"),
        2..=5 => {
            let seeds: Vec<String> = (of.seed..=last).map(|seed| seed.to_string()).collect();
            format!(
                "standard deviation over seeds {} of the reference points; values are of seed {}",
                seeds.join(", "),
                of.seed
            )
        }
        _ => format!(
            "standard deviation over seeds {} to {last} of the reference points; values are of seed {}",
            of.seed, of.seed
        ),
    };
    let (once, kept) = match of.min_count {
        1 => (
            "share of positions whose label occurs once in the sample".to_owned(),
            "all positions".to_owned(),
        ),
        least => (
            format!(
                "share of all positions whose label occurs once, those that --min-count {least} drops among them"
            ),
            format!("share of positions whose label occurs {least} times or more, which all I and φ are of"),
        ),
    };
    let mut text = format!(
        "{measures}; loss: nats a token; φ = I(Y;Z)/I(X;Z)\n\
         ±       {spread}\n\
         − null  less what the same labels give when they are shuffled\n\
         once    {once}\n\
         kept    {kept}\n"
    );
    let other = |m: &Measurement| m.mean.other_labels().next().is_some();
    if checkpoints.iter().filter_map(|c| c.measurement()).any(other) {
        text += labels::LEGEND;
    }
    let marked = |m: &Measurement| m.layers.iter().any(LayerMeasures::depends_on_seed);
    if checkpoints.iter().filter_map(|c| c.measurement()).any(marked) {
        text += "!       H(Z) moves further from seed to seed than any label accounts for of it: the layer depends on the \
                 seed of the reference points more than on the text\n";
    }
    text
}

/// What is to be said of an average over layers.
fn note_of_mean(measurement: &Measurement) -> String {
    match measurement.layers_of_seed() {
        0 => String::new(),
        some => format!("! {some} of {} layers depend on the seed", measurement.layers.len() - 1),
    }
}

fn layer_row(
    name: String,
    measurement: &Measurement,
    layer: &LayerMeasures,
    order: Order,
) -> Option<Vec<String>> {
    let [x, y] = layer.plane(order)?;
    let optimality = layer.optimality(order);
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let percent =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{:.1} %", 100.0 * value));
    let kept = x.kept.unwrap_or(1.0).min(y.kept.unwrap_or(1.0));
    let less_null = |i: &Information| i.null.map(|null| i.value - null);
    Some(vec![
        name,
        number(measurement.loss),
        number(Some(layer.entropy.value)),
        number(layer.entropy.spread),
        number(Some(x.value)),
        number(x.spread),
        number(less_null(x)),
        percent(x.singletons),
        number(Some(y.value)),
        number(y.spread),
        number(less_null(y)),
        percent(y.singletons),
        number(optimality.map(|optimality| optimality.value)),
        number(optimality.and_then(|optimality| optimality.spread)),
        percent(Some(kept)),
    ])
}

fn convergence(table: &mut Table, name: &str, measurement: &Measurement, order: Order) {
    for estimate in &measurement.convergence {
        let of = |label: Label| estimate.information.get(&label).map(|value| format!("{value:.4}"));
        let (complexity, expressivity) = (of(Label::Input(order)), of(Label::Output(order)));
        let (documents, positions) = (estimate.documents.to_string(), estimate.positions.to_string());
        table.add(
            complexity.zip(expressivity).map(|(x, y)| vec![name.to_owned(), documents, positions, x, y]),
            "",
        );
    }
}

/// Text in columns: the first to the left, numbers to the right, a note behind them.
struct Table {
    rows: Vec<(Vec<String>, String)>,
    header: Vec<String>,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        Self { rows: Vec::new(), header: header.iter().map(|&cell| cell.to_owned()).collect() }
    }

    fn add(&mut self, row: Option<Vec<String>>, note: &str) {
        self.rows.extend(row.map(|row| (row, note.to_owned())));
    }

    fn text(&self) -> String {
        let header = (self.header.clone(), String::new());
        let all = || std::iter::once(&header).chain(&self.rows);
        let width = |column: usize| all().map(|(row, _)| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let line = |(row, note): &(Vec<String>, String)| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            let cells = cells.collect::<Vec<_>>().join("  ");
            format!("{cells}  {note}").trim_end().to_owned() + "\n"
        };
        all().map(line).collect()
    }
}
