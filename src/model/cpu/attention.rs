//! Causal attention, a few queries of a head at a time.
//!
//! Queries meet only the keys they may see: none that follow, none before the window. The scores of a few
//! queries fit in the cache whatever the length of the document.

use std::ops::Range;

use rayon::prelude::*;

use crate::product::{Aligned, Operands, Output, PANEL, TILE, Tile, turn};
use crate::simd::{Simd, WithSimd, exponentials, scaled, scaled_and_capped, vectorised, with_simd};

/// Queries whose scores live at once.
const QUERIES: usize = 64;

/// Inputs that a panel passes at a time, at most: as much as the first cache holds.
const DEPTH: usize = 128;

/// Bytes that live at once while documents of up to `longest` tokens attend, with so many heads together: scores, and
/// the keys and values of a head of so many dimensions.
pub fn work_bytes(heads: usize, size: usize, longest: usize) -> usize {
    let values = size.next_multiple_of(PANEL) + size;
    rayon::current_num_threads().min(heads) * (QUERIES + values) * longest * size_of::<f32>()
}

/// What attention needs beside queries, keys and values.
#[derive(Clone, Copy, Debug)]
pub struct Heads<'a> {
    /// The rows of each document.
    pub documents: &'a [Range<usize>],
    /// Query heads.
    pub heads: usize,
    /// Key and value heads, a divisor of the query heads: query head i sees head i / groups of them.
    pub key_value_heads: usize,
    /// The size of a head.
    pub size: usize,
    /// The factor on products of queries and keys.
    pub scale: f32,
    /// Scores s become c · tanh(s / c).
    pub softcap: Option<f32>,
    /// A position sees this many positions, itself included.
    pub window: Option<usize>,
}

/// Angles by position, for all documents alike or for each.
#[derive(Clone, Copy, Debug)]
pub struct Angles<'a> {
    /// `[documents, positions, half]`, or `[positions, half]` where all are alike.
    pub cos: &'a [f32],
    /// The same.
    pub sin: &'a [f32],
    /// Pairs of dimensions that are rotated.
    pub half: usize,
    /// Positions of a document in the tables.
    pub positions: usize,
    /// Whether dimension 2i pairs with 2i + 1 rather than i with i + half.
    pub interleaved: bool,
}

/// Where the heads of queries, of keys or of values lie in a row.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// Values of a row.
    pub width: usize,
    /// The first value of the first head.
    pub first: usize,
    /// Values from head to head.
    pub apart: usize,
}

impl Columns {
    /// In rows of nothing else.
    pub fn side_by_side(heads: usize, size: usize) -> Self {
        Self { width: heads * size, first: 0, apart: size }
    }
}

impl Angles<'_> {
    /// Rotates so many heads of a size in place; `documents` are the rows of each.
    pub fn rotate(
        &self,
        x: &mut [f32],
        documents: &[Range<usize>],
        columns: Columns,
        [heads, size]: [usize; 2],
    ) {
        let alike = self.cos.len() == self.positions * self.half;
        x.par_chunks_exact_mut(columns.width).enumerate().with_min_len(64).for_each(|(row, x)| {
            let document = documents.partition_point(|rows| rows.end <= row);
            let position = row - documents[document].start;
            let table = if alike { 0 } else { document };
            let start = (table * self.positions + position) * self.half;
            let (cos, sin) = (&self.cos[start..][..self.half], &self.sin[start..][..self.half]);
            vectorised(
                #[inline(always)]
                || {
                    for head in 0..heads {
                        let head = &mut x[columns.first + head * columns.apart..][..size][..2 * self.half];
                        if self.interleaved {
                            for ((pair, cos), sin) in head.chunks_exact_mut(2).zip(cos).zip(sin) {
                                let (even, odd) = (pair[0], pair[1]);
                                pair[0] = even * cos - odd * sin;
                                pair[1] = odd * cos + even * sin;
                            }
                        } else {
                            let (first, second) = head.split_at_mut(self.half);
                            for (pair, first) in first.iter_mut().enumerate() {
                                let (a, b) = (*first, second[pair]);
                                *first = a * cos[pair] - b * sin[pair];
                                second[pair] = b * cos[pair] + a * sin[pair];
                            }
                        }
                    }
                },
            );
        });
    }
}

/// Attends with queries, keys and values, each in some columns of `[tokens, …]`: to `[tokens, heads · size]`.
///
/// # Panics
/// If the documents are not all rows, each once, or query heads do not share keys and values evenly.
pub fn attend(parts: [(&[f32], Columns); 3], heads: Heads<'_>) -> Vec<f32> {
    let Heads { documents, size, .. } = heads;
    let width = heads.heads * size;
    let rows = documents.iter().fold(0, |rows, document| {
        assert!(document.start == rows && document.end >= rows, "documents lie one behind the other");
        document.end
    });
    assert!(heads.heads.is_multiple_of(heads.key_value_heads));
    assert!(parts.iter().all(|(values, columns)| values.len() == rows * columns.width));
    let mut out = Box::<[f32]>::new_uninit_slice(rows * width);
    let output = Output(out.as_mut_ptr());
    let groups = heads.heads / heads.key_value_heads;
    // Query heads that share keys and values come one after the other where there is work for all cores without that.
    let alone = documents.len() * heads.key_value_heads < 4 * rayon::current_num_threads();
    let together = if alone { 1 } else { groups };
    let tasks: Vec<(Range<usize>, usize)> = documents
        .iter()
        .filter(|document| !document.is_empty())
        .flat_map(|document| (0..heads.heads).step_by(together).map(|head| (document.clone(), head)))
        .collect();
    tasks.into_par_iter().for_each_init(Scratch::default, |scratch, (document, first_head)| {
        let output = &output;
        let ([q, k, v], key_head) = (parts, first_head / groups);
        let of = |(values, columns), head| Head::of(values, &document, columns, head, size);
        scratch.lay_out([of(k, key_head), of(v, key_head)], document.len());
        for head in first_head..first_head + together {
            scratch.attend(of(q, head), document.len(), &heads, |query, found| {
                // SAFETY: the row is one of the document's and the head has its place in it, so this lies in `out`;
                // documents share no row, as was asserted, so no other task writes the columns of this head there.
                let place = unsafe {
                    let start = output.0.add((document.start + query) * width + head * size);
                    std::slice::from_raw_parts_mut(start, size)
                };
                place.write_copy_of_slice(found);
            });
        }
    });
    // SAFETY: every row is of a document, as was asserted, and each of its heads was written.
    unsafe { out.assume_init() }.into_vec()
}

/// A head's part of the rows of a document: some columns of a wider matrix.
#[derive(Clone, Copy)]
struct Head<'a> {
    /// From the first value to the last.
    values: &'a [f32],
    /// Values from row to row.
    apart: usize,
    size: usize,
}

impl<'a> Head<'a> {
    fn of(values: &'a [f32], rows: &Range<usize>, columns: Columns, head: usize, size: usize) -> Self {
        let Columns { width, first, apart } = columns;
        let column = first + head * apart;
        let end = (rows.end - 1) * width + column + size;
        Self { values: &values[rows.start * width + column..end], apart: width, size }
    }

    fn row(&self, row: usize) -> &'a [f32] {
        &self.values[row * self.apart..][..self.size]
    }

    fn rows(&self, rows: Range<usize>) -> &'a [f32] {
        &self.values[rows.start * self.apart..(rows.end - 1) * self.apart + self.size]
    }
}

/// Memory of a thread.
#[derive(Default)]
struct Scratch {
    /// `[panels of keys, size, PANEL]`
    keys: Aligned,
    /// `[panels of dimensions, positions, PANEL]`
    values: Aligned,
    /// `[QUERIES, size]`
    queries: Aligned,
    /// `[QUERIES, keys]`
    scores: Aligned,
    /// `[QUERIES, size]`, rows as long as panels make them.
    found: Aligned,
}

impl Scratch {
    /// Lays out keys and values of a document.
    fn lay_out(&mut self, [k, v]: [Head<'_>; 2], length: usize) {
        let size = k.size;
        let (panels, width) = (length.div_ceil(PANEL), size.next_multiple_of(PANEL));
        let keys = self.keys.at_least(panels * size * PANEL);
        for (panel, keys) in keys.chunks_exact_mut(size * PANEL).take(panels).enumerate() {
            turn(k.rows(panel * PANEL..length.min((panel + 1) * PANEL)), k.apart, size, keys);
        }
        let values = self.values.at_least(length * width);
        for row in 0..length {
            let places = values[row * PANEL..].chunks_mut(length * PANEL);
            for (place, values) in places.zip(v.row(row).chunks(PANEL)) {
                place[..values.len()].copy_from_slice(values);
            }
        }
    }

    /// Attends with one head of the document whose keys and values are laid out: `take(query, found)` for each position.
    fn attend(&mut self, q: Head<'_>, length: usize, heads: &Heads<'_>, mut take: impl FnMut(usize, &[f32])) {
        let size = heads.size;
        let (panels, width) = (length.div_ceil(PANEL), size.next_multiple_of(PANEL));
        let (keys, values) = (self.keys.get(), self.values.get());
        for first in (0..length).step_by(QUERIES) {
            let count = QUERIES.min(length - first);
            let rows = count.next_multiple_of(TILE);
            let queries = self.queries.at_least(QUERIES * size);
            for (row, queries) in queries.chunks_exact_mut(size).take(count).enumerate() {
                queries.copy_from_slice(q.row(first + row));
            }
            // From the panel of the first key that a query sees.
            let panel = heads.window.map_or(0, |window| (first + 1).saturating_sub(window)) / PANEL;
            let before = first - panel * PANEL;
            let seen = before + count;
            let scores_width = seen.next_multiple_of(PANEL);
            let scores = &mut self.scores.at_least(rows * scores_width)[..rows * scores_width];
            with_simd(Products {
                states: &queries[..rows * size],
                inputs: size,
                panels: &keys[panel * size * PANEL..panels * size * PANEL],
                apart: size * PANEL,
                outputs: seen,
                before,
                keys: Keys::Outputs,
                sums: scores,
            });
            let scores_of_queries = &mut scores[..count * scores_width];
            with_simd(Softmax { scores: scores_of_queries, width: scores_width, before, heads });
            let found = &mut self.found.at_least(QUERIES * width)[..rows * width];
            with_simd(Products {
                states: scores,
                inputs: seen,
                panels: &values[panel * PANEL * PANEL..],
                apart: length * PANEL,
                outputs: size,
                before,
                keys: Keys::Inputs,
                sums: found,
            });
            for (query, found) in found.chunks_exact(width).take(count).enumerate() {
                take(first + query, &found[..size]);
            }
        }
    }
}

/// Products of a few rows with panels in memory. Row i sees the keys up to key `before + i`; nothing is computed of those
/// that follow, but for a few.
struct Products<'a> {
    /// Rows, a multiple of [`TILE`] of them, of `inputs` values or more.
    states: &'a [f32],
    inputs: usize,
    /// Panels of `[inputs, PANEL]` or more.
    panels: &'a [f32],
    /// Values from panel to panel.
    apart: usize,
    outputs: usize,
    /// Keys before that of the first row.
    before: usize,
    /// What keys are.
    keys: Keys,
    /// `[rows, outputs]`, rows as long as panels make them.
    sums: &'a mut [f32],
}

/// What keys are in a product.
#[derive(Clone, Copy)]
enum Keys {
    /// Of queries with keys.
    Outputs,
    /// Of scores with values.
    Inputs,
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { states, inputs, panels, apart, outputs, before, keys, sums } = self;
        let width = outputs.next_multiple_of(PANEL);
        let rows = sums.len() / width;
        let state = states.len() / rows;
        for from in (0..inputs).step_by(DEPTH) {
            let panels = panels.chunks(apart).map(|panel| &panel[from * PANEL..]);
            for (column, panel) in (0..outputs).step_by(PANEL).zip(panels) {
                for row in (0..rows).step_by(TILE) {
                    let seen = before + row + TILE;
                    let (inputs, outputs) = match keys {
                        Keys::Outputs => (inputs, outputs.min(seen)),
                        Keys::Inputs => (inputs.min(seen), outputs),
                    };
                    if inputs <= from || outputs <= column {
                        continue;
                    }
                    let tile = Tile {
                        operands: Operands::F32,
                        states: &states[row * state + from..],
                        apart: state,
                        panel: &panel[..DEPTH.min(inputs - from) * PANEL],
                        outputs: PANEL.min(outputs - column),
                        sums: &mut sums[row * width + column..],
                        width,
                        first: from == 0,
                    };
                    tile.add(simd);
                }
            }
        }
    }
}

/// The softmax of each row over the keys it may see, zero elsewhere.
struct Softmax<'a> {
    /// `[rows, width]`
    scores: &'a mut [f32],
    width: usize,
    /// Keys before that of the first row.
    before: usize,
    heads: &'a Heads<'a>,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { scores, width, before, heads } = self;
        for (row, scores) in scores.chunks_exact_mut(width).enumerate() {
            let seen = before + row + 1;
            let hidden = heads.window.map_or(0, |window| seen.saturating_sub(window));
            scores[..hidden].fill(0.0);
            scores[seen..].fill(0.0);
            let scores = &mut scores[hidden..seen];
            let most = scaled_and_capped(simd, scores, heads.scale, heads.softcap);
            let sum = exponentials(simd, scores, most);
            scaled(simd, scores, sum.recip());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::tests::values;

    /// The definition, in f64.
    fn expected(q: &[f32], k: &[f32], v: &[f32], heads: &Heads<'_>) -> Vec<f64> {
        let size = heads.size;
        let (width, key_width) = (heads.heads * size, heads.key_value_heads * size);
        let mut out = vec![0.0; q.len()];
        for document in heads.documents {
            for (head, query) in (0..heads.heads).flat_map(|head| document.clone().map(move |q| (head, q))) {
                let key_head = head * heads.key_value_heads / heads.heads;
                let first = heads.window.map_or(0, |window| (query + 1).saturating_sub(window));
                let keys = first.max(document.start)..query + 1;
                let at = |x: &[f32], row: usize, width: usize, head: usize| {
                    x[row * width + head * size..][..size].iter().map(|&x| f64::from(x)).collect::<Vec<_>>()
                };
                let of_query = at(q, query, width, head);
                let score = |key: usize| {
                    let products = of_query.iter().zip(at(k, key, key_width, key_head)).map(|(a, b)| a * b);
                    let score = products.sum::<f64>() * f64::from(heads.scale);
                    let cap = heads.softcap.map(f64::from);
                    cap.map_or(score, |cap| cap * (score / cap).tanh()).exp()
                };
                let weights: Vec<f64> = keys.clone().map(score).collect();
                let all: f64 = weights.iter().sum();
                for (key, weight) in keys.zip(weights) {
                    let place = &mut out[query * width + head * size..][..size];
                    for (out, value) in place.iter_mut().zip(at(v, key, key_width, key_head)) {
                        *out += weight / all * value;
                    }
                }
            }
        }
        out
    }

    /// Queries, keys and values in rows of their own.
    fn apart<'a>(values: [&'a [f32]; 3], heads: &Heads<'_>) -> [(&'a [f32], Columns); 3] {
        let [of_queries, of_keys] =
            [heads.heads, heads.key_value_heads].map(|count| Columns::side_by_side(count, heads.size));
        let [q, k, v] = values;
        [(q, of_queries), (k, of_keys), (v, of_keys)]
    }

    #[test]
    fn attention_by_its_definition() {
        // Documents of no token, of one, and beyond the blocks of queries and keys.
        let documents = [0..131, 131..132, 132..132, 132..197];
        let rows = 197;
        for (heads, key_value_heads, size, softcap, window) in [
            (4, 2, 16, None, None),
            (3, 3, 50, Some(2.0), None),
            (2, 1, 130, None, Some(5)),
            (2, 2, 9, Some(0.5), Some(60)),
        ] {
            let documents = &documents;
            let scale = 0.3;
            let heads = Heads { documents, heads, key_value_heads, size, scale, softcap, window };
            let q = values(rows * heads.heads * size, 1);
            let of_keys = |seed| values(rows * key_value_heads * size, seed);
            let (k, v) = (of_keys(2), of_keys(3));
            let found = attend(apart([&q, &k, &v], &heads), heads);
            for (found, expected) in found.iter().zip(expected(&q, &k, &v, &heads)) {
                assert!((f64::from(*found) - expected).abs() < 2e-6, "{found} {expected}");
            }
            // The bits of a document are the same in whatever company it comes.
            let alone = |x: &[f32]| x[..131 * x.len() / rows].to_vec();
            let own = Heads { documents: &documents[..1], ..heads };
            let first = attend(apart([&alone(&q), &alone(&k), &alone(&v)], &own), own);
            assert_eq!(first, found[..first.len()]);
        }
    }

    #[test]
    fn heads_are_found_wherever_they_lie_in_a_row() {
        const ROWS: usize = 70;
        let (count, size) = (3, 10);
        let documents = &[0..41, 41..ROWS][..];
        let heads = Heads {
            documents,
            heads: count,
            key_value_heads: count,
            size,
            scale: 0.2,
            softcap: None,
            window: None,
        };
        let parts = [1, 2, 3].map(|seed| values(ROWS * count * size, seed));
        let expected = attend(apart(parts.each_ref().map(|values| &values[..]), &heads), heads);
        // Kind by kind, and head by head.
        for (between, from_head_to_head) in [(count * size, size), (size, 3 * size)] {
            let width = 3 * count * size;
            let columns =
                [0, 1, 2].map(|kind| Columns { width, first: kind * between, apart: from_head_to_head });
            let mut fused = vec![f32::NAN; ROWS * width];
            for (columns, values) in columns.iter().zip(&parts) {
                for (index, head) in values.chunks_exact(size).enumerate() {
                    let start = index / count * width + columns.first + index % count * columns.apart;
                    fused[start..][..size].copy_from_slice(head);
                }
            }
            assert_eq!(attend(columns.map(|columns| (&fused[..], columns)), heads), expected);
        }
    }
}
