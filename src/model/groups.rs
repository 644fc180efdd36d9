//! Groups of documents that attend together on a device.

use std::ops::Range;

use burn_tensor::{Device, Int, Tensor};

/// Documents of similar length that attend together on a device.
#[derive(Debug)]
pub struct Group {
    /// Which documents of the batch.
    pub documents: Range<usize>,
    /// Tokens of the longest.
    pub longest: usize,
    /// Their rows.
    rows: Range<usize>,
    /// `None` where they are of one length.
    padding: Option<Padding>,
}

/// How documents of several lengths become documents of one.
#[derive(Debug)]
struct Padding {
    /// The row behind each place of `[documents, longest]`; a document's last behind its end.
    rows: Tensor<1, Int>,
    /// The place of each row.
    places: Tensor<1, Int>,
}

impl Group {
    /// Groups of documents, whose rows these are, longest first. Within a group the shortest has at least three quarters
    /// of the length of the longest: few groups, little padding.
    pub fn of(documents: &[Range<usize>], device: &Device) -> Vec<Self> {
        let mut groups = Vec::new();
        let mut first = 0;
        while first < documents.len() {
            let longest = documents[first].len();
            let alike = documents[first..].iter().take_while(|rows| 4 * rows.len() >= 3 * longest).count();
            let group = first..first + alike.max(1);
            let members = &documents[group.clone()];
            let rows = members[0].start..members[members.len() - 1].end;
            let padding = (rows.len() < members.len() * longest).then(|| {
                let index = |values: Vec<i32>| Tensor::<1, Int>::from_data(values.as_slice(), device);
                let behind = |document: &Range<usize>| {
                    let (start, last) = (document.start - rows.start, document.len() - 1);
                    (0..longest).map(move |t| (start + t.min(last)) as i32)
                };
                let places = |(index, document): (usize, &Range<usize>)| {
                    (0..document.len()).map(move |t| (index * longest + t) as i32)
                };
                Padding {
                    rows: index(members.iter().flat_map(behind).collect()),
                    places: index(members.iter().enumerate().flat_map(places).collect()),
                }
            });
            first = group.end;
            groups.push(Self { documents: group, longest, rows, padding });
        }
        groups
    }

    /// The group's rows of `[tokens, width]`, as `[documents · longest, width]`. What stands behind the end of a
    /// document is not seen by its tokens.
    pub fn padded(&self, x: &Tensor<2>) -> Tensor<2> {
        let all = self.rows.len() == x.dims()[0];
        let own = if all { x.clone() } else { x.clone().narrow(0, self.rows.start, self.rows.len()) };
        match &self.padding {
            Some(padding) => own.select(0, padding.rows.clone()),
            None => own,
        }
    }

    /// `[documents · longest, width]` as the group's rows.
    pub fn unpadded(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.padding {
            Some(padding) => x.select(0, padding.places.clone()),
            None => x,
        }
    }
}
