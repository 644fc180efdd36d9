//! What trouble in the middle of a model's work costs on a GPU, put there on purpose.

use std::path::Path;

use crossbeam_channel::bounded;

use super::*;
use crate::condition::{Condition, TextSource};
use crate::engine::message::Want;
use crate::engine::opening::{Found, open_path};
use crate::measures::Order;
use crate::settings::{Backend, Settings};

/// How a checkpoint of the demo came out.
struct Outcome {
    /// Its complexity and expressivity, of the last numbers emitted; `None` where none were.
    numbers: Option<[f64; 2]>,
    /// The devices in use, in their order.
    devices: Vec<String>,
    warnings: Vec<String>,
    failures: Vec<Error>,
    /// Whether its scores lie outside the memory of the GPU.
    off_gpu: bool,
}

/// Measures a checkpoint on a GPU, where the model fails in this way once it has begun to score.
fn measured(trouble: Option<Error>) -> Outcome {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let Ok(Found::Models(runs)) =
        open_path(&demo.join("gutenberg-200k/step64"), Default::default(), &mut || false)
    else {
        panic!("a checkpoint of the demo")
    };
    let runs = Arc::new(RunList::new(runs.into_iter().map(|run| (run, None))));
    let settings = Settings { samples: 8, context: 64, backend: Backend::Gpu, ..Settings::default() };
    let text = TextSource::Corpus(demo.join("books-sample.jsonl"));
    let condition = Arc::new(Condition { settings, text });
    let checkpoint = runs.keys().next().unwrap();

    let (_commands, commands) = bounded(1);
    // More than one task emits; they are taken after each.
    let (events, emitted) = bounded(1024);
    let (mut inbox, outbox) = (Inbox::new(commands), Outbox::new(events, &|| {}));
    let mut work = Work::new(&crate::engine::Options::default());
    work.open(runs);
    work.want(vec![Want { checkpoint, condition, quality: Quality::Honest }]);
    let mut trouble = trouble;
    let mut seen = Vec::new();
    loop {
        // Scores are being filled: there is a place to lose.
        let scoring = work.current.filter(|task| matches!(task, Task::Score { .. }) && work.job.is_some());
        if let Some(task) = scoring
            && let Some(error) = trouble.take()
        {
            assert!(!work.bank.is_off_gpu(work.scores_id(task.of()).unwrap()), "they lie on the GPU");
            let mut device = work.devices.take(Backend::Gpu, &outbox).ok().unwrap();
            assert!(work.stand(Trouble::Task(error), task, &mut device, &outbox).is_ok());
            work.devices.give_back(device);
        }
        if !work.advance(&mut inbox, &outbox).ok().unwrap() {
            break;
        }
        seen.extend(emitted.try_iter());
    }
    assert!(trouble.is_none(), "the model failed");

    let of = Pair { condition: 0, checkpoint };
    let off_gpu = work.scores_id(of).is_some_and(|id| work.bank.is_off_gpu(id));
    let mut outcome =
        Outcome { numbers: None, devices: Vec::new(), warnings: Vec::new(), failures: Vec::new(), off_gpu };
    for event in seen {
        match event {
            Event::Measured { measurement, .. } => {
                let (complexity, expressivity) =
                    (measurement.mean.complexity(Order::Token), measurement.mean.expressivity(Order::Token));
                outcome.numbers = Some([complexity.unwrap().value, expressivity.unwrap().value]);
            }
            Event::Device { name } => outcome.devices.push(name),
            Event::Warning(warning) => outcome.warnings.push(warning),
            Event::CheckpointFailed { error, .. } => outcome.failures.push(error),
            Event::ConditionFailed { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
    outcome
}

#[test]
fn a_gpu_without_memory_costs_the_place_of_the_scores_and_a_mistake_the_checkpoint() {
    let plain = measured(None);
    let numbers = plain.numbers.unwrap();
    assert!(!plain.off_gpu && plain.warnings.is_empty() && plain.failures.is_empty(), "{:?}", plain.warnings);
    assert!(plain.devices.len() == 1 && plain.devices[0].contains("GPU"), "{:?}", plain.devices);

    // Made again elsewhere, by the same device, without a word.
    let again = measured(Some(Error::device_memory("put there")));
    assert!(again.off_gpu && again.warnings.is_empty() && again.failures.is_empty(), "{:?}", again.warnings);
    assert_eq!(again.devices, plain.devices);
    for (a, b) in again.numbers.unwrap().into_iter().zip(numbers) {
        assert!((a - b).abs() < 1e-6, "{a} against {b}");
    }

    // Nothing that another device or place would mend.
    let failed = measured(Some(Error::new(Kind::Bug, "put there")));
    assert!(failed.numbers.is_none() && failed.warnings.is_empty(), "{:?}", failed.warnings);
    assert_eq!(failed.devices, plain.devices);
    assert!(matches!(&failed.failures[..], [error] if error.kind() == Kind::Bug), "{:?}", failed.failures);
}
