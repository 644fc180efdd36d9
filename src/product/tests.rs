use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use half::bf16;

use super::sums::stretch;
use super::*;
use crate::error::{Error, Kind};
use crate::simd::Simd;

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
        rows::InMemory { weights: &self.values, inputs: self.inputs }.read(outputs, values)
    }
}

/// The same weights, held and read.
fn matrices(weights: &[f32], inputs: usize, operands: Operands) -> [Matrix; 2] {
    let stored = || Stored { values: weights.to_vec(), inputs };
    let sizes = [inputs, weights.len() / inputs];
    let held = Matrix::held(sizes, operands, &stored()).unwrap();
    [held, Matrix::read(sizes, operands, Box::new(stored()))]
}

fn product(weights: &Matrix, x: &[f32], cores: Cores) -> Vec<f32> {
    let states = States::new(x, weights.inputs, weights.operands, cores);
    let mut out = vec![f32::NAN; states.rows() * weights.outputs];
    weights.apply(&states, &mut out, cores, |_, products, out| out.copy_from_slice(products)).unwrap();
    out
}

const EVERY: [Operands; 4] = [Operands::F32, Operands::Bf16, Operands::Bf16x2, Operands::Bf16x3];

/// (rows, inputs, outputs)
const SIZES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (3, 5, 47),
    (8, 96, 48),
    (9, 97, 49),
    (77, 200, 500),
    (257, 33, 97),
    (520, 130, 800),
    (1030, 37, 60),
    (7, 1025, 51),
];

#[test]
fn states_made_of_products_are_laid_out_as_others() {
    for operands in EVERY {
        for (rows, inputs, outputs) in SIZES {
            let x = values(rows * inputs, 1);
            let [first, second] = [2, 3].map(|seed| values(outputs * inputs, seed));
            let [of_first, _] = matrices(&first, inputs, operands);
            let [_, of_second] = matrices(&second, inputs, operands);
            let mut inside = product(&of_first, &x, Cores::One);
            let factors = product(&of_second, &x, Cores::One);
            inside.iter_mut().zip(factors).for_each(|(value, factor)| *value = *value * factor + 1.0);
            let [last, _] = matrices(&values(53 * outputs, 4), outputs, operands);
            let expected = product(&last, &inside, Cores::One);
            for cores in [Cores::One, Cores::All] {
                let states = States::new(&x, inputs, operands, cores);
                let both = [&of_first, &of_second];
                let states =
                    States::of_products(both, &states, operands, cores, |first, [values, factors]| {
                        assert!(first.is_multiple_of(PANEL));
                        let pairs = values.iter_mut().zip(factors.iter());
                        pairs.for_each(|(value, factor)| *value = *value * factor + 1.0);
                    });
                let mut found = vec![f32::NAN; rows * 53];
                let copy = |_, products: &mut [f32], out: &mut [f32]| out.copy_from_slice(products);
                last.apply(&states.unwrap(), &mut found, cores, copy).unwrap();
                assert_eq!(found, expected, "{operands:?} {rows} x {inputs} x {outputs}");
            }
        }
    }
}

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
        assert_eq!(found, product(&Matrix::of(&weights, inputs, Operands::F32), &x, Cores::All));
        assert_eq!(found, product(&held, &x, Cores::One));
        assert_eq!(found, product(&read, &x, Cores::All));
        assert_eq!(found, product(&read, &x, Cores::One));
        // A state alone gives what it gives among others.
        let last = rows - 1;
        assert_eq!(found[last * outputs..], product(&held, &x[last * inputs..], Cores::One));
    }
}

/// A product of weights and the parts of a state in the order of this processor.
fn product_of_pairs(parts: &[Vec<f32>], weights: &[f32], operands: Operands) -> f32 {
    let stretch = 2 * stretch(weights.len().div_ceil(2), operands);
    // Some numbers of weights after the other, with each of them those of all parts.
    let in_turn = |(first, weights): (usize, &'_ [f32]), of: &dyn Fn(&[f32], &[f32]) -> f32| -> Vec<f32> {
        parts.iter().map(|part| of(&part[first..][..weights.len()], weights)).collect()
    };
    let stretches = (0..).step_by(stretch).zip(weights.chunks(stretch));
    #[cfg(target_arch = "x86_64")]
    if instructions::has_amx() {
        let of_words = |state: &[f32], weights: &[f32]| {
            let sum_of = |half: usize| {
                let terms = state.iter().zip(weights).skip(half).step_by(2);
                terms.fold(0.0f32, |sum, (x, weight)| x.mul_add(*weight, sum))
            };
            sum_of(0) + sum_of(1)
        };
        let words = stretches.flat_map(|(first, weights)| {
            (first..).step_by(2 * amx::WORDS).zip(weights.chunks(2 * amx::WORDS))
        });
        return words.flat_map(|words| in_turn(words, &of_words)).fold(0.0, |sum, words| sum + words);
    }
    let of_stretch = |state: &[f32], weights: &[f32]| {
        state.chunks(2).zip(weights.chunks(2)).fold(0.0f32, |sum, (state, weights)| {
            let of = |index: usize, sum: f32| match state.get(index) {
                Some(x) => x.mul_add(weights[index], sum),
                None => sum,
            };
            of(0, of(1, sum))
        })
    };
    stretches.flat_map(|stretch| in_turn(stretch, &of_stretch)).reduce(|a, b| a + b).unwrap()
}

#[test]
fn products_of_pairs_are_fused_multiplications_in_order() {
    let narrow = |values: &[f32]| values.iter().map(|&x| bf16::from_f32(x).to_f32()).collect::<Vec<_>>();
    for (rows, inputs, outputs) in SIZES {
        let (x, weights) = (values(rows * inputs, 5), values(outputs * inputs, 6));
        let narrow_weights = narrow(&weights);
        for operands in [Operands::Bf16, Operands::Bf16x2, Operands::Bf16x3] {
            let [held, read] = matrices(&weights, inputs, operands);
            let found = product(&held, &x, Cores::All);
            for (row, found) in x.chunks_exact(inputs).zip(found.chunks_exact(outputs)) {
                let first = narrow(row);
                let less =
                    |row: &[f32], part: &[f32]| row.iter().zip(part).map(|(x, part)| x - part).collect();
                let left: Vec<f32> = less(row, &first);
                let second = narrow(&left);
                let last: Vec<f32> = less(&left, &second);
                let parts = [first, second, last];
                for (weights, &found) in narrow_weights.chunks_exact(inputs).zip(found) {
                    let expected = product_of_pairs(&parts[..operands.parts()], weights, operands);
                    assert_eq!(found, expected, "{operands:?} {rows} {inputs} {outputs}");
                }
            }
            assert_eq!(found, product(&held, &x, Cores::One));
            assert_eq!(found, product(&read, &x, Cores::All));
            assert_eq!(found[..outputs], product(&read, &x[..inputs], Cores::One));
        }
    }
}

#[test]
fn two_parts_of_states_come_to_nearly_what_f32_does() {
    let (rows, inputs, outputs) = (9, 400, 60);
    let weights: Vec<f32> =
        values(outputs * inputs, 1).iter().map(|&weight| bf16::from_f32(weight).to_f32()).collect();
    let x = values(rows * inputs, 2);
    let [exact, once, twice] = [Operands::F32, Operands::Bf16, Operands::Bf16x2]
        .map(|operands| product(&matrices(&weights, inputs, operands)[0], &x, Cores::One));
    let off = |found: &[f32]| {
        let differences = found.iter().zip(&exact).map(|(found, exact)| (found - exact).abs());
        differences.fold(0.0, f32::max)
    };
    // Of 400 terms below one; found are 1.9e-2 and 1.1e-4.
    assert!(off(&once) > 1e-2 && off(&twice) < 2e-4, "{} {}", off(&once), off(&twice));
}

#[test]
fn three_parts_of_states_are_all_their_digits() {
    // Of a single number, so that it is not sums that differ.
    let weights: Vec<f32> = values(60, 1).iter().map(|&weight| bf16::from_f32(weight).to_f32()).collect();
    let x = values(500, 2);
    let [once, twice, thrice] = [Operands::Bf16, Operands::Bf16x2, Operands::Bf16x3].map(|operands| {
        let found = product(&matrices(&weights, 1, operands)[0], &x, Cores::One);
        let exact =
            x.iter().flat_map(|x| weights.iter().map(move |weight| f64::from(*x) * f64::from(*weight)));
        let off =
            found.iter().zip(exact).map(|(&found, exact)| (f64::from(found) - exact).abs() / exact.abs());
        off.fold(0.0, f64::max)
    });
    // Two parts leave up to 2^-17 of a state out, 64 places of f32, and three nothing but how products are rounded.
    let place = f64::from(f32::EPSILON);
    assert!(once > 1e-3 && twice > 16.0 * place && twice < 65.0 * place, "{once} {twice}");
    assert!(thrice <= place, "{thrice}");
}

#[test]
fn a_row_that_is_no_number_spoils_its_own_products_only() {
    let outputs = 60;
    for inputs in [1, 5, 6, 97] {
        let mut weights = values(outputs * inputs, 7);
        for spoilt in [1, 40, 59] {
            weights[spoilt * inputs..][..inputs].fill(f32::NAN);
        }
        let mut x = values(11 * inputs, 8);
        x[4 * inputs..][..inputs].fill(f32::INFINITY);
        for operands in EVERY {
            for matrix in matrices(&weights, inputs, operands) {
                for (row, products) in product(&matrix, &x, Cores::One).chunks_exact(outputs).enumerate() {
                    for (output, product) in products.iter().enumerate() {
                        let spoilt = row == 4 || [1, 40, 59].contains(&output);
                        assert_eq!(product.is_finite(), !spoilt, "{inputs} {operands:?} {row} {output}");
                    }
                }
            }
        }
    }
}

#[test]
fn vectors_of_any_width_give_the_same() {
    let (rows, inputs, outputs) = (21, 150, 130);
    let (x, weights) = (values(rows * inputs, 3), values(outputs * inputs, 4));
    for operands in EVERY {
        let [held, _] = matrices(&weights, inputs, operands);
        let states = States::new(&x, inputs, operands, Cores::One);
        let Place::Held(panels) = &held.place else { unreachable!() };
        let sums = |run: &dyn Fn(Sums<'_>)| {
            let mut sums = vec![f32::NAN; rows.next_multiple_of(states::TOGETHER) * 3 * PANEL];
            let (panels, words) = (panels.get(), operands.words(inputs));
            let (panels, next) = panels.split_at(3 * PANEL * words);
            let states = states.block(0).1;
            run(Sums { operands, words, outputs, panels, next, rows, states, sums: &mut sums });
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
fn weights_are_read_once_however_many_rows_pass() {
    #[derive(Debug)]
    struct Counted(Stored, Arc<AtomicUsize>);
    impl Rows for Counted {
        fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()> {
            self.1.fetch_add(outputs.len(), Ordering::Relaxed);
            self.0.read(outputs, values)
        }
    }
    // The last are more than are read together.
    let many = SHARED / 700 + 1;
    for (rows, inputs, outputs) in
        [(0, 3, 50), (9, 20, 130), (1030, 20, 130), (2100, 5, 500), (513, 700, many)]
    {
        let (x, weights) = (values(rows * inputs, 1), values(outputs * inputs, 2));
        for cores in [Cores::One, Cores::All] {
            let read = Arc::new(AtomicUsize::new(0));
            let stored = Counted(Stored { values: weights.clone(), inputs }, Arc::clone(&read));
            let matrix = Matrix::read([inputs, outputs], Operands::F32, Box::new(stored));
            let found = product(&matrix, &x, cores);
            assert_eq!(read.load(Ordering::Relaxed), if rows > 0 { outputs } else { 0 });
            assert!(found == product(&Matrix::of(&weights, inputs, Operands::F32), &x, cores));
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
    for operands in EVERY {
        let error = Matrix::held([5, 100], operands, &Broken).unwrap_err();
        assert_eq!(error.kind(), Kind::Weights);
        let matrix = Matrix::read([5, 100], operands, Box::new(Broken));
        // Where panels are for one block of rows, and where for more.
        for (rows, cores) in [(4, Cores::One), (4, Cores::All), (1100, Cores::One), (1100, Cores::All)] {
            let states = States::new(&vec![1.0; 5 * rows], 5, operands, cores);
            let error = matrix.each(&states, cores, |_, _, _| {}).unwrap_err();
            assert_eq!(error.kind(), Kind::Weights);
        }
    }
}
