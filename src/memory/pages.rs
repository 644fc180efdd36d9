//! Large tables in memory of large pages.

use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use memmap2::MmapMut;

/// Numbers in memory that begins at a page, and that Linux is asked to give in large ones. A table that is read here and
/// there, a few lines at a time, takes a fifth less time that way: its addresses are found faster.
#[derive(Debug)]
pub struct Pages<T> {
    map: MmapMut,
    length: usize,
    of: PhantomData<T>,
}

impl<T: Pod> Pages<T> {
    /// As many numbers, all of them zero. Ends the process where there is no memory for them, as a `Vec` does.
    pub fn zeroed(length: usize) -> Self {
        let bytes = length.saturating_mul(size_of::<T>()).max(1);
        let Ok(map) = MmapMut::map_anon(bytes) else {
            handle_alloc_error(Layout::array::<T>(length).unwrap_or(Layout::new::<T>()))
        };
        // Where the system has none, small pages do.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Self { map, length, of: PhantomData }
    }

    /// The same numbers.
    pub fn of(numbers: &[T]) -> Self {
        let mut pages = Self::zeroed(numbers.len());
        pages.copy_from_slice(numbers);
        pages
    }
}

impl<T: Pod> Deref for Pages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        cast_slice(&self.map[..self.length * size_of::<T>()])
    }
}

impl<T: Pod> DerefMut for Pages<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        cast_slice_mut(&mut self.map[..self.length * size_of::<T>()])
    }
}

impl<T: Pod> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_numbers() {
        let mut pages = Pages::<u16>::zeroed(100_001);
        assert!(pages.len() == 100_001 && pages.iter().all(|&number| number == 0));
        assert_eq!(pages.as_ptr() as usize % 4096, 0);
        pages[100_000] = 7;
        let copy = pages.clone();
        pages[100_000] = 8;
        assert_eq!((copy[100_000], pages[100_000]), (7, 8));
        assert_eq!(Pages::of(&[1u64, 2, 3])[..], [1, 2, 3]);
        assert!(Pages::<f32>::zeroed(0).is_empty());
    }
}
