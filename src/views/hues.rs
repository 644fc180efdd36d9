//! The colours of runs by what they are, instead of by their number.

use super::snapshot::Snapshot;
use crate::analysis::model_name::ModelName;
use crate::chart::{Color, ColorBy};
use crate::measures::Order;
use crate::results::Measurement;

/// The colours of runs, each of its name and its last optimality; `None` for those of their numbers. What a run says
/// nothing of stands back.
pub fn hues(by: ColorBy, runs: &[(&str, Option<f64>)]) -> Vec<Option<Color>> {
    match by {
        ColorBy::Run => vec![None; runs.len()],
        ColorBy::Family => {
            let mut families: Vec<String> = Vec::new();
            let place = |(name, _): &(&str, Option<f64>)| {
                let family = ModelName::of(name).family;
                let known = families.iter().position(|known| *known == family);
                Some(Color::Group(known.unwrap_or_else(|| {
                    families.push(family);
                    families.len() - 1
                })))
            };
            runs.iter().map(place).collect()
        }
        ColorBy::Size => scaled(runs.iter().map(|(name, _)| ModelName::of(name).parameters.map(f64::ln))),
        ColorBy::Optimality => scaled(runs.iter().map(|(_, optimality)| *optimality)),
    }
}

/// Colours from the least to the largest of values, on the scale that lines stand out from the ground with at both ends.
fn scaled(values: impl Iterator<Item = Option<f64>> + Clone) -> Vec<Option<Color>> {
    let known = values.clone().flatten().filter(|value| value.is_finite());
    let [least, largest] = known.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, largest], value| {
        [least.min(value), largest.max(value)]
    });
    let color = |value: Option<f64>| match value.filter(|value| value.is_finite()) {
        Some(value) if largest > least => Color::Progress(((value - least) / (largest - least)) as f32),
        Some(_) => Color::Progress(1.0),
        None => Color::Muted,
    };
    values.map(|value| Some(color(value))).collect()
}

/// The optimality that runs are coloured by: of tokens, averaged over layers.
pub fn optimality(measurement: &Measurement) -> Option<f64> {
    measurement.mean.optimality.get(&Order::Token).map(|optimality| optimality.value)
}

impl Snapshot {
    /// The same snapshot, its runs in the colours of what they are.
    #[must_use]
    pub fn colored_by(self, by: ColorBy) -> Self {
        let last = |run: super::snapshot::Run<'_>| optimality(run.measured().next_back()?.measurement);
        let runs: Vec<(&str, Option<f64>)> =
            self.runs().map(|run| (run.subject.name.as_str(), last(run))).collect();
        let hues = hues(by, &runs);
        self.with_hues(by, hues)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn runs_of_one_family_have_one_color_and_of_one_size_too() {
        let names = ["pythia-70m", "OLMo-2-7B", "pythia-7b", "no size"].map(|name| (name, None));
        assert_eq!(hues(ColorBy::Run, &names), [None; 4]);
        let families = hues(ColorBy::Family, &names);
        assert_eq!((families[0], families[1]), (Some(Color::Group(0)), Some(Color::Group(1))));
        assert_eq!(families[2], families[0]);
        let sizes = hues(ColorBy::Size, &names);
        assert_eq!(sizes[0], Some(Color::Progress(0.0)));
        assert_eq!((sizes[1], sizes[2]), (Some(Color::Progress(1.0)), Some(Color::Progress(1.0))));
        assert_eq!(sizes[3], Some(Color::Muted), "what is not known stands back");
    }

    #[test]
    fn a_snapshot_is_colored_by_what_its_last_checkpoints_have_come_to() {
        let values = [("a", Some(0.2)), ("b", Some(0.6)), ("c", None), ("d", Some(f64::NAN))];
        let hues = hues(ColorBy::Optimality, &values);
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
