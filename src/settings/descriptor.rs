//! What there is to know of a setting.

use super::access::{Access, Choose, Parsed};
use super::number::{Named, Number};
use super::{FieldNames, Settings, Temperature};

/// All that is to be known of one setting.
#[derive(Debug)]
pub struct Descriptor {
    /// The field of [`Settings`], and the field and column in results.
    pub name: &'static str,
    /// A word or two beside its value in the window.
    pub label: &'static str,
    /// What it means: a sentence without a full stop.
    pub help: &'static str,
    /// What it counts, in the plural; `None` where it is no count, or one of what `help` says.
    pub unit: Option<&'static str>,
    /// The settings that it stands with in the window.
    pub section: Section,
    /// What depends on it.
    pub role: Role,
    /// Whether it decides no more than how many documents a number rests on.
    pub extent: bool,
    /// What stands for a value in the help of its flag.
    pub placeholder: &'static str,
    /// The legal values, and where the present one stands.
    pub kind: Kind,
    /// What is said of its value in captions; `None` where another setting's words or the number of documents say it,
    /// and where numbers do not depend on it.
    pub words: fn(&Settings) -> Option<Words>,
}

/// Settings that stand together in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// How information is estimated.
    Estimator,
    /// What text is read, and which positions of it are labelled.
    Sample,
    /// What computes, and how precisely.
    Computation,
}

impl Section {
    /// All, in the order of the window.
    pub const ALL: [Self; 3] = [Self::Estimator, Self::Sample, Self::Computation];

    /// The heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Estimator => "Estimator",
            Self::Sample => "Sample",
            Self::Computation => "Computation",
        }
    }
}

/// What depends on a setting, and so what is made anew once it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The tokens that models read; keys of the store have their identity instead.
    Tokens,
    /// The scores of given tokens.
    Scores,
    /// Measures alone: it is a question to scores that are there.
    Question,
    /// The device that computes; keys of the store have its arithmetic instead.
    Device,
}

/// The values that a setting may have.
#[derive(Debug)]
pub enum Kind {
    /// A whole number.
    Usize(Number<usize>),
    /// A whole number of 32 bits.
    U32(Number<u32>),
    /// A whole number of 64 bits.
    U64(Number<u64>),
    /// A number.
    F64(Number<f64>),
    /// A whole number that goes by a name.
    Named(Named),
    /// One of a few names.
    Choice(&'static dyn Choose),
    /// A preset or a number.
    Temperature(Parsed<Temperature>),
    /// Any text.
    Text(Parsed<String>),
    /// Names of fields.
    Names(Parsed<FieldNames>),
}

/// What is said of a setting's value in captions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The words that tell two conditions apart; empty where nothing is known.
    pub short: String,
    /// The words of a caption; `None` for what is usual, which a caption leaves out.
    pub caption: Option<String>,
}

impl Words {
    /// Words that a caption always has.
    pub fn new(short: impl Into<String>, caption: impl Into<String>) -> Self {
        Self { short: short.into(), caption: Some(caption.into()) }
    }

    /// Words that a caption leaves out of what is usual.
    pub fn unless(usual: bool, short: impl Into<String>, caption: impl Into<String>) -> Self {
        Self { short: short.into(), caption: (!usual).then(|| caption.into()) }
    }
}

impl Descriptor {
    /// The name of its flag, without dashes before it.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Whether it is part of a condition: whether it says what a number is of, and not who computed it or from how
    /// many documents.
    pub fn is_of_condition(&self) -> bool {
        !self.extent && self.role != Role::Device
    }

    /// The value in some settings, as [`Descriptor::set`] reads it.
    pub fn text(&self, settings: &Settings) -> String {
        self.access().text(settings)
    }

    /// The value as people read it: by its name, where it is a number that has one.
    pub fn shown(&self, settings: &Settings) -> String {
        match &self.kind {
            Kind::Named(named) => named.name(settings).map_or_else(|| self.text(settings), str::to_owned),
            _ => self.text(settings),
        }
    }

    /// Sets the value in some settings.
    ///
    /// # Errors
    /// A text that is no legal value; the message says which are.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        self.access().set(settings, text)
    }

    /// Takes the value from other settings.
    pub fn copy(&self, from: &Settings, to: &mut Settings) {
        self.access().copy(from, to);
    }

    /// What it means, and then in a line of its own flag, legal values and default.
    pub fn hint(&self, usual: &Settings) -> String {
        let unit = self.unit.map_or(String::new(), |unit| format!(" {unit}"));
        let (legal, usual) = (self.access().legal(), self.text(usual));
        format!("{}\n--{}: {legal}{unit}, {usual} by default", self.help, self.flag())
    }

    fn access(&self) -> &dyn Access {
        match &self.kind {
            Kind::Usize(number) => number,
            Kind::U32(number) => number,
            Kind::U64(number) => number,
            Kind::F64(number) => number,
            Kind::Named(named) => named,
            Kind::Choice(choice) => *choice,
            Kind::Temperature(temperature) => temperature,
            Kind::Text(text) => text,
            Kind::Names(names) => names,
        }
    }
}
