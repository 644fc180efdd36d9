//! What share of its states' entropy a model spends on each width of context (paper, figures 4, bottom, and 15).

use super::families::last;
use super::options::{FacetBy, Heed, LayerChoice, Options, Share};
use super::quantity::Quantity;
use super::snapshot::{Measure, Run, Snapshot};
use super::{View, explain, time};
use crate::chart::{Axis, Bars, Chart, Color, Datum, Facet, Fill, Key, Legend, Mark, Marker, Of, Series};
use crate::measures::Order;

/// The view.
pub const VIEW: View = View {
    kind: "shares",
    title: "Shares of information",
    paper: "4, 15",
    about: "The shares of H(Z) that tokens, bigrams, trigrams and quadgrams each account for beyond the narrower ones, and \
            what none does, over training.",
    needs_results: true,
    heeds: &[Heed::Layers, Heed::Facet, Heed::Time, Heed::LessNull],
    chart,
};

/// What is stacked, from below.
const STACK: [Quantity; 5] = [
    Quantity::Share(Order::Token),
    Quantity::Share(Order::Bigram),
    Quantity::Share(Order::Trigram),
    Quantity::Share(Order::Quadgram),
    Quantity::Residual,
];

/// Less than this beside all of H(Z) is rounding: scores are of single precision.
const ROUNDING: f64 = 1e-6;

/// The name of a layer of the stack, in tables and legend.
fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Share(order) => order.name(),
        other => other.name(),
    }
}

fn color(quantity: Quantity) -> Color {
    match quantity {
        Quantity::Share(order) => Color::Group(order.number() - 1),
        _ => Color::Faint,
    }
}

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let depths: Vec<Options> = match options.facet {
        FacetBy::Layer => {
            let depths = [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().filter_map(Share::new);
            depths.map(|depth| Options { layers: LayerChoice::Depth(depth), ..options.clone() }).collect()
        }
        _ => vec![options.clone()],
    };
    // A model of one checkpoint has no course: those stand beside each other.
    let (courses, models): (Vec<Run<'_>>, Vec<Run<'_>>) =
        snapshot.runs().filter(|run| last(*run).is_some()).partition(|run| run.measured().nth(1).is_some());
    let several = snapshot.runs().len() > 1;
    let title = |subject: String, options: &Options| match (options.layers, several) {
        (LayerChoice::Depth(share), true) if depths.len() > 1 => {
            format!("{subject}, depth {}", share.value())
        }
        (LayerChoice::Depth(share), false) if depths.len() > 1 => format!("depth {}", share.value()),
        _ => subject,
    };
    // A row a depth, a column a run.
    let of_depth = |options: &Options| {
        let of = |run: &Run<'_>| course(*run, title(run.subject.label(), options), options);
        let beside = at_last(&models, title("last checkpoints".to_owned(), options), options);
        courses.iter().map(of).chain([beside]).filter(|facet| !facet.marks.is_empty()).collect::<Vec<_>>()
    };
    let mut facets: Vec<Facet> = depths.iter().flat_map(of_depth).collect();
    if facets.is_empty() {
        return Err(explain::nothing(snapshot, options));
    }
    if !several && depths.len() == 1 {
        facets[0].title.clear();
    }
    let subject = match snapshot.runs().next() {
        Some(run) if !several => format!(", {}", run.subject.label()),
        _ => String::new(),
    };
    let layers = if depths.len() > 1 { "by layer".to_owned() } else { options.layers.name() };
    let shown = |quantity: &Quantity| {
        facets.iter().flat_map(|facet| &facet.marks).any(|mark| mark.series() == name(*quantity))
    };
    let keys = STACK.into_iter().rev().filter(shown).map(key).collect();
    Ok(Chart {
        title: format!("{}, {layers}{subject}", VIEW.title),
        columns: if depths.len() > 1 && several { facets.len().div_ceil(depths.len()).min(3) } else { 0 },
        legend: Legend { keys, notes: Vec::new(), bar: None },
        caption: explain::told(snapshot, options, &Order::ALL).caption,
        subjects: snapshot.subjects().clone(),
        facets,
    })
}

fn key(quantity: Quantity) -> Key {
    Key {
        label: name(quantity).to_owned(),
        color: color(quantity),
        marker: Some(Marker::Dot),
        ..Key::default()
    }
}

/// The stacked shares of a run over training.
fn course(run: Run<'_>, title: String, options: &Options) -> Facet {
    let stacks: Vec<(f64, Measure<'_>)> =
        run.measured().filter_map(|measure| Some((time::of(&measure, options)?, measure))).collect();
    let stacks: Vec<[Option<Datum>; STACK.len()]> = stacks
        .iter()
        .map(|(x, measure)| stack(*x, measure, options))
        .filter(|stack| stack.iter().any(Option::is_some))
        .collect();
    let series = |(layer, quantity): (usize, Quantity)| {
        let data: Vec<Datum> = stacks.iter().filter_map(|stack| stack[layer].clone()).collect();
        let name = name(quantity).to_owned();
        (!data.is_empty()).then(|| {
            let fill = Fill::Area;
            Mark::Series(Series { name, color: color(quantity), fill, data, ..Series::default() })
        })
    };
    let marks: Vec<Mark> = STACK.into_iter().enumerate().filter_map(series).collect();
    Facet { title, x: time::axis(options), y: axis(&marks), marks, ..Facet::default() }
}

/// The stacked shares of the last checkpoint of each run, a bar each.
fn at_last(runs: &[Run<'_>], title: String, options: &Options) -> Facet {
    let stacks: Vec<(Run<'_>, [Option<Datum>; STACK.len()])> = runs
        .iter()
        .filter_map(|run| Some((*run, stack(0.0, &last(*run)?, options))))
        .filter(|(_, stack)| stack.iter().any(Option::is_some))
        .collect();
    let bars = |(layer, quantity): (usize, Quantity)| {
        let datum = |(index, (_, stack)): (usize, &(Run<'_>, [Option<Datum>; STACK.len()]))| {
            Some(Datum { x: index as f64, joined: false, ..stack[layer].clone()? })
        };
        let data: Vec<Datum> = stacks.iter().enumerate().filter_map(datum).collect();
        let name = name(quantity).to_owned();
        (!data.is_empty()).then(|| Mark::Bars(Bars { name, color: color(quantity), width: 0.8, data }))
    };
    let marks: Vec<Mark> = STACK.into_iter().enumerate().filter_map(bars).collect();
    let names = stacks.iter().map(|(run, _)| run.subject.label()).collect();
    Facet { title, x: Axis::of_names("", names), y: axis(&marks), marks, ..Facet::default() }
}

/// The axis of shares: all of H(Z), and less than nothing only where a share is.
fn axis(marks: &[Mark]) -> Axis {
    let axis = Axis::new("share of H(Z)", "").with_zero();
    let beyond = marks.iter().flat_map(Mark::data).any(|datum| datum.y < -ROUNDING);
    if beyond { axis } else { axis.within([0.0, 1.0]) }
}

/// The shares of a checkpoint, each on top of those below; what is less than nothing hangs below zero.
fn stack(x: f64, measure: &Measure<'_>, options: &Options) -> [Option<Datum>; STACK.len()] {
    let [mut above, mut below] = [0.0, 0.0];
    STACK.map(|quantity| {
        let share = quantity.of(measure.measurement, options)?.value;
        if !share.is_finite() {
            return None;
        }
        let end = if share < -ROUNDING { &mut below } else { &mut above };
        let (from, to) = (*end, *end + share);
        *end = to;
        let of = Of::checkpoint(measure.run.index, measure.index);
        let (of, doubts) = match quantity {
            Quantity::Share(order) => {
                let flags = explain::flags(measure, &Options { order, ..options.clone() });
                (
                    of.of_order(order),
                    flags.iter().filter(|flag| flag.is_of_null()).map(|flag| flag.short()).collect(),
                )
            }
            _ => (of, Vec::new()),
        };
        let words = std::iter::once(format!("{} {:.1} % of H(Z)", name(quantity), 100.0 * share));
        Some(Datum {
            low: Some(from.min(to)),
            high: Some(from.max(to)),
            joined: measure.joined,
            is_open: !measure.basis.is_final(),
            more: words.chain(doubts).collect(),
            ..Datum::new(x, share, of)
        })
    })
}

#[cfg(test)]
mod tests;
