//! Where the ticks of an axis stand, and what they say: the same on screen and paper.

use super::{Axis, Scale};

/// A tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub value: f64,
    /// What it says.
    pub label: String,
}

impl Axis {
    /// The ticks within a range, at most `most` of them and one at the least where there is room for any: round numbers,
    /// powers of ten, or names.
    pub fn ticks(&self, range: [f64; 2], most: usize) -> Vec<Tick> {
        let most = most.max(1);
        if !(range[0].is_finite() && range[1] > range[0]) {
            return Vec::new();
        }
        match &self.scale {
            Scale::Linear => linear(range, most),
            Scale::Log => logarithmic(range, most),
            Scale::Symlog(linear) => symmetric(range, *linear, most),
            Scale::Category(names) => {
                let inside = |index: &usize| (range[0]..=range[1]).contains(&(*index as f64));
                let inside: Vec<usize> = (0..names.len()).filter(inside).collect();
                let each = inside.len().div_ceil(most).max(1);
                let tick = |index: usize| Tick { value: index as f64, label: names[index].clone() };
                inside.into_iter().step_by(each).map(tick).collect()
            }
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear([from, to]: [f64; 2], most: usize) -> Vec<Tick> {
    // Slack, so that a range of exactly so many steps does not round to the next coarser one.
    let least = (to - from) / most as f64 * 0.999;
    let exponent = least.log10().floor() as i32;
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * 10f64.powi(exponent));
    let step = steps.into_iter().find(|step| *step >= least).unwrap_or(steps[3]);
    // A little slack, so that rounding does not lose a tick that lies on the edge.
    let (first, last) = ((from / step - 1e-6).ceil(), (to / step + 1e-6).floor());
    if !(first.abs().max(last.abs()) < 1e15 && last >= first) {
        return Vec::new();
    }
    let values = (first as i64..=last as i64).map(|index| index as f64 * step);
    values.map(|value| Tick { value, label: words(value, step) }).collect()
}

/// Powers of ten, and between them 2 and 5 times these where there is room.
fn logarithmic([from, to]: [f64; 2], most: usize) -> Vec<Tick> {
    if from <= 0.0 {
        return Vec::new();
    }
    let (first, last) = ((from.log10() - 1e-9).floor() as i32, (to.log10() + 1e-9).ceil() as i32);
    let inside = |value: &f64| (from * (1.0 - 1e-9)..=to * (1.0 + 1e-9)).contains(value);
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let values =
            (first..=last).flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)));
        let values: Vec<f64> = values.filter(inside).collect();
        if values.len() <= most && values.len() > 1 {
            return values.into_iter().map(|value| Tick { value, label: words(value, value) }).collect();
        }
    }
    let powers: Vec<i32> = (first..=last).filter(|power| inside(&10f64.powi(*power))).collect();
    if powers.len() < 2 {
        // Less than a decade: round numbers as on a straight axis, where its steps are not wider than that.
        let round = linear([from, to], most);
        let power = powers.first().map(|power| 10f64.powi(*power));
        let power = || power.map(|value| Tick { value, label: words(value, value) });
        return if round.is_empty() { power().into_iter().collect() } else { round };
    }
    let each = powers.len().div_ceil(most);
    let value = |power: i32| 10f64.powi(power);
    powers
        .into_iter()
        .step_by(each)
        .map(|power| Tick { value: value(power), label: words(value(power), value(power)) })
        .collect()
}

/// Zero, and powers of ten on both sides of it from the straight part on.
fn symmetric([from, to]: [f64; 2], straight: f64, most: usize) -> Vec<Tick> {
    let largest = from.abs().max(to.abs());
    let (first, last) = (straight.log10().floor() as i32, largest.log10().floor() as i32);
    let powers: Vec<i32> = (first..=last.max(first)).collect();
    let sides = if from < 0.0 { 2 } else { 1 };
    let each = (sides * powers.len() + 1).div_ceil(most).max(1);
    let kept = powers.into_iter().rev().step_by(each).map(|power| 10f64.powi(power));
    let mut values: Vec<f64> = kept.flat_map(|value| [value, -value]).chain([0.0]).collect();
    values.retain(|value| (from..=to).contains(value));
    values.sort_by(f64::total_cmp);
    values.into_iter().map(|value| Tick { value, label: words(value, value.abs().max(straight)) }).collect()
}

/// A number with as many decimals as its step has; from ten thousand on in thousands, millions or billions.
fn words(value: f64, step: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    if value == 0.0 {
        return "0".to_owned();
    }
    let unit = UNITS.into_iter().find(|(size, _)| value.abs() >= *size && value.abs() >= 1e4);
    let (size, suffix) = unit.unwrap_or((1.0, ""));
    let decimals = (-(step / size).log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    let digits = format!("{:.decimals$}", value / size);
    let digits = if decimals > 0 && !suffix.is_empty() {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        &digits
    };
    format!("{}{suffix}", digits.replace('-', "−"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, range: [f64; 2], most: usize) -> Vec<String> {
        Axis { scale, ..Axis::default() }.ticks(range, most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn straight_axes_step_by_one_two_or_five() {
        assert_eq!(labels(Scale::Linear, [0.0, 0.6], 7), ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
        assert_eq!(labels(Scale::Linear, [0.0, 1.0], 7), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear, [-0.03, 0.02], 7), ["−0.03", "−0.02", "−0.01", "0", "0.01", "0.02"]);
        assert_eq!(labels(Scale::Linear, [0.0, 143_000.0], 5), ["0", "50k", "100k"]);
        assert_eq!(labels(Scale::Linear, [0.0, 2000.0], 5), ["0", "500", "1000", "1500", "2000"]);
        assert_eq!(labels(Scale::Linear, [0.0, 4e12], 5), ["0", "1T", "2T", "3T", "4T"]);
        assert_eq!(labels(Scale::Linear, [1.0, 1.0], 5), [""; 0]);
        assert_eq!(labels(Scale::Linear, [f64::NAN, 1.0], 5), [""; 0]);
    }

    #[test]
    fn logarithmic_axes_stand_at_powers_of_ten() {
        assert_eq!(labels(Scale::Log, [1.0, 143_000.0], 6), ["1", "10", "100", "1000", "10k", "100k"]);
        assert_eq!(labels(Scale::Log, [1.0, 143_000.0], 3), ["1", "100", "10k"]);
        assert_eq!(labels(Scale::Log, [40.0, 2100.0], 6), ["50", "100", "200", "500", "1000", "2000"]);
        assert_eq!(labels(Scale::Log, [0.02, 0.5], 5), ["0.02", "0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(Scale::Log, [310.0, 390.0], 4), ["320", "340", "360", "380"]);
        assert_eq!(labels(Scale::Log, [0.0, 10.0], 4), [""; 0]);
    }

    #[test]
    fn symmetric_axes_have_zero() {
        assert_eq!(labels(Scale::Symlog(1.0), [0.0, 2000.0], 9), ["0", "1", "10", "100", "1000"]);
        assert_eq!(labels(Scale::Symlog(1.0), [-20.0, 20.0], 9), ["−10", "−1", "0", "1", "10"]);
        assert_eq!(labels(Scale::Symlog(1.0), [0.0, 143_000.0], 4), ["0", "10", "1000", "100k"]);
    }

    #[test]
    fn names_are_left_out_where_there_is_no_room() {
        let names = || Scale::Category((0..10).map(|n| n.to_string()).collect());
        assert_eq!(labels(names(), [-0.5, 9.5], 10).len(), 10);
        assert_eq!(labels(names(), [-0.5, 9.5], 4), ["0", "3", "6", "9"]);
        assert_eq!(labels(names(), [1.5, 3.5], 4), ["2", "3"]);
    }

    #[test]
    fn there_are_never_more_ticks_than_there_is_room_for() {
        for index in 1..200 {
            let to = 0.013 * f64::from(index) * f64::from(index);
            for most in 1..9 {
                for scale in [Scale::Linear, Scale::Log, Scale::Symlog(0.1)] {
                    let ticks = labels(scale.clone(), [to / 50.0, to], most);
                    assert!(ticks.len() <= most + 1, "{scale:?} {to} {most}: {ticks:?}");
                }
            }
        }
    }
}
