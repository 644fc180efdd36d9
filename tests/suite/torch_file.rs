//! Files of tensors as torch saves them, written for tests: pickles instruction by instruction, archives entry by entry.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};

/// A pickle in the making.
#[derive(Clone, Default)]
pub struct Pickle(pub Vec<u8>);

impl Pickle {
    /// One that starts as torch's do.
    pub fn new() -> Self {
        Self(b"\x80\x02".to_vec())
    }

    /// Instructions as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.raw(b"X").raw(&(text.len() as u32).to_le_bytes()).raw(text.as_bytes())
    }

    pub fn int(self, number: i64) -> Self {
        self.raw(b"\x8a\x08").raw(&number.to_le_bytes())
    }

    pub fn global(self, module: &str, name: &str) -> Self {
        self.raw(format!("c{module}\n{name}\n").as_bytes())
    }

    fn tuple(self, numbers: &[i64]) -> Self {
        numbers.iter().fold(self.raw(b"("), |pickle, &number| pickle.int(number)).raw(b"t")
    }

    /// A tensor that is a view of a storage: its type, name and length, then offset, shape and strides.
    pub fn tensor(self, storage: (&str, &str, i64), offset: i64, shape: &[i64], strides: &[i64]) -> Self {
        let (kind, key, count) = storage;
        self.global("torch._utils", "_rebuild_tensor_v2")
            .raw(b"((")
            .text("storage")
            .global("torch", kind)
            .text(key)
            .text("cpu")
            .int(count)
            .raw(b"tQ")
            .int(offset)
            .tuple(shape)
            .tuple(strides)
            .raw(b"\x89")
            .global("collections", "OrderedDict")
            .raw(b")RtR")
    }

    /// The pickle as the one entry `data.pkl` of an archive, with entries beside it.
    pub fn archive(self, entries: &[(&str, &[u8])]) -> Vec<u8> {
        let pickle = self.raw(b".").0;
        let mut all = vec![("x/data.pkl", &pickle[..])];
        all.extend(entries);
        archive(&all)
    }
}

/// An archive of entries that are stored as they are.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::<u8>::new());
    for (name, data) in entries {
        let (size, offset) = (data.len() as u32, bytes.len() as u32);
        // Version, flags, method, time, date, checksum, sizes, length of the name.
        let mut head = vec![0; 14];
        head.extend(size.to_le_bytes().iter().chain(&size.to_le_bytes()));
        head.extend((name.len() as u16).to_le_bytes());
        bytes.extend(b"PK\x03\x04".iter().chain(&head).chain(&[0; 2]).chain(name.as_bytes()).chain(*data));
        directory.extend(b"PK\x01\x02\0\0".iter().chain(&head).chain(&[0; 12]));
        directory.extend(offset.to_le_bytes().iter().chain(name.as_bytes()));
    }
    let (start, size) = (bytes.len() as u32, directory.len() as u32);
    let count = (entries.len() as u16).to_le_bytes();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0".iter().chain(&count).chain(&count));
    bytes.extend(size.to_le_bytes().iter().chain(&start.to_le_bytes()).chain(&[0; 2]));
    bytes
}

/// The tensors of a safetensors file in the form of torch, matrices turned where `turned` says so: stored by columns.
pub fn of_safetensors(path: &Path, turned: bool) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<&str> = file.names();
    names.sort_unstable();
    let mut pickle = Pickle::new().global("collections", "OrderedDict").raw(b")R(");
    let mut storages = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let tensor = file.tensor(name).unwrap();
        let (kind, size) = match tensor.dtype() {
            Dtype::F32 => ("FloatStorage", 4),
            Dtype::BF16 => ("BFloat16Storage", 2),
            other => panic!("{other:?}"),
        };
        let shape: Vec<i64> = tensor.shape().iter().map(|&length| length as i64).collect();
        let mut strides: Vec<i64> = (1..=shape.len()).map(|from| shape[from..].iter().product()).collect();
        let mut data = tensor.data().to_vec();
        if let (true, &[rows, columns]) = (turned, &shape[..]) {
            strides = vec![1, rows];
            let place = |element: usize| {
                (element % columns as usize * rows as usize + element / columns as usize) * size
            };
            for (element, bytes) in tensor.data().chunks(size).enumerate() {
                data[place(element)..][..size].copy_from_slice(bytes);
            }
        }
        let (key, count) = (index.to_string(), shape.iter().product());
        pickle = pickle.text(name).tensor((kind, &key, count), 0, &shape, &strides);
        storages.push((format!("x/data/{key}"), data));
    }
    let entries: Vec<(&str, &[u8])> = storages.iter().map(|(name, data)| (&name[..], &data[..])).collect();
    pickle.raw(b"u").archive(&entries)
}
