//! The union of results: what wins, what conflicts, and that no order makes a difference.

use std::path::Path;

use proptest::prelude::*;

use super::tests::{checkpoint, checkpoints, measured, numbers, of, read, results};
use super::*;

/// Results of one checkpoint of the usual ones.
fn part(index: usize) -> Results {
    of(vec![results().conditions[0].checkpoints[index].clone()])
}

/// One measured checkpoint, changed.
fn changed(change: impl FnOnce(&mut CheckpointResult)) -> Results {
    let mut checkpoint = measured("a run", "step7");
    change(&mut checkpoint);
    of(vec![checkpoint])
}

/// The usual checkpoint on so many documents.
fn on(documents: usize) -> Results {
    let mut results = changed(|_| ());
    let numbers = numbers(&mut results, 0);
    numbers.convergence.last_mut().unwrap().documents = documents;
    numbers.loss = Some(documents as f64);
    numbers.sample = Some(format!("of {documents}"));
    results
}

fn failed(error: &str) -> Results {
    of(vec![checkpoint("a run", "step7", Outcome::Failed { error: error.to_owned() })])
}

/// Every encoding of results.
fn encodings(results: &Results) -> [Vec<u8>; 3] {
    [results.to_json(), results.to_csv(), results.to_parquet()].map(Result::unwrap)
}

#[test]
fn parts_give_the_whole_to_the_byte_in_any_order_and_any_form() {
    let whole = encodings(&results());
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]] {
        let merged = order.map(part).into_iter().reduce(|a, b| a.merge(b).unwrap()).unwrap();
        assert_eq!(encodings(&merged), whole, "{order:?}");
    }
    // By way of files, each in another form, with what they hold twice.
    let files =
        [&encodings(&of(results().conditions[0].checkpoints[..3].to_vec()))[0], &encodings(&part(2))[1]];
    let more = encodings(&of(results().conditions[0].checkpoints[2..].to_vec()));
    let parts = files.into_iter().chain([&more[2]]).map(|bytes| (None, read(bytes).unwrap()));
    let merged = union(parts.collect()).unwrap();
    assert_eq!(encodings(&merged), whole);
    assert_eq!(encodings(&merged.clone().merge(merged).unwrap()), whole);
}

#[test]
fn more_documents_win_and_a_failure_never() {
    for (a, b, wins) in [
        (on(16), on(64), on(64)),
        (failed("no"), on(4), on(4)),
        (failed("b"), failed("a"), failed("a")),
        (on(16), on(16), on(16)),
    ] {
        assert_eq!(a.clone().merge(b.clone()).unwrap(), wins);
        assert_eq!(b.merge(a).unwrap(), wins);
    }
    // Who measured may differ, and where; one is kept, whichever came first.
    let elsewhere = |device: &str, path: &str| {
        changed(|checkpoint| {
            checkpoint.provenance.device = device.to_owned();
            checkpoint.path = path.into();
        })
    };
    let (a, b) = (elsewhere("CPU 1", "/x"), elsewhere("CPU 2", "/a"));
    assert_eq!(a.clone().merge(b.clone()).unwrap(), a);
    assert_eq!(b.merge(a.clone()).unwrap(), a);
    // What one lacks is known from the other.
    let mut bare = changed(|checkpoint| checkpoint.step = None);
    (numbers(&mut bare, 0).weights, numbers(&mut bare, 0).sample) = (None, None);
    assert_eq!(bare.clone().merge(part(0)).unwrap(), part(0));
    assert_eq!(part(0).merge(bare).unwrap(), part(0));
}

#[test]
fn conditions_that_differ_stand_side_by_side() {
    let mut other = on(16);
    other.conditions[0].condition.settings.points = 50;
    let both = on(16).merge(other.clone()).unwrap();
    assert_eq!(both.conditions.iter().map(|c| c.condition.settings.points).collect::<Vec<_>>(), [50, 100]);
    assert_eq!(both.runs().len(), 2);
    // What is no part of a condition makes no other one.
    let mut asked = on(64);
    asked.conditions[0].condition.settings.samples = 2000;
    assert_eq!(asked.merge(on(16)).unwrap(), on(64));
}

/// What the conflict of two files says.
fn conflict(a: Results, b: Results) -> String {
    let [one, two] = ["one.json", "parts/two.csv"].map(Path::new);
    let there = union(vec![(Some(one), a.clone()), (Some(two), b.clone())]).unwrap_err();
    assert!(union(vec![(Some(two), b), (Some(one), a)]).is_err());
    let error = Error::from(there).to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_conflict_is_named_with_both_values_and_both_files() {
    let number = |change: fn(&mut Measurement)| {
        let mut results = changed(|_| ());
        change(numbers(&mut results, 0));
        results
    };
    assert_eq!(
        conflict(part(0), number(|m| m.loss = Some(3.0))),
        "these results conflict: checkpoint `a run/step7` differs: its `loss` is 3.5 in one.json and 3 in \
         parts/two.csv; leave one of the two out, or measure the checkpoint again"
    );
    let last_bit = number(|m| m.layers[2].entropy.value = 0.9f64.next_up());
    let error = conflict(part(0), last_bit);
    assert!(error.contains("`entropy` in layer 2 is 0.9 in one.json and 0.9000000000000001 in"), "{error}");
    assert!(
        conflict(number(|m| m.loss = Some(0.0)), number(|m| m.loss = Some(-0.0)))
            .contains("is 0 in one.json and -0 in")
    );
    let error = conflict(
        part(0),
        number(|m| (m.loss, m.temperature, m.layers[0].entropy.value) = (Some(1.0), 2.0, 3.0)),
    );
    assert!(error.contains("and so do 2 more of its values"), "{error}");
    let lacking = number(|m| m.layers[1].entropy.spread = None);
    let error = conflict(part(0), lacking);
    assert!(error.contains("`spread` in layer 1 is 0.03 in one.json and none in parts/two.csv"), "{error}");
    assert!(
        conflict(part(0), number(|m| m.positions = 7))
            .contains("its `positions` is 160 in one.json and 7 in")
    );
    let error = conflict(part(0), changed(|checkpoint| checkpoint.step = Some(8)));
    assert!(error.contains("its `step` is 7 in one.json and 8 in parts/two.csv"), "{error}");
    // All of them are counted.
    let mut other = results();
    (0..2).for_each(|index| numbers(&mut other, index).loss = Some(1.0));
    assert!(conflict(results(), other).contains("(and so for 1 more)"));
}

#[test]
fn two_runs_of_one_name_are_said_to_be_two() {
    let of_model = |weights: &str, path: &str, documents| {
        let mut results = on(documents);
        numbers(&mut results, 0).weights = Some(weights.to_owned());
        checkpoints(&mut results)[0].path = path.into();
        results
    };
    // However many documents either rests on.
    for documents in [16, 64] {
        assert_eq!(
            conflict(of_model("aa", "/x/a run/step7", 16), of_model("bb", "/y/a run/step7", documents)),
            "these results conflict: checkpoint `a run/step7` is of two models: of weights aa at /x/a run/step7 in one.json, \
             of weights bb at /y/a run/step7 in parts/two.csv; keep the runs in files of their own, or measure them in \
             one command, which names them apart"
        );
    }
    let mut text = on(16);
    numbers(&mut text, 0).sample = Some("of another text".to_owned());
    let error = conflict(on(16), text);
    assert!(error.contains("two samples: of 16 in one.json, of another text in parts/two.csv"), "{error}");
    assert!(error.contains("give each text a file name of its own"), "{error}");
}

/// One of few checkpoints, measured or failed in one of few ways.
fn few() -> impl Strategy<Value = Results> {
    let one = (0..2usize, 0..3usize, 0..2usize, 0..3usize, 0..8usize, any::<bool>(), any::<bool>());
    let one = one.prop_map(|(run, name, points, documents, other, hashes, machine)| {
        let (run, name) = (["a", "b"][run], ["step1", "step10", "main"][name]);
        let mut results = of(vec![match documents {
            0 => checkpoint(run, name, Outcome::Failed { error: format!("cause {machine}") }),
            _ => measured(run, name),
        }]);
        results.conditions[0].condition.settings.points = [50, 100][points];
        let result = &mut checkpoints(&mut results)[0];
        result.provenance.device = format!("machine {machine}");
        result.path = format!("/{machine}/{run}/{name}").into();
        if let Outcome::Measured(numbers) = &mut result.outcome {
            numbers.convergence.last_mut().unwrap().documents = [4, 16, 64][documents];
            numbers.sample = hashes.then(|| format!("of {documents}"));
            if !hashes {
                numbers.weights = None;
            }
            // Seldom, numbers that cannot both be right.
            numbers.loss = Some(if other == 0 { 1.0 } else { 2.0 });
        }
        results
    });
    prop::collection::vec(one, 0..5).prop_map(|parts| Results {
        conditions: parts.into_iter().flat_map(|part| part.conditions).collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_a_union(a in few(), b in few(), c in few()) {
        let merge = |a: &Results, b: &Results| a.clone().merge(b.clone());
        let all = |parts: [&Results; 3]| union(parts.map(|part| (None, part.clone())).into());
        let whole = all([&a, &b, &c]);
        // In whatever order, it is the same or a conflict.
        for parts in [[&a, &c, &b], [&b, &a, &c], [&c, &b, &a]] {
            prop_assert_eq!(all(parts).ok(), whole.clone().ok());
        }
        prop_assert_eq!(merge(&a, &b).ok(), merge(&b, &a).ok());
        // However the parts are taken together, as far as none of these are in conflict.
        if let (Ok(ab), Ok(bc)) = (merge(&a, &b), merge(&b, &c)) {
            prop_assert_eq!(merge(&ab, &c).ok(), merge(&a, &bc).ok());
            if let Ok(merged) = merge(&ab, &c) {
                prop_assert_eq!(whole.as_ref().ok(), Some(&merged));
            }
        }
        if let Ok(whole) = whole {
            prop_assert_eq!(&merge(&whole, &whole).unwrap(), &whole);
            prop_assert_eq!(&merge(&whole, &a).unwrap(), &whole);
            if !whole.conditions.is_empty() {
                for bytes in encodings(&whole) {
                    prop_assert_eq!(&read(&bytes).unwrap(), &whole);
                }
            }
        }
    }
}
