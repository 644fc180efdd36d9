//! A worker of the engine and what a window or the command line says to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use infoplane::checkpoints::CheckpointKey;
use infoplane::condition::{Condition, TextSource};
use infoplane::engine::{self, Command, Event, Options, Quality, RunList, Want};
use infoplane::error::Kind;
use infoplane::results::Measurement;
use infoplane::settings::Settings;

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

/// A condition on the demo's books.
pub fn on_books(settings: &Settings) -> Arc<Condition> {
    on(&asset("demo/books-sample.jsonl"), settings)
}

/// A condition on some text.
pub fn on(corpus: &Path, settings: &Settings) -> Arc<Condition> {
    Arc::new(Condition { settings: settings.clone(), text: TextSource::Corpus(corpus.to_owned()) })
}

/// The options of `infoplane measure`.
pub fn headless() -> Options {
    Options { live: false, ..Options::default() }
}

/// A worker that has opened a folder.
pub struct Driver {
    pub commands: Sender<Command>,
    pub events: Receiver<Event>,
    pub runs: Arc<RunList>,
    /// Lets the worker go on after an event, where it waits for that.
    go: Option<Sender<()>>,
}

impl Driver {
    /// A worker that runs.
    pub fn open(path: &Path, options: Options) -> Self {
        let (commands, events) = engine::spawn(options, || {}).unwrap();
        Self { commands, events, runs: Arc::default(), go: None }.opened(path)
    }

    /// A worker that stands still after every event until it is let go: what is sent meanwhile is there when it looks,
    /// however fast or slow either side is. It stands after the runs are open.
    pub fn stepwise(path: &Path, options: Options) -> Self {
        let (go, gate) = bounded(1);
        // Once nobody holds it back any more, it runs.
        let (commands, events) = engine::spawn(options, move || _ = gate.recv()).unwrap();
        Self { commands, events, runs: Arc::default(), go: Some(go) }.opened(path)
    }

    fn opened(mut self, path: &Path) -> Self {
        self.commands.send(Command::Open { paths: vec![path.to_owned()] }).unwrap();
        let Event::Opened { runs } = self.until(|event| matches!(event, Event::Opened { .. })) else {
            unreachable!("it is waited for")
        };
        self.runs = runs;
        self
    }

    /// Lets the worker go on to its next event.
    pub fn step(&self) {
        if let Some(go) = &self.go {
            go.send(()).unwrap();
        }
    }

    /// Lets the worker run from here on.
    pub fn run(&mut self) {
        self.go = None;
    }

    /// Where a checkpoint stands: its run and its place in it.
    pub fn place(&self, key: CheckpointKey) -> (usize, usize) {
        self.runs.place(key).unwrap()
    }

    /// Says what is wanted.
    pub fn want(&self, wants: Vec<Want>) {
        self.commands.send(Command::Want(wants)).unwrap();
    }

    /// What a window wants of the open runs, that checkpoint before the others.
    pub fn window(&self, condition: &Arc<Condition>, focus: Option<(usize, usize)>) -> Vec<Want> {
        let first = focus.map(|(run, checkpoint)| self.runs.key(run, checkpoint).unwrap());
        let others = self.runs.keys().filter(|key| Some(*key) != first);
        let keys: Vec<CheckpointKey> = first.into_iter().chain(others).collect();
        every_quality(&keys, condition)
    }

    /// What `infoplane measure` wants of the open runs.
    pub fn all(&self, condition: &Arc<Condition>) -> Vec<Want> {
        let want =
            |checkpoint| Want { checkpoint, condition: Arc::clone(condition), quality: Quality::Honest };
        self.runs.keys().map(want).collect()
    }

    /// Everything emitted for what a window wants of all open runs, until the worker is idle.
    pub fn ask(&self, condition: &Arc<Condition>) -> Vec<Event> {
        self.want(self.window(condition, None));
        self.until_idle()
    }

    pub fn next(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("the worker answers")
    }

    /// The first event of a kind, at which a stepwise worker stands still.
    pub fn until(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next();
            if wanted(&event) {
                return event;
            }
            self.step();
        }
    }

    /// Everything emitted until the worker is idle; a stepwise one then stands still.
    pub fn until_idle(&self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.next());
            if matches!(events.last(), Some(Event::Idle { .. })) {
                return events;
            }
            self.step();
        }
    }
}

/// Every quality of checkpoints, previews of all before the rest.
pub fn every_quality(keys: &[CheckpointKey], condition: &Arc<Condition>) -> Vec<Want> {
    let qualities = [Quality::Preview, Quality::Complete, Quality::Honest];
    let of = |quality| {
        keys.iter().map(move |&checkpoint| Want { checkpoint, condition: Arc::clone(condition), quality })
    };
    qualities.into_iter().flat_map(of).collect()
}

/// The best numbers emitted of each checkpoint, the newest of them; a failure is one too many.
pub fn answers(events: &[Event]) -> BTreeMap<CheckpointKey, Arc<Measurement>> {
    let mut found = BTreeMap::new();
    for event in events {
        match event {
            Event::Measured { checkpoint, measurement, quality, .. } if *quality >= Quality::Complete => {
                found.insert(*checkpoint, Arc::clone(measurement));
            }
            Event::CheckpointFailed { error, .. }
            | Event::ConditionFailed { error, .. }
            | Event::OpenFailed { error } => panic!("{error}"),
            Event::Warning(warning) => panic!("{warning}"),
            _ => {}
        }
    }
    found
}

/// The checkpoints that failed, by their place in the first run.
pub fn failures(driver: &Driver, events: &[Event]) -> Vec<(usize, Kind, String)> {
    let failed = events.iter().filter_map(|event| match event {
        Event::CheckpointFailed { checkpoint, error, .. } => {
            Some((driver.place(*checkpoint).1, error.kind(), error.to_string()))
        }
        Event::ConditionFailed { error, .. } => panic!("the condition failed: {error}"),
        _ => None,
    });
    failed.collect()
}

/// The newest numbers emitted of each checkpoint, in the order of training.
pub fn last_numbers(driver: &Driver, events: &[Event]) -> Vec<Arc<Measurement>> {
    let mut last = BTreeMap::new();
    for event in events {
        if let Event::Measured { checkpoint, measurement, .. } = event {
            last.insert(driver.place(*checkpoint), Arc::clone(measurement));
        }
    }
    last.into_values().collect()
}

/// What was warned of.
pub fn warnings(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Warning(warning) => Some(warning.as_str()),
            _ => None,
        })
        .collect()
}
