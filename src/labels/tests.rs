use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;

use super::{LabelSet, Labels, Levels};
use crate::error::Kind;
use crate::measures::{Label, Order};
use crate::tokens;

/// (document, t) of every position, and its n-grams by label: the definition, spelled out.
fn naive(documents: &[Vec<u32>], max_order: usize) -> Vec<(usize, usize)> {
    let mut positions = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        for t in 0..document.len() {
            if t + 1 >= max_order && t + max_order < document.len() {
                positions.push((index, t));
            }
        }
    }
    positions
}

/// The share of positions whose label occurs nowhere else; 0 if there is no position.
fn singleton_share(set: &LabelSet) -> f64 {
    let singletons = set.counts().filter(|&count| count == 1).count();
    singletons as f64 / set.positions.len().max(1) as f64
}

fn naive_gram(document: &[u32], t: usize, label: &Label) -> Vec<u32> {
    match label {
        Label::Input(order) => document[t + 1 - order.number()..=t].to_vec(),
        Label::Output(order) => document[t + 1..=t + order.number()].to_vec(),
        label => panic!("{label} is no n-gram"),
    }
}

fn check(documents: &[Vec<u32>], max_order: usize) {
    let labels = Labels::new(documents, max_order);
    let expected = naive(documents, max_order);
    assert_eq!(labels.positions(), expected.len());
    assert_eq!(labels.document_offsets.len(), documents.len() + 1);
    let of_document = |(index, bounds): (usize, &[usize])| {
        (bounds[0]..bounds[1]).enumerate().map(move |(i, position)| (index, i, position)).collect::<Vec<_>>()
    };
    let mapped: Vec<_> = labels.document_offsets.windows(2).enumerate().flat_map(of_document).collect();
    for (number, &(index, i, position)) in mapped.iter().enumerate() {
        assert_eq!((position, (index, labels.tokens[index].start + i)), (number, expected[number]));
    }
    for order in Order::of_number(max_order).unwrap().and_below() {
        for label in [Label::Input(order), Label::Output(order)] {
            let mut groups: HashMap<Vec<u32>, Vec<u32>> = HashMap::new();
            for (position, &(index, t)) in (0..).zip(&expected) {
                groups.entry(naive_gram(&documents[index], t, &label)).or_default().push(position);
            }
            let set = labels.set(&label).unwrap();
            let mut expected: Vec<_> = groups.into_values().collect();
            let mut found: Vec<_> = set.groups().map(<[u32]>::to_vec).collect();
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{label}");
            assert_eq!(LabelSet::from_ids(&set.ids()), *set);
        }
    }
}

proptest! {
    #[test]
    fn equal_to_the_definition(
        documents in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(0u32..3, 0..40),
                prop::collection::vec(prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(1 << 31)], 0..20),
            ],
            0..8,
        ),
        max_order in 1usize..=4,
    ) {
        check(&documents, max_order);
    }

    #[test]
    fn any_ids_are_grouped(ids in prop::collection::vec(prop_oneof![0u32..5, any::<u32>()], 0..50)) {
        let set = LabelSet::from_ids(&ids);
        let distinct: std::collections::BTreeSet<u32> = ids.iter().copied().collect();
        prop_assert_eq!(set.labels(), distinct.len());
        for (label, group) in distinct.iter().zip(set.groups()) {
            let expected: Vec<u32> = (0..).zip(&ids).filter(|(_, id)| *id == label).map(|(p, _)| p).collect();
            prop_assert_eq!(group, expected);
        }
    }
}

#[test]
fn edge_lengths() {
    for max_order in 1..=4 {
        for length in 0..12 {
            let document: Vec<u32> = (0..length).collect();
            let labels = Labels::new(std::slice::from_ref(&document), max_order);
            assert_eq!(labels.positions(), (length as usize + 1).saturating_sub(2 * max_order));
            check(&[document.clone(), vec![], document], max_order);
        }
    }
    let none = Labels::new(&[], 4);
    assert_eq!((none.positions(), none.set(&Label::Output(Order::Quadgram)).unwrap().labels()), (0, 0));
    assert_eq!(singleton_share(none.set(&Label::Input(Order::Token)).unwrap()), 0.0);
    assert_eq!(Labels::new(&[], 2).set(&Label::Input(Order::Trigram)), None);
}

#[test]
fn an_order_is_a_refinement_of_the_one_below() {
    let documents = [(0..500).map(|i| i * i % 7).collect::<Vec<u32>>()];
    let labels = Labels::new(&documents, 4);
    assert_eq!(labels.trees.len(), 2);
    for Levels(levels) in &labels.trees {
        let orders: Vec<Order> = levels.iter().filter_map(|(label, _)| label.order()).collect();
        assert_eq!(orders, Order::ALL);
        for level in levels.windows(2) {
            let lower = level[0].1.ids();
            assert!(level[1].1.groups().all(|group| {
                group.iter().all(|&position| lower[position as usize] == lower[group[0] as usize])
            }));
        }
    }
}

#[test]
fn singleton_shares_of_the_reference_run() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/runs");
    for run in ["gutenberg-1m", "gutenberg-200k"] {
        let text = std::fs::read(fixtures.join(format!("{run}.json"))).unwrap();
        let reference: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let file = fixtures.join(format!("{run}.tokens.safetensors"));
        let labels = Labels::new(&tokens::all_documents_from_file(&file).unwrap(), 4);
        assert_eq!(reference["checkpoints"][0]["positions"], labels.positions());
        for order in Order::ALL {
            for label in [Label::Input(order), Label::Output(order)] {
                let name = label.to_string().replace(':', "_");
                let expected = reference["singleton_share"][name].as_f64().unwrap();
                // One label more or less would change it by 2e-5; the rest is how a decimal is parsed.
                let error = singleton_share(labels.set(&label).unwrap()) - expected;
                assert!(error.abs() < 1e-12, "{run} {label}: {error}");
            }
        }
    }
}

/// A paper-sized sample, by `cargo test --release -- --ignored --nocapture five_million`.
#[test]
#[ignore = "takes seconds; run by hand to see the time"]
fn five_million_positions() {
    // Zipf-like tokens, so that groups are as uneven as in text.
    let mut state = 1u64;
    let mut token = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = (state >> 11) as f64 / (1u64 << 53) as f64;
        (50_000f64.powf(uniform) - 1.0) as u32
    };
    let documents: Vec<Vec<u32>> = (0..10_000).map(|_| (0..512).map(|_| token()).collect()).collect();
    let start = std::time::Instant::now();
    let labels = Labels::new(&documents, 4);
    println!("{} positions: {:.2} s", labels.positions(), start.elapsed().as_secs_f64());
    for label in Order::ALL.map(Label::Input) {
        let set = labels.set(&label).unwrap();
        println!("{label}: {} labels, {:.3} singletons", set.labels(), singleton_share(set));
    }
}

#[test]
fn more_positions_than_can_be_numbered_are_an_error() {
    let most = u32::MAX as usize;
    let labels = Labels::without(vec![1..most, 2..3]).unwrap();
    assert_eq!((labels.positions(), labels.document_offsets), (most, vec![0, most - 1, most]));
    let error = Labels::without(vec![0..most, 3..4]).unwrap_err();
    assert_eq!(error.kind(), Kind::Sample);
    assert!(error.to_string().contains("--samples"), "{error}");
}
