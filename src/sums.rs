//! Sums and entropies that do not lose small terms, however many there are.

/// A sum whose rounding does not grow with the number of terms (Neumaier).
pub fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for term in terms {
        let next = sum + term;
        lost += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    // Once infinite, what was lost is not a number.
    if sum.is_finite() { sum + lost } else { sum }
}

/// The entropy −Σ p ln p of `masses` that sum to 1, in nats; a mass of 0 contributes nothing.
pub fn entropy<'a>(masses: impl IntoIterator<Item = &'a f64>) -> f64 {
    sum(masses.into_iter().filter(|&&mass| mass > 0.0).map(|&mass| -mass * mass.ln())).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_plain_ones_lose() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum([f64::MAX, f64::MAX]), f64::INFINITY);
    }

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
