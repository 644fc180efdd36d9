//! Scores in main memory, in f32 or f16.

use std::collections::TryReserveError;

use bytemuck::Pod;
use half::f16;
use half::slice::HalfFloatSliceExt as _;

use crate::settings::Precision;

/// A type that a score has in memory.
pub trait Score: Pod + Send + Sync {
    /// The scores in f32: as they are, or in `buffer`, which is as long.
    fn widen<'a>(scores: &'a [Self], buffer: &'a mut [f32]) -> &'a [f32];
}

impl Score for f32 {
    #[inline(always)]
    fn widen<'a>(scores: &'a [Self], _: &'a mut [f32]) -> &'a [f32] {
        scores
    }
}

impl Score for f16 {
    #[inline(always)]
    fn widen<'a>(scores: &'a [Self], buffer: &'a mut [f32]) -> &'a [f32] {
        let buffer = &mut buffer[..scores.len()];
        scores.convert_to_f32_slice(buffer);
        buffer
    }
}

/// Scores, `[positions, points]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// As they were made.
    F32(Vec<f32>),
    /// Each rounded to the nearest.
    F16(Vec<f16>),
}

/// Scores to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValuesRef<'a> {
    /// As they were made.
    F32(&'a [f32]),
    /// Each rounded to the nearest.
    F16(&'a [f16]),
}

/// Scores to be written.
#[derive(Debug)]
pub enum ValuesMut<'a> {
    /// As they are made.
    F32(&'a mut [f32]),
    /// Each rounded to the nearest.
    F16(&'a mut [f16]),
}

impl Default for Values {
    fn default() -> Self {
        Self::F32(Vec::new())
    }
}

impl Values {
    /// A number of zeros.
    ///
    /// # Errors
    /// Out of memory.
    pub(super) fn zeros(precision: Precision, count: usize) -> Result<Self, TryReserveError> {
        fn zeros<T: Pod>(count: usize) -> Result<Vec<T>, TryReserveError> {
            let mut values = Vec::new();
            values.try_reserve_exact(count)?;
            values.resize(count, T::zeroed());
            Ok(values)
        }
        Ok(match precision {
            Precision::F32 => Self::F32(zeros(count)?),
            Precision::F16 => Self::F16(zeros(count)?),
        })
    }

    /// Makes room for as many values, whatever they are.
    pub(super) fn resize(&mut self, precision: Precision, count: usize) {
        match (precision, &mut *self) {
            (Precision::F32, Self::F32(values)) => values.resize(count, 0.0),
            (Precision::F16, Self::F16(values)) => values.resize(count, f16::ZERO),
            (Precision::F32, _) => *self = Self::F32(vec![0.0; count]),
            (Precision::F16, _) => *self = Self::F16(vec![f16::ZERO; count]),
        }
    }

    /// What they are in memory and on disk.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::F32(values) => bytemuck::cast_slice(values),
            Self::F16(values) => bytemuck::cast_slice(values),
        }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::F32(values) => bytemuck::cast_slice_mut(values),
            Self::F16(values) => bytemuck::cast_slice_mut(values),
        }
    }

    pub(super) fn view(&self) -> ValuesRef<'_> {
        match self {
            Self::F32(values) => ValuesRef::F32(values),
            Self::F16(values) => ValuesRef::F16(values),
        }
    }

    pub(super) fn view_mut(&mut self) -> ValuesMut<'_> {
        match self {
            Self::F32(values) => ValuesMut::F32(values),
            Self::F16(values) => ValuesMut::F16(values),
        }
    }
}

impl ValuesRef<'_> {
    /// The number of scores.
    pub fn count(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F16(values) => values.len(),
        }
    }
}

impl<'a> ValuesMut<'a> {
    /// The number of scores.
    pub fn count(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F16(values) => values.len(),
        }
    }

    /// The first `count` scores; those behind them are left.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn take_first(&mut self, count: usize) -> ValuesMut<'a> {
        fn first<'a, T>(values: &mut &'a mut [T], count: usize) -> &'a mut [T] {
            let (first, rest) = std::mem::take(values).split_at_mut(count);
            *values = rest;
            first
        }
        match self {
            Self::F32(values) => ValuesMut::F32(first(values, count)),
            Self::F16(values) => ValuesMut::F16(first(values, count)),
        }
    }

    /// Writes scores from the place `start` on.
    pub fn write(&mut self, start: usize, scores: &[f32]) {
        match self {
            Self::F32(values) => values[start..][..scores.len()].copy_from_slice(scores),
            Self::F16(values) => values[start..][..scores.len()].convert_from_f32_slice(scores),
        }
    }
}
