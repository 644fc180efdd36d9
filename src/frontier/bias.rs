//! How far I(X;Y) of a text may be from that of its source, as a bracket.
//!
//! The plug-in estimate, I(X;Y) of the pairs as counted, is too high: pairs that were seen by chance look like
//! structure. What a model of p(y|x) made from one half of a text tells of the other half is too low: for every q,
//! E ln q(y|x) ≤ −H(Y|X), and the plug-in H(Y) that is added to it is too low as well. The truth is between, both in
//! expectation. No single number here is called corrected: that of Miller and Madow counts the pairs seen, while most
//! are not, and the shuffle null has more distinct pairs than the data, so it takes away too much.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::sums::sum;

/// What is taken off every count for pairs that were not seen (absolute discounting: Ney, Essen and Kneser 1994).
const DISCOUNT: f64 = 0.75;
/// The mass of pairs seen once up to which the estimate of Chao and Shen is told.
const FEW_SINGLETONS: f64 = 0.1;

/// Counts of pairs: x, y, how often.
pub type Counts = [(u32, u32, u64)];

/// What is known of the source's I(X;Y), in nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bracket {
    /// The lower end: what each half of the text tells a model of it about the other half.
    pub held_out: f64,
    /// The upper end: I(X;Y) of the pairs as counted.
    pub plug_in: f64,
    /// The share of positions whose pair occurs only there; the more, the wider the bracket.
    pub singletons: f64,
    /// The estimate of Chao and Shen (2003), by coverage, where less than a tenth are singletons: the best single number
    /// then, and no bound.
    pub chao_shen: Option<f64>,
}

/// The bracket of a text from the counts of its two halves. The halves are the caller's choice; they should be of
/// whole documents, since what one document repeats is no evidence for another. Each is tested by a model of the
/// other, and the mean over all positions is taken.
///
/// # Errors
/// [`Kind::Corpus`] if a half holds no pair.
pub fn bracket(halves: [&Counts; 2]) -> Result<Bracket> {
    if halves.iter().any(|half| half.iter().all(|pair| pair.2 == 0)) {
        return Err(Error::new(Kind::Corpus, "one half of the text holds no pair of labels")
            .help("use a text of at least two documents"));
    }
    let both = added(halves[0].iter().chain(halves[1]));
    let total: f64 = both.iter().map(|pair| pair.2 as f64).sum();
    let (xs, ys) = (mass_of(&both, |pair| pair.0), mass_of(&both, |pair| pair.1));
    let entropy =
        |counts: &mut dyn Iterator<Item = u64>| sum(counts.map(|count| surprise(count as f64 / total)));
    let entropy_x = entropy(&mut sorted(&xs).into_iter());
    let entropy_y = entropy(&mut sorted(&ys).into_iter());
    let plug_in = (entropy_x + entropy_y - entropy(&mut both.iter().map(|pair| pair.2))).max(0.0);
    let singletons = both.iter().filter(|pair| pair.2 == 1).count() as f64 / total;

    let halves = halves.map(|half| added(half.iter()));
    let told = [(0, 1), (1, 0)].map(|(train, test)| Model::new(&halves[train], &ys).told(&halves[test]));
    let held_out = (told[0] + told[1]) / total + entropy_y;

    let chao_shen = (singletons < FEW_SINGLETONS).then(|| {
        let together = entropy_by_coverage(both.iter().map(|pair| pair.2), total, 1.0 - singletons);
        // Labels are seen often enough for the correction of Miller and Madow; pairs are not.
        let unseen = (xs.len() + ys.len() - 2) as f64 / (2.0 * total);
        entropy_x + entropy_y + unseen - together
    });
    Ok(Bracket { held_out: held_out.clamp(0.0, plug_in), plug_in, singletons, chao_shen })
}

/// A model of p(y|x): absolute discounting, whose mass for the unseen goes to labels y in proportion to how many labels
/// x they follow (Kneser and Ney 1995), half a label more for each so that none has mass 0.
struct Model<'a> {
    counts: &'a Counts,
    /// Labels x as a range of `counts`, with their number of positions.
    rows: HashMap<u32, (std::ops::Range<usize>, f64)>,
    /// For each label y how many labels x it follows, and how often it occurs.
    columns: HashMap<u32, (u64, u64)>,
    /// What all labels y of the text follow and occur together, the halves included.
    follows: f64,
    occurs: f64,
}

impl<'a> Model<'a> {
    /// The model of sorted counts; `labels` are all y that the text has.
    fn new(counts: &'a Counts, labels: &HashMap<u32, u64>) -> Self {
        let mut rows = HashMap::new();
        let mut start = 0;
        for row in counts.chunk_by(|a, b| a.0 == b.0) {
            let end = start + row.len();
            rows.insert(row[0].0, (start..end, row.iter().map(|pair| pair.2 as f64).sum()));
            start = end;
        }
        let mut columns: HashMap<u32, (u64, u64)> = HashMap::new();
        for &(_, y, count) in counts {
            let column = columns.entry(y).or_default();
            *column = (column.0 + 1, column.1 + count);
        }
        let half_each = labels.len() as f64 / 2.0;
        let total: f64 = counts.iter().map(|pair| pair.2 as f64).sum();
        Self { counts, rows, columns, follows: counts.len() as f64 + half_each, occurs: total + half_each }
    }

    /// Σ n(x, y) ln q(y|x) over sorted counts of another text.
    fn told(&self, test: &Counts) -> f64 {
        sum(test.chunk_by(|a, b| a.0 == b.0).flat_map(|tested| {
            let row = self.rows.get(&tested[0].0);
            let mut seen = row.map_or(&[][..], |(range, _)| &self.counts[range.clone()]);
            tested.iter().map(move |&(_, y, count)| {
                let (follows, occurs) = self.columns.get(&y).copied().unwrap_or_default();
                let q = match row {
                    Some((range, total)) => {
                        seen = &seen[seen.partition_point(|pair| pair.1 < y)..];
                        let known = seen.first().filter(|pair| pair.1 == y).map_or(0, |pair| pair.2);
                        let spared = DISCOUNT * range.len() as f64;
                        let back_off = (follows as f64 + 0.5) / self.follows;
                        ((known as f64 - DISCOUNT).max(0.0) + spared * back_off) / total
                    }
                    // A label that the model never saw tells nothing.
                    None => (occurs as f64 + 0.5) / self.occurs,
                };
                count as f64 * q.ln()
            })
        }))
    }
}

/// The entropy that Chao and Shen (2003) estimate from counts: each seen probability is taken down by the coverage,
/// and weighted by how likely it was to be seen at all (Horvitz and Thompson).
fn entropy_by_coverage(counts: impl Iterator<Item = u64>, total: f64, coverage: f64) -> f64 {
    sum(counts.map(|count| {
        let p = coverage * count as f64 / total;
        // 1 − (1 − p)^total, without the cancellation.
        surprise(p) / -(total * (-p).ln_1p()).exp_m1()
    }))
}

/// −p ln p.
fn surprise(p: f64) -> f64 {
    if p > 0.0 { -p * p.ln() } else { 0.0 }
}

/// Counts sorted by pair, each pair once.
fn added<'a>(counts: impl Iterator<Item = &'a (u32, u32, u64)>) -> Vec<(u32, u32, u64)> {
    let mut counts: Vec<_> = counts.filter(|pair| pair.2 > 0).copied().collect();
    counts.sort_unstable();
    counts.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        kept.2 = kept.2.saturating_add(if same { next.2 } else { 0 });
        same
    });
    counts
}

/// The counts of labels; sums of them are taken in the order of [`sorted`], which is the same in every run.
fn mass_of(counts: &Counts, label: impl Fn(&(u32, u32, u64)) -> u32) -> HashMap<u32, u64> {
    let mut mass = HashMap::new();
    for pair in counts {
        let of_label: &mut u64 = mass.entry(label(pair)).or_default();
        *of_label = of_label.saturating_add(pair.2);
    }
    mass
}

fn sorted(mass: &HashMap<u32, u64>) -> Vec<u64> {
    let mut counts: Vec<u64> = mass.values().copied().collect();
    counts.sort_unstable();
    counts
}

#[cfg(test)]
mod tests {
    use super::super::joint::Joint;
    use super::super::source::{Shape, Source, counted};
    use super::*;

    const SHAPE: Shape = Shape { words: 1500, classes: 96, followers: 5, own: 0.5, evenness: 0.12 };

    #[test]
    fn the_truth_is_inside_and_the_bracket_closes() {
        let source = Source::new(SHAPE, 3);
        let truth = Joint::from_weights(&source.joint()).unwrap().information();
        let mut widths = Vec::new();
        for count in [30_000, 100_000, 300_000, 1_000_000] {
            let pairs = source.pairs(count, 500, count as u64);
            let (first, second) = pairs.split_at(count / 2);
            let bracket = bracket([&counted(first), &counted(second)]).unwrap();
            assert!(bracket.held_out < truth && truth < bracket.plug_in, "{bracket:?}, truth {truth}");
            let plug_in = Joint::from_counts(counted(&pairs)).unwrap().information();
            assert!((bracket.plug_in - plug_in).abs() < 1e-9);
            widths.push(bracket.plug_in - bracket.held_out);
            if let Some(estimate) = bracket.chao_shen {
                assert!((estimate - truth).abs() < (bracket.plug_in - truth).abs(), "{bracket:?}");
            }
            assert_eq!(bracket.chao_shen.is_some(), bracket.singletons < 0.1);
        }
        assert!(widths.is_sorted_by(|a, b| a > b), "{widths:?}");
    }

    #[test]
    fn a_model_of_half_the_text_is_a_distribution() {
        let source = Source::new(SHAPE, 5);
        let (train, test) = (counted(&source.pairs(5000, 100, 1)), counted(&source.pairs(5000, 100, 2)));
        let labels = mass_of(&added(train.iter().chain(&test)), |pair| pair.1);
        let model = Model::new(&train, &labels);
        // A label that was seen, and one that was not.
        for x in [train[0].0, u32::MAX] {
            let mut total = 0.0;
            for &y in labels.keys() {
                total += model.told(&[(x, y, 1)]).exp();
            }
            assert!((total - 1.0).abs() < 1e-12, "{total}");
        }
    }

    #[test]
    fn a_law_without_chance_is_told_in_full() {
        // Every label is followed by the next, often enough to be sure of it.
        let half: Vec<_> = (0..8).map(|x| (x, (x + 1) % 8, 1000)).collect();
        let bracket = bracket([&half, &half]).unwrap();
        assert!((bracket.plug_in - 8f64.ln()).abs() < 1e-12 && bracket.plug_in - bracket.held_out < 2e-3);
        assert!((bracket.chao_shen.unwrap() - 8f64.ln()).abs() < 1e-3 && bracket.singletons == 0.0);
    }

    #[test]
    fn chance_alone_tells_nothing() {
        let mut random = crate::random::SplitMix64::new(9);
        let mut half = || {
            let pairs: Vec<_> =
                (0..3000).map(|_| (random.below(60) as u32, random.below(60) as u32)).collect();
            counted(&pairs)
        };
        let bracket = bracket([&half(), &half()]).unwrap();
        assert!(bracket.held_out == 0.0 && bracket.plug_in > 0.1, "{bracket:?}");
    }

    #[test]
    fn a_text_in_which_nothing_repeats_is_all_singletons() {
        let half = |from: u32| (from..from + 500).map(|id| (id, id, 1)).collect::<Vec<_>>();
        let bracket = bracket([&half(0), &half(500)]).unwrap();
        assert!(bracket.singletons == 1.0 && bracket.chao_shen.is_none() && bracket.held_out == 0.0);
        assert!((bracket.plug_in - 1000f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn an_empty_half_is_refused() {
        let error = bracket([&[(1, 1, 2)], &[(1, 1, 0)]]).unwrap_err();
        assert!(error.kind() == Kind::Corpus && error.to_string().contains("two documents"), "{error}");
    }
}
