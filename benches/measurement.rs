//! What a measurement costs, stage by stage, on the demo's larger model: `cargo bench`.
//!
//! The GPU rows use whatever adapter there is; on a software one they say nothing about a real card.

use std::path::Path;
use std::sync::Arc;

use divan::{Bencher, black_box};
use infoplane::checkpoints::ModelFolder;
use infoplane::device::Compute;
use infoplane::estimator::{
    Binning, Estimator, Question, ReferencePoints, Row, SampleLabels, Scores, Target,
};
use infoplane::labels::Labels;
use infoplane::model::batch::{Batch, batches};
use infoplane::model::{Model, Options};
use infoplane::settings::{Backend, Settings};
use infoplane::store::{ChunkKey, Losses, ScoreTable};
use infoplane::tokens::Tokens;

const BACKENDS: [Backend; 2] = [Backend::Cpu, Backend::Gpu];
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

fn compute(backend: Backend) -> Compute {
    Compute::open(backend).expect("an adapter").0
}

#[divan::bench]
fn encode_and_label() -> usize {
    Labels::new(&documents(), 4).positions()
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
    let reference = estimator.reference(points).expect("memory");
    let states: Vec<f32> =
        infoplane::estimator::unit_rows(1, positions, width).iter().map(|&x| x as f32).collect();
    let data = burn::tensor::TensorData::new(states, [positions, width]);
    let hidden = burn::tensor::Tensor::<2>::from_data(data, &compute.tensors());
    let rows: Vec<Row> = (0..positions as u32).map(|row| Row { source: row, target: row }).collect();
    let planes = estimator.device_planes(1, positions, POINTS).expect("memory");
    let (mut table, _) = ScoreTable::new(1, POINTS, &[ChunkKey { end: positions, tokens: 0 }], None);
    let target = match &planes {
        Some(planes) => Target::Device(&planes[0]),
        None => Target::Host(table.open(0, 0).expect("memory")),
    };
    estimator.score(hidden, &reference, &rows, target).expect("scores");
    table.finish(0, Losses::default()).expect("memory");
    let scores = planes.as_ref().map_or(Scores::Host(table.plane(0)), |planes| Scores::Device(&planes[0]));
    let binning = Binning { points: POINTS, temperature: 0.027 };
    let question = Question { binning, min_count: 1, prefixes: vec![positions] };
    bencher.counter(divan::counter::ItemsCount::new(positions)).bench_local(|| {
        black_box(estimator.statistics(scores, &question, &labels, &mut || false).expect("statistics"))
    });
}
