//! The whole measurement, from the model up, against `transformers` and a float64 estimator.

use std::sync::Arc;

use infoplane::condition::{Condition, TextSource};
use infoplane::measures::Order;
use infoplane::results::Measurement;
use infoplane::settings::{Backend, Settings};
use serde_json::Value;

use super::driver::{Driver, answers, headless};
use super::support::{asset, fixture, json, number};

/// Absolute, on efficiencies. bf16 weights are exact in f32, so only rounding on the way remains.
const TOLERANCE: f64 = 5e-4;

/// Measures the named checkpoints of a demo run on the oracle's tokens; all where none is named.
fn measure(run: &str, backend: Backend, only: &[&str]) -> Vec<(String, Measurement)> {
    let source = asset(&format!("demo/{run}"));
    // A run of fewer checkpoints is the same folder with fewer links.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(run);
    std::fs::create_dir(&path).unwrap();
    for entry in std::fs::read_dir(&source).unwrap().map(Result::unwrap).filter(|e| e.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        if only.is_empty() || only.contains(&name.as_str()) {
            let target = path.join(&name);
            std::fs::create_dir(&target).unwrap();
            for file in ["config.json", "model.safetensors"] {
                std::fs::hard_link(entry.path().join(file), target.join(file))
                    .or_else(|_| std::fs::copy(entry.path().join(file), target.join(file)).map(drop))
                    .unwrap();
            }
        }
    }
    // The oracle's numbers are of the first seed.
    let settings =
        Settings { samples: 10_000, context: 1 << 20, reference_seeds: 1, backend, ..Settings::default() };
    let text = TextSource::Tokens(fixture(&format!("runs/{run}.tokens.safetensors")));
    let driver = Driver::open(&path, headless());
    driver.want(driver.all(&Arc::new(Condition { settings, text })));
    let measured = answers(&driver.until_idle()).into_iter().map(|(key, measurement)| {
        let (_, checkpoint) = driver.runs.get(key).unwrap();
        (checkpoint.name.clone(), (*measurement).clone())
    });
    measured.collect()
}

/// The largest deviation of any number of a checkpoint.
fn deviation(measured: &Measurement, oracle: &Value) -> f64 {
    let mut worst = (measured.loss.unwrap() - number(&oracle["loss"])).abs();
    assert_eq!(measured.positions as f64, number(&oracle["positions"]));
    assert!((measured.temperature / number(&oracle["temperature"]) - 1.0).abs() < 1e-9);
    let layers = oracle["layers"].as_array().unwrap();
    assert_eq!(measured.layers.len(), layers.len());
    for (measured, oracle) in measured.layers.iter().zip(layers).chain([(&measured.mean, &oracle["mean"])]) {
        let mut compare =
            |actual: f64, expected: &Value| worst = worst.max((actual - number(expected)).abs());
        compare(measured.entropy.value, &oracle["entropy"]);
        for order in Order::ALL {
            let [complexity, expressivity] = measured.plane(order).unwrap();
            let expected = &oracle["orders"][order.name()];
            compare(complexity.value, &expected["input"]);
            compare(expressivity.value, &expected["output"]);
            compare(complexity.mean, &expected["input_mean"]);
            compare(expressivity.mean, &expected["output_mean"]);
            if expected["optimality"].is_number() {
                compare(measured.optimality(order).unwrap().value, &expected["optimality"]);
            }
        }
    }
    assert!(worst.is_finite());
    worst
}

fn check(run: &str, backend: Backend, only: &[&str]) {
    let oracle = json(&fixture(&format!("runs/{run}.json")));
    let oracle = oracle["checkpoints"].as_array().unwrap();
    let measured = measure(run, backend, only);
    let expected = if only.is_empty() { oracle.len() } else { only.len() };
    assert_eq!(measured.len(), expected);
    let mut worst = 0.0f64;
    for (name, measurement) in &measured {
        let oracle = oracle.iter().find(|checkpoint| checkpoint["name"] == name.as_str()).unwrap();
        let deviation = deviation(measurement, oracle);
        worst = worst.max(deviation);
        assert!(deviation <= TOLERANCE, "{run}/{name} on {backend:?}: {deviation:e}");
    }
    println!("{run} on {backend:?}, {expected} checkpoints: {worst:.1e} absolute");
}

/// Checkpoints from before, within and after training, or all of them where `INFOPLANE_ALL_CHECKPOINTS` is set.
fn some<'a>(names: &'a [&'a str]) -> &'a [&'a str] {
    if all() { &[] } else { names }
}

fn all() -> bool {
    std::env::var_os("INFOPLANE_ALL_CHECKPOINTS").is_some()
}

#[test]
fn gutenberg_1m_on_the_cpu() {
    check("gutenberg-1m", Backend::Cpu, some(&["step0", "step128", "step2000"]));
}

#[test]
fn gutenberg_200k_on_the_cpu() {
    check("gutenberg-200k", Backend::Cpu, some(&["step0", "step128", "step2000"]));
}

/// A software adapter takes minutes for a checkpoint.
#[test]
fn on_the_gpu() {
    check("gutenberg-200k", Backend::Gpu, some(&["step2000"]));
    if all() {
        check("gutenberg-1m", Backend::Gpu, &[]);
    }
}
