//! Measures against scores of benchmarks (paper, figures 6, 7 and 15).

use super::View;
use super::explain::{self, Told};
use super::options::{FacetBy, Heed, Options};
use super::quantity::Quantity;
use super::scored::{Column, Point, Scored};
use super::snapshot::{Run, Snapshot};
use super::trends::{datum as statistic, words};
use crate::analysis::correlation::Correlations;
use crate::analysis::fit::Line as Fit;
use crate::chart::{Axis, Chart, Color, Datum, Facet, Fill, Legend, Line, Mark, Of, Remark, Series};
use crate::measures::Order;

/// The view.
pub const VIEW: View = View {
    kind: "benchmarks",
    title: "Measures and benchmarks",
    paper: "6, 7, 15",
    about: "Any measure against any score: models by family, with a fitted line, its 95 % band and their correlation.",
    needs_results: true,
    heeds: &[Heed::Quantity, Heed::Score, Heed::Order, Heed::Layers, Heed::Facet, Heed::LessNull],
    chart,
};

/// What is shown where no quantity is chosen, as far as it was measured.
pub(super) const SHOWN: [Quantity; 10] = [
    Quantity::Complexity,
    Quantity::Expressivity,
    Quantity::Optimality,
    Quantity::Preference,
    Quantity::PreferenceRatio,
    Quantity::Share(Order::Token),
    Quantity::Share(Order::Bigram),
    Quantity::Share(Order::Trigram),
    Quantity::Share(Order::Quadgram),
    Quantity::Residual,
];

/// How sure the band around a line is.
const LEVEL: f64 = 0.95;
/// The number of places at which a band is drawn.
const PLACES: usize = 40;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let scored = Scored::of(snapshot)?;
    let column = scored.column(options.score.as_deref())?;
    let quantities = options.quantity.map_or_else(|| SHOWN.to_vec(), |quantity| vec![quantity]);
    let by_order = options.facet == FacetBy::Order;
    let shown: Vec<(Quantity, Options)> = quantities
        .into_iter()
        .flat_map(|quantity| {
            let orders =
                if by_order && quantity.is_of_order() { Order::ALL.to_vec() } else { vec![options.order] };
            orders.into_iter().map(move |order| (quantity, Options { order, ..options.clone() }))
        })
        .collect();
    let several = shown.len() > 1;
    let frame =
        |(quantity, options): &(Quantity, Options)| facet(&scored, *quantity, column, options, several);
    let mut facets: Vec<Facet> = shown.iter().filter_map(frame).collect();
    // The same scores stand at the same height in all frames.
    let scores = scored.points.iter().filter_map(|point| scored.score(point, column));
    let [least, largest] = scores
        .filter(|score| score.is_finite())
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[least, largest], score| {
            [least.min(score), largest.max(score)]
        });
    if largest > least {
        // With room for the coefficients above.
        let range = [least - 0.12 * (largest - least), largest + 0.3 * (largest - least)];
        facets.iter_mut().for_each(|facet| facet.y.range = Some(range));
    }
    if facets.is_empty() {
        return Err(match options.quantity {
            Some(quantity) => {
                format!("no checkpoint with scores has a number for {quantity}: choose another measure")
            }
            None => explain::nothing(snapshot, options),
        });
    }
    let mut runs: Vec<Run<'_>> = scored.points.iter().map(|point| point.measure.run).collect();
    runs.dedup_by_key(|run| run.index);
    let mut keys = scored.families.keys(&runs, None);
    keys.extend(scored.families.training_keys(&runs));
    let orders = if by_order { &Order::ALL[..] } else { &[options.order] };
    let Told { legend, mut caption } = explain::told(snapshot, options, orders);
    caption.push(
        "Lines by least squares with their 95 % band; r after Pearson, ρ after Spearman, p two-sided"
            .to_owned(),
    );
    caption.extend(scored.notes.iter().cloned());
    Ok(Chart {
        title: format!("{}: {}, {}", VIEW.title, scored.name(column)[0], options.layers.name()),
        facets,
        columns: 0,
        legend: Legend { keys, bar: scored.families.bar(), ..legend },
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

/// The frame of a quantity; `None` where no checkpoint with a score has it.
fn facet(
    scored: &Scored<'_>,
    quantity: Quantity,
    column: Column,
    options: &Options,
    several: bool,
) -> Option<Facet> {
    let pairs = scored.pairs(quantity, column, options);
    if pairs.is_empty() {
        return None;
    }
    let of_order = if quantity.is_of_order() { format!(", {}", options.order) } else { String::new() };
    let [name, unit] = scored.name(column);
    let places: Vec<[f64; 2]> = pairs.iter().map(|(_, place)| *place).collect();
    Some(Facet {
        title: if several { format!("{}{of_order}", quantity.name()) } else { String::new() },
        x: Axis::new(quantity.label() + &of_order, quantity.unit()),
        y: Axis::new(name, unit),
        marks: fit(&places)
            .into_iter()
            .chain(points(scored, quantity, &pairs, options))
            .chain(remarks(&places, quantity, options))
            .collect(),
        ..Facet::default()
    })
}

/// The line through points with its band, from the least to the largest; `None` of points that have no line, and for
/// fewer than three, which it would go through whatever they are.
fn fit(places: &[[f64; 2]]) -> Option<Mark> {
    let line = Fit::through(places).filter(|line| line.n > 2)?;
    let band = line.band(LEVEL);
    let x = places.iter().map(|place| place[0]);
    let (least, largest) = x.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let datum = |index: usize| {
        let x = least + (largest - least) * index as f64 / PLACES as f64;
        let ends = band.map(|band| band.mean(x));
        Datum {
            low: ends.map(|ends| ends[0]),
            high: ends.map(|ends| ends[1]),
            joined: true,
            ..Datum::new(x, line.at(x), Of::default())
        }
    };
    Some(Mark::Series(Series {
        name: "fit".to_owned(),
        color: Color::Muted,
        line: Some(Line::default()),
        fill: Fill::Band,
        data: (0..=PLACES).map(datum).collect(),
        ..Series::default()
    }))
}

/// The points, a series a family, before and after post-training apart.
fn points(
    scored: &Scored<'_>,
    quantity: Quantity,
    pairs: &[(Point<'_>, [f64; 2])],
    options: &Options,
) -> Vec<Mark> {
    let mut groups: Vec<(usize, bool, Vec<Datum>, Series)> = Vec::new();
    for (point, [x, y]) in pairs {
        let run = point.measure.run;
        let model = scored.families.model(run);
        let flags = explain::flags_of(quantity, &point.measure, options);
        let of = super::datum::subject(quantity, &point.measure, options);
        let datum = Datum {
            flags: flags.iter().map(|flag| flag.short()).collect(),
            more: vec![model.family.clone()],
            ..Datum::new(*x, *y, of)
        };
        let key = (point.family, model.is_post_trained);
        match groups.iter_mut().find(|(family, trained, ..)| (*family, *trained) == key) {
            Some((.., data, _)) => data.push(datum),
            None => {
                let series = Series {
                    name: model.family.clone(),
                    color: scored.families.color(run),
                    marker: Some(scored.families.marker(run)),
                    ..Series::default()
                };
                groups.push((key.0, key.1, vec![datum], series));
            }
        }
    }
    groups.into_iter().map(|(.., data, series)| Mark::Series(Series { data, ..series })).collect()
}

/// The coefficients in the corner.
fn remarks(places: &[[f64; 2]], quantity: Quantity, options: &Options) -> Vec<Mark> {
    let found = Correlations::of(places);
    // Two points are always on a line.
    let of = [("pearson", found.pearson), ("spearman", found.spearman)]
        .into_iter()
        .filter_map(|(name, found)| Some((name, found.filter(|found| found.n > 2)?)));
    let mut remarks: Vec<Mark> = of
        .map(|(name, found)| {
            let of =
                if quantity.is_of_order() { Of::default().of_order(options.order) } else { Of::default() };
            let datum = Datum { is_open: false, more: Vec::new(), ..statistic(f64::NAN, found, name, of) };
            let text = words(name, found);
            Mark::Remark(Remark {
                name: quantity.name().to_owned(),
                text,
                color: Color::Text,
                data: vec![datum],
            })
        })
        .collect();
    if remarks.is_empty() {
        let text = format!("n = {}", places.len());
        let name = quantity.name().to_owned();
        remarks.push(Mark::Remark(Remark { name, text, color: Color::Text, data: Vec::new() }));
    }
    remarks
}

#[cfg(test)]
pub(super) mod tests;
