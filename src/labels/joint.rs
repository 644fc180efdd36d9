//! How often each pair of labels, before and after a position, is seen: what the frontier is of.

use twox_hash::XxHash3_128;

use super::{LabelSet, Labels};
use crate::measures::{Label, Order};

/// Pairs (x, y) of labels with the number of positions that carry both, each pair once.
pub type PairCounts = Vec<(u32, u32, u64)>;

/// The pairs of input and output labels of one order over the positions of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joint {
    /// Over all positions.
    pub all: PairCounts,
    /// Over those of every other document, from the first and from the second on: two samples of the same text.
    pub halves: [PairCounts; 2],
}

impl Joint {
    /// A hash of all of it.
    pub fn identity(&self) -> u128 {
        let mut hasher = XxHash3_128::new();
        for pairs in [&self.all].into_iter().chain(&self.halves) {
            hasher.write(&(pairs.len() as u64).to_le_bytes());
            for &(x, y, count) in pairs {
                hasher.write(&(u64::from(x) << 32 | u64::from(y)).to_le_bytes());
                hasher.write(&count.to_le_bytes());
            }
        }
        hasher.finish_128()
    }
}

/// The pairs of labels of an order at all positions whose labels on both sides occur `min_count` times or more; `None`
/// where the sample was not labelled by that order.
pub fn joint(labels: &Labels, order: Order, min_count: u32) -> Option<Joint> {
    let sides = [labels.set(&Label::Input(order))?, labels.set(&Label::Output(order))?];
    let counts: [Vec<u32>; 2] = sides.map(|set| set.counts().collect());
    let ids = sides.map(LabelSet::ids);
    let mut halves: [Vec<(u32, u32)>; 2] = Default::default();
    for (document, bounds) in labels.document_offsets.windows(2).enumerate() {
        let pairs = ids[0][bounds[0]..bounds[1]].iter().zip(&ids[1][bounds[0]..bounds[1]]);
        let kept = pairs
            .filter(|&(&x, &y)| counts[0][x as usize] >= min_count && counts[1][y as usize] >= min_count);
        halves[document % 2].extend(kept.map(|(&x, &y)| (x, y)));
    }
    let all = counted(halves.concat());
    Some(Joint { all, halves: halves.map(counted) })
}

/// Each of some pairs once, rising, with how often it is among them.
fn counted(mut pairs: Vec<(u32, u32)>) -> PairCounts {
    pairs.sort_unstable();
    pairs.chunk_by(|a, b| a == b).map(|same| (same[0].0, same[0].1, same.len() as u64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_of_the_measured_positions() {
        // With K = 2: positions 1 to 4 of the first, 1 and 2 of the second.
        let documents = [vec![7, 5, 6, 5, 6, 5, 6], vec![5, 6, 5, 6, 9], vec![1, 2, 3]];
        let labels = Labels::new(&documents, 2);
        let name = |order: Order, side: fn(Order) -> Label, id: u32| -> Vec<u32> {
            let set = labels.set(&side(order)).unwrap();
            let position = set.groups().nth(id as usize).unwrap()[0] as usize;
            let document = labels.document_offsets.partition_point(|&start| start <= position) - 1;
            let token = labels.tokens[document].start + position - labels.document_offsets[document];
            let of = match side(order) {
                Label::Input(_) => token + 1 - order.number()..token + 1,
                _ => token + 1..token + 1 + order.number(),
            };
            documents[document][of].to_vec()
        };
        let named = |order: Order, pairs: &PairCounts| {
            let mut named: Vec<_> = pairs
                .iter()
                .map(|&(x, y, n)| (name(order, Label::Input, x), name(order, Label::Output, y), n))
                .collect();
            named.sort();
            named
        };
        let found = joint(&labels, Order::Token, 1).unwrap();
        assert_eq!(named(Order::Token, &found.all), [(vec![5], vec![6], 3), (vec![6], vec![5], 3)]);
        assert_eq!(named(Order::Token, &found.halves[1]), [(vec![5], vec![6], 1), (vec![6], vec![5], 1)]);
        let wide = joint(&labels, Order::Bigram, 1).unwrap();
        assert_eq!(wide.all.iter().map(|pair| pair.2).sum::<u64>(), 6);
        assert!(named(Order::Bigram, &wide.all).contains(&(vec![6, 5], vec![6, 9], 1)));
        // A label on either side that is seen too rarely takes its position with it.
        let frequent = joint(&labels, Order::Bigram, 2).unwrap();
        assert!(named(Order::Bigram, &frequent.all).iter().all(|(x, y, _)| x != &[7, 5] && y != &[6, 9]));
        assert_eq!(joint(&labels, Order::Trigram, 1), None);
    }
}
