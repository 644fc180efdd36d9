//! How values are read from settings, written to them and written as text, whatever their type.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::Settings;

/// Reads and writes a field of [`Settings`].
pub trait Access {
    /// The value.
    fn text(&self, settings: &Settings) -> String;

    /// Sets the value.
    ///
    /// # Errors
    /// A text that is no legal value; the message says which are.
    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String>;

    /// Takes the value from other settings.
    fn copy(&self, from: &Settings, to: &mut Settings);

    /// The legal values, in words.
    fn legal(&self) -> String;
}

/// A choice of a few values.
pub trait Choose: Access + fmt::Debug + Sync {
    /// The names of all values, and what they mean.
    fn values(&self) -> Vec<PossibleValue>;
}

/// A field of [`Settings`].
#[derive(Debug)]
pub struct Field<T: 'static> {
    pub(super) get: fn(&Settings) -> &T,
    pub(super) get_mut: fn(&mut Settings) -> &mut T,
}

impl<T: Clone> Field<T> {
    pub(super) fn copy(&self, from: &Settings, to: &mut Settings) {
        (self.get_mut)(to).clone_from((self.get)(from));
    }
}

/// A setting with a value of an enumeration.
#[derive(Debug)]
pub struct Choice<T: 'static>(pub(super) Field<T>);

impl<T: ValueEnum + fmt::Debug> Access for Choice<T> {
    fn text(&self, settings: &Settings) -> String {
        let value = (self.0.get)(settings).to_possible_value();
        value.map_or(String::new(), |value| value.get_name().to_owned())
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        *(self.0.get_mut)(settings) =
            T::from_str(text, false).map_err(|_| format!("not one of {}", self.legal()))?;
        Ok(())
    }

    fn copy(&self, from: &Settings, to: &mut Settings) {
        self.0.copy(from, to);
    }

    fn legal(&self) -> String {
        self.values().iter().map(PossibleValue::get_name).collect::<Vec<_>>().join(", ")
    }
}

impl<T: ValueEnum + fmt::Debug> Choose for Choice<T> {
    fn values(&self) -> Vec<PossibleValue> {
        T::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect()
    }
}

/// A setting of a type that reads its values itself.
#[derive(Debug)]
pub struct Parsed<T: 'static> {
    pub(super) field: Field<T>,
    /// The legal values, in words.
    pub(super) legal: &'static str,
}

impl<T> Parsed<T> {
    /// The value in some settings.
    pub fn value<'a>(&self, settings: &'a mut Settings) -> &'a mut T {
        (self.field.get_mut)(settings)
    }
}

impl<T: Clone + fmt::Display + FromStr<Err: fmt::Display>> Access for Parsed<T> {
    fn text(&self, settings: &Settings) -> String {
        (self.field.get)(settings).to_string()
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        *self.value(settings) = text.parse().map_err(|error: T::Err| error.to_string())?;
        Ok(())
    }

    fn copy(&self, from: &Settings, to: &mut Settings) {
        self.field.copy(from, to);
    }

    fn legal(&self) -> String {
        self.legal.to_owned()
    }
}
