//! The information-bottleneck frontier of the labels of a text: what was found, what is excluded, and how far to trust
//! both; with the models beside it.

use std::time::Duration;

use super::options::{Heed, Options};
use super::snapshot::{Measure, Run, Snapshot};
use super::{View, explain, plane};
use crate::chart::{
    Axis, Chart, Color, Curve, Dash, Datum, Facet, Fill, Key, Legend, Line, Mark, Marker, Note, Of, Scale,
    Series, Sign,
};
use crate::frontier::{Point, Report};
use crate::measures::Order;
use crate::words::{rough_duration, thousands};

/// The view.
pub const VIEW: View = View {
    kind: "frontier",
    title: "Information-bottleneck frontier",
    paper: "",
    about: "How much of Y any representation of X alone can tell: encoders that were found, what is provably excluded, the \
            line of the paper, and the models beside them.",
    needs_results: false,
    heeds: &[Heed::Order, Heed::Layers, Heed::Frontier],
    chart,
};

/// Less than this above the frontier is not seen.
const VISIBLE: f64 = 1e-3;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let report = snapshot.frontier(options.order).ok_or_else(|| {
        format!(
            "no frontier of {}s is known: compute one by `infoplane frontier` and name its file",
            options.order
        )
    })??;
    let facets = vec![bounds(snapshot, report, options), trade_offs(report), convergence(report)];
    let keys = snapshot.runs().filter(|run| run.measured().next().is_some());
    let keys = keys.map(|run| explain::key(run, options)).chain(self::keys()).collect();
    let above = facets[0].marks.iter().flat_map(Mark::data).any(|datum| datum.is_marked);
    let notes = above.then(|| Note { sign: Sign::Exclamation, text: ABOVE.to_owned() });
    let mut caption = claims(report);
    caption.extend(notes.iter().map(|note| format!("! {}: {WHY_ABOVE}", note.text)));
    let order = order_of(report).map_or_else(String::new, |order| format!(", {order}"));
    let of = report.text.as_ref().map(|text| format!(" of {text}")).unwrap_or_default();
    Ok(Chart {
        title: format!("{}{order}{of}", VIEW.title),
        facets,
        columns: 3,
        legend: Legend { keys, notes: notes.into_iter().collect(), bar: None },
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

/// The order of the labels; `None` where they are no n-grams.
fn order_of(report: &Report) -> Option<Order> {
    report.order.and_then(Order::of_number)
}

/// That a model lies above what was found for representations of X alone.
const ABOVE: &str = "above the frontier";
/// Why that may be.
const WHY_ABOVE: &str = "hidden states know more than the label X, and the frontier binds representations of X alone; \
                                    few positions a label bias the estimate upwards, too";

/// What is to be known before the curve is believed, a sentence each.
fn claims(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    // Joints of weights have no positions, and those of a file no n-grams.
    let over = match counts.positions {
        0 => String::new(),
        positions => format!(" over {} positions", thousands(positions)),
    };
    let kind = order_of(report).map_or_else(String::new, |order| format!("{order} "));
    let mut claims = vec![format!(
        "Frontier of p(x, y){over}: {} {kind}labels x, {} labels y, {} pairs; I(X;Y) = {:.4}, H(X) = {:.4} nats",
        thousands(counts.xs),
        thousands(counts.ys),
        thousands(counts.pairs),
        report.frontier.information,
        report.frontier.entropy_x
    )];
    claims.extend(report.progress.map(|progress| {
        let left = progress.seconds_left.map(|seconds| {
            format!(", about {} left", rough_duration(Duration::from_secs_f64(seconds.max(0.0))))
        });
        format!(
            "Still growing: {:.0} % of the search is done{}",
            100.0 * progress.share,
            left.unwrap_or_default()
        )
    }));
    claims.push(
        "The curve is of encoders that were found, so the frontier is there or higher; that none lies above is not proved. \
         Nothing that depends on X alone is above the dashed line"
            .to_owned(),
    );
    claims.extend(report.frontier.spread.map(|spread| {
        format!("Of the curves of several starts the second best lies at most {spread:.4} nats lower")
    }));
    claims.extend(
        report
            .frontier
            .gain
            .map(|gain| format!("Clusters that were added where the search ended gained {gain:.4} nats")),
    );
    claims.extend(report.bracket.map(|bracket| {
        let chao_shen = bracket.chao_shen.map(|value| format!(", after Chao and Shen {value:.4}"));
        format!(
            "Counted from a text: I(X;Y) of the language lies between {:.4} (held out) and {:.4} (plug-in){}; {:.1} % of \
             the mass is of pairs seen once",
            bracket.held_out,
            bracket.plug_in,
            chao_shen.unwrap_or_default(),
            100.0 * bracket.singletons
        )
    }));
    claims
}

/// I(X;Z) against I(Y;Z): curve, band, line, and the models.
fn bounds(snapshot: &Snapshot, report: &Report, options: &Options) -> Facet {
    let points = report.frontier.points.iter().filter(|point| point.on_curve);
    let found = Series {
        name: "found".to_owned(),
        color: Color::Text,
        marker: Some(Marker::Speck),
        data: points
            .map(|point| Datum {
                more: vec![format!("β {:.3}", point.beta), format!("residual {:.1e} nats", point.residual)],
                ..Datum::new(point.complexity, point.expressivity, Of::default().of_order(options.order))
            })
            .collect(),
        ..Series::default()
    };
    let models = snapshot.runs().map(|run| Mark::Series(models(run, report, options)));
    let marks = marks(report, 1.0).into_iter().chain([Mark::Series(found)]).chain(models).collect();
    let [x, y] =
        [("I(X;Z)", 1.08 * report.frontier.entropy_merged), ("I(Y;Z)", 1.08 * report.frontier.information)];
    let axis = |(label, end): (&str, f64)| Axis::new(label, "nats").with_zero().within([0.0, end.max(1e-3)]);
    Facet { title: "bounds".to_owned(), x: axis(x), y: axis(y), marks, ..Facet::default() }
}

/// The line up to I(X;Y), the band and the curve, in units of so many nats.
fn marks(report: &Report, unit: f64) -> Vec<Mark> {
    let scaled =
        |line: Vec<(f64, f64)>| line.into_iter().map(|(x, y)| [x / unit, y / unit]).collect::<Vec<_>>();
    let (inner, outer) = (scaled(report.frontier.corners()), scaled(report.outer_corners()));
    let full = report.frontier.information;
    let end = report.frontier.entropy_x.max(full);
    let line = scaled(vec![(0.0, 0.0), (full, full), (end, full)]);
    let curve = |points: Vec<[f64; 2]>, color: Color, dash: Dash| {
        Mark::Curve(Curve { points, color, line: Some(Line { dash, is_thin: false }), ..Curve::default() })
    };
    let band = inner.iter().copied().chain(outer.iter().rev().copied()).collect();
    vec![
        Mark::Curve(Curve { points: band, color: Color::Muted, is_area: true, ..Curve::default() }),
        curve(line, LINES[0].1, LINES[0].2),
        curve(outer, LINES[1].1, LINES[1].2),
        curve(inner, LINES[2].1, LINES[2].2),
    ]
}

/// The lines of [`marks`], as the legend has them.
const LINES: [(&str, Color, Dash); 3] = [
    ("line I(Y;Z) = I(X;Z)", Color::Muted, Dash::Bound),
    ("none above", Color::Muted, Dash::Stale),
    ("encoders found", Color::Text, Dash::Solid),
];

/// What the lines mean.
fn keys() -> impl Iterator<Item = Key> {
    LINES.into_iter().map(|(label, color, dash)| Key {
        label: label.to_owned(),
        color,
        line: Some(Line { dash, is_thin: false }),
        ..Key::default()
    })
}

/// A plane bounded by the frontier instead of the line, where it is known: its data say what share of it they have, and
/// those above it are marked.
pub(super) fn bounding(mut plane: Facet, snapshot: &Snapshot, options: &Options) -> Facet {
    let Some(Ok(report)) = snapshot.frontier(options.order) else { return plane };
    let Some((_, unit)) = unit_of(snapshot) else { return plane };
    // The line and the area above it, which no others are.
    plane.marks.retain(|mark| !matches!(mark, Mark::Curve(_)));
    for mark in &mut plane.marks {
        let Mark::Series(series) = mark else { continue };
        for datum in &mut series.data {
            let of = |measure: &Measure<'_>| datum.of.run == Some(measure.run.index) && is_of(datum, measure);
            if let Some(measure) = snapshot.measured().find(of) {
                judge(datum, &measure, report);
            }
        }
    }
    plane.marks.splice(0..0, marks(report, unit));
    plane
}

/// Says in a plane's legend and caption what bounds it, or why the frontier does not.
pub(super) fn explain_plane(chart: &mut Chart, snapshot: &Snapshot, options: &Options) {
    let report = match snapshot.frontier(options.order) {
        Some(Ok(report)) => report,
        other => {
            let why = other.and_then(Result::err).unwrap_or_else(|| "none is known of this text".to_owned());
            chart.caption.push(format!("Without the frontier: {why}"));
            return;
        }
    };
    if let Some((points, _)) = unit_of(snapshot) {
        chart.caption.push(format!("The frontier is in the plane's unit, nats over ln n with n = {points}"));
    }
    chart.caption.extend(claims(report));
    chart.legend.keys.extend(keys());
    if chart.data().any(|(.., datum)| datum.is_marked) {
        chart.legend.notes.push(Note { sign: Sign::Exclamation, text: ABOVE.to_owned() });
        chart.caption.push(format!("! {ABOVE}: {WHY_ABOVE}"));
    }
}

/// The number of reference points of the first run that has numbers, and its unit in nats.
fn unit_of(snapshot: &Snapshot) -> Option<(usize, f64)> {
    let run = snapshot.runs().find(|run| run.measured().next().is_some())?;
    Some((run.data.measured.settings.points, unit(run)))
}

/// What of the line, of the frontier and of the band a place has; as far as there is any.
fn shares(report: &Report, [complexity, expressivity]: [f64; 2]) -> Vec<String> {
    let of = [
        ("the line", report.frontier.information.min(complexity)),
        ("the frontier", report.frontier.at(complexity)),
        ("what is not excluded", report.outer_at(complexity)),
    ];
    let shares = of.into_iter().filter(|(_, most)| *most > 0.0);
    shares.map(|(name, most)| format!("{:.0} % of {name}", 100.0 * expressivity / most)).collect()
}

/// Whether a place is above the frontier by more than rounding.
fn is_above(report: &Report, [complexity, expressivity]: [f64; 2]) -> bool {
    expressivity > report.frontier.at(complexity) + VISIBLE
}

/// Whether a place on the plane is that of a checkpoint of its run.
fn is_of(datum: &Datum, measure: &Measure<'_>) -> bool {
    datum.of.checkpoint == Some(measure.index)
}

/// Says of a checkpoint's place on the plane what share of the bounds it has, and marks it where it is above the frontier.
/// Of another text than the frontier's there is nothing to say.
fn judge(datum: &mut Datum, measure: &Measure<'_>, report: &Report) {
    if !is_comparable(report, measure) {
        return;
    }
    let place = [datum.x, datum.y].map(|value| value * unit(measure.run));
    datum.more.extend(shares(report, place));
    datum.is_marked = is_above(report, place);
    if datum.is_marked {
        datum.flags.push(ABOVE.to_owned());
    }
}

/// The trajectory of a run in nats.
fn models(run: Run<'_>, report: &Report, options: &Options) -> Series {
    let mut series = plane::chart::series(run, options, false);
    series.fill = Fill::None;
    let unit = unit(run);
    for datum in &mut series.data {
        if let Some(measure) = run.measured().find(|measure| is_of(datum, measure)) {
            judge(datum, &measure, report);
        }
        datum.x *= unit;
        datum.y *= unit;
        let spreads = [&mut datum.low, &mut datum.high, &mut datum.x_spread];
        spreads.into_iter().flatten().for_each(|value| *value *= unit);
    }
    series
}

/// What one of a run's efficiencies is in nats: ln n.
fn unit(run: Run<'_>) -> f64 {
    (run.data.measured.settings.points as f64).ln()
}

/// Whether numbers are of the text that the frontier is of, as far as is known.
fn is_comparable(report: &Report, measure: &Measure<'_>) -> bool {
    match (&report.sample, &measure.measurement.sample) {
        (Some(of), Some(own)) => of == own,
        _ => true,
    }
}

/// The slope along the curve: the trade-off β of each point.
fn trade_offs(report: &Report) -> Facet {
    let of = |point: &Point| (point.beta, Vec::new());
    let y = Axis { scale: Scale::Log, ..Axis::new("trade-off β", "") };
    along(report, "trade-off", y, "β", of)
}

/// How far points are from standing still.
fn convergence(report: &Report) -> Facet {
    let of = |point: &Point| {
        let atoms = format!("{} atoms, {:.0} % of p(x) apart", point.atoms, 100.0 * point.private);
        // What is less has no place on the axis, and is as good as nothing.
        (
            point.residual.abs().max(1e-12),
            vec![atoms, format!("ln of the largest growth {:.1e}", point.ratio)],
        )
    };
    let y = Axis { scale: Scale::Log, ..Axis::new("residual F − L", "nats") };
    along(report, "self-consistency", y, "residual", of)
}

/// A frame of one number of each point of the curve.
fn along(
    report: &Report,
    title: &str,
    y: Axis,
    name: &str,
    of: impl Fn(&Point) -> (f64, Vec<String>),
) -> Facet {
    let mut points: Vec<&Point> = report.frontier.points.iter().filter(|point| point.on_curve).collect();
    points.sort_by(|a, b| a.complexity.total_cmp(&b.complexity));
    let datum = |point: &&Point| {
        let (value, more) = of(point);
        Datum { joined: true, more, ..Datum::new(point.complexity, value, Of::default()) }
    };
    let series = Series {
        name: name.to_owned(),
        color: Color::Text,
        line: Some(Line::default()),
        marker: Some(Marker::Speck),
        data: points.iter().map(datum).collect(),
        ..Series::default()
    };
    Facet {
        title: title.to_owned(),
        x: Axis::new("I(X;Z)", "nats").with_zero(),
        y,
        marks: vec![Mark::Series(series)],
        ..Facet::default()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::AtomicBool;

    use super::super::options::Bound;
    use super::super::quantity::Quantity;
    use super::super::tests::run;
    use super::*;
    use crate::frontier::band::Draw;
    use crate::frontier::report::Counts;
    use crate::frontier::{self, Band, Bracket, Frontier, Point, bias};

    /// A frontier whose numbers are made: the same to the bit on every machine.
    pub fn made() -> Report {
        let place = |beta: f64, complexity: f64, expressivity: f64| Point {
            beta,
            complexity,
            expressivity,
            residual: 1e-6 * beta,
            ratio: 1e-4,
            atoms: (20.0 * complexity) as usize,
            private: 0.1 * complexity,
            on_curve: true,
        };
        let points = [(1.2, 0.2, 0.17), (1.6, 0.6, 0.45), (2.2, 1.2, 0.78), (3.5, 2.0, 1.1), (9.0, 3.2, 1.4)];
        let line =
            |draws: usize, correlation: f64| Draw { draws, correlation, error: 0.002, coupled: draws == 2 };
        Report {
            frontier: Frontier {
                information: 1.5,
                entropy_x: 4.2,
                entropy_y: 4.0,
                entropy_merged: 4.0,
                points: points.map(|(beta, x, y)| place(beta, x, y)).into(),
                found: 31,
                clusters: 64,
                passes: 280,
                gpu_passes: 0,
                converged: false,
                gain: Some(0.0004),
                spread: Some(0.0012),
            },
            outer: Band { draws: vec![line(2, 0.5), line(3, 1.3), line(6, 4.6)] },
            bracket: Some(Bracket { held_out: 1.1, plug_in: 1.5, singletons: 0.08, chao_shen: Some(1.3) }),
            common: 0.003,
            counts: Counts { positions: 49_800, xs: 1877, ys: 1862, pairs: 22_410 },
            text: Some("books.jsonl".to_owned()),
            order: Some(1),
            sample: None,
            progress: None,
        }
    }

    /// The frontier of twelve labels, each mostly followed by one of four.
    fn report() -> Report {
        let pairs = (0..12u32).flat_map(|x| {
            (0..4u32).map(move |y| (x, y, if x % 4 == y { 40 } else { u64::from(1 + (x * 7 + y * 3) % 5) }))
        });
        let pairs: Vec<_> = pairs.collect();
        let bracket = bias::bracket([&pairs, &pairs]).unwrap();
        let joint = frontier::Joint::from_counts(pairs).unwrap();
        let options = frontier::Options::default();
        let mut grown = 0;
        let mut watch = |report: &Report| {
            grown += usize::from(report.frontier.points.iter().any(|point| point.on_curve));
            ControlFlow::Continue(())
        };
        let report =
            Report::of(&joint, Some(bracket), &options, None, &AtomicBool::new(false), &mut watch).unwrap();
        assert!(grown > 3 && report.progress.is_none());
        Report { order: Some(1), ..report }
    }

    fn chart_of(report: Result<Report, String>, options: &Options) -> Result<Chart, String> {
        let snapshot = Snapshot::new([run(0, "a", 3, 2)]);
        (VIEW.chart)(&snapshot.with_frontier(options.order, report.map(Into::into)), options)
    }

    #[test]
    fn curve_band_and_line_stand_under_each_other_and_say_what_they_claim() {
        let report = report();
        let mut last = 0.0;
        for step in 0..=100 {
            let complexity = f64::from(step) / 100.0 * report.frontier.entropy_merged;
            let line = complexity.min(report.frontier.information);
            let (found, outer) = (report.frontier.at(complexity), report.outer_at(complexity));
            assert!(found <= outer + 1e-9 && outer <= line + 1e-9, "{complexity}: {found} {outer} {line}");
            assert!(found >= last);
            last = found;
        }
        let chart = chart_of(Ok(report), &Options::default()).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles, ["bounds", "trade-off", "self-consistency"]);
        let caption = chart.caption.join("\n");
        for said in ["12 token labels x, 4 labels y, 48 pairs", "not proved", "held out", "plug-in"] {
            assert!(caption.contains(said), "{said}: {caption}");
        }
        // Of the models' three checkpoints each has a place, in nats.
        let models: Vec<&Datum> = chart.facets[0]
            .marks
            .iter()
            .filter(|mark| mark.series() == "trajectory")
            .flat_map(Mark::data)
            .collect();
        assert_eq!(models.len(), 3);
        let unit = (crate::settings::Settings::default().points as f64).ln();
        let complexity = Quantity::Complexity.of(
            Snapshot::new([run(0, "a", 3, 2)]).measured().last().unwrap().measurement,
            &Options::default(),
        );
        assert!((models[2].x - unit * complexity.unwrap().value).abs() < 1e-12);
        assert!(
            models[2].more.iter().any(|words| words.ends_with("of the frontier")),
            "{:?}",
            models[2].more
        );
    }

    #[test]
    fn the_plane_is_bounded_by_the_frontier_where_it_is_known() {
        let plane = View::of_kind("plane").unwrap();
        let options = Options { bound: Bound::Frontier, ..Options::default() };
        let drawn = |frontier: Option<Result<Report, String>>| {
            let snapshot = Snapshot::new([run(0, "a", 3, 2)]);
            let snapshot = match frontier {
                Some(frontier) => snapshot.with_frontier(options.order, frontier.map(Into::into)),
                None => snapshot,
            };
            (plane.chart)(&snapshot, &options).unwrap()
        };
        let keys = |chart: &Chart| {
            let keys = chart.legend.keys.iter().filter(|key| key.of.run.is_none());
            keys.map(|key| key.label.clone()).collect::<Vec<_>>()
        };
        let (report, without) = (report(), drawn(None));
        let chart = drawn(Some(Ok(report.clone())));
        assert_eq!(keys(&chart), ["line I(Y;Z) = I(X;Z)", "none above", "encoders found"]);
        assert!(chart.caption.iter().any(|words| words.contains("ln n with n = 100")), "{:?}", chart.caption);
        // A nat of complexity is 1 / ln n of the plane's.
        let Mark::Curve(found) = &chart.facets[0].marks[3] else { panic!("the curve") };
        let end = found.points.last().unwrap();
        assert!((end[0] - report.frontier.entropy_merged / 100f64.ln()).abs() < 1e-12);
        for (datum, (_, _, plain)) in chart.data().map(|(.., datum)| datum).zip(without.data()) {
            let above = is_above(&report, [datum.x, datum.y].map(|value| value * 100f64.ln()));
            assert_eq!((datum.is_marked, datum.x, datum.y), (above, plain.x, plain.y));
        }
        assert_eq!(keys(&without), [""; 0]);
        let failed = drawn(Some(Err("too large".to_owned())));
        assert!(failed.caption.iter().any(|words| words == "Without the frontier: too large"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let none = (VIEW.chart)(&Snapshot::default(), &Options::default()).unwrap_err();
        assert!(none.contains("infoplane frontier"), "{none}");
        assert_eq!(chart_of(Err("wait".to_owned()), &Options::default()).unwrap_err(), "wait");
    }
}
