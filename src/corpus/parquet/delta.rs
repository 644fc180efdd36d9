//! Strings behind their lengths, and behind what they share with the string before, as a page of plain ones.
//!
//! The crate's own decoders make room for as many lengths as a page declares.

use super::thrift::{varint, zigzag};

/// The plain form of `DELTA_LENGTH_BYTE_ARRAY`; `None` where bytes are damaged, or there would be more than `values`
/// strings, or more than `most` bytes.
pub(super) fn plain_of_lengths(mut bytes: &[u8], values: u32, most: usize) -> Option<Vec<u8>> {
    let lengths = lengths(&mut bytes, values)?;
    let mut plain = Vec::new();
    for length in lengths {
        let (string, rest) = bytes.split_at_checked(length as usize)?;
        bytes = rest;
        push(&mut plain, &[string], most)?;
    }
    Some(plain)
}

/// The plain form of `DELTA_BYTE_ARRAY`, as [`plain_of_lengths`].
pub(super) fn plain_of_prefixes(mut bytes: &[u8], values: u32, most: usize) -> Option<Vec<u8>> {
    let (prefixes, suffixes) = (lengths(&mut bytes, values)?, lengths(&mut bytes, values)?);
    if prefixes.len() != suffixes.len() {
        return None;
    }
    let (mut plain, mut before) = (Vec::new(), Vec::new());
    for (prefix, suffix) in prefixes.into_iter().zip(suffixes) {
        let (string, rest) = bytes.split_at_checked(suffix as usize)?;
        bytes = rest;
        push(&mut plain, &[before.get(..prefix as usize)?, string], most)?;
        before.truncate(prefix as usize);
        before.extend_from_slice(string);
    }
    Some(plain)
}

/// Appends a string behind its length.
fn push(plain: &mut Vec<u8>, parts: &[&[u8]], most: usize) -> Option<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    if plain.len() + 4 + length > most {
        return None;
    }
    plain.extend(u32::try_from(length).ok()?.to_le_bytes());
    parts.iter().for_each(|part| plain.extend_from_slice(part));
    Some(())
}

/// Lengths in blocks of packed differences.
fn lengths(bytes: &mut &[u8], values: u32) -> Option<Vec<u32>> {
    let [block, parts, count] = [varint(bytes)?, varint(bytes)?, varint(bytes)?];
    let mut last = zigzag(bytes)?;
    if count > u64::from(values) || parts == 0 || block % parts != 0 || !(block / parts).is_multiple_of(8) {
        return None;
    }
    let (part, parts, count) = (block / parts, usize::try_from(parts).ok()?, count as usize);
    let mut lengths = Vec::new();
    if count > 0 {
        lengths.push(u32::try_from(last).ok()?);
    }
    while lengths.len() < count && part > 0 {
        let least = zigzag(bytes)?;
        let (widths, rest) = bytes.split_at_checked(parts)?;
        *bytes = rest;
        for &width in widths {
            if lengths.len() == count {
                break;
            }
            let size = usize::try_from(part.checked_mul(u64::from(width))? / 8).ok()?;
            let (packed, rest) = bytes.split_at_checked(size)?;
            *bytes = rest;
            for index in 0..part.min((count - lengths.len()) as u64) {
                let difference = packed_number(packed, index as usize, usize::from(width))?;
                last = last.wrapping_add(least).wrapping_add(difference as i64);
                lengths.push(u32::try_from(last).ok()?);
            }
        }
    }
    (lengths.len() == count).then_some(lengths)
}

/// A number of so many bits, the lowest first.
fn packed_number(packed: &[u8], index: usize, width: usize) -> Option<u64> {
    if width > 64 {
        return None;
    }
    let mut number = 0;
    for bit in 0..width {
        let at = index * width + bit;
        number |= u64::from(packed.get(at / 8)? >> (at % 8) & 1) << bit;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_there_is_takes_no_memory() {
        // A block of 128 in 4 parts; 2^40 lengths, all of them 0.
        let many = [0x80, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0];
        assert_eq!(plain_of_lengths(&many, u32::MAX, 1 << 30), None);
        // One string of 300 bytes, of which 2 are there.
        let long = [0x80, 1, 4, 1, 0xd8, 4, b'a', b'b'];
        assert_eq!(plain_of_lengths(&long, 1, 1 << 30), None);
        let short = [0x80, 1, 4, 1, 4, b'a', b'b'];
        assert_eq!(plain_of_lengths(&short, 1, 6).unwrap(), *b"\x02\0\0\0ab");
        assert_eq!(plain_of_lengths(&short, 1, 5), None);
        // A prefix of nothing.
        let prefix = [&[0x80, 1, 4, 1, 4][..], &short].concat();
        assert_eq!(plain_of_prefixes(&prefix, 1, 100), None);
    }
}
