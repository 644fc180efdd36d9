//! UTF-16 as UTF-8.

use std::io::{self, BufRead, Read};

/// The order of the two bytes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Reads UTF-16, without its mark, as UTF-8. Halves of surrogate pairs, and a last byte that is alone, become bytes
/// that are no UTF-8, as they were no UTF-16.
pub(super) struct Utf16<R> {
    reader: R,
    order: Order,
    /// The first half of a pair.
    high: Option<u16>,
    /// What did not fit into the reader's buffer yet.
    ready: Vec<u8>,
    ended: bool,
}

/// Units decoded at once.
const UNITS: usize = 4096;

impl<R: BufRead> Utf16<R> {
    pub(super) fn new(reader: R, order: Order) -> Self {
        Self { reader, order, high: None, ready: Vec::new(), ended: false }
    }

    /// Decodes more, unless all is.
    fn decode(&mut self) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(2 * UNITS);
        (&mut self.reader).take(2 * UNITS as u64).read_to_end(&mut bytes)?;
        let units = bytes.chunks_exact(2);
        self.ended = bytes.len() < 2 * UNITS;
        if !units.remainder().is_empty() {
            self.ready.push(0xff);
        }
        let mut decoded = Vec::with_capacity(3 * UNITS);
        for unit in units {
            let unit = match self.order {
                Order::Little => u16::from_le_bytes([unit[0], unit[1]]),
                Order::Big => u16::from_be_bytes([unit[0], unit[1]]),
            };
            push(&mut decoded, &mut self.high, unit);
        }
        if self.ended
            && let Some(high) = self.high.take()
        {
            push_half(&mut decoded, high);
        }
        decoded.append(&mut self.ready);
        self.ready = decoded;
        Ok(())
    }
}

fn push(decoded: &mut Vec<u8>, high: &mut Option<u16>, unit: u16) {
    if let Some(first) = high.take() {
        if let [Ok(pair)] = char::decode_utf16([first, unit]).collect::<Vec<_>>()[..] {
            decoded.extend_from_slice(pair.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        push_half(decoded, first);
    }
    match unit {
        0xd800..0xdc00 => *high = Some(unit),
        0xdc00..0xe000 => push_half(decoded, unit),
        _ => {
            let character = char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
            decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The bytes that a half would have as a character, which UTF-8 forbids.
fn push_half(decoded: &mut Vec<u8>, half: u16) {
    decoded.extend([0xe0 | (half >> 12) as u8, 0x80 | (half >> 6 & 0x3f) as u8, 0x80 | (half & 0x3f) as u8]);
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() && !self.ended {
            self.decode()?;
        }
        let count = buffer.len().min(self.ready.len());
        buffer[..count].copy_from_slice(&self.ready[..count]);
        self.ready.drain(..count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_pairs_across_pieces_and_halves() {
        let text = format!("{}😀é\n", "x".repeat(UNITS - 1));
        let bytes = |order| -> Vec<u8> {
            let units = text.encode_utf16();
            match order {
                Order::Little => units.flat_map(u16::to_le_bytes).collect(),
                Order::Big => units.flat_map(u16::to_be_bytes).collect(),
            }
        };
        for order in [Order::Little, Order::Big] {
            let mut read = String::new();
            Utf16::new(&bytes(order)[..], order).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
        for halves in [&[0xd83d][..], &[0xde00], &[0xd83d, 0x41], &[0xd83d, 0xd83d, 0xde00]] {
            let bytes: Vec<u8> = halves.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
            let mut read = Vec::new();
            Utf16::new(&bytes[..], Order::Little).read_to_end(&mut read).unwrap();
            assert!(std::str::from_utf8(&read).is_err(), "{halves:x?}");
        }
        let mut read = Vec::new();
        Utf16::new(&b"a\0b"[..], Order::Little).read_to_end(&mut read).unwrap();
        assert_eq!(read, b"a\xff");
    }
}
