//! What of each estimate may be believed: its value beside what shuffled labels give, its spread over seeds, and how many
//! labels are seen once.

use super::chosen::{Choice, Chosen};
use super::explain::{self, Told};
use super::marks::Flag;
use super::options::{Heed, Options};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use super::{View, datum};
use crate::chart::{
    Axis, Bars, Chart, Color, Curve, Datum, Facet, Fill, Line, Mark, Marker, Note, Remark, Rule, Scale,
    Series, Sign,
};
use crate::measures::{Information, Order};

/// The view.
pub const VIEW: View = View {
    kind: "honesty",
    title: "What may be believed",
    paper: "",
    about: "Each estimate beside what shuffled labels give, with its spread over seeds and the share of labels seen once.",
    needs_results: true,
    heeds: &[Heed::Order, Heed::Layers, Heed::Checkpoints, Heed::LessNull],
    chart,
};

/// What is shown, a frame each.
const SHOWN: [Quantity; 3] = [Quantity::Complexity, Quantity::Expressivity, Quantity::Optimality];

/// Of more checkpoints than this it is not said in words what of each may be believed.
const IN_WORDS: usize = 4;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let choice = Choice::last(snapshot, options)?;
    let has = |order: &Order| {
        let options = Options { order: *order, ..options.clone() };
        choice.measures().any(|measure| Quantity::Complexity.of(measure.measurement, &options).is_some())
    };
    let orders: Vec<Order> = Order::ALL.into_iter().filter(has).collect();
    if orders.is_empty() {
        return Err(explain::nothing(snapshot, options));
    }
    let estimates = Estimates { choice: &choice, orders, options };
    let mut facets: Vec<Facet> = SHOWN.into_iter().map(|quantity| estimates.facet(quantity)).collect();
    facets.extend(estimates.seen_once());
    let verdicts = estimates.verdicts();
    if let [verdict] = &verdicts[..] {
        let text = verdict.words();
        facets[0].marks.push(Mark::Remark(Remark {
            text,
            name: String::new(),
            color: Color::Text,
            data: Vec::new(),
        }));
    }
    let Told { mut legend, mut caption } = explain::told(snapshot, options, &[]);
    legend.notes.extend(estimates.notes(&facets));
    caption.extend(verdicts.iter().filter(|_| verdicts.len() <= IN_WORDS).map(Verdict::sentence));
    let mut chart = Chart {
        title: format!("{}, {}", VIEW.title, options.layers.name()),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    };
    choice.explain(&mut chart);
    explain::tell(&mut chart, estimates.flags(), true);
    Ok(chart)
}

/// The estimates of the checkpoints chosen, by order.
struct Estimates<'e> {
    choice: &'e Choice<'e>,
    /// At least one, rising; the names of the axes across.
    orders: Vec<Order>,
    options: &'e Options,
}

/// What of a checkpoint's estimates may be believed.
struct Verdict {
    checkpoint: String,
    believed: Vec<Order>,
    doubted: Vec<(Order, String)>,
}

impl Estimates<'_> {
    fn options(&self, order: Order) -> Options {
        Options { order, ..self.options.clone() }
    }

    fn axis(&self) -> Axis {
        Axis::of_names("n-gram order", self.orders.iter().map(Order::to_string).collect())
    }

    /// How far apart the checkpoints of an order stand.
    fn step(&self) -> f64 {
        (0.8 / self.choice.chosen.len().max(1) as f64).min(0.3)
    }

    /// The place of an order's estimate of checkpoint number `index` of those chosen.
    fn place(&self, order: usize, index: usize) -> f64 {
        order as f64 + (index as f64 - 0.5 * (self.choice.chosen.len() - 1) as f64) * self.step()
    }

    /// The frame of a quantity: values with their spreads, and from where on they say something.
    fn facet(&self, quantity: Quantity) -> Facet {
        let mut marks = Vec::new();
        // Beside each other, signs would stand on the neighbour's mark.
        let is_alone = self.choice.chosen.len() == 1;
        for (index, chosen) in self.choice.chosen.iter().enumerate() {
            let (mut values, mut nulls) = (Vec::new(), Vec::new());
            for (number, order) in self.orders.iter().enumerate() {
                let options = self.options(*order);
                let x = self.place(number, index);
                let Some(value) = datum::of(quantity, &chosen.measure, x, &options) else { continue };
                let value = Datum { joined: false, is_marked: is_alone && !value.flags.is_empty(), ..value };
                if let Some(null) = self.null(quantity, chosen, &options) {
                    marks.push(Mark::Curve(tether(
                        [x, null],
                        value.y,
                        value.color.unwrap_or(chosen.color(self.choice)),
                    )));
                    nulls.push(Datum::new(x, null, value.of));
                }
                values.push(value);
            }
            let series = Series { label: String::new(), line: None, ..chosen.series(self.choice) };
            if !nulls.is_empty() {
                marks.push(Mark::Series(Series {
                    name: "null".to_owned(),
                    color: Color::Muted,
                    marker: Some(Marker::Null),
                    fill: Fill::None,
                    data: nulls,
                    ..series.clone()
                }));
            }
            let name = quantity.name().to_owned();
            marks.push(Mark::Series(Series { name, fill: Fill::Whiskers, data: values, ..series }));
        }
        let y = Axis::new(quantity.symbol(), quantity.unit()).with_zero();
        Facet { title: quantity.name().to_owned(), x: self.axis(), y, marks, ..Facet::default() }
    }

    /// What shuffled labels give; `None` where it was not measured, or is taken off already.
    fn null(&self, quantity: Quantity, chosen: &Chosen<'_>, options: &Options) -> Option<f64> {
        let layer = options.layers.of(chosen.measure.measurement).filter(|_| !options.less_null)?;
        let null = |information: Option<&Information>| information?.null;
        let (complexity, expressivity) =
            (null(layer.complexity(options.order)), null(layer.expressivity(options.order)));
        let null = match quantity {
            Quantity::Complexity => complexity?,
            Quantity::Expressivity => expressivity?,
            _ => expressivity? / complexity?,
        };
        Some(null).filter(|null| null.is_finite())
    }

    /// The frame of the shares of positions whose labels are seen once; `None` where none is known.
    fn seen_once(&self) -> Option<Facet> {
        let mut marks = Vec::new();
        for (index, chosen) in self.choice.chosen.iter().enumerate() {
            for (side, name) in ["singletons, input", "singletons, output"].into_iter().enumerate() {
                let width = 0.4 * self.step();
                let datum = |(number, order): (usize, &Order)| {
                    let layer = self.options.layers.of(chosen.measure.measurement)?;
                    let share = layer.plane(*order)?[side].singletons?;
                    let x = self.place(number, index) + (side as f64 - 0.5) * width;
                    let of = datum::subject(Quantity::Complexity, &chosen.measure, &self.options(*order));
                    Some(Datum::new(x, share, of))
                };
                let data: Vec<Datum> = self.orders.iter().enumerate().filter_map(datum).collect();
                let (name, color) = (name.to_owned(), chosen.color(self.choice));
                if !data.is_empty() {
                    marks.push(Mark::Bars(Bars { name, color, width: 0.9 * width, data }));
                }
            }
        }
        if marks.is_empty() {
            return None;
        }
        marks.push(Mark::Rule(Rule {
            is_upright: false,
            at: 0.5,
            label: "half".to_owned(),
            color: Color::Muted,
            of: Default::default(),
        }));
        let y = Axis { scale: Scale::Linear, ..Axis::new("share of positions", "") }.within([0.0, 1.0]);
        let title = "labels seen once, input and output".to_owned();
        Some(Facet { title, x: self.axis(), y, marks, ..Facet::default() })
    }

    /// What is to be known of each estimate.
    fn flags(&self) -> Vec<Flag> {
        let of = |(chosen, order): (&Chosen<'_>, &Order)| {
            explain::flags_of(Quantity::Optimality, &chosen.measure, &self.options(*order))
        };
        let all =
            self.choice.chosen.iter().flat_map(|chosen| self.orders.iter().map(move |order| (chosen, order)));
        all.flat_map(of).collect()
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let of = |chosen: &Chosen<'_>| {
            let (mut believed, mut doubted) = (Vec::new(), Vec::new());
            for order in &self.orders {
                let options = self.options(*order);
                let known = Quantity::Optimality.of(chosen.measure.measurement, &options);
                match explain::flags_of(Quantity::Optimality, &chosen.measure, &options).first() {
                    Some(flag) => doubted.push((*order, flag.short())),
                    None if known.is_some() => believed.push(*order),
                    None => {}
                }
            }
            let run = chosen.measure.run.subject;
            Verdict { checkpoint: format!("{}, {}", run.label(), chosen.name()), believed, doubted }
        };
        self.choice.chosen.iter().map(of).collect()
    }

    /// The explanation of the signs that occur.
    fn notes(&self, facets: &[Facet]) -> Vec<Note> {
        let data = |of: &dyn Fn(&str, &Datum) -> bool| {
            let marks = facets.iter().flat_map(|facet| &facet.marks);
            marks.into_iter().any(|mark| mark.data().any(|datum| of(mark.series(), datum)))
        };
        let null = data(&|series, _| series == "null");
        let whiskers = data(&|_, datum| datum.high.is_some());
        let note = |sign, text: &str| Note { sign, text: text.to_owned() };
        let null = null.then(|| {
            note(Sign::Null, "what shuffled labels give; what labels say is the line from there to the value")
        });
        let whiskers = whiskers.then(|| note(Sign::Whiskers, "± the standard deviation over seeds"));
        null.into_iter().chain(whiskers).collect()
    }
}

impl Verdict {
    /// What may be believed, in a few words.
    fn words(&self) -> String {
        match self.believed.is_empty() {
            true => "none to be believed as it is".to_owned(),
            false => format!("nothing against: {}", names(self.believed.iter())),
        }
    }

    /// The same of a checkpoint, with what speaks against the others.
    fn sentence(&self) -> String {
        let doubted = self.doubted.iter().map(|(order, why)| format!("{order}: {why}"));
        let doubted = doubted.collect::<Vec<_>>().join("; ");
        let against = if doubted.is_empty() { String::new() } else { format!("; against {doubted}") };
        format!("{}: {}{against}", self.checkpoint, self.words())
    }
}

fn names<'o>(orders: impl Iterator<Item = &'o Order>) -> String {
    orders.map(Order::to_string).collect::<Vec<_>>().join(", ")
}

/// The line from what shuffled labels give to a value.
fn tether([x, null]: [f64; 2], value: f64, color: Color) -> Curve {
    Curve {
        points: vec![[x, null], [x, value]],
        color,
        line: Some(Line { is_thin: true, ..Line::default() }),
        ..Curve::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn values_stand_beside_their_nulls_and_doubtful_ones_are_marked() {
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2)], &Options::default()).unwrap();
        let of = |series: &str| {
            chart
                .data()
                .filter(|(facet, name, _)| facet.title == "complexity" && *name == series)
                .map(|(.., datum)| datum.clone())
                .collect::<Vec<_>>()
        };
        let (values, nulls) = (of("complexity"), of("null"));
        assert_eq!(values.len(), 4);
        // Tokens of the last checkpoint: 0.119 against 0.02; quadgrams: 0.1 · 0.5/0.2 more, against 0.08.
        assert!((values[0].y - 0.119).abs() < 1e-12 && (nulls[0].y - 0.02).abs() < 1e-12);
        assert!(values[0].flags.is_empty() && values[0].color.is_none() && !values[0].is_marked);
        // Of the fixture 0.1 of positions a width have a label seen once, so none is most; at most 0.4.
        assert!(
            (chart
                .data()
                .filter(|(_, name, _)| name.starts_with("singletons"))
                .map(|(.., d)| d.y)
                .fold(0.0, f64::max)
                - 0.4)
                .abs()
                < 1e-12
        );
        assert!(
            chart
                .caption
                .iter()
                .any(|text| text.contains("nothing against: token, bigram, trigram, quadgram")),
            "{:?}",
            chart.caption
        );
    }

    #[test]
    fn a_null_that_is_most_of_a_value_speaks_against_it() {
        let (subject, mut data) = run(0, "a", 1, 2);
        for checkpoint in &mut data.checkpoints {
            let super::super::snapshot::CheckpointData::Measured(measurement, _) = checkpoint else {
                continue;
            };
            let mean = &mut std::sync::Arc::make_mut(measurement).mean;
            for (label, information) in &mut mean.information {
                if *label == crate::measures::Label::Input(Order::Trigram) {
                    information.null = Some(0.75 * information.value);
                }
            }
        }
        let runs = vec![(subject, data)];
        let chart = drawn(&VIEW, runs.clone(), &Options::default()).unwrap();
        let of_trigrams = |panel: &str, chart: &Chart| {
            let is_of = |(facet, name, datum): &(&Facet, &str, &Datum)| {
                facet.title == panel && *name == panel && datum.of.order == Some(Order::Trigram)
            };
            chart.data().find(is_of).map(|(.., datum)| datum.clone()).unwrap()
        };
        let complexity = of_trigrams("complexity", &chart);
        assert_eq!(complexity.flags, ["shuffled labels give 75 % of it"]);
        assert!(complexity.is_marked && complexity.color == Some(Color::Muted));
        assert!(of_trigrams("expressivity", &chart).flags.is_empty());
        assert!(
            chart
                .caption
                .iter()
                .any(|text| text.contains("against trigram: shuffled labels give 75 % of it"))
        );
        // Less its null the value stands by itself.
        let chart = drawn(&VIEW, runs, &Options { less_null: true, ..Options::default() }).unwrap();
        assert!(of_trigrams("complexity", &chart).flags.is_empty());
        assert!(chart.data().all(|(_, name, _)| name != "null"));
    }
}
