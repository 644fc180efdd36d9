use half::bf16;

use super::*;
use crate::error::{Error, Kind};

/// Numbers of which no two neighbours are alike.
pub(crate) fn values(len: usize, seed: u32) -> Vec<f32> {
    let value = |i: u32| ((i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) % 2001) as f32 * 1e-3 - 1.0;
    (0..len as u32).map(value).collect()
}

/// Weights that are read each time.
#[derive(Debug)]
struct Stored {
    values: Vec<f32>,
    inputs: usize,
}

impl Rows for Stored {
    fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()> {
        values.copy_from_slice(&self.values[outputs.start * self.inputs..outputs.end * self.inputs]);
        Ok(())
    }
}

/// The same weights, held and read.
fn matrices(weights: &[f32], inputs: usize, operands: Operands) -> [Matrix; 2] {
    let stored = || Stored { values: weights.to_vec(), inputs };
    let sizes = [inputs, weights.len() / inputs];
    let held = Matrix::held(sizes, operands, |range, values| stored().read(range, values)).unwrap();
    [held, Matrix::read(sizes, operands, Box::new(stored()))]
}

fn product(weights: &Matrix, x: &[f32], cores: Cores) -> Vec<f32> {
    let states = States::new(x, weights.inputs, weights.operands, cores);
    let mut out = vec![f32::NAN; states.rows() * weights.outputs];
    weights.apply(&states, &mut out, cores, |_, products, out| out.copy_from_slice(products)).unwrap();
    out
}

/// (rows, inputs, outputs)
const SIZES: [(usize, usize, usize); 8] = [
    (1, 1, 1),
    (3, 5, 47),
    (8, 96, 48),
    (9, 97, 49),
    (77, 200, 500),
    (257, 33, 97),
    (520, 130, 800),
    (7, 1025, 51),
];

#[test]
fn products_of_any_size() {
    for (rows, inputs, outputs) in SIZES {
        let (x, weights) = (values(rows * inputs, 1), values(outputs * inputs, 2));
        let [held, read] = matrices(&weights, inputs, Operands::F32);
        let found = product(&held, &x, Cores::All);
        for (row, found) in x.chunks_exact(inputs).zip(found.chunks_exact(outputs)) {
            for (weights, &found) in weights.chunks_exact(inputs).zip(found) {
                let terms = || row.iter().zip(weights).map(|(&a, &b)| f64::from(a) * f64::from(b));
                let (expected, size): (f64, f64) = (terms().sum(), terms().map(f64::abs).sum());
                assert!((f64::from(found) - expected).abs() <= 1e-6 * size + 1e-30, "{found} {expected}");
            }
        }
        assert_eq!(found, product(&held, &x, Cores::One));
        assert_eq!(found, product(&read, &x, Cores::All));
        assert_eq!(found, product(&read, &x, Cores::One));
        // A state alone gives what it gives among others.
        let last = rows - 1;
        assert_eq!(found[last * outputs..], product(&held, &x[last * inputs..], Cores::One));
    }
}

#[test]
fn products_of_pairs_are_fused_multiplications_in_order() {
    for (rows, inputs, outputs) in SIZES {
        let (x, weights) = (values(rows * inputs, 5), values(outputs * inputs, 6));
        let [held, read] = matrices(&weights, inputs, Operands::Bf16);
        let found = product(&held, &x, Cores::All);
        let narrow = |values: &[f32]| values.iter().map(|&x| bf16::from_f32(x).to_f32()).collect::<Vec<_>>();
        let (narrow_x, narrow_weights) = (narrow(&x), narrow(&weights));
        for (row, found) in narrow_x.chunks_exact(inputs).zip(found.chunks_exact(outputs)) {
            for (weights, &found) in narrow_weights.chunks_exact(inputs).zip(found) {
                let stretch = 2 * stretch(inputs.div_ceil(2), Operands::Bf16);
                let of_stretch = |(row, weights): (&[f32], &[f32])| {
                    row.chunks(2).zip(weights.chunks(2)).fold(0.0f32, |sum, (row, weights)| {
                        let of = |index: usize, sum: f32| match row.get(index) {
                            Some(x) => x.mul_add(weights[index], sum),
                            None => sum,
                        };
                        of(0, of(1, sum))
                    })
                };
                let stretches = row.chunks(stretch).zip(weights.chunks(stretch)).map(of_stretch);
                assert_eq!(found, stretches.reduce(|a, b| a + b).unwrap(), "{rows} {inputs} {outputs}");
            }
        }
        assert_eq!(found, product(&held, &x, Cores::One));
        assert_eq!(found, product(&read, &x, Cores::All));
        assert_eq!(found[..outputs], product(&read, &x[..inputs], Cores::One));
    }
}

#[test]
fn vectors_of_any_width_give_the_same() {
    let (rows, inputs, outputs) = (21, 150, 130);
    let (x, weights) = (values(rows * inputs, 3), values(outputs * inputs, 4));
    for operands in [Operands::F32, Operands::Bf16] {
        let [held, _] = matrices(&weights, inputs, operands);
        let states = States::new(&x, inputs, operands, Cores::One);
        let Place::Held(panels) = &held.place else { unreachable!() };
        let sums = |run: &dyn Fn(Sums<'_>)| {
            let mut sums = vec![f32::NAN; rows.next_multiple_of(TILE) * 3 * PANEL];
            let (panels, words) = (panels.get(), operands.words(inputs));
            let (panels, next) = panels.split_at(3 * PANEL * words);
            let states = states.block(0).1;
            run(Sums { operands, words, outputs, panels, next, states, sums: &mut sums });
            let rows = sums.chunks_exact(3 * PANEL).take(rows);
            rows.flat_map(|sums| &sums[..outputs]).copied().collect::<Vec<f32>>()
        };
        let expected = sums(&|task| pulp::Scalar::new().vectorize(task));
        assert!(expected.iter().any(|&sum| sum != 0.0));
        assert_eq!(sums(&|task| with_simd(task)), expected);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            assert_eq!(sums(&|task| Simd::vectorize(simd, task)), expected);
        }
    }
}

#[test]
fn weights_that_cannot_be_read_are_an_error() {
    #[derive(Debug)]
    struct Broken;
    impl Rows for Broken {
        fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()> {
            values.fill(1.0);
            if outputs.contains(&77) { Err(Error::new(Kind::Weights, "broken")) } else { Ok(()) }
        }
    }
    for operands in [Operands::F32, Operands::Bf16] {
        let matrix = Matrix::read([5, 100], operands, Box::new(Broken));
        for cores in [Cores::One, Cores::All] {
            let states = States::new(&[1.0; 20], 5, operands, cores);
            let error = matrix.each(&states, cores, |_, _, _| {}).unwrap_err();
            assert_eq!(error.kind(), Kind::Weights);
        }
    }
}
