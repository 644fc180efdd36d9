//! The operations that a forward pass spends its time in, on the CPU.
//!
//! burn's CPU backend does one operation at a time, each over memory of its own. These do what follows each
//! other on a few rows while they are in the cache, on all cores, with exponentials that vectorise. Their
//! twins on a GPU are the same operations of burn, in `layers`, `attention` and `head`.

pub mod attention;
pub mod linear;
pub mod losses;
pub mod norm;
mod place;

use burn_flex::{Flex, FlexTensor};
use burn_tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use self::place::Place;
use crate::simd::vectorised;

/// Values that a core takes at a time where each is for itself.
const AT_ONCE: usize = 1 << 14;

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

/// Adds values to others.
pub fn add(values: &mut [f32], others: &[f32]) {
    let both = values.par_chunks_mut(AT_ONCE).zip(others.par_chunks(AT_ONCE));
    both.for_each(|(values, others)| {
        vectorised(
            #[inline(always)]
            || Place::put(others, values),
        );
    });
}

/// Brings values no further from zero than `most`.
pub fn clamp(values: &mut [f32], most: f32) {
    values.par_chunks_mut(AT_ONCE).for_each(|values| {
        vectorised(
            #[inline(always)]
            || values.iter_mut().for_each(|value| *value = value.clamp(-most, most)),
        );
    });
}
