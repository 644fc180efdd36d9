//! Any bytes as a text of any format: documents or one line that says what is wrong, never a panic.
#![no_main]
#![allow(dead_code)]

#[path = "../../../src/corpus/mod.rs"]
mod corpus;
#[path = "../../../src/error.rs"]
mod error;

// The path that the reader knows the order of names by.
#[path = "../../../src/checkpoints"]
mod checkpoints {
    pub mod natural;
}

use std::fs;
use std::sync::Once;

use corpus::{Field, documents};
use libfuzzer_sys::fuzz_target;

/// Names that promise formats, and one that does not.
const NAMES: [&str; 5] = ["fuzzed.jsonl", "fuzzed.json", "fuzzed.csv", "fuzzed.txt", "fuzzed"];
const FIELDS: [&str; 4] = ["text", "messages", "meta.body", "messages.content"];

/// What a library panics with is caught by the readers; only a panic that leaves them is a finding.
static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    QUIET.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    let [which, bytes @ ..] = bytes else { return };
    let which = usize::from(*which);
    // In memory where there is such a folder; each process has its own.
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = folder.join(format!("infoplane-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(NAMES[which % NAMES.len()]);
    fs::write(&path, bytes).unwrap();
    let name = FIELDS[which / NAMES.len() % FIELDS.len()];
    let field = if which & 0x80 == 0 { Field::usual(name) } else { Field::chosen(name) };
    match documents(&path, field) {
        Ok(mut all) => {
            for document in all.by_ref().take(10_000) {
                if let Err(error) = document {
                    assert!(!error.to_string().contains('\n'));
                }
            }
            assert!(all.notes().iter().all(|note| !note.contains('\n')));
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
});
