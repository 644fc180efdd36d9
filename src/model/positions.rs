//! What depends on positions alone, shared by all layers and by batches of one shape: rotations, and the
//! masks of sliding windows.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::batch::Batch;
use super::config::{Config, LayerPlan};
use super::cpu::is_cpu;
use super::rope::Rope;

/// Rotations and masks for documents of some length.
#[derive(Debug)]
pub struct Positions {
    ropes: Vec<Rope>,
    masks: Vec<(usize, Tensor<4, Bool>)>,
}

impl Positions {
    /// What a model needs for a batch.
    pub fn new(config: &Config, batch: &Batch, device: &Device) -> Self {
        let rope = |rope| Rope::new(rope, &batch.lengths, batch.positions, device);
        let mut windows: Vec<usize> = config.layers.iter().filter_map(|plan| plan.window).collect();
        windows.sort_unstable();
        windows.dedup();
        // A window as wide as the longest document hides nothing; on the CPU attention knows windows itself.
        windows.retain(|&window| window < batch.positions && !is_cpu(device));
        Self {
            ropes: config.ropes.iter().map(rope).collect(),
            masks: windows
                .into_iter()
                .map(|window| (window, window_mask(window, batch.positions, device)))
                .collect(),
        }
    }

    /// The rotation a layer asks for.
    pub fn rope(&self, plan: &LayerPlan) -> Option<&Rope> {
        plan.rope.and_then(|index| self.ropes.get(index))
    }

    /// What the layer's window hides, `[1, 1, positions, positions]`; none where it hides nothing.
    pub fn mask(&self, plan: &LayerPlan) -> Option<&Tensor<4, Bool>> {
        let window = plan.window?;
        self.masks.iter().find(|(known, _)| *known == window).map(|(_, mask)| mask)
    }
}

/// True where the key lies `window` positions or more before the query.
fn window_mask(window: usize, positions: usize, device: &Device) -> Tensor<4, Bool> {
    let hidden: Vec<bool> =
        (0..positions).flat_map(|query| (0..positions).map(move |key| key + window <= query)).collect();
    Tensor::from_data(TensorData::new(hidden, [1, 1, positions, positions]), device)
}
