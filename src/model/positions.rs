//! What depends on positions alone, shared by all layers and by batches of one shape: rotations, the masks of
//! sliding windows, and which documents attend together.

use std::ops::Range;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::attention::QUERIES;
use super::batch::Batch;
use super::config::{Config, LayerPlan};
use super::cpu::is_cpu;
use super::rope::Rope;

/// Rotations, masks and groups for documents of some lengths.
#[derive(Debug)]
pub struct Positions {
    ropes: Vec<Rope>,
    mask: Option<WindowMask>,
    groups: Vec<Group>,
}

impl Positions {
    /// What a model needs for a batch; `mask` is that of its windows.
    pub fn new(config: &Config, batch: &Batch, mask: Option<&WindowMask>, device: &Device) -> Self {
        let ropes = config.ropes.iter().map(|rope| Rope::new(rope, batch, device)).collect();
        if is_cpu(device) {
            // There attention goes by documents and knows windows itself.
            return Self { ropes, mask: None, groups: Vec::new() };
        }
        Self { ropes, mask: mask.cloned(), groups: groups(&batch.rows, device) }
    }

    /// The rotation a layer asks for.
    pub fn rope(&self, plan: &LayerPlan) -> Option<&Rope> {
        plan.rope.and_then(|index| self.ropes.get(index))
    }

    /// What the layer's window hides of these keys from these queries, `[1, 1, queries, keys]`; none where it hides
    /// nothing.
    pub fn mask(
        &self,
        plan: &LayerPlan,
        queries: &Range<usize>,
        keys: &Range<usize>,
    ) -> Option<Tensor<4, Bool>> {
        let window = plan.window.filter(|&window| keys.start + window < queries.end)?;
        self.mask.as_ref()?.of(window, queries, keys)
    }

    /// The documents of the batch, in groups that attend together on a device.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}

/// What windows hide from some queries that meet their keys together, on a device.
///
/// A window of w hides from query q the keys k with k + w ≤ q. Counted from the first of the queries, and keys from the
/// first that it sees, that is k < q whatever the window and wherever the queries stand: one triangle serves all.
#[derive(Clone, Debug)]
pub struct WindowMask {
    /// `[1, 1, QUERIES, keys]`
    triangle: Tensor<4, Bool>,
}

impl WindowMask {
    /// The mask for documents of up to `longest` tokens; none where nothing is hidden from them.
    pub fn new(config: &Config, longest: usize, device: &Device) -> Option<Self> {
        Self::keys(config, longest).map(|keys| Self::over(keys, device))
    }

    /// The mask for up to so many keys.
    fn over(keys: usize, device: &Device) -> Self {
        let hidden: Vec<bool> =
            (0..QUERIES).flat_map(|query| (0..keys).map(move |key| key < query)).collect();
        Self { triangle: Tensor::from_data(TensorData::new(hidden, [1, 1, QUERIES, keys]), device) }
    }

    /// Bytes it takes, and the part of it in use, at four a key.
    pub fn bytes(config: &Config, longest: usize) -> usize {
        Self::keys(config, longest).map_or(0, |keys| 2 * QUERIES * keys * size_of::<f32>())
    }

    /// The most keys that queries meet under a window that hides some: none as wide as the longest document does.
    fn keys(config: &Config, longest: usize) -> Option<usize> {
        let windows = config.layers.iter().filter_map(|plan| plan.window);
        windows.filter(|&window| window < longest).max().map(|window| window + QUERIES - 1)
    }

    /// What a window hides of these keys, which begin no earlier than the first query sees, or at 0:
    /// `[1, 1, queries, keys]`.
    fn of(&self, window: usize, queries: &Range<usize>, keys: &Range<usize>) -> Option<Tensor<4, Bool>> {
        let first = (keys.start + window).checked_sub(queries.start + 1)?;
        Some(self.triangle.clone().narrow(2, 0, queries.len()).narrow(3, first, keys.len()))
    }
}

/// Documents of similar length that attend together on a device.
#[derive(Debug)]
pub struct Group {
    /// Which documents of the batch.
    pub documents: Range<usize>,
    /// The length of the longest.
    pub positions: usize,
    /// Their rows.
    rows: Range<usize>,
    /// Where they are not of one length.
    padding: Option<Padding>,
}

/// How documents of several lengths become documents of one.
#[derive(Debug)]
struct Padding {
    /// The row behind each place of `[documents, positions]`; a document's last behind its end.
    rows: Tensor<1, Int>,
    /// The place of each row.
    places: Tensor<1, Int>,
}

impl Group {
    /// The group's rows of `[tokens, width]`, as `[documents · positions, width]`. What stands behind the end of a
    /// document is not seen by its tokens.
    pub fn padded(&self, x: &Tensor<2>) -> Tensor<2> {
        let all = self.rows.len() == x.dims()[0];
        let own = if all { x.clone() } else { x.clone().narrow(0, self.rows.start, self.rows.len()) };
        match &self.padding {
            Some(padding) => own.select(0, padding.rows.clone()),
            None => own,
        }
    }

    /// `[documents · positions, width]` as the group's rows.
    pub fn unpadded(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.padding {
            Some(padding) => x.select(0, padding.places.clone()),
            None => x,
        }
    }
}

/// Groups of documents, whose rows these are, longest first. Within a group the shortest has at least three quarters
/// of the length of the longest: few groups, little padding.
fn groups(documents: &[Range<usize>], device: &Device) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut first = 0;
    while first < documents.len() {
        let positions = documents[first].len();
        let alike = documents[first..].iter().take_while(|rows| 4 * rows.len() >= 3 * positions).count();
        let group = first..first + alike.max(1);
        let members = &documents[group.clone()];
        let rows = members[0].start..members[members.len() - 1].end;
        let padding = (rows.len() < members.len() * positions).then(|| {
            let index = |values: Vec<i32>| Tensor::<1, Int>::from_data(values.as_slice(), device);
            let behind = |document: &Range<usize>| {
                let (start, last) = (document.start - rows.start, document.len() - 1);
                (0..positions).map(move |t| (start + t.min(last)) as i32)
            };
            let places = |(index, document): (usize, &Range<usize>)| {
                (0..document.len()).map(move |t| (index * positions + t) as i32)
            };
            Padding {
                rows: index(members.iter().flat_map(behind).collect()),
                places: index(members.iter().enumerate().flat_map(places).collect()),
            }
        });
        first = group.end;
        groups.push(Group { documents: group, positions, rows, padding });
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_triangle_hides_what_each_window_hides_wherever_queries_stand() {
        let largest = 300;
        let mask = WindowMask::over(largest + QUERIES - 1, &Device::flex());
        for (window, length) in [(1, 5), (4, 600), (255, 256), (256, 1000), (257, 513), (300, 900)] {
            for first in (0..length).step_by(QUERIES) {
                // As attention takes them.
                let queries = first..length.min(first + QUERIES);
                let keys = (first + 1).saturating_sub(window)..queries.end;
                if keys.start + window >= queries.end {
                    continue;
                }
                let hidden = mask.of(window, &queries, &keys).unwrap().into_data();
                let hidden: Vec<bool> = hidden.iter::<bool>().collect();
                let expected: Vec<bool> = queries
                    .clone()
                    .flat_map(|query| keys.clone().map(move |key| key + window <= query))
                    .collect();
                assert!(hidden == expected, "window {window}, queries {queries:?}");
            }
        }
    }
}
