//! The information plane as a chart: trajectories under the bound.

mod gap;

pub use self::gap::is_near_bound;

use crate::bound::largest_expressivity;
use crate::chart::{
    Aspect, Axis, Chart, Color, ColorBar, ColorMap, Curve, Dash, Datum, Facet, Fill, Line, Mark, Marker, Of,
    Series,
};
use crate::measures::Order;
use crate::views::View;
use crate::views::explain::{self, Told};
use crate::views::frontier;
use crate::views::marks::Flag;
use crate::views::options::{Bound, FacetBy, Heed, LayerChoice, Options, PlaneY, Share};
use crate::views::quantity::Quantity;
use crate::views::snapshot::{Measure, Run, Snapshot};

/// The view.
pub const VIEW: View = View {
    kind: "plane",
    title: "Information plane",
    paper: "1",
    about: "Complexity against expressivity: the trajectory of each run under the bound.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::Facet, Heed::Y, Heed::Bound, Heed::LessNull],
    chart,
};

/// No plane is looked at from further away than this; the bound ends there.
const FAR: f64 = 4.0;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    // The gap is to the line.
    let bound = if options.y == PlaneY::Gap { Bound::Line } else { options.bound };
    let options = &Options { bound, ..options.clone() };
    let mut chart = side_by_side(snapshot, options, facets(snapshot, options), &[options.order])?;
    chart.title = format!("{}, {}, {}", VIEW.title, options.order, options.layers.name());
    if options.bound == Bound::Frontier {
        frontier::explain_plane(&mut chart, snapshot, options);
    }
    if is_single(snapshot) {
        chart.legend.bar = Some(progress());
    }
    if options.y == PlaneY::Gap {
        chart.title =
            format!("{}, gap to the bound, {}, {}", VIEW.title, options.order, options.layers.name());
        chart = gap::turned(chart);
    }
    Ok(chart)
}

/// Planes of some orders side by side; those without data are left out.
///
/// # Errors
/// That none has any.
pub(in crate::views) fn side_by_side(
    snapshot: &Snapshot,
    options: &Options,
    mut facets: Vec<Facet>,
    orders: &[Order],
) -> Result<Chart, String> {
    facets.retain(|facet| facet.marks.iter().any(|mark| mark.data().next().is_some()));
    if facets.is_empty() {
        return Err(explain::nothing(snapshot, options));
    }
    // One scale for all frames: they are read against each other.
    let reach = facets.iter().map(reach).fold(0.0, f64::max);
    for facet in &mut facets {
        (facet.x.range, facet.y.range) = (Some([0.0, reach]), Some([0.0, reach]));
    }
    let Told { legend, caption } = explain::told(snapshot, options, orders);
    Ok(Chart { facets, legend, caption, subjects: snapshot.subjects().clone(), ..Chart::default() })
}

/// Whether one run alone is drawn, whose marks then tell the way through training.
pub(in crate::views) fn is_single(snapshot: &Snapshot) -> bool {
    snapshot.runs().len() == 1
}

/// What the colours of the way through training mean.
pub(in crate::views) fn progress() -> ColorBar {
    ColorBar {
        label: "checkpoint".to_owned(),
        map: ColorMap::Progress,
        ends: ["first", "last"].map(str::to_owned),
    }
}

/// A frame for each of what stands side by side.
fn facets(snapshot: &Snapshot, options: &Options) -> Vec<Facet> {
    let all = |_: &Run<'_>| true;
    match options.facet {
        FacetBy::Nothing => vec![facet(snapshot, options, String::new(), all)],
        FacetBy::Run => {
            let of = |run: Run<'_>| {
                facet(snapshot, options, run.subject.label(), |other| other.index == run.index)
            };
            snapshot.runs().map(of).collect()
        }
        FacetBy::Condition => {
            let mut conditions: Vec<&str> = Vec::new();
            for run in snapshot.runs() {
                if !conditions.contains(&run.subject.condition.as_str()) {
                    conditions.push(&run.subject.condition);
                }
            }
            let of =
                |name: &str| facet(snapshot, options, name.to_owned(), |run| run.subject.condition == name);
            conditions.into_iter().map(of).collect()
        }
        FacetBy::Order => {
            let of =
                |order: Order| facet(snapshot, &Options { order, ..options.clone() }, order.to_string(), all);
            Order::ALL.into_iter().map(of).collect()
        }
        FacetBy::Layer => {
            let depths = [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().filter_map(Share::new);
            let of = |share: Share| {
                let layers = LayerChoice::Depth(share);
                facet(snapshot, &Options { layers, ..options.clone() }, layers.name(), all)
            };
            depths.map(of).collect()
        }
    }
}

/// The plane of some runs.
pub(in crate::views) fn facet(
    snapshot: &Snapshot,
    options: &Options,
    title: String,
    of: impl Fn(&Run<'_>) -> bool,
) -> Facet {
    let single = is_single(snapshot);
    let runs = snapshot.runs().filter(of);
    let plane = frame(title, options, runs.map(|run| Mark::Series(series(run, options, single))));
    if options.bound == Bound::Frontier { frontier::bounding(plane, snapshot, options) } else { plane }
}

/// A plane with its bound and these marks.
pub(in crate::views) fn frame(title: String, options: &Options, marks: impl Iterator<Item = Mark>) -> Facet {
    let label = |quantity: Quantity, side: &str| {
        // Frames of orders say theirs themselves.
        let of_order = match options.facet {
            FacetBy::Order => String::new(),
            _ => format!(", {} {side}", options.order),
        };
        Axis::new(quantity.label() + &of_order, quantity.unit())
    };
    Facet {
        title,
        x: label(Quantity::Complexity, "input"),
        y: label(Quantity::Expressivity, "output"),
        marks: bound().into_iter().chain(marks).collect(),
        aspect: Aspect::Equal,
        ..Facet::default()
    }
}

/// The information-bottleneck bound (SPEC 4): nothing that depends on a position's own token alone lies above.
pub(in crate::views) fn bound() -> [Mark; 2] {
    let line = [0.0, FAR].map(|x| [x, largest_expressivity(x)]);
    let area = Curve {
        points: vec![line[0], line[1], [0.0, largest_expressivity(FAR)]],
        color: Color::Muted,
        is_area: true,
        ..Curve::default()
    };
    let line = Curve {
        points: line.to_vec(),
        label: "bound I(Y;Z) = I(X;Z)".to_owned(),
        color: Color::Muted,
        line: Some(Line { dash: Dash::Bound, is_thin: false }),
        ..Curve::default()
    };
    [Mark::Curve(area), Mark::Curve(line)]
}

/// The trajectory of a run; its marks tell the way through training where it is the only one.
pub(in crate::views) fn series(run: Run<'_>, options: &Options, is_single: bool) -> Series {
    let datum = |measure: Measure<'_>| datum(run, &measure, options, is_single);
    let subject = run.subject;
    Series {
        name: "trajectory".to_owned(),
        label: subject.label(),
        color: subject.color(),
        line: Some(Line { dash: Dash::Style(subject.style), is_thin: false }),
        marker: Some(Marker::Run(subject.run)),
        fill: Fill::Whiskers,
        data: run.measured().filter_map(datum).collect(),
        ..Series::default()
    }
}

/// A checkpoint on the plane; `None` where it lacks the order or the layer.
pub(in crate::views) fn datum(
    run: Run<'_>,
    measure: &Measure<'_>,
    options: &Options,
    is_single: bool,
) -> Option<Datum> {
    let complexity = Quantity::Complexity.of(measure.measurement, options)?;
    let expressivity = Quantity::Expressivity.of(measure.measurement, options)?;
    let optimality = Quantity::Optimality.of(measure.measurement, options);
    let of = Of::checkpoint(run.index, measure.index).of_order(options.order);
    let flags = explain::flags(measure, options);
    let muted = flags.iter().any(Flag::is_of_null).then_some(Color::Muted);
    Some(Datum {
        x_spread: complexity.spread,
        joined: measure.joined,
        is_open: !measure.basis.is_final(),
        is_stale: measure.basis.is_stale(),
        is_marked: flags.contains(&Flag::AboveBound),
        flags: flags.iter().map(|flag| flag.short()).collect(),
        color: muted.or_else(|| is_single.then(|| Color::Progress(run.progress(measure.index)))),
        more: optimality.map(|optimality| format!("φ {:.3}", optimality.value)).into_iter().collect(),
        ..Datum::new(complexity.value, expressivity.value, of).with_spread(expressivity.spread)
    })
}

/// The far end of both axes, so that all data lie within with a margin.
fn reach(facet: &Facet) -> f64 {
    let values = facet.marks.iter().flat_map(Mark::data).flat_map(|datum| [datum.x, datum.y]);
    let largest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
    if largest > 0.0 { round_above((largest * 1.08).clamp(0.02, 1.5)) } else { 0.5 }
}

/// The nearest number above that has few digits, so that a tick stands at the end.
fn round_above(value: f64) -> f64 {
    let step = 0.5 * 10f64.powf(value.log10().floor());
    // A little slack, so that a number of few digits stays what it is.
    (value / step - 1e-9).ceil() * step
}
