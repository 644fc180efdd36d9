//! The measures: entropy, complexity, expressivity and optimality, per layer and order (SPEC 2 and 4).
//!
//! All are efficiencies: nats over ln n, so they lie in [0, 1] whatever the number of reference points.

use serde::{Deserialize, Serialize};

use crate::settings::{LARGEST_ORDER, ORDER_NAMES};

/// The information a layer holds about n-grams of one order, before and after its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderMeasures {
    /// Complexity I(X;Z): labels weighted by their share of positions (*expectation*).
    pub input: f64,
    /// Expressivity I(Y;Z), likewise.
    pub output: f64,
    /// I(X;Z) with every label weighted alike (*mean*); not a true mutual information.
    pub input_mean: f64,
    /// I(Y;Z) with every label weighted alike.
    pub output_mean: f64,
    /// Optimality φ = I(Y;Z)/I(X;Z); absent where I(X;Z) is zero.
    pub optimality: Option<f64>,
    /// I(X;Z) under a seeded shuffle of the input labels: what a sample of this size gives for labels that
    /// say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_null: Option<f64>,
    /// I(Y;Z) under a seeded shuffle of the output labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_null: Option<f64>,
    /// The share of positions whose input label occurs nowhere else in the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_singletons: Option<f64>,
    /// The share of positions whose output label occurs nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_singletons: Option<f64>,
    /// The share of positions whose input label occurs often enough to be kept; absent where all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_kept: Option<f64>,
    /// The share of positions whose output label is kept; absent where all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_kept: Option<f64>,
    /// The standard deviation of I(X;Z) over seeds of the reference points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_spread: Option<f64>,
    /// The standard deviation of I(Y;Z) over seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_spread: Option<f64>,
    /// The standard deviation of φ over seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimality_spread: Option<f64>,
}

impl OrderMeasures {
    /// Measures from the four informations, with their optimality.
    pub fn new(input: f64, output: f64, input_mean: f64, output_mean: f64) -> Self {
        let optimality = Some(output / input).filter(|ratio| ratio.is_finite());
        Self { input, output, input_mean, output_mean, optimality, ..Self::default() }
    }

    /// Every measure with its name, that of its field, in the order of tables.
    pub fn values(&self) -> [(&'static str, Option<f64>); 14] {
        [
            ("input", Some(self.input)),
            ("output", Some(self.output)),
            ("input_mean", Some(self.input_mean)),
            ("output_mean", Some(self.output_mean)),
            ("optimality", self.optimality),
            ("input_null", self.input_null),
            ("output_null", self.output_null),
            ("input_singletons", self.input_singletons),
            ("output_singletons", self.output_singletons),
            ("input_kept", self.input_kept),
            ("output_kept", self.output_kept),
            ("input_spread", self.input_spread),
            ("output_spread", self.output_spread),
            ("optimality_spread", self.optimality_spread),
        ]
    }

    /// The measures that [`Self::values`] gives; `value` finds one by its name. None without the four
    /// informations.
    pub fn from_values(value: impl Fn(&str) -> Option<f64>) -> Option<Self> {
        Some(Self {
            input: value("input")?,
            output: value("output")?,
            input_mean: value("input_mean")?,
            output_mean: value("output_mean")?,
            optimality: value("optimality"),
            input_null: value("input_null"),
            output_null: value("output_null"),
            input_singletons: value("input_singletons"),
            output_singletons: value("output_singletons"),
            input_kept: value("input_kept"),
            output_kept: value("output_kept"),
            input_spread: value("input_spread"),
            output_spread: value("output_spread"),
            optimality_spread: value("optimality_spread"),
        })
    }

    /// Adds what the same layer measured under shuffled labels.
    pub fn with_null(self, null: &Self) -> Self {
        Self { input_null: Some(null.input), output_null: Some(null.output), ..self }
    }
}

/// The measures of each n-gram order of a run; orders above the run's largest are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Orders {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<OrderMeasures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bigram: Option<OrderMeasures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigram: Option<OrderMeasures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quadgram: Option<OrderMeasures>,
}

impl Orders {
    /// The measures of n-grams of `order` 1 to 4, where the run has them.
    pub fn get(&self, order: usize) -> Option<&OrderMeasures> {
        match order {
            1 => self.token.as_ref(),
            2 => self.bigram.as_ref(),
            3 => self.trigram.as_ref(),
            4 => self.quadgram.as_ref(),
            _ => None,
        }
    }

    /// Each order present with its number and its measures.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &OrderMeasures)> {
        (1..=LARGEST_ORDER).filter_map(|order| Some((order, self.get(order)?)))
    }
}

impl FromIterator<OrderMeasures> for Orders {
    /// The measures of orders 1, 2, … in turn.
    fn from_iter<I: IntoIterator<Item = OrderMeasures>>(measures: I) -> Self {
        let mut measures = measures.into_iter();
        Self {
            token: measures.next(),
            bigram: measures.next(),
            trigram: measures.next(),
            quadgram: measures.next(),
        }
    }
}

/// What is known of one layer, or of the average over layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerMeasures {
    /// The index of the hidden state, 0 for the embedding output; absent for an average.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub layer: Option<usize>,
    /// 𝓗(Z), the efficiency of the soft-binned states.
    pub entropy: f64,
    /// The standard deviation of 𝓗(Z) over seeds of the reference points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entropy_spread: Option<f64>,
    /// The informations about n-grams of each order.
    pub orders: Orders,
}

impl LayerMeasures {
    /// Whether every number is one; states that are NaN or infinite give measures that are not.
    pub fn is_finite(&self) -> bool {
        let informations = |m: &OrderMeasures| [m.input, m.output, m.input_mean, m.output_mean];
        self.entropy.is_finite()
            && self.orders.iter().all(|(_, m)| informations(m).iter().all(|v| v.is_finite()))
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
    /// False where one seed was scored: nothing is known then.
    pub fn depends_on_seed(&self) -> bool {
        let told = self.orders.iter().map(|(_, m)| m.input.max(m.output)).fold(0.0, f64::max);
        self.entropy_spread.is_some_and(|spread| spread > told)
    }

    /// Adds what was measured under shuffled labels.
    pub fn with_null(mut self, null: &Self) -> Self {
        let with = |(order, measures): (usize, &OrderMeasures)| match null.orders.get(order) {
            Some(null) => measures.with_null(null),
            None => *measures,
        };
        self.orders = self.orders.iter().map(with).collect();
        self
    }

    /// Adds how far the measures of the same layer spread over seeds of the reference points: `seeds` are
    /// those of the other seeds.
    pub fn with_spread(mut self, seeds: &[&Self]) -> Self {
        let spread = |value: &dyn Fn(&Self) -> Option<f64>| {
            let values: Vec<f64> =
                std::iter::once(&self).chain(seeds.iter().copied()).map(value).collect::<Option<_>>()?;
            standard_deviation(&values)
        };
        let with = |(order, measures): (usize, &OrderMeasures)| {
            let of = |field: fn(&OrderMeasures) -> Option<f64>| {
                spread(&|layer: &Self| layer.orders.get(order).and_then(field))
            };
            OrderMeasures {
                input_spread: of(|m| Some(m.input)),
                output_spread: of(|m| Some(m.output)),
                optimality_spread: of(|m| m.optimality),
                ..*measures
            }
        };
        let orders = self.orders.iter().map(with).collect();
        self.entropy_spread = spread(&|layer| Some(layer.entropy));
        self.orders = orders;
        self
    }

    /// The average over `layers`: entropies and informations first, then their ratio (SPEC 2).
    ///
    /// `None` when there is no layer to average.
    pub fn mean(layers: &[LayerMeasures]) -> Option<LayerMeasures> {
        let first = layers.first()?;
        let average = |value: &dyn Fn(&LayerMeasures) -> f64| {
            layers.iter().map(value).sum::<f64>() / layers.len() as f64
        };
        let orders = (1..=LARGEST_ORDER)
            .take_while(|&order| first.orders.get(order).is_some())
            .map(|order| {
                let of = |field: fn(&OrderMeasures) -> f64| {
                    average(&|layer| layer.orders.get(order).map_or(f64::NAN, field))
                };
                let known = |field: fn(&OrderMeasures) -> Option<f64>| {
                    first.orders.get(order).and_then(field)?;
                    Some(average(&|layer| layer.orders.get(order).and_then(field).unwrap_or(f64::NAN)))
                };
                OrderMeasures {
                    input_null: known(|m| m.input_null),
                    output_null: known(|m| m.output_null),
                    input_singletons: known(|m| m.input_singletons),
                    output_singletons: known(|m| m.output_singletons),
                    input_kept: known(|m| m.input_kept),
                    output_kept: known(|m| m.output_kept),
                    ..OrderMeasures::new(
                        of(|m| m.input),
                        of(|m| m.output),
                        of(|m| m.input_mean),
                        of(|m| m.output_mean),
                    )
                }
            })
            .collect();
        let entropy = average(&|layer| layer.entropy);
        Some(LayerMeasures { layer: None, entropy, entropy_spread: None, orders })
    }
}

/// The standard deviation of a sample; none of a single value.
fn standard_deviation(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt())
}

/// The name of an order in results and in the window.
pub fn order_name(order: usize) -> &'static str {
    ORDER_NAMES.get(order.wrapping_sub(1)).copied().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_takes_the_ratio_last() {
        let layer = |input, output| LayerMeasures {
            layer: Some(1),
            entropy: 0.5,
            entropy_spread: None,
            orders: [OrderMeasures::new(input, output, 0.0, 0.0)].into_iter().collect(),
        };
        let mean = LayerMeasures::mean(&[layer(0.4, 0.1), layer(0.2, 0.2)]).unwrap();
        let token = mean.orders.get(1).unwrap();
        assert!((token.optimality.unwrap() - 0.15 / 0.3).abs() < 1e-12);
        assert!(mean.orders.get(2).is_none());
        let spread = layer(0.4, 0.1).with_spread(&[&layer(0.2, 0.1)]);
        let token = spread.orders.get(1).unwrap();
        assert!((token.input_spread.unwrap() - 0.02f64.sqrt()).abs() < 1e-12);
        assert_eq!((token.output_spread, spread.entropy_spread), (Some(0.0), Some(0.0)));
        assert_eq!(layer(0.4, 0.1).with_spread(&[]).entropy_spread, None);
        assert_eq!(OrderMeasures::new(0.0, 0.0, 0.0, 0.0).optimality, None);
    }

    #[test]
    fn a_collapsed_layer_depends_on_the_seed_and_a_sound_one_does_not() {
        // Layers of Gemma 3 270M on 24 documents: 𝓗(Z), I(token;Z) and I(quadgram;Z); spreads as seeds give them.
        let layer = |entropy, spread, informations: [f64; 2]| LayerMeasures {
            layer: Some(1),
            entropy,
            entropy_spread: spread,
            orders: informations.map(|i| OrderMeasures::new(i, 0.9 * i, i, i)).into_iter().collect(),
        };
        assert!(layer(0.3251, Some(0.2), [0.0100, 0.0113]).depends_on_seed());
        assert!(layer(0.3838, Some(0.2), [0.0700, 0.0858]).depends_on_seed());
        assert!(!layer(0.8215, Some(0.05), [0.2106, 0.3308]).depends_on_seed());
        assert!(!layer(0.6133, Some(0.1), [0.2057, 0.2213]).depends_on_seed());
        assert!(!layer(0.3251, None, [0.0100, 0.0113]).depends_on_seed(), "one seed tells nothing");
    }
}
