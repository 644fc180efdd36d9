//! The worker by its messages: order of answers, reuse of scores, stopping, failures.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use infoplane::condition::Condition;
use infoplane::engine::{self, Command, Event, Quality, Want};
use infoplane::measures::Order;
use infoplane::settings::{Backend, Settings};

pub use super::driver::run_of;
use super::driver::{Driver, every_quality, failures, last_numbers, on, on_books};
use super::support::{PATIENCE, asset};

fn settings(samples: usize) -> Settings {
    Settings { samples, context: 64, backend: Backend::Cpu, ..Settings::default() }
}

fn open(path: &Path) -> Driver {
    Driver::open(path, engine::Options::default())
}

/// Run, checkpoint, documents and complexity of all numbers without null and spread, in the order emitted.
fn measured(driver: &Driver, events: &[Event]) -> Vec<(usize, usize, usize, f64)> {
    let plain = events.iter().filter_map(|event| match event {
        Event::Measured { checkpoint, measurement, documents, quality, .. } => {
            let (run, checkpoint) = driver.place(*checkpoint);
            let complexity = measurement.mean.complexity(Order::Token).unwrap();
            let plain = *quality < Quality::Honest && complexity.null.is_none();
            plain.then_some((run, checkpoint, *documents, complexity.value))
        }
        _ => None,
    });
    plain.collect()
}

/// Checkpoint and documents of numbers without null and spread, in the order emitted.
fn order(driver: &Driver, events: &[Event]) -> Vec<(usize, usize)> {
    measured(driver, events).iter().map(|found| (found.1, found.2)).collect()
}

/// The conditions that events are of, by their temperature factors.
fn factors(events: &[Event]) -> BTreeSet<String> {
    let of = |event: &Event| match event {
        Event::Prepared { condition, .. }
        | Event::Progress { condition, .. }
        | Event::Measured { condition, .. }
        | Event::CheckpointFailed { condition, .. } => {
            Some(condition.settings.temperature_factor.to_string())
        }
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn a_first_estimate_of_all_comes_before_the_full_ones() {
    let folder = tempfile::tempdir().unwrap();
    let driver = open(&run_of(folder.path(), &["step0", "step64", "step2000"]));
    driver.want(driver.window(&on_books(&settings(40)), Some((0, 1))));
    let events = driver.until_idle();
    assert_eq!(order(&driver, &events), [(1, 16), (0, 16), (2, 16), (1, 40), (0, 40), (2, 40)]);
    let qualities = events.iter().filter_map(|event| match event {
        Event::Measured { quality, .. } => Some(*quality),
        _ => None,
    });
    // The spread is measured at once: its scores are not kept.
    let full = [Quality::Complete, Quality::Honest].repeat(3);
    assert_eq!(qualities.collect::<Vec<_>>(), [vec![Quality::Preview; 3], full].concat());
    let prepared =
        events.iter().filter(|event| matches!(event, Event::Prepared { documents: 40, .. })).count();
    assert_eq!(prepared, 1);
}

#[test]
fn only_what_is_wanted_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let driver = open(&run_of(folder.path(), &["step0", "step64", "step2000"]));
    let condition = on_books(&settings(40));
    let want = |checkpoint, quality| Want {
        checkpoint: driver.runs.key(0, checkpoint).unwrap(),
        condition: Arc::clone(&condition),
        quality,
    };
    driver.want(vec![want(2, Quality::Complete), want(0, Quality::Preview)]);
    let events = driver.until_idle();
    assert_eq!(order(&driver, &events), [(2, 16), (2, 40), (0, 16)]);
    // What was emitted is not emitted again, whatever comes beside it; what vanished and came back is.
    driver.want(vec![want(0, Quality::Preview), want(2, Quality::Complete), want(1, Quality::Preview)]);
    assert_eq!(order(&driver, &driver.until_idle()), [(1, 16)]);
    driver.want(vec![want(2, Quality::Honest)]);
    let events = driver.until_idle();
    assert!(order(&driver, &events).is_empty());
    assert!(events.iter().any(|event| matches!(event, Event::Measured { quality: Quality::Honest, .. })));
    driver.want(vec![want(0, Quality::Preview)]);
    assert_eq!(order(&driver, &driver.until_idle()), [(0, 16)]);
    driver.want(Vec::new());
    assert!(matches!(driver.until_idle()[..], [Event::Idle { .. }]));
}

#[test]
fn shuffled_labels_are_measured_last_and_for_every_condition() {
    let folder = tempfile::tempdir().unwrap();
    let driver = open(&run_of(folder.path(), &["step0", "step2000"]));
    for factor in 1..=2 {
        let settings = Settings { temperature_factor: f64::from(factor), ..settings(20) };
        driver.want(driver.window(&on_books(&settings), Some((0, 1))));
        let events = driver.until_idle();
        let nulls: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Measured { checkpoint, measurement, quality: Quality::Honest, .. } => {
                    let complexity = |order| *measurement.mean.complexity(order).unwrap();
                    let (token, quadgram) = (complexity(Order::Token), complexity(Order::Quadgram));
                    token.null.map(|null| (driver.place(*checkpoint).1, null, token, quadgram))
                }
                _ => None,
            })
            .collect();
        assert_eq!(nulls.iter().map(|null| null.0).collect::<Vec<_>>(), [1, 0]);
        for (_, null, token, quadgram) in nulls {
            // Labels dealt out at random tell something of a sample this small, but less than the true ones.
            assert!(null > 0.0 && null < token.value, "{null} {}", token.value);
            // Nearly every quadgram occurs once, so who carries it hardly matters.
            assert!(quadgram.singletons.unwrap() > 0.8 && token.singletons.unwrap() < 0.5);
            assert!((quadgram.null.unwrap() - quadgram.value).abs() < 0.1 * quadgram.value);
        }
    }
}

#[test]
fn other_questions_are_answered_without_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step64", "step2000"]);
    let driver = open(&run);
    let usual = on_books(&settings(16));
    let first = measured(&driver, &driver.ask(&usual));
    // With the weights gone only what is kept can answer.
    std::fs::remove_file(run.join("step64/model.safetensors")).unwrap();
    std::fs::remove_file(run.join("step2000/model.safetensors")).unwrap();
    let warmer = Settings { temperature_factor: 2.0, points: 50, ..settings(16) };
    driver.want(driver.window(&on_books(&warmer), Some((0, 1))));
    let second = measured(&driver, &driver.until_idle());
    assert_eq!(second.iter().map(|m| m.1).collect::<Vec<_>>(), [1, 0]);
    assert!(second.iter().all(|m| (m.3 - first[0].3).abs() > 1e-3));
    // And back again to the same numbers.
    assert_eq!(measured(&driver, &driver.ask(&usual)), first);
}

#[test]
fn several_conditions_are_measured_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step64", "step2000"]);
    let alone = |condition: &Arc<Condition>| {
        let driver = open(&run);
        measured(&driver, &driver.ask(condition)).into_iter().filter(|m| m.2 == 20).collect::<Vec<_>>()
    };
    // The second queries the scores of the first, of more points and seeds; the third has its own.
    let conditions = [
        settings(20),
        Settings { points: 150, reference_seeds: 4, ..settings(20) },
        Settings { context: 32, ..settings(20) },
    ]
    .map(|settings| on_books(&settings));
    let driver = open(&run);
    let keys: Vec<_> = driver.runs.keys().collect();
    let wants = |conditions: &[Arc<Condition>]| -> Vec<Want> {
        conditions.iter().flat_map(|condition| every_quality(&keys, condition)).collect()
    };
    driver.want(wants(&conditions));
    let events = driver.until_idle();
    for condition in &conditions {
        let own: Vec<Event> = events
            .iter()
            .filter(|event| matches!(event, Event::Measured { condition: of, .. } if of == condition))
            .cloned()
            .collect();
        let complete: Vec<_> = measured(&driver, &own).into_iter().filter(|m| m.2 == 20).collect();
        assert_eq!(complete, alone(condition), "{:?}", condition.settings);
        let honest = |event: &&Event| matches!(event, Event::Measured { quality: Quality::Honest, .. });
        assert_eq!(own.iter().filter(honest).count(), 2);
    }
    // To leave one and come back to it takes neither model nor text.
    driver.want(wants(&conditions[..1]));
    assert!(measured(&driver, &driver.until_idle()).is_empty());
    for step in ["step64", "step2000"] {
        std::fs::remove_file(run.join(step).join("model.safetensors")).unwrap();
    }
    driver.want(wants(&conditions));
    let again = measured(&driver, &driver.until_idle());
    let expected = [alone_of(&events, &driver, &conditions[1]), alone_of(&events, &driver, &conditions[2])];
    assert_eq!(again, expected.concat());
}

/// The complete numbers of a condition.
fn alone_of(
    events: &[Event],
    driver: &Driver,
    condition: &Arc<Condition>,
) -> Vec<(usize, usize, usize, f64)> {
    let own = events.iter().filter(|event| {
        matches!(event, Event::Measured { condition: of, quality: Quality::Complete, .. } if of == condition)
    });
    measured(driver, &own.cloned().collect::<Vec<_>>())
}

#[test]
fn a_damaged_checkpoint_fails_alone_once_a_condition_and_again_when_it_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    let weights = run.join("step64/model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let driver = open(&run);
    let condition = on_books(&settings(16));
    let check = |events: &[Event], measured_too: usize| {
        assert_eq!(measured(&driver, events).len(), measured_too);
        let failures = failures(&driver, events);
        assert_eq!(failures.len(), 1);
        assert!(failures[0].0 == 1 && failures[0].2.contains("step64/model.safetensors"), "{failures:?}");
    };
    check(&driver.ask(&condition), 2);
    // Still wanted, it is not tried again of itself.
    assert!(matches!(driver.ask(&condition)[..], [Event::Idle { .. }]));
    driver.commands.send(Command::Retry).unwrap();
    check(&driver.until_idle(), 0);
    check(&driver.ask(&on_books(&Settings { temperature_factor: 2.0, ..settings(16) })), 2);
    // Mended, it is measured.
    std::fs::write(&weights, &bytes).unwrap();
    driver.commands.send(Command::Retry).unwrap();
    let events = driver.until_idle();
    assert!(failures(&driver, &events).is_empty());
    assert_eq!(order(&driver, &events), [(1, 16)]);
}

#[test]
fn stopping_waits_for_one_batch_through_one_layer_at_most() {
    let folder = tempfile::tempdir().unwrap();
    // Emitting every step, the worker cannot take one unseen.
    let options = engine::Options { progress_every: Duration::ZERO, ..Default::default() };
    let driver = Driver::stepwise(&run_of(folder.path(), &["step0", "step64", "step2000"]), options);
    driver.want(driver.window(&on_books(&settings(40)), None));
    driver.step();
    let midway =
        |event: &Event| matches!(event, Event::Progress { checkpoint_share, .. } if *checkpoint_share < 1.0);
    driver.until(midway);
    driver.want(Vec::new());
    driver.step();
    let next = driver.next();
    assert!(matches!(next, Event::Idle { .. }), "{next:?}");
}

#[cfg(unix)]
#[test]
fn stopping_does_not_wait_for_text_to_be_encoded() {
    // As much text as anyone cares to read, and more documents wanted than there could be.
    const MOST: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let driver = open(&run_of(folder.path(), &["step0"]));
    let corpus = folder.path().join("endless.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&corpus).status().unwrap();
    assert!(made.success());
    driver.want(driver.all(&on(&corpus, &Settings { context: 512, ..settings(1_000_000_000) })));
    let (read, being_read) = bounded(MOST);
    let author = std::thread::Builder::new().name("author".to_owned());
    let author = author.spawn(move || {
        let books = std::fs::read(asset("demo/books-sample.jsonl")).unwrap();
        let mut pipe = std::fs::File::options().write(true).open(corpus).unwrap();
        // Waits for ever once nobody reads any more: what is left of a pipe is kept for the next reader.
        (0..MOST).take_while(|_| pipe.write_all(&books).is_ok() && read.send(()).is_ok()).count()
    });
    author.unwrap();
    // A pipe holds little: by now most of this is encoded, and it goes on.
    for _ in 0..2 {
        being_read.recv_timeout(PATIENCE).expect("the text is read");
    }
    driver.want(Vec::new());
    let events = driver.until_idle();
    assert!(!events.iter().any(|event| matches!(event, Event::Prepared { .. })), "all of it was encoded");
    assert!(2 + being_read.len() < MOST);
    // What was broken off is not taken for a failure of the text.
    assert_eq!(measured(&driver, &driver.ask(&on_books(&settings(16)))).len(), 1);
}

#[test]
fn the_newest_wants_count() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let mut driver = Driver::stepwise(&run, engine::Options::default());
    let ask = |driver: &Driver, tenths: u32| {
        let settings = Settings { temperature_factor: f64::from(tenths) / 10.0, ..settings(16) };
        driver.want(driver.window(&on_books(&settings), None));
    };
    // All of them wait before the worker looks at the first.
    (1..=12).for_each(|tenths| ask(&driver, tenths));
    driver.step();
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Measured { .. })) {
        events.push(driver.next());
        if !matches!(events.last(), Some(Event::Measured { .. })) {
            driver.step();
        }
    }
    assert_eq!(factors(&events), ["1.2".to_owned()].into());
    // In the middle of the work for one, the last of the others is the next.
    (13..=20).for_each(|tenths| ask(&driver, tenths));
    driver.run();
    let events = driver.until_idle();
    let answered: BTreeSet<String> = factors(&events).into_iter().filter(|of| of != "1.2").collect();
    assert_eq!(answered, ["2".to_owned()].into());
    let stale = |event: &&Event| matches!(event, Event::Measured { condition, .. } if condition.settings.temperature_factor == 1.2);
    assert_eq!(events.iter().filter(stale).count(), 0, "what was superseded went on");
    assert_eq!(measured(&driver, &events).len(), 2);
}

/// Everything emitted from an event on, `at` which that is wanted first.
fn reordered(
    path: &Path,
    at: impl Fn(&Event) -> bool,
    wants: impl Fn(&Driver) -> Vec<Want>,
) -> (Driver, Vec<Event>) {
    let options = engine::Options { progress_every: Duration::ZERO, ..Default::default() };
    let driver = Driver::stepwise(path, options);
    driver.want(driver.window(&on_books(&settings(40)), None));
    driver.step();
    let mut events = vec![driver.until(at)];
    driver.want(wants(&driver));
    driver.step();
    events.extend(driver.until_idle());
    (driver, events)
}

#[test]
fn what_comes_on_screen_is_measured_next() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step512", "step2000"]);
    let last_first = |driver: &Driver| driver.window(&on_books(&settings(40)), Some((0, 3)));
    let first = |event: &Event| matches!(event, Event::Measured { .. });
    let (driver, events) = reordered(&run, first, last_first);
    let expected = [(0, 16), (3, 16), (1, 16), (2, 16), (3, 40), (0, 40), (1, 40), (2, 40)];
    assert_eq!(order(&driver, &events), expected);
    // A model at work comes to the end of its stage.
    let at_work =
        |event: &Event| matches!(event, Event::Progress { checkpoint_share, .. } if *checkpoint_share < 1.0);
    let (driver, events) = reordered(&run, at_work, last_first);
    let order: Vec<usize> = order(&driver, &events).iter().map(|m| m.0).collect();
    assert_eq!(order, [0, 3, 1, 2, 3, 0, 1, 2]);
}

#[test]
fn hidden_runs_are_measured_last() {
    let folder = tempfile::tempdir().unwrap();
    // Of other weights: what both runs have is scored once.
    let earlier = run_of(folder.path(), &["step64", "step512"]);
    std::fs::rename(earlier, folder.path().join("a run before it")).unwrap();
    run_of(folder.path(), &["step0", "step2000"]);
    let first = |event: &Event| matches!(event, Event::Measured { .. });
    let hidden_last = |driver: &Driver| {
        let condition = on_books(&settings(40));
        let [hidden, shown] =
            [0, 1].map(|run: usize| every_quality(driver.runs.runs()[run].keys(), &condition));
        [shown, hidden].concat()
    };
    let (driver, events) = reordered(folder.path(), first, hidden_last);
    let order: Vec<_> = measured(&driver, &events).iter().map(|m| (m.0, m.1, m.2)).collect();
    let last = [(0, 1, 16), (0, 0, 40), (0, 1, 40)];
    assert_eq!(order, [&[(0, 0, 16), (1, 0, 16), (1, 1, 16), (1, 0, 40), (1, 1, 40)], &last[..]].concat());
}

#[test]
fn text_that_cannot_be_read_fails_its_condition_alone() {
    let folder = tempfile::tempdir().unwrap();
    let driver = open(&run_of(folder.path(), &["step0", "step2000"]));
    let missing = folder.path().join("missing.jsonl");
    let [bad, good] = [on(&missing, &settings(16)), on_books(&settings(16))];
    driver.want([driver.window(&bad, None), driver.window(&good, None)].concat());
    let events = driver.until_idle();
    let failed = events.iter().filter_map(|event| match event {
        Event::ConditionFailed { condition, error } => Some((condition, error.to_string())),
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    assert!(
        matches!(&failed[..], [(of, error)] if **of == bad && error.contains("missing.jsonl")),
        "{failed:?}"
    );
    assert_eq!(measured(&driver, &events).len(), 2);
    // Once it is there it can be read.
    std::fs::copy(asset("demo/books-sample.jsonl"), &missing).unwrap();
    driver.commands.send(Command::Retry).unwrap();
    let again = driver.until_idle();
    let of_bad = |event: &&Event| matches!(event, Event::Measured { condition, .. } if *condition == bad);
    let of_bad: Vec<Event> = again.iter().filter(of_bad).cloned().collect();
    assert_eq!((measured(&driver, &of_bad).len(), last_numbers(&driver, &of_bad).len()), (2, 2));
}

#[test]
fn a_folder_without_models_is_an_error_and_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let driver = open(&run_of(folder.path(), &["step0"]));
    let empty = tempfile::tempdir().unwrap();
    driver.commands.send(Command::Open { paths: vec![empty.path().to_owned()] }).unwrap();
    assert!(matches!(driver.next(), Event::OpenFailed { .. }));
    // What was open stays open.
    assert_eq!(measured(&driver, &driver.ask(&on_books(&settings(16)))).len(), 1);
    let other = run_of(empty.path(), &["step64"]);
    driver.commands.send(Command::Open { paths: vec![other.clone()] }).unwrap();
    assert!(matches!(driver.next(), Event::Opened { runs } if runs.runs()[0].run.path == other));
}

#[test]
fn wants_of_checkpoints_that_are_not_open_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let driver = open(&run);
    let all = driver.all(&on_books(&settings(16)));
    std::fs::remove_dir_all(run.join("step64")).unwrap();
    driver.commands.send(Command::Open { paths: vec![run] }).unwrap();
    driver.until(|event| matches!(event, Event::Opened { .. }));
    driver.want(all);
    let events = driver.until_idle();
    assert_eq!(order(&driver, &events), [(0, 16)]);
    assert!(failures(&driver, &events).is_empty());
}
