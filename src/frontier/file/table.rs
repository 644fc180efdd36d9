//! Pairs line by line, and what lists of them have in common: ids that are numbered, masses that are counts until one
//! is not whole.

use std::collections::HashMap;
use std::io::Read;

use csv::StringRecord;

use super::{FORMS, Pairs, WEIGHTS, refused, shown};
use crate::error::Result;

/// Counts or weights: counts as long as all are whole.
pub(super) enum Masses {
    Counts(Vec<u64>),
    Weights(Vec<f64>),
}

impl Default for Masses {
    fn default() -> Self {
        Self::Counts(Vec::new())
    }
}

impl Masses {
    pub(super) fn push_count(&mut self, count: u64) {
        match self {
            Self::Counts(counts) => counts.push(count),
            Self::Weights(weights) => weights.push(count as f64),
        }
    }

    pub(super) fn push_weight(&mut self, weight: f64) {
        if let Self::Counts(counts) = self {
            *self = Self::Weights(counts.iter().map(|&count| count as f64).collect());
        }
        if let Self::Weights(weights) = self {
            weights.push(weight);
        }
    }

    /// The masses with the labels of each.
    pub(super) fn pairs(self, xs: Vec<u32>, ys: Vec<u32>) -> Pairs {
        let labels = xs.into_iter().zip(ys);
        match self {
            Self::Counts(counts) => Pairs::Counts(labels.zip(counts).map(|((x, y), n)| (x, y, n)).collect()),
            Self::Weights(weights) => {
                Pairs::Weights(labels.zip(weights).map(|((x, y), n)| (x, y, n)).collect())
            }
        }
    }
}

/// Numbers of ids, by first occurrence.
#[derive(Default)]
pub(super) struct Ids(HashMap<String, u32>);

impl Ids {
    pub(super) fn of(&mut self, id: &str) -> Result<u32> {
        if let Some(&number) = self.0.get(id) {
            return Ok(number);
        }
        let number = u32::try_from(self.0.len()).map_err(|_| refused("the joint has too many labels"))?;
        self.0.insert(id.to_owned(), number);
        Ok(number)
    }
}

/// Reads CSV with a head that names the columns `x`, `y` and one of counts; others are passed over.
pub(super) fn read(file: impl Read) -> Result<Pairs> {
    let mut reader = csv::Reader::from_reader(std::io::BufReader::new(file));
    let broken = |error: csv::Error| refused(format!("the joint cannot be read as CSV: {error}"));
    let head = reader.headers().map_err(broken)?;
    let column = |names: &[&str]| {
        head.iter().position(|name| names.contains(&name.trim())).ok_or_else(|| {
            refused(format!("the joint has no column named {}", names.join(" or "))).help(FORMS)
        })
    };
    let (x, y, mass) = (column(&["x"])?, column(&["y"])?, column(&WEIGHTS)?);
    let (mut masses, mut x_ids, mut y_ids) = (Masses::default(), Ids::default(), Ids::default());
    let (mut xs, mut ys, mut record) = (Vec::new(), Vec::new(), StringRecord::new());
    while reader.read_record(&mut record).map_err(broken)? {
        // As long as the head: the reader refuses others.
        xs.push(x_ids.of(&record[x])?);
        ys.push(y_ids.of(&record[y])?);
        let text = record[mass].trim();
        match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(count), _) => masses.push_count(count),
            (_, Ok(weight)) if weight.is_finite() && weight >= 0.0 => masses.push_weight(weight),
            _ => {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(refused(format!(
                    "the joint has \"{}\" as the count of line {line}",
                    shown(text)
                ))
                .help("counts and weights are numbers from 0 on"));
            }
        }
    }
    Ok(masses.pairs(xs, ys))
}
