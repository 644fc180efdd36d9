//! What is asked of scores: minimum count, parts of the sample, seeds, tolerance, and a slider that keeps moving.

use std::collections::{BTreeMap, BTreeSet};

use infoplane::device::Compute;
use infoplane::engine::{self, Event};
use infoplane::estimator::{Binning, ReferencePoints, SampleLabels, Statistics, unit_rows};
use infoplane::labels::sentence;
use infoplane::labels::{LabelSet, Labels, Levels};
use infoplane::measures::{Label, Order};
use infoplane::results::Measurement;
use infoplane::settings::{Backend, Settings};
use infoplane::store::{Store, StoreScores};

use super::driver::{Driver, answers, failures, headless, on_books, run_of};
use super::support::{devices, layer_statistics};

const POINTS: usize = 37;
const WIDTH: usize = 12;
const EPSILON: f64 = 0.1;

const ORDER: usize = 3;

/// Labels of every kind at that many positions: some seen hundreds of times, some a few times, many once.
fn labels(positions: usize) -> Labels {
    let token = |i: usize| match i % 7 {
        0..=3 => 0,
        4 => 1 + (i * i / 7 % 11) as u32,
        5 => 20 + (i / 21) as u32,
        _ => 1000 + i as u32,
    };
    Labels::new(&[(0..positions + 2 * ORDER - 1).map(token).collect()], ORDER)
}

#[test]
fn a_sentence_counts_its_labels_as_the_estimate_does() {
    let document = |start: u32| (0..40 + start).map(|i| (i * i + start) % 7).collect::<Vec<u32>>();
    let documents: Vec<Vec<u32>> = [0, 3, 5].map(document).into_iter().chain([vec![1; 4], vec![]]).collect();
    for widest in Order::ALL {
        let labels = Labels::new(&documents, widest.number());
        let sentence = sentence::of(&documents, |id| id.to_string(), 1, widest).unwrap();
        assert_eq!(sentence.positions(), labels.positions());
        let first = labels.document_offsets[1];
        assert_eq!(sentence.labelled().count(), labels.document_offsets[2] - first);
        for label in widest.and_below().flat_map(|order| [Label::Input(order), Label::Output(order)]) {
            let set = labels.set(&label).unwrap();
            let (ids, counts) = (set.ids(), set.counts().collect::<Vec<_>>());
            for (index, position) in sentence.labelled().enumerate() {
                let expected = counts[ids[first + index] as usize];
                assert_eq!(sentence.count(&label, position), Some(expected), "{label} {position}");
            }
        }
    }
}

/// 𝓗 over the positions kept, Σ p(x) H(Z|x), Σ H(Z|x) / |X|, positions kept and labels seen once, in f64.
fn by_definition(bins: &[Vec<f64>], ids: &[u32], min_count: usize) -> (f64, f64, f64, usize, usize) {
    let entropy = |rows: &[usize]| {
        let mean = |point: usize| rows.iter().map(|&row| bins[row][point]).sum::<f64>() / rows.len() as f64;
        (0..POINTS).map(mean).map(|mass| if mass > 0.0 { -mass * mass.ln() } else { 0.0 }).sum::<f64>()
    };
    let mut groups: BTreeMap<u32, Vec<usize>> = Default::default();
    ids.iter().enumerate().for_each(|(row, &id)| groups.entry(id).or_default().push(row));
    let once = groups.values().filter(|rows| rows.len() == 1).count();
    groups.retain(|_, rows| rows.len() >= min_count);
    let kept: Vec<usize> = groups.values().flatten().copied().collect();
    let expectation = groups.values().map(|rows| rows.len() as f64 * entropy(rows)).sum::<f64>();
    let mean = groups.values().map(|rows| entropy(rows)).sum::<f64>() / groups.len() as f64;
    (entropy(&kept), expectation / kept.len() as f64, mean, kept.len(), once)
}

fn ask(
    compute: &Compute,
    states: &[f32],
    labels: &[Levels],
    ends: &[usize],
    min_count: u32,
) -> Vec<Statistics> {
    let reference = ReferencePoints::new(0, POINTS, WIDTH);
    let binning = Binning { points: POINTS, temperature: EPSILON };
    layer_statistics(
        compute,
        (states, WIDTH),
        reference,
        SampleLabels::of_trees(labels),
        ends,
        (binning, min_count),
    )
}

#[test]
fn counts_and_parts_are_those_of_the_definition() {
    let positions = 1500;
    let states: Vec<f32> = unit_rows(9, positions, WIDTH).iter().map(|&x| x as f32).collect();
    let points = ReferencePoints::new(0, POINTS, WIDTH).rows;
    let bins: Vec<Vec<f64>> = states
        .chunks(WIDTH)
        .map(|state| {
            let dot = |point: &[f32]| {
                point.iter().zip(state).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
            };
            let weights: Vec<f64> = points.chunks(WIDTH).map(|point| (dot(point) / EPSILON).exp()).collect();
            let total: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / total).collect()
        })
        .collect();
    let labels = labels(positions);
    let sets: Vec<_> = labels.trees.iter().flat_map(|Levels(levels)| levels).collect();
    let sets: Vec<_> = sets.into_iter().map(|(label, set)| (label, set.ids())).collect();
    let ends = [40, 601, positions];
    for (backend, compute) in devices() {
        for min_count in [1, 2, 5] {
            let found = ask(&compute, &states, &labels.trees, &ends, min_count);
            for (statistics, end) in found.iter().zip(ends) {
                assert_eq!(statistics.sets.len(), 2 * ORDER);
                for ((of, set), (label, ids)) in statistics.sets.iter().zip(&sets) {
                    assert_eq!(of, *label);
                    let expected = by_definition(&bins[..end], &ids[..end], min_count as usize);
                    let what = format!("{backend:?}, {label}, {end} positions, at least {min_count}");
                    assert_eq!((set.kept, set.singletons), (expected.3, expected.4), "{what}");
                    for (actual, expected) in
                        [(set.entropy, expected.0), (set.expectation, expected.1), (set.mean, expected.2)]
                    {
                        // Where no label is kept there is nothing to be the mean of.
                        let same = (actual - expected).abs() < 1e-5 || (set.kept == 0 && expected.is_nan());
                        assert!(same, "{what}: {actual} for {expected}");
                    }
                }
                let whole = by_definition(&bins[..end], &sets[0].1[..end], 1).0;
                assert!((statistics.entropy - whole).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn a_tree_more_leaves_what_the_others_give() {
    let positions = 900;
    let states: Vec<f32> = unit_rows(4, positions, WIDTH).iter().map(|&x| x as f32).collect();
    let labels = labels(positions);
    let ids: Vec<u32> = (0..positions as u32).map(|position| position / 7 % 11).collect();
    // What the third tree's labels are called is nothing to the estimator.
    let third = Levels(vec![(Label::Output(Order::Quadgram), LabelSet::from_ids(&ids))]);
    let ends = [300, positions];
    for (backend, compute) in devices() {
        for min_count in [1, 2] {
            let ask = |trees: &[Levels]| ask(&compute, &states, trees, &ends, min_count);
            let [both, alone] = [ask(&labels.trees), ask(std::slice::from_ref(&third))];
            let all = ask(&[&labels.trees[..], std::slice::from_ref(&third)].concat());
            for ((all, both), alone) in all.iter().zip(&both).zip(&alone) {
                assert_eq!(all.sets, [&both.sets[..], &alone.sets].concat(), "{backend:?}");
                assert_eq!(all.entropy, both.entropy, "{backend:?}");
                assert!((all.entropy - alone.entropy).abs() < 1e-6, "{backend:?}");
                assert!(alone.sets[0].1.expectation < alone.entropy, "{backend:?}");
            }
        }
    }
}

#[test]
fn a_sample_where_nothing_occurs_twice_has_its_measures_too() {
    let positions = 40;
    let states: Vec<f32> = unit_rows(2, positions, WIDTH).iter().map(|&x| x as f32).collect();
    let labels = Labels::new(&[(0..positions as u32 + 3).collect()], 2);
    assert_eq!(labels.positions(), positions);
    for (backend, compute) in devices() {
        let found = ask(&compute, &states, &labels.trees, &[positions], 1).remove(0);
        for (_, set) in &found.sets {
            assert_eq!((set.kept, set.singletons), (positions, positions), "{backend:?}");
            assert!((set.expectation - set.mean).abs() < 1e-9 && set.expectation < found.entropy);
        }
        let none = ask(&compute, &states, &labels.trees, &[positions], 2).remove(0);
        assert!(none.sets.iter().all(|(_, set)| set.kept == 0 && set.singletons == positions), "{backend:?}");
    }
}

#[test]
fn chunks_change_no_bit() {
    let positions = 5000;
    let states: Vec<f32> = unit_rows(3, positions, WIDTH).iter().map(|&x| x as f32).collect();
    let labels = labels(positions);
    let last = |ends: &[usize]| ask(&Compute::Cpu, &states, &labels.trees, ends, 2).pop().unwrap();
    let one = last(&[positions]);
    assert_eq!(one, last(&[7, 100, 2049, 4097, positions]));
    let narrow = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one, narrow.install(|| last(&[positions])));
}

/// A window, or what measures without one.
fn options(live: bool) -> engine::Options {
    engine::Options { live, ..engine::Options::default() }
}

/// The numbers of the only checkpoint under some settings.
fn measured(settings: &Settings, live: bool) -> Measurement {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step2000"]), options(live));
    driver.want(driver.all(&on_books(settings)));
    (*answers(&driver.until_idle()).pop_first().expect("it was measured").1).clone()
}

/// The numbers of all checkpoints of a run, in the order of training.
fn all_of(driver: &Driver, settings: &Settings) -> Vec<Measurement> {
    let found = answers(&driver.ask(&on_books(settings)));
    let of = |key| found.get(&key).map(|measurement| (**measurement).clone());
    driver.runs.keys().filter_map(of).collect()
}

fn settings(samples: usize) -> Settings {
    Settings { samples, context: 64, points: 50, backend: Backend::Cpu, ..Settings::default() }
}

#[test]
fn convergence_is_what_fewer_documents_give() {
    let all = measured(&settings(64), false);
    let documents: Vec<usize> = all.convergence.iter().map(|estimate| estimate.documents).collect();
    assert_eq!(documents, [16, 64]);
    for estimate in &all.convergence {
        let part = measured(&settings(estimate.documents), false);
        assert_eq!(part.positions, estimate.positions);
        assert!(part.mean.information.keys().eq(estimate.information.keys()));
        for (label, information) in &part.mean.information {
            let deviation = information.value - estimate.information[label];
            assert!(deviation.abs() < 1e-6, "{label}: {deviation}");
        }
    }
    assert!(all.last_change().unwrap() > 0.0);
}

#[test]
fn the_spread_is_that_of_separate_measurements() {
    let several = Settings { reference_seeds: 3, seed: 5, ..settings(20) };
    let together = measured(&several, false);
    let values: Vec<f64> = (5..8)
        .map(|seed| {
            let one = measured(&Settings { reference_seeds: 1, seed, ..settings(20) }, false);
            assert_eq!(one.mean.entropy.spread, None);
            one.mean.expressivity(Order::Bigram).unwrap().value
        })
        .collect();
    let bigram = together.mean.expressivity(Order::Bigram).unwrap();
    assert!((bigram.value - values[0]).abs() < 1e-7);
    let mean = values.iter().sum::<f64>() / 3.0;
    let expected = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    assert!(expected > 1e-5 && (bigram.spread.unwrap() - expected).abs() < 1e-7);
}

#[test]
fn a_tolerance_ends_a_checkpoint_early() {
    let documents = |measurement: &Measurement| measurement.documents().unwrap();
    for live in [true, false] {
        let loose = Settings { tolerance: 1.0, ..settings(200) };
        let measurement = measured(&loose, live);
        // The first estimate has nothing to be compared with; the second settles it.
        assert_eq!(documents(&measurement), 64);
        assert!(measurement.mean.complexity(Order::Token).unwrap().null.is_some());
        assert_eq!(documents(&measured(&Settings { tolerance: 1e-9, ..loose }, live)), 200);
    }
}

#[test]
fn a_tolerance_is_met_by_the_same_documents_whatever_is_at_hand() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step2000"]), options(true));
    all_of(&driver, &settings(200));
    // All of the sample is scored.
    let loose = Settings { tolerance: 1.0, ..settings(200) };
    assert_eq!(all_of(&driver, &loose), [measured(&loose, true)]);
}

#[test]
fn too_large_a_minimum_count_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step2000"]), headless());
    driver.want(driver.all(&on_books(&Settings { min_count: 1_000_000, ..settings(8) })));
    // Of this checkpoint: another's tokenizer may reach it.
    let failed = failures(&driver, &driver.until_idle());
    assert!(matches!(&failed[..], [(0, _, said)] if said.contains("--min-count")), "{failed:?}");
}

#[test]
fn what_has_no_room_in_memory_is_asked_of_the_store() {
    // One seed: what further ones were scored for is not kept.
    let one = Settings { reference_seeds: 1, ..settings(60) };
    let other = Settings { temperature_factor: 1.3, points: 70, min_count: 2, ..one.clone() };
    let expected = measured(&other, true);
    // 3 hidden states, one seed and 128 points: some 5 MB a checkpoint. None has room, then one, though at first
    // estimates both would.
    for (kept, stored) in [(0, 2), (8_000_000, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let run = run_of(folder.path(), &["step64", "step2000"]);
        let store = Store::open(&folder.path().join("store"), Some(1 << 30)).unwrap();
        let options = engine::Options { kept: Some(kept), store: Some(store), ..Default::default() };
        let driver = Driver::open(&run, options);
        assert_eq!(all_of(&driver, &one).len(), 2);
        let entries = std::fs::read_dir(folder.path().join("store/scores")).unwrap();
        assert_eq!(entries.count(), stored);
        // Without weights nothing can be scored again.
        for step in ["step64", "step2000"] {
            std::fs::remove_file(run.join(step).join("model.safetensors")).unwrap();
        }
        let found = all_of(&driver, &other);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], expected);
    }
}

#[test]
fn where_there_is_room_for_one_checkpoint_all_are_measured() {
    let other = Settings { temperature_factor: 1.3, ..settings(60) };
    let expected = measured(&other, true);
    for (kept, store_size) in [(0, 8_000_000), (8_000_000, 1000)] {
        let folder = tempfile::tempdir().unwrap();
        let run = run_of(folder.path(), &["step64", "step512", "step2000"]);
        let store = Store::open(&folder.path().join("store"), Some(store_size)).unwrap();
        let options = engine::Options { kept: Some(kept), store: Some(store), ..Default::default() };
        let driver = Driver::open(&run, options);
        for settings in [&settings(60), &other] {
            let events = driver.ask(&on_books(settings));
            assert!(failures(&driver, &events).is_empty());
            let found = super::driver::last_numbers(&driver, &events);
            assert_eq!(found.len(), 3);
            // Scores that had to go are made again for null and spread.
            assert!(found.iter().all(|m| m.mean.entropy.spread.is_some()), "{settings:?}");
            if settings == &other {
                assert_eq!(found[2].convergence, expected.convergence);
            }
        }
    }
}

#[test]
fn a_window_asks_what_was_scored_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step2000"]);
    let store = Store::open(&folder.path().join("store"), Some(1 << 30)).unwrap();
    let store = store.keeping(StoreScores::Always);
    let start = |live| Driver::open(&run, engine::Options { store: Some(store.clone()), ..options(live) });
    let headless = all_of(&start(false), &settings(60));
    let journal = || {
        let entries = std::fs::read_dir(folder.path().join("store/scores")).unwrap();
        let entries = entries.map(|entry| entry.unwrap().path());
        let mut scored = entries.filter(|path| path.to_string_lossy().ends_with("-3x50"));
        let journal = std::fs::read(scored.next().unwrap().join("journal")).unwrap();
        assert!(scored.next().is_none());
        journal
    };
    let before = journal();
    let driver = start(true);
    assert_eq!(all_of(&driver, &settings(60)), headless);
    for points in [50, 30, 60] {
        // The last are more points than were scored.
        let other = Settings { temperature_factor: 1.3, points, ..settings(60) };
        assert_eq!(all_of(&driver, &other), [measured(&other, true)], "{points} points");
    }
    assert_eq!(journal(), before);
}

#[test]
fn cheap_scores_are_stored_where_memory_is_too_small_unless_never() {
    let expected = measured(&settings(60), false);
    // Without room in memory, with it, and where nothing may be stored.
    for (kept, stored, scores) in
        [(0, 1, StoreScores::Auto), (1 << 30, 0, StoreScores::Auto), (0, 0, StoreScores::Never)]
    {
        let folder = tempfile::tempdir().unwrap();
        let run = run_of(folder.path(), &["step2000"]);
        let store = Store::open(&folder.path().join("store"), Some(1 << 30)).unwrap().keeping(scores);
        let options = engine::Options { kept: Some(kept), store: Some(store.clone()), ..headless() };
        let driver = Driver::open(&run, options);
        driver.want(driver.all(&on_books(&settings(60))));
        assert_eq!(*answers(&driver.until_idle()).pop_first().unwrap().1, expected);
        let contents = store.contents();
        assert_eq!((contents.scores.len(), contents.measurements), (stored, 1), "{scores:?}, {kept}");
        let checkpoint = contents.scores.first().and_then(|scores| scores.checkpoint.as_deref());
        assert_eq!(checkpoint, (stored == 1).then_some("run/step2000"));
    }
}

#[test]
fn a_window_goes_on_with_what_was_scored_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step2000"]);
    let store = Store::open(&folder.path().join("store"), Some(1 << 30)).unwrap();
    let ask = |live| {
        let store = store.clone().keeping(StoreScores::Always);
        let driver = Driver::open(&run, engine::Options { store: Some(store), ..options(live) });
        all_of(&driver, &settings(300)).pop().unwrap()
    };
    let whole = ask(false);
    std::fs::remove_dir_all(folder.path().join("store/measurements")).unwrap();
    std::fs::create_dir(folder.path().join("store/measurements")).unwrap();
    // Of the journal the first line is left, and tells of another loss.
    let entry = std::fs::read_dir(folder.path().join("store/scores")).unwrap().next().unwrap().unwrap();
    let journal = entry.path().join("journal");
    let text = std::fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() > 1);
    let mut record: serde_json::Value = serde_json::from_str(lines[0].split_once(' ').unwrap().1).unwrap();
    record["losses"]["sum"] = (record["losses"]["sum"].as_f64().unwrap() + 1e6).into();
    let record = record.to_string();
    let sum = twox_hash::XxHash3_64::oneshot(record.as_bytes());
    let left = format!("\n{sum:016x} {record}\n");
    std::fs::write(&journal, &left).unwrap();
    let part = ask(true);
    assert!(part.loss.unwrap() > whole.loss.unwrap() + 1.0, "the first chunk was not scored again");
    assert_eq!(part.layers[1].entropy.value, whole.layers[1].entropy.value);
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), left, "the rest went to memory");
}

#[test]
fn a_slider_held_down_is_followed() {
    const LAST: u32 = 40;
    let folder = tempfile::tempdir().unwrap();
    // The worker stands still after every event until it is let go.
    let driver = Driver::stepwise(&run_of(folder.path(), &["step64", "step2000"]), options(true));
    let ask = |place: u32| {
        let settings = Settings { temperature_factor: 1.0 + f64::from(place) / 100.0, ..settings(60) };
        driver.want(driver.window(&on_books(&settings), Some((0, 0))));
    };
    let place = |factor: f64| ((factor - 1.0) * 100.0).round() as u32;
    ask(1);
    driver.step();
    driver.until_idle();
    // Faster than any answer: whenever the worker has emitted something the slider has moved on.
    let mut newest = 2;
    ask(newest);
    driver.step();
    let (mut taken_up, mut drawn) = (BTreeSet::new(), BTreeSet::new());
    loop {
        match driver.next() {
            Event::Prepared { condition, .. } => {
                let of = place(condition.settings.temperature_factor);
                assert_eq!(of, newest, "wants queue up");
                taken_up.insert(of);
            }
            Event::Measured { condition, checkpoint, .. } if driver.place(checkpoint) == (0, 0) => {
                drawn.insert(place(condition.settings.temperature_factor));
            }
            Event::CheckpointFailed { error, .. } | Event::ConditionFailed { error, .. } => panic!("{error}"),
            Event::Idle { .. } => break,
            _ => {}
        }
        assert!(taken_up.len() <= 1 + drawn.len(), "work under way is thrown away: {taken_up:?} {drawn:?}");
        if newest < LAST {
            newest += 1;
            ask(newest);
        }
        driver.step();
    }
    // The checkpoint on screen was drawn for every condition that was taken up, and all but a few of the others were
    // never begun.
    assert_eq!(taken_up, drawn);
    assert!(drawn.contains(&LAST) && drawn.len() > 3 && drawn.len() < LAST as usize / 2, "{drawn:?}");
}
