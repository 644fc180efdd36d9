//! Every measure against every benchmark (paper, figure 11).

use super::View;
use super::benchmarks::SHOWN;
use super::explain::{self, Told};
use super::options::{Heed, Options};
use super::quantity::Quantity;
use super::scored::{Column, Point, Scored};
use super::snapshot::Snapshot;
use super::trends::{datum as statistic, words};
use crate::analysis::correlation::{Coefficient, pearson, spearman};
use crate::analysis::discovery::adjusted;
use crate::analysis::leave_out::{Grouped, range};
use crate::analysis::partial::{Row, partial};
use crate::chart::{
    Axis, Cell, Cells, Chart, ColorBar, ColorMap, Datum, Facet, Legend, Mark, Note, Of, Sign,
};

/// The view.
pub const VIEW: View = View {
    kind: "correlations",
    title: "Correlations with benchmarks",
    paper: "11",
    about: "How every measure correlates with every benchmark: after Pearson, after Spearman, and with the logarithm of the \
            number of parameters given.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::LessNull],
    chart,
};

/// Up to this share of false findings a cell has a star.
const DISCOVERY: f64 = 0.05;

/// A coefficient of correlation, a frame each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pearson,
    Spearman,
    Partial,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Pearson, Self::Spearman, Self::Partial];

    fn name(self) -> &'static str {
        match self {
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
            Self::Partial => "partial",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Pearson => "Pearson",
            Self::Spearman => "Spearman",
            Self::Partial => "Pearson, given log parameters",
        }
    }

    fn of(self, pairs: &[(Point<'_>, [f64; 2])]) -> Option<Coefficient> {
        let places = || pairs.iter().map(|(_, place)| *place).collect::<Vec<_>>();
        let found = match self {
            Self::Pearson => pearson(&places()),
            Self::Spearman => spearman(&places()),
            Self::Partial => {
                let row = |(point, place): &(Point<'_>, [f64; 2])| {
                    Some(Row { point: *place, given: vec![point.parameters?.ln()] })
                };
                partial(&pairs.iter().filter_map(row).collect::<Vec<_>>())
            }
        };
        // Two points are always on a line.
        found.filter(|found| found.n > 2)
    }

    /// Between what values the coefficient moves as one family after the other is left out.
    fn without_one_family(self, pairs: &[(Point<'_>, [f64; 2])]) -> Option<[f64; 2]> {
        let of_family =
            |(point, place): &(Point<'_>, [f64; 2])| Grouped { group: point.family, point: *place };
        let points: Vec<Grouped<usize>> = pairs.iter().map(of_family).collect();
        match self {
            Self::Pearson => range(&points, pearson),
            Self::Spearman => range(&points, spearman),
            Self::Partial => {
                let mut families: Vec<usize> = points.iter().map(|point| point.group).collect();
                families.sort_unstable();
                families.dedup();
                let without = |family: &usize| {
                    let others = pairs.iter().filter(|(point, _)| point.family != *family).copied();
                    Some(self.of(&others.collect::<Vec<_>>())?.value)
                };
                let values: Option<Vec<f64>> = families.iter().map(without).collect();
                let values = values.filter(|values| values.len() > 1)?;
                Some([
                    values.iter().copied().fold(1.0, f64::min),
                    values.iter().copied().fold(-1.0, f64::max),
                ])
            }
        }
    }
}

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let scored = Scored::of(snapshot)?;
    let columns = scored.columns();
    // Rows from below: the first measure stands at the top.
    let measured = |quantity: &Quantity| {
        scored.points.iter().any(|point| quantity.of(point.measure.measurement, options).is_some())
    };
    let rows: Vec<Quantity> = SHOWN.into_iter().filter(measured).rev().collect();
    if rows.is_empty() {
        return Err(explain::nothing(snapshot, options));
    }
    let facets: Vec<Facet> =
        Kind::ALL.into_iter().filter_map(|kind| facet(&scored, kind, &rows, &columns, options)).collect();
    if facets.is_empty() {
        return Err(format!(
            "no measure and benchmark have three different checkpoints in common, of {} with scores: measure more models",
            scored.points.len()
        ));
    }
    let stars = facets.iter().flat_map(|facet| &facet.marks).any(|mark| match mark {
        Mark::Cells(table) => table.cells.iter().any(|cell| !cell.sign.is_empty()),
        _ => false,
    });
    let star = stars.then(|| Note {
        sign: Sign::Star,
        text: "at most 5 in 100 findings with a star are expected to be false (Benjamini-Hochberg)"
            .to_owned(),
    });
    let bar = ColorBar {
        label: "correlation".to_owned(),
        map: ColorMap::Signed,
        ends: ["−1", "1"].map(str::to_owned),
    };
    let Told { mut legend, mut caption } = explain::told(snapshot, options, &[options.order]);
    legend.notes.extend(star);
    if !facets.iter().any(|facet| facet.title == Kind::Partial.title()) {
        caption.push("No correlation given log parameters: too few models tell their number".to_owned());
    }
    caption.extend(scored.notes.iter().cloned());
    Ok(Chart {
        title: format!("{}, {}, {}", VIEW.title, options.order, options.layers.name()),
        columns: 1,
        facets,
        legend: Legend { keys: Vec::new(), bar: Some(bar), ..legend },
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

/// The matrix of a coefficient; `None` where no cell has one.
fn facet(
    scored: &Scored<'_>,
    kind: Kind,
    rows: &[Quantity],
    columns: &[Column],
    options: &Options,
) -> Option<Facet> {
    struct Found {
        row: usize,
        column: usize,
        coefficient: Coefficient,
        range: Option<[f64; 2]>,
    }
    let cells = rows.iter().enumerate().flat_map(|(row, quantity)| {
        columns.iter().enumerate().filter_map(move |(column, of)| {
            let pairs = scored.pairs(*quantity, *of, options);
            let coefficient = kind.of(&pairs)?;
            Some(Found { row, column, coefficient, range: kind.without_one_family(&pairs) })
        })
    });
    let found: Vec<Found> = cells.collect();
    if found.is_empty() {
        return None;
    }
    let p: Vec<Option<f64>> = found.iter().map(|found| found.coefficient.shown_p()).collect();
    let cell = |(found, adjusted): (&Found, Option<f64>)| {
        let quantity = rows[found.row];
        let of = if quantity.is_of_order() { Of::default().of_order(options.order) } else { Of::default() };
        let told = [
            Some(words(kind.name(), found.coefficient)),
            adjusted.map(|adjusted| format!("adjusted after Benjamini and Hochberg: {adjusted:.3}")),
            found.range.map(|[low, high]| format!("with one family left out: {low:.2} to {high:.2}")),
        ];
        let benchmark = scored.short_name(columns[found.column]);
        let datum = Datum {
            low: found.range.map(|range| range[0]),
            high: found.range.map(|range| range[1]),
            is_open: false,
            more: told.into_iter().flatten().collect(),
            ..statistic(found.column as f64, found.coefficient, kind.name(), of)
        };
        let is_found = adjusted.is_some_and(|adjusted| adjusted <= DISCOVERY);
        Mark::Cells(Cells {
            name: format!("{quantity} x {benchmark}"),
            columns: columns.len(),
            rows: rows.len(),
            range: [-1.0, 1.0],
            map: ColorMap::Signed,
            has_numbers: true,
            cells: vec![Cell {
                column: found.column,
                row: found.row,
                sign: if is_found { "*".to_owned() } else { String::new() },
                datum,
            }],
        })
    };
    let names = columns.iter().map(|column| scored.short_name(*column)).collect();
    Some(Facet {
        title: kind.title().to_owned(),
        x: Axis::of_names("", names),
        y: Axis::of_names("", rows.iter().map(|quantity| quantity.name().to_owned()).collect()),
        marks: found.iter().zip(adjusted(&p)).map(cell).collect(),
        ..Facet::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::benchmarks::tests::{FAMILIES, scored_snapshot};
    use super::*;

    fn of<'c>(chart: &'c Chart, title: &str, series: &str) -> &'c Datum {
        let found = chart.data().find(|(facet, name, _)| facet.title == title && *name == series);
        found.unwrap_or_else(|| panic!("{title} {series}")).2
    }

    #[test]
    fn the_matrix_has_every_measure_and_benchmark() {
        let chart = (VIEW.chart)(&scored_snapshot(), &Options::default()).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles, ["Pearson", "Spearman", "Pearson, given log parameters"]);
        // Eight measures and three columns: two benchmarks and their mean.
        for facet in &chart.facets[..2] {
            assert_eq!(facet.marks.iter().flat_map(Mark::data).count(), 8 * 3, "{}", facet.title);
        }
        // Scores rise as complexity falls, but for their remainders.
        let datum = of(&chart, "Spearman", "complexity x A");
        assert_eq!(datum.statistic.unwrap().n, FAMILIES.len() * 3);
        assert!(datum.y < -0.9 && datum.low.unwrap() < datum.high.unwrap() && datum.high.unwrap() < -0.9);
        assert!(datum.more.iter().any(|line| line.starts_with("with one family left out: ")));
        assert!(chart.legend.notes.iter().any(|note| note.sign == Sign::Star));
    }

    #[test]
    fn stars_follow_the_adjusted_values() {
        let chart = (VIEW.chart)(&scored_snapshot(), &Options::default()).unwrap();
        for facet in &chart.facets {
            let tables = facet
                .marks
                .iter()
                .filter_map(|mark| if let Mark::Cells(of) = mark { Some(of) } else { None });
            let cells: Vec<&Cell> = tables.flat_map(|table| &table.cells).collect();
            let p: Vec<Option<f64>> = cells.iter().map(|cell| cell.datum.statistic.unwrap().p).collect();
            for (cell, adjusted) in cells.iter().zip(adjusted(&p)) {
                assert_eq!(cell.sign == "*", adjusted.unwrap() <= 0.05);
            }
        }
    }
}
