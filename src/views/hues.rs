//! The colours of runs by what they are, instead of by their number.

use super::families::size;
use super::quantity::Quantity;
use super::snapshot::{Run, Snapshot};
use crate::analysis::model_name::ModelName;
use crate::chart::{Axis, Color, ColorBar, ColorBy, ColorMap};
use crate::measures::Order;
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

/// The colours of runs by their names, and by the last optimality of each where that decides; `None` for those of their
/// numbers. What a run says nothing of stands back.
pub fn hues(by: ColorBy, names: &[&str], optimality: impl Fn(usize) -> Option<f64>) -> Hues {
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
            scaled((0..names.len()).map(optimality), axis, Axis::words)
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
pub fn optimality(measurement: &Measurement) -> Option<f64> {
    measurement.mean.optimality.get(&Order::Token).map(|optimality| optimality.value)
}

impl Snapshot {
    /// The same snapshot, its runs in the colours of what they are.
    #[must_use]
    pub fn colored_by(self, by: ColorBy) -> Self {
        let runs: Vec<Run<'_>> = self.runs().collect();
        let names: Vec<&str> = runs.iter().map(|run| run.subject.name.as_str()).collect();
        let hues = hues(by, &names, |run| optimality(runs[run].measured().next_back()?.measurement));
        self.with_hues(by, hues.colors, hues.bar)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

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
        let values = [Some(0.2), Some(0.6), None, Some(f64::NAN)];
        let Hues { colors, bar } = hues(ColorBy::Optimality, &["a", "b", "c", "d"], |run| values[run]);
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
