//! How the estimates of a checkpoint moved as the sample grew.

use super::View;
use super::chosen::{Choice, Chosen};
use super::explain::{self, Told};
use super::options::{Heed, LayerChoice, Options};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use crate::chart::{Axis, Chart, Datum, Facet, Fill, Mark, Marker, Note, Of, Scale, Series, Sign};
use crate::measures::{Information, Label, Order};
use crate::results;
use crate::words::thousands;

/// The view.
pub const VIEW: View = View {
    kind: "convergence",
    title: "Convergence",
    paper: "",
    about: "Complexity, expressivity and optimality against the number of documents, with what shuffled labels give and how many labels are seen once.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Checkpoints],
    chart,
};

/// What the first documents of a sample gave, averaged over layers 1..L.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number of documents.
    pub documents: usize,
    /// I(X;Z), in efficiency.
    pub complexity: f64,
    /// I(Y;Z), in efficiency.
    pub expressivity: f64,
}

/// What a measurement's estimates say of one order.
pub fn convergence(estimates: &[results::Estimate], order: Order) -> Vec<Estimate> {
    estimates
        .iter()
        .filter_map(|estimate| {
            Some(Estimate {
                documents: estimate.documents,
                complexity: *estimate.information.get(&Label::Input(order))?,
                expressivity: *estimate.information.get(&Label::Output(order))?,
            })
        })
        .collect()
}

/// What is shown, a frame each.
const SHOWN: [Quantity; 3] = [Quantity::Complexity, Quantity::Expressivity, Quantity::Optimality];

impl Estimate {
    /// A number of it; NaN where it is none of those estimated.
    fn get(&self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::Complexity => self.complexity,
            Quantity::Expressivity => self.expressivity,
            Quantity::Optimality => self.expressivity / self.complexity,
            _ => f64::NAN,
        }
    }
}

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    // Smaller samples were averaged over all layers, and their nulls were not measured.
    let asked = options;
    let options = &Options { layers: LayerChoice::Mean, less_null: false, ..options.clone() };
    let choice = Choice::of(snapshot, options)?;
    let courses: Vec<Course<'_>> =
        choice.chosen.iter().filter_map(|chosen| Course::of(chosen, options)).collect();
    if courses.is_empty() {
        return Err(format!(
            "no estimate of {}s says how many documents it rests on: measure them again, or choose another order",
            options.order
        ));
    }
    let mut facets: Vec<Facet> =
        SHOWN.into_iter().map(|quantity| facet(&courses, &choice, quantity, options)).collect();
    facets.extend(seen_once(&courses, &choice, options));
    let range = facets[0].x_range();
    facets.iter_mut().for_each(|facet| facet.x.range = Some(range));
    let Told { mut legend, mut caption } = explain::told(snapshot, options, &[]);
    if facets.iter().flat_map(|facet| &facet.marks).any(|mark| mark.series() == NULL) {
        let text = "what shuffled labels give, on the whole sample".to_owned();
        legend.notes.push(Note { sign: Sign::Null, text });
    }
    caption.extend(last_growth(&courses));
    if asked.less_null {
        caption.push(
            "What shuffled labels give is known of whole samples alone: no value is less it".to_owned(),
        );
    }
    let mut chart = Chart {
        title: format!("{}, {}, mean of layers", VIEW.title, options.order),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    };
    choice.explain(&mut chart);
    let flags =
        choice.measures().flat_map(|measure| explain::flags_of(Quantity::Optimality, measure, options));
    explain::tell(&mut chart, flags.collect::<Vec<_>>(), choice.chosen.len() > 1);
    Ok(chart)
}

/// The name of what shuffled labels give.
const NULL: &str = "null";

/// How the estimates of a checkpoint moved.
struct Course<'c> {
    chosen: &'c Chosen<'c>,
    /// At least one, of rising samples; the last of the whole.
    estimates: Vec<Estimate>,
    /// What is known of the whole sample besides: of complexity and of expressivity.
    whole: Option<[&'c Information; 2]>,
}

impl<'c> Course<'c> {
    /// `None` where no estimate of the order says how many documents it rests on.
    fn of(chosen: &'c Chosen<'c>, options: &Options) -> Option<Self> {
        let measure = &chosen.measure;
        let whole = measure.measurement.mean.plane(options.order);
        let mut estimates = convergence(&measure.measurement.convergence, options.order);
        if let (true, Some([complexity, expressivity])) = (estimates.is_empty(), whole) {
            let (complexity, expressivity) = (complexity.value, expressivity.value);
            let documents = Some(measure.basis.documents).filter(|documents| *documents > 0);
            estimates.extend(documents.map(|documents| Estimate { documents, complexity, expressivity }));
        }
        estimates.retain(|estimate| estimate.documents > 0);
        (!estimates.is_empty()).then_some(Self { chosen, estimates, whole })
    }

    fn subject(&self, options: &Options) -> Of {
        let measure = &self.chosen.measure;
        Of::checkpoint(measure.run.index, measure.index).of_order(options.order)
    }

    /// The number of documents of the whole sample.
    fn documents(&self) -> f64 {
        self.estimates.last().map_or(f64::NAN, |last| last.documents as f64)
    }

    /// The course of a quantity, with its spread where it rests on the whole sample.
    fn series(&self, choice: &Choice<'_>, quantity: Quantity, options: &Options) -> Series {
        let last = self.estimates.len() - 1;
        let spread = quantity.of(self.chosen.measure.measurement, options).and_then(|number| number.spread);
        let datum = |(index, estimate): (usize, &Estimate)| {
            let datum = Datum::new(estimate.documents as f64, estimate.get(quantity), self.subject(options));
            let datum = datum.with_spread(spread.filter(|_| index == last));
            Datum { joined: index > 0, ..datum }
        };
        let data = self.estimates.iter().enumerate().map(datum).collect();
        Series { name: quantity.name().to_owned(), fill: Fill::Whiskers, data, ..self.chosen.series(choice) }
    }

    /// What shuffled labels give of a quantity; `None` where it was not measured.
    fn null(&self, quantity: Quantity, options: &Options) -> Option<Datum> {
        let [complexity, expressivity] = self.whole?;
        let null = match quantity {
            Quantity::Complexity => complexity.null?,
            Quantity::Expressivity => expressivity.null?,
            _ => expressivity.null? / complexity.null?,
        };
        Some(Datum::new(self.documents(), null, self.subject(options))).filter(Datum::is_finite)
    }

    /// The share of positions whose labels are seen once; `None` where it is not known, and of a ratio.
    fn seen_once(&self, quantity: Quantity, options: &Options) -> Option<Datum> {
        let [complexity, expressivity] = self.whole?;
        let share = match quantity {
            Quantity::Complexity => complexity.singletons?,
            Quantity::Expressivity => expressivity.singletons?,
            _ => return None,
        };
        Some(Datum::new(self.documents(), share, self.subject(options)))
    }
}

fn facet(courses: &[Course<'_>], choice: &Choice<'_>, quantity: Quantity, options: &Options) -> Facet {
    let lines = courses.iter().map(|course| course.series(choice, quantity, options)).map(Mark::Series);
    let null = |course: &Course<'_>| {
        let series = Series {
            name: NULL.to_owned(),
            color: course.chosen.color(choice),
            marker: Some(Marker::Null),
            data: vec![course.null(quantity, options)?],
            ..Series::default()
        };
        Some(Mark::Series(series))
    };
    let nulls = courses.iter().filter_map(null);
    Facet {
        title: quantity.name().to_owned(),
        x: documents(),
        y: Axis::new(quantity.symbol(), quantity.unit()).with_zero(),
        marks: lines.chain(nulls).collect(),
        ..Facet::default()
    }
}

/// The frame of the shares of positions whose labels are seen once; `None` where none is known.
fn seen_once(courses: &[Course<'_>], choice: &Choice<'_>, options: &Options) -> Option<Facet> {
    let sides = [(Quantity::Complexity, "singletons, input"), (Quantity::Expressivity, "singletons, output")];
    let series = |course: &Course<'_>| {
        let of = |(quantity, name): (Quantity, &str)| {
            let data = vec![course.seen_once(quantity, options)?];
            let (name, line, label) = (name.to_owned(), None, String::new());
            let series = Series { name, line, label, data, ..course.chosen.series(choice) };
            Some(Mark::Series(Series { fill: Fill::None, ..series }))
        };
        sides.into_iter().filter_map(of).collect::<Vec<_>>()
    };
    let marks: Vec<Mark> = courses.iter().flat_map(series).collect();
    (!marks.is_empty()).then(|| Facet {
        title: "labels seen once, input and output".to_owned(),
        x: documents(),
        y: Axis::new("share of positions", "").within([0.0, 1.0]),
        marks,
        ..Facet::default()
    })
}

/// The axis across.
fn documents() -> Axis {
    Axis { scale: Scale::Log, ..Axis::new("documents", "") }
}

/// How far the last growth of the sample moved what is shown.
fn last_growth(courses: &[Course<'_>]) -> Option<String> {
    let change = |course: &Course<'_>| {
        let [.., before, last] = &course.estimates[..] else { return None };
        let moved =
            (last.complexity - before.complexity).abs().max((last.expressivity - before.expressivity).abs());
        Some((before.documents, last.documents, moved))
    };
    let moved: Vec<_> = courses.iter().filter_map(change).filter(|(.., moved)| moved.is_finite()).collect();
    let (before, last, _) = moved.first()?;
    let most = moved.iter().map(|(.., moved)| *moved).fold(0.0, f64::max);
    let same = moved.iter().all(|(other, end, _)| (other, end) == (before, last));
    let growth = match same {
        true => format!("From {} to {} documents", thousands(*before as u64), thousands(*last as u64)),
        false => "With the last growth of the sample".to_owned(),
    };
    Some(format!("{growth} complexity and expressivity move by at most {most:.4}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn an_order_picks_its_own_numbers() {
        let estimate = |documents| results::Estimate {
            documents,
            positions: 10 * documents,
            information: [
                (Label::Input(Order::Token), 0.4),
                (Label::Input(Order::Bigram), 0.5),
                (Label::Output(Order::Token), 0.2),
                (Label::Output(Order::Bigram), 0.3),
            ]
            .into(),
        };
        let expected = |documents| Estimate { documents, complexity: 0.5, expressivity: 0.3 };
        assert_eq!(convergence(&[estimate(16), estimate(40)], Order::Bigram), [16, 40].map(expected));
        assert!(convergence(&[estimate(16)], Order::Trigram).is_empty());
    }

    #[test]
    fn estimates_stand_over_documents_with_null_and_singletons() {
        let chart = drawn(&VIEW, vec![run(0, "a", 2, 2)], &Options::default()).unwrap();
        // The last of two checkpoints: complexity of tokens is the mean of 0.2 · 0.7 · 0.9 and 0.2 · 0.7 · 0.8, and one
        // over the documents more on fewer of them.
        let of = |panel: &str, series: &str| {
            let data = chart.data().filter(|(facet, name, datum)| {
                facet.title == panel && *name == series && datum.of.checkpoint == Some(1)
            });
            data.map(|(.., datum)| [datum.x, datum.y]).collect::<Vec<_>>()
        };
        let complexity = of("complexity", "complexity");
        assert_eq!(complexity.iter().map(|place| place[0]).collect::<Vec<_>>(), [16.0, 64.0, 256.0]);
        assert!((complexity[0][1] - (0.119 + 1.0 / 16.0)).abs() < 1e-12);
        let null = of("complexity", "null");
        assert!(null.len() == 1 && (null[0][1] - 0.02).abs() < 1e-12, "{null:?}");
        assert!((of("labels seen once, input and output", "singletons, output")[0][1] - 0.1).abs() < 1e-12);
        // 1/64 − 1/256 = 0.01172.
        assert!(
            chart.caption.iter().any(|text| text.ends_with("move by at most 0.0117")),
            "{:?}",
            chart.caption
        );
    }
}
