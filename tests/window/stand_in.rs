//! Runs that are made, their numbers and results, and a stand-in for the worker that answers with them.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use infoplane::app::Start;
use infoplane::checkpoints::{Checkpoint, CheckpointKey, Run, RunKey};
use infoplane::condition::{Condition, TextSource};
use infoplane::engine::{Command, Event, Quality, RunList, Seen, Sight, Want};
use infoplane::error::{Error, Kind, Result};
use infoplane::frontier::{self, Report};
use infoplane::labels::joint::{self, Joint};
use infoplane::labels::{Labels, sentence};
use infoplane::measures::cloud::Cloud;
use infoplane::measures::{Information, Label, LayerMeasures, Order};
use infoplane::pairs::{OfPairs, ReadPair, ReadSide, ReadToken, Role};
use infoplane::results::{
    CheckpointResult, Estimate, JoinedRun, Measurement, Outcome, Provenance, RunResults,
};
use infoplane::settings::{Settings, Temperature};

/// Checkpoints a run.
pub const COUNT: usize = 14;
/// Hidden states a model, the embedding included.
pub const LAYERS: usize = 5;
pub fn runs() -> Vec<Run> {
    let steps = [0, 10, 20, 40, 80, 150, 250, 400, 600, 900, 1300, 1800, 2400, 3000];
    let run = |name: &str| Run {
        name: name.to_owned(),
        path: PathBuf::from("/runs").join(name),
        checkpoints: steps
            .iter()
            .map(|&step| Checkpoint {
                name: format!("step-{step}"),
                path: PathBuf::from("/runs").join(name).join(format!("step-{step}")),
                step: Some(step),
                tokens: Some(step * 65_536),
                tokenizer: None,
                reach: Default::default(),
            })
            .collect(),
        missing: Vec::new(),
        notes: Vec::new(),
    };
    vec![run("gutenberg-1m"), run("gutenberg-4m")]
}

/// Fitting, then compression, as training goes.
pub fn measurement((run, checkpoint): (usize, usize), settings: &Settings) -> Measurement {
    let progress = checkpoint as f64 / (COUNT - 1) as f64;
    let size = (1.0 + 0.25 * run as f64) / settings.temperature_factor.sqrt();
    let layer = |layer: Option<usize>| {
        let depth = layer.map_or(1.0, |layer| 0.6 + 0.2 * layer as f64);
        let labelled = Order::widest_of(settings).and_below().flat_map(|order| {
            let width = 0.6 + 0.4 * order.number() as f64;
            let rise = (progress * 3.0).min(1.0);
            let complexity = width * depth * size * (0.05 + 0.06 * rise - 0.045 * (progress - 0.33).max(0.0));
            let expressivity = width * depth * size * (0.01 + 0.05 * progress.sqrt());
            let singletons = 0.2 * order.number() as f64;
            let information = |value: f64, null, spread| Information {
                null: Some(null),
                spread: Some(spread),
                singletons: Some(singletons),
                ..Information::new(value, value * 0.8)
            };
            [
                (Label::Input(order), information(complexity, 0.0123, 0.0012)),
                (Label::Output(order), information(expressivity, 0.0321, 0.0009)),
            ]
        });
        let mut layer = LayerMeasures::new(layer, 0.82 - 0.1 * progress, labelled);
        layer.optimality.values_mut().for_each(|optimality| optimality.spread = Some(0.0145));
        layer
    };
    let epsilon = match settings.temperature {
        Temperature::Fixed(epsilon) => epsilon,
        _ => 0.0316,
    };
    Measurement {
        loss: Some(7.5 - 4.0 * progress.sqrt()),
        positions: 31_415,
        temperature: epsilon * settings.temperature_factor,
        layers: (0..LAYERS).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        label_tables: Default::default(),
        convergence: [(16, 0.03), (64, 0.0)]
            .map(|(documents, off)| Estimate {
                documents,
                positions: 491 * documents,
                information: Order::widest_of(settings)
                    .and_below()
                    .flat_map(|order| [(Label::Input(order), 0.1 + off), (Label::Output(order), 0.05)])
                    .collect(),
            })
            .into(),
        weights: None,
        sample: None,
        warning: None,
    }
}

/// The same with what pairs tell beside a text, and nothing else where there is none.
fn measured_under(condition: &Condition, place: (usize, usize)) -> Measurement {
    let mut measurement = measurement(place, &condition.settings);
    if condition.pairs().is_none() {
        return measurement;
    }
    let alone = matches!(condition.text, TextSource::Pairs(_));
    for layer in measurement.layers.iter_mut().chain([&mut measurement.mean]) {
        if alone {
            layer.information.clear();
            layer.optimality.clear();
        }
        let value = 0.0042 + 0.001 * place.0 as f64;
        let preference =
            Information { null: Some(0.0031), spread: Some(0.0004), ..Information::new(value, value) };
        layer.information.insert(Label::Preference, preference);
    }
    measurement
}

/// How many pairs there are.
pub const PAIRS: usize = 3;

/// A pair in words, whose rejected side is left out of the second.
fn pair(number: usize) -> Result<ReadPair> {
    if number >= PAIRS {
        return Err(Error::new(Kind::Usage, format!("the file has {PAIRS} pairs")));
    }
    let side = |answer: &str| {
        let words = [
            ("<|user|>", Role::Read, true),
            ("why?\n", Role::Read, false),
            ("<|assistant|>", Role::Read, true),
        ];
        let answer = answer.split_inclusive(' ').map(|word| (word, Role::Labelled, false));
        let words = words.into_iter().chain(answer).chain([("<|end|>", Role::Labelled, true)]);
        let token = |(id, (text, role, is_special)): (u32, (&str, Role, bool))| ReadToken {
            id,
            text: text.to_owned(),
            role,
            is_special,
        };
        ReadSide { tokens: (0..).zip(words).map(token).collect(), is_cut: true }
    };
    let rejected = if number == 1 { ReadSide::default() } else { side("who knows") };
    Ok(ReadPair {
        number,
        place: format!("line {}", number + 2),
        template: Some("chat_template.jinja".into()),
        sides: [side(&format!("because of reason {number}")), rejected],
        sample: Some(OfPairs { pairs: PAIRS, skipped: Some("1 of 4 pairs is empty on one side".to_owned()) }),
    })
}

/// Settings beyond what the rails of the window cover, all of them legal.
pub fn far_settings() -> Settings {
    Settings {
        samples: 2_000_000,
        context: 200_000,
        points: 1000,
        seed: u64::MAX,
        reference_seeds: 50,
        temperature_factor: 7.123_456_789,
        min_count: 50,
        tolerance: 0.500_001_25,
        ..Settings::default()
    }
}

/// The first run as results of 25 seeds and 300 points, beyond what the rails of the window cover.
pub fn recorded() -> Event {
    let settings = Settings { reference_seeds: 25, points: 300, ..far_settings() };
    let runs = runs()[..1].to_vec();
    let condition = held_out(settings);
    let checkpoints = runs[0].checkpoints.iter().enumerate().map(|(checkpoint, found)| CheckpointResult {
        run: runs[0].name.clone(),
        name: found.name.clone(),
        step: found.step,
        tokens: found.tokens,
        path: found.path.clone(),
        provenance: Provenance::of(&condition, [64, 1], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement((0, checkpoint), &condition.settings))),
    });
    let results = Arc::new(RunResults::new(&condition, checkpoints.collect()).unwrap());
    opened(runs.into_iter().map(|run| (run, Some(Arc::clone(&results)))))
}

/// These runs are open now, each with the results it was read from.
pub fn opened(runs: impl IntoIterator<Item = (Run, Option<Arc<RunResults>>)>) -> Event {
    let joined = |(run, results): (Run, Option<Arc<RunResults>>)| {
        let joined = results.map(|results| Arc::new(JoinedRun::alone(run.path.clone(), results)));
        (run, joined)
    };
    Event::Opened { runs: Arc::new(RunList::new(runs.into_iter().map(joined))) }
}

/// A checkpoint the stand-in cannot measure.
pub const BROKEN: (usize, usize) = (1, 9);

/// Answers commands as the worker does, only faster; every command is also handed to the test.
pub fn worker(
    commands: &Receiver<Command>,
    events: &Sender<Event>,
    seen: &Sender<Command>,
    stop_after: usize,
) {
    let say = |event| events.send(event).is_ok();
    let mut open = Arc::new(RunList::default());
    let (mut wanted, mut answered) = (Vec::new(), Vec::new());
    say(Event::Device { name: "CPU (stand-in, 2 threads)".to_owned() });
    for command in commands {
        if seen.send(command.clone()).is_err() {
            return;
        }
        match command {
            Command::Open { paths } if paths.iter().any(|path| path.ends_with("missing")) => {
                let error =
                    Error::new(Kind::Folder, "no such folder").help("check the spelling").at(&paths[0]);
                say(Event::OpenFailed { error });
            }
            Command::Open { paths } if paths.iter().any(|path| path.ends_with("recorded.json")) => {
                say(recorded());
                answered.clear();
            }
            Command::Open { .. } => {
                open = Arc::new(RunList::new(runs().into_iter().map(|run| (run, None))));
                say(Event::Opened { runs: Arc::clone(&open) });
                answered.clear();
            }
            Command::Want(wants) => {
                answered.retain(|want| wants.contains(want));
                answer(&open, &wants, &mut answered, &say, stop_after);
                wanted = wants;
            }
            Command::Look(looks) => {
                for look in looks {
                    let seen = seen_of(look.sight);
                    say(Event::Seen { look, seen });
                }
            }
            Command::Retry => {
                let broken = open.key(BROKEN.0, BROKEN.1);
                answered.retain(|want: &Want| Some(want.checkpoint) != broken);
                answer(&open, &wanted, &mut answered, &say, stop_after);
            }
        }
    }
}

/// A sample of two documents in words, and states that are made.
fn seen_of(sight: Sight) -> Result<Seen> {
    let words = "the cat sat on the mat and the cat sat on the dog while it rained all day long";
    let words: Vec<&str> = words.split(' ').collect();
    let ids: Vec<u32> = (0..words.len() as u32).collect();
    let documents = [ids.clone(), ids.iter().rev().copied().collect()];
    match sight {
        Sight::Document(document) => {
            let decode = |id: u32| words[id as usize].to_owned();
            Ok(Seen::Document(Arc::new(sentence::of(&documents, decode, document, Order::Quadgram)?)))
        }
        Sight::Frontier(order) => {
            let labels = Labels::new(&documents, 4);
            let Joint { all, halves } = joint::joint(&labels, order, 1).unwrap_or_default();
            let (joint, bracket) = frontier::counted(all, &halves)?;
            let options = frontier::Options::default();
            let stop = AtomicBool::new(false);
            let report =
                Report::of(&joint, bracket, &options, None, &stop, &mut |_| ControlFlow::Continue(()))?;
            Ok(Seen::Frontier(Arc::new(report)))
        }
        Sight::Pair(number) => Ok(Seen::Pair(Arc::new(pair(number)?))),
        Sight::States(layer) => {
            let cloud = Cloud::mixture(1, 60, 0.2);
            let name = format!("states of layer {}", layer.map_or("L".to_owned(), |layer| layer.to_string()));
            Ok(Seen::States(Arc::new(Cloud { name, share: Some(0.7), ..cloud })))
        }
    }
}

/// Answers what is wanted and was not answered yet: the whole sample of the first checkpoints in the order of training,
/// first estimates of those from number `stop_after` on.
fn answer(
    open: &RunList,
    wants: &[Want],
    answered: &mut Vec<Want>,
    say: &dyn Fn(Event) -> bool,
    stop_after: usize,
) {
    let mut conditions: Vec<&Arc<Condition>> = Vec::new();
    for want in wants.iter().filter(|want| !answered.contains(want)) {
        if !conditions.contains(&&want.condition) {
            conditions.push(&want.condition);
        }
    }
    for condition in conditions {
        for run in open.runs() {
            say(prepared(condition, run.key, 1));
        }
        let places = (0..COUNT).flat_map(|checkpoint| (0..2).map(move |run| (run, checkpoint)));
        for (index, place) in places.enumerate() {
            let Some(checkpoint) = open.key(place.0, place.1) else { continue };
            let wanted = |want: &&Want| want.condition == *condition && want.checkpoint == checkpoint;
            let new = wants.iter().filter(wanted).any(|want| !answered.contains(want));
            answered.extend(wants.iter().filter(wanted).cloned());
            if new {
                answer_one(Arc::clone(condition), place, checkpoint, index, say, stop_after);
            }
        }
    }
    if stop_after > 2 * COUNT {
        say(Event::Idle { costs: None });
    }
}

fn answer_one(
    condition: Arc<Condition>,
    place: (usize, usize),
    checkpoint: CheckpointKey,
    index: usize,
    say: &dyn Fn(Event) -> bool,
    stop_after: usize,
) {
    if place == BROKEN {
        let error = Error::new(Kind::Weights, "tensor model.norm.weight is missing, shape [128] expected")
            .at("model.safetensors");
        say(Event::CheckpointFailed { condition, checkpoint, error });
        return;
    }
    let measurement = Arc::new(measured_under(&condition, place));
    let whole = index < stop_after;
    let (documents, quality) = if whole { (64, Quality::Honest) } else { (16, Quality::Preview) };
    say(Event::Measured {
        condition: Arc::clone(&condition),
        checkpoint,
        measurement,
        documents,
        quality,
        recalled: false,
    });
    if index == stop_after {
        say(Event::Progress {
            condition,
            checkpoint,
            checkpoint_share: 0.4,
            total_share: stop_after as f32 / (2 * COUNT) as f32,
            remaining: Some(Duration::from_secs(74)),
        });
    }
}

/// Results of all checkpoints of a run under `settings`; `place` tells its numbers from other runs'.
pub fn recorded_results(name: &str, place: usize, settings: &Settings) -> RunResults {
    let condition = held_out(settings.clone());
    let checkpoint = |(index, found): (usize, &Checkpoint)| CheckpointResult {
        run: name.to_owned(),
        name: found.name.clone(),
        step: found.step,
        tokens: found.tokens,
        path: found.path.clone(),
        provenance: Provenance::of(&condition, [64, 1], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement((place, index), settings))),
    };
    let checkpoints = runs()[0].checkpoints.iter().enumerate().map(checkpoint).collect();
    RunResults::new(&condition, checkpoints).unwrap()
}

/// Results of one run of two checkpoints under `settings`.
pub fn results(run: &str, settings: Settings) -> RunResults {
    let condition = held_out(settings);
    let checkpoint = |index: usize| CheckpointResult {
        run: run.to_owned(),
        name: format!("step-{index}"),
        step: Some(index as u64),
        tokens: None,
        path: PathBuf::from("/gone"),
        provenance: Provenance::of(&condition, [64, 0], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement((0, 6 * index), &condition.settings))),
    };
    RunResults::new(&condition, (0..2).map(checkpoint).collect()).unwrap()
}

/// These settings on the held-out text.
fn held_out(settings: Settings) -> Condition {
    Condition { settings, text: TextSource::Corpus(PathBuf::from("/books/held-out.txt")) }
}

/// A run as the worker opens it from a file of results.
pub fn recorded_run((path, results): (PathBuf, RunResults)) -> (Run, Option<Arc<RunResults>>) {
    (results.as_run(&path), Some(Arc::new(results)))
}

pub fn start() -> Start {
    Start {
        paths: vec![PathBuf::from("/runs")],
        text: Some(TextSource::Corpus(PathBuf::from("/books/held-out.txt"))),
        settings: Settings::default(),
        ..Start::default()
    }
}

/// What is said of a sample of 64 documents, and of some more that were too short.
pub fn prepared(condition: &Arc<Condition>, run: RunKey, skipped_documents: usize) -> Event {
    let (condition, text) = (Arc::clone(condition), condition.text.clone());
    Event::Prepared { condition, text, run, documents: 64, skipped_documents, positions: 31_415 }
}
