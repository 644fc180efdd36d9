//! How the estimates of a checkpoint moved as the sample grew.

use crate::results;

/// What the first documents of a sample gave, averaged over layers 1..L.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number of documents.
    pub documents: usize,
    /// I(X;Z), in efficiency.
    pub complexity: f64,
    /// I(Y;Z), in efficiency.
    pub expressivity: f64,
}

/// What a measurement's estimates say of one order.
pub fn convergence(estimates: &[results::Estimate], order: usize) -> Vec<Estimate> {
    let of_order = |values: &[f64]| values.get(order.checked_sub(1)?).copied();
    estimates
        .iter()
        .filter_map(|estimate| {
            Some(Estimate {
                documents: estimate.documents,
                complexity: of_order(&estimate.input)?,
                expressivity: of_order(&estimate.output)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_picks_its_own_numbers() {
        let estimate = |documents| results::Estimate {
            documents,
            positions: 10 * documents,
            input: vec![0.4, 0.5],
            output: vec![0.2, 0.3],
        };
        let expected = |documents| Estimate { documents, complexity: 0.5, expressivity: 0.3 };
        assert_eq!(convergence(&[estimate(16), estimate(40)], 2), [16, 40].map(expected));
        assert!(convergence(&[estimate(16)], 3).is_empty());
        assert!(convergence(&[estimate(16)], 0).is_empty());
    }
}
