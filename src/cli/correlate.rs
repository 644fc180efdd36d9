//! `infoplane correlate`: how two columns of a table correlate.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{DONE, deliver, note, printable};
use crate::analysis::correlation::{Coefficient, Correlations};
use crate::analysis::fit::Line;
use crate::analysis::partial::{Row, partial};
use crate::analysis::table::{Numbers, Problem, Table};
use crate::corpus;
use crate::error::{Error, Kind, Result};
use crate::words::counted;

/// The fewest rows that say anything of a correlation: through two points there always is a line.
const FEWEST: usize = 3;

/// The flags of `correlate`.
#[derive(Debug, Args)]
pub struct CorrelateArgs {
    /// A CSV or TSV file with a line of names; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// The column of the quantity across.
    #[arg(long, value_name = "COLUMN")]
    x: String,
    /// The column of the quantity up.
    #[arg(long, value_name = "COLUMN")]
    y: String,
    /// A column whose part in both is taken out first, for the partial correlation; may be given more than once.
    #[arg(long, value_name = "COLUMN")]
    given: Vec<String>,
    /// JSON instead of a table: `pearson`, `spearman` and `partial_given` as [coefficient, two-sided p], `linear_fit`.
    #[arg(long)]
    json: bool,
}

/// What is found, as it is written.
#[derive(Debug, Serialize)]
struct Found {
    /// The number of rows with both numbers.
    n: usize,
    pearson: Option<Pair>,
    spearman: Option<Pair>,
    linear_fit: Option<Fit>,
    /// Absent where nothing is given, `null` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_given: Option<Option<Pair>>,
}

/// A coefficient and its p-value.
type Pair = (f64, Option<f64>);

#[derive(Debug, Serialize)]
struct Fit {
    slope: f64,
    intercept: f64,
}

/// A column by the name that the table has for it.
struct Column {
    index: usize,
    name: String,
    numbers: Numbers,
}

/// Prints what is found.
pub fn run(args: &CorrelateArgs) -> Result<u8> {
    let table = read(&args.table)?;
    table.notes().iter().for_each(|line| note(&format!("infoplane: {}", printable(line))));
    let of_table = |problem: Problem| usage(problem, &args.table);
    let column = |name: &String| -> Result<Column> {
        let index = table.column(name).map_err(of_table)?;
        Ok(Column { index, name: printable(&table.names()[index]), numbers: table.numbers(index) })
    };
    let (x, y) = (column(&args.x)?, column(&args.y)?);
    let given = args.given.iter().map(column).collect::<Result<Vec<_>>>()?;
    for column in [&x, &y].into_iter().chain(&given) {
        tell_text(&table, column);
    }
    let rows: Vec<Row> = (0..table.len())
        .map(|row| Row {
            point: [x.numbers.values[row], y.numbers.values[row]],
            given: given.iter().map(|column| column.numbers.values[row]).collect(),
        })
        .filter(|row| row.point.iter().all(|value| value.is_finite()))
        .collect();
    let points: Vec<[f64; 2]> = rows.iter().map(|row| row.point).collect();
    if points.len() < FEWEST {
        let rows = counted(points.len(), "row");
        return Err(Error::new(
            Kind::Usage,
            format!("{rows} with a number in both `{}` and `{}`", x.name, y.name),
        )
        .help(format!("a correlation needs {FEWEST} or more"))
        .at(&args.table));
    }
    if points.len() < table.len() {
        note(&format!("infoplane: {} of {} used", points.len(), counted(table.len(), "row")));
    }
    for (column, axis) in [(&x, 0), (&y, 1)] {
        if points.iter().all(|point| point[axis] == points[0][axis]) {
            note(&format!(
                "infoplane: `{}` is the same in all rows; nothing correlates with it",
                column.name
            ));
        }
    }
    let partial = (!given.is_empty()).then(|| partial(&rows));
    tell_given(&given, &rows, partial);
    let correlations = Correlations::of(&points);
    let line = Line::through(&points);
    let text = match args.json {
        true => {
            let pair = |of: Coefficient| (of.value, of.p);
            let found = Found {
                n: points.len(),
                pearson: correlations.pearson.map(pair),
                spearman: correlations.spearman.map(pair),
                linear_fit: line.map(|line| Fit { slope: line.slope, intercept: line.intercept }),
                partial_given: partial.map(|partial| partial.map(pair)),
            };
            let json = serde_json::to_string_pretty(&found);
            json.map_err(|error| Error::new(Kind::Output, error))? + "\n"
        }
        false => {
            let mut text = format!("{} against {}, n = {}\n", y.name, x.name, points.len());
            text += &told("pearson r", correlations.pearson);
            text += &told("spearman ρ", correlations.spearman);
            if let Some(partial) = partial {
                text += &told("partial r", partial);
            }
            if let Some(line) = line {
                text += &format!("{:<11} {} + {} x\n", "line", digits(line.intercept), digits(line.slope));
            }
            text
        }
    };
    deliver(text.as_bytes(), None)?;
    Ok(DONE)
}

/// Reads the table.
fn read(path: &PathBuf) -> Result<Table> {
    let bytes = match corpus::is_standard_input(path) {
        true => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
        }
        false => std::fs::read(path),
    };
    let bytes = bytes.map_err(|error| {
        Error::new(Kind::Usage, format!("the table cannot be read ({error})"))
            .help("check the spelling")
            .at(path)
    })?;
    Table::read(&bytes).map_err(|problem| usage(problem, path))
}

fn usage(problem: Problem, path: &PathBuf) -> Error {
    Error::new(Kind::Usage, printable(&problem.cause)).help(printable(&problem.help)).at(path)
}

/// Says which rows a column's text leaves out.
fn tell_text(table: &Table, column: &Column) {
    let [first, ..] = column.numbers.text[..] else { return };
    let cell = table.cells(column.index).nth(first);
    note(&format!(
        "infoplane: {} left out: `{}` has text where a number should be, as `{}` in row {}",
        counted(column.numbers.text.len(), "row"),
        column.name,
        printable(cell.unwrap_or_default()),
        first + 1
    ));
}

/// Says what the columns given leave to be said.
fn tell_given(given: &[Column], rows: &[Row], partial: Option<Option<Coefficient>>) {
    for (index, column) in given.iter().enumerate() {
        let mut values = rows.iter().map(|row| row.given[index]).filter(|value| value.is_finite());
        let first = values.next();
        if values.all(|value| Some(value) == first) {
            note(&format!("infoplane: `{}` is the same in all rows; given it, nothing changes", column.name));
        }
    }
    match partial {
        Some(Some(partial)) if partial.n < rows.len() => {
            note(&format!(
                "infoplane: {} have all columns given; the partial correlation is of these",
                counted(partial.n, "row")
            ));
        }
        Some(None) => note(
            "infoplane: there is no partial correlation: what is given leaves nothing, or too few rows have it",
        ),
        _ => {}
    }
}

/// A coefficient on a line; no p where figures show none.
fn told(name: &str, of: Option<Coefficient>) -> String {
    let Some(of) = of else { return format!("{name:<11} –\n") };
    let p = match of.shown_p() {
        None => "–".to_owned(),
        Some(p) if p >= 1e-3 => format!("{p:.4}"),
        Some(p) => format!("{p:.1e}"),
    };
    format!("{name:<11} {:>7.4}   p {p}\n", of.value)
}

/// A number to five digits.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size != 0.0 && !(1e-3..1e6).contains(&size) => format!("{value:.4e}"),
        size => format!("{value:.*}", 4_usize.saturating_sub(size.max(1.0).log10() as usize)),
    }
}
