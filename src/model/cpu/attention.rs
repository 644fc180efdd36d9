//! Causal attention, a few queries of a head at a time.
//!
//! Queries meet only the keys they may see: none that follow, none before the window. The scores of a few
//! queries fit in the cache whatever the length of the document.

use std::ops::Range;

use rayon::prelude::*;

use crate::product::{Aligned, Operands, Output, PANEL, TILE, Tile, turn};
use crate::simd::{Simd, WithSimd, exp, largest, softcap, sum_of, vectorised, with_simd};

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

impl Angles<'_> {
    /// Rotates every head of `[tokens, heads · size]` in place; `documents` are the rows of each.
    pub fn rotate(&self, x: &mut [f32], documents: &[Range<usize>], heads: usize, size: usize) {
        let alike = self.cos.len() == self.positions * self.half;
        x.par_chunks_exact_mut(heads * size).enumerate().with_min_len(64).for_each(|(row, x)| {
            let document = documents.partition_point(|rows| rows.end <= row);
            let position = row - documents[document].start;
            let table = if alike { 0 } else { document };
            let start = (table * self.positions + position) * self.half;
            let (cos, sin) = (&self.cos[start..][..self.half], &self.sin[start..][..self.half]);
            vectorised(
                #[inline(always)]
                || {
                    for head in x.chunks_exact_mut(size) {
                        let head = &mut head[..2 * self.half];
                        if self.interleaved {
                            for ((pair, cos), sin) in head.chunks_exact_mut(2).zip(cos).zip(sin) {
                                let (even, odd) = (pair[0], pair[1]);
                                pair[0] = even * cos - odd * sin;
                                pair[1] = odd * cos + even * sin;
                            }
                        } else {
                            let (first, second) = head.split_at_mut(self.half);
                            for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
                                let (first, second) = (*a, *b);
                                *a = first * cos - second * sin;
                                *b = second * cos + first * sin;
                            }
                        }
                    }
                },
            );
        });
    }
}

/// Attends: queries `[tokens, heads · size]`, keys and values with their own number of heads, to the shape of the
/// queries.
pub fn attend(q: &[f32], k: &[f32], v: &[f32], heads: Heads<'_>) -> Vec<f32> {
    let Heads { documents, size, .. } = heads;
    let (width, key_width) = (heads.heads * size, heads.key_value_heads * size);
    let rows = q.len() / width;
    assert!(documents.iter().all(|document| document.end <= rows));
    assert!(documents.windows(2).all(|pair| pair[0].end <= pair[1].start));
    assert_eq!((q.len(), k.len(), v.len()), (rows * width, rows * key_width, rows * key_width));
    let mut out = super::zeros(rows * width);
    let output = Output(out.as_mut_ptr());
    let tasks: Vec<(Range<usize>, usize)> = documents
        .iter()
        .filter(|document| !document.is_empty())
        .flat_map(|document| (0..heads.heads).map(|head| (document.clone(), head)))
        .collect();
    tasks.into_par_iter().for_each_init(Scratch::default, |scratch, (document, head)| {
        let output = &output;
        let (first, key_head) = (document.start, head * heads.key_value_heads / heads.heads);
        let of = |values, width, head| Head::of(values, &document, width, head, size);
        let (q, k, v) = (of(q, width, head), of(k, key_width, key_head), of(v, key_width, key_head));
        scratch.attend([q, k, v], document.len(), &heads, |query, found| {
            // SAFETY: the row is one of the document's and the head has its place in it, so this lies in `out`;
            // documents share no row, as the assertion says, so no other task writes the columns of this head there.
            let place = unsafe {
                let start = output.0.add((first + query) * width + head * size);
                std::slice::from_raw_parts_mut(start, size)
            };
            place.copy_from_slice(found);
        });
    });
    out
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
    fn of(values: &'a [f32], rows: &Range<usize>, width: usize, head: usize, size: usize) -> Self {
        let end = (rows.end - 1) * width + (head + 1) * size;
        Self { values: &values[rows.start * width + head * size..end], apart: width, size }
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
    /// Attends with one head of a document: `take(query, found)` for each position.
    fn attend(
        &mut self,
        [q, k, v]: [Head<'_>; 3],
        length: usize,
        heads: &Heads<'_>,
        mut take: impl FnMut(usize, &[f32]),
    ) {
        let size = heads.size;
        let (panels, width) = (length.div_ceil(PANEL), size.next_multiple_of(PANEL));
        let keys = self.keys.at_least(panels * size * PANEL);
        for (panel, keys) in keys.chunks_exact_mut(size * PANEL).take(panels).enumerate() {
            turn(k.rows(panel * PANEL..length.min((panel + 1) * PANEL)), k.apart, size, keys);
        }
        let values = self.values.at_least(length * width);
        for (panel, values) in values.chunks_exact_mut(length * PANEL).take(width / PANEL).enumerate() {
            let columns = panel * PANEL..size.min((panel + 1) * PANEL);
            for (row, values) in values.chunks_exact_mut(PANEL).enumerate() {
                values[..columns.len()].copy_from_slice(&v.row(row)[columns.clone()]);
            }
        }
        for first in (0..length).step_by(QUERIES) {
            let count = QUERIES.min(length - first);
            let rows = count.next_multiple_of(TILE);
            let queries = self.queries.at_least(QUERIES * size);
            for (row, queries) in queries.chunks_exact_mut(size).take(count).enumerate() {
                queries.copy_from_slice(q.row(first + row));
            }
            // From the panel of the first key that a query sees.
            let panel = heads.window.map_or(0, |window| (first + 1).saturating_sub(window)) / PANEL;
            let seen = first + count - panel * PANEL;
            let scores_width = seen.next_multiple_of(PANEL);
            let scores = &mut self.scores.at_least(rows * scores_width)[..rows * scores_width];
            with_simd(Products {
                states: &queries[..rows * size],
                inputs: size,
                panels: &keys[panel * size * PANEL..panels * size * PANEL],
                apart: size * PANEL,
                outputs: seen,
                sums: scores,
            });
            softmax(&mut scores[..count * scores_width], scores_width, first - panel * PANEL, heads);
            let found = &mut self.found.at_least(QUERIES * width)[..rows * width];
            with_simd(Products {
                states: scores,
                inputs: seen,
                panels: &values[panel * PANEL * PANEL..],
                apart: length * PANEL,
                outputs: size,
                sums: found,
            });
            for (query, found) in found.chunks_exact(width).take(count).enumerate() {
                take(first + query, &found[..size]);
            }
        }
    }
}

/// Products of a few rows with panels in memory.
struct Products<'a> {
    /// Rows, a multiple of [`TILE`] of them, of `inputs` values or more.
    states: &'a [f32],
    inputs: usize,
    /// Panels of `[inputs, PANEL]` or more.
    panels: &'a [f32],
    /// Values from panel to panel.
    apart: usize,
    outputs: usize,
    /// `[rows, outputs]`, rows as long as panels make them.
    sums: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { states, inputs, panels, apart, outputs, sums } = self;
        let width = outputs.next_multiple_of(PANEL);
        let rows = sums.len() / width;
        let state = states.len() / rows;
        for from in (0..inputs).step_by(DEPTH) {
            let depth = DEPTH.min(inputs - from);
            for column in (0..outputs).step_by(PANEL) {
                let panel = &panels[column / PANEL * apart + from * PANEL..][..depth * PANEL];
                for row in (0..rows).step_by(TILE) {
                    let tile = Tile {
                        operands: Operands::F32,
                        states: &states[row * state + from..],
                        apart: state,
                        panel,
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

/// The softmax of each row over the keys it may see, zero elsewhere: row i is query `offset + i`, counted
/// from the first key.
fn softmax(scores: &mut [f32], width: usize, offset: usize, heads: &Heads<'_>) {
    vectorised(
        #[inline(always)]
        || {
            for (row, scores) in scores.chunks_exact_mut(width).enumerate() {
                let seen = offset + row + 1;
                let hidden = heads.window.map_or(0, |window| seen.saturating_sub(window));
                scores[..hidden].fill(0.0);
                scores[seen..].fill(0.0);
                let scores = &mut scores[hidden..seen];
                scores.iter_mut().for_each(|score| *score *= heads.scale);
                if let Some(cap) = heads.softcap {
                    softcap(scores, cap);
                }
                let most = largest(scores);
                scores.iter_mut().for_each(|score| *score = exp(*score - most));
                let scale = sum_of(scores, |x| x).recip();
                scores.iter_mut().for_each(|score| *score *= scale);
            }
        },
    );
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
            let found = attend(&q, &k, &v, heads);
            for (found, expected) in found.iter().zip(expected(&q, &k, &v, &heads)) {
                assert!((f64::from(*found) - expected).abs() < 2e-6, "{found} {expected}");
            }
            // The bits of a document are the same in whatever company it comes.
            let alone = |x: &[f32]| x[..131 * x.len() / rows].to_vec();
            let first =
                attend(&alone(&q), &alone(&k), &alone(&v), Heads { documents: &documents[..1], ..heads });
            assert_eq!(first, found[..first.len()]);
        }
    }
}
