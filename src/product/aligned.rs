//! Memory for vectors.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Values from the start of a line of the caches on: a vector that lies across two is read twice.
#[derive(Default)]
pub struct Aligned {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// None yet.
    pub const fn new() -> Self {
        Self { memory: Vec::new(), start: 0, len: 0 }
    }

    /// `len` values or more, zeros where they were not written before. What was written is lost where more are asked
    /// for than ever before.
    pub fn at_least(&mut self, len: usize) -> &mut [f32] {
        const LINE: usize = 64;
        if len > self.len {
            self.memory = vec![0.0; len + LINE / size_of::<f32>()];
            (self.start, self.len) = (self.memory.as_ptr().align_offset(LINE), len);
        }
        &mut self.memory[self.start..][..self.len]
    }

    /// All values asked for so far.
    pub fn get(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }

    /// The same, to change.
    pub fn get_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.len]
    }
}

impl std::fmt::Debug for Aligned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} values", self.len)
    }
}

thread_local! {
    /// Memory that nobody has at present.
    static KEPT: RefCell<Vec<Aligned>> = const { RefCell::new(Vec::new()) };
}

/// Memory that the thread keeps for the next who needs some: fresh memory would be cleared first.
#[derive(Debug)]
pub struct Lent(Aligned);

impl Lent {
    /// `len` values or more, of anything.
    pub fn new(len: usize) -> Self {
        let mut lent = KEPT.with_borrow_mut(|kept| {
            let enough = (0..kept.len()).filter(|&index| kept[index].len >= len);
            match enough.min_by_key(|&index| kept[index].len) {
                Some(index) => kept.swap_remove(index),
                None => kept.pop().unwrap_or_default(),
            }
        });
        lent.at_least(len);
        Self(lent)
    }
}

impl Deref for Lent {
    type Target = Aligned;

    fn deref(&self) -> &Aligned {
        &self.0
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Aligned {
        &mut self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.0);
        KEPT.with_borrow_mut(|kept| kept.push(memory));
    }
}
