//! `infoplane show`: measured results as tables.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DONE, deliver, order};
use crate::error::{Error, Kind, Result};
use crate::measures::{Information, Label, LayerMeasures, Order};
use crate::results::{CheckpointResult, Measurement, Outcome, ResultSettings, Results, read_all};

/// The flags of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Results as `measure` wrote them, in JSON or Parquet, or folders of such files.
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
}

/// Prints the tables, each file's under its own heading.
pub fn run(args: &ShowArgs) -> Result<u8> {
    let files = read_all(&args.results)?;
    let chosen: Vec<(&Path, &ResultSettings, Vec<&CheckpointResult>)> = files
        .iter()
        .map(|(path, results)| {
            let of_name =
                |c: &&CheckpointResult| args.checkpoint.as_ref().is_none_or(|name| is_called(c, name));
            (&**path, &results.settings, results.checkpoints.iter().filter(of_name).collect::<Vec<_>>())
        })
        .filter(|(_, _, checkpoints)| !checkpoints.is_empty())
        .collect();
    if let (true, Some(name)) = (chosen.is_empty(), &args.checkpoint) {
        return Err(no_checkpoint(name, &files));
    }
    let mut text = String::new();
    let legends: Vec<String> = chosen
        .iter()
        .map(|(_, settings, checkpoints)| legend(settings, checkpoints, args.convergence))
        .collect();
    for (index, (path, settings, checkpoints)) in chosen.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        if files.len() > 1 {
            text += &format!("{}\n", path.display());
        }
        text += &heading(settings, checkpoints, args.checkpoint.is_some());
        let tables = tables(args, settings, checkpoints);
        if let (true, Some(order)) = (tables.is_empty(), args.order) {
            let cause = format!("these results hold no measures of order {}", order.number());
            return Err(Error::new(Kind::Usage, cause).help("choose another --order").at(path));
        }
        text += &tables;
        if legends.get(index + 1) != Some(&legends[index]) {
            text += &format!("\n{}", legends[index]);
        }
    }
    deliver(text.as_bytes(), None)?;
    Ok(DONE)
}

/// A name that a file gave, safe to print.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn full_name(checkpoint: &CheckpointResult) -> String {
    printable(&format!("{}/{}", checkpoint.run, checkpoint.name))
}

/// Whether a name is the checkpoint's, with its run as tables print it or without.
fn is_called(checkpoint: &CheckpointResult, name: &str) -> bool {
    checkpoint.name == name || full_name(checkpoint) == name
}

fn no_checkpoint(name: &str, files: &[(PathBuf, Results)]) -> Error {
    /// As many names as fit on a line.
    const TOLD: usize = 6;
    let names: Vec<String> =
        files.iter().flat_map(|(_, results)| &results.checkpoints).map(full_name).collect();
    let more = if names.len() > TOLD { ", …" } else { "" };
    let error = Error::new(Kind::Usage, format!("there is no checkpoint `{}`", printable(name)))
        .help(format!("there are {}{more}", names[..names.len().min(TOLD)].join(", ")));
    match files {
        [(only, _)] => error.at(only),
        _ => error,
    }
}

/// What all of a file's tables are of.
fn heading(settings: &ResultSettings, checkpoints: &[&CheckpointResult], with_weights: bool) -> String {
    let mut text = format!("{}\n{}, infoplane {}", settings.caption(), settings.device, settings.version);
    let short = |id: &str| printable(&id.chars().take(8).collect::<String>());
    let mut samples: Vec<String> =
        checkpoints.iter().filter_map(|c| c.measurement()?.sample.as_deref().map(short)).collect();
    samples.sort();
    samples.dedup();
    match &samples[..] {
        [] => {}
        [sample] => text += &format!(", sample {sample}"),
        // One each for runs with other tokenizers.
        several => text += &format!(", samples {}", several.join(" ")),
    }
    text.push('\n');
    if with_weights || checkpoints.len() == 1 {
        for checkpoint in checkpoints {
            let weights = checkpoint.measurement().and_then(|m| m.weights.as_deref());
            let weights = weights.map_or(String::new(), |id| format!(", weights {}", short(id)));
            text += &format!("{}{weights}\n", full_name(checkpoint));
        }
    }
    printable_lines(&text)
}

/// Text of a file with its line ends and nothing else that a terminal would obey.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

/// A table an order, and a line a failure; empty where there is nothing of the orders asked for.
fn tables(args: &ShowArgs, settings: &ResultSettings, checkpoints: &[&CheckpointResult]) -> String {
    let mut text = String::new();
    let orders = Order::widest_of(&settings.settings).and_below();
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
fn legend(settings: &ResultSettings, checkpoints: &[&CheckpointResult], convergence: bool) -> String {
    let measures = "I(X;Z) complexity, I(Y;Z) expressivity, H(Z) entropy: in nats over ln n, from 0 to 1";
    if convergence {
        return format!("{measures}; averages over layers, on the first documents of the sample\n");
    }
    let of = &settings.settings;
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
        format!("{:.4}", measurement.loss),
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
