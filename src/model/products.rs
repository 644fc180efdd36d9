//! What products of matrices are computed in.

use burn_tensor::DType;

use super::weights::Weights;
use crate::product::Operands;
use crate::settings::Dtype;

/// The types that states and weights have when they are multiplied; everything else is in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// Both f32.
    F32,
    /// Both f16, on a GPU.
    F16,
    /// Both bf16.
    Bf16,
    /// Weights in bf16 and states as sums of two, on the CPU.
    Bf16x2,
    /// Weights in bf16 and states as sums of three, which have all their digits, on the CPU.
    Bf16x3,
}

impl Products {
    /// What a choice stands for. Matrices that are all stored in bf16 lose nothing as that, and states nothing as sums of
    /// three: so the CPU multiplies them for [`Dtype::F32`], and as sums of two, which come to nearly the same, for
    /// [`Dtype::Auto`], where this processor does so in less time.
    pub fn new(dtype: Dtype, on_cpu: bool, weights: &Weights) -> Self {
        let in_parts = || on_cpu && Operands::Bf16x3.are_fast() && weights.are_bf16();
        match dtype {
            Dtype::Auto if in_parts() => Self::Bf16x2,
            Dtype::F32 if in_parts() => Self::Bf16x3,
            Dtype::Auto | Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::Bf16 => Self::Bf16,
            Dtype::Bf16x2 => Self::Bf16x2,
        }
    }

    /// The type of tensors on a GPU.
    pub fn of_tensors(self) -> DType {
        match self {
            Self::F32 | Self::Bf16x2 | Self::Bf16x3 => DType::F32,
            Self::F16 => DType::F16,
            Self::Bf16 => DType::BF16,
        }
    }

    /// What the CPU multiplies.
    pub fn operands(self) -> Operands {
        match self {
            Self::F32 | Self::F16 => Operands::F32,
            Self::Bf16 => Operands::Bf16,
            Self::Bf16x2 => Operands::Bf16x2,
            Self::Bf16x3 => Operands::Bf16x3,
        }
    }
}
