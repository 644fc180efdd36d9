//! Every compute shader against its twin in Rust, or where it has none against the plain sum it stands for:
//! random, edge-size, NaN and permuted input, on buffers that hold garbage where nothing was written.

use burn_tensor::{Tensor, TensorData};
use bytemuck::{Pod, cast_slice};
use half::f16;
use infoplane::device::kernels::{self, Kernel};
use infoplane::device::{Compute, Gpu};
use infoplane::estimator::cpu::{
    cosine_scores::Directions,
    soft_bins::{Bins, row_length, soft_bins},
};
use infoplane::estimator::segments::{Chunk, Label, Segments};
use infoplane::estimator::{Estimator, REFUSED, REFUSED_ENTROPY, ReferencePoints, Row, Targets, unit_rows};
use infoplane::product::{Matrix, Operands};
use infoplane::scores::ValuesMut;
use infoplane::settings::{Backend, Precision};
use proptest::prelude::*;

use super::support::open;

/// What output buffers hold before a kernel runs; no kernel may lean on zeros.
const POISON: f32 = 12345.0;

/// Runs a kernel on `inputs` and reads back `outputs` (binding, floats), both by binding number; binding 0
/// is `params`.
fn run(
    gpu: &Gpu,
    kernel: Kernel,
    params: [u32; 4],
    inputs: &[(u32, &[u8])],
    outputs: &[(u32, usize)],
    groups: [u32; 2],
) -> Vec<Vec<f32>> {
    use wgpu::BufferUsages as Usage;
    let device = &gpu.device;
    let buffer = |bytes: &[u8], usage| {
        let size = bytes.len().max(16) as u64;
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let buffer = device.create_buffer(&descriptor);
        gpu.queue.write_buffer(&buffer, 0, bytes);
        buffer
    };
    let storage = Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC;
    let mut buffers = vec![(0, buffer(cast_slice(&params), Usage::UNIFORM | Usage::COPY_DST))];
    buffers.extend(inputs.iter().map(|(binding, bytes)| (*binding, buffer(bytes, storage))));
    for &(binding, floats) in outputs {
        buffers.push((binding, buffer(cast_slice(&vec![POISON; floats]), storage)));
    }
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(kernel.name),
        source: wgpu::ShaderSource::Wgsl(kernel.source.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(kernel.name),
        layout: None,
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    });
    let entries: Vec<_> = buffers
        .iter()
        .map(|(binding, buffer)| wgpu::BindGroupEntry {
            binding: *binding,
            resource: buffer.as_entire_binding(),
        })
        .collect();
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    let mut encoder = device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(groups[0], groups[1], 1);
    }
    let mut staged = Vec::new();
    for &(binding, floats) in outputs {
        let size = (floats * 4) as u64;
        let usage = Usage::MAP_READ | Usage::COPY_DST;
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let staging = device.create_buffer(&descriptor);
        let source = &buffers.iter().find(|(b, _)| *b == binding).unwrap().1;
        encoder.copy_buffer_to_buffer(source, 0, &staging, 0, size);
        staged.push(staging);
    }
    gpu.queue.submit([encoder.finish()]);
    staged
        .iter()
        .map(|staging| {
            staging.map_async(wgpu::MapMode::Read, .., |result| result.unwrap());
            device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
            bytemuck::pod_collect_to_vec(&staging.get_mapped_range(..).unwrap())
        })
        .collect()
}

fn gpu() -> std::sync::Arc<Gpu> {
    let Compute::Gpu(gpu) = open(Backend::Gpu) else { panic!("no adapter") };
    gpu
}

fn bytes<T: Pod>(values: &[T]) -> &[u8] {
    cast_slice(values)
}

/// Numbers in [-1, 1) from a seed.
fn random(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// Within `tolerance` of the larger of the two, or of 1; NaN only where the other is NaN.
#[track_caller]
fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (index, (a, b)) in actual.iter().zip(expected).enumerate() {
        let near = (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0);
        assert!(near || (a.is_nan() && b.is_nan()), "{what} [{index}]: {a} on the GPU, {b} on the CPU");
    }
}

/// Scores of the GPU, in f32 or rounded to what f16 holds.
fn scores_on_gpu(
    gpu: &Gpu,
    hidden: &[f32],
    width: usize,
    points: usize,
    rows: &[Row],
    precision: Precision,
) -> Vec<f32> {
    let reference: Vec<f32> = unit_rows(1, points, width).iter().map(|&x| x as f32).collect();
    let positions = rows.iter().map(|row| row.target as usize + 1).max().unwrap();
    let groups = [points.div_ceil(32) as u32, rows.len().div_ceil(32) as u32];
    let half = u32::from(precision == Precision::F16);
    let params = [rows.len() as u32, width as u32, points as u32, half];
    let inputs = [(1, bytes(hidden)), (2, bytes(&reference)), (3, bytes(rows))];
    let outputs = [(4, positions * points)];
    run(gpu, kernels::COSINE_SCORES, params, &inputs, &outputs, groups).remove(0)
}

fn scores_on_both(gpu: &Gpu, hidden: &[f32], width: usize, points: usize, rows: &[Row]) -> [Vec<f32>; 2] {
    let reference: Vec<f32> = unit_rows(1, points, width).iter().map(|&x| x as f32).collect();
    let positions = rows.iter().map(|row| row.target as usize + 1).max().unwrap();
    let mut expected = vec![POISON; positions * points];
    let reference_points = Matrix::of(&reference, width, Operands::F32);
    for row in rows {
        let state = &hidden[row.source as usize * width..][..width];
        let scores = &mut expected[row.target as usize * points..][..points];
        Directions::new(state, width).score(&reference_points, scores).unwrap();
    }
    [scores_on_gpu(gpu, hidden, width, points, rows, Precision::F32), expected]
}

#[test]
fn half_precision_in_the_gpus_memory_is_that_of_main_memory() {
    let gpu = gpu();
    let (positions, width, points) = (64, 64, 500);
    let (mut hidden, refused) = states_with_some_beyond_measure(width);
    hidden.extend(random(11, (positions - 40) * width));
    let rows: Vec<Row> = (0..positions as u32).map(|i| Row { source: i, target: i }).collect();
    let [exact, half] = [Precision::F32, Precision::F16]
        .map(|precision| scores_on_gpu(&gpu, &hidden, width, points, &rows, precision));
    // Below 2^-14 there are fewer digits.
    assert!(exact.iter().any(|score| score.abs() < 6e-5 && *score != 0.0));
    assert!(!refused.is_empty() && exact.contains(&REFUSED));
    let expected: Vec<f32> = exact.iter().map(|&score| f16::from_f32(score).to_f32()).collect();
    assert_eq!(half, expected);
}

#[test]
fn cosine_scores_agree_at_every_edge() {
    let gpu = gpu();
    for (states, width, points) in
        [(1, 3, 2), (31, 32, 31), (32, 33, 32), (33, 31, 33), (65, 130, 100), (7, 1, 1)]
    {
        let mut hidden = random(states as u64, states * width);
        // A zero state, and one that is far from the scale of the others.
        hidden[..width].fill(0.0);
        hidden[(states - 1) * width..].iter_mut().for_each(|x| *x *= 1e6);
        // Rows out of order, with a hole among the targets that must stay untouched.
        let mut rows: Vec<Row> =
            (0..states as u32).rev().map(|i| Row { source: i, target: i + u32::from(i > 3) }).collect();
        rows.rotate_left(states / 3);
        let [actual, expected] = scores_on_both(&gpu, &hidden, width, points, &rows);
        // Sums of up to 130 products of numbers below 1, in another order.
        assert_close(&actual, &expected, 2e-6, &format!("{states} x {width} x {points}"));
        if states > 4 {
            assert_eq!(actual[4 * points], POISON);
        }
    }
}

/// States `[40, width]` and which of them cannot be measured: not finite, or of a square that overflows.
fn states_with_some_beyond_measure(width: usize) -> (Vec<f32>, [usize; 8]) {
    let mut hidden = random(3, 40 * width);
    let mut state = |row: usize, change: &dyn Fn(usize, f32) -> f32| {
        let state = hidden[row * width..][..width].iter_mut().enumerate();
        state.for_each(|(column, value)| *value = change(column, *value));
    };
    let one = |value: f32| move |column: usize, given: f32| if column == width / 2 { value } else { given };
    let all = |size: f32| move |_: usize, given: f32| size.copysign(given);
    state(5, &one(f32::NAN));
    state(9, &one(f32::INFINITY));
    state(10, &one(f32::NEG_INFINITY));
    // Every square is finite, their sum is not.
    state(17, &all(1e19));
    state(18, &all(1e20));
    state(31, &one(1e20));
    state(32, &one(f32::MAX));
    state(39, &all(f32::MAX));
    // As large as can be measured.
    state(0, &one(1.7e19));
    state(33, &all(1e18));
    (hidden, [5, 9, 10, 17, 18, 31, 32, 39])
}

#[test]
fn a_state_beyond_measure_spoils_its_own_scores_only() {
    let gpu = gpu();
    let points = 40;
    for width in [31, 64, 130] {
        let (hidden, refused) = states_with_some_beyond_measure(width);
        let rows: Vec<Row> = (0..40).map(|i| Row { source: i, target: i }).collect();
        let [actual, expected] = scores_on_both(&gpu, &hidden, width, points, &rows);
        assert_close(&actual, &expected, 2e-6, &format!("width {width}"));
        for (row, scores) in expected.chunks(points).enumerate() {
            let spoilt = refused.contains(&row);
            assert_eq!(scores.iter().all(|&score| score == REFUSED), spoilt, "row {row} of width {width}");
            assert!(spoilt || scores.iter().all(|score| score.abs() < 1.1), "row {row} of width {width}");
        }
        // Refused on the way to main memory too.
        let estimator = Estimator::new(&Compute::Gpu(gpu.clone())).unwrap();
        let reference = estimator.reference(ReferencePoints::new(1, points, width)).unwrap();
        let states = TensorData::new(hidden, [40, width]);
        let states = Tensor::<2>::from_data(states, &Compute::Gpu(gpu.clone()).tensors());
        let mut scores = vec![POISON; 40 * points];
        let targets = Targets::Host(vec![ValuesMut::F32(&mut scores)]);
        estimator.score(states, &[reference], &rows, targets).unwrap();
        assert_close(&scores, &expected, 2e-6, "main memory");
    }
}

#[test]
fn a_refused_position_says_so_in_its_entropy() {
    let gpu = gpu();
    let (positions, points) = (21, 50);
    let mut scores = random(8, positions * points);
    let refused = [0, 7, 20];
    refused.iter().for_each(|&position| scores[position * points..][..points].fill(REFUSED));
    let [[_, bins], [entropies, expected]] = bins_on_both(&gpu, &scores, points, points, 0.02);
    for position in 0..positions {
        let spoilt = refused.contains(&position);
        let bins = &bins[position * points..][..points];
        assert!(expected[position].is_nan() == spoilt && bins.iter().all(|bin| bin.is_nan() == spoilt));
        assert_eq!(entropies[position] == REFUSED_ENTROPY, spoilt, "{position}");
        assert!(spoilt || (entropies[position] - expected[position]).abs() < 2e-5, "{position}");
    }
}

/// Bins `[positions, points]` and their entropies; what only fills the rows up is zero.
fn bins_on_cpu(
    scores: &[f32],
    stride: usize,
    points: usize,
    inverse_temperature: f32,
) -> (Vec<f32>, Vec<f32>) {
    let (positions, width) = (scores.len() / stride, row_length(points));
    let (mut bins, mut entropies) = (vec![POISON; positions * width], vec![POISON; positions]);
    soft_bins(Bins { stride, points, inverse_temperature }, scores, &mut bins, &mut entropies);
    let rows = || bins.chunks(width);
    assert!(rows().all(|row| row[points..].iter().all(|&bin| bin == 0.0 || bin.is_nan())));
    (rows().flat_map(|row| &row[..points]).copied().collect(), entropies)
}

fn bins_on_both(gpu: &Gpu, scores: &[f32], stride: usize, points: usize, epsilon: f32) -> [[Vec<f32>; 2]; 2] {
    let positions = scores.len() / stride;
    let (bins, entropies) = bins_on_cpu(scores, stride, points, epsilon.recip());
    let params = [positions as u32, stride as u32, points as u32, epsilon.recip().to_bits()];
    let outputs = [(2, bins.len()), (3, positions)];
    // A second dimension, as for more positions than one holds.
    let groups = [positions.div_ceil(3) as u32, 3];
    let actual = run(gpu, kernels::SOFT_BINS, params, &[(1, bytes(scores))], &outputs, groups);
    [[actual[0].clone(), bins], [actual[1].clone(), entropies]]
}

#[test]
fn soft_bins_agree_at_every_edge() {
    let gpu = gpu();
    for (positions, stride, points, epsilon) in
        [(1, 2, 2, 0.5), (5, 64, 64, 0.01), (17, 128, 100, 0.0135), (33, 65, 63, 0.1), (9, 300, 300, 1e-4)]
    {
        let scores = random(points as u64, positions * stride);
        let [[bins, expected_bins], [entropies, expected_entropies]] =
            bins_on_both(&gpu, &scores, stride, points, epsilon);
        let what = format!("{positions} x {points} of {stride}");
        assert_close(&bins, &expected_bins, 2e-6, &what);
        // Entropies up to ln 300 from the difference of two numbers of the size of a logit.
        assert_close(&entropies, &expected_entropies, 2e-5, &what);
    }
}

#[test]
fn a_position_of_nan_spoils_its_own_bins_only() {
    let gpu = gpu();
    let mut scores = random(8, 12 * 50);
    scores[3 * 50 + 11] = f32::NAN;
    let [[bins, _], [entropies, _]] = bins_on_both(&gpu, &scores, 50, 50, 0.02);
    assert!(!entropies[3].is_finite());
    for position in (0..12).filter(|&position| position != 3) {
        let total: f32 = bins[position * 50..][..50].iter().sum();
        assert!((total - 1.0).abs() < 1e-5 && entropies[position].is_finite(), "{position}");
    }
}

fn label_kernels_on_both(gpu: &Gpu, bins: &[f32], points: usize, segments: &Segments) -> [[Vec<f32>; 2]; 2] {
    let (chunks, labels): (&[Chunk], &[Label]) = (&segments.chunks, &segments.labels);
    let sum = |chunk: &Chunk| {
        let mut sum = vec![0.0f64; points];
        for &position in &segments.positions[chunk.start as usize..chunk.end as usize] {
            let row = &bins[position as usize * points..][..points];
            sum.iter_mut().zip(row).for_each(|(sum, &bin)| *sum += f64::from(bin));
        }
        sum
    };
    let sums: Vec<f64> = chunks.iter().flat_map(sum).collect();
    let entropy = |label: &Label| {
        let chunks = &sums[label.first_chunk as usize * points..label.end_chunk as usize * points];
        let mass =
            |point: usize| chunks.iter().skip(point).step_by(points).sum::<f64>() / f64::from(label.count);
        let term = |mass: f64| if mass == 0.0 { 0.0 } else { -mass * mass.ln() };
        (0..points).map(|point| term(mass(point))).sum::<f64>() as f32
    };
    let entropies: Vec<f32> = labels.iter().map(entropy).collect();
    let sums: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
    let inputs = [(1, bytes(bins)), (2, bytes(&segments.positions)), (3, bytes(chunks))];
    let params = [chunks.len() as u32, points as u32, 0, 0];
    let groups = |items: usize| [items.div_ceil(2) as u32, 2];
    let outputs = [(4, sums.len())];
    let gpu_sums = run(gpu, kernels::LABEL_SUMS, params, &inputs, &outputs, groups(chunks.len())).remove(0);
    let inputs = [(1, bytes(&gpu_sums)), (2, bytes(labels))];
    let params = [labels.len() as u32, points as u32, 0, 0];
    let outputs = [(3, labels.len())];
    let gpu_entropies =
        run(gpu, kernels::LABEL_ENTROPIES, params, &inputs, &outputs, groups(labels.len())).remove(0);
    [[gpu_sums, sums], [gpu_entropies, entropies]]
}

/// Soft bins of random scores.
fn some_bins(positions: usize, points: usize) -> Vec<f32> {
    bins_on_cpu(&random(5, positions * points), points, points, 30.0).0
}

#[test]
fn label_kernels_agree_on_long_and_short_labels() {
    let gpu = gpu();
    let points = 70;
    let mut ids = vec![0u32; 700];
    ids.extend((0..300u32).map(|i| 1 + i / 3));
    ids.extend(1000..1010);
    let segments = Segments::new(&ids);
    let bins = some_bins(ids.len(), points);
    let [[sums, expected_sums], [entropies, expected_entropies]] =
        label_kernels_on_both(&gpu, &bins, points, &segments);
    // Sums of up to 256 positive numbers.
    assert_close(&sums, &expected_sums, 2e-6, "sums");
    assert_close(&entropies, &expected_entropies, 1e-5, "entropies");
}

/// A label of `positions` positions that share a few rows of bins.
fn long_label(positions: usize, rows: u32) -> Segments {
    let mut segments = Segments::new(&vec![0; positions]);
    segments.positions.iter_mut().for_each(|position| *position %= rows);
    segments
}

#[test]
fn the_sums_of_long_labels_do_not_drift() {
    let gpu = gpu();
    // The root of five million positions: 19,532 chunks. Early checkpoints have collapsed: their bins hardly differ,
    // and sums of near-equal numbers round the same way again and again.
    const POSITIONS: usize = 5_000_000;
    const ROWS: usize = 300;
    for (points, spread) in [(30, 0.0), (30, 1e-6), (23, 1e-3)] {
        let scores: Vec<f32> = random(6, ROWS * points).iter().map(|score| spread * score).collect();
        let (bins, _) = bins_on_cpu(&scores, points, points, 1.0);
        let segments = long_label(POSITIONS, ROWS as u32);
        assert_eq!(segments.labels[0].end_chunk, 19_532);
        let [_, [entropies, expected]] = label_kernels_on_both(&gpu, &bins, points, &segments);
        let deviation = (entropies[0] - expected[0]).abs() / (points as f32).ln();
        println!("{points} bins that differ by {spread:.0e}: {deviation:.1e} of the entropy");
        assert!(deviation <= 1e-5, "{points} bins that differ by {spread:.0e}: {deviation:e}");
    }
}

#[test]
fn a_label_whose_states_are_one_point_has_no_entropy() {
    let gpu = gpu();
    let points = 5;
    let bins: Vec<f32> = (0..8).flat_map(|_| [0.0, 0.0, 1.0, 0.0, 0.0]).collect();
    let segments = Segments::new(&[1, 1, 1, 1, 2, 2, 2, 2]);
    let [_, [entropies, expected]] = label_kernels_on_both(&gpu, &bins, points, &segments);
    assert_eq!((entropies, expected), (vec![0.0; 2], vec![0.0; 2]));
}

proptest! {
    // Each case starts kernels on a software adapter; a few say as much as many.
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_positions_does_not_matter(ids in prop::collection::vec(0u32..6, 2..80), seed in 0u64..1000) {
        let gpu = gpu();
        let points = 33;
        let bins = some_bins(ids.len(), points);
        // The same positions in another order, their bins with them.
        let keys = random(seed + 1, ids.len());
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
        let shuffled: Vec<u32> = order.iter().map(|&i| ids[i]).collect();
        let shuffled_bins: Vec<f32> = order.iter().flat_map(|&i| bins[i * points..][..points].to_vec()).collect();
        let total = |ids: &[u32], bins: &[f32]| {
            let segments = Segments::new(ids);
            if segments.labels.is_empty() { return 0.0; }
            let [_, [entropies, expected]] = label_kernels_on_both(&gpu, bins, points, &segments);
            assert_close(&entropies, &expected, 1e-5, "entropies");
            segments.labels.iter().zip(&entropies).map(|(label, entropy)| label.count as f32 * entropy).sum()
        };
        let (straight, mixed): (f32, f32) = (total(&ids, &bins), total(&shuffled, &shuffled_bins));
        prop_assert!((straight - mixed).abs() <= 1e-5 * straight.abs().max(1.0), "{straight} {mixed}");
    }
}
