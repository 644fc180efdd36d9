//! The directory of a zip archive of the kind that `torch.save` writes, read without trusting a byte of it.

use std::collections::HashSet;
use std::io;
use std::ops::Range;

use super::trouble::{Trouble, quoted};

/// The largest directory read, in bytes.
const LARGEST_DIRECTORY: u64 = 64 << 20;

/// Bytes of an archive's end record, of the larger one before it, of the pointer to that, and of what stands before
/// each entry and for each in the directory, without their texts.
const END: u64 = 22;
const END_64: u64 = 56;
const LOCATOR: u64 = 20;
const LOCAL: u64 = 30;
const CENTRAL: usize = 46;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, with folders.
    pub name: String,
    /// Its bytes within the archive, all of them there and none of another entry's.
    pub range: Range<u64>,
    /// Whether the bytes are those of the file, not compressed.
    pub stored: bool,
}

/// The entries of an archive of `length` bytes, in the order of its directory; `read` fills a slice with the bytes from
/// an offset on.
///
/// # Errors
/// What `read` says; an archive that is cut short, has anything behind its end, several volumes or encrypted entries,
/// or whose entries overlap, share a name or lie outside.
pub fn entries(
    length: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Vec<Entry>, Trouble> {
    let Directory { count, range } = directory(length, read)?;
    let size = range.end - range.start;
    if size > LARGEST_DIRECTORY || count > size / CENTRAL as u64 {
        return Err(Trouble::damaged(format!("a zip directory of {count} entries in {size} bytes")));
    }
    let mut bytes = vec![0; size as usize];
    read(range.start, &mut bytes)?;
    let mut rest = &bytes[..];
    let mut found = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let (central, after) = central(rest)?;
        let start = data_start(&central, range.start, read)?;
        let end = start.checked_add(central.stored_size).filter(|&end| end <= range.start);
        let end = end.ok_or_else(|| {
            Trouble::damaged(format!("{} is longer than the archive", quoted(&central.name)))
        })?;
        let stored = central.method == 0;
        if stored && central.size != central.stored_size {
            let Central { size, stored_size, .. } = central;
            let name = quoted(&central.name);
            return Err(Trouble::damaged(format!("{name} of {size} bytes takes {stored_size}")));
        }
        found.push((central.offset, Entry { name: central.name, range: start..end, stored }));
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Trouble::damaged("a zip directory longer than its entries"));
    }
    apart(&found)?;
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

/// Sees to it that no two entries share a byte or a name.
fn apart(entries: &[(u64, Entry)]) -> Result<(), Trouble> {
    let mut names = HashSet::new();
    if let Some((_, entry)) = entries.iter().find(|(_, entry)| !names.insert(&entry.name)) {
        return Err(Trouble::damaged(format!("two entries named {}", quoted(&entry.name))));
    }
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_unstable_by_key(|(offset, entry)| (*offset, entry.range.end));
    match sorted.windows(2).find(|pair| pair[0].1.range.end > pair[1].0) {
        Some([(_, one), (_, other)]) => {
            let (one, other) = (quoted(&one.name), quoted(&other.name));
            Err(Trouble::damaged(format!("{one} and {other} overlap")))
        }
        _ => Ok(()),
    }
}

/// Where the directory lies, and how many entries it says it has.
struct Directory {
    count: u64,
    range: Range<u64>,
}

fn directory(
    length: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Directory, Trouble> {
    let cut_short = || Trouble::damaged("a zip archive without its end");
    let end_at = length.checked_sub(END).ok_or_else(cut_short)?;
    let mut end = [0; END as usize];
    read(end_at, &mut end)?;
    if !end.starts_with(b"PK\x05\x06") || number(&end, 20, 2) != 0 {
        return Err(cut_short());
    }
    let mut volumes = number(&end, 4, 4);
    let mut found = (number(&end, 8, 2), number(&end, 10, 2), number(&end, 12, 4), number(&end, 16, 4));
    let mut ends = end_at;
    if let Some(locator_at) = end_at.checked_sub(LOCATOR) {
        let mut locator = [0; LOCATOR as usize];
        read(locator_at, &mut locator)?;
        if locator.starts_with(b"PK\x06\x07") {
            ends = number(&locator, 8, 8);
            let mut end = [0; END_64 as usize];
            if ends.checked_add(END_64) != Some(locator_at) {
                return Err(cut_short());
            }
            read(ends, &mut end)?;
            if !end.starts_with(b"PK\x06\x06") {
                return Err(cut_short());
            }
            volumes = number(&end, 16, 8);
            found = (number(&end, 24, 8), number(&end, 32, 8), number(&end, 40, 8), number(&end, 48, 8));
        }
    }
    let (here, count, size, start) = found;
    if volumes != 0 || here != count {
        return Err(Trouble::unsupported("a zip archive of several volumes"));
    }
    match start.checked_add(size) == Some(ends) {
        true => Ok(Directory { count, range: start..ends }),
        false => Err(Trouble::damaged("a zip archive whose directory is not where its end says")),
    }
}

/// What the directory says of an entry.
struct Central {
    name: String,
    method: u64,
    /// Bytes it takes in the archive.
    stored_size: u64,
    /// Bytes of the file.
    size: u64,
    /// Where the entry starts, with what stands before its bytes.
    offset: u64,
}

/// The first entry of a directory, and what follows it.
fn central(bytes: &[u8]) -> Result<(Central, &[u8]), Trouble> {
    let broken = || Trouble::damaged("a broken zip directory");
    let (fixed, rest) = bytes.split_at_checked(CENTRAL).ok_or_else(broken)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return Err(broken());
    }
    let length = |at| number(fixed, at, 2) as usize;
    let (name, rest) = rest.split_at_checked(length(28)).ok_or_else(broken)?;
    let (extra, rest) = rest.split_at_checked(length(30)).ok_or_else(broken)?;
    let (_comment, rest) = rest.split_at_checked(length(32)).ok_or_else(broken)?;
    let name = std::str::from_utf8(name).map_err(|_| broken())?.to_owned();
    if number(fixed, 8, 2) & 1 != 0 {
        return Err(Trouble::unsupported(format!("{} is encrypted", quoted(&name))));
    }
    // What does not fit into four bytes stands in a record of its own, in this order.
    let mut wide = wide_numbers(extra);
    let mut wide = |at| match number(fixed, at, 4) {
        0xFFFF_FFFF => wide.next().ok_or_else(broken),
        number => Ok(number),
    };
    let (size, stored_size, offset) = (wide(24)?, wide(20)?, wide(42)?);
    let method = number(fixed, 10, 2);
    Ok((Central { name, method, stored_size, size, offset }, rest))
}

/// The numbers of eight bytes among an entry's extra records.
fn wide_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut record: &[u8] = &[];
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let length = number(head, 2, 2) as usize;
        if number(head, 0, 2) == 1 {
            record = rest.get(..length).unwrap_or(&[]);
            break;
        }
        extra = rest.get(length..).unwrap_or(&[]);
    }
    record.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Where the bytes of an entry start: behind a header of its own, which must agree on its name and kind.
fn data_start(
    central: &Central,
    limit: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<u64, Trouble> {
    let broken = || Trouble::damaged(format!("the zip entry {} is broken", quoted(&central.name)));
    let name_at = central.offset.checked_add(LOCAL).filter(|&at| at <= limit).ok_or_else(broken)?;
    let mut local = [0; LOCAL as usize];
    read(central.offset, &mut local)?;
    let name_length = number(&local, 26, 2);
    let start = name_at + name_length + number(&local, 28, 2);
    let agrees = local.starts_with(b"PK\x03\x04")
        && number(&local, 8, 2) == central.method
        && name_length == central.name.len() as u64;
    if !agrees || start > limit {
        return Err(broken());
    }
    let mut name = vec![0; name_length as usize];
    read(name_at, &mut name)?;
    if name == central.name.as_bytes() { Ok(start) } else { Err(broken()) }
}

/// The number of `count` bytes at a place, the least significant first.
fn number(bytes: &[u8], at: usize, count: usize) -> u64 {
    bytes[at..at + count].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
