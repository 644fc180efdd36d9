//! What explains any view: who is drawn, what the numbers were measured under, and why there are none.

use super::marks::{self, Flag};
use super::options::{LayerChoice, Options};
use super::plane::{self, PlanePoint, PlaneView};
use super::quantity::Quantity;
use super::snapshot::{CheckpointData, Measure, Run, Snapshot};
use crate::chart::{Chart, Dash, Key, Legend, Line, Marker, Note, Of, Sign};
use crate::measures::Order;
use crate::words::{counted, counted_range};

/// What explains a view of runs.
pub(super) struct Told {
    /// The runs, the signs that their data bear, and the scale of their colours where a number decides those.
    pub legend: Legend,
    /// What the numbers were measured under, what was done to them, and what is to be known before they are believed: a
    /// sentence each.
    pub caption: Vec<String>,
}

/// What explains a view of the numbers of these orders.
pub(super) fn told(snapshot: &Snapshot, options: &Options, orders: &[Order]) -> Told {
    let keys: Vec<Key> = snapshot.runs().map(|run| key(run, options)).collect();
    let measured =
        Some(snapshot.caption() + &kept(snapshot, options, orders)).filter(|text| !text.is_empty());
    let less = options.less_null.then(|| "Values less what shuffled labels give".to_owned());
    let absent = keys.iter().filter(|key| key.is_absent);
    let absent = absent.map(|key| format!("Not drawn: {}, {}", key.label, key.detail));
    let (mut notes, mut caption) = (open_marks(snapshot), Vec::from_iter(measured.into_iter().chain(less)));
    for [text, long] in doubts(snapshot, options, orders) {
        notes.push(Note { sign: Sign::Exclamation, text });
        caption.push(format!("! {long}"));
    }
    caption.extend(absent);
    Told { legend: Legend { keys, notes, bar: snapshot.subjects().color_bar.clone() }, caption }
}

/// What is to be known before the numbers of these orders are believed, each once by its worst: in a few words, and with
/// what it means. Of several orders those that it holds of are named.
fn doubts(snapshot: &Snapshot, options: &Options, orders: &[Order]) -> Vec<[String; 2]> {
    let several = snapshot.measured().nth(1).is_some() || orders.len() > 1;
    let mut kinds: Vec<(Vec<Order>, Vec<Flag>)> = Vec::new();
    for &order in orders {
        let options = Options { order, ..options.clone() };
        for flag in snapshot.measured().flat_map(|measure| flags(&measure, &options)) {
            let is_alike = |other: &Flag| std::mem::discriminant(other) == std::mem::discriminant(&flag);
            match kinds.iter_mut().find(|(_, alike)| alike.iter().any(is_alike)) {
                Some((of, alike)) => {
                    alike.push(flag);
                    if of.last() != Some(&order) {
                        of.push(order);
                    }
                }
                None => kinds.push((vec![order], vec![flag])),
            }
        }
    }
    let words = |(of, flags): (Vec<Order>, Vec<Flag>)| {
        let named = match (orders, &of[..]) {
            ([_], _) => String::new(),
            (_, [first, .., last]) if last.number() - first.number() + 1 == of.len() => {
                format!("{first} to {last}: ")
            }
            _ => format!("{}: ", of.iter().map(Order::to_string).collect::<Vec<_>>().join(", ")),
        };
        let doubts = marks::summed_up(flags, several);
        doubts.into_iter().map(move |words| words.map(|words| format!("{named}{words}")))
    };
    kinds.into_iter().flat_map(words).collect()
}

/// What open marks and dashed lines between them mean.
fn open_marks(snapshot: &Snapshot) -> Vec<Note> {
    let bases = || snapshot.measured().map(|measure| measure.basis);
    let first = bases().filter(|basis| !basis.complete && !basis.is_stale()).map(|basis| basis.documents);
    let range = first.map(|documents| (documents, documents)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let first =
        range.map(|(least, most)| format!("first estimates on {}", counted_range(least, most, "document")));
    let stale = bases().any(|basis| basis.is_stale()).then(|| "measured under earlier settings".to_owned());
    let of = |sign: Sign, text: Option<String>| text.map(|text| Note { sign, text });
    of(Sign::Open, first).into_iter().chain(of(Sign::Dashed, stale)).collect()
}

/// The key of a run.
pub(super) fn key(run: Run<'_>, options: &Options) -> Key {
    let subject = run.subject;
    let shown = run.measured().filter(|measure| options.layers.of(measure.measurement).is_some()).count();
    let detail = match shown {
        0 => absence(run, options),
        shown => counted(shown, "checkpoint"),
    };
    Key {
        label: subject.label(),
        detail,
        color: subject.color(),
        line: Some(Line { dash: Dash::Style(subject.style), is_thin: false }),
        marker: Some(Marker::Run(subject.run)),
        is_absent: shown == 0,
        of: Of::run(run.index),
    }
}

/// Why nothing of a run is drawn.
fn absence(run: Run<'_>, options: &Options) -> String {
    let of = |data: fn(&CheckpointData) -> bool| run.data.checkpoints.iter().any(data);
    match () {
        () if run.measured().next().is_some() => format!("no {}", options.layers.name()),
        () if of(|data| matches!(data, CheckpointData::Pending)) => "not measured yet".to_owned(),
        () => "nothing measured".to_owned(),
    }
}

/// The share of positions whose labels occur often enough, of the checkpoint with the fewest and of that with the most;
/// empty where every label counts.
fn kept(snapshot: &Snapshot, options: &Options, orders: &[Order]) -> String {
    let of =
        |order: Order| snapshot.measured().filter_map(move |measure| point(&measure, order, options)?.kept);
    let shares = orders.iter().flat_map(|order| of(*order)).map(|share| (share, share));
    let Some((least, most)) = shares.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else {
        return String::new();
    };
    let [least, most] = [least, most].map(|share| format!("{:.1}", 100.0 * share));
    let range = if least == most { least } else { format!("{least} to {most}") };
    format!("; {range} % of positions kept")
}

/// A checkpoint on the plane of an order; `None` where it has no place there.
fn point(measure: &Measure<'_>, order: Order, options: &Options) -> Option<PlanePoint> {
    let view = PlaneView { order, layers: options.layers };
    plane::point(view, (measure.index, 1), "", (None, None), measure.measurement, measure.basis)
}

/// Names in a list, of many the first few.
pub(super) fn list(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 1 => format!("{} and {more} more", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

/// Why a view has nothing to show.
pub(super) fn nothing(snapshot: &Snapshot, options: &Options) -> String {
    match snapshot.measured().next() {
        None => "no checkpoint is measured yet".to_owned(),
        Some(_)
            if options.less_null
                && snapshot.measured().all(|measure| has_no_null(&measure.measurement.mean)) =>
        {
            "no numbers of shuffled labels were measured: measure with them, or show values as they are"
                .to_owned()
        }
        Some(_) if !snapshot.has_ngrams() => {
            "only preference pairs were measured, which have no n-grams: measure a text too (--corpus), or look at \
             preference (--kind preference)"
                .to_owned()
        }
        Some(_) => format!(
            "no checkpoint has numbers of {}s at the {}: choose another order or layer",
            options.order,
            options.layers.name()
        ),
    }
}

fn has_no_null(layer: &crate::measures::LayerMeasures) -> bool {
    layer.information.values().all(|information| information.null.is_none())
}

/// What a reader must know before believing a checkpoint's place on the plane.
pub(super) fn flags(measure: &Measure<'_>, options: &Options) -> Vec<Flag> {
    let Some(mut point) = point(measure, options.order, options) else { return Vec::new() };
    if let Some([complexity, expressivity]) = point.less_null().filter(|_| options.less_null) {
        (point.complexity, point.expressivity, point.null) = (complexity, expressivity, None);
    }
    point.flags()
}

/// What a reader must know before believing a number of a checkpoint. Values less their null leave what the sample's size
/// gives behind; of a ratio of two such values labels seen once are still told.
pub(super) fn flags_of(quantity: Quantity, measure: &Measure<'_>, options: &Options) -> Vec<Flag> {
    let Some(layer) = options.layers.of(measure.measurement).filter(|_| quantity.is_of_layer()) else {
        return Vec::new();
    };
    let seeds = match options.layers {
        LayerChoice::Mean => {
            (measure.measurement.layers_of_seed(), measure.measurement.layers.len().saturating_sub(1))
        }
        _ => (usize::from(layer.depends_on_seed()), 1),
    };
    let of_null = |flag: &Flag| match flag {
        Flag::Null(_) => true,
        Flag::SeenOnce(_) => quantity != Quantity::Optimality,
        Flag::AboveBound | Flag::Seed { .. } => false,
    };
    let mut flags = Flag::of(quantity.informations(layer, options.order), seeds);
    flags.retain(|flag| !(options.less_null && of_null(flag)));
    flags
}

/// Puts what flags say into a chart, each once by its worst: into its legend in a few words, into its caption with what it
/// means.
pub(super) fn tell(chart: &mut Chart, flags: impl IntoIterator<Item = Flag>, is_of_several: bool) {
    for [short, long] in marks::summed_up(flags, is_of_several) {
        let note = Note { sign: Sign::Exclamation, text: short };
        if !chart.legend.notes.contains(&note) {
            chart.legend.notes.push(note);
            chart.caption.push(format!("! {long}"));
        }
    }
}
