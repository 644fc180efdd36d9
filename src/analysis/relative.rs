//! Places in models of different depth, on one scale from 0 to 1.

/// The depth of a layer in a model whose last hidden state is number `last`: 0 for the embedding output, 1 for the last.
/// `None` for a layer that the model has not, and in one that has no layers.
pub fn depth(layer: usize, last: usize) -> Option<f64> {
    (layer <= last && last > 0).then(|| layer as f64 / last as f64)
}

/// The layer nearest to a depth from 0 to 1; of two as near, the deeper. `None` for a depth outside.
pub fn layer_at(depth: f64, last: usize) -> Option<usize> {
    (0.0..=1.0).contains(&depth).then(|| (depth * last as f64).round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_goes_from_the_embedding_to_the_last_layer() {
        assert_eq!([depth(0, 12), depth(6, 12), depth(12, 12)], [Some(0.0), Some(0.5), Some(1.0)]);
        assert_eq!([depth(13, 12), depth(0, 0)], [None, None]);
        for last in [1, 2, 5, 12, 80] {
            for layer in 0..=last {
                assert_eq!(layer_at(depth(layer, last).unwrap(), last), Some(layer));
            }
        }
        assert_eq!(layer_at(0.5, 3), Some(2));
        assert_eq!([layer_at(1.1, 3), layer_at(f64::NAN, 3)], [None, None]);
    }
}
