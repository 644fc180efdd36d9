//! The numbers that views can show, each with its name, unit and source in a measurement.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::measures::{Information, Label, LayerMeasures, Order};

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
    /// Information with preference: whether an answer is the chosen or the rejected one.
    Preference,
    /// The same as a share of the complexity of an order.
    PreferenceRatio,
    /// Information about a field of the corpus.
    Field(FieldName),
    /// The mean next-token cross-entropy.
    Loss,
}

impl Quantity {
    /// Every quantity but those of fields, in the order of menus.
    pub const ALL: [Self; 13] = [
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
        Self::PreferenceRatio,
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
            Self::PreferenceRatio => "preference-ratio",
            Self::Field(field) => field.written(),
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
            Self::PreferenceRatio => "preference per complexity I(Z;preference)/I(X;Z)".to_owned(),
            Self::Field(field) => format!("I(Z;{})", field.field()),
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
            Self::PreferenceRatio => "preference / I(X;Z)".to_owned(),
            Self::Field(_) => self.label(),
            Self::Share(order) => order.to_string(),
        }
    }

    /// The unit; empty for a ratio.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Complexity | Self::Expressivity | Self::Entropy | Self::Preference | Self::Field(_) => {
                "nats / ln n"
            }
            Self::Optimality | Self::Regularity | Self::Share(_) | Self::Residual | Self::PreferenceRatio => {
                ""
            }
            Self::Loss => "nats a token",
        }
    }

    /// Whether it differs from one n-gram order to the next.
    pub fn is_of_order(self) -> bool {
        matches!(
            self,
            Self::Complexity
                | Self::Expressivity
                | Self::Optimality
                | Self::Regularity
                | Self::PreferenceRatio
        )
    }

    /// Whether a hidden state has it, rather than the model as a whole.
    pub fn is_of_layer(self) -> bool {
        self != Self::Loss
    }

    /// The informations that the number of a hidden state is made of; none of an entropy or a loss.
    pub fn informations(self, layer: &LayerMeasures, order: Order) -> impl Iterator<Item = &Information> {
        let [input, output] = match self {
            Self::Complexity | Self::Regularity | Self::PreferenceRatio => [Some(order), None],
            Self::Expressivity => [None, Some(order)],
            Self::Optimality => [Some(order); 2],
            Self::Share(order) => [Some(order), None],
            Self::Residual => [layer.orders().last(), None],
            Self::Entropy | Self::Preference | Self::Field(_) | Self::Loss => [None; 2],
        };
        let input = input.and_then(|order| layer.complexity(order));
        let other = self.other_label().and_then(|label| layer.information.get(&label));
        input.into_iter().chain(output.and_then(|order| layer.expressivity(order))).chain(other)
    }

    /// The label that is no n-gram which it is about; `None` of all others.
    pub fn other_label(self) -> Option<Label> {
        match self {
            Self::Preference | Self::PreferenceRatio => Some(Label::Preference),
            Self::Field(field) => Some(Label::Field(field.field().into())),
            _ => None,
        }
    }

    /// Whether it is the information about a label that is no n-gram, and nothing made of it.
    pub fn is_information(self) -> bool {
        matches!(self, Self::Preference | Self::Field(_))
    }

    /// The information about a label that is no n-gram; `None` of n-grams.
    pub fn of_label(label: &Label) -> Option<Self> {
        match label {
            Label::Preference => Some(Self::Preference),
            Label::Field(_) => FieldName::of_label(label).map(Self::Field),
            Label::Input(_) | Label::Output(_) => None,
        }
    }
}

/// The name of a field of the corpus, as its place among all that were named. Fields are few, and their names are held as
/// long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldName(u16);

/// The names of fields, as labels are written.
static FIELDS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// What is written before a field's own name.
const FIELD: &str = "field:";

impl FieldName {
    /// The name of a label that is of a field; `None` after more fields than anybody looks at.
    fn of_label(label: &Label) -> Option<Self> {
        let written = label.to_string();
        let mut known = FIELDS.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|name| *name == written).unwrap_or(known.len());
        let name = u16::try_from(place).ok().map(Self)?;
        if place == known.len() {
            known.push(written.leak());
        }
        Some(name)
    }

    /// The label, as it is written.
    fn written(self) -> &'static str {
        let known = FIELDS.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// The field's own name.
    fn field(self) -> &'static str {
        let written = self.written();
        written.strip_prefix(FIELD).unwrap_or(written)
    }
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
        let of_label = || name.parse().ok().and_then(|label: Label| Self::of_label(&label));
        named
            .or_else(of_label)
            .ok_or_else(|| format!("it is one of {}, {FIELD}NAME", Self::ALL.map(Self::name).join(", ")))
    }
}
