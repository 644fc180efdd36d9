//! Any bytes as a weight file and as an index of shards: what is declared lies within the file.
#![no_main]

// By its path: the readers need none of what the program is built with.
#[path = "../../../src/model/weights/files.rs"]
mod files;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tensors) = files::tensors(bytes) {
        for tensor in tensors {
            assert!(tensor.range.start <= tensor.range.end && tensor.range.end <= bytes.len());
        }
    }
    if let Ok(shards) = files::shards(bytes) {
        assert!(shards.iter().all(|name| !name.contains('/') && name != ".." && !name.is_empty()));
    }
});
