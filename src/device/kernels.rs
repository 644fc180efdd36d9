//! The registry of compute shaders: each kernel's name and source.

/// A compute shader of `shaders/`.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its file's stem.
    pub name: &'static str,
    /// Its WGSL.
    pub source: &'static str,
}

/// Cosines of hidden states with the reference points; twin `estimator::cpu::cosine_scores`.
pub const COSINE_SCORES: Kernel =
    Kernel { name: "cosine_scores", source: include_str!("../../shaders/cosine_scores.wgsl") };

/// Softmax over the reference points and its entropy; twin `estimator::cpu::soft_bins`.
pub const SOFT_BINS: Kernel =
    Kernel { name: "soft_bins", source: include_str!("../../shaders/soft_bins.wgsl") };

/// Sums of soft bins over pieces of labels; `estimator::cpu::statistics` adds the same bins label by label.
pub const LABEL_SUMS: Kernel =
    Kernel { name: "label_sums", source: include_str!("../../shaders/label_sums.wgsl") };

/// Entropies of labels' mean soft bins, as `estimator::cpu::statistics` takes them.
pub const LABEL_ENTROPIES: Kernel =
    Kernel { name: "label_entropies", source: include_str!("../../shaders/label_entropies.wgsl") };

/// Shares of labels in the atoms of a codebook; twin `encode` of `frontier::curve::pass`.
pub const FRONTIER_ENCODE: Kernel =
    Kernel { name: "frontier_encode", source: include_str!("../../shaders/frontier_encode.wgsl") };

/// Sums of these shares over pieces of labels.
pub const FRONTIER_WEIGH: Kernel =
    Kernel { name: "frontier_weigh", source: include_str!("../../shaders/frontier_weigh.wgsl") };

/// Atoms of a codebook from these shares; twin `describe` of `frontier::curve::pass`.
pub const FRONTIER_DESCRIBE: Kernel =
    Kernel { name: "frontier_describe", source: include_str!("../../shaders/frontier_describe.wgsl") };

/// Every kernel.
pub const ALL: [Kernel; 7] = [
    COSINE_SCORES,
    SOFT_BINS,
    LABEL_SUMS,
    LABEL_ENTROPIES,
    FRONTIER_ENCODE,
    FRONTIER_WEIGH,
    FRONTIER_DESCRIBE,
];
