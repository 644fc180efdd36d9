//! Whether complexity and optimality move with training, model by model (paper, figure 5; SPEC 5).

use super::options::{Heed, Options};
use super::quantity::Quantity;
use super::snapshot::{Run, Snapshot};
use super::{View, explain};
use crate::analysis::correlation::{Coefficient, Correlations};
use crate::analysis::trends::Trend;
use crate::chart::{
    Axis, Chart, Color, Datum, Facet, Key, Legend, Mark, Marker, Note, Of, Rule, Series, Sign, Statistic,
};
use crate::measures::Order;

/// The view.
pub const VIEW: View = View {
    kind: "trends",
    title: "Trends over training",
    paper: "5",
    about: "How complexity and optimality correlate with training steps and their logarithm, after Pearson and Spearman.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::LessNull],
    chart,
};

/// What is correlated with training's time, a frame each.
const SHOWN: [Quantity; 2] = [Quantity::Complexity, Quantity::Optimality];

/// What of time each series is of, its place beside a model's, colour and mark.
const KINDS: [(&str, &str, f64, Color, Marker); 4] = [
    ("step", "pearson", -0.27, Color::Group(0), Marker::Run(0)),
    ("step", "spearman", -0.09, Color::Group(0), Marker::Run(1)),
    ("log step", "pearson", 0.09, Color::Group(1), Marker::Run(0)),
    ("log step", "spearman", 0.27, Color::Group(1), Marker::Run(1)),
];

/// From this p-value on a trend is drawn as one that may be chance.
const CHANCE: f64 = 0.05;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let trends: Vec<(Run<'_>, [Trend; SHOWN.len()])> = snapshot
        .runs()
        .map(|run| (run, SHOWN.map(|quantity| trend(run, quantity, options))))
        .filter(|(_, trends)| trends.iter().any(|trend| *trend != Trend::default()))
        .collect();
    if trends.is_empty() {
        return Err(match snapshot.measured().next() {
            Some(_) => "no run has three checkpoints or more with steps and numbers: a trend needs several"
                .to_owned(),
            None => explain::nothing(snapshot, options),
        });
    }
    let facets: Vec<Facet> = SHOWN
        .iter()
        .enumerate()
        .map(|(index, quantity)| facet(&trends, index, *quantity, options.order))
        .collect();
    let key = |(label, color, marker): (&str, Color, Marker)| Key {
        label: label.to_owned(),
        color,
        marker: Some(marker),
        ..Key::default()
    };
    let keys = [
        ("Pearson, step", Color::Group(0), Marker::Run(0)),
        ("Spearman, step", Color::Group(0), Marker::Run(1)),
        ("Pearson, log step", Color::Group(1), Marker::Run(0)),
        ("Spearman, log step", Color::Group(1), Marker::Run(1)),
    ];
    let is_chance =
        facets.iter().flat_map(|facet| &facet.marks).flat_map(Mark::data).any(|datum| datum.is_open);
    let open = is_chance.then(|| Note {
        sign: Sign::Open,
        text: "may be chance: p ≥ 0.05, or fewer than four checkpoints".to_owned(),
    });
    let mut caption = explain::told(snapshot, options, &[options.order]).caption;
    let counts = trends.iter().map(|(run, trends)| {
        let n = trends[0].step.pearson.or(trends[1].step.pearson).map_or(0, |of| of.n);
        format!("{} {n}", run.subject.label())
    });
    caption.push(format!(
        "Checkpoints: {}; the logarithm leaves out step 0",
        explain::list(&counts.collect::<Vec<_>>())
    ));
    let left_out: Vec<String> = snapshot
        .runs()
        .filter(|run| trends.iter().all(|(other, _)| other.index != run.index))
        .map(|run| run.subject.label())
        .collect();
    if !left_out.is_empty() {
        caption
            .push(format!("Without a trend, for want of checkpoints or steps: {}", explain::list(&left_out)));
    }
    Ok(Chart {
        title: format!("{}, {}, {}", VIEW.title, options.order, options.layers.name()),
        facets,
        columns: if trends.len() > 4 { 1 } else { 2 },
        legend: Legend { keys: keys.map(key).into(), notes: open.into_iter().collect(), bar: None },
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

/// The trend of a quantity over the checkpoints of a run that rest on the whole sample; none of two checkpoints or fewer,
/// which always lie on a line.
fn trend(run: Run<'_>, quantity: Quantity, options: &Options) -> Trend {
    let point = |measure: super::snapshot::Measure<'_>| {
        let value = quantity.of(measure.measurement, options)?.value;
        Some([measure.subject.step? as f64, value]).filter(|_| measure.basis.is_final() && value.is_finite())
    };
    let points: Vec<[f64; 2]> = run.measured().filter_map(point).collect();
    if points.len() < 3 {
        return Trend::default();
    }
    let of_several = |of: Correlations| {
        let enough = |coefficient: &Coefficient| coefficient.n > 2;
        Correlations { pearson: of.pearson.filter(enough), spearman: of.spearman.filter(enough) }
    };
    let trend = Trend::of(&points);
    Trend { step: of_several(trend.step), log_step: of_several(trend.log_step) }
}

/// The coefficients of a quantity, model by model.
fn facet(
    trends: &[(Run<'_>, [Trend; SHOWN.len()])],
    index: usize,
    quantity: Quantity,
    order: Order,
) -> Facet {
    let zero =
        Rule { is_upright: false, at: 0.0, label: String::new(), color: Color::Muted, of: Of::default() };
    let series = KINDS.into_iter().map(|(time, statistic, beside, color, marker)| {
        let datum = |(place, (run, trends)): (usize, &(Run<'_>, [Trend; SHOWN.len()]))| {
            let of_time = if time == "step" { trends[index].step } else { trends[index].log_step };
            let found = if statistic == "pearson" { of_time.pearson } else { of_time.spearman }?;
            Some(datum(place as f64 + beside, found, statistic, Of::run(run.index).of_order(order)))
        };
        let data = trends.iter().enumerate().filter_map(datum).collect();
        let name = format!("{time} x {}", quantity.name());
        Mark::Series(Series { name, color, marker: Some(marker), data, ..Series::default() })
    });
    let names = trends.iter().map(|(run, _)| run.subject.label()).collect();
    Facet {
        title: quantity.label(),
        x: Axis::of_names("", names),
        y: Axis::new("correlation with training", "").within([-1.05, 1.05]),
        marks: std::iter::once(Mark::Rule(zero)).chain(series).collect(),
        ..Facet::default()
    }
}

/// A coefficient as a datum.
pub(super) fn datum(x: f64, found: Coefficient, name: &'static str, of: Of) -> Datum {
    let p = found.shown_p();
    Datum {
        statistic: Some(Statistic { name, p, n: found.n }),
        is_open: p.is_none_or(|p| p >= CHANCE),
        more: vec![words(name, found)],
        ..Datum::new(x, found.value, of)
    }
}

/// A coefficient in words: `r = −0.38, p = 0.006, n = 47`, without p below four points.
pub(super) fn words(name: &str, found: Coefficient) -> String {
    let symbol = match name {
        "spearman" => "ρ",
        _ => "r",
    };
    let value = format!("{:.2}", found.value).replace('-', "−");
    let p = match found.shown_p() {
        None => String::new(),
        Some(p) if p < 0.001 => ", p < 0.001".to_owned(),
        Some(p) => format!(", p = {p:.3}"),
    };
    format!("{symbol} = {value}{p}, n = {}", found.n)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, reference_run, run};
    use super::*;

    #[test]
    fn trends_are_those_of_scipy() {
        // scipy.stats.pearsonr and spearmanr over the checkpoints of tests/fixtures/runs/gutenberg-1m.json, of `step`, and
        // of its logarithm without step 0, with the mean's `input` of tokens and its `optimality`.
        let expected = [
            ("step x complexity", "pearson", 0.7268461204913129, 0.0032300219831978795, 14),
            ("step x complexity", "spearman", 0.7098901098901099, 0.004450741418764228, 14),
            ("log step x complexity", "pearson", 0.8719509112666771, 0.00010210484117478656, 13),
            ("log step x complexity", "spearman", 0.7527472527472527, 0.002982233389169851, 13),
            ("step x optimality", "pearson", -0.4261885116137291, 0.1286269526761079, 14),
            ("step x optimality", "spearman", -0.7758241758241758, 0.0011084786677787394, 14),
            ("log step x optimality", "pearson", -0.7742470201833794, 0.0018914314299686972, 13),
            ("log step x optimality", "spearman", -0.7197802197802198, 0.005536115775787644, 13),
        ];
        let chart = drawn(&VIEW, vec![reference_run("gutenberg-1m")], &Options::default()).unwrap();
        let mut found = Vec::new();
        for (_, series, datum) in chart.data() {
            let statistic = datum.statistic.unwrap();
            found.push((series, statistic.name, datum.y, statistic.p.unwrap(), statistic.n));
        }
        assert_eq!(found.len(), expected.len());
        for (series, statistic, value, p, n) in expected {
            let of = found.iter().find(|of| (of.0, of.1) == (series, statistic)).unwrap();
            assert!((of.2 - value).abs() < 1e-10 && (of.3 / p - 1.0).abs() < 1e-9, "{of:?} {value} {p}");
            assert_eq!(of.4, n, "{series} {statistic}");
        }
    }

    #[test]
    fn few_checkpoints_have_no_p_and_two_no_trend() {
        let runs = vec![run(0, "a", 2, 2), run(1, "b", 3, 2), run(2, "c", 9, 2)];
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        let of = |run| chart.data().filter(move |(.., datum)| datum.of.run == Some(run));
        assert_eq!(of(0).count(), 0);
        assert!(of(1).count() > 0 && of(1).all(|(.., datum)| datum.statistic.unwrap().p.is_none()));
        assert!(of(2).all(|(.., datum)| datum.statistic.unwrap().p.is_some()));
        assert!(of(2).all(|(.., datum)| datum.of.order == Some(Order::Token)));
        assert!(
            chart.caption.iter().any(|text| text.starts_with("Without a trend") && text.ends_with(": a"))
        );
        assert!(drawn(&VIEW, vec![run(0, "a", 2, 2)], &Options::default()).is_err());
    }
}
