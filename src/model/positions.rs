//! What depends on positions alone, shared by all layers and by batches of one shape: rotations, the masks of
//! sliding windows, and which documents attend together.

use std::ops::Range;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::batch::Batch;
use super::config::{Config, LayerPlan};
use super::cpu::is_cpu;
use super::rope::Rope;

/// Rotations, masks and groups for documents of some lengths.
#[derive(Debug)]
pub struct Positions {
    ropes: Vec<Rope>,
    masks: Vec<(usize, Tensor<4, Bool>)>,
    groups: Vec<Group>,
}

impl Positions {
    /// What a model needs for a batch.
    pub fn new(config: &Config, batch: &Batch, device: &Device) -> Self {
        let ropes = config.ropes.iter().map(|rope| Rope::new(rope, batch, device)).collect();
        if is_cpu(device) {
            // There attention goes by documents and knows windows itself.
            return Self { ropes, masks: Vec::new(), groups: Vec::new() };
        }
        let longest = batch.longest();
        let mut windows: Vec<usize> = config.layers.iter().filter_map(|plan| plan.window).collect();
        windows.sort_unstable();
        windows.dedup();
        // A window as wide as the longest document hides nothing.
        windows.retain(|&window| window < longest);
        let masks =
            windows.into_iter().map(|window| (window, window_mask(window, longest, device))).collect();
        Self { ropes, masks, groups: groups(&batch.rows, device) }
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
        let (_, mask) = self.masks.iter().find(|(known, _)| *known == window)?;
        Some(mask.clone().narrow(2, queries.start, queries.len()).narrow(3, keys.start, keys.len()))
    }

    /// The documents of the batch, in groups that attend together on a device.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}

/// True where the key lies `window` positions or more before the query.
fn window_mask(window: usize, positions: usize, device: &Device) -> Tensor<4, Bool> {
    let hidden: Vec<bool> =
        (0..positions).flat_map(|query| (0..positions).map(move |key| key + window <= query)).collect();
    Tensor::from_data(TensorData::new(hidden, [1, 1, positions, positions]), device)
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
