//! Any bytes as a weight file and as an index of shards: what is declared lies within the file.
#![no_main]

// By its path: the readers need none of what the program is built with.
#[path = "../../../src/model/weights/files.rs"]
mod files;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = |offset: u64, into: &mut [u8]| {
        into.copy_from_slice(&bytes[offset as usize..][..into.len()]);
        Ok(())
    };
    if let Ok(tensors) = files::tensors(bytes.len() as u64, read) {
        for tensor in tensors {
            assert!(tensor.range.start <= tensor.range.end && tensor.range.end <= bytes.len() as u64);
        }
    }
    if let Ok(shards) = files::shards(bytes) {
        assert!(shards.iter().all(|name| !name.contains('/') && name != ".." && !name.is_empty()));
    }
});
