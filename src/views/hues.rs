//! The colours of runs by what they are, instead of by their number.

use super::snapshot::{Run, Snapshot};
use crate::analysis::model_name::ModelName;
use crate::chart::{Color, ColorBy};
use crate::measures::Order;
use crate::results::Measurement;

/// The colours of runs by their names, and by the last optimality of each where that decides; `None` for those of their
/// numbers. What a run says nothing of stands back.
pub fn hues(by: ColorBy, names: &[&str], optimality: impl Fn(usize) -> Option<f64>) -> Vec<Option<Color>> {
    match by {
        ColorBy::Run => vec![None; names.len()],
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
            names.iter().map(place).collect()
        }
        ColorBy::Size => scaled(names.iter().map(|name| ModelName::of(name).parameters.map(f64::ln))),
        ColorBy::Optimality => scaled((0..names.len()).map(optimality)),
    }
}

/// Colours from the least to the largest of values, on the scale that lines stand out from the ground with at both ends.
fn scaled(values: impl Iterator<Item = Option<f64>>) -> Vec<Option<Color>> {
    let values: Vec<Option<f64>> = values.collect();
    let known = values.iter().copied().flatten().filter(|value| value.is_finite());
    let [least, largest] = known.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, largest], value| {
        [least.min(value), largest.max(value)]
    });
    let color = |value: Option<f64>| match value.filter(|value| value.is_finite()) {
        Some(value) if largest > least => Color::Progress(((value - least) / (largest - least)) as f32),
        Some(_) => Color::Progress(1.0),
        None => Color::Muted,
    };
    values.into_iter().map(|value| Some(color(value))).collect()
}

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
        self.with_hues(by, hues)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn runs_of_one_family_have_one_color_and_of_one_size_too() {
        let names = ["pythia-70m", "OLMo-2-7B", "pythia-7b", "no size"];
        let hues = |by| hues(by, &names, |_| None);
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
    fn a_snapshot_is_colored_by_what_its_last_checkpoints_have_come_to() {
        let values = [Some(0.2), Some(0.6), None, Some(f64::NAN)];
        let hues = hues(ColorBy::Optimality, &["a", "b", "c", "d"], |run| values[run]);
        let (least, largest) = (Some(Color::Progress(0.0)), Some(Color::Progress(1.0)));
        assert_eq!(hues, [least, largest, Some(Color::Muted), Some(Color::Muted)]);
        let snapshot = Snapshot::new([run(0, "a", 3, 2), run(1, "b", 3, 2)]);
        let own = |snapshot: &Snapshot| snapshot.runs().map(|run| run.subject.color()).collect::<Vec<_>>();
        assert_eq!(own(&snapshot), [Color::Run(0, 0), Color::Run(1, 0)]);
        let alike = own(&snapshot.clone().colored_by(ColorBy::Optimality));
        assert_eq!(alike, [Color::Progress(1.0); 2]);
        assert_eq!(own(&snapshot.colored_by(ColorBy::Optimality).colored_by(ColorBy::Run)).len(), 2);
    }
}
