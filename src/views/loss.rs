//! The loss over training, and against optimality (paper, figures 1 and 16).

use super::explain::{self, Told};
use super::options::{Heed, Options};
use super::plane::chart::{is_single, progress};
use super::quantity::Quantity;
use super::snapshot::{Measure, Run, Snapshot};
use super::{View, datum, time};
use crate::chart::{Axis, Chart, Color, Datum, Facet, Fill, Mark, Series};

/// The view.
pub const VIEW: View = View {
    kind: "loss",
    title: "Loss",
    paper: "1, 16",
    about: "The next-token loss over training, and against optimality φ.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::Time, Heed::LessNull],
    chart,
};

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let over_training = |run: Run<'_>| datum::over_training(run, Quantity::Loss, options);
    let loss = || Axis::new(Quantity::Loss.label(), Quantity::Loss.unit());
    let over_training = Facet {
        title: "loss over training".to_owned(),
        x: time::axis(options),
        y: loss(),
        marks: snapshot.runs().filter_map(over_training).map(Mark::Series).collect(),
        ..Facet::default()
    };
    let optimality = Quantity::Optimality;
    let against = Facet {
        title: "loss against optimality".to_owned(),
        x: Axis::new(format!("{}, {}", optimality.label(), options.order), optimality.unit()),
        y: loss(),
        marks: snapshot.runs().filter_map(|run| against(run, snapshot, options)).map(Mark::Series).collect(),
        ..Facet::default()
    };
    let facets: Vec<Facet> =
        [over_training, against].into_iter().filter(|facet| !facet.marks.is_empty()).collect();
    if facets.is_empty() {
        return Err(missing(snapshot, options));
    }
    let Told { mut legend, caption } = explain::told(snapshot, options, &[options.order]);
    if is_single(snapshot) {
        legend.bar = Some(progress());
    }
    Ok(Chart {
        title: VIEW.title.to_owned(),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

/// The loss of a run's checkpoints, each at its optimality; `None` where no checkpoint has both.
fn against(run: Run<'_>, snapshot: &Snapshot, options: &Options) -> Option<Series> {
    let is_single = is_single(snapshot);
    let of = |measure: &Measure<'_>| {
        let optimality = datum::of(Quantity::Optimality, measure, 0.0, options)?;
        let loss = Quantity::Loss.of(measure.measurement, options)?;
        let progress = || is_single.then(|| Color::Progress(run.progress(measure.index)));
        Some(Datum {
            x: optimality.y,
            x_spread: optimality.high.map(|high| high - optimality.y),
            color: optimality.color.or_else(progress),
            ..Datum { y: loss.value, low: None, high: None, ..optimality }
        })
    };
    let data = datum::course(run, of);
    let series =
        Series { name: Quantity::Loss.name().to_owned(), fill: Fill::Whiskers, ..datum::of_run(run) };
    (!data.is_empty()).then_some(Series { data, ..series })
}

/// Why there is no loss to show.
fn missing(snapshot: &Snapshot, options: &Options) -> String {
    match snapshot.measured().next() {
        None => explain::nothing(snapshot, options),
        Some(_) => "no checkpoint has a loss at a known time: the models were saved without an output head, or choose \
                    steps instead of tokens"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn loss_stands_over_time_and_over_optimality() {
        // Of the fixture at half of training: loss 9 − 6/2 = 6, φ = 0.3 + 0.4/2 = 0.5.
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2)], &Options::default()).unwrap();
        let middle: Vec<_> = chart.data().filter(|(.., datum)| datum.of.checkpoint == Some(1)).collect();
        let places: Vec<[f64; 2]> = middle.iter().map(|(.., datum)| [datum.x, datum.y]).collect();
        assert_eq!(places[0], [1000.0, 6.0]);
        assert!((places[1][0] - 0.5).abs() < 1e-12 && places[1][1] == 6.0);
        assert!(middle.iter().all(|(_, series, _)| *series == "loss"));
    }

    #[test]
    fn models_without_a_head_have_none() {
        let (subject, mut data) = run(0, "a", 2, 2);
        for checkpoint in &mut data.checkpoints {
            if let super::super::snapshot::CheckpointData::Measured(measurement, _) = checkpoint {
                std::sync::Arc::make_mut(measurement).loss = None;
            }
        }
        let missing = drawn(&VIEW, vec![(subject, data)], &Options::default()).unwrap_err();
        assert!(missing.contains("output head"), "{missing}");
    }
}
