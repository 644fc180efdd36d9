//! The scores of a checkpoint, chunk by chunk, wherever each lies.

use std::ops::Range;

use rayon::prelude::*;

use super::entry::Entry;
use super::losses::Losses;
use super::shape::Shape;
use super::values::{Values, ValuesMut, ValuesRef};
use crate::error::{Error, Kind, Result};

/// A chunk of documents that is scored, stored and read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkKey {
    /// One past its last position.
    pub end: usize,
    /// A hash of its documents' tokens.
    pub tokens: u128,
}

/// Scores in main memory or on disk, a slab for each hidden state and seed: `[positions, points]`.
#[derive(Debug)]
pub struct ScoreTable {
    shape: Shape,
    /// Where chunks end, in positions.
    ends: Vec<usize>,
    tokens: Vec<u128>,
    chunks: Vec<Chunk>,
    entry: Option<Entry>,
    /// Whether the disk failed: what comes stays in memory.
    failed: bool,
}

#[derive(Debug)]
enum Chunk {
    /// Nothing is known.
    Missing,
    /// Its documents are on their way through the model.
    Open(Vec<Values>),
    /// Finished, in main memory.
    Memory(Vec<Values>, Losses),
    /// Finished, on disk.
    Disk(Losses),
    /// Finished, in the GPU's memory, which is kept elsewhere.
    Device(Losses),
}

impl ScoreTable {
    /// A table in memory with nothing in it yet.
    pub fn new(shape: Shape, chunks: &[ChunkKey]) -> Self {
        Self {
            shape,
            ends: chunks.iter().map(|key| key.end).collect(),
            tokens: chunks.iter().map(|key| key.tokens).collect(),
            chunks: chunks.iter().map(|_| Chunk::Missing).collect(),
            entry: None,
            failed: false,
        }
    }

    /// A table on disk. What the entry holds of these chunks already is finished.
    ///
    /// Also gives how many chunks were found cut short, and are to be made again.
    pub fn stored(entry: Entry, chunks: &[ChunkKey]) -> (Self, usize) {
        let mut table = Self::new(entry.shape(), chunks);
        let mut damaged = 0;
        for index in 0..chunks.len() {
            match entry.chunk(index, table.positions(index), table.tokens[index]) {
                Ok(Some(losses)) => table.chunks[index] = Chunk::Disk(losses),
                Ok(None) => {}
                Err(_) => damaged += 1,
            }
        }
        table.entry = Some(entry);
        (table, damaged)
    }

    /// Brings what lies on disk to memory, and lets others have the entry.
    ///
    /// # Errors
    /// A chunk that is damaged; it and those that follow stay on disk.
    pub fn load(&mut self) -> Result<()> {
        if let Some(entry) = &self.entry {
            for (index, chunk) in self.chunks.iter_mut().enumerate() {
                let &mut Chunk::Disk(losses) = chunk else { continue };
                let slab = |slab| {
                    let mut scores = Values::default();
                    entry.read(index, slab, &mut scores).map(|()| scores)
                };
                let slabs = (0..self.shape.slabs()).into_par_iter().map(slab).collect::<Result<_>>()?;
                *chunk = Chunk::Memory(slabs, losses);
            }
        }
        self.entry = None;
        Ok(())
    }

    /// Whether this process keeps an entry of the store for it.
    pub fn is_stored(&self) -> bool {
        self.entry.is_some()
    }

    /// How the scores are laid out.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Bytes of main memory that the scores of a number of positions take.
    pub fn bytes_of(&self, positions: usize) -> usize {
        self.shape.bytes(positions) as usize
    }

    /// Bytes of memory, the computing device's or the machine's, that all scores take; none where they are stored.
    pub fn bytes_to_hold(&self) -> usize {
        if self.entry.is_some() { 0 } else { self.bytes_of(self.ends.last().copied().unwrap_or(0)) }
    }

    /// Bytes of main memory held.
    pub fn bytes(&self) -> usize {
        let of = |chunk: &Chunk| match chunk {
            Chunk::Open(slabs) | Chunk::Memory(slabs, _) => {
                slabs.iter().map(|scores| scores.bytes().len()).sum::<usize>()
            }
            Chunk::Missing | Chunk::Disk(_) | Chunk::Device(_) => 0,
        };
        self.chunks.iter().map(of).sum()
    }

    /// Whether every chunk is finished.
    pub fn is_complete(&self) -> bool {
        (0..self.chunks.len()).all(|chunk| self.has(chunk))
    }

    /// Whether a chunk is finished.
    pub fn has(&self, chunk: usize) -> bool {
        !matches!(self.chunks[chunk], Chunk::Missing | Chunk::Open(_))
    }

    /// What the model lost on the first `chunks` chunks, summed in their order; those that are not finished
    /// do not count.
    pub fn losses(&self, chunks: usize) -> Losses {
        let of = |chunk: &Chunk| match chunk {
            Chunk::Memory(_, losses) | Chunk::Disk(losses) | Chunk::Device(losses) => Some(*losses),
            Chunk::Missing | Chunk::Open(_) => None,
        };
        self.chunks[..chunks].iter().filter_map(of).sum()
    }

    /// The positions of a chunk.
    pub fn positions(&self, chunk: usize) -> Range<usize> {
        let start = if chunk == 0 { 0 } else { self.ends[chunk - 1] };
        start..self.ends[chunk]
    }

    /// The scores of some slabs of a chunk that is not finished, to be written: `[positions, points]` each.
    ///
    /// # Errors
    /// [`Kind::Memory`]: out of memory.
    pub fn open(&mut self, chunk: usize, slabs: Range<usize>) -> Result<Vec<ValuesMut<'_>>> {
        let count = self.positions(chunk).len() * self.shape.points;
        if !matches!(self.chunks[chunk], Chunk::Open(_)) {
            let room = |_| Values::zeros(self.shape.precision, count);
            let all = (0..self.shape.slabs()).map(room).collect::<Result<_, _>>().map_err(|_| {
                Error::new(Kind::Memory, format!("no memory for {count} scores"))
                    .help("use fewer --samples or --points")
            })?;
            self.chunks[chunk] = Chunk::Open(all);
        }
        match &mut self.chunks[chunk] {
            Chunk::Open(all) => Ok(all[slabs].iter_mut().map(Values::view_mut).collect()),
            _ => unreachable!("it was opened above"),
        }
    }

    /// Finishes a chunk whose scores are all written. Where they cannot be stored they stay in memory with all
    /// that follow, and the error says why; nothing is lost by it.
    ///
    /// # Errors
    /// A disk that is full or fails.
    pub fn finish(&mut self, chunk: usize, losses: Losses) -> Result<()> {
        let Chunk::Open(slabs) = std::mem::replace(&mut self.chunks[chunk], Chunk::Missing) else {
            return Ok(());
        };
        let positions = self.positions(chunk);
        let written = match &mut self.entry {
            Some(entry) if !self.failed => {
                entry.write(chunk, positions, self.tokens[chunk], losses, &slabs).map(|()| true)
            }
            _ => Ok(false),
        };
        self.failed |= written.is_err();
        self.chunks[chunk] = match written {
            Ok(true) => Chunk::Disk(losses),
            Ok(false) | Err(_) => Chunk::Memory(slabs, losses),
        };
        written.map(drop)
    }

    /// Finishes a chunk whose scores lie in the GPU's memory.
    pub fn finish_on_device(&mut self, chunk: usize, losses: Losses) {
        self.chunks[chunk] = Chunk::Device(losses);
    }

    /// Bytes of main memory that the chunks still to be finished will take where they cannot be stored.
    pub fn bytes_missing(&self) -> usize {
        let missing = (0..self.chunks.len()).filter(|&chunk| !self.has(chunk));
        self.bytes_of(missing.map(|chunk| self.positions(chunk).len()).sum())
    }

    /// Gives up what is begun and not finished.
    pub fn abandon_open(&mut self) {
        for chunk in &mut self.chunks {
            if matches!(chunk, Chunk::Open(_)) {
                *chunk = Chunk::Missing;
            }
        }
    }

    /// Reads everything that lies on disk and gives up the chunks that are damaged. Returns how many.
    pub fn check(&mut self) -> usize {
        let Some(entry) = &mut self.entry else { return 0 };
        let mut scores = Values::default();
        let mut damaged = 0;
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let whole = |slab| entry.read(index, slab, &mut scores).is_ok();
            if matches!(chunk, Chunk::Disk(_)) && !(0..self.shape.slabs()).all(whole) {
                entry.forget(index);
                *chunk = Chunk::Missing;
                damaged += 1;
            }
        }
        damaged
    }

    /// The scores of one slab.
    pub fn slab(&self, slab: usize) -> Slab<'_> {
        Slab { table: self, slab }
    }
}

/// The scores of one hidden state with the reference points of one seed, `[positions, points]`, read a chunk at a
/// time.
#[derive(Clone, Copy, Debug)]
pub struct Slab<'a> {
    table: &'a ScoreTable,
    slab: usize,
}

impl<'a> Slab<'a> {
    /// The row length: reference points scored.
    pub fn stride(&self) -> usize {
        self.table.shape.points
    }

    /// Where chunks end, in positions.
    pub fn ends(&self) -> &'a [usize] {
        &self.table.ends
    }

    /// The scores of a chunk, `[positions, points]`; in `buffer` where they do not lie in memory.
    ///
    /// # Errors
    /// A chunk that is not finished, or stored scores that cannot be read or are damaged.
    pub fn read<'b>(&self, chunk: usize, buffer: &'b mut Values) -> Result<ValuesRef<'b>>
    where
        'a: 'b,
    {
        match (&self.table.chunks[chunk], &self.table.entry) {
            (Chunk::Memory(slabs, _), _) => Ok(slabs[self.slab].view()),
            (Chunk::Disk(_), Some(entry)) => entry.read(chunk, self.slab, buffer).map(|()| buffer.view()),
            _ => Err(Error::new(Kind::Store, format!("chunk {chunk} is not scored yet"))),
        }
    }
}
