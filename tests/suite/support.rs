//! Fixtures and devices shared by the tests.

use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use burn_tensor::{Tensor, TensorData};
use bytemuck::cast_slice;
use infoplane::device::Compute;
use infoplane::estimator::{
    Answer, Binning, Estimator, Question, ReferencePoints, Row, SampleLabels, Scores, Statistics, Targets,
};
use infoplane::scores::{ChunkKey, Losses, ScoreTable, Seeds, Shape};
use infoplane::settings::{Backend, Precision};
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};

/// How long anything is waited for that must come: only what hangs takes as long, on the busiest of machines.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// A file of `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// A file of `assets`.
pub fn asset(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(path)
}

/// A folder with the files of another.
pub fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

/// Both devices: the CPU, and whatever adapter there is, which on machines without a GPU is Mesa's.
pub fn devices() -> [(Backend, Compute); 2] {
    [Backend::Cpu, Backend::Gpu].map(|backend| (backend, open(backend)))
}

/// One device.
pub fn open(backend: Backend) -> Compute {
    Compute::open(backend).unwrap_or_else(|error| panic!("{error}")).0
}

/// A token file of documents.
pub fn token_file(path: &Path, documents: &[&[i32]]) {
    let tokens: Vec<i32> = documents.concat();
    let mut offsets = vec![0i64];
    for document in documents {
        offsets.push(offsets[offsets.len() - 1] + document.len() as i64);
    }
    let tensors = [
        ("tokens", TensorView::new(Dtype::I32, vec![tokens.len()], cast_slice(&tokens)).unwrap()),
        ("offsets", TensorView::new(Dtype::I64, vec![offsets.len()], cast_slice(&offsets)).unwrap()),
    ];
    std::fs::write(path, serialize(tensors, None).unwrap()).unwrap();
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

/// Statistics of one layer's states `[positions, width]` over the first positions up to each of `ends`, scored in
/// chunks that end there.
pub fn layer_statistics(
    compute: &Compute,
    states: (&[f32], usize),
    reference: ReferencePoints,
    labels: SampleLabels,
    ends: &[usize],
    question: (Binning, u32),
) -> Vec<Statistics> {
    layer_answer(compute, states, reference, labels, ends, question).layers.remove(0)
}

/// The same with the entropies of single labels.
pub fn layer_answer(
    compute: &Compute,
    (states, width): (&[f32], usize),
    reference: ReferencePoints,
    labels: SampleLabels,
    ends: &[usize],
    (binning, min_count): (Binning, u32),
) -> Answer {
    let points = binning.points;
    let mut estimator = Estimator::new(compute).unwrap();
    let reference = estimator.reference(reference).unwrap();
    let slabs = estimator.device_slabs(1, ends[ends.len() - 1], points, Precision::F32).unwrap();
    let chunks: Vec<ChunkKey> = ends.iter().map(|&end| ChunkKey { end, tokens: 0 }).collect();
    let shape = Shape { layers: 1, seeds: Seeds::from_first(1), points, ..Shape::default() };
    let mut table = ScoreTable::new(shape, &chunks);
    for chunk in 0..chunks.len() {
        let range = table.positions(chunk);
        let origin = if slabs.is_some() { range.start as u32 } else { 0 };
        let rows: Vec<Row> =
            (0..range.len() as u32).map(|row| Row { source: row, target: row + origin }).collect();
        let states = states[range.start * width..range.end * width].to_vec();
        let states = TensorData::new(states, [range.len(), width]);
        let targets = match &slabs {
            Some(slabs) => Targets::Device(slabs),
            None => Targets::Host(table.open(chunk, 0..1).unwrap()),
        };
        let states = Tensor::<2>::from_data(states, &compute.tensors());
        estimator.score(states, slice::from_ref(&reference), &rows, targets).unwrap();
        table.finish(chunk, Losses::default()).unwrap();
    }
    let question = Question { binning, min_count, prefixes: ends.to_vec(), listed: 0..1 };
    let scores = match &slabs {
        Some(slabs) => Scores::Device(vec![&slabs[0]]),
        None => Scores::Host(vec![table.slab(0)]),
    };
    estimator.statistics(&scores, &question, &Arc::new(labels), &mut || false).unwrap()
}
