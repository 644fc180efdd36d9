//! Numbers among the settings.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Settings;
use super::access::{Access, Field};

/// A setting that is a number.
#[derive(Debug)]
pub struct Number<T: 'static> {
    /// Where it stands.
    pub(super) field: Field<T>,
    /// The legal values.
    pub legal: RangeInclusive<T>,
    /// The values in common use, over which a slider goes; `None` for a field of digits alone.
    pub common: Option<RangeInclusive<T>>,
    /// What a mouse that is dragged by a point changes at the least.
    pub step: f64,
}

/// A type of number that a setting may have.
pub trait Value: Copy + PartialOrd + fmt::Display + FromStr + Send + Sync + 'static {
    /// What a value is called.
    const KIND: &'static str;

    /// The value in full and in few characters: reading it gives the same value again.
    fn text(self) -> String {
        self.to_string()
    }
}

impl Value for usize {
    const KIND: &'static str = "whole number";
}

impl Value for u32 {
    const KIND: &'static str = "whole number";
}

impl Value for u64 {
    const KIND: &'static str = "whole number";
}

impl Value for f64 {
    const KIND: &'static str = "number";

    fn text(self) -> String {
        match self == 0.0 || (1e-6..1e15).contains(&self.abs()) {
            true => self.to_string(),
            false => format!("{self:e}"),
        }
    }
}

impl<T: Value> Number<T> {
    /// The value in some settings.
    pub fn value<'a>(&self, settings: &'a mut Settings) -> &'a mut T {
        (self.field.get_mut)(settings)
    }
}

impl<T: Value> Access for Number<T> {
    fn text(&self, settings: &Settings) -> String {
        (self.field.get)(settings).text()
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        let illegal = || format!("not a {} from {} to {}", T::KIND, self.legal.start(), self.legal.end());
        let value = text.parse().ok().filter(|value| self.legal.contains(value)).ok_or_else(illegal)?;
        *self.value(settings) = value;
        Ok(())
    }

    fn copy(&self, from: &Settings, to: &mut Settings) {
        self.field.copy(from, to);
    }

    fn legal(&self) -> String {
        format!("{} to {}", self.legal.start(), self.legal.end())
    }
}

/// A setting that is a whole number from 1 on, each of which has a name.
#[derive(Debug)]
pub struct Named {
    /// Where it stands.
    pub(super) field: Field<usize>,
    /// The names of 1 and what follows.
    pub names: &'static [&'static str],
}

impl Named {
    /// The name of the value in some settings; `None` for a value that is not legal.
    pub fn name(&self, settings: &Settings) -> Option<&'static str> {
        let index = (self.field.get)(settings).checked_sub(1)?;
        self.names.get(index).copied()
    }
}

impl Access for Named {
    fn text(&self, settings: &Settings) -> String {
        (self.field.get)(settings).text()
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        let legal = 1..=self.names.len();
        let illegal = || format!("not a {} from 1 to {}", usize::KIND, self.names.len());
        *(self.field.get_mut)(settings) =
            text.parse().ok().filter(|value| legal.contains(value)).ok_or_else(illegal)?;
        Ok(())
    }

    fn copy(&self, from: &Settings, to: &mut Settings) {
        self.field.copy(from, to);
    }

    fn legal(&self) -> String {
        format!("1 to {}", self.names.len())
    }
}
