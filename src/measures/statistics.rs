//! The entropies of a layer, and the measures they lead to (SPEC 2.3 to 2.5).

use super::{Information, Label, LayerMeasures};

/// The entropies of one layer over a sample, or over its first positions; in nats.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The number of positions.
    pub positions: usize,
    /// H(Z) over all of them.
    pub entropy: f64,
    /// What each label leaves of it.
    pub sets: Vec<(Label, Conditional)>,
}

/// The entropy of Z before and after a set of labels is known, over the positions whose label is seen often
/// enough; in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditional {
    /// H(Z) over the positions kept.
    pub entropy: f64,
    /// Σ p(x) H(Z|x).
    pub expectation: f64,
    /// Σ H(Z|x) / |X|, every label weighted alike.
    pub mean: f64,
    /// The number of positions kept.
    pub kept: usize,
    /// The number of labels kept, |X|.
    pub labels: usize,
    /// The number of positions whose label occurs once, kept or not.
    pub singletons: usize,
}

impl LayerMeasures {
    /// The measures of layer number `layer` from its statistics with `points` reference points.
    ///
    /// A label that keeps no position is absent, and with it its [partner](Label::partner), where it has one. No order
    /// above keeps any either, since an n-gram is seen no more often than what it begins or ends with.
    pub fn of_statistics(layer: usize, points: usize, statistics: &Statistics) -> Self {
        let unit = (points as f64).ln();
        let all = statistics.positions as f64;
        let information = |(label, set): (&Label, &Conditional)| Information {
            // Pairs are a sample of their own, whose numbers may come to stand beside those of a text.
            positions: (*label == Label::Preference).then_some(set.kept as f64),
            entropy: (*label == Label::Preference).then_some(set.entropy / unit),
            singletons: Some(set.singletons as f64 / all),
            kept: Some(set.kept as f64 / all),
            labels: Some(set.labels as f64),
            ..Information::new((set.entropy - set.expectation) / unit, (set.entropy - set.mean) / unit)
        };
        let is_kept = |label: &Label| statistics.sets.iter().any(|(of, set)| of == label && set.kept > 0);
        let is_whole = |label: &Label| is_kept(label) && label.partner().is_none_or(|other| is_kept(&other));
        let kept = statistics.sets.iter().filter(|(label, _)| is_whole(label));
        let labelled = kept.map(|(label, set)| (label.clone(), information((label, set))));
        Self::new(Some(layer), statistics.entropy / unit, labelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Order;

    #[test]
    fn a_label_that_keeps_nothing_takes_its_partner_with_it() {
        let set = |label, kept| {
            let of =
                Conditional { entropy: 2.0, expectation: 1.0, mean: 1.5, kept, labels: kept, singletons: 3 };
            (label, of)
        };
        let statistics = |sets: [usize; 4]| {
            let [x, y, xx, yy] = sets;
            let [token, bigram] = [Order::Token, Order::Bigram];
            let sets = vec![
                set(Label::Input(token), x),
                set(Label::Input(bigram), xx),
                set(Label::Output(token), y),
                set(Label::Output(bigram), yy),
            ];
            LayerMeasures::of_statistics(1, 10, &Statistics { positions: 12, entropy: 2.0, sets })
        };
        let unit = 10f64.ln();
        let whole = statistics([12, 6, 4, 2]);
        assert_eq!(whole.orders().collect::<Vec<_>>(), [Order::Token, Order::Bigram]);
        let expressivity = Information {
            singletons: Some(0.25),
            kept: Some(0.5),
            labels: Some(6.0),
            ..Information::new(1.0 / unit, 0.5 / unit)
        };
        assert_eq!(whole.expressivity(Order::Token), Some(&expressivity));
        assert_eq!((whole.entropy.value, whole.layer), (2.0 / unit, Some(1)));
        for one_side in [[12, 6, 4, 0], [12, 6, 0, 2]] {
            let labels: Vec<Label> = statistics(one_side).information.into_keys().collect();
            assert_eq!(labels, [Label::Input(Order::Token), Label::Output(Order::Token)]);
        }
        assert!(statistics([12, 0, 0, 0]).information.is_empty());
    }
}
