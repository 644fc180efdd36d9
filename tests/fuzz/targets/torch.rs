//! Any bytes as a file that torch saved, and as the pickle of one whose other parts are in order: what is declared lies
//! within the file, in as many elements as there is room for.
#![no_main]

// By their paths: the readers need none of what the program is built with.
#[path = "../../../src/model/weights/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "../../../src/model/weights/torch/mod.rs"]
#[allow(dead_code)]
mod torch;

use libfuzzer_sys::fuzz_target;

/// Checks what a file declares.
fn check(bytes: &[u8]) {
    let mut read = |offset: u64, into: &mut [u8]| {
        into.copy_from_slice(&bytes[offset as usize..][..into.len()]);
        Ok(())
    };
    for tensor in torch::tensors(bytes.len() as u64, &mut read).unwrap_or_default() {
        assert!(tensor.range.start <= tensor.range.end && tensor.range.end <= bytes.len() as u64);
        let size = tensor.dtype.bitsize() / 8;
        if tensor.range.is_empty() {
            assert!(tensor.shape.contains(&0));
            continue;
        }
        let elements: usize = tensor.shape.iter().product();
        assert!(elements > 0 && elements * size <= bytes.len());
        let reach = match &tensor.strides {
            Some(strides) => strides.iter().zip(&tensor.shape).map(|(stride, &n)| stride * (n as u64 - 1)).sum(),
            None => elements as u64 - 1,
        };
        assert_eq!((reach + 1) * size as u64, tensor.range.end - tensor.range.start);
    }
}

/// An archive of a pickle and one storage of 64 bytes.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::<u8>::new());
    for (name, data) in [("x/data.pkl", pickle), ("x/data/0", &[0; 64])] {
        let (size, offset) = ((data.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
        let head = [&[0; 14][..], &size, &size, &(name.len() as u16).to_le_bytes()].concat();
        bytes.extend([b"PK\x03\x04", &head[..], &[0; 2], name.as_bytes(), data].concat());
        directory.extend([b"PK\x01\x02\0\0", &head[..], &[0; 12], &offset, name.as_bytes()].concat());
    }
    let end = [(directory.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    [&bytes[..], &directory, b"PK\x05\x06\0\0\0\0\x02\0\x02\0", &end, &[0; 2]].concat()
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    check(&archive(bytes));
});
