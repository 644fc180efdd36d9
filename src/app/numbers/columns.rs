//! What stands in the columns of the table: titles, numbers and what they are ordered by.

use crate::app::widgets::short_count;
use crate::measures::Information;
use crate::state::{ShownNumbers, State};
use crate::views::marks::Flag;
use crate::views::quantity::Quantity;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Column {
    Complexity,
    Expressivity,
    Optimality,
    Null,
    LessNull,
    SeenOnce,
    LastChange,
    Convergence,
    /// The information about a label that is no n-gram.
    Other(Quantity),
    Entropy,
    Loss,
    Positions,
    Documents,
}

/// The words of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// The number; of a column all end at one place.
    pub number: String,
    /// How far it spreads, in brackets; mostly empty.
    pub spread: String,
    /// Why it is to be taken with care, a sentence each.
    pub flags: Vec<String>,
}

impl Text {
    fn of(number: impl Into<String>) -> Self {
        Self { number: number.into(), ..Self::default() }
    }

    /// What stands behind the number.
    pub fn tail(&self) -> String {
        format!("{}{}", self.spread, if self.flags.is_empty() { "" } else { " !" })
    }
}

impl Column {
    /// The values of n-grams, and what tells whether to believe them, from left to right.
    const OF_NGRAMS: [Self; 3] = [Self::Complexity, Self::Expressivity, Self::Optimality];
    const BESIDE_NGRAMS: [Self; 5] =
        [Self::Null, Self::LessNull, Self::SeenOnce, Self::LastChange, Self::Convergence];
    /// What is of no labels, from left to right.
    const OF_NO_LABELS: [Self; 4] = [Self::Entropy, Self::Loss, Self::Positions, Self::Documents];

    /// Every column, from left to right, where these informations about labels that are no n-grams were measured, and
    /// n-grams too or not.
    pub fn all(others: &[Quantity], has_ngrams: bool) -> Vec<Self> {
        let [of_ngrams, beside]: [&[Self]; 2] = match has_ngrams || others.is_empty() {
            true => [&Self::OF_NGRAMS, &Self::BESIDE_NGRAMS],
            false => [&[], &[]],
        };
        let others: Vec<Self> = others.iter().copied().map(Self::Other).collect();
        [of_ngrams, &others, beside, &Self::OF_NO_LABELS].concat()
    }

    /// The columns of what is drawn.
    pub fn drawn(state: &State) -> Vec<Self> {
        let snapshot = &state.drawn().snapshot;
        Self::all(&snapshot.other_labels(), snapshot.has_ngrams())
    }

    /// The column of a title; `None` where there is none.
    pub fn of_title(title: &str) -> Option<Self> {
        let mut fixed = Self::all(&[], true).into_iter();
        let other = || title.parse().ok().filter(|quantity: &Quantity| quantity.is_information());
        fixed.find(|column| column.title() == title).or_else(|| other().map(Self::Other))
    }

    /// Its title, by which it is named in layouts too.
    pub fn title(self) -> &'static str {
        match self {
            Self::Complexity => "I(X;Z)",
            Self::Expressivity => "I(Y;Z)",
            Self::Optimality => "φ",
            Self::Null => "null X/Y",
            Self::LessNull => "less null",
            Self::SeenOnce => "seen once, %",
            Self::LastChange => "last change",
            Self::Convergence => "convergence",
            Self::Other(quantity) => quantity.name(),
            Self::Entropy => "H(Z)",
            Self::Loss => "loss",
            Self::Positions => "positions",
            Self::Documents => "documents",
        }
    }

    /// What its numbers are.
    pub fn help(self) -> &'static str {
        match self {
            Self::Complexity => {
                "complexity, nats over ln n: of the first seed of the reference points; in brackets, in units of the \
                 last digit, the standard deviation over all seeds scored"
            }
            Self::Expressivity => {
                "expressivity, nats over ln n: value and spread as beside; ! where it lies above the bound"
            }
            Self::Optimality => {
                "optimality I(Y;Z) / I(X;Z): value and spread as beside; ! where it says little"
            }
            Self::Null => {
                "complexity/expressivity under shuffled labels: what a sample of this size gives for labels that say \
                 nothing"
            }
            Self::LessNull => {
                "complexity/expressivity with the null taken off: what the labels themselves tell"
            }
            Self::SeenOnce => {
                "positions whose input/output label occurs nowhere else, in percent; near 100, complexity and \
                 expressivity become equal whatever the model"
            }
            Self::LastChange => {
                "the most that the last growth of the sample, to four times as many documents or less, moved a \
                 complexity or an expressivity, averaged over layers, of any order"
            }
            Self::Convergence => {
                "complexity (bright) and expressivity (dim) on the first 16, 64, 256, … documents, from zero up; \
                 averaged over layers"
            }
            Self::Other(Quantity::Preference) => {
                "information with preference, whether an answer is the chosen one, nats over ln n: value and spread as \
                 beside; ! where shuffled labels give most of it"
            }
            Self::Other(_) => {
                "information about a field of the text, nats over ln n: value and spread as beside; ! where shuffled \
                 labels give most of it"
            }
            Self::Entropy => "entropy of the soft-binned states, nats over ln n",
            Self::Loss => "next-token cross-entropy, nats a token",
            Self::Positions => "labelled positions behind the numbers",
            Self::Documents => "documents behind the numbers; \"first\" where more are to come",
        }
    }

    /// The letters that a number has room for, so that the columns stand still while time passes.
    pub(super) fn least_letters(self) -> usize {
        match self {
            Self::Complexity | Self::Expressivity | Self::Optimality | Self::Other(_) => 10,
            Self::Null | Self::LessNull => 11,
            Self::SeenOnce => 9,
            Self::LastChange | Self::Entropy => 6,
            Self::Loss | Self::Positions => 5,
            Self::Documents => 4,
            Self::Convergence => 0,
        }
    }

    /// What stands in it of a checkpoint.
    pub(super) fn text(self, shown: &ShownNumbers) -> Text {
        self.known_text(shown).unwrap_or_else(none)
    }

    /// The same; `None` where there is no number.
    fn known_text(self, shown: &ShownNumbers) -> Option<Text> {
        let (point, measurement) = (shown.point.as_ref(), &shown.measurement);
        Some(match self {
            Self::Complexity => {
                let point = point?;
                with_spread(point.complexity, point.spread.map(|[spread, _]| spread))
            }
            Self::Expressivity => {
                let point = point?;
                let text = with_spread(point.expressivity, point.spread.map(|[_, spread]| spread));
                flagged(text, &point.flags(), |flag| !flag.is_of_optimality())
            }
            Self::Optimality => {
                let point = point?;
                let text = point.optimality.map(|phi| with_spread(phi, point.optimality_spread));
                flagged(text.unwrap_or_else(none), &point.flags(), Flag::is_of_optimality)
            }
            Self::Null => pair(point?.null?, |value| format!("{value:.3}")),
            Self::LessNull => pair(point?.less_null()?, |value| format!("{value:.3}")),
            Self::SeenOnce => pair(point?.singletons?, |share| format!("{:.1}", 100.0 * share)),
            Self::LastChange => Text::of(format!("{:.4}", measurement.last_change()?)),
            // Drawn where there is a curve.
            Self::Convergence => return None,
            Self::Other(quantity) => {
                let information = other(shown, quantity)?;
                let text = with_spread(information.value, information.spread);
                flagged(text, &Flag::of_label(information), |_| true)
            }
            Self::Entropy => Text::of(format!("{:.4}", shown.entropy)),
            Self::Loss => Text::of(format!("{:.3}", measurement.loss?)),
            Self::Positions => Text::of(short_count(measurement.positions as u64)),
            Self::Documents => {
                let first = if shown.basis.complete { "" } else { "first " };
                Text::of(format!("{first}{}", shown.basis.documents))
            }
        })
    }

    /// Whether rows can be ordered by it.
    pub fn orders(self) -> bool {
        self != Self::Convergence
    }

    /// What rows are ordered by, of both sides the larger; `None` where there is nothing.
    pub(super) fn value(self, shown: &ShownNumbers) -> Option<f64> {
        let (point, measurement) = (shown.point.as_ref(), &shown.measurement);
        let larger = |[x, y]: [f64; 2]| x.max(y);
        match self {
            Self::Complexity => Some(point?.complexity),
            Self::Expressivity => Some(point?.expressivity),
            Self::Optimality => point?.optimality,
            Self::Null => point?.null.map(larger),
            Self::LessNull => point?.less_null().map(larger),
            Self::SeenOnce => point?.singletons.map(larger),
            Self::LastChange => measurement.last_change(),
            Self::Convergence => None,
            Self::Other(quantity) => other(shown, quantity).map(|information| information.value),
            Self::Entropy => Some(shown.entropy),
            Self::Loss => measurement.loss,
            Self::Positions => Some(measurement.positions as f64),
            Self::Documents => Some(shown.basis.documents as f64),
        }
    }
}

/// What is known of a label that is no n-gram.
fn other(shown: &ShownNumbers, quantity: Quantity) -> Option<&Information> {
    shown.others.iter().find(|(of, _)| *of == quantity).map(|(_, information)| information)
}

fn flagged(text: Text, flags: &[Flag], is_of_it: impl Fn(&Flag) -> bool) -> Text {
    let flags = flags.iter().filter(|flag| is_of_it(flag)).map(Flag::long).collect();
    Text { flags, ..text }
}

/// A number to four places with its spread in units of the last, as in 0.0868(12).
fn with_spread(value: f64, spread: Option<f64>) -> Text {
    let spread = spread.map_or_else(String::new, |spread| format!("({:.0})", spread * 1e4));
    Text { spread, ..Text::of(format!("{value:.4}")) }
}

/// What stands where there is no number.
fn none() -> Text {
    Text::of("–")
}

/// Of both sides in one cell: they are read against each other.
fn pair([x, y]: [f64; 2], text: fn(f64) -> String) -> Text {
    Text::of(format!("{}/{}", text(x), text(y)))
}
