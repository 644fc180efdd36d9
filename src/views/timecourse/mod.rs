//! The measures over training, with the phases of learning (paper, figures 12 and 13).

mod differences;

use super::explain::{self, Told};
use super::options::{Differences, Heed, Options};
use super::quantity::Quantity;
use super::snapshot::{Measure, Run, Snapshot};
use super::{View, datum, time};
use crate::analysis::phases::{Kind, Largest, Learning, Phase, Point};
use crate::chart::{Axis, Chart, Color, Datum, Facet, Fill, Mark, Of, Remark, Rule, Series};
use crate::words::thousands;

/// The view.
pub const VIEW: View = View {
    kind: "timecourse",
    title: "Time course",
    paper: "12, 13",
    about: "Complexity, expressivity, optimality, entropy and loss over training, by step, tokens or share of the run, with \
            the phases of learning.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::Time, Heed::Differences, Heed::LessNull],
    chart,
};

/// What is shown, a frame each, before the labels that are no n-grams.
const SHOWN: [Quantity; 5] =
    [Quantity::Complexity, Quantity::Expressivity, Quantity::Optimality, Quantity::Entropy, Quantity::Loss];

/// The share of an axis that a letter of a phase's name needs.
const ROOM: f64 = 0.025;

/// Of more runs than this phases are not marked, and not told one by one.
const TOLD: usize = 4;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    if options.differences == Differences::FirstRun {
        return differences::chart(snapshot, options);
    }
    let courses: Vec<Course<'_>> = match snapshot.runs().len() {
        1..=TOLD => snapshot.runs().map(|run| Course::of(run, options)).collect(),
        _ => Vec::new(),
    };
    let shown = SHOWN.into_iter().chain(snapshot.other_labels());
    let facets: Vec<Facet> =
        shown.filter_map(|quantity| facet(snapshot, quantity, &courses, options)).collect();
    if facets.is_empty() {
        return Err(explain::nothing(snapshot, options));
    }
    let Told { legend, mut caption } = explain::told(snapshot, options, &[options.order]);
    let rule = courses.iter().find_map(|course| course.learning.rule());
    caption.extend(rule.map(|rule| format!("Phases: {rule}")));
    caption.extend(courses.iter().flat_map(Course::sentences));
    if snapshot.runs().len() > TOLD {
        caption.push(format!("Phases are told of up to {TOLD} runs"));
    }
    Ok(Chart {
        title: format!("{}, {}, {}", VIEW.title, options.order, options.layers.name()),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    })
}

/// The frame of a quantity; `None` where no checkpoint has it.
fn facet(
    snapshot: &Snapshot,
    quantity: Quantity,
    courses: &[Course<'_>],
    options: &Options,
) -> Option<Facet> {
    let series = |run: Run<'_>| datum::over_training(run, quantity, options);
    let mut marks: Vec<Mark> = snapshot.runs().filter_map(series).map(Mark::Series).collect();
    if marks.is_empty() {
        return None;
    }
    for course in courses {
        // Turns of several runs would be a thicket: they stand with complexity, which they are turns of, and the caption
        // names them.
        let is_alone = courses.len() == 1;
        if is_alone || quantity == Quantity::Complexity {
            let mut turns = course.turns(options);
            if !is_alone {
                turns.iter_mut().for_each(|turn| turn.label.clear());
                turns.iter_mut().for_each(|turn| turn.color = course.run.subject.color());
            } else if quantity != Quantity::Complexity {
                turns.iter_mut().for_each(|turn| turn.label.clear());
            }
            marks.extend(turns.into_iter().map(Mark::Rule));
        }
        marks.extend(course.largest(quantity, options).map(Mark::Series));
        if quantity == Quantity::Optimality {
            marks.extend(course.hint(options).map(Mark::Remark));
        }
    }
    Some(Facet {
        title: quantity.name().to_owned(),
        x: time::axis(options),
        y: Axis::new(quantity.symbol(), quantity.unit()),
        marks,
        ..Facet::default()
    })
}

/// What the course of a run's complexity and optimality says.
struct Course<'s> {
    run: Run<'s>,
    /// The measured checkpoints; the places of [`Self::learning`] are theirs.
    measures: Vec<Measure<'s>>,
    learning: Learning,
}

impl<'s> Course<'s> {
    fn of(run: Run<'s>, options: &Options) -> Self {
        let measures: Vec<Measure<'s>> = run.measured().collect();
        let points = |quantity: Quantity| -> Vec<Point> {
            let point = |measure: &Measure<'_>| {
                // What rests on less than the others has turned for that alone.
                let number = quantity.of(measure.measurement, options).filter(|_| measure.basis.is_final());
                let spread = number.and_then(|number| number.spread);
                Point { value: number.map_or(f64::NAN, |number| number.value), spread }
            };
            measures.iter().map(point).collect()
        };
        let learning = Learning::of(&points(Quantity::Complexity), &points(Quantity::Optimality));
        Self { run, measures, learning }
    }

    /// The name of a checkpoint: its step, where that is known.
    fn name(&self, place: usize) -> String {
        self.measures.get(place).map_or_else(String::new, |measure| match measure.subject.step {
            Some(step) => format!("step {}", thousands(step)),
            None => measure.subject.name.clone(),
        })
    }

    /// A rule where each phase begins, but the first: it begins with the run. Where two are near, one goes unnamed.
    fn turns(&self, options: &Options) -> Vec<Rule> {
        let rule = |phase: &Phase| {
            let measure = self.measures.get(phase.from)?;
            Some(Rule {
                is_upright: true,
                at: time::of(measure, options)?,
                label: phase.kind.name().to_owned(),
                color: Color::Muted,
                of: Of::checkpoint(self.run.index, measure.index),
            })
        };
        let mut rules: Vec<Rule> = self.learning.phases.iter().skip(1).filter_map(rule).collect();
        let axis = time::axis(options);
        let place = |measure: &Measure<'_>| time::of(measure, options).map(|time| axis.place(time));
        let last = self.measures.iter().filter_map(place).fold(0.0, f64::max);
        let places: Vec<f64> = rules.iter().map(|rule| axis.place(rule.at)).collect();
        for next in 1..places.len() {
            let needed = ROOM * rules[next - 1].label.len() as f64 * last;
            if places[next] - places[next - 1] < needed {
                // What neither rises nor falls says so without a name.
                let is_level = rules[next].label == Kind::Level.name();
                rules[if is_level { next } else { next - 1 }].label.clear();
            }
        }
        rules
    }

    /// The checkpoint where a quantity is the largest: of optimality and complexity, marked where learning made it so.
    fn largest(&self, quantity: Quantity, options: &Options) -> Option<Series> {
        let Largest { at, learned } = match quantity {
            Quantity::Complexity => self.learning.largest_complexity?,
            Quantity::Optimality => self.learning.largest_optimality?,
            _ => return None,
        };
        let places = if at == learned { vec![learned] } else { vec![at, learned] };
        let datum = |place: usize| {
            let measure = self.measures.get(place)?;
            let datum = datum::of(quantity, measure, time::of(measure, options)?, options)?;
            Some(Datum { joined: false, low: None, high: None, ..datum })
        };
        let data: Vec<Datum> = places.into_iter().filter_map(datum).collect();
        (!data.is_empty()).then(|| Series {
            name: format!("largest {quantity}"),
            label: format!("largest, {}", self.name(learned)),
            line: None,
            fill: Fill::None,
            data,
            ..datum::of_run(self.run)
        })
    }

    /// Where optimality no longer rises, in a few words.
    fn hint(&self, options: &Options) -> Option<Remark> {
        let stop = self.learning.stop?;
        let measure = self.measures.get(stop.at)?;
        let datum = datum::of(Quantity::Optimality, measure, time::of(measure, options)?, options)?;
        Some(Remark {
            name: "no longer rises".to_owned(),
            text: format!("rises no more after {}", self.name(stop.at)),
            color: self.run.subject.color(),
            data: vec![Datum { joined: false, ..datum }],
        })
    }

    /// The phases, the largest values and the hint, in sentences.
    fn sentences(&self) -> Vec<String> {
        let label = self.run.subject.label();
        let learning = &self.learning;
        let phase = |phase: &Phase| format!("{} to {}", phase.kind.name(), self.name(phase.to));
        let phases: Vec<String> = learning.phases.iter().map(phase).collect();
        let phases = (!phases.is_empty()).then(|| format!("{label}: {}", phases.join(", ")));
        let largest = |name: &str, largest: Option<Largest>| {
            let Largest { at, learned } = largest?;
            Some(match at == learned {
                true => format!("{name} is largest at {}", self.name(at)),
                false => format!(
                    "{name} is largest at {}, of random weights, and once they learn at {}",
                    self.name(at),
                    self.name(learned)
                ),
            })
        };
        let largest = [
            largest("complexity", learning.largest_complexity),
            largest("φ", learning.largest_optimality),
            learning.stop.map(|stop| stop.hint(&self.name(stop.at))),
        ];
        let largest: Vec<String> = largest.into_iter().flatten().collect();
        let largest = (!largest.is_empty()).then(|| format!("{label}: {}", largest.join("; ")));
        phases.into_iter().chain(largest).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::snapshot::{CheckpointData, RunData};
    use super::super::tests::{drawn, run};
    use super::*;
    use crate::chart::RunSubject;
    use crate::measures::{Label, Order};

    /// A run with these complexities and optimalities of tokens, without spreads.
    fn with(complexity: &[f64], optimality: &[f64]) -> (RunSubject, RunData) {
        let (subject, mut data) = run(0, "a", complexity.len(), 2);
        for ((checkpoint, complexity), optimality) in
            data.checkpoints.iter_mut().zip(complexity).zip(optimality)
        {
            let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
            let mean = &mut Arc::make_mut(measurement).mean;
            for (label, value) in [
                (Label::Input(Order::Token), *complexity),
                (Label::Output(Order::Token), complexity * optimality),
            ] {
                let information = mean.information.get_mut(&label).unwrap();
                (information.value, information.spread) = (value, None);
            }
            mean.optimality.insert(Order::Token, (*optimality).into());
        }
        (subject, data)
    }

    #[test]
    fn labels_that_are_no_n_grams_have_frames_of_their_own() {
        use super::super::tests::{run, with_label};
        let field = Label::Field("source".into());
        let runs = [with_label(run(0, "a", 5, 2), &field, 0.5), run(1, "b", 5, 2)];
        let chart = (VIEW.chart)(&Snapshot::new(runs), &Options::default()).unwrap();
        let frame = chart.facets.iter().find(|facet| facet.title == "field:source").unwrap();
        assert_eq!(frame.y.label, "I(Z;source)");
        let of: Vec<usize> = frame.marks.iter().map(|mark| mark.data().count()).collect();
        assert_eq!(of[0], 5);
        let quantity: Quantity = "field:source".parse().unwrap();
        assert_eq!((quantity.name(), quantity.other_label()), ("field:source", Some(field)));
        assert!("field:".parse::<Quantity>().is_err() && "input:token".parse::<Quantity>().is_err());
    }

    #[test]
    fn phases_and_largest_values_are_marked() {
        // Complexity rises to checkpoint 2 and falls after; φ rises until checkpoint 4 and stays.
        let complexity = [0.1, 0.3, 0.5, 0.4, 0.3, 0.25, 0.2];
        let optimality = [0.1, 0.2, 0.3, 0.5, 0.6, 0.6, 0.599];
        let chart = drawn(&VIEW, vec![with(&complexity, &optimality)], &Options::default()).unwrap();
        let marks =
            |panel: &str| chart.facets.iter().find(|facet| facet.title == panel).unwrap().marks.clone();
        let rules: Vec<(f64, String)> = marks("complexity")
            .into_iter()
            .filter_map(|mark| if let Mark::Rule(rule) = mark { Some((rule.at, rule.label)) } else { None })
            .collect();
        assert_eq!(rules, [(2000.0, "compression".to_owned())]);
        let named = |name: &str| {
            chart
                .data()
                .filter(|(_, series, _)| *series == name)
                .map(|(.., datum)| datum.x)
                .collect::<Vec<_>>()
        };
        assert_eq!((named("largest complexity"), named("largest optimality")), (vec![2000.0], vec![4000.0]));
        assert_eq!(named("no longer rises"), [4000.0]);
        assert!(
            chart
                .caption
                .iter()
                .any(|text| text.contains("fitting to step 2\u{a0}000, compression to step 6\u{a0}000")),
            "{:?}",
            chart.caption
        );
        assert!(chart.caption.iter().any(|text| text.contains("φ no longer rises by more than")));
    }

    #[test]
    fn many_runs_have_courses_without_phases() {
        let runs = (0..12).map(|number| run(number, &format!("m{number}"), 5, 2)).collect();
        let chart = drawn(&VIEW, runs, &Options::default()).unwrap();
        assert_eq!(chart.facets.len(), 5);
        assert!(chart.facets.iter().all(|facet| facet.marks.len() == 12));
    }
}
