//! The single labels that most of an information is owed to, and those that tell least.

use super::View;
use super::chosen::{Choice, Chosen};
use super::explain::{self, Told};
use super::options::{Heed, LayerChoice, Options};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use crate::chart::{Axis, Chart, Color, Curve, Datum, Facet, Line, Mark, Marker, Of, Rule, Series};
use crate::measures::{Label, LabelEntry, LabelTable};
use crate::words::thousands;

/// The view.
pub const VIEW: View = View {
    kind: "ranking",
    title: "Labels by information",
    paper: "",
    about: "Which tokens, n-grams or values of a field most of an information is owed to, and which tell least, with their \
            counts.",
    needs_results: true,
    heeds: &[Heed::Quantity, Heed::Order, Heed::Checkpoints],
    chart,
};

/// Labels of a frame.
const ROWS: usize = 10;
/// Letters of a label on the axis; the whole of it is in its tooltip.
const LETTERS: usize = 24;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let options = &Options { layers: LayerChoice::Mean, less_null: false, ..options.clone() };
    let quantity = options.quantity.unwrap_or_default();
    let label = label_of(quantity, options).ok_or_else(|| {
        format!("{quantity} is about no label: choose complexity, expressivity, preference or a field")
    })?;
    let choice = Choice::last(snapshot, options)?;
    let several = choice.chosen.len() > 1;
    let facets: Vec<Facet> = choice
        .chosen
        .iter()
        .filter_map(|chosen| Some((chosen, chosen.measure.measurement.label_tables.get(&label)?)))
        .flat_map(|(chosen, table)| {
            let title = |what: &str| match several {
                true => format!("{}: {what}", chosen.measure.run.subject.label() + ", " + &chosen.name()),
                false => what.to_owned(),
            };
            let of = |end| facet(end, chosen, &choice, table, (quantity, &label));
            [End::Most, End::Least].map(|end| Facet { title: title(end.title()), ..of(end) })
        })
        .collect();
    if facets.is_empty() {
        let measured =
            |measure: super::snapshot::Measure<'_>| measure.measurement.mean.information.contains_key(&label);
        return Err(match snapshot.measured().any(measured) {
            true => "these results do not say what single labels tell: measure them again, or open them from a JSON document, \
                     which does"
                .to_owned(),
            false => explain::nothing(snapshot, options),
        });
    }
    // Doubts are told of the checkpoints shown alone.
    let Told { mut legend, mut caption } = explain::told(snapshot, options, &[]);
    if !several {
        legend.keys.clear();
    }
    caption.push(format!(
        "The part of {} that is owed to a label x is p(x)·(H(Z) − H(Z|x)); in brackets the positions that carry it. Labels \
         that occur once are left out",
        quantity.symbol()
    ));
    let checkpoint = match &choice.chosen[..] {
        [chosen] => format!(", {}", chosen.name()),
        _ => String::new(),
    };
    let of = label.order().map_or_else(String::new, |order| format!(", {order}"));
    let mut chart = Chart {
        title: format!("{}: {}{of}{checkpoint}", VIEW.title, quantity.label()),
        facets,
        columns: 2,
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    };
    let flags = choice.measures().flat_map(|measure| explain::flags_of(quantity, measure, options));
    explain::tell(&mut chart, flags.collect::<Vec<_>>(), several);
    Ok(chart)
}

/// The label that a quantity is the information about; `None` of those that join several or are about none.
fn label_of(quantity: Quantity, options: &Options) -> Option<Label> {
    match quantity {
        Quantity::Complexity => Some(Label::Input(options.order)),
        Quantity::Expressivity => Some(Label::Output(options.order)),
        Quantity::Preference | Quantity::Field(_) => quantity.other_label(),
        _ => None,
    }
}

/// An end of a table.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Most,
    Least,
}

impl End {
    fn title(self) -> &'static str {
        match self {
            Self::Most => "most is owed to",
            Self::Least => "least is told by",
        }
    }
}

/// The frame of an end of a checkpoint's table, the first label at the top.
fn facet(
    end: End,
    chosen: &Chosen<'_>,
    choice: &Choice<'_>,
    table: &LabelTable,
    (quantity, label): (Quantity, &Label),
) -> Facet {
    let whole = chosen.measure.measurement.mean.information.get(label).map_or(f64::NAN, |of| of.value);
    let (labels, axis): (Vec<&LabelEntry>, Axis) = match end {
        End::Most => {
            (table.most(ROWS).collect(), Axis::new(format!("part of {}", quantity.symbol()), quantity.unit()))
        }
        End::Least => (table.least(ROWS), Axis::new("H(Z) − H(Z|x)", quantity.unit())),
    };
    let value = |entry: &LabelEntry| match end {
        End::Most => table.part(entry),
        End::Least => entry.information,
    };
    let rows = labels.len();
    let row = |index: usize| (rows - 1 - index) as f64;
    let of = Of::checkpoint(chosen.measure.run.index, chosen.measure.index);
    let of = label.order().map_or(of, |order| of.of_order(order));
    let datum = |(index, entry): (usize, &&LabelEntry)| Datum {
        label: entry.text.clone(),
        more: vec![
            format!("{} positions", thousands(entry.positions)),
            format!("{:.2} % of {}", 100.0 * table.part(entry) / whole, quantity.symbol()),
            format!("H(Z) − H(Z|x) {:.4}", entry.information),
        ],
        ..Datum::new(value(entry), row(index), of)
    };
    let stem = |(index, entry): (usize, &&LabelEntry)| {
        Mark::Curve(Curve {
            points: vec![[0.0, row(index)], [value(entry), row(index)]],
            color: chosen.color(choice),
            line: Some(Line::default()),
            ..Curve::default()
        })
    };
    let stems = labels.iter().enumerate().map(stem);
    let zero =
        Rule { is_upright: true, at: 0.0, label: String::new(), color: Color::Faint, of: Of::default() };
    let series = Series {
        name: end.title().to_owned(),
        label: String::new(),
        line: None,
        marker: Some(Marker::Dot),
        data: labels.iter().enumerate().map(datum).collect(),
        ..chosen.series(choice)
    };
    let names = labels.iter().rev().map(|entry| name(entry)).collect();
    Facet {
        x: axis.with_zero(),
        y: Axis::of_names("", names),
        marks: std::iter::once(Mark::Rule(zero)).chain(stems).chain([Mark::Series(series)]).collect(),
        ..Facet::default()
    }
}

/// A label with its count, as there is room for.
fn name(entry: &LabelEntry) -> String {
    let mut text: String = entry.text.chars().take(LETTERS).collect();
    if text.len() < entry.text.len() {
        text.pop();
        text.push('…');
    }
    format!("{text} ({})", thousands(entry.positions))
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::CheckpointData;
    use super::super::tests::{drawn, run};
    use super::*;

    #[test]
    fn labels_stand_from_the_top_with_their_counts() {
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2)], &Options::default()).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles, ["most is owed to", "least is told by"]);
        let top = |facet: &Facet| {
            let data: Vec<&Datum> = facet.marks.iter().flat_map(Mark::data).collect();
            assert_eq!(data.len(), ROWS);
            let top = data.iter().find(|datum| datum.y == (ROWS - 1) as f64).unwrap();
            (top.label.clone(), facet.y.words(top.y), top.x, top.of.checkpoint)
        };
        let part = 2000.0 / 25_600.0 * 0.1;
        let [most, least] = &chart.facets[..] else { panic!("two frames") };
        assert_eq!(top(most), ("·label0".to_owned(), "·label0 (2\u{a0}000)".to_owned(), part, Some(2)));
        assert_eq!(top(least), ("·label0".to_owned(), "·label0 (2\u{a0}000)".to_owned(), 0.1, Some(2)));
    }

    #[test]
    fn each_checkpoint_chosen_has_frames_of_its_own() {
        let options = Options {
            checkpoints: vec!["step0".to_owned(), "step2000".to_owned()],
            quantity: Some(Quantity::Expressivity),
            ..Options::default()
        };
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2)], &options).unwrap();
        let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
        assert_eq!(titles[0], "a, step 0: most is owed to");
        assert_eq!(titles[3], "a, step 2\u{a0}000: least is told by");
    }

    #[test]
    fn what_is_missing_is_said() {
        let (subject, mut data) = run(0, "a", 1, 2);
        let loss = Options { quantity: Some(Quantity::Loss), ..Options::default() };
        let of = |data: &super::super::snapshot::RunData, options: &Options| {
            let snapshot = Snapshot::new([(subject.clone(), data.clone())]);
            (VIEW.chart)(&snapshot, options).unwrap_err()
        };
        assert!(of(&data, &loss).contains("loss is about no label"));
        for checkpoint in &mut data.checkpoints {
            let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
            std::sync::Arc::make_mut(measurement).label_tables.clear();
        }
        assert!(of(&data, &Options::default()).contains("measure them again"));
    }

    #[test]
    fn long_labels_are_cut_on_the_axis() {
        let entry = |text: &str| LabelEntry { text: text.to_owned(), positions: 1200, information: 0.5 };
        assert_eq!(name(&entry("·of·the")), "·of·the (1\u{a0}200)");
        let long = name(&entry(&"é".repeat(30)));
        assert_eq!(long, "é".repeat(LETTERS - 1) + "… (1\u{a0}200)");
    }
}
