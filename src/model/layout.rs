//! What blocks must know of the batch that passes them.

use std::ops::Range;

use burn_tensor::{Bool, Device, Tensor};

use super::batch::Batch;
use super::config::{Config, LayerPlan};
use super::cpu::is_cpu;
use super::groups::Group;
use super::rope::Rope;
use super::windows::WindowMask;

/// What a block must know of the batch that passes it.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the model's `config.json` says.
    pub config: &'a Config,
    /// What it says of this layer.
    pub plan: &'a LayerPlan,
    /// The rows of each document of the batch.
    pub documents: &'a [Range<usize>],
    /// Rotations, masks and groups.
    pub layout: &'a Layout,
}

/// Rotations, window mask and groups for documents of some lengths, shared by all layers and by batches of the same
/// lengths.
#[derive(Debug)]
pub struct Layout {
    ropes: Vec<Rope>,
    mask: Option<WindowMask>,
    groups: Vec<Group>,
}

impl Layout {
    /// The layout of a batch; `mask` is that of the model's windows.
    pub fn new(config: &Config, batch: &Batch, mask: Option<&WindowMask>, device: &Device) -> Self {
        let ropes = config.ropes.iter().map(|rope| Rope::new(rope, batch, device)).collect();
        if is_cpu(device) {
            // There attention goes by documents and knows windows itself.
            return Self { ropes, mask: None, groups: Vec::new() };
        }
        Self { ropes, mask: mask.cloned(), groups: Group::of(&batch.rows, device) }
    }

    /// The rotation a layer asks for; `None` where it has none.
    pub fn rope(&self, plan: &LayerPlan) -> Option<&Rope> {
        plan.rope.and_then(|index| self.ropes.get(index))
    }

    /// The keys that the layer's window hides from each query, `[1, 1, queries, keys]`; `None` where it hides none.
    pub fn mask(
        &self,
        plan: &LayerPlan,
        queries: &Range<usize>,
        keys: &Range<usize>,
    ) -> Option<Tensor<4, Bool>> {
        let window = plan.window.filter(|&window| keys.start + window < queries.end)?;
        self.mask.as_ref()?.hidden(window, queries, keys)
    }

    /// The documents of the batch, in groups that attend together on a device; empty on the CPU.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}
