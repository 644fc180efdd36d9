//! What the frontier of a joint costs, in time, in time of all processors, and in memory:
//! `cargo bench --bench frontier -- [books|50k|100k]…`, all of them where none is named.
//!
//! Books are the demo's text in its own tokens, pairs within a document. The others are of a source with classes and
//! Zipf's frequencies, which is no text but has its long tails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use infoplane::frontier::source::{Shape, Source, counted};
use infoplane::frontier::{Joint, Options, curve};

type Counts = Vec<(u32, u32, u64)>;
/// A joint by its name, with the clusters to begin with.
type Case = (&'static str, usize, fn() -> Counts);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    println!(
        "joint   rows    columns entries   atoms passes points  seconds processor s  peak MiB  I(Y;Z) at 0.5, 1, 2, 4"
    );
    let cases: [Case; 3] = [
        ("books", 128, books),
        ("50k", 128, || text_like(50_000, 4_000_000)),
        ("100k", 96, || text_like(100_000, 10_000_000)),
    ];
    for (name, clusters, counts) in cases.into_iter().filter(|case| is_wanted(case.0)) {
        measure(name, clusters, counts());
    }
}

fn measure(name: &str, clusters: usize, counts: Counts) {
    let (started, spent) = (Instant::now(), processor_seconds());
    let joint = Joint::from_counts(counts).expect("there are pairs");
    let options = Options { clusters: Some(clusters), ..Options::default() };
    let frontier = curve(&joint, &options, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(()))
        .expect("nobody stops it");
    let seconds = started.elapsed().as_secs_f64();
    let heights = [0.5, 1.0, 2.0, 4.0].map(|complexity| format!("{:.4}", frontier.at(complexity))).join(" ");
    println!(
        "{name:<7} {:<7} {:<7} {:<9} {clusters:<5} {:<6} {:<7} {seconds:<7.2} {:<11.2}  {:<8.0}  {heights}",
        joint.xs(),
        joint.ys(),
        joint.entries(),
        frontier.passes,
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
