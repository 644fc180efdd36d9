//! A GPU lost in the middle of a measurement. A binary of its own, since the process's GPU is gone after it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use infoplane::condition::{Condition, TextSource};
use infoplane::device::Compute;
use infoplane::engine::{self, Command, Event, Options, Quality, Want};
use infoplane::estimator::Estimator;
use infoplane::settings::{Backend, Settings};

/// How long an event is waited for that must come: only what hangs takes as long, on the busiest of machines.
const PATIENCE: Duration = Duration::from_secs(900);

#[test]
fn the_cpu_takes_over_and_finished_checkpoints_stay() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let folder = tempfile::tempdir().unwrap();
    for name in ["step0", "step64", "step2000"] {
        let target = folder.path().join("run").join(name);
        std::fs::create_dir_all(&target).unwrap();
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(demo.join("gutenberg-200k").join(name).join(file), target.join(file)).unwrap();
        }
    }
    std::fs::copy(demo.join("gutenberg-200k/tokenizer.json"), folder.path().join("run/tokenizer.json"))
        .unwrap();
    let compute = Compute::open(Backend::Gpu).unwrap().0;
    let estimator = Estimator::new(&compute).unwrap();
    let Compute::Gpu(gpu) = &compute else { panic!("no adapter") };
    assert!(estimator.answers());

    // The worker stands still after every event until the device is gone: it cannot be faster than that.
    let (go, gate) = crossbeam_channel::bounded(1);
    let mut go = Some(go);
    let (commands, events) =
        engine::spawn(Options { live: false, ..Options::default() }, move || _ = gate.recv()).unwrap();
    commands.send(Command::Open { paths: vec![folder.path().join("run")] }).unwrap();
    let Event::Opened { runs } = events.recv_timeout(PATIENCE).unwrap() else { panic!("the run is opened") };
    let text = TextSource::Corpus(demo.join("books-sample.jsonl"));
    let want = |settings: &Settings| {
        let condition = Arc::new(Condition { settings: settings.clone(), text: text.clone() });
        let of =
            |checkpoint| Want { checkpoint, condition: Arc::clone(&condition), quality: Quality::Honest };
        commands.send(Command::Want(runs.keys().map(of).collect())).unwrap();
    };
    let settings = Settings { samples: 8, context: 64, backend: Backend::Gpu, ..Settings::default() };
    want(&settings);

    let (mut measured, mut warnings, mut devices) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        if let Some(go) = &go {
            go.send(()).unwrap();
        }
        match events.recv_timeout(PATIENCE).expect("the worker answers") {
            Event::Measured { checkpoint, measurement, .. } => {
                measured.push((runs.place(checkpoint).unwrap().1, measurement));
                if measured.len() == 1 {
                    gpu.device.destroy();
                    go = None;
                }
            }
            Event::Device { name } => devices.push(name),
            Event::Warning(warning) => warnings.push(warning),
            Event::CheckpointFailed { error, .. } | Event::ConditionFailed { error, .. } => panic!("{error}"),
            Event::Idle { .. } => break,
            _ => {}
        }
    }
    assert_eq!(measured.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(warnings.len() == 1 && warnings[0].contains("CPU"), "{warnings:?}");
    assert!(devices.len() == 2 && devices[1].starts_with("CPU"), "{devices:?}");

    // What queries the same scores stays on the CPU, without more warnings.
    assert!(!estimator.answers());
    let measured_again = |expected: Option<&str>| {
        let (mut again, mut last) = (0, None);
        loop {
            match events.recv_timeout(PATIENCE).expect("the worker answers") {
                Event::Measured { .. } => again += 1,
                Event::Warning(text) => panic!("{text}"),
                Event::CheckpointFailed { error, .. } | Event::ConditionFailed { error, .. } => {
                    panic!("{error}")
                }
                Event::Device { name } => last = Some(name),
                Event::Idle { .. } => break,
                _ => {}
            }
        }
        assert_eq!(again, 3);
        match (expected, &last) {
            (None, None) => {}
            (Some(expected), Some(name)) => assert!(name.contains(expected), "{name}"),
            _ => panic!("{last:?}, where {expected:?} was expected"),
        }
    };
    want(&Settings { temperature_factor: 2.0, ..settings.clone() });
    measured_again(None);

    // Tried again, the GPU is opened anew, and gives the same numbers.
    commands.send(Command::Retry).unwrap();
    let idle = events.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(idle, Event::Idle { .. }), "{idle:?}");
    want(&Settings { temperature_factor: 3.0, ..settings });
    measured_again(Some("GPU"));
}
