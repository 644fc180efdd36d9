//! What informations are about: n-grams of an order, before and after a position.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::settings::{LARGEST_ORDER, ORDER_NAMES, Settings};

/// The order of an n-gram (back-off): how many tokens it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// One token.
    #[default]
    Token,
    /// Two.
    Bigram,
    /// Three.
    Trigram,
    /// Four.
    Quadgram,
}

impl Order {
    /// Every order, rising.
    pub const ALL: [Self; LARGEST_ORDER] = [Self::Token, Self::Bigram, Self::Trigram, Self::Quadgram];

    /// The number of tokens, 1 to 4.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The name in results and in the window: `token` to `quadgram`.
    pub fn name(self) -> &'static str {
        ORDER_NAMES[self as usize]
    }

    /// The order of so many tokens; `None` for 0 and for more than 4.
    pub fn of_number(number: usize) -> Option<Self> {
        Self::ALL.get(number.checked_sub(1)?).copied()
    }

    /// The widest order measured under some settings, of the legal ones the nearest.
    pub fn widest_of(settings: &Settings) -> Self {
        Self::ALL[settings.max_order.clamp(1, LARGEST_ORDER) - 1]
    }

    /// The orders from one token to this one, rising.
    pub fn and_below(self) -> impl DoubleEndedIterator<Item = Self> {
        Self::ALL.into_iter().take(self.number())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Order {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|order| order.name() == name).ok_or(())
    }
}

/// What the positions of a sample are told apart by: an information is about one label.
///
/// Written `input:token` to `output:quadgram`, `preference`, and `field:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The n-gram that ends with a position; the information about it is complexity I(X;Z).
    Input(Order),
    /// The n-gram that follows a position; the information about it is expressivity I(Y;Z).
    Output(Order),
    /// Whether a position is of a preferred answer or of a rejected one.
    Preference,
    /// The value that a position's document has in this field of the corpus.
    Field(Box<str>),
}

impl Label {
    /// The order of the n-gram; `None` for labels that are no n-grams.
    pub fn order(&self) -> Option<Order> {
        match self {
            Self::Input(order) | Self::Output(order) => Some(*order),
            Self::Preference | Self::Field(_) => None,
        }
    }

    /// The label on the other side of a position that optimality joins this one with; `None` for those that have no
    /// side.
    pub fn partner(&self) -> Option<Self> {
        match self {
            Self::Input(order) => Some(Self::Output(*order)),
            Self::Output(order) => Some(Self::Input(*order)),
            Self::Preference | Self::Field(_) => None,
        }
    }

    /// The name for people: a field's own, otherwise as it is written.
    pub fn name(&self) -> String {
        match self {
            Self::Field(name) => name.to_string(),
            label => label.to_string(),
        }
    }
}

const INPUT: &str = "input";
const OUTPUT: &str = "output";
const PREFERENCE: &str = "preference";
const FIELD: &str = "field";

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(order) => write!(f, "{INPUT}:{order}"),
            Self::Output(order) => write!(f, "{OUTPUT}:{order}"),
            Self::Preference => f.write_str(PREFERENCE),
            Self::Field(name) => write!(f, "{FIELD}:{name}"),
        }
    }
}

impl FromStr for Label {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == PREFERENCE {
            return Ok(Self::Preference);
        }
        let (side, order) = text.split_once(':').ok_or(())?;
        match side {
            INPUT => Ok(Self::Input(order.parse()?)),
            OUTPUT => Ok(Self::Output(order.parse()?)),
            FIELD if !order.is_empty() => Ok(Self::Field(order.into())),
            _ => Err(()),
        }
    }
}

/// What a value of a layer is of; written as the column `label` of tables has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The layer itself, whatever the labels: nothing in the column.
    Layer,
    /// A label.
    Label(Label),
    /// What joins the input and the output label of an order: the name of the order.
    Order(Order),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer => Ok(()),
            Self::Label(label) => label.fmt(f),
            Self::Order(order) => order.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "" => Ok(Self::Layer),
            _ => text.parse().map(Self::Label).or_else(|()| text.parse().map(Self::Order)),
        }
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_and_order_reads_as_it_is_written() {
        let labels: Vec<Label> =
            Order::ALL.into_iter().flat_map(|order| [Label::Input(order), Label::Output(order)]).collect();
        for label in &labels {
            assert_eq!(label.to_string().parse(), Ok(label.clone()));
            assert_eq!(label.to_string().parse(), Ok(Subject::Label(label.clone())));
            let partner = label.partner().unwrap();
            assert_eq!(partner.partner(), Some(label.clone()));
            assert!(partner != *label && partner.order() == label.order());
        }
        for (label, text, name) in [
            (Label::Preference, "preference", "preference"),
            (Label::Field("meta.source".into()), "field:meta.source", "meta.source"),
            (Label::Field("a:b".into()), "field:a:b", "a:b"),
        ] {
            assert_eq!((&*label.to_string(), &*label.name()), (text, name));
            assert_eq!(text.parse(), Ok(Subject::Label(label.clone())));
            assert_eq!((label.order(), label.partner()), (None, None));
        }
        assert_eq!([labels[0].to_string(), labels[7].to_string()], ["input:token", "output:quadgram"]);
        for (number, order) in (1..).zip(Order::ALL) {
            assert_eq!(order.to_string().parse(), Ok(order));
            assert_eq!(order.to_string().parse(), Ok(Subject::Order(order)));
            assert_eq!((order.number(), Order::of_number(number)), (number, Some(order)));
        }
        assert_eq!("".parse(), Ok(Subject::Layer));
        for other in
            ["input", "input:", ":token", "input:pentagram", "side:token", "Token", "input:token:", "field:"]
        {
            assert_eq!(other.parse::<Subject>(), Err(()), "{other}");
        }
        assert_eq!((Order::of_number(0), Order::of_number(5)), (None, None));
    }

    #[test]
    fn the_widest_order_is_that_of_the_settings() {
        let of = |max_order| Order::widest_of(&Settings { max_order, ..Settings::default() });
        assert_eq!([1, 4].map(of), [Order::Token, Order::Quadgram]);
        assert_eq!([0, 9].map(of), [Order::Token, Order::Quadgram]);
        assert_eq!(Order::Bigram.and_below().collect::<Vec<_>>(), [Order::Token, Order::Bigram]);
    }
}
