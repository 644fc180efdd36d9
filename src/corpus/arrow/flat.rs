//! As much of FlatBuffers as Arrow's messages need; whatever lies outside the bytes is not there.

/// A table among bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Where the places of its fields stand, and the bytes they take.
    places: usize,
    places_length: usize,
}

impl<'b> Table<'b> {
    /// The table that bytes start with.
    pub fn root(bytes: &'b [u8]) -> Option<Self> {
        Self::at(bytes, number::<4>(bytes, 0)? as usize)
    }

    fn at(bytes: &'b [u8], at: usize) -> Option<Self> {
        let back = number::<4>(bytes, at)? as u32 as i32;
        let places = usize::try_from(i64::try_from(at).ok()? - i64::from(back)).ok()?;
        Some(Self { bytes, at, places, places_length: number::<2>(bytes, places)? as usize })
    }

    /// The place of a field, `None` where it has its default.
    fn field(&self, index: usize) -> Option<usize> {
        let place = 4 + 2 * index;
        if place + 2 > self.places_length {
            return None;
        }
        match number::<2>(self.bytes, self.places + place)? {
            0 => None,
            offset => Some(self.at + offset as usize),
        }
    }

    /// A number of `N` bytes, without sign.
    pub fn number<const N: usize>(&self, index: usize) -> Option<u64> {
        number::<N>(self.bytes, self.field(index)?)
    }

    /// A table that a field leads to.
    pub fn table(&self, index: usize) -> Option<Self> {
        let at = self.field(index)?;
        Self::at(self.bytes, at.checked_add(number::<4>(self.bytes, at)? as usize)?)
    }

    /// Where the elements of a vector start, and how many there are, each of so many bytes.
    fn vector(&self, index: usize, size: usize) -> Option<(usize, usize)> {
        let at = self.field(index)?;
        let at = at.checked_add(number::<4>(self.bytes, at)? as usize)?;
        let (start, count) = (at + 4, number::<4>(self.bytes, at)? as usize);
        (count.checked_mul(size)?.checked_add(start)? <= self.bytes.len()).then_some((start, count))
    }

    /// The tables of a vector.
    pub fn tables(&self, index: usize) -> Option<Vec<Self>> {
        let (start, count) = self.vector(index, 4)?;
        (0..count)
            .map(|element| {
                let at = start + 4 * element;
                Self::at(self.bytes, at.checked_add(number::<4>(self.bytes, at)? as usize)?)
            })
            .collect()
    }

    /// The pairs of a vector of structs of two numbers.
    pub fn pairs(&self, index: usize) -> Option<Vec<[u64; 2]>> {
        let (start, count) = self.vector(index, 16)?;
        let pair = |at| Some([number::<8>(self.bytes, at)?, number::<8>(self.bytes, at + 8)?]);
        (0..count).map(|element| pair(start + 16 * element)).collect()
    }

    /// The first numbers of a vector of structs of 24 bytes, as the places of blocks are.
    pub fn blocks(&self, index: usize) -> Option<Vec<u64>> {
        let (start, count) = self.vector(index, 24)?;
        (0..count).map(|element| number::<8>(self.bytes, start + 24 * element)).collect()
    }

    /// The numbers of a vector.
    pub fn numbers(&self, index: usize) -> Option<Vec<u64>> {
        let (start, count) = self.vector(index, 8)?;
        (0..count).map(|element| number::<8>(self.bytes, start + 8 * element)).collect()
    }

    /// A string.
    pub fn string(&self, index: usize) -> Option<&'b str> {
        let (start, count) = self.vector(index, 1)?;
        std::str::from_utf8(&self.bytes[start..start + count]).ok()
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let part = bytes.get(at..at.checked_add(N)?)?;
    let mut all = [0; 8];
    all[..N].copy_from_slice(part);
    Some(u64::from_le_bytes(all))
}
