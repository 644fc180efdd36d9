//! The elements of a tensor in a file, converted to f32.

use std::io;
use std::ops::Range;

use half::{bf16, f16};
use safetensors::tensor::Dtype;

use super::Entry;
use super::weight_file::WeightFile;
use crate::error::{Error, Result};
use crate::simd::vectorised;

/// A tensor in a file.
pub struct Stored<'a> {
    /// Its name.
    pub name: &'a str,
    /// The file.
    pub file: &'a WeightFile,
    /// Where it lies there.
    pub entry: &'a Entry,
    /// Bytes of an element.
    pub size: usize,
    /// Elements of a row: all but the first dimension.
    pub width: usize,
}

impl Stored<'_> {
    /// The number of rows, at least one, that are best read together.
    pub fn rows_at_once(&self) -> usize {
        // Where elements lie apart, more rows make fewer and longer reads.
        let elements = if self.entry.strides.is_some() { 1 << 20 } else { 1 << 15 };
        (elements / self.width.max(1)).max(1)
    }

    /// Writes rows `range` to `values`, in f32.
    ///
    /// # Errors
    /// Values that are not finite; a file that cannot be read, or ends before the rows do.
    ///
    /// # Panics
    /// If there are no such rows.
    pub fn read(&self, range: Range<usize>, values: &mut [f32]) -> Result<()> {
        assert!(values.len() == range.len() * self.width && range.end <= self.entry.shape[0]);
        match &self.entry.strides {
            None => self.read_elements((range.start * self.width) as u64, values),
            Some(strides) => self.read_apart(range, strides, values),
        }
    }

    /// Writes rows `range` of a matrix of bf16 as they are stored, two elements a word. False, and nothing written,
    /// where they are stored in another type, or so that rows are no words.
    ///
    /// # Errors
    /// As [`Stored::read`].
    pub fn read_pairs(&self, range: Range<usize>, pairs: &mut [u32]) -> Result<bool> {
        let whole = self.width.is_multiple_of(2) && self.entry.strides.is_none();
        if self.entry.dtype != Dtype::BF16 || !whole {
            return Ok(false);
        }
        assert!(2 * pairs.len() == range.len() * self.width && range.end <= self.entry.shape[0]);
        let offset = self.entry.range.start + (range.start * self.width * self.size) as u64;
        self.read_bytes(offset, bytemuck::cast_slice_mut(pairs))?;
        let finite = vectorised(
            #[inline(always)]
            || {
                pairs.iter_mut().fold(true, |finite, pair| {
                    *pair = u32::from_le(*pair);
                    // The exponents of what is not finite are all ones.
                    finite & (*pair & 0x7f80 != 0x7f80) & (*pair & 0x7f80_0000 != 0x7f80_0000)
                })
            },
        );
        if finite { Ok(true) } else { Err(self.not_finite()) }
    }

    /// Writes rows `range` of elements that do not follow each other, as those of a matrix that is stored turned. What
    /// follows each other in some dimension is read together.
    fn read_apart(&self, range: Range<usize>, strides: &[u64], values: &mut [f32]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let mut lengths = self.entry.shape.clone();
        lengths[0] = range.len();
        // The dimensions: how long, how far apart in the file, and how far in `values`.
        let mut step = values.len();
        let mut dimensions: Vec<(usize, u64, usize)> = Vec::with_capacity(lengths.len());
        for (&length, &stride) in lengths.iter().zip(strides) {
            step /= length;
            dimensions.push((length, stride, step));
        }
        let together = dimensions.iter().rposition(|&(length, stride, _)| length > 1 && stride == 1);
        let (run, _, apart) = together.map_or((1, 1, 1), |dimension| dimensions.remove(dimension));
        let mut read = vec![0.0; run];
        for index in 0..values.len() / run {
            let (mut rest, mut from, mut to) = (index, range.start as u64 * strides[0], 0);
            for &(length, stride, step) in dimensions.iter().rev() {
                let place = rest % length;
                rest /= length;
                from += place as u64 * stride;
                to += place * step;
            }
            self.read_elements(from, &mut read)?;
            let places = values[to..].iter_mut().step_by(apart);
            places.zip(&read).for_each(|(value, read)| *value = *read);
        }
        Ok(())
    }

    /// Writes elements that follow each other, from the tensor's element `from` on.
    fn read_elements(&self, from: u64, values: &mut [f32]) -> Result<()> {
        /// Bytes read at a time, at most: enough that a call costs little beside its copy, few enough that they are
        /// still in the cache when they are converted.
        const PIECE: usize = 64 << 10;
        let mut offset = self.entry.range.start + from * self.size as u64;
        assert!(offset + (values.len() * self.size) as u64 <= self.entry.range.end);
        let mut piece = vec![0; PIECE.min(values.len() * self.size)];
        for values in values.chunks_mut(PIECE / self.size) {
            let bytes = &mut piece[..values.len() * self.size];
            self.read_bytes(offset, bytes)?;
            let finite = vectorised(
                #[inline(always)]
                || convert(self.entry.dtype, bytes, values),
            );
            if !finite {
                return Err(self.not_finite());
            }
            offset += bytes.len() as u64;
        }
        Ok(())
    }

    fn read_bytes(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.file.read(offset, bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.file.changed(),
            _ => self.file.error(format!("tensor `{}` cannot be read ({error})", self.name)),
        })
    }

    fn not_finite(&self) -> Error {
        self.file
            .error(format!("tensor `{}` has NaN or infinite values", self.name))
            .help("the checkpoint is damaged or its training diverged")
    }
}

/// Bytes an element takes; `None` for types that are no floats.
pub fn element_size(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F64 => Some(8),
        Dtype::F32 => Some(4),
        Dtype::F16 | Dtype::BF16 => Some(2),
        _ => None,
    }
}

/// Converts a tensor's bytes to f32, as many as `values` holds; [`element_size`] says for which types. Returns
/// whether all are finite.
#[inline(always)]
fn convert(dtype: Dtype, bytes: &[u8], values: &mut [f32]) -> bool {
    #[inline(always)]
    fn each<const N: usize>(bytes: &[u8], values: &mut [f32], value: impl Fn([u8; N]) -> f32) -> bool {
        let (elements, _) = bytes.as_chunks::<N>();
        values.iter_mut().zip(elements).fold(true, |finite, (out, element)| {
            *out = value(*element);
            // The exponent of what is not finite is all ones.
            finite & (out.to_bits() & 0x7f80_0000 != 0x7f80_0000)
        })
    }
    match dtype {
        Dtype::F64 => each(bytes, values, |b| f64::from_le_bytes(b) as f32),
        Dtype::F16 => each(bytes, values, |b| f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => each(bytes, values, |b| bf16::from_le_bytes(b).to_f32()),
        _ => each(bytes, values, f32::from_le_bytes),
    }
}
