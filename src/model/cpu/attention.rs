//! Causal attention, a few queries of a head at a time.
//!
//! Queries meet only the keys they may see: none that follow, none before the window. The scores of a few
//! queries fit in the cache whatever the length of the document.

use std::ops::Range;

use rayon::prelude::*;

use crate::product::Output;
use crate::simd::{exp, largest, softcap, sum_of, vectorised};

/// Queries whose scores live at once.
const QUERIES: usize = 64;

/// Bytes of scores that live at once while documents of up to `longest` tokens attend, with so many heads together.
pub fn work_bytes(heads: usize, longest: usize) -> usize {
    rayon::current_num_threads().min(heads) * QUERIES.min(longest) * longest * size_of::<f32>()
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
    let tasks: Vec<(usize, usize)> = (0..documents.len())
        .flat_map(|document| (0..heads.heads).map(move |head| (document, head)))
        .collect();
    tasks.into_par_iter().for_each_init(Vec::new, |scores, (document, head)| {
        let output = &output;
        let (first, length) = (documents[document].start, documents[document].len());
        let key_head = head * heads.key_value_heads / heads.heads;
        for query in (0..length).step_by(QUERIES) {
            let queries = QUERIES.min(length - query);
            let from = heads.window.map_or(0, |window| (query + 1).saturating_sub(window));
            let keys = query + queries - from;
            scores.resize(queries * keys, 0.0);
            // SAFETY: rows first + query.. of `q`, first + from.. of `k` and `v` and of `out` lie within
            // them, as the assertions say; they say too that documents share no row, so only this task
            // writes the columns of this head in these rows.
            unsafe {
                gemm::gemm(
                    queries,
                    keys,
                    size,
                    scores.as_mut_ptr(),
                    1,
                    keys as isize,
                    false,
                    q.as_ptr().add((first + query) * width + head * size),
                    1,
                    width as isize,
                    k.as_ptr().add((first + from) * key_width + key_head * size),
                    key_width as isize,
                    1,
                    0.0,
                    heads.scale,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                );
            }
            softmax(scores, keys, query - from, &heads);
            // SAFETY: as above.
            unsafe {
                gemm::gemm(
                    queries,
                    size,
                    keys,
                    output.0.add((first + query) * width + head * size),
                    1,
                    width as isize,
                    false,
                    scores.as_ptr(),
                    1,
                    keys as isize,
                    v.as_ptr().add((first + from) * key_width + key_head * size),
                    1,
                    key_width as isize,
                    0.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                );
            }
        }
    });
    out
}

/// The softmax of each row over the keys it may see, zero elsewhere: row i is query `offset + i`, counted
/// from the first key.
fn softmax(scores: &mut [f32], keys: usize, offset: usize, heads: &Heads<'_>) {
    vectorised(
        #[inline(always)]
        || {
            for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
                let seen = offset + row + 1;
                let hidden = heads.window.map_or(0, |window| seen.saturating_sub(window));
                scores[..hidden].fill(0.0);
                scores[seen..].fill(0.0);
                let scores = &mut scores[hidden..seen];
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
