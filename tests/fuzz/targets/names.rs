//! Any text as lines of names of checkpoints: read or not, in one order whatever order they come in, never a panic.
#![no_main]
#![allow(dead_code)]

#[path = "../../../src/checkpoints/natural.rs"]
mod natural;
#[path = "../../../src/checkpoints/siblings.rs"]
mod siblings;
#[path = "../../../src/checkpoints/step_name.rs"]
mod step_name;
#[path = "../../../src/checkpoints/training_order.rs"]
mod training_order;

use libfuzzer_sys::fuzz_target;
use step_name::StepName;
use training_order::{TrainingTime, cumulative_tokens, sort_by_training};

/// The names in the order of training, with their tokens counted over all phases.
fn ordered<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, Option<u64>)> {
    let time = |name| {
        let read = StepName::parse(name);
        let (step, tokens) = read.map_or((None, None), |read| (read.step, read.tokens));
        TrainingTime::new(name, step, tokens)
    };
    let mut times: Vec<TrainingTime> = names.map(time).collect();
    let tokens = cumulative_tokens(&times);
    times.iter_mut().zip(tokens).for_each(|(time, tokens)| time.tokens = tokens);
    sort_by_training(&mut times, Clone::clone);
    times.into_iter().map(|time| (time.label, time.tokens)).collect()
}

fuzz_target!(|text: &str| {
    let mut names: Vec<&str> = text.lines().take(32).collect();
    names.sort_unstable();
    names.dedup();
    let forth = ordered(names.iter().copied());
    assert_eq!(forth, ordered(names.iter().rev().copied()));
    let models = names.iter().map(|name| ((*name).to_owned(), *name)).collect();
    let groups = siblings::grouped(models, |name| name.len() % 2);
    let mut grouped: Vec<&str> = groups.into_iter().flat_map(|group| group.models).collect();
    grouped.sort_unstable();
    assert_eq!(grouped, names);
});
