//! Classes of columns: each frequent column is one of its own, the rest are together by the row they follow most.

use super::super::super::joint::Joint;

/// Columns that are all classes of their own if there are no more; else the most that are, and the least where rows are
/// too long for so many.
const ALL_ALONE: usize = 2048;
const ALONE: usize = 1024;
const FEWEST_ALONE: usize = 128;
/// Classes of all other columns.
const GROUPS: usize = 512;
/// Products of two classes of a row, summed over rows, up to which classes are added.
const PRODUCTS: u64 = 120_000_000;

/// The classes that each row has, and to which of them its entries belong. A *slot* is a class of a row; those of all
/// rows are numbered one after another.
pub(super) struct Classes {
    /// The number of classes.
    pub count: usize,
    /// Where the slots of each row start, `[xs + 1]`.
    starts: Vec<usize>,
    /// The class of each slot, and p(class | x).
    class: Vec<u32>,
    weight: Vec<f64>,
    /// Of each entry of the rows its slot, counted from the row's first, and p(y | class, x).
    slot: Vec<u32>,
    share: Vec<f64>,
}

impl Classes {
    /// The classes of a joint, as many as take a bounded time to couple.
    pub fn new(joint: &Joint) -> Self {
        let mut alone = if joint.ys() <= ALL_ALONE { joint.ys() } else { ALONE };
        // Columns are by falling mass, so the frequent ones stand first.
        let products = |alone: usize| -> u64 {
            let of_row = |x: usize| {
                let ys = joint.row(x).0;
                let frequent = ys.partition_point(|&y| (y as usize) < alone);
                ((frequent + (ys.len() - frequent).min(GROUPS)) as u64).pow(2)
            };
            (0..joint.xs()).map(of_row).sum()
        };
        while alone > FEWEST_ALONE && products(alone) > PRODUCTS {
            alone /= 2;
        }
        Self::with(joint, alone)
    }

    /// The classes of a joint whose first `alone` columns are classes of their own.
    pub fn with(joint: &Joint, alone: usize) -> Self {
        let class: Vec<u32> = (0..joint.ys()).map(|y| class_of(joint, y, alone) as u32).collect();
        let mut classes = Self {
            count: class.iter().max().map_or(0, |&last| last as usize + 1),
            starts: vec![0],
            class: Vec::new(),
            weight: Vec::new(),
            slot: Vec::with_capacity(joint.entries()),
            share: Vec::with_capacity(joint.entries()),
        };
        let mut slots = vec![u32::MAX; classes.count];
        for x in 0..joint.xs() {
            classes.push(joint.row(x), &class, &mut slots);
        }
        classes
    }

    /// Adds a row. `slots` holds `u32::MAX` for every class, before and after.
    fn push(&mut self, (ys, weights): (&[u32], &[f64]), class: &[u32], slots: &mut [u32]) {
        let (start, first) = (self.class.len(), self.slot.len());
        for (&y, weight) in ys.iter().zip(weights) {
            let class = class[y as usize];
            let slot = &mut slots[class as usize];
            if *slot == u32::MAX {
                *slot = (self.class.len() - start) as u32;
                self.class.push(class);
                self.weight.push(0.0);
            }
            self.weight[start + *slot as usize] += weight;
            self.slot.push(*slot);
        }
        for (slot, weight) in self.slot[first..].iter().zip(weights) {
            self.share.push(weight / self.weight[start + *slot as usize]);
        }
        self.class[start..].iter().for_each(|&class| slots[class as usize] = u32::MAX);
        self.starts.push(self.class.len());
    }

    /// The slots of a row.
    pub fn slots(&self, x: usize) -> std::ops::Range<usize> {
        self.starts[x]..self.starts[x + 1]
    }

    /// The classes of slots, and the p(class | x) of them.
    pub fn of(&self, slots: std::ops::Range<usize>) -> (&[u32], &[f64]) {
        (&self.class[slots.clone()], &self.weight[slots])
    }

    pub fn class(&self, slot: usize) -> usize {
        self.class[slot] as usize
    }

    /// p(class | x) of a slot.
    pub fn weight(&self, slot: usize) -> f64 {
        self.weight[slot]
    }

    /// The slot of an entry of row `x`.
    pub fn slot(&self, x: usize, entry: usize) -> usize {
        self.starts[x] + self.slot[entry] as usize
    }

    /// p(y | class, x) of an entry.
    pub fn share(&self, entry: usize) -> f64 {
        self.share[entry]
    }
}

/// The class of a column, where the first `alone` are classes of their own.
fn class_of(joint: &Joint, y: usize, alone: usize) -> usize {
    if y < alone {
        return y;
    }
    let (xs, masses) = joint.column(y);
    let most = xs.iter().zip(masses).max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(&x, _)| x);
    // Spread by Knuth's multiplicative hash.
    alone + (most.wrapping_mul(2_654_435_761) >> 16) as usize % GROUPS
}
