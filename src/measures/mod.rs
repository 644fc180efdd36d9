//! The measures: entropy, complexity, expressivity and optimality, per layer and label (SPEC 2 and 4).
//!
//! All are efficiencies: nats over ln n, so they lie in [0, 1] whatever the number of reference points.

pub mod cloud;
mod form;
mod information;
mod label;
mod label_table;
pub mod soft_entropy;
mod statistics;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::form::known;
use self::information::standard_deviation;
pub use self::information::{Estimated, Information, Measure};
pub use self::label::{Label, Order, Subject};
pub use self::label_table::{EntropiesByLabel, LISTED, LabelEntropies, LabelEntropy, LabelEntry, LabelTable};
pub use self::statistics::{Conditional, Statistics};

/// What is known of one layer, or of the average over layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "form::LayerForm", into = "form::LayerForm")]
pub struct LayerMeasures {
    /// The index of the hidden state, 0 for the embedding output; `None` for an average.
    pub layer: Option<usize>,
    /// 𝓗(Z), the efficiency of the soft-binned states.
    pub entropy: Estimated,
    /// The information about each label. Of n-grams, input and output come together, and no order without those below
    /// it; orders above the run's largest are absent.
    pub information: BTreeMap<Label, Information>,
    /// φ = I(Y;Z)/I(X;Z) of each order; absent where I(X;Z) is zero.
    pub optimality: BTreeMap<Order, Estimated>,
}

impl LayerMeasures {
    /// Measures from informations, with their optimality.
    pub fn new(
        layer: Option<usize>,
        entropy: f64,
        information: impl IntoIterator<Item = (Label, Information)>,
    ) -> Self {
        let information: BTreeMap<_, _> = information.into_iter().collect();
        let optimality = |order: Order| {
            let [complexity, expressivity] = [Label::Input(order), Label::Output(order)]
                .map(|label| information.get(&label).map(|information| information.value));
            let ratio = expressivity? / complexity?;
            Some((order, Estimated::from(Some(ratio).filter(|ratio| ratio.is_finite())?)))
        };
        let optimality = Order::ALL.into_iter().filter_map(optimality).collect();
        Self { layer, entropy: entropy.into(), information, optimality }
    }

    /// Complexity I(X;Z) of an order; `None` where the order was not measured or keeps no position.
    pub fn complexity(&self, order: Order) -> Option<&Information> {
        self.information.get(&Label::Input(order))
    }

    /// Expressivity I(Y;Z) of an order; `None` where the order was not measured or keeps no position.
    pub fn expressivity(&self, order: Order) -> Option<&Information> {
        self.information.get(&Label::Output(order))
    }

    /// Optimality φ = I(Y;Z)/I(X;Z) of an order; `None` where I(X;Z) is zero, too.
    pub fn optimality(&self, order: Order) -> Option<Estimated> {
        self.optimality.get(&order).copied()
    }

    /// The orders measured, rising.
    pub fn orders(&self) -> impl Iterator<Item = Order> {
        Order::ALL.into_iter().filter(|order| self.plane(*order).is_some())
    }

    /// Complexity and expressivity of an order, its place on the information plane; `None` without either.
    pub fn plane(&self, order: Order) -> Option<[&Information; 2]> {
        self.complexity(order).zip(self.expressivity(order)).map(Into::into)
    }

    /// The information about each label, without what else is known of it.
    pub fn informations(&self) -> BTreeMap<Label, f64> {
        self.information.iter().map(|(label, information)| (label.clone(), information.value)).collect()
    }

    /// A number of the layer; `None` for one that is not known.
    pub fn get(&self, subject: &Subject, measure: Measure) -> Option<f64> {
        let of = |estimated: Estimated, value: Measure| match measure {
            Measure::Spread => estimated.spread,
            _ => Some(estimated.value).filter(|_| measure == value),
        };
        match subject {
            Subject::Layer => of(self.entropy, Measure::Entropy),
            Subject::Label(label) => self.information.get(label)?.get(measure),
            Subject::Order(order) => of(self.optimality(*order)?, Measure::Optimality),
        }
    }

    /// The labels measured that are no n-grams, in their own order.
    pub fn other_labels(&self) -> impl Iterator<Item = (&Label, &Information)> {
        self.information.iter().filter(|(label, _)| label.order().is_none())
    }

    /// Every number known with its name, in the order of tables: the layer's, then order by order, then the other labels'.
    pub fn values(&self) -> Vec<(Subject, Measure, f64)> {
        let of_order = |order| {
            let labels = [Label::Input(order), Label::Output(order)].map(Subject::Label);
            labels.into_iter().chain([Subject::Order(order)]).collect::<Vec<_>>()
        };
        let others = self.other_labels().map(|(label, _)| vec![Subject::Label(label.clone())]);
        let all =
            std::iter::once(vec![Subject::Layer]).chain(Order::ALL.into_iter().map(of_order)).chain(others);
        let mut values = Vec::new();
        for subjects in all {
            for measure in Measure::ALL {
                let value = |subject: &Subject| Some((subject.clone(), measure, self.get(subject, measure)?));
                values.extend(subjects.iter().filter_map(value));
            }
        }
        values
    }

    /// The measures of which [`Self::get`] gives `value`, with the information about each of `labels`.
    ///
    /// # Errors
    /// The first number that no measures are without and these lack.
    pub fn from_values(
        layer: Option<usize>,
        labels: impl IntoIterator<Item = Label>,
        value: impl Fn(&Subject, Measure) -> Option<f64>,
    ) -> Result<Self, (Subject, Measure)> {
        let of = |subject: &Subject, measure| {
            Some(Estimated { value: value(subject, measure)?, spread: value(subject, Measure::Spread) })
        };
        let information = |label: Label| {
            let subject = Subject::Label(label.clone());
            match Information::from_values(|measure| value(&subject, measure)) {
                Ok(information) => Ok((label, information)),
                Err(missing) => Err((subject, missing)),
            }
        };
        let optimality = |order: Order| Some((order, of(&Subject::Order(order), Measure::Optimality)?));
        Ok(Self {
            layer,
            entropy: of(&Subject::Layer, Measure::Entropy).ok_or((Subject::Layer, Measure::Entropy))?,
            information: labels.into_iter().map(information).collect::<Result<_, _>>()?,
            optimality: Order::ALL.into_iter().filter_map(optimality).collect(),
        })
    }

    /// Whether every number is one; states that are NaN or infinite give measures that are not.
    pub fn is_finite(&self) -> bool {
        self.entropy.value.is_finite() && self.information.values().all(Information::is_finite)
    }

    /// Whether the layer's numbers tell more of where the reference points lie than of the text: 𝓗(Z) moves
    /// further from seed to seed than any label measured accounts for of it.
    ///
    /// 𝓗(Z) is what one state alone spreads over the points, and what its labels tell on top of that. Where all
    /// states point almost one way, as after a few large dimensions, the first part is nearly all, and it is the
    /// points' own: at n = 100 one state has 0.48 with a standard deviation of 0.14 over seeds. Layers of which
    /// labels account for 0.05 or less are told so then, 0.2 and more are not, whatever the seeds; between the two
    /// a spread over three seeds may fall on either side. The widest labels account for most, so the largest
    /// information counts; less its null it would be nothing wherever labels occur once, in a sound layer too.
    ///
    /// False where one seed was scored, and where nothing is known of n-grams: what other labels account for may be little
    /// in a sound layer too.
    pub fn depends_on_seed(&self) -> bool {
        let n_grams = self.information.iter().filter(|(label, _)| label.order().is_some());
        let told = n_grams.map(|(_, information)| information.value).reduce(f64::max);
        self.entropy.spread.zip(told).is_some_and(|(spread, told)| spread > told)
    }

    /// Adds what was measured under shuffled labels.
    pub fn with_null(mut self, null: &Self) -> Self {
        for (label, information) in &mut self.information {
            if let Some(null) = null.information.get(label) {
                information.null = Some(null.value);
            }
        }
        self
    }

    /// Adds how far the measures of the same layer spread over seeds of the reference points: `seeds` are
    /// those of the other seeds.
    pub fn with_spread(mut self, seeds: &[&Self]) -> Self {
        let spread = |own: f64, other: &dyn Fn(&Self) -> Option<f64>| {
            let others = seeds.iter().map(|seed| other(seed));
            let values: Vec<f64> = std::iter::once(Some(own)).chain(others).collect::<Option<_>>()?;
            standard_deviation(&values)
        };
        for (label, information) in &mut self.information {
            let value = |seed: &Self| seed.information.get(label).map(|information| information.value);
            information.spread = spread(information.value, &value);
        }
        for (&order, optimality) in &mut self.optimality {
            let value = |seed: &Self| seed.optimality(order).map(|optimality| optimality.value);
            optimality.spread = spread(optimality.value, &value);
        }
        self.entropy.spread = spread(self.entropy.value, &|seed| Some(seed.entropy.value));
        self
    }

    /// The average over `layers`: entropies and informations first, then their ratio (SPEC 2).
    ///
    /// `None` when there is no layer to average.
    pub fn mean(layers: &[Self]) -> Option<Self> {
        let first = layers.first()?;
        let average =
            |value: &dyn Fn(&Self) -> f64| layers.iter().map(value).sum::<f64>() / layers.len() as f64;
        let information = |label: &Label| {
            // What a layer lacks shows as NaN.
            let of = |layer: &Self, measure| {
                layer.information.get(label).and_then(|information| information.get(measure))
            };
            let value = |measure| average(&|layer| of(layer, measure).unwrap_or(f64::NAN));
            let known = |measure| of(first, measure).map(|_| value(measure));
            let information = Information {
                null: known(Measure::Null),
                singletons: known(Measure::Singletons),
                kept: known(Measure::Kept),
                labels: known(Measure::Labels),
                positions: known(Measure::Positions),
                entropy: known(Measure::Entropy),
                ..Information::new(value(Measure::Information), value(Measure::InformationMean))
            };
            (label.clone(), information)
        };
        let entropy = average(&|layer| layer.entropy.value);
        Some(Self::new(None, entropy, first.information.keys().map(information)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Complexity and expressivity of some orders from one token on.
    fn layer(entropy: f64, plane: &[[f64; 2]]) -> LayerMeasures {
        let labelled = Order::ALL.into_iter().zip(plane).flat_map(|(order, [complexity, expressivity])| {
            [
                (Label::Input(order), Information::new(*complexity, 0.0)),
                (Label::Output(order), Information::new(*expressivity, 0.0)),
            ]
        });
        LayerMeasures::new(Some(1), entropy, labelled)
    }

    #[test]
    fn the_mean_takes_the_ratio_last() {
        let layer = |complexity, expressivity| layer(0.5, &[[complexity, expressivity]]);
        let mean = LayerMeasures::mean(&[layer(0.4, 0.1), layer(0.2, 0.2)]).unwrap();
        assert!((mean.optimality(Order::Token).unwrap().value - 0.15 / 0.3).abs() < 1e-12);
        assert_eq!(mean.orders().collect::<Vec<_>>(), [Order::Token]);
        let spread = layer(0.4, 0.1).with_spread(&[&layer(0.2, 0.1)]);
        let [complexity, expressivity] = spread.plane(Order::Token).unwrap();
        assert!((complexity.spread.unwrap() - 0.02f64.sqrt()).abs() < 1e-12);
        assert_eq!((expressivity.spread, spread.entropy.spread), (Some(0.0), Some(0.0)));
        assert_eq!(layer(0.4, 0.1).with_spread(&[]).entropy.spread, None);
        assert_eq!(layer(0.0, 0.0).optimality(Order::Token), None);
    }

    #[test]
    fn a_collapsed_layer_depends_on_the_seed_and_a_sound_one_does_not() {
        // Layers of Gemma 3 270M on 24 documents: 𝓗(Z), I(token;Z) and I(quadgram;Z); spreads as seeds give them.
        let layer = |entropy, spread, informations: [f64; 2]| {
            let mut layer = layer(entropy, &informations.map(|i| [i, 0.9 * i]));
            layer.entropy.spread = spread;
            layer
        };
        assert!(layer(0.3251, Some(0.2), [0.0100, 0.0113]).depends_on_seed());
        assert!(layer(0.3838, Some(0.2), [0.0700, 0.0858]).depends_on_seed());
        assert!(!layer(0.8215, Some(0.05), [0.2106, 0.3308]).depends_on_seed());
        assert!(!layer(0.6133, Some(0.1), [0.2057, 0.2213]).depends_on_seed());
        assert!(!layer(0.3251, None, [0.0100, 0.0113]).depends_on_seed(), "one seed tells nothing");
        let mut others = layer(0.3251, Some(0.2), [0.0100, 0.0113]);
        others.information.insert(Label::Field("source".into()), Information::new(0.5, 0.5));
        assert!(others.depends_on_seed(), "a field is no n-gram");
        others.information = [(Label::Preference, Information::new(0.0003, 0.0003))].into();
        assert!(!others.depends_on_seed(), "preference is little everywhere");
    }

    #[test]
    fn values_and_json_are_the_whole_of_the_measures() {
        let other = layer(0.4, &[[0.2, 0.1], [0.3, 0.1]]);
        let mut whole = layer(0.5, &[[0.4, 0.1], [0.5, 0.2]]).with_null(&other).with_spread(&[&other]);
        whole.information.get_mut(&Label::Input(Order::Bigram)).unwrap().kept = Some(0.5);
        for label in [Label::Preference, Label::Field("source".into())] {
            whole.information.insert(label, Information { labels: Some(2.0), ..Information::new(0.1, 0.2) });
        }
        let values = whole.values();
        let value = |subject: &Subject, measure| {
            let mut found = values.iter().filter(|(s, m, _)| s == subject && *m == measure);
            let value = found.next().map(|(.., value)| *value);
            assert_eq!(found.next(), None, "{subject} {measure} twice");
            value
        };
        let labels = || whole.information.keys().cloned();
        assert_eq!(LayerMeasures::from_values(Some(1), labels(), value).unwrap(), whole);
        let lacks = (Subject::Label(Label::Output(Order::Token)), Measure::InformationMean);
        let without = |subject: &Subject, measure| {
            value(subject, measure).filter(|_| (subject, measure) != (&lacks.0, lacks.1))
        };
        assert_eq!(LayerMeasures::from_values(Some(1), labels(), without), Err(lacks.clone()));

        let json = serde_json::to_value(&whole).unwrap();
        assert_eq!(serde_json::from_value::<LayerMeasures>(json.clone()).unwrap(), whole);
        for (subject, measure, value) in &values {
            let place = match subject {
                Subject::Layer if *measure == Measure::Spread => "/entropy_spread".to_owned(),
                Subject::Layer => format!("/{measure}"),
                Subject::Label(label) => format!("/labels/{label}/{measure}"),
                Subject::Order(order) if *measure == Measure::Spread => format!("/optimality/{order}/spread"),
                Subject::Order(order) => format!("/{measure}/{order}/value"),
            };
            assert_eq!(json.pointer(&place), Some(&(*value).into()), "{place}");
        }
        // What a later version may add says nothing here.
        let mut later = json.clone();
        later["labels"]["side:word"] = 1.into();
        later["labels"]["input:token"]["novelty"] = "all of it".into();
        assert_eq!(serde_json::from_value::<LayerMeasures>(later).unwrap(), whole);
        let mut less = json;
        less["labels"]["input:token"].as_object_mut().unwrap().remove("information");
        let error = serde_json::from_value::<LayerMeasures>(less).unwrap_err().to_string();
        assert!(error.contains("missing field `information`"), "{error}");
    }
}
