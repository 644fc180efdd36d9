//! The loops around a tile: some rows of states past some panels, a stretch of words at a time.

#[cfg(target_arch = "x86_64")]
use super::amx;
use super::operands::Operands;
use super::tile::{PANEL, TILE, Tile};
use crate::simd::{Simd, WithSimd, prefetch_second};

/// The sums of a block of rows for some panels.
pub struct Sums<'a> {
    pub operands: Operands,
    /// Words of a row.
    pub words: usize,
    /// Outputs of all panels that matter.
    pub outputs: usize,
    /// `[panels, words, PANEL]`
    pub panels: &'a [f32],
    /// The panel that will probably be wanted next; empty where that is not known.
    pub next: &'a [f32],
    /// How many rows matter.
    pub rows: usize,
    /// For each stretch of words `[parts, rows laid out, depth]`, rows laid out as many as [`States`](super::States) says.
    pub states: &'a [f32],
    /// `[rows laid out, PANEL · panels]`
    pub sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        #[cfg(target_arch = "x86_64")]
        if self.operands.are_fast() {
            return self.by_amx();
        }
        let Self { operands, words, outputs, panels, next, rows, states, sums } = self;
        let count = panels.len() / (words * PANEL);
        let (tiles, width) = (rows.div_ceil(TILE), count * PANEL);
        for Stretch { from, depth, first, states } in stretches(states, words, operands) {
            for (index, whole) in panels.chunks_exact(words * PANEL).enumerate() {
                let outputs = PANEL.min(outputs - index * PANEL);
                let panel = &whole[from * PANEL..][..depth * PANEL];
                // Meanwhile the stretch that is next comes nearer, a share with every tile.
                let soon = match index + 1 < count {
                    true => &panels[((index + 1) * words + from) * PANEL..],
                    false if from + depth < words => &panels[(from + depth) * PANEL..],
                    false => next,
                };
                let soon = &soon[..soon.len().min(depth * PANEL)];
                let mut shares = soon.chunks((depth * PANEL).div_ceil(tiles));
                for tile in 0..tiles {
                    prefetch_second(shares.next().unwrap_or_default());
                    let states = &states[tile * TILE * depth..][..TILE * depth];
                    let sums = &mut sums[tile * TILE * width..][..TILE * width][index * PANEL..];
                    Tile { operands, states, apart: depth, panel, outputs, sums, width, first }.add(simd);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Sums<'_> {
    /// The same by AMX, of pairs.
    fn by_amx(self) {
        let Self { operands, words, outputs, panels, rows, states, sums, .. } = self;
        let count = panels.len() / (words * PANEL);
        let (together, width) = (rows.div_ceil(amx::ROWS), count * PANEL);
        let registers = amx::Amx::configure();
        for Stretch { from, depth, first, states } in stretches(states, words, operands) {
            for (index, whole) in panels.chunks_exact(words * PANEL).enumerate() {
                let outputs = PANEL.min(outputs - index * PANEL);
                let panel = &whole[from * PANEL..][..depth * PANEL];
                let sums = sums.chunks_exact_mut(amx::ROWS * width);
                for (states, sums) in states.chunks_exact(amx::ROWS * depth).zip(sums).take(together) {
                    registers.add(states, panel, outputs, (&mut sums[index * PANEL..], width), first);
                }
            }
        }
    }
}

/// A part of some words of all rows.
struct Stretch<'a> {
    /// The first of the words.
    from: usize,
    /// How many there are.
    depth: usize,
    /// Whether the sums begin here.
    first: bool,
    /// `[rows laid out, depth]`
    states: &'a [f32],
}

/// The stretches of laid out states, one part after the other, in the order in which they are multiplied.
fn stretches(states: &[f32], words: usize, operands: Operands) -> impl Iterator<Item = Stretch<'_>> {
    let (most, parts) = (stretch(words, operands), operands.parts());
    let laid_out = states.len() / (words * parts);
    (0..words).step_by(most).flat_map(move |from| {
        let depth = most.min(words - from);
        let states = &states[from * laid_out * parts..][..depth * laid_out * parts];
        let each = states.chunks_exact(depth * laid_out).enumerate();
        each.map(move |(part, states)| Stretch { from, depth, first: from + part == 0, states })
    })
}

/// How many words a panel passes at a time: nearly as many each time.
pub fn stretch(words: usize, operands: Operands) -> usize {
    // Of numbers, with the tile of states, as much as the first cache holds; products of pairs leave the second cache
    // more time. These come in steps of as many words as some processors take at once.
    let (most, step) = match operands {
        Operands::F32 => (96, 1),
        Operands::Bf16 | Operands::Bf16x2 => (256, 16),
    };
    words.div_ceil(words.div_ceil(most)).next_multiple_of(step)
}
