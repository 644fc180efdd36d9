//! The operations that a forward pass spends its time in, on the CPU.
//!
//! burn's CPU backend does one operation at a time, each over memory of its own. These do what follows each
//! other on a few rows while they are in the cache, on all cores, with exponentials that vectorise. Their
//! twins on a GPU are the same operations of burn, in `layers.rs`, `attention.rs` and `head.rs`.

pub mod attention;
pub mod linear;
pub mod losses;
pub mod norm;

use std::mem::MaybeUninit;

use burn::tensor::{Device, Tensor, TensorData};
use burn_flex::{Flex, FlexTensor};

use crate::simd::vectorised;

/// Whether a device is the CPU.
pub fn is_cpu(device: &Device) -> bool {
    *device == Device::flex()
}

/// The values of a tensor on the CPU, row by row.
#[derive(Clone, Debug)]
pub struct Host(FlexTensor);

impl Host {
    /// A tensor's values, without copying them where they lie row by row.
    ///
    /// # Panics
    /// If the tensor lies elsewhere than on the CPU, or is not in f32.
    pub fn new<const D: usize>(x: Tensor<D>) -> Self {
        match x.try_into_primitive::<Flex>() {
            Ok(x) => Self(x.to_contiguous()),
            Err(error) => panic!("a tensor of the CPU: {error:?}"),
        }
    }

    /// The values to change: the tensor's own where nobody else holds them.
    pub fn into_values(self) -> Vec<f32> {
        // The data is handed over, not copied, where it is not shared.
        let values = self.0.into_data().try_into_vec::<f32>();
        values.unwrap_or_else(|error| panic!("contiguous f32: {error}"))
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        self.0.as_slice().unwrap_or_else(|| panic!("contiguous f32"))
    }
}

/// A matrix on the CPU.
pub fn matrix(values: Vec<f32>, rows: usize) -> Tensor<2> {
    let width = values.len() / rows.max(1);
    Tensor::from_data(TensorData::new(values, [rows, width]), &Device::flex())
}

/// Makes `[rows, outputs]` from `[rows, inputs]`, some rows at a time on each core.
///
/// `work` gets consecutive rows of the input and of the output, and scratch memory of its thread.
pub fn by_rows(
    x: &[f32],
    [inputs, outputs]: [usize; 2],
    at_once: usize,
    work: impl Fn(&[f32], &mut [f32], &mut Vec<f32>) + Sync,
) -> Vec<f32> {
    use rayon::prelude::*;
    let mut out = Box::<[f32]>::new_uninit_slice(x.len() / inputs * outputs);
    out.par_chunks_mut(at_once * outputs)
        .zip(x.par_chunks(at_once * inputs))
        .for_each_init(Vec::new, |scratch, (out, x)| work(x, zeroed(out), scratch));
    // SAFETY: the chunks are all of it, and each was zeroed.
    unsafe { out.assume_init() }.into_vec()
}

/// Zeros, written by all cores: fresh memory costs more than the writing.
pub fn zeros(len: usize) -> Vec<f32> {
    use rayon::prelude::*;
    let mut out = Box::<[f32]>::new_uninit_slice(len);
    out.par_chunks_mut(1 << 16).for_each(|out| {
        zeroed(out);
    });
    // SAFETY: the chunks are all of it, and each was zeroed.
    unsafe { out.assume_init() }.into_vec()
}

/// Adds values to others.
pub fn add(values: &mut [f32], others: &[f32]) {
    use rayon::prelude::*;
    const AT_ONCE: usize = 1 << 14;
    values.par_chunks_mut(AT_ONCE).zip(others.par_chunks(AT_ONCE)).for_each(|(values, others)| {
        vectorised(
            #[inline(always)]
            || values.iter_mut().zip(others).for_each(|(value, other)| *value += other),
        );
    });
}

/// Memory made to hold zeros.
fn zeroed(memory: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    for value in &mut *memory {
        value.write(0.0);
    }
    // SAFETY: every element was just written.
    unsafe { memory.assume_init_mut() }
}
