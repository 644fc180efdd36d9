//! Memory for vectors.

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
