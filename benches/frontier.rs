//! What the frontier of a joint costs, in time, in time of all processors, and in memory:
//! `cargo bench --bench frontier -- [gpu] [books|50k|100k|words=FILE]…`, all but words where none is named.
//!
//! Books are the demo's text in its own tokens, pairs within a document. Words are those of any text, pairs within a line.
//! The others are of a source with classes and Zipf's frequencies, which is no text but has its long tails. With `gpu` the
//! passes are made on one as well, if there is any.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use infoplane::device::Compute;
use infoplane::frontier::source::{Shape, Source, counted};
use infoplane::frontier::{Accelerator, Joint, Options, curve};
use infoplane::frontier_gpu::FrontierGpu;
use infoplane::settings::Backend;

type Counts = Vec<(u32, u32, u64)>;
/// A joint by its name, with the clusters to begin with.
type Case = (&'static str, usize, fn() -> Counts);
const CASES: [Case; 3] = [
    ("books", 128, books),
    ("50k", 128, || text_like(50_000, 4_000_000)),
    ("100k", 96, || text_like(100_000, 10_000_000)),
];

fn main() {
    let (mut gpu, mut cases) = (None, Vec::new());
    for wanted in std::env::args().skip(1).filter(|name| !name.starts_with('-')) {
        if wanted == "gpu" {
            let compute = Compute::open(Backend::Gpu).expect("there is a GPU").0;
            gpu = compute.gpu().map(FrontierGpu::new);
        } else if let Some(file) = wanted.strip_prefix("words=") {
            cases.push(("words", 96, words(Path::new(file))));
        } else {
            let known = CASES.iter().find(|case| case.0 == wanted);
            let &(name, clusters, counts) = known.unwrap_or_else(|| panic!("there is no case {wanted}"));
            cases.push((name, clusters, counts()));
        }
    }
    if cases.is_empty() {
        cases = CASES.map(|(name, clusters, counts)| (name, clusters, counts())).into();
    }
    println!(
        "joint   rows    columns entries   atoms passes gpu    points  seconds processor s  peak MiB  I(Y;Z) at 0.5, 1, 2, 4"
    );
    for (name, clusters, counts) in cases {
        measure(name, clusters, counts.clone(), None);
        if let Some(gpu) = &gpu {
            measure(name, clusters, counts, Some(gpu));
        }
    }
}

fn measure(name: &str, clusters: usize, counts: Counts, accelerator: Option<&dyn Accelerator>) {
    let (started, spent) = (Instant::now(), processor_seconds());
    let joint = Joint::from_counts(counts).expect("there are pairs");
    let options = Options { clusters: Some(clusters), ..Options::default() };
    let frontier =
        curve(&joint, &options, accelerator, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(()))
            .expect("nobody stops it");
    let seconds = started.elapsed().as_secs_f64();
    let heights = [0.5, 1.0, 2.0, 4.0].map(|complexity| format!("{:.4}", frontier.at(complexity))).join(" ");
    println!(
        "{name:<7} {:<7} {:<7} {:<9} {clusters:<5} {:<6} {:<6} {:<7} {seconds:<7.2} {:<11.2}  {:<8.0}  {heights}",
        joint.xs(),
        joint.ys(),
        joint.entries(),
        frontier.passes,
        frontier.gpu_passes,
        frontier.points.len(),
        processor_seconds() - spent,
        peak_mebibytes(),
    );
}

/// The demo's books in its own tokens.
fn books() -> Counts {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let tokenizer = tokenizers::Tokenizer::from_file(demo.join("gutenberg-1m/tokenizer.json"))
        .expect("the demo is there");
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(demo.join("books-sample.jsonl")).expect("the demo is there").lines() {
        let document: serde_json::Value = serde_json::from_str(line).expect("a document a line");
        let text = document["text"].as_str().expect("documents have text");
        let ids = tokenizer.encode(text, true).expect("any text has tokens");
        for pair in ids.get_ids().windows(2) {
            *counts.entry((pair[0], pair[1])).or_insert(0) += 1;
        }
    }
    counts.into_iter().map(|((x, y), count)| (x, y, count)).collect()
}

/// The words of a text, as the space between them tells.
fn words(file: &Path) -> Counts {
    let text = std::fs::read_to_string(file).expect("the text can be read");
    let (mut ids, mut counts) = (HashMap::new(), BTreeMap::new());
    for line in text.lines() {
        let mut before = None;
        for word in line.split_whitespace() {
            let next = ids.len() as u32;
            let id = *ids.entry(word).or_insert(next);
            if let Some(before) = before.replace(id) {
                *counts.entry((before, id)).or_insert(0) += 1;
            }
        }
    }
    counts.into_iter().map(|((x, y), count)| (x, y, count)).collect()
}

fn text_like(words: usize, pairs: usize) -> Counts {
    let shape = Shape { words, classes: 256, followers: 6, own: 0.56, evenness: 0.08 };
    counted(&Source::new(shape, 1).pairs(pairs, 500, 1))
}

/// Seconds that all threads have run; 0 where Linux does not tell.
fn processor_seconds() -> f64 {
    const TICKS: f64 = 100.0;
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// The most memory that was in use so far; 0 where Linux does not tell.
fn peak_mebibytes() -> f64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0.0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes =
        line.and_then(|line| line.split_whitespace().next()).and_then(|field| field.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}
