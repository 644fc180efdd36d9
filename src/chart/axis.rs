//! Axes: what they say, how they run, and where they begin and end.

use crate::words::thousands;

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it shows, without the unit.
    pub label: String,
    /// The unit, such as `nats / ln n`; empty for a number without one.
    pub unit: String,
    /// How places follow from values.
    pub scale: Scale,
    /// Where it begins and ends; `None` to hold all data, or all names.
    pub range: Option<[f64; 2]>,
    /// Whether zero is always on it.
    pub from_zero: bool,
    /// Whether it is training's time, along which the window's cursor moves.
    pub is_time: bool,
}

/// How places on an axis follow from values.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Scale {
    /// By value.
    #[default]
    Linear,
    /// By the logarithm; what is not above zero has no place.
    Log,
    /// By the logarithm away from zero, and by value between minus and plus this number.
    Symlog(f64),
    /// One place a name, value 0 for the first.
    Category(Vec<String>),
}

impl Axis {
    /// A linear axis with a unit.
    pub fn new(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { label: label.into(), unit: unit.into(), ..Self::default() }
    }

    /// An axis of names.
    pub fn of_names(label: impl Into<String>, names: Vec<String>) -> Self {
        Self { label: label.into(), scale: Scale::Category(names), ..Self::default() }
    }

    /// The same axis, with zero on it.
    #[must_use]
    pub fn with_zero(self) -> Self {
        Self { from_zero: true, ..self }
    }

    /// The same axis from one value to another.
    #[must_use]
    pub fn within(self, range: [f64; 2]) -> Self {
        Self { range: Some(range), ..self }
    }

    /// The label with its unit in brackets.
    pub fn title(&self) -> String {
        if self.unit.is_empty() { self.label.clone() } else { format!("{} ({})", self.label, self.unit) }
    }

    /// The place of a value on a straight line, in whatever unit; not finite where it has none.
    pub fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Category(_) => value,
            Scale::Log => value.log10(),
            Scale::Symlog(linear) => value.signum() * (value.abs() / linear).ln_1p(),
        }
    }

    /// The value at a place: the inverse of [`Axis::place`].
    pub fn value(&self, place: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Category(_) => place,
            Scale::Log => 10f64.powf(place),
            Scale::Symlog(linear) => place.signum() * linear * place.abs().exp_m1(),
        }
    }

    /// Where the axis begins and ends, over data that reach from one value to another.
    pub(super) fn range_over(&self, reach: Option<[f64; 2]>) -> [f64; 2] {
        if let Some(range) = self.range {
            return range;
        }
        if let Scale::Category(names) = &self.scale {
            return [-0.5, names.len().max(1) as f64 - 0.5];
        }
        let [mut least, mut largest] =
            reach.unwrap_or(if self.scale == Scale::Log { [1.0, 10.0] } else { [0.0, 1.0] });
        if self.from_zero && self.scale != Scale::Log {
            (least, largest) = (least.min(0.0), largest.max(0.0));
        }
        if self.scale == Scale::Log {
            let [least, largest] =
                [least, largest].map(|value| if value > 0.0 { value.log10() } else { 0.0 });
            let margin = ((largest - least) * MARGIN).max(0.02);
            return [least - margin, largest + margin].map(|power| 10f64.powf(power));
        }
        let [low, high] = [self.place(least), self.place(largest)];
        // A single value stands in the middle of an axis as long as it is large.
        let width = if high > low { high - low } else { high.abs().max(1e-3) };
        let at_zero = |end: f64| self.from_zero && end == 0.0;
        let low = if at_zero(least) { low } else { low - width * MARGIN };
        let high = if at_zero(largest) { high } else { high + width * MARGIN };
        [self.value(low), self.value(high)]
    }

    /// A value in the axis's own digits: short, and enough of them to tell neighbours apart.
    pub fn words(&self, value: f64) -> String {
        if let Scale::Category(names) = &self.scale {
            return names.get(value.round().max(0.0) as usize).cloned().unwrap_or_default();
        }
        match value.abs() {
            size if !size.is_finite() => "–".to_owned(),
            size if value == value.trunc() && size < 1e15 => {
                let sign = if value < 0.0 { "−" } else { "" };
                format!("{sign}{}", thousands(size as u64))
            }
            size if size >= 100.0 => format!("{value:.1}"),
            _ => format!("{value:.4}"),
        }
    }
}

/// The share of an axis left free beyond the data, at either end.
const MARGIN: f64 = 0.05;
