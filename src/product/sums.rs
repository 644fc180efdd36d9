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
        let parts = stretches(states, words, operands).flat_map(|Stretch { from, depth, states }| {
            let parts = states.chunks_exact(states.len() / operands.parts()).enumerate();
            parts.map(move |(part, states)| (from, depth, from + part == 0, states))
        });
        for (from, depth, first, states) in parts {
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
    /// The same by AMX, of pairs. Two columns of the panels stay in the first cache, a stretch of them, while all rows
    /// pass; the sums of these rows stay in the second.
    fn by_amx(self) {
        let Self { operands, words, outputs, panels, rows, states, sums, .. } = self;
        let width = panels.len() / words;
        let (tiles, columns) = (rows.div_ceil(amx::ROWS), outputs.div_ceil(amx::COLUMN));
        let registers = amx::Amx::configure();
        for Stretch { from, depth, states } in stretches(states, words, operands) {
            let parts = amx::Parts { count: operands.parts(), apart: states.len() / operands.parts() };
            for first in (0..columns).step_by(2) {
                let column = |index: usize| {
                    let (panel, before) = (index * amx::COLUMN / PANEL, index * amx::COLUMN % PANEL);
                    let words = &panels[panel * words * PANEL..][from * PANEL..(from + depth) * PANEL];
                    &words[before..]
                };
                let next = first + 1;
                let both = (column(first), (next < columns).then(|| column(next)));
                for (tile, sums) in sums.chunks_exact_mut(amx::ROWS * width).enumerate().take(tiles) {
                    let states = (&states[tile * amx::ROWS * depth..], parts);
                    let sums = (&mut sums[first * amx::COLUMN..], width);
                    registers.add(states, depth, both, sums, from == 0);
                }
            }
        }
    }
}

/// Some words of all rows.
struct Stretch<'a> {
    /// The first of the words.
    from: usize,
    /// How many there are.
    depth: usize,
    /// `[parts, rows laid out, depth]`
    states: &'a [f32],
}

/// The stretches of laid out states, in the order in which they are multiplied.
fn stretches(states: &[f32], words: usize, operands: Operands) -> impl Iterator<Item = Stretch<'_>> {
    let (most, of_word) = (stretch(words, operands), states.len() / words);
    (0..words).step_by(most).map(move |from| {
        let depth = most.min(words - from);
        Stretch { from, depth, states: &states[from * of_word..][..depth * of_word] }
    })
}

/// How many words a panel passes at a time: nearly as many each time.
pub fn stretch(words: usize, operands: Operands) -> usize {
    // Of numbers, with the tile of states, as much as the first cache holds; products of pairs leave the second cache
    // more time. AMX does not: there a stretch of two columns stays in the first while rows of states pass through it.
    // Pairs come in steps of as many words as some processors take at once.
    let (most, step) = match (operands, operands.parts()) {
        (Operands::F32, _) => (96, 1),
        (_, 1) if operands.are_fast() => (128, 16),
        _ if operands.are_fast() => (64, 16),
        _ => (256, 16),
    };
    words.div_ceil(words.div_ceil(most)).next_multiple_of(step)
}
