//! The measures over training less those of the first run, at the same steps.

use super::{SHOWN, VIEW};
use crate::chart::{Axis, Chart, Datum, Facet, Mark, Series};
use crate::views::explain::{self, Told};
use crate::views::options::Options;
use crate::views::quantity::Quantity;
use crate::views::snapshot::{Measure, Run, Snapshot};
use crate::views::{datum, time};
use crate::words::counted;

/// The run that the others are compared with.
struct First<'s> {
    run: Run<'s>,
    measures: Vec<Measure<'s>>,
}

impl<'s> First<'s> {
    fn of(run: Run<'s>) -> Self {
        Self { run, measures: run.measured().collect() }
    }

    /// Its checkpoint at the step of another; where that has none, of the same name.
    fn at(&self, other: &Measure<'_>) -> Option<&Measure<'s>> {
        self.measures.iter().find(|measure| match (measure.subject.step, other.subject.step) {
            (Some(own), Some(step)) => own == step,
            (None, None) => measure.subject.name == other.subject.name,
            _ => false,
        })
    }

    /// How many of a run's checkpoints are compared, and how many are not.
    fn matched(&self, run: Run<'_>) -> (usize, usize) {
        let (found, lost): (Vec<_>, Vec<_>) = run.measured().partition(|measure| self.at(measure).is_some());
        (found.len(), lost.len())
    }

    /// A number of a checkpoint less that of the first run at the same step.
    fn difference(&self, quantity: Quantity, measure: &Measure<'_>, options: &Options) -> Option<Datum> {
        let own = quantity.of(self.at(measure)?.measurement, options)?.value;
        let datum = datum::of(quantity, measure, time::of(measure, options)?, options)?;
        let less = |value: f64| value - own;
        Some(Datum { y: less(datum.y), low: datum.low.map(less), high: datum.high.map(less), ..datum })
    }

    fn series(&self, run: Run<'_>, quantity: Quantity, options: &Options) -> Option<Series> {
        let data = datum::course(run, |measure| self.difference(quantity, measure, options));
        let name = format!("{quantity} difference");
        (!data.is_empty()).then(|| Series { name, data, ..datum::of_run(run) })
    }

    /// The frame of a quantity, with the first run along zero; `None` where no other run has it at a step of that.
    fn facet(&self, quantity: Quantity, others: &[Run<'_>], options: &Options) -> Option<Facet> {
        let series: Vec<Series> =
            others.iter().filter_map(|run| self.series(*run, quantity, options)).collect();
        let own = self.series(self.run, quantity, options);
        (!series.is_empty()).then(|| Facet {
            title: quantity.name().to_owned(),
            x: time::axis(options),
            y: Axis::new(format!("Δ {}", quantity.symbol()), quantity.unit()).with_zero(),
            marks: own.into_iter().chain(series).map(Mark::Series).collect(),
            ..Facet::default()
        })
    }
}

/// The chart.
///
/// # Errors
/// That there is no second run, or none with a step in common with the first.
pub(super) fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let mut measured = snapshot.runs().filter(|run| run.measured().next().is_some());
    let Some(first) = measured.next().map(First::of) else {
        return Err(explain::nothing(snapshot, options));
    };
    let others: Vec<Run<'_>> = measured.collect();
    let label = first.run.subject.label();
    if others.is_empty() {
        return Err(format!(
            "there is no second run to compare with {label}: open one, or show values as they are"
        ));
    }
    let facets: Vec<Facet> =
        SHOWN.into_iter().filter_map(|quantity| first.facet(quantity, &others, options)).collect();
    if facets.is_empty() {
        return Err(format!("no run has a number at a step of {label}: only the same steps are compared"));
    }
    let Told { mut legend, mut caption } = explain::told(snapshot, options, &[options.order]);
    caption.push(format!(
        "Differences to {label}, at the same steps; bands are the standard deviation of each run over seeds"
    ));
    let mut left_out = Vec::new();
    for run in &others {
        let (found, lost) = first.matched(*run);
        if lost == 0 {
            continue;
        }
        left_out.push(format!("{} {lost} of {}", run.subject.label(), counted(found + lost, "checkpoint")));
        let Some(key) = legend.keys.get_mut(run.index) else { continue };
        key.is_absent = found == 0;
        key.detail = match found {
            0 => format!("no step in common with {label}"),
            found => format!("{found} of {}", counted(found + lost, "checkpoint")),
        };
    }
    if !left_out.is_empty() {
        caption.push(format!("Left out, at steps that {label} has not: {}", explain::list(&left_out)));
    }
    Ok(Chart {
        title: format!(
            "{}, differences to {label}, {}, {}",
            VIEW.title,
            options.order,
            options.layers.name()
        ),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::RunSubject;
    use crate::views::options::{Differences, LayerChoice};
    use crate::views::snapshot::RunData;
    use crate::views::tests::{drawn, run};

    fn with_steps(number: usize, name: &str, steps: &[Option<u64>]) -> (RunSubject, RunData) {
        let (mut subject, data) = run(number, name, steps.len(), 2);
        for (checkpoint, step) in subject.checkpoints.iter_mut().zip(steps) {
            checkpoint.step = *step;
        }
        (subject, data)
    }

    /// Hidden states of which spreads are known.
    fn last() -> Options {
        Options { layers: LayerChoice::Last, ..Options::default() }
    }

    fn chart(runs: Vec<(RunSubject, RunData)>) -> Result<Chart, String> {
        drawn(&VIEW, runs, &Options { differences: Differences::FirstRun, ..last() })
    }

    #[test]
    fn only_the_same_steps_are_compared_and_the_others_named() {
        let runs = vec![
            with_steps(0, "a", &[0, 10, 20, 30].map(Some)),
            with_steps(1, "b", &[0, 15, 30].map(Some)),
            with_steps(2, "c", &[5, 25].map(Some)),
        ];
        let values: Vec<f64> = [0, 1]
            .map(|number| {
                let chart = drawn(&VIEW, vec![runs[number].clone()], &last()).unwrap();
                let facet = &chart.facets[0];
                let Mark::Series(series) = &facet.marks[0] else { panic!("a series") };
                series.data.last().unwrap().y
            })
            .into();
        let chart = chart(runs).unwrap();
        let complexity = &chart.facets[0];
        assert_eq!(complexity.y.title(), "Δ I(X;Z) (nats / ln n)");
        let of = |run: usize| -> Vec<&Datum> {
            let data = complexity.marks.iter().flat_map(Mark::data);
            data.filter(|datum| datum.of.run == Some(run)).collect()
        };
        assert_eq!(
            of(0).iter().map(|datum| (datum.x, datum.y)).collect::<Vec<_>>(),
            [0.0, 10.0, 20.0, 30.0].map(|x| (x, 0.0))
        );
        assert!(
            of(0).iter().all(|datum| datum.high.unwrap() > 0.0),
            "the first run's spread lies around zero"
        );
        assert_eq!(of(1).iter().map(|datum| datum.x).collect::<Vec<_>>(), [0.0, 30.0]);
        assert!((of(1)[1].y - (values[1] - values[0])).abs() < 1e-15);
        assert!(of(2).is_empty());
        let said = chart.caption.last().unwrap();
        assert_eq!(said, "Left out, at steps that a has not: b 1 of 3 checkpoints, c 2 of 2 checkpoints");
        let details: Vec<&str> = chart.legend.keys.iter().map(|key| &*key.detail).collect();
        assert_eq!(details, ["4 checkpoints", "2 of 3 checkpoints", "no step in common with a"]);
        assert_eq!(
            chart.legend.keys.iter().map(|key| key.is_absent).collect::<Vec<_>>(),
            [false, false, true]
        );
    }

    #[test]
    fn one_run_alone_and_runs_without_a_step_in_common_have_no_differences() {
        assert!(chart(vec![run(0, "a", 3, 2)]).unwrap_err().contains("no second run to compare with a"));
        let apart = vec![with_steps(0, "a", &[Some(1)]), with_steps(1, "b", &[Some(2)])];
        assert!(chart(apart).unwrap_err().contains("no run has a number at a step of a"));
        let unnamed = vec![with_steps(0, "a", &[None, None]), with_steps(1, "b", &[None, Some(7)])];
        let chart = chart(unnamed).unwrap();
        assert!(chart.caption.last().unwrap().contains("b 1 of 2"), "without steps, by name");
        let nothing =
            drawn(&VIEW, vec![], &Options { differences: Differences::FirstRun, ..Options::default() });
        assert!(nothing.unwrap_err().contains("measured"));
    }
}
