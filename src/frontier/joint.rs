//! The joint distribution p(x, y) of two labels, reduced to what the frontier depends on, sparse in both directions.
//!
//! Labels x with the same p(y|x) tell the same of Y, and labels y with the same p(x|y) the same of X: each is replaced
//! by one, exactly, without a change of the frontier. One round over the input is enough: rows that are proportional
//! stay so when proportional columns are added up, and rows that are not stay apart, since a sum of proportional
//! columns is again their multiple.

mod merge;

use std::fmt;

use rayon::prelude::*;

use self::merge::Mass;
use crate::error::{Error, Kind, Result};
use crate::sums::{entropy, sum};

/// p(x, y) of labels, merged: no two rows and no two columns are proportional. Rows and columns are numbered by
/// falling mass, those of equal mass by the least label in them; the order of the input has no part in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// Where each row's entries start, `[xs + 1]`; the column of each entry, rising within a row; p(y|x).
    row_starts: Vec<usize>,
    row_ys: Vec<u32>,
    row_weights: Vec<f64>,
    /// Where each column's entries start, `[ys + 1]`; the row of each entry, rising within a column; p(x, y).
    column_starts: Vec<usize>,
    column_xs: Vec<u32>,
    column_mass: Vec<f64>,
    px: Vec<f64>,
    py: Vec<f64>,
    hx: Vec<f64>,
    divergences: Vec<f64>,
    entropy_x: f64,
    entropy_y: f64,
    information: f64,
    unmerged: Unmerged,
}

/// What a joint was before its labels were merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unmerged {
    /// The number of labels x with mass.
    pub xs: usize,
    /// The number of labels y with mass.
    pub ys: usize,
    /// The number of distinct pairs with mass.
    pub entries: usize,
    /// The sum of all counts or weights.
    pub total: f64,
    /// H(X) in nats.
    pub entropy_x: f64,
    /// H(Y) in nats.
    pub entropy_y: f64,
}

/// The bytes in main memory that [`Joint::from_counts`] takes at most for `entries` pairs of at most `labels` different
/// x and y together, the list of counts included.
pub fn bytes_needed(entries: usize, labels: usize) -> u64 {
    // The list and both directions of the result; for each label its hash, class and mass, and what is kept of it.
    const AN_ENTRY: u64 = 16 + 12 + 12;
    const A_LABEL: u64 = 32 + 4 + 4 + 16 + 40;
    (entries as u64).saturating_mul(AN_ENTRY).saturating_add((labels as u64).saturating_mul(A_LABEL))
}

impl Joint {
    /// The joint of how often each pair (x, y) was seen. Ids are any; counts of the same pair add up, a count of 0 is
    /// none.
    ///
    /// # Errors
    /// [`Kind::Corpus`] if there is no count at all, or more than 2^64.
    pub fn from_counts(counts: Vec<(u32, u32, u64)>) -> Result<Self> {
        Self::of(counts)
    }

    /// The joint of weights of pairs (x, y), whatever they sum to. Ids are any; weights of the same pair add up, a
    /// weight of 0, or below 1e-307 of their sum, is none. Only what is proportional to the last bit is merged.
    ///
    /// # Errors
    /// [`Kind::Corpus`] if a weight is negative, infinite or not a number, if none is positive, or if their sum is
    /// too large.
    pub fn from_weighted(weights: Vec<(u32, u32, f64)>) -> Result<Self> {
        if let Some((x, y, weight)) =
            weights.iter().find(|(.., weight)| !(weight.is_finite() && *weight >= 0.0))
        {
            let what = if *weight < 0.0 { "negative" } else { "not a finite number" };
            return Err(refused(format!("the weight of x = {x}, y = {y} is {what} ({weight})"))
                .help("weights of pairs are probabilities or counts, from 0 on"));
        }
        Self::of(weights)
    }

    /// The joint of a dense table of weights, a row for each x and a column for each y, as
    /// [`from_weighted`](Self::from_weighted).
    ///
    /// # Errors
    /// As there, and if rows differ in length.
    pub fn from_weights(rows: &[Vec<f64>]) -> Result<Self> {
        Self::from_weighted(listed(rows)?)
    }

    fn of<M: Mass>(mut list: Vec<(u32, u32, M)>) -> Result<Self> {
        list.retain(|(.., mass)| mass.value() > 0.0);
        let mut masses = list.iter().map(|entry| entry.2);
        let first = masses.next().ok_or_else(|| {
            refused("the joint has no mass: no pair of labels was seen")
                .help("give at least one pair with a count above 0")
        })?;
        masses
            .try_fold(first, Mass::plus)
            .ok_or_else(|| refused("the counts of the joint sum to more than can be told"))?;
        let total = sum(list.iter().map(|entry| entry.2.value()));
        // Probabilities below have no logarithm of their inverse.
        list.retain(|(.., mass)| mass.value() / total >= f64::MIN_POSITIVE);

        // Rows, and in each entry the number of its row instead of its label.
        sort_and_add(&mut list);
        let starts = starts_of(&list, |entry| entry.0);
        let rows = merge::classes(starts.len() - 1, |row| {
            list[starts[row]..starts[row + 1]].iter().map(|&(_, y, mass)| (y, mass))
        });
        let row_mass = masses_of(&list, &starts);
        for (row, range) in starts.windows(2).enumerate() {
            list[range[0]..range[1]].iter_mut().for_each(|entry| entry.0 = row as u32);
        }
        let (xs, entries) = (starts.len() - 1, list.len());
        // Columns likewise, of the rows as they were: what is proportional in them is so in the merged rows.
        list.par_sort_unstable_by_key(|&(row, y, _)| (y, row));
        let starts = starts_of(&list, |entry| entry.1);
        let columns = merge::classes(starts.len() - 1, |column| {
            list[starts[column]..starts[column + 1]].iter().map(|&(row, _, mass)| (row, mass))
        });
        let column_mass = masses_of(&list, &starts);
        let unmerged = Unmerged {
            xs,
            ys: starts.len() - 1,
            entries,
            total,
            entropy_x: entropy_of(&row_mass, total),
            entropy_y: entropy_of(&column_mass, total),
        };
        let (row_ids, row_mass) = numbered(&rows, &row_mass);
        let (column_ids, column_mass) = numbered(&columns, &column_mass);
        for (column, range) in starts.windows(2).enumerate() {
            for entry in &mut list[range[0]..range[1]] {
                (entry.0, entry.1) = (row_ids[entry.0 as usize], column_ids[column]);
            }
        }
        sort_and_add(&mut list);
        Ok(Self::of_merged(&list, &row_mass, &column_mass, total, unmerged))
    }

    /// The joint of a merged list, sorted by row and column.
    fn of_merged<M: Mass>(
        list: &[(u32, u32, M)],
        row_mass: &[f64],
        column_mass: &[f64],
        total: f64,
        unmerged: Unmerged,
    ) -> Self {
        let row_starts = starts_of(list, |entry| entry.0);
        let row_ys: Vec<u32> = list.iter().map(|entry| entry.1).collect();
        let row_weights: Vec<f64> = list.iter().map(|&(x, _, m)| m.value() / row_mass[x as usize]).collect();
        let mut column_starts = vec![0; column_mass.len() + 1];
        for &(_, y, _) in list {
            column_starts[y as usize + 1] += 1;
        }
        for y in 0..column_mass.len() {
            column_starts[y + 1] += column_starts[y];
        }
        let (mut column_xs, mut masses) = (vec![0; list.len()], vec![0.0; list.len()]);
        let mut next = column_starts.clone();
        for &(x, y, mass) in list {
            let place = &mut next[y as usize];
            (column_xs[*place], masses[*place]) = (x, mass.value() / total);
            *place += 1;
        }
        let information = sum(list.iter().map(|&(x, y, mass)| {
            let mass = mass.value();
            // Quotients first: the product of two large sums may be no number.
            mass / total * ((mass / row_mass[x as usize]) / (column_mass[y as usize] / total)).ln()
        }));
        let hx: Vec<f64> =
            row_starts.par_windows(2).map(|row| entropy(&row_weights[row[0]..row[1]])).collect();
        let divergence = |row: &[usize]| {
            let entries = row_ys[row[0]..row[1]].iter().zip(&row_weights[row[0]..row[1]]);
            sum(entries.map(|(&y, weight)| weight * (weight / (column_mass[y as usize] / total)).ln()))
        };
        let divergences: Vec<f64> = row_starts.par_windows(2).map(divergence).collect();
        let (entropy_x, entropy_y) = (entropy_of(row_mass, total), entropy_of(column_mass, total));
        Self {
            row_starts,
            row_ys,
            row_weights,
            column_starts,
            column_xs,
            column_mass: masses,
            px: row_mass.iter().map(|mass| mass / total).collect(),
            py: column_mass.iter().map(|mass| mass / total).collect(),
            hx,
            divergences,
            entropy_x,
            entropy_y,
            information: information.clamp(0.0, entropy_x.min(entropy_y)),
            unmerged,
        }
    }

    /// The number of rows, labels x that differ in p(y|x).
    pub fn xs(&self) -> usize {
        self.px.len()
    }

    /// The number of columns, labels y that differ in p(x|y).
    pub fn ys(&self) -> usize {
        self.py.len()
    }

    /// The number of pairs with mass.
    pub fn entries(&self) -> usize {
        self.row_ys.len()
    }

    /// The columns of row `x`, rising, and p(y|x) of each.
    pub fn row(&self, x: usize) -> (&[u32], &[f64]) {
        let range = self.row_starts[x]..self.row_starts[x + 1];
        (&self.row_ys[range.clone()], &self.row_weights[range])
    }

    /// The rows of column `y`, rising, and p(x, y) of each.
    pub fn column(&self, y: usize) -> (&[u32], &[f64]) {
        let range = self.column_starts[y]..self.column_starts[y + 1];
        (&self.column_xs[range.clone()], &self.column_mass[range])
    }

    /// KL(p(y|x) ‖ p(y)) of each row in nats, `[xs]`: what x tells of Y.
    pub fn divergences(&self) -> &[f64] {
        &self.divergences
    }

    /// Where the entries of each row start in [`row_ys`](Self::row_ys), `[xs + 1]`.
    pub fn row_starts(&self) -> &[usize] {
        &self.row_starts
    }

    /// The columns of all rows, one row after another, `[entries]`.
    pub fn row_ys(&self) -> &[u32] {
        &self.row_ys
    }

    /// p(y|x) of all rows, as [`row_ys`](Self::row_ys).
    pub fn row_weights(&self) -> &[f64] {
        &self.row_weights
    }

    /// Where the entries of each column start in [`column_xs`](Self::column_xs), `[ys + 1]`.
    pub fn column_starts(&self) -> &[usize] {
        &self.column_starts
    }

    /// The rows of all columns, one column after another, `[entries]`.
    pub fn column_xs(&self) -> &[u32] {
        &self.column_xs
    }

    /// p(x, y) of all columns, as [`column_xs`](Self::column_xs).
    pub fn column_mass(&self) -> &[f64] {
        &self.column_mass
    }

    /// p(x), `[xs]`, falling.
    pub fn px(&self) -> &[f64] {
        &self.px
    }

    /// p(y), `[ys]`, falling.
    pub fn py(&self) -> &[f64] {
        &self.py
    }

    /// H(Y | X = x) of each row in nats, `[xs]`.
    pub fn hx(&self) -> &[f64] {
        &self.hx
    }

    /// H(X) of the merged rows in nats: the complexity at which I(X;Y) is reached.
    pub fn entropy_x(&self) -> f64 {
        self.entropy_x
    }

    /// H(Y) of the merged columns in nats.
    pub fn entropy_y(&self) -> f64 {
        self.entropy_y
    }

    /// I(X;Y) in nats, which merging does not change.
    pub fn information(&self) -> f64 {
        self.information
    }

    /// What the joint was before merging.
    pub fn unmerged(&self) -> &Unmerged {
        &self.unmerged
    }
}

/// The pairs of a dense table with their masses, zeros left out.
///
/// # Errors
/// [`Kind::Corpus`] if rows differ in length, or if there are more than 2^32 labels.
pub(super) fn listed<M: Copy + Default + PartialEq>(rows: &[Vec<M>]) -> Result<Vec<(u32, u32, M)>> {
    let width = rows.first().map_or(0, Vec::len);
    if let Some(ragged) = rows.iter().position(|row| row.len() != width) {
        return Err(refused(format!(
            "row {ragged} of the joint has {} columns, row 0 has {width}",
            rows[ragged].len()
        ))
        .help("every row needs a column for every y, 0 where the pair is not seen"));
    }
    if u32::try_from(rows.len().max(width)).is_err() {
        return Err(refused("the joint has more than 4 294 967 295 labels"));
    }
    Ok(rows
        .iter()
        .enumerate()
        .flat_map(|(x, row)| row.iter().enumerate().map(move |(y, &mass)| (x as u32, y as u32, mass)))
        .filter(|&(.., mass)| mass != M::default())
        .collect())
}

fn refused(cause: impl fmt::Display) -> Error {
    Error::new(Kind::Corpus, cause)
}

/// Sorts a list by row and column, and adds up what stands at the same place. The order in which masses are added
/// follows from the masses alone.
fn sort_and_add<M: Mass>(list: &mut Vec<(u32, u32, M)>) {
    list.par_sort_unstable_by_key(|&(x, y, mass)| (x, y, mass.rank()));
    list.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same && let Some(added) = kept.2.plus(next.2) {
            kept.2 = added;
        }
        same
    });
}

/// Where each run of equal keys starts in a sorted list, and its end.
fn starts_of<T>(list: &[T], key: impl Fn(&T) -> u32) -> Vec<usize> {
    let mut starts = vec![0];
    for run in list.chunk_by(|a, b| key(a) == key(b)) {
        starts.push(starts[starts.len() - 1] + run.len());
    }
    starts
}

/// The mass of each run of a list.
fn masses_of<M: Mass>(list: &[(u32, u32, M)], starts: &[usize]) -> Vec<f64> {
    starts.par_windows(2).map(|run| sum(list[run[0]..run[1]].iter().map(|entry| entry.2.value()))).collect()
}

fn entropy_of(masses: &[f64], total: f64) -> f64 {
    sum(masses.iter().map(|mass| -mass / total * (mass / total).ln())).max(0.0)
}

/// Numbers the classes that `leaders` names, by falling mass; for each row the number of its class, and the mass of
/// each class.
fn numbered(leaders: &[u32], masses: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let mut of_leader = vec![0.0; leaders.len()];
    for (&leader, mass) in leaders.iter().zip(masses) {
        of_leader[leader as usize] += mass;
    }
    let mut order: Vec<u32> = (0..leaders.len() as u32).filter(|&row| leaders[row as usize] == row).collect();
    order.par_sort_by(|&a, &b| of_leader[b as usize].total_cmp(&of_leader[a as usize]));
    let mut ids = vec![0; leaders.len()];
    for (id, &leader) in order.iter().enumerate() {
        ids[leader as usize] = id as u32;
    }
    let numbers = leaders.iter().map(|&leader| ids[leader as usize]).collect();
    (numbers, order.iter().map(|&leader| of_leader[leader as usize]).collect())
}

#[cfg(test)]
mod tests;
