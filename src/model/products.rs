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
}

impl Products {
    /// What a choice stands for. [`Dtype::Auto`] on the CPU, for matrices that are all stored in bf16, is what comes to
    /// nearly what f32 does in less time, where this processor has it; else f32.
    pub fn new(dtype: Dtype, on_cpu: bool, weights: &Weights) -> Self {
        match dtype {
            Dtype::Auto if on_cpu && Operands::Bf16x2.are_fast() && weights.are_bf16() => Self::Bf16x2,
            Dtype::Auto | Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::Bf16 => Self::Bf16,
            Dtype::Bf16x2 => Self::Bf16x2,
        }
    }

    /// The type of tensors on a GPU.
    pub fn of_tensors(self) -> DType {
        match self {
            Self::F32 | Self::Bf16x2 => DType::F32,
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
        }
    }
}
