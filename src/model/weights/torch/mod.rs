//! Tensors of a file that `torch.save` wrote: an archive (torch 1.6 and later) or a stream (before, or on demand).
//!
//! Nothing of the file is run. What it declares is found without reading a tensor: where the elements lie is known, so
//! that rows can be read from the file when they are asked for.

mod pickle;
mod trouble;
mod zip;

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use safetensors::tensor::Dtype;

use pickle::{Id, Pickle, Storage, Tensor, Value};
pub use trouble::Trouble;
use trouble::quoted;

use super::files::Declared;

/// The largest pickle read, in bytes; tensors lie beside it.
const LARGEST_PICKLE: u64 = 32 << 20;
/// The longest name of a tensor, in bytes.
const LONGEST_NAME: usize = 4096;
/// What a stream starts with: a pickle of torch's magic number, and one of the version.
const STREAM: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
/// The keys under which training loops save the state of a model beside other states.
const WRAPPERS: [&str; 4] = ["state_dict", "model_state_dict", "model", "module"];

/// Where the bytes of storages lie, by key.
type Places<'a> = HashMap<&'a str, (Storage, Range<u64>)>;

/// The tensors in a file of `length` bytes; `read` fills a slice with the bytes from an offset on.
///
/// # Errors
/// What `read` says; a file that torch did not write, that was written for another byte order, calls functions, is
/// compressed, or declares tensors that do not lie in it.
pub fn tensors(
    length: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Vec<Declared>, Trouble> {
    let mut start = [0; STREAM.len()];
    let start = &mut start[..length.min(STREAM.len() as u64) as usize];
    read(0, start)?;
    if start.starts_with(b"PK\x03\x04") {
        of_archive(length, read)
    } else if start == STREAM {
        of_stream(length, read)
    } else {
        Err(Trouble::damaged("not a file that torch saved"))
    }
}

fn of_archive(
    length: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Vec<Declared>, Trouble> {
    let entries = zip::entries(length, read)?;
    let roots: Vec<&str> = entries.iter().filter_map(|entry| entry.name.strip_suffix("/data.pkl")).collect();
    let [root] = roots[..] else {
        return Err(Trouble::unsupported(format!(
            "a zip archive with {} of torch's `data.pkl`",
            roots.len()
        )));
    };
    let root = format!("{root}/");
    let inside: HashMap<&str, &zip::Entry> =
        entries.iter().filter_map(|entry| Some((entry.name.strip_prefix(&root)?, entry))).collect();
    let range_of = |name: &str| {
        let entry =
            inside.get(name).ok_or_else(|| Trouble::damaged(format!("{} is missing", quoted(name))))?;
        match entry.stored {
            true => Ok(entry.range.clone()),
            false => Err(Trouble::unsupported(format!("{} is compressed", quoted(name)))),
        }
    };
    let mut whole = |name: &str, most: u64| {
        let range = range_of(name)?;
        let size = range.end - range.start;
        if size > most {
            return Err(Trouble::unsupported(format!("{} of {size} bytes", quoted(name))));
        }
        let mut bytes = vec![0; size as usize];
        read(range.start, &mut bytes)?;
        Ok(bytes)
    };
    if inside.contains_key("byteorder") && whole("byteorder", 16)?.trim_ascii() != b"little" {
        return Err(big_endian());
    }
    let (pickle, _) = Pickle::read(&whole("data.pkl", LARGEST_PICKLE)?)?;
    let mut places = Places::new();
    for (key, storage) in storages(&pickle)? {
        let range = range_of(&format!("data/{key}"))?;
        if storage_bytes(&storage).is_none_or(|bytes| bytes != range.end - range.start) {
            let (held, count) = (range.end - range.start, storage.count);
            let cause = format!("storage {} of {count} elements takes {held} bytes", quoted(key));
            return Err(Trouble::damaged(cause));
        }
        places.insert(key, (storage, range));
    }
    declared(&pickle, &places)
}

fn of_stream(
    length: u64,
    read: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Vec<Declared>, Trouble> {
    let mut bytes = vec![0; length.min(LARGEST_PICKLE) as usize];
    read(0, &mut bytes)?;
    let mut at = STREAM.len();
    let mut next = || {
        let (pickle, size) = Pickle::read(&bytes[at..])?;
        at += size;
        Ok::<_, Trouble>(pickle)
    };
    let system = next()?;
    let little = match system.root() {
        Value::Dict(entries) => entries.iter().any(|&(key, value)| {
            system.text(key) == Some("little_endian") && *system.value(value) == Value::Bool(true)
        }),
        _ => false,
    };
    if !little {
        return Err(big_endian());
    }
    let pickle = next()?;
    let keys = next()?;
    let Value::List(order) = keys.root() else { return Err(Trouble::damaged("no list of storages")) };
    let known: HashMap<&str, Storage> = storages(&pickle)?.into_iter().collect();
    let mut places = Places::new();
    // Behind the pickles the storages follow each other, each behind the number of its elements.
    let mut at = at as u64;
    for &key in order {
        let key = keys.text(key).and_then(|key| known.get_key_value(key));
        let (&key, &storage) = key.ok_or_else(|| Trouble::damaged("a storage that nothing is in"))?;
        let start = at + size_of::<u64>() as u64;
        let end = storage_bytes(&storage).and_then(|bytes| start.checked_add(bytes));
        let end = end
            .filter(|&end| end <= length)
            .ok_or_else(|| Trouble::damaged(format!("storage {} ends behind the file", quoted(key))))?;
        let mut count = [0; size_of::<u64>()];
        read(at, &mut count)?;
        if u64::from_le_bytes(count) != storage.count {
            return Err(Trouble::damaged(format!("storage {} has two lengths", quoted(key))));
        }
        if places.insert(key, (storage, start..end)).is_some() {
            return Err(Trouble::damaged(format!("storage {} is listed twice", quoted(key))));
        }
        at = end;
    }
    declared(&pickle, &places)
}

fn big_endian() -> Trouble {
    Trouble::unsupported("saved on a big-endian machine")
}

/// The storages of a pickle by key.
///
/// # Errors
/// One that is of two types or lengths.
fn storages(pickle: &Pickle) -> Result<Vec<(&str, Storage)>, Trouble> {
    let mut found: HashMap<&str, Storage> = HashMap::new();
    for storage in pickle.storages() {
        let key = pickle.text(storage.key).unwrap_or_default();
        let known = found.entry(key).or_insert(*storage);
        if (known.dtype, known.count) != (storage.dtype, storage.count) {
            return Err(Trouble::damaged(format!("storage {} is of two types or lengths", quoted(key))));
        }
    }
    Ok(found.into_iter().collect())
}

/// The bytes of a storage; `None` if they cannot be counted.
fn storage_bytes(storage: &Storage) -> Option<u64> {
    storage.count.checked_mul(storage.dtype.map_or(1, element_bytes))
}

/// The bytes of an element.
fn element_bytes(dtype: Dtype) -> u64 {
    dtype.bitsize() as u64 / 8
}

/// The tensors of a state dict, which is the root of a pickle or lies in it under a name that training loops use.
fn declared(pickle: &Pickle, places: &Places) -> Result<Vec<Declared>, Trouble> {
    let Value::Dict(root) = pickle.root() else {
        return Err(Trouble::unsupported("it holds something other than a dictionary of tensors"));
    };
    let is_tensor = |id: Id| matches!(pickle.value(id), Value::Tensor(_));
    let has_tensors = |entries: &[(Id, Id)]| entries.iter().any(|&(_, value)| is_tensor(value));
    let under = |wrapper: &str| {
        let found = root.iter().find(|&&(key, _)| pickle.text(key) == Some(wrapper));
        match found.map(|&(_, value)| pickle.value(value)) {
            Some(Value::Dict(entries)) if has_tensors(entries) => Some(entries),
            _ => None,
        }
    };
    let entries = match has_tensors(root) {
        true => root,
        false => (WRAPPERS.iter().find_map(|wrapper| under(wrapper)))
            .ok_or_else(|| Trouble::unsupported("it holds no dictionary of tensors"))?,
    };
    let mut found: HashMap<&str, Declared> = HashMap::new();
    for &(key, value) in entries {
        let Value::Tensor(tensor) = pickle.value(value) else { continue };
        let name = pickle.text(key).filter(|name| name.len() <= LONGEST_NAME);
        let name = name.ok_or_else(|| Trouble::damaged("a tensor that has no name"))?;
        let key = pickle.text(tensor.storage.key).unwrap_or_default();
        let place = places.get(key).ok_or_else(|| Trouble::damaged(format!("no storage {}", quoted(key))))?;
        let declared = placed(name, tensor, place)
            .map_err(|cause| Trouble::damaged(format!("tensor {} {cause}", quoted(name))))?;
        if found.insert(name, declared).is_some() {
            return Err(Trouble::damaged(format!("two tensors named {}", quoted(name))));
        }
    }
    Ok(found.into_values().collect())
}

/// Where a tensor lies in the file.
fn placed(
    name: &str,
    tensor: &Tensor,
    (_, storage): &(Storage, Range<u64>),
) -> Result<Declared, &'static str> {
    let size = element_bytes(tensor.dtype);
    let outside = "lies outside of its storage";
    let Tensor { dtype, offset, ref shape, ref strides, .. } = *tensor;
    let mut count = Some(1u64);
    let mut last = Some(offset);
    for (&length, &stride) in shape.iter().zip(strides) {
        count = count.and_then(|count| count.checked_mul(length as u64));
        let reach = stride.checked_mul((length as u64).saturating_sub(1));
        last = last.zip(reach).and_then(|(last, reach)| last.checked_add(reach));
    }
    let count = if shape.contains(&0) { 0 } else { count.ok_or(outside)? };
    let at = |element: u64| element.checked_mul(size).and_then(|bytes| bytes.checked_add(storage.start));
    let start = at(offset).ok_or(outside)?;
    let end = match count {
        0 => start,
        _ => last.and_then(|last| at(last.checked_add(1)?)).ok_or(outside)?,
    };
    if end > storage.end {
        return Err(outside);
    }
    // A view may repeat elements without end.
    if count > (storage.end - storage.start) / size {
        return Err("has more elements than its storage");
    }
    let range = start..end;
    let strides = (count > 0 && !follows_itself(shape, strides)).then(|| strides.clone());
    Ok(Declared { name: name.to_owned(), shape: shape.clone(), dtype, range, strides })
}

/// Whether rows follow each other, and their elements too.
fn follows_itself(shape: &[usize], strides: &[u64]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(&length, &stride)| {
        let follows = length == 1 || stride == expected;
        expected *= length as u64;
        follows
    })
}
