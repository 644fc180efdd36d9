//! The worker by its messages: order of answers, reuse of scores, cancelling, failures.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use infoplane::condition::TextSource;
use infoplane::engine::{self, CheckpointId, Command, Event, Focus, Request};
use infoplane::measures::Order;
use infoplane::settings::{Backend, Settings};

use super::support::{PATIENCE, asset};

/// A run of some of the small demo's checkpoints, copied so that tests may damage them.
pub fn run_of(folder: &Path, checkpoints: &[&str]) -> PathBuf {
    let run = folder.join("run");
    for name in checkpoints {
        let target = run.join(name);
        std::fs::create_dir_all(&target).unwrap();
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(asset(&format!("demo/gutenberg-200k/{name}/{file}")), target.join(file)).unwrap();
        }
    }
    std::fs::copy(asset("demo/gutenberg-200k/tokenizer.json"), run.join("tokenizer.json")).unwrap();
    run
}

/// A worker that was told to open a folder.
struct Driver {
    commands: Sender<Command>,
    events: Receiver<Event>,
    /// Lets the worker go on after an event, where it waits for that.
    go: Option<Sender<()>>,
}

impl Driver {
    fn open(path: &Path) -> Self {
        let (commands, events) = engine::spawn(engine::Options::default(), || {}).unwrap();
        commands.send(Command::Open { paths: vec![path.to_owned()] }).unwrap();
        Self { commands, events, go: None }
    }

    /// A worker that stands still after every event until it is let go: what is sent meanwhile is there when it looks,
    /// however fast or slow either side is.
    fn stepwise(path: &Path, options: engine::Options) -> Self {
        let (go, gate) = bounded(1);
        // Once nobody holds it back any more, it runs.
        let (commands, events) = engine::spawn(options, move || _ = gate.recv()).unwrap();
        commands.send(Command::Open { paths: vec![path.to_owned()] }).unwrap();
        Self { commands, events, go: Some(go) }
    }

    /// Lets the worker go on to its next event.
    fn step(&self) {
        if let Some(go) = &self.go {
            go.send(()).unwrap();
        }
    }

    /// Lets the worker run from here on.
    fn run(&mut self) {
        self.go = None;
    }

    fn measure(&self, generation: u64, settings: &Settings, focus: Option<usize>) {
        let request = Request {
            generation,
            settings: settings.clone(),
            text: TextSource::Corpus(asset("demo/books-sample.jsonl")),
            focus: focus.map(|checkpoint| CheckpointId { run: 0, checkpoint }),
            interactive: true,
        };
        self.commands.send(Command::Measure(request)).unwrap();
    }

    fn next(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("the worker answers")
    }

    /// The first event of a kind, at which a stepwise worker stands still.
    fn until(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next();
            if wanted(&event) {
                return event;
            }
            self.step();
        }
    }

    /// Everything said until a request ends.
    fn until_idle(&self, generation: u64) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.next();
            let ends = matches!(event, Event::Idle { generation: ended, .. } if ended == generation);
            events.push(event);
            if ends {
                return events;
            }
            self.step();
        }
    }
}

/// The requests that events answer.
fn generations(events: &[Event]) -> BTreeSet<u64> {
    let of = |event: &Event| match event {
        Event::Prepared { generation, .. }
        | Event::Progress { generation, .. }
        | Event::Measured { generation, .. }
        | Event::CheckpointFailed { generation, .. }
        | Event::Idle { generation, .. } => Some(*generation),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn settings(samples: usize) -> Settings {
    Settings { samples, context: 64, backend: Backend::Cpu, ..Settings::default() }
}

/// Checkpoint, documents and complexity of every measurement, in the order told; those told again with what
/// shuffled labels give are left out.
fn measured(events: &[Event]) -> Vec<(usize, usize, f64)> {
    let told = events.iter().filter_map(|event| match event {
        Event::Measured { checkpoint, measurement, documents, .. } => {
            let token = measurement.mean.complexity(Order::Token).unwrap();
            token.null.is_none().then_some((checkpoint.checkpoint, *documents, token.value))
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn a_first_estimate_of_all_comes_before_the_full_ones() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step0", "step64", "step2000"]));
    driver.measure(1, &settings(40), Some(1));
    let events = driver.until_idle(1);
    let order: Vec<(usize, usize)> = measured(&events).iter().map(|m| (m.0, m.1)).collect();
    assert_eq!(order, [(1, 16), (0, 16), (2, 16), (1, 40), (0, 40), (2, 40)]);
    let prepared =
        events.iter().filter(|event| matches!(event, Event::Prepared { documents: 40, .. })).count();
    assert_eq!(prepared, 1);
}

#[test]
fn shuffled_labels_are_measured_last_and_for_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step0", "step2000"]));
    for generation in 1..=2 {
        let settings = Settings { temperature_factor: generation as f64, ..settings(20) };
        driver.measure(generation, &settings, Some(1));
        let events = driver.until_idle(generation);
        let nulls: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Measured { checkpoint, measurement, complete: true, .. } => {
                    let complexity = |order| *measurement.mean.complexity(order).unwrap();
                    let (token, quadgram) = (complexity(Order::Token), complexity(Order::Quadgram));
                    token.null.map(|null| (checkpoint.checkpoint, null, token, quadgram))
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
    let driver = Driver::open(&run);
    driver.measure(1, &settings(16), None);
    let first = measured(&driver.until_idle(1));
    // With the weights gone only what is kept can answer.
    std::fs::remove_file(run.join("step64/model.safetensors")).unwrap();
    std::fs::remove_file(run.join("step2000/model.safetensors")).unwrap();
    let warmer = Settings { temperature_factor: 2.0, points: 50, ..settings(16) };
    driver.measure(2, &warmer, Some(1));
    let second = measured(&driver.until_idle(2));
    assert_eq!(second.iter().map(|m| m.0).collect::<Vec<_>>(), [1, 0]);
    assert!(second.iter().all(|m| (m.2 - first[0].2).abs() > 1e-3));
    // And back again to the same numbers.
    driver.measure(3, &settings(16), None);
    assert_eq!(measured(&driver.until_idle(3)), first);
}

#[test]
fn a_damaged_checkpoint_fails_alone_and_again_for_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step2000"]);
    let weights = run.join("step64/model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let driver = Driver::open(&run);
    for generation in 1..=2 {
        driver.measure(generation, &settings(16), None);
        let events = driver.until_idle(generation);
        assert_eq!(measured(&events).len(), 2);
        let failures: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::CheckpointFailed { checkpoint, error, .. } => {
                    Some((checkpoint.checkpoint, error.to_string()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(failures.len(), 1);
        assert!(failures[0].0 == 1 && failures[0].1.contains("step64/model.safetensors"), "{failures:?}");
    }
    // Mended, it is measured with the others.
    std::fs::write(&weights, &bytes).unwrap();
    driver.measure(3, &settings(16), None);
    assert_eq!(measured(&driver.until_idle(3)).len(), 3);
}

#[test]
fn cancelling_waits_for_one_batch_through_one_layer_at_most() {
    let folder = tempfile::tempdir().unwrap();
    // Told of every step, the worker cannot take one unseen.
    let options = engine::Options { progress_every: Duration::ZERO, ..Default::default() };
    let driver = Driver::stepwise(&run_of(folder.path(), &["step0", "step64", "step2000"]), options);
    driver.measure(1, &settings(40), None);
    let midway =
        |event: &Event| matches!(event, Event::Progress { checkpoint_share, .. } if *checkpoint_share < 1.0);
    driver.until(midway);
    driver.commands.send(Command::Cancel).unwrap();
    driver.step();
    let next = driver.next();
    assert!(matches!(next, Event::Idle { generation: 1, cancelled: true, .. }), "{next:?}");
}

#[cfg(unix)]
#[test]
fn cancelling_does_not_wait_for_text_to_be_encoded() {
    // As much text as anyone cares to read, and more documents wanted than there could be.
    const MOST: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step0"]));
    let corpus = folder.path().join("endless.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&corpus).status().unwrap();
    assert!(made.success());
    let request = Request {
        generation: 1,
        settings: Settings { context: 512, ..settings(1_000_000_000) },
        text: TextSource::Corpus(corpus.clone()),
        focus: None,
        interactive: true,
    };
    driver.commands.send(Command::Measure(request)).unwrap();
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
    driver.commands.send(Command::Cancel).unwrap();
    let events = driver.until_idle(1);
    assert!(matches!(events.last(), Some(Event::Idle { cancelled: true, .. })));
    assert!(!events.iter().any(|event| matches!(event, Event::Prepared { .. })), "all of it was encoded");
    assert!(2 + being_read.len() < MOST);
    // What was broken off is not taken for a failure of the text.
    driver.measure(2, &settings(16), None);
    assert_eq!(measured(&driver.until_idle(2)).len(), 1);
}

#[test]
fn the_newest_request_wins() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let mut driver = Driver::stepwise(&run, engine::Options::default());
    let ask = |driver: &Driver, generation: u64| {
        let settings = Settings { temperature_factor: generation as f64 / 10.0, ..settings(16) };
        driver.measure(generation, &settings, None);
    };
    // All of them wait before the worker looks at the first.
    driver.until(|event| matches!(event, Event::Opened { .. }));
    (1..=12).for_each(|generation| ask(&driver, generation));
    driver.step();
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Measured { .. })) {
        events.push(driver.next());
        if !matches!(events.last(), Some(Event::Measured { .. })) {
            driver.step();
        }
    }
    assert_eq!(generations(&events), [12].into());
    // In the middle of the work for one, the last of the others is the next.
    (13..=20).for_each(|generation| ask(&driver, generation));
    driver.run();
    let events = driver.until_idle(20);
    let answered: BTreeSet<u64> = generations(&events).into_iter().filter(|&of| of != 12).collect();
    assert_eq!(answered, [20].into());
    let stale = |event: &&Event| matches!(event, Event::Measured { generation: 12, .. });
    assert_eq!(events.iter().filter(stale).count(), 0, "what was superseded went on");
    assert_eq!(measured(&events).len(), 2);
}

/// Everything said from an event on, `at` which something else comes on screen.
fn refocused(path: &Path, at: impl Fn(&Event) -> bool, focus: &Focus) -> Vec<Event> {
    let driver = Driver::stepwise(path, engine::Options::default());
    driver.until(|event| matches!(event, Event::Opened { .. }));
    driver.measure(1, &settings(40), None);
    driver.step();
    let mut events = vec![driver.until(at)];
    driver.commands.send(Command::Focus(focus.clone())).unwrap();
    driver.step();
    events.extend(driver.until_idle(1));
    events
}

#[test]
fn what_comes_on_screen_is_measured_next() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64", "step512", "step2000"]);
    let focus = Focus { checkpoint: Some(CheckpointId { run: 0, checkpoint: 3 }), hidden: Vec::new() };
    let first = |event: &Event| matches!(event, Event::Measured { .. });
    let events = refocused(&run, first, &focus);
    let order: Vec<(usize, usize)> = measured(&events).iter().map(|m| (m.0, m.1)).collect();
    assert_eq!(order, [(0, 16), (3, 16), (1, 16), (2, 16), (3, 40), (0, 40), (1, 40), (2, 40)]);
    // A model at work comes to the end of its stage.
    let at_work = |event: &Event| matches!(event, Event::Prepared { .. });
    let order: Vec<usize> = measured(&refocused(&run, at_work, &focus)).iter().map(|m| m.0).collect();
    assert_eq!(order, [0, 3, 1, 2, 3, 0, 1, 2]);
}

#[test]
fn hidden_runs_are_measured_last() {
    let folder = tempfile::tempdir().unwrap();
    // Of other weights: what both runs have is scored once.
    let earlier = run_of(folder.path(), &["step64", "step512"]);
    std::fs::rename(earlier, folder.path().join("a run before it")).unwrap();
    run_of(folder.path(), &["step0", "step2000"]);
    let focus = Focus { checkpoint: None, hidden: vec![0] };
    let first = |event: &Event| matches!(event, Event::Measured { .. });
    let events = refocused(folder.path(), first, &focus);
    let order = events.iter().filter_map(|event| match event {
        Event::Measured { checkpoint, documents, measurement, .. } => {
            let plain = measurement.mean.complexity(Order::Token)?.null.is_none();
            plain.then_some((checkpoint.run, checkpoint.checkpoint, *documents))
        }
        _ => None,
    });
    let order: Vec<_> = order.collect();
    let last = [(0, 1, 16), (0, 0, 40), (0, 1, 40)];
    assert_eq!(order, [&[(0, 0, 16), (1, 0, 16), (1, 1, 16), (1, 0, 40), (1, 1, 40)], &last[..]].concat());
}

#[test]
fn text_that_cannot_be_read_ends_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step0"]));
    let request = Request {
        generation: 1,
        settings: settings(16),
        text: TextSource::Corpus(folder.path().join("nothing.jsonl")),
        focus: None,
        interactive: true,
    };
    driver.commands.send(Command::Measure(request)).unwrap();
    let events = driver.until_idle(1);
    assert!(events.iter().any(
        |event| matches!(event, Event::Failed { error, .. } if error.to_string().contains("nothing.jsonl"))
    ));
    // The worker lives on.
    driver.measure(2, &settings(16), None);
    assert_eq!(measured(&driver.until_idle(2)).len(), 1);
}

#[test]
fn a_folder_without_models_is_an_error_and_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(folder.path());
    assert!(matches!(driver.next(), Event::Failed { .. }));
    // The next thing it says is the answer to the next thing it is told.
    let run = run_of(folder.path(), &["step0"]);
    driver.commands.send(Command::Open { paths: vec![run.clone()] }).unwrap();
    assert!(matches!(driver.next(), Event::Opened { runs, .. } if runs[0].path == run));
}
