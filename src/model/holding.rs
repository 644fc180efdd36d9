//! Whether the CPU has matrices in memory or in their files.

use super::config::{BlockKind, Config};
use super::cpu::linear;
use super::weights::Weights;

/// Which matrices the CPU holds in panels. Others stay in their files and are read each time they are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holding {
    /// Those of models so narrow that a block fits a core's cache, where turning weights would take a tenth of the time;
    /// and those whose rows do not lie in one piece.
    #[default]
    Narrow,
    /// The latter alone.
    Least,
}

impl Holding {
    /// Whether it holds a matrix of a model's blocks.
    pub fn holds(self, config: &Config, weights: &Weights, name: &str) -> bool {
        config.block == BlockKind::Gpt2 || self.holds_rows(config, weights, name)
    }

    /// Whether it holds a matrix that is stored `[outputs, inputs]`.
    pub fn holds_rows(self, config: &Config, weights: &Weights, name: &str) -> bool {
        let narrow = self == Self::Narrow && config.hidden_size <= linear::NARROW;
        narrow || !weights.is_contiguous(name)
    }
}
