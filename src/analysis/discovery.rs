//! Many p-values at once: how many of those found are false.

/// p-values adjusted after Benjamini and Hochberg: those at most 0.05, say, are of a set of which 5 in 100 are expected
/// to be false. One that is `None`, or is no probability, stays out of it and has none.
pub fn adjusted(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let known = |index: &usize| p[*index].is_some_and(|p| (0.0..=1.0).contains(&p));
    let mut order: Vec<usize> = (0..p.len()).filter(known).collect();
    order.sort_by(|&a, &b| p[b].unwrap_or_default().total_cmp(&p[a].unwrap_or_default()));
    let count = order.len();
    let mut adjusted = vec![None; p.len()];
    let mut least: f64 = 1.0;
    // From the largest down: none may end below one that was smaller.
    for (above, &index) in order.iter().enumerate() {
        let rank = count - above;
        least = least.min(p[index].unwrap_or_default() * (count as f64 / rank as f64));
        adjusted[index] = Some(least);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_p_values_is_kept() {
        let of = adjusted(&[Some(0.02), None, Some(0.01), Some(0.9), Some(0.02), Some(f64::NAN)]);
        let third = 0.02 * (4.0 / 3.0);
        assert_eq!(of, [Some(third), None, Some(third), Some(0.9), Some(third), None]);
        assert_eq!(adjusted(&[Some(1.0), Some(0.99)]), [Some(1.0), Some(1.0)]);
        assert!(adjusted(&[]).is_empty());
    }
}
