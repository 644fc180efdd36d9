//! Sliding windows of attention on a device: what they hide, as a mask.

use std::ops::Range;

use burn_tensor::{Bool, Device, Tensor, TensorData};

use super::config::Config;

/// Queries that meet keys together on a device: none that all of them may not see.
pub const QUERIES: usize = 256;

/// The mask of all windows, for queries that meet their keys together on a device.
///
/// A window of w hides from query q the keys k with k + w ≤ q. Counted from the first of the queries, and keys from the
/// first that it sees, that is k < q whatever the window and wherever the queries stand: one triangle serves all.
#[derive(Clone, Debug)]
pub struct WindowMask {
    /// `[1, 1, QUERIES, keys]`
    triangle: Tensor<4, Bool>,
}

impl WindowMask {
    /// The mask for documents of up to `longest` tokens; `None` where no window hides anything from them.
    pub fn new(config: &Config, longest: usize, device: &Device) -> Option<Self> {
        Self::keys(config, longest).map(|keys| Self::over(keys, device))
    }

    /// The mask for up to so many keys.
    fn over(keys: usize, device: &Device) -> Self {
        let hidden: Vec<bool> =
            (0..QUERIES).flat_map(|query| (0..keys).map(move |key| key < query)).collect();
        Self { triangle: Tensor::from_data(TensorData::new(hidden, [1, 1, QUERIES, keys]), device) }
    }

    /// Bytes of the mask and of the part of it in use, at four a key.
    pub fn bytes(config: &Config, longest: usize) -> usize {
        Self::keys(config, longest).map_or(0, |keys| 2 * QUERIES * keys * size_of::<f32>())
    }

    /// The most keys that queries meet under a window that hides some; `None` where every window is as wide as the
    /// longest document.
    fn keys(config: &Config, longest: usize) -> Option<usize> {
        let windows = config.layers.iter().filter_map(|plan| plan.window);
        windows.filter(|&window| window < longest).max().map(|window| window + QUERIES - 1)
    }

    /// The keys that a window hides from each query, `[1, 1, queries, keys]`: `keys` begin no earlier than the first
    /// query sees, or at 0. `None` where the window reaches back to before them.
    pub fn hidden(
        &self,
        window: usize,
        queries: &Range<usize>,
        keys: &Range<usize>,
    ) -> Option<Tensor<4, Bool>> {
        let first = (keys.start + window).checked_sub(queries.start + 1)?;
        Some(self.triangle.clone().narrow(2, 0, queries.len()).narrow(3, first, keys.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_triangle_hides_what_each_window_hides_wherever_queries_stand() {
        let largest = 300;
        let mask = WindowMask::over(largest + QUERIES - 1, &Device::flex());
        for (window, length) in [(1, 5), (4, 600), (255, 256), (256, 1000), (257, 513), (300, 900)] {
            for first in (0..length).step_by(QUERIES) {
                // As attention takes them.
                let queries = first..length.min(first + QUERIES);
                let keys = (first + 1).saturating_sub(window)..queries.end;
                if keys.start + window >= queries.end {
                    continue;
                }
                let hidden = mask.hidden(window, &queries, &keys).unwrap().into_data();
                let hidden: Vec<bool> = hidden.iter::<bool>().collect();
                let expected: Vec<bool> = queries
                    .clone()
                    .flat_map(|query| keys.clone().map(move |key| key + window <= query))
                    .collect();
                assert!(hidden == expected, "window {window}, queries {queries:?}");
            }
        }
    }
}
