//! A pickle of tensors, read by a machine that knows what torch writes and calls nothing.
//!
//! Python's pickles are programs: they name functions and call them. Of those a few build tensors and dictionaries;
//! they are known here by name, and what they would build is noted. Any other is an error that names it.
//! The values lie in one list and refer to each other by number, so nothing here recurses, whatever is nested in
//! what, and a pickle takes memory in proportion to its bytes.

use std::collections::HashMap;

use safetensors::tensor::Dtype;

use super::trouble::{Trouble, quoted};

/// The most values of a pickle; some twenty make up a tensor.
const MOST_VALUES: usize = 4 << 20;
/// The most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 8;

/// The number of a value in its pickle.
pub type Id = u32;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One that tells nothing of a tensor: `None`, a float, bytes, a device.
    Other,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list.
    List(Vec<Id>),
    /// A dictionary: keys and values in the order they were put in.
    Dict(Vec<(Id, Id)>),
    /// A function or a type.
    Global(Global),
    /// A storage.
    Storage(Storage),
    /// A tensor.
    Tensor(Box<Tensor>),
}

/// The functions and types that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    /// `OrderedDict`, called without arguments.
    OrderedDict,
    /// A function that builds a tensor of a storage, its offset, its shape and its strides; the type of its elements
    /// is that of the storage, or else the seventh argument.
    RebuildTensor { typed: bool },
    /// A function that makes a parameter of a tensor, its first argument.
    RebuildParameter,
    /// A function that calls its first argument with its third.
    RebuildFromType,
    /// `torch.Size`, a tuple of its argument.
    Size,
    /// `torch.device`.
    Device,
    /// A type that is only passed on.
    Type,
    /// A storage's type: of elements, or of bytes where it has none.
    Storage(Option<Dtype>),
    /// The type of a tensor's elements.
    Dtype(Dtype),
}

/// A piece of memory that tensors share or have for their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The text that names it.
    pub key: Id,
    /// The type of its elements; `None` where these are bytes.
    pub dtype: Option<Dtype>,
    /// The number of its elements.
    pub count: u64,
}

/// A tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// What its elements lie in.
    pub storage: Storage,
    /// Their type.
    pub dtype: Dtype,
    /// The place of the first, in elements.
    pub offset: u64,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Elements from one to the next, in each dimension.
    pub strides: Vec<u64>,
}

/// A pickle's values.
#[derive(Debug)]
pub struct Pickle {
    values: Vec<Value>,
    root: Id,
}

impl Pickle {
    /// The pickle at the start of `bytes`, and the number of its bytes.
    ///
    /// # Errors
    /// One that ends too soon, is no pickle, calls what is not known, or holds more than a limit allows.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Trouble> {
        let (values, stack, marks, memo) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
        let mut machine = Machine { bytes, at: 0, values, stack, marks, memo };
        while machine.step()? {}
        let root = machine.pop()?;
        Ok((Self { values: machine.values, root }, machine.at))
    }

    /// A value.
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    /// What the pickle is of.
    pub fn root(&self) -> &Value {
        self.value(self.root)
    }

    /// A text; `None` where the value is another.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// All storages that are named, some of them several times.
    pub fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.values.iter().filter_map(|value| match value {
            Value::Storage(storage) => Some(storage),
            _ => None,
        })
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Lengths of the stack that collections start at.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_> {
    /// Does one instruction; whether there are more.
    fn step(&mut self) -> Result<bool, Trouble> {
        let [instruction] = self.array()?;
        match instruction {
            b'.' => return Ok(false),
            0x80 => {
                let [version] = self.array()?;
                if !(2..=5).contains(&version) {
                    return Err(Trouble::unsupported(format!("a pickle of protocol {version}")));
                }
            }
            // A frame, which says how far to read ahead.
            0x95 => drop(self.array::<8>()?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'N' => self.push(Value::Other)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'K' => {
                let [byte] = self.array()?;
                self.push(Value::Int(byte.into()))?;
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(number.into()))?;
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(number.into()))?;
            }
            0x8a => {
                let [length] = self.array()?;
                let number = integer(self.take(length.into())?)?;
                self.push(Value::Int(number))?;
            }
            b'G' => {
                self.array::<8>()?;
                self.push(Value::Other)?;
            }
            b'X' | b'T' => self.push_text(4)?,
            0x8c | b'U' => self.push_text(1)?,
            0x8d => self.push_text(8)?,
            b'B' => self.push_bytes(4)?,
            b'C' => self.push_bytes(1)?,
            0x8e => self.push_bytes(8)?,
            b')' => self.push(Value::Tuple(Vec::new()))?,
            b']' => self.push(Value::List(Vec::new()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items))?;
            }
            0x85..=0x87 => {
                let from = self.stack.len().checked_sub(usize::from(instruction - 0x84));
                let from = from.filter(|from| self.marks.last().is_none_or(|mark| mark <= from));
                let items = self.stack.split_off(from.ok_or_else(|| self.broken())?);
                self.push(Value::Tuple(items))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(&items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)?;
            }
            b'q' => {
                let [key] = self.array()?;
                self.remember(key.into())?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.array()?);
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let [key] = self.array()?;
                self.recall(key.into())?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.array()?);
                self.recall(key)?;
            }
            b'c' => {
                let (module, name) = (self.line()?.to_owned(), self.line()?);
                let global = global(&module, name)?;
                self.push(Value::Global(global))?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (self.value(module), self.value(name)) {
                    (Value::Text(module), Value::Text(name)) => global(module, name)?,
                    _ => return Err(self.broken()),
                };
                self.push(Value::Global(global))?;
            }
            b'Q' => {
                let storage = self.storage()?;
                self.push(Value::Storage(storage))?;
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments)?;
            }
            b'b' => {
                // The versions of the modules that a state dict is of are attributes of it.
                self.pop()?;
                let top = self.top()?;
                if !matches!(self.value(top), Value::Dict(_)) {
                    return Err(self.broken());
                }
            }
            other => {
                let at = self.at - 1;
                let cause = format!("its pickle has the instruction 0x{other:02x} at byte {at}");
                return Err(Trouble::unsupported(cause));
            }
        }
        Ok(true)
    }

    fn broken(&self) -> Trouble {
        Trouble::damaged(format!("its pickle makes no sense at byte {}", self.at.saturating_sub(1)))
    }

    fn take(&mut self, count: usize) -> Result<&[u8], Trouble> {
        let bytes = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let bytes = bytes.ok_or_else(|| Trouble::damaged("its pickle ends too soon, or is too large"))?;
        self.at += count;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// As many bytes as a length of `size` bytes before them says.
    fn take_counted(&mut self, size: usize) -> Result<&[u8], Trouble> {
        let length = self.take(size)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn line(&mut self) -> Result<&str, Trouble> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or_else(|| self.broken())?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).map_err(|_| self.broken())
    }

    fn push(&mut self, value: Value) -> Result<(), Trouble> {
        if self.values.len() == MOST_VALUES {
            return Err(Trouble::unsupported(format!("its pickle has more than {MOST_VALUES} values")));
        }
        self.stack.push(self.values.len() as Id);
        self.values.push(value);
        Ok(())
    }

    fn push_text(&mut self, size: usize) -> Result<(), Trouble> {
        let text = std::str::from_utf8(self.take_counted(size)?).map(str::to_owned);
        let text = text.map_err(|_| self.broken())?;
        self.push(Value::Text(text))
    }

    fn push_bytes(&mut self, size: usize) -> Result<(), Trouble> {
        self.take_counted(size)?;
        self.push(Value::Other)
    }

    fn value(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    /// What lies on the stack above the last mark, the topmost.
    fn top(&self) -> Result<Id, Trouble> {
        let above = self.stack.len() > self.marks.last().copied().unwrap_or(0);
        self.stack.last().copied().filter(|_| above).ok_or_else(|| self.broken())
    }

    fn pop(&mut self) -> Result<Id, Trouble> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, Trouble> {
        let mark = self.marks.pop().ok_or_else(|| self.broken())?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, items: &[Id]) -> Result<(), Trouble> {
        let list = self.top()?;
        match &mut self.values[list as usize] {
            Value::List(list) => list.extend(items),
            _ => return Err(self.broken()),
        }
        Ok(())
    }

    /// Puts keys and values, by turns, into a dictionary.
    fn insert(&mut self, items: &[Id]) -> Result<(), Trouble> {
        let dict = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        match &mut self.values[dict as usize] {
            Value::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)))
            }
            _ => return Err(self.broken()),
        }
        Ok(())
    }

    fn remember(&mut self, key: u32) -> Result<(), Trouble> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), Trouble> {
        let id = *self.memo.get(&key).ok_or_else(|| self.broken())?;
        self.stack.push(id);
        Ok(())
    }

    /// The storage that `("storage", type, key, device, count)` names; in files of old a view of it may follow.
    fn storage(&mut self) -> Result<Storage, Trouble> {
        let id = self.pop()?;
        let Value::Tuple(fields) = self.value(id) else { return Err(self.broken()) };
        let (&[tag, kind, key, _device, count], view) =
            fields.split_first_chunk().ok_or_else(|| self.broken())?;
        if view.iter().any(|&view| !matches!(self.value(view), Value::Other)) {
            return Err(Trouble::unsupported("a storage that is a view of another"));
        }
        match (self.value(tag), self.value(kind), self.value(key), self.value(count)) {
            (Value::Text(tag), Value::Global(Global::Storage(dtype)), Value::Text(_), Value::Int(count))
                if tag == "storage" =>
            {
                let count = u64::try_from(*count).map_err(|_| self.broken())?;
                Ok(Storage { key, dtype: *dtype, count })
            }
            _ => Err(self.broken()),
        }
    }

    /// Pushes what a function would make of a tuple of arguments.
    fn call(&mut self, function: Id, arguments: Id) -> Result<(), Trouble> {
        let (Value::Global(function), Value::Tuple(fields)) = (self.value(function), self.value(arguments))
        else {
            return Err(self.broken());
        };
        match (function, &fields[..]) {
            (Global::OrderedDict, []) => self.push(Value::Dict(Vec::new())),
            (Global::OrderedDict, _) => Err(Trouble::unsupported("an `OrderedDict` made of pairs")),
            (Global::Device, _) => self.push(Value::Other),
            // These are what one of their arguments is.
            (Global::Size, &[same]) | (Global::RebuildParameter, &[same, ..]) => {
                self.stack.push(same);
                Ok(())
            }
            (Global::RebuildFromType, &[function, _, arguments, ..]) => {
                // Not again one of this kind, which would nest.
                match self.value(function) {
                    Value::Global(Global::RebuildFromType) => Err(self.broken()),
                    _ => self.call(function, arguments),
                }
            }
            (&Global::RebuildTensor { typed }, fields) => {
                let tensor = self.tensor(typed, fields)?;
                self.push(Value::Tensor(Box::new(tensor)))
            }
            _ => Err(self.broken()),
        }
    }

    fn tensor(&self, typed: bool, fields: &[Id]) -> Result<Tensor, Trouble> {
        let (&[storage, offset, shape, strides], rest) =
            fields.split_first_chunk().ok_or_else(|| self.broken())?;
        let Value::Storage(storage) = *self.value(storage) else { return Err(self.broken()) };
        let dtype = match typed {
            true => storage.dtype,
            false => rest.get(2).and_then(|&id| match self.value(id) {
                Value::Global(Global::Dtype(dtype)) => Some(*dtype),
                _ => None,
            }),
        };
        let count = |&id: &Id| match self.value(id) {
            Value::Int(number) => u64::try_from(*number).map_err(|_| self.broken()),
            _ => Err(self.broken()),
        };
        let counts = |id: Id| match self.value(id) {
            Value::Tuple(items) if items.len() <= MOST_DIMENSIONS => {
                items.iter().map(count).collect::<Result<Vec<u64>, Trouble>>()
            }
            Value::Tuple(items) => {
                Err(Trouble::unsupported(format!("a tensor of {} dimensions", items.len())))
            }
            _ => Err(self.broken()),
        };
        let (shape, strides) = (counts(shape)?, counts(strides)?);
        if shape.len() != strides.len() {
            return Err(self.broken());
        }
        let shape = shape.into_iter().map(usize::try_from).collect::<Result<_, _>>();
        Ok(Tensor {
            storage,
            dtype: dtype.ok_or_else(|| self.broken())?,
            offset: count(&offset)?,
            shape: shape.map_err(|_| self.broken())?,
            strides,
        })
    }
}

/// An integer of up to eight bytes in two's complement, the least significant first.
fn integer(bytes: &[u8]) -> Result<i64, Trouble> {
    let fill = if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xFF } else { 0 };
    let mut wide = [fill; 8];
    let place = wide.get_mut(..bytes.len());
    place.ok_or_else(|| Trouble::unsupported("an integer of more than 64 bits"))?.copy_from_slice(bytes);
    Ok(i64::from_le_bytes(wide))
}

/// The function or type of a name.
fn global(module: &str, name: &str) -> Result<Global, Trouble> {
    let known = match (module, name) {
        ("collections", "OrderedDict") => Some(Global::OrderedDict),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => {
            Some(Global::RebuildTensor { typed: true })
        }
        ("torch._utils", "_rebuild_tensor_v3") => Some(Global::RebuildTensor { typed: false }),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            Some(Global::RebuildParameter)
        }
        ("torch._tensor", "_rebuild_from_type_v2") => Some(Global::RebuildFromType),
        ("torch", "Size") => Some(Global::Size),
        ("torch", "device") => Some(Global::Device),
        ("torch", "Tensor") | ("torch.nn.parameter", "Parameter" | "Buffer") => Some(Global::Type),
        ("torch.storage", "UntypedStorage") | ("torch", "UntypedStorage") => Some(Global::Storage(None)),
        ("torch", name) => match name.strip_suffix("Storage") {
            Some(kind) => storage_type(kind).map(|dtype| Global::Storage(Some(dtype))),
            None => element_type(name).map(Global::Dtype),
        },
        _ => None,
    };
    known.ok_or_else(|| {
        let name = quoted(&format!("{module}.{name}"));
        Trouble::unsupported(format!(
            "its pickle names {name}, which is not run and which weights have no use for"
        ))
    })
}

fn storage_type(kind: &str) -> Option<Dtype> {
    Some(match kind {
        "Double" => Dtype::F64,
        "Float" => Dtype::F32,
        "Half" => Dtype::F16,
        "BFloat16" => Dtype::BF16,
        "Long" => Dtype::I64,
        "Int" => Dtype::I32,
        "Short" => Dtype::I16,
        "Char" => Dtype::I8,
        "Byte" => Dtype::U8,
        "Bool" => Dtype::BOOL,
        _ => return None,
    })
}

fn element_type(name: &str) -> Option<Dtype> {
    Some(match name {
        "float64" => Dtype::F64,
        "float32" => Dtype::F32,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "float8_e4m3fn" => Dtype::F8_E4M3,
        "float8_e5m2" => Dtype::F8_E5M2,
        "int64" => Dtype::I64,
        "int32" => Dtype::I32,
        "int16" => Dtype::I16,
        "int8" => Dtype::I8,
        "uint64" => Dtype::U64,
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::BOOL,
        _ => return None,
    })
}
