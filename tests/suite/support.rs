//! Fixtures and devices shared by the tests.

use std::path::{Path, PathBuf};

use infoplane::device::Compute;
use infoplane::settings::Backend;
use safetensors::SafeTensors;

/// A file of `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// A file of `assets`.
pub fn asset(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(path)
}

/// Both devices: the CPU, and whatever adapter there is, which on machines without a GPU is Mesa's.
pub fn devices() -> [(Backend, Compute); 2] {
    [Backend::Cpu, Backend::Gpu].map(|backend| (backend, open(backend)))
}

/// One device.
pub fn open(backend: Backend) -> Compute {
    Compute::open(backend).unwrap_or_else(|error| panic!("{error}")).0
}

/// A safetensors file in memory.
pub struct Tensors(Vec<u8>);

impl Tensors {
    pub fn read(path: &Path) -> Self {
        Self(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// A tensor's shape and its elements, read by `element`.
    pub fn get<const N: usize, T>(&self, name: &str, element: fn([u8; N]) -> T) -> (Vec<usize>, Vec<T>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let values = tensor.data().as_chunks::<N>().0.iter().map(|bytes| element(*bytes)).collect();
        (tensor.shape().to_vec(), values)
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        SafeTensors::deserialize(&self.0).unwrap().names().iter().map(|name| name.to_string()).collect()
    }
}

/// A file of JSON.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A number of a JSON document.
pub fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}
