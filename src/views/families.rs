//! The models that runs are of, and the families that they belong to, by the names of the runs.

use super::snapshot::{Measure, Run, Snapshot};
use crate::analysis::model_name::ModelName;
use crate::chart::{Color, ColorBar, ColorBy, Key, Line, Marker, Of};

/// The models of a snapshot, one a run, and their families.
pub(super) struct Families {
    /// In the order of the runs.
    models: Vec<ModelName>,
    /// Each once, in the order in which they come.
    names: Vec<String>,
    /// The scale of the runs' colours, where a number was chosen to decide them.
    scale: Option<Option<ColorBar>>,
}

impl Families {
    /// The models and families of the runs of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let models: Vec<ModelName> = snapshot.runs().map(|run| ModelName::of(&run.subject.name)).collect();
        let mut names: Vec<String> = Vec::new();
        for model in &models {
            if !names.contains(&model.family) {
                names.push(model.family.clone());
            }
        }
        let subjects = snapshot.subjects();
        let scale = match subjects.color_by {
            ColorBy::Run | ColorBy::Family => None,
            ColorBy::Size | ColorBy::Optimality | ColorBy::Preference | ColorBy::Field => {
                Some(subjects.color_bar.clone())
            }
        };
        Self { models, names, scale }
    }

    /// The families, in the order in which they come.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The model that a run is of.
    pub fn model(&self, run: Run<'_>) -> &ModelName {
        &self.models[run.index]
    }

    /// The place of a run's family among [`Families::names`].
    pub fn family(&self, run: Run<'_>) -> usize {
        self.names.iter().position(|name| *name == self.model(run).family).unwrap_or(0)
    }

    /// The colour of a run's family; its own where a number was chosen to decide colours.
    pub fn color(&self, run: Run<'_>) -> Color {
        if self.scale.is_some() { run.subject.color() } else { Color::Group(self.family(run)) }
    }

    /// The scale of colours; `None` where they are those of families.
    pub fn bar(&self) -> Option<ColorBar> {
        self.scale.clone().flatten()
    }

    /// A key for each family that one of the runs is of; `line` where a line runs through its models. None where colours
    /// are not those of families.
    pub fn keys(&self, runs: &[Run<'_>], line: Option<Line>) -> Vec<Key> {
        if self.scale.is_some() {
            return Vec::new();
        }
        let has = |family: usize| runs.iter().any(|run| self.family(*run) == family);
        let key = |family: usize| Key {
            label: self.names[family].clone(),
            color: Color::Group(family),
            marker: Some(BEFORE),
            line,
            ..Key::default()
        };
        (0..self.names.len()).filter(|family| has(*family)).map(key).collect()
    }

    /// Keys for models before and after post-training, where the runs are of both.
    pub fn training_keys(&self, runs: &[Run<'_>]) -> Vec<Key> {
        let after = |run: &Run<'_>| self.model(*run).is_post_trained;
        if runs.iter().all(after) || !runs.iter().any(after) {
            return Vec::new();
        }
        let key = |label: &str, marker| Key {
            label: label.to_owned(),
            color: Color::Muted,
            marker: Some(marker),
            of: Of::default(),
            ..Key::default()
        };
        vec![key("pre-trained", BEFORE), key("post-trained", AFTER)]
    }

    /// The mark of a run's model: of one shape before post-training, of another after.
    pub fn marker(&self, run: Run<'_>) -> Marker {
        if self.model(run).is_post_trained { AFTER } else { BEFORE }
    }
}

/// The mark of models before post-training, and that of those after.
const BEFORE: Marker = Marker::Run(0);
const AFTER: Marker = Marker::Run(3);

/// The checkpoint that stands for a run's model: the last that is measured.
pub(super) fn last(run: Run<'_>) -> Option<Measure<'_>> {
    run.measured().next_back()
}

/// A number of parameters in words: `135M`, `1.4B`.
pub(super) fn size(parameters: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    // Of 999,999,999 the three digits shown make another unit.
    let three = |scale: f64| (parameters / scale * 1000.0).round() / 1000.0;
    let (scale, unit) = UNITS.into_iter().find(|(scale, _)| three(*scale) >= 1.0).unwrap_or((1.0, ""));
    let number = parameters / scale;
    let decimals = if number >= 99.95 {
        0
    } else if number >= 9.995 {
        1
    } else {
        2
    };
    let digits = format!("{number:.decimals$}");
    let digits = if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{digits}{unit}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn sizes_are_written_as_names_have_them() {
        let sizes = [70e6, 135e6, 1.4e9, 7e9, 13e9, 1.24e9, 405e9, 200e3, 999_999_999.0, 12.0, 1.5e12];
        let words = ["70M", "135M", "1.4B", "7B", "13B", "1.24B", "405B", "200k", "1B", "12", "1.5T"];
        assert_eq!(sizes.map(size), words);
    }

    #[test]
    fn families_come_in_order_each_once() {
        let names = ["pythia-70m", "OLMo-2-1124-7B", "pythia-1.4b", "OLMo-2-1124-7B-Instruct"];
        let snapshot = Snapshot::new(names.iter().enumerate().map(|(n, name)| run(n, name, 1, 2)));
        let families = Families::of(&snapshot);
        assert_eq!(families.names(), ["Pythia", "OLMo"]);
        let runs: Vec<Run<'_>> = snapshot.runs().collect();
        assert_eq!(runs.iter().map(|run| families.family(*run)).collect::<Vec<_>>(), [0, 1, 0, 1]);
        assert_eq!(families.keys(&runs[..1], None).len(), 1);
        assert_eq!(families.training_keys(&runs[..3]).len(), 0);
        assert_eq!(families.training_keys(&runs).len(), 2);
        assert_ne!(families.marker(runs[1]), families.marker(runs[3]));
    }
}
