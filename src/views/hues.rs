//! The colours of runs by what they are, instead of by their number.

use std::collections::BTreeSet;

use super::families::size;
use super::quantity::Quantity;
use super::snapshot::{Run, Snapshot};
use crate::analysis::model_name::ModelName;
use crate::chart::{Axis, Color, ColorBar, ColorBy, ColorMap};
use crate::measures::{Label, Order};
use crate::results::Measurement;

/// The colours of runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hues {
    /// One a run; `None` for that of its number.
    pub colors: Vec<Option<Color>>,
    /// What the scale of them stands for; `None` where no number decides them, or all runs have the same.
    pub bar: Option<ColorBar>,
}

impl From<Vec<Option<Color>>> for Hues {
    fn from(colors: Vec<Option<Color>>) -> Self {
        Self { colors, bar: None }
    }
}

/// The colours of runs by their names, and by the `last` measurement of each where that decides; `None` for those of their
/// numbers. What a run says nothing of stands back.
pub fn hues<'m>(by: ColorBy, names: &[&str], last: impl Fn(usize) -> Option<&'m Measurement>) -> Hues {
    let all = || (0..names.len()).map(&last);
    let about = |quantity: Quantity| {
        let label = quantity.other_label();
        let value = |of: Option<&Measurement>| Some(of?.mean.information.get(label.as_ref()?)?.value);
        scaled(all().map(value), Axis::new(quantity.label(), quantity.unit()), Axis::words)
    };
    match by {
        ColorBy::Run => vec![None; names.len()].into(),
        ColorBy::Family => {
            let mut families: Vec<String> = Vec::new();
            let place = |name: &&str| {
                let family = ModelName::of(name).family;
                let known = families.iter().position(|known| *known == family);
                Some(Color::Group(known.unwrap_or_else(|| {
                    families.push(family);
                    families.len() - 1
                })))
            };
            names.iter().map(place).collect::<Vec<_>>().into()
        }
        ColorBy::Size => {
            let sizes = names.iter().map(|name| ModelName::of(name).parameters.map(f64::ln));
            scaled(sizes, Axis::new("parameters, log", ""), |_, value| size(value.exp()))
        }
        ColorBy::Optimality => {
            let axis = Axis::new(format!("{}, {}", Quantity::Optimality.label(), Order::Token), "");
            scaled(all().map(|of| optimality(of?)), axis, Axis::words)
        }
        ColorBy::Preference => about(Quantity::Preference),
        ColorBy::Field => {
            let labels = all().flatten().flat_map(|of| of.mean.other_labels().map(|(label, _)| label));
            let fields = labels.filter(|label| matches!(label, Label::Field(_))).collect::<BTreeSet<_>>();
            match fields.first().and_then(|field| Quantity::of_label(field)) {
                Some(field) => about(field),
                None => vec![Some(Color::Muted); names.len()].into(),
            }
        }
    }
}

/// Colours from the least to the largest of values along an axis, which has `words` for them, on the scale that lines stand out from the ground with at both ends.
fn scaled(
    values: impl Iterator<Item = Option<f64>>,
    axis: Axis,
    words: impl Fn(&Axis, f64) -> String,
) -> Hues {
    let values: Vec<Option<f64>> = values.collect();
    let known = values.iter().copied().flatten().filter(|value| value.is_finite());
    let [least, largest] = known.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, largest], value| {
        [least.min(value), largest.max(value)]
    });
    let color = |value: Option<f64>| match value.filter(|value| value.is_finite()) {
        Some(value) if largest > least => MAP.at(((value - least) / (largest - least)) as f32),
        Some(_) => MAP.at(1.0),
        None => Color::Muted,
    };
    let bar = (largest > least).then(|| ColorBar {
        label: axis.title(),
        map: MAP,
        ends: [least, largest].map(|end| words(&axis, end)),
    });
    Hues { colors: values.into_iter().map(|value| Some(color(value))).collect(), bar }
}

/// The scale of runs' colours.
const MAP: ColorMap = ColorMap::Progress;

/// The optimality that runs are coloured by: of tokens, averaged over layers.
fn optimality(measurement: &Measurement) -> Option<f64> {
    measurement.mean.optimality.get(&Order::Token).map(|optimality| optimality.value)
}

impl Snapshot {
    /// The same snapshot, its runs in the colours of what they are.
    #[must_use]
    pub fn colored_by(self, by: ColorBy) -> Self {
        let runs: Vec<Run<'_>> = self.runs().collect();
        let names: Vec<&str> = runs.iter().map(|run| run.subject.name.as_str()).collect();
        let hues = hues(by, &names, |run| Some(runs[run].measured().next_back()?.measurement));
        self.with_hues(by, hues.colors, hues.bar)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::snapshot::CheckpointData;
    use super::super::tests::{run, with_label};
    use super::*;

    #[test]
    fn runs_are_colored_by_what_they_tell_of_a_label() {
        let field = Label::Field("source".into());
        let runs = [(0.1, &Label::Preference), (0.3, &Label::Preference), (0.2, &field)];
        let runs = (0..).zip(runs).map(|(n, (share, label))| with_label(run(n, "a", 3, 2), label, share));
        let snapshot = Snapshot::new(runs);
        let colored = |by| {
            let snapshot = snapshot.clone().colored_by(by);
            let colors: Vec<Color> = snapshot.runs().map(|run| run.subject.color()).collect();
            (colors, snapshot.subjects().color_bar.clone().map(|bar| bar.label))
        };
        let (least, largest) = (Color::Progress(0.0), Color::Progress(1.0));
        let (colors, label) = colored(ColorBy::Preference);
        assert_eq!(colors, [least, largest, Color::Muted]);
        assert!(label.unwrap().starts_with("preference I(Z;preference)"));
        // One run alone tells of the field: there is no scale to read off.
        assert_eq!(colored(ColorBy::Field), (vec![Color::Muted, Color::Muted, largest], None));
    }

    #[test]
    fn runs_of_one_family_have_one_color_and_of_one_size_too() {
        let names = ["pythia-70m", "OLMo-2-7B", "pythia-7b", "no size"];
        let hues = |by| hues(by, &names, |_| None).colors;
        assert_eq!(hues(ColorBy::Run), [None; 4]);
        let families = hues(ColorBy::Family);
        assert_eq!((families[0], families[1]), (Some(Color::Group(0)), Some(Color::Group(1))));
        assert_eq!(families[2], families[0]);
        let sizes = hues(ColorBy::Size);
        assert_eq!(sizes[0], Some(Color::Progress(0.0)));
        assert_eq!((sizes[1], sizes[2]), (Some(Color::Progress(1.0)), Some(Color::Progress(1.0))));
        assert_eq!(sizes[3], Some(Color::Muted), "what is not known stands back");
    }

    #[test]
    fn a_scale_of_sizes_has_them_at_its_ends() {
        let bar = hues(ColorBy::Size, &["pythia-70m", "OLMo-2-7B", "no size"], |_| None).bar.unwrap();
        assert_eq!(bar.label, "parameters, log");
        assert_eq!(bar.ends, ["70M", "7B"].map(str::to_owned));
        for by in [ColorBy::Run, ColorBy::Family] {
            assert_eq!(hues(by, &["pythia-70m", "OLMo-2-7B"], |_| None).bar, None, "{by}");
        }
    }

    #[test]
    fn a_snapshot_is_colored_by_what_its_last_checkpoints_have_come_to() {
        let measured = |optimality: f64| {
            let (_, mut data) = run(0, "a", 1, 2);
            let Some(CheckpointData::Measured(measurement, _)) = data.checkpoints.pop() else {
                panic!("one")
            };
            let mut measurement = Arc::unwrap_or_clone(measurement);
            measurement.mean.optimality.insert(Order::Token, optimality.into());
            measurement
        };
        let values = [Some(0.2), Some(0.6), None, Some(f64::NAN)].map(|value| value.map(measured));
        let last = |run: usize| values[run].as_ref();
        let Hues { colors, bar } = hues(ColorBy::Optimality, &["a", "b", "c", "d"], last);
        let bar = bar.unwrap();
        assert_eq!((&*bar.label, bar.ends), ("optimality φ, token", ["0.2000", "0.6000"].map(str::to_owned)));
        let (least, largest) = (Some(Color::Progress(0.0)), Some(Color::Progress(1.0)));
        assert_eq!(colors, [least, largest, Some(Color::Muted), Some(Color::Muted)]);
        let snapshot = Snapshot::new([run(0, "a", 3, 2), run(1, "b", 3, 2)]);
        let own = |snapshot: &Snapshot| snapshot.runs().map(|run| run.subject.color()).collect::<Vec<_>>();
        assert_eq!(own(&snapshot), [Color::Run(0, 0), Color::Run(1, 0)]);
        let alike = own(&snapshot.clone().colored_by(ColorBy::Optimality));
        assert_eq!(alike, [Color::Progress(1.0); 2]);
        assert_eq!(
            snapshot.clone().colored_by(ColorBy::Optimality).subjects().color_bar,
            None,
            "nothing to read off"
        );
        assert_eq!(own(&snapshot.colored_by(ColorBy::Optimality).colored_by(ColorBy::Run)).len(), 2);
    }
}
