//! As much of Thrift's compact protocol as the header of a page needs.

use std::collections::BTreeMap;

/// A value; of those that no header of a page needs only that they were there.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Int(i64),
    Bool(bool),
    Struct(Struct),
    Passed,
}

/// A struct's fields by their numbers.
pub(super) type Struct = BTreeMap<i16, Value>;

/// Structs within structs; headers have two.
const DEEPEST: usize = 8;

/// Reads a struct, and how many bytes it takes. `None` where the bytes are none, or end within it.
pub(super) fn read(bytes: &[u8]) -> Option<(Struct, usize)> {
    let mut rest = bytes;
    let fields = structure(&mut rest, DEEPEST)?;
    Some((fields, bytes.len() - rest.len()))
}

/// An integer among a struct's fields.
pub(super) fn int(fields: &Struct, number: i16) -> Option<i64> {
    if let Value::Int(value) = fields.get(&number)? { Some(*value) } else { None }
}

fn structure(rest: &mut &[u8], depth: usize) -> Option<Struct> {
    let depth = depth.checked_sub(1)?;
    let (mut fields, mut number) = (Struct::new(), 0_i16);
    loop {
        let head = byte(rest)?;
        if head == 0 {
            return Some(fields);
        }
        number = match head >> 4 {
            0 => i16::try_from(zigzag(rest)?).ok()?,
            step => number.checked_add(i16::from(step))?,
        };
        fields.insert(number, value(head & 15, rest, depth)?);
    }
}

fn value(kind: u8, rest: &mut &[u8], depth: usize) -> Option<Value> {
    Some(match kind {
        1 | 2 => Value::Bool(kind == 1),
        3 => Value::Int(i64::from(byte(rest)? as i8)),
        4..=6 => Value::Int(zigzag(rest)?),
        7 => passed(rest, 8)?,
        8 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            passed(rest, length)?
        }
        9 | 10 => {
            let head = byte(rest)?;
            let count = if head >> 4 == 15 { varint(rest)? } else { u64::from(head >> 4) };
            for _ in 0..count {
                match head & 15 {
                    // In lists a bool is a byte.
                    1 | 2 => passed(rest, 1)?,
                    kind => value(kind, rest, depth)?,
                };
            }
            Value::Passed
        }
        12 => Value::Struct(structure(rest, depth)?),
        _ => return None,
    })
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    Some(*first)
}

fn passed(rest: &mut &[u8], bytes: usize) -> Option<Value> {
    *rest = rest.get(bytes..)?;
    Some(Value::Passed)
}

pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(rest)?;
        value |= u64::from(next & 0x7f) << shift;
        if next < 0x80 {
            return Some(value);
        }
    }
    None
}

pub(super) fn zigzag(rest: &mut &[u8]) -> Option<i64> {
    let value = varint(rest)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_within_structs_and_what_is_cut_off() {
        // 1: 0, 2: 300, 5: {1: 7, 4: [true, false], 6: "ab", 7: true}
        let bytes =
            [0x15, 0, 0x15, 0xd8, 4, 0x3c, 0x15, 14, 0x39, 0x21, 1, 2, 0x28, 2, b'a', b'b', 0x11, 0, 0];
        let (fields, length) = read(&bytes).unwrap();
        assert_eq!((length, int(&fields, 1), int(&fields, 2)), (bytes.len(), Some(0), Some(300)));
        let Some(Value::Struct(inner)) = fields.get(&5) else { panic!("{fields:?}") };
        assert_eq!((int(inner, 1), inner.get(&7)), (Some(7), Some(&Value::Bool(true))));
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end}");
        }
        assert_eq!(read(&[0x1c; 1000]), None, "structs without end");
        assert_eq!(read(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x7f]), None, "a list of more than there is");
    }
}
