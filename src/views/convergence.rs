//! How the estimates of a checkpoint moved as the sample grew.

use crate::measures::{Label, Order};
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
pub fn convergence(estimates: &[results::Estimate], order: Order) -> Vec<Estimate> {
    estimates
        .iter()
        .filter_map(|estimate| {
            Some(Estimate {
                documents: estimate.documents,
                complexity: *estimate.information.get(&Label::Input(order))?,
                expressivity: *estimate.information.get(&Label::Output(order))?,
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
            information: [
                (Label::Input(Order::Token), 0.4),
                (Label::Input(Order::Bigram), 0.5),
                (Label::Output(Order::Token), 0.2),
                (Label::Output(Order::Bigram), 0.3),
            ]
            .into(),
        };
        let expected = |documents| Estimate { documents, complexity: 0.5, expressivity: 0.3 };
        assert_eq!(convergence(&[estimate(16), estimate(40)], Order::Bigram), [16, 40].map(expected));
        assert!(convergence(&[estimate(16)], Order::Trigram).is_empty());
    }
}
