//! Sums that do not lose the small terms of a joint with millions of entries.

/// The sum of `values` with Neumaier's compensation: its error does not grow with their number.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The entropy −Σ p ln p of `masses` that sum to 1, in nats; a mass of 0 contributes nothing.
pub fn entropy<'a>(masses: impl IntoIterator<Item = &'a f64>) -> f64 {
    sum(masses.into_iter().filter(|&&mass| mass > 0.0).map(|&mass| -mass * mass.ln())).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_are_not_lost() {
        let terms = || std::iter::once(1.0).chain(std::iter::repeat_n(1e-17, 1_000_000));
        assert_eq!(terms().sum::<f64>(), 1.0);
        assert_eq!(sum(terms()), 1.0 + 1e-11);
    }

    #[test]
    fn entropies_of_certainty_and_of_equal_masses() {
        assert_eq!(entropy(&[1.0, 0.0]), 0.0);
        assert!((entropy(&[0.25; 4]) - 4f64.ln()).abs() < 1e-15);
    }
}
