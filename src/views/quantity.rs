//! The numbers that views can show, each with its name, unit and source in a measurement.

use std::fmt;
use std::str::FromStr;

use crate::measures::{Information, LayerMeasures, Order};

/// A number of a checkpoint, or of one of its hidden states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Complexity I(X;Z) of an order.
    #[default]
    Complexity,
    /// Expressivity I(Y;Z) of an order.
    Expressivity,
    /// Optimality φ = I(Y;Z)/I(X;Z) of an order.
    Optimality,
    /// 𝓗(Z).
    Entropy,
    /// Regularity I(X;Z)/𝓗(Z) of an order.
    Regularity,
    /// The share of 𝓗(Z) that an input order tells beyond the order below it: I(bigram;Z) − I(token;Z) over 𝓗(Z), and so
    /// on (SPEC 3).
    Share(Order),
    /// The share of 𝓗(Z) that no order measured accounts for: 1 − I(widest;Z)/𝓗(Z).
    Residual,
    /// Information with preference: whether a response is the chosen or the rejected one.
    Preference,
    /// The mean next-token cross-entropy.
    Loss,
}

impl Quantity {
    /// Every quantity, in the order of menus.
    pub const ALL: [Self; 12] = [
        Self::Complexity,
        Self::Expressivity,
        Self::Optimality,
        Self::Entropy,
        Self::Regularity,
        Self::Share(Order::Token),
        Self::Share(Order::Bigram),
        Self::Share(Order::Trigram),
        Self::Share(Order::Quadgram),
        Self::Residual,
        Self::Preference,
        Self::Loss,
    ];

    /// The name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complexity => "complexity",
            Self::Expressivity => "expressivity",
            Self::Optimality => "optimality",
            Self::Entropy => "entropy",
            Self::Regularity => "regularity",
            Self::Share(Order::Token) => "token-share",
            Self::Share(Order::Bigram) => "bigram-share",
            Self::Share(Order::Trigram) => "trigram-share",
            Self::Share(Order::Quadgram) => "quadgram-share",
            Self::Residual => "residual",
            Self::Preference => "preference",
            Self::Loss => "loss",
        }
    }

    /// The name with its symbol, for axes.
    pub fn label(self) -> String {
        match self {
            Self::Complexity => "complexity I(X;Z)".to_owned(),
            Self::Expressivity => "expressivity I(Y;Z)".to_owned(),
            Self::Optimality => "optimality φ".to_owned(),
            Self::Entropy => "entropy H(Z)".to_owned(),
            Self::Regularity => "regularity I(X;Z)/H(Z)".to_owned(),
            Self::Share(order) => format!("{order} share of H(Z)"),
            Self::Residual => "residual share of H(Z)".to_owned(),
            Self::Preference => "preference I(Z;preference)".to_owned(),
            Self::Loss => "loss".to_owned(),
        }
    }

    /// The symbol alone, for narrow places.
    pub fn symbol(self) -> String {
        match self {
            Self::Complexity => "I(X;Z)".to_owned(),
            Self::Expressivity => "I(Y;Z)".to_owned(),
            Self::Optimality => "φ".to_owned(),
            Self::Entropy => "H(Z)".to_owned(),
            Self::Regularity | Self::Residual | Self::Preference | Self::Loss => self.name().to_owned(),
            Self::Share(order) => order.to_string(),
        }
    }

    /// The unit; empty for a ratio.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Complexity | Self::Expressivity | Self::Entropy | Self::Preference => "nats / ln n",
            Self::Optimality | Self::Regularity | Self::Share(_) | Self::Residual => "",
            Self::Loss => "nats a token",
        }
    }

    /// Whether it differs from one n-gram order to the next.
    pub fn is_of_order(self) -> bool {
        matches!(self, Self::Complexity | Self::Expressivity | Self::Optimality | Self::Regularity)
    }

    /// Whether a hidden state has it, rather than the model as a whole.
    pub fn is_of_layer(self) -> bool {
        self != Self::Loss
    }

    /// The informations that the number of a hidden state is made of; none of an entropy or a loss.
    pub fn informations(self, layer: &LayerMeasures, order: Order) -> impl Iterator<Item = &Information> {
        let [input, output] = match self {
            Self::Complexity | Self::Regularity => [Some(order), None],
            Self::Expressivity => [None, Some(order)],
            Self::Optimality => [Some(order); 2],
            Self::Share(order) => [Some(order), None],
            Self::Residual => [layer.orders().last(), None],
            Self::Entropy | Self::Preference | Self::Loss => [None; 2],
        };
        let input = input.and_then(|order| layer.complexity(order));
        let preference = if self == Self::Preference { preference(layer) } else { None };
        input.into_iter().chain(output.and_then(|order| layer.expressivity(order))).chain(preference)
    }
}

/// The information of a layer with preference; `None`, since no label of a measurement is of preference.
pub(super) fn preference(_: &LayerMeasures) -> Option<&Information> {
    None
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|quantity| quantity.name() == name);
        named.ok_or_else(|| format!("it is one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}
