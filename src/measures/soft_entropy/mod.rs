//! Soft entropy by its definition (SPEC 2), a formula a function: what the estimator computes by the million.

mod reference_points;
mod temperature;

pub use self::reference_points::{ReferencePoints, normals, unit_rows};
pub use self::temperature::temperature;

/// How a state z is shared out among reference points: p = softmax(W z̄ / ε), one probability a row of `rows`
/// `[points, h]`. A zero state spreads uniformly.
pub fn assignment(state: &[f64], rows: &[f64], epsilon: f64) -> Vec<f64> {
    let norm = state.iter().map(|value| value * value).sum::<f64>().sqrt();
    let scale = if norm > 0.0 { norm.recip() } else { 0.0 };
    let dot = |row: &[f64]| row.iter().zip(state).map(|(a, b)| a * b).sum::<f64>();
    let scores = rows.chunks_exact(state.len().max(1)).map(|row| dot(row) * scale / epsilon);
    let scores: Vec<f64> = scores.collect();
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut shares: Vec<f64> = scores.into_iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// P(Z): the mean of the states' [`assignment`]s; empty without states.
pub fn distribution<'s>(states: impl IntoIterator<Item = &'s [f64]>, rows: &[f64], epsilon: f64) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::new();
    let mut count = 0.0;
    for state in states {
        let shares = assignment(state, rows, epsilon);
        sum.resize(shares.len(), 0.0);
        sum.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        count += 1.0;
    }
    sum.into_iter().map(|sum| sum / count).collect()
}

/// The efficiency 𝓗 = −Σ p ln p / ln n of a distribution over n points, in nats / ln n; 0 for fewer than two.
pub fn efficiency(shares: &[f64]) -> f64 {
    if shares.len() < 2 {
        return 0.0;
    }
    let entropy: f64 = shares.iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum();
    entropy / (shares.len() as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_spreads_as_softmax_does() {
        // W = ±e1, e2; z = (3, 4), so z̄ = (0.6, 0.8); ε = 0.5: exp(1.2), exp(-1.2), exp(1.6) over their sum.
        let shares = assignment(&[3.0, 4.0], &[1.0, 0.0, -1.0, 0.0, 0.0, 1.0], 0.5);
        let expected = [1.2f64, -1.2, 1.6].map(f64::exp);
        let sum: f64 = expected.iter().sum();
        for (share, expected) in shares.iter().zip(expected) {
            assert!((share - expected / sum).abs() < 1e-15, "{shares:?}");
        }
        assert_eq!(assignment(&[0.0, 0.0], &[1.0, 0.0, 0.0, 1.0], 1e-3), [0.5, 0.5]);
        // Far from overflow at the smallest ε.
        assert_eq!(assignment(&[1.0, 0.0], &[1.0, 0.0, 0.0, 1.0], 1e-9), [1.0, 0.0]);
    }

    #[test]
    fn efficiency_lies_between_one_point_and_all() {
        assert_eq!(efficiency(&[1.0, 0.0, 0.0]), 0.0);
        assert!((efficiency(&[0.25; 4]) - 1.0).abs() < 1e-15);
        assert_eq!([efficiency(&[1.0]), efficiency(&[])], [0.0, 0.0]);
        assert_eq!(distribution([&[1.0, 0.0][..], &[0.0, 1.0]], &[1.0, 0.0, 0.0, 1.0], 1e-9), [0.5, 0.5]);
        assert!(distribution([], &[1.0], 0.1).is_empty());
    }
}
