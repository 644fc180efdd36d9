//! What a measurement costs, stage by stage, on the demo's larger model: `cargo bench`.
//!
//! The GPU rows use whatever adapter there is; on a software one they say nothing about a real card.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::sync::Arc;

use divan::{Bencher, black_box};
use infoplane::checkpoints::ModelFolder;
use infoplane::device::Compute;
use infoplane::estimator::{
    Binning, Estimator, Question, ReferencePoints, Row, SampleLabels, Scores, Targets,
};
use infoplane::labels::Labels;
use infoplane::model::batch::{Batch, batches};
use infoplane::model::{Model, Options};
use infoplane::product::{Cores, Matrix, Operands, States};
use infoplane::scores::{ChunkKey, Losses, ScoreTable, Seeds, Shape, ValuesMut};
use infoplane::settings::{Backend, Precision, Settings};
use infoplane::tokens::Tokens;
use pulp::{Arch, Simd, WithSimd};

const BACKENDS: [Backend; 2] = [Backend::Cpu, Backend::Gpu];
/// A GPU's memory holds scores in f32 alone.
const MEMORIES: [(Backend, Precision); 3] =
    [(Backend::Cpu, Precision::F32), (Backend::Cpu, Precision::F16), (Backend::Gpu, Precision::F32)];
const PRODUCTS: [(usize, Operands); 6] = [
    (77, Operands::F32),
    (256, Operands::F32),
    (512, Operands::F32),
    (512, Operands::Bf16),
    (512, Operands::Bf16x2),
    (512, Operands::Bf16x3),
];
const POINTS: usize = 100;

fn main() {
    divan::main();
}

fn demo(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo").join(path)
}

/// 128 documents of up to 256 tokens: some 30,000 positions.
fn documents() -> Vec<Vec<u32>> {
    let settings = Settings { samples: 128, context: 256, ..Settings::default() };
    let tokenizer = demo("gutenberg-1m/tokenizer.json");
    Tokens::from_text(&tokenizer, &demo("books-sample.jsonl"), &settings, &mut || false)
        .expect("the demo is there")
        .documents
}

fn model(compute: &Compute) -> (Model, Batch) {
    let model =
        Model::open(&ModelFolder::new(&demo("gutenberg-1m/step2000")), &Options::new(compute.tensors()))
            .expect("the demo is there");
    let batch = batches(&documents(), 0..128, model.tokens_per_batch()).remove(0);
    (model, batch)
}

/// The scores of that many layers with one set of points.
fn shape(layers: usize) -> Shape {
    Shape { layers, seeds: Seeds::from_first(1), points: POINTS, ..Shape::default() }
}

fn compute(backend: Backend) -> Compute {
    Compute::open(backend).expect("an adapter").0
}

#[divan::bench]
fn encode_and_label() -> usize {
    Labels::new(&documents(), 4).positions()
}

/// What a change of temperature, points, minimum count or seed asks: the measures of 17 layers on 32,000
/// positions, all orders, with their convergence; scores lie where a window keeps them, in either precision.
#[divan::bench(args = MEMORIES, sample_count = 10)]
fn retune_17_layers(bencher: Bencher, (backend, precision): (Backend, Precision)) {
    const LAYERS: usize = 17;
    let compute = compute(backend);
    let mut estimator = Estimator::new(&compute).expect("kernels");
    let documents = documents();
    let first = Labels::new(&documents[..32], 4).positions();
    let labels = Arc::new(SampleLabels::new(&Labels::new(&documents, 4)));
    let positions = labels.positions();
    let slabs = estimator.device_slabs(LAYERS, positions, POINTS, precision).expect("memory");
    let chunks = [first, positions].map(|end| ChunkKey { end, tokens: 0 });
    let mut table = ScoreTable::new(Shape { precision, ..shape(LAYERS) }, &chunks);
    let reference = [estimator.reference(ReferencePoints::new(0, POINTS, 64)).expect("memory")];
    for layer in 0..LAYERS {
        for (chunk, range) in [0..first, first..positions].into_iter().enumerate() {
            let hidden = random_states(layer as u64, range.len(), 64, &compute);
            let origin = if slabs.is_some() { range.start } else { 0 };
            let row = |row: usize| Row { source: row as u32, target: (origin + row) as u32 };
            let rows: Vec<Row> = (0..range.len()).map(row).collect();
            let targets = match &slabs {
                Some(slabs) => Targets::Device(&slabs[layer..=layer]),
                None => Targets::Host(table.open(chunk, layer..layer + 1).expect("memory")),
            };
            estimator.score(hidden, &reference, &rows, targets).expect("scores");
        }
    }
    (0..chunks.len()).for_each(|chunk| table.finish(chunk, Losses::default()).expect("memory"));
    let host = || Scores::Host((0..LAYERS).map(|layer| table.slab(layer)).collect());
    let scores = slabs.as_ref().map_or_else(host, |slabs| Scores::Device(slabs.iter().collect()));
    let mut temperature = 0.02;
    bencher.counter(divan::counter::ItemsCount::new(LAYERS * positions)).bench_local(|| {
        temperature *= 1.001;
        let binning = Binning { points: POINTS, temperature };
        let question = Question { binning, min_count: 1, prefixes: vec![first, positions], listed: 0..0 };
        black_box(estimator.statistics(&scores, &question, &labels, &mut || false).expect("statistics"));
    });
}

/// The scores of 512 positions of one layer with OLMo2-1B's hidden size, three seeds; beside a forward pass of that
/// size, what the estimator adds to it.
#[divan::bench(args = BACKENDS)]
fn score_512_states_of_2048(bencher: Bencher, backend: Backend) {
    const POSITIONS: usize = 512;
    const WIDTH: usize = 2048;
    let compute = compute(backend);
    let estimator = Estimator::new(&compute).expect("kernels");
    let reference = |seed| estimator.reference(ReferencePoints::new(seed, POINTS, WIDTH)).expect("memory");
    let references = [0, 1, 2].map(reference);
    let hidden = random_states(1, POSITIONS, WIDTH, &compute);
    let rows: Vec<Row> = (0..POSITIONS as u32).map(|row| Row { source: row, target: row }).collect();
    let mut scores = references.each_ref().map(|_| vec![0.0; POSITIONS * POINTS]);
    bencher.counter(divan::counter::ItemsCount::new(POSITIONS)).bench_local(|| {
        let targets = scores.iter_mut().map(|scores| ValuesMut::F32(scores)).collect();
        estimator.score(hidden.clone(), &references, &rows, Targets::Host(targets)).expect("scores");
    });
}

fn random_states(seed: u64, rows: usize, width: usize, compute: &Compute) -> burn_tensor::Tensor<2> {
    let states: Vec<f32> =
        infoplane::estimator::unit_rows(seed, rows, width).iter().map(|&x| x as f32).collect();
    burn_tensor::Tensor::from_data(burn_tensor::TensorData::new(states, [rows, width]), &compute.tensors())
}

/// What products could come to at most: fused multiplications of what lies in registers, on all cores; an item is an
/// operation.
#[divan::bench(sample_count = 20)]
fn registers(bencher: Bencher) {
    let threads = rayon::current_num_threads();
    let operations = 2 * threads * MultiplyInRegisters::SUMS * MultiplyInRegisters::ROUNDS;
    bencher.counter(divan::counter::ItemsCount::new(operations * lanes())).bench_local(|| {
        rayon::broadcast(|_| Arch::new().dispatch(MultiplyInRegisters));
    });
}

/// As many numbers as a vector of this processor holds.
fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    Arch::new().dispatch(Lanes)
}

struct MultiplyInRegisters;

impl MultiplyInRegisters {
    /// Enough that none waits for the one before.
    const SUMS: usize = 12;
    const ROUNDS: usize = 1 << 20;
}

impl WithSimd for MultiplyInRegisters {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let factors = black_box([0.999f32, 1e-3]).map(|factor| simd.splat_f32s(factor));
        let mut sums = [simd.splat_f32s(1.0); Self::SUMS];
        for _ in 0..Self::ROUNDS {
            sums.iter_mut().for_each(|sum| *sum = simd.mul_add_f32s(*sum, factors[0], factors[1]));
        }
        black_box(sums.map(|sum| simd.reduce_sum_f32s(sum)));
    }
}

/// A product with weights of 1B dimensions, `[rows, 2048]` to `[rows, 8192]`, on all cores; an item is an operation.
#[divan::bench(args = PRODUCTS, sample_count = 20)]
fn product(bencher: Bencher, (rows, operands): (usize, Operands)) {
    const INPUTS: usize = 2048;
    const OUTPUTS: usize = 8192;
    let values = |len: usize| (0..len).map(|i| (i % 17) as f32 * 0.01).collect::<Vec<_>>();
    let weights = Matrix::of(&values(INPUTS * OUTPUTS), INPUTS, operands);
    let (x, mut out) = (values(rows * INPUTS), vec![0.0; rows * OUTPUTS]);
    bencher.counter(divan::counter::ItemsCount::new(2 * rows * INPUTS * OUTPUTS)).bench_local(|| {
        let states = States::new(&x, INPUTS, operands, Cores::All);
        weights
            .apply(&states, &mut out, Cores::All, |_, products, out| out.copy_from_slice(products))
            .expect("weights that are held");
    });
}

/// One batch through the model, states untouched, losses included.
#[divan::bench(args = BACKENDS)]
fn forward(bencher: Bencher, backend: Backend) {
    let (mut model, batch) = model(&compute(backend));
    bencher
        .counter(divan::counter::ItemsCount::new(batch.ids.len()))
        .bench_local(|| model.forward(vec![batch.clone()], |_, _, _| Ok(())).expect("a forward pass"));
}

/// All statistics of one layer: soft bins and every label of orders 1 to 4, input and output.
#[divan::bench(args = BACKENDS)]
fn statistics_of_a_layer(bencher: Bencher, backend: Backend) {
    let compute = compute(backend);
    let mut estimator = Estimator::new(&compute).expect("kernels");
    let labels = Arc::new(SampleLabels::new(&Labels::new(&documents(), 4)));
    let (positions, width) = (labels.positions(), 64);
    let points = ReferencePoints::new(0, POINTS, width);
    let reference = [estimator.reference(points).expect("memory")];
    let hidden = random_states(1, positions, width, &compute);
    let rows: Vec<Row> = (0..positions as u32).map(|row| Row { source: row, target: row }).collect();
    let slabs = estimator.device_slabs(1, positions, POINTS, Precision::F32).expect("memory");
    let mut table = ScoreTable::new(shape(1), &[ChunkKey { end: positions, tokens: 0 }]);
    let targets = match &slabs {
        Some(slabs) => Targets::Device(slabs),
        None => Targets::Host(table.open(0, 0..1).expect("memory")),
    };
    estimator.score(hidden, &reference, &rows, targets).expect("scores");
    table.finish(0, Losses::default()).expect("memory");
    let host = || Scores::Host(vec![table.slab(0)]);
    let scores = slabs.as_ref().map_or_else(host, |slabs| Scores::Device(vec![&slabs[0]]));
    let binning = Binning { points: POINTS, temperature: 0.027 };
    let question = Question { binning, min_count: 1, prefixes: vec![positions], listed: 0..0 };
    bencher.counter(divan::counter::ItemsCount::new(positions)).bench_local(|| {
        black_box(estimator.statistics(&scores, &question, &labels, &mut || false).expect("statistics"))
    });
}
