//! Where results go: to fresh memory, which is written once and not zeroed before, or onto numbers that are there.

use std::mem::MaybeUninit;

use crate::error::Result;
use crate::simd::pairs;

/// A place of a result.
pub trait Place: Send + Sized {
    /// Writes results to as many places, or adds them to what is there, within what is
    /// [`vectorised`](crate::simd::vectorised).
    fn put(results: &[f32], places: &mut [Self]);
}

impl Place for MaybeUninit<f32> {
    #[inline(always)]
    fn put(results: &[f32], places: &mut [Self]) {
        places.write_copy_of_slice(results);
    }
}

/// A number that a result is added to.
impl Place for f32 {
    #[inline(always)]
    fn put(results: &[f32], places: &mut [Self]) {
        for (place, result) in pairs(places, results) {
            *place += result;
        }
    }
}

/// Values that `write` makes in fresh memory.
///
/// # Errors
/// What `write` says.
///
/// # Safety
/// Where it says nothing, `write` wrote every place.
pub unsafe fn written<const N: usize>(
    lengths: [usize; N],
    write: impl FnOnce([&mut [MaybeUninit<f32>]; N]) -> Result<()>,
) -> Result<[Vec<f32>; N]> {
    let mut memory = lengths.map(Box::<[f32]>::new_uninit_slice);
    write(memory.each_mut().map(|values| &mut **values))?;
    // SAFETY: the caller's word.
    Ok(memory.map(|values| unsafe { values.assume_init() }.into_vec()))
}
