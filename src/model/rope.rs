//! Rotary position embedding: the frequencies and the rotation.

use std::ops::Range;

use burn_tensor::{Device, Tensor, TensorData};

use super::batch::Batch;
use super::config::rope::{RopeConfig, RopeScaling};
use super::cpu::Host;
use super::cpu::attention::{Angles, Columns};

/// Cosines and sines of every position's angles, `[1 or documents, 1, positions, size / 2]`.
#[derive(Clone, Debug)]
pub struct Rope {
    cos: Tensor<4>,
    sin: Tensor<4>,
    size: usize,
    interleaved: bool,
}

impl Rope {
    /// The angles of the positions of a batch's documents.
    pub fn new(config: &RopeConfig, batch: &Batch, device: &Device) -> Self {
        let positions = batch.longest();
        let lengths: Vec<usize> = batch.rows.iter().map(Range::len).collect();
        // Only dynamic scaling looks at how long a document is.
        let own = |length: usize| match config.scaling {
            RopeScaling::Dynamic { context, .. } if length as f64 > context => length,
            _ => 0,
        };
        let alike = lengths.windows(2).all(|pair| own(pair[0]) == own(pair[1]));
        let lengths = if alike { &lengths[..lengths.len().min(1)] } else { &lengths };
        // In f32 as the reference implementations do, so that large angles round alike.
        let mut angles: Vec<f32> = Vec::with_capacity(lengths.len() * positions * config.size / 2);
        for &length in lengths {
            let frequencies = frequencies(config, own(length));
            angles.extend((0..positions).flat_map(|p| frequencies.iter().map(move |f| p as f32 * f)));
        }
        let magnitude = config.scaling.magnitude();
        let shape = [lengths.len(), 1, positions, config.size / 2];
        let table = |function: fn(f32) -> f32| {
            let values: Vec<f32> = angles.iter().map(|&angle| magnitude * function(angle)).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self {
            cos: table(f32::cos),
            sin: table(f32::sin),
            size: config.size,
            interleaved: config.interleaved,
        }
    }

    /// Rotates so many heads of a size, in some columns of rows in main memory; `documents` are the rows of each.
    pub fn rotate_on_cpu(
        &self,
        x: &mut [f32],
        documents: &[Range<usize>],
        columns: Columns,
        heads: [usize; 2],
    ) {
        let [_, _, positions, half] = self.cos.dims();
        if half == 0 {
            return;
        }
        let (cos, sin) = (Host::new(self.cos.clone()), Host::new(self.sin.clone()));
        let (cos, sin) = (cos.values(), sin.values());
        Angles { cos, sin, half, positions, interleaved: self.interleaved }
            .rotate(x, documents, columns, heads);
    }

    /// Rotates `[documents, heads, positions, head size]`, the documents of the batch from `first` on, each from
    /// its first position; dimensions past the rotated size stay as they are.
    pub fn rotate(&self, x: Tensor<4>, first: usize) -> Tensor<4> {
        let [documents, heads, positions, head_size] = x.dims();
        let half = self.size / 2;
        if half == 0 {
            return x;
        }
        let of = |table: &Tensor<4>| {
            let table = table.clone().narrow(2, 0, positions);
            if table.dims()[0] == 1 { table } else { table.narrow(0, first, documents) }
        };
        let (cos, sin) = (of(&self.cos), of(&self.sin));
        if self.interleaved {
            let pairs = x.reshape([documents, heads, positions, half, 2]);
            let part =
                |index: usize| pairs.clone().narrow(4, index, 1).reshape([documents, heads, positions, half]);
            let (even, odd) = (part(0), part(1));
            let first = even.clone() * cos.clone() - odd.clone() * sin.clone();
            let second = odd * cos + even * sin;
            return Tensor::stack::<5>(vec![first, second], 4)
                .reshape([documents, heads, positions, head_size]);
        }
        let first = x.clone().narrow(3, 0, half);
        let second = x.clone().narrow(3, half, half);
        let mut parts =
            vec![first.clone() * cos.clone() - second.clone() * sin.clone(), second * cos + first * sin];
        if self.size < head_size {
            parts.push(x.narrow(3, self.size, head_size - self.size));
        }
        Tensor::cat(parts, 3)
    }
}

/// Radians a position for each pair of dimensions; `length` is that of a document beyond the context of
/// dynamic scaling, else 0.
fn frequencies(config: &RopeConfig, length: usize) -> Vec<f32> {
    let size = config.size as f64;
    let theta = match config.scaling {
        RopeScaling::Dynamic { factor, context } if length > 0 && config.size > 2 => {
            config.theta * (factor * length as f64 / context - (factor - 1.0)).powf(size / (size - 2.0))
        }
        _ => config.theta,
    };
    let frequency = |pair: usize| theta.powf(-((2 * pair) as f64) / size);
    (0..config.size / 2).map(|pair| scaled(frequency(pair), pair, config) as f32).collect()
}

fn scaled(frequency: f64, pair: usize, config: &RopeConfig) -> f64 {
    match config.scaling {
        RopeScaling::Default | RopeScaling::Dynamic { .. } => frequency,
        RopeScaling::Linear { factor } => frequency / factor,
        RopeScaling::Yarn { factor, beta_fast, beta_slow, original_context, truncate, .. } => {
            let size = config.size as f64;
            // The dimension whose wave turns this often in the original context.
            let dimension = |turns: f64| {
                size * (original_context / (turns * std::f64::consts::TAU)).ln() / (2.0 * config.theta.ln())
            };
            let (low, high) = (dimension(beta_fast), dimension(beta_slow));
            let (low, high) = if truncate { (low.floor(), high.ceil()) } else { (low, high) };
            let (low, high) = (low.max(0.0), high.min(size - 1.0));
            let high = if low == high { high + 0.001 } else { high };
            let slowed = ((pair as f64 - low) / (high - low)).clamp(0.0, 1.0);
            frequency / factor * slowed + frequency * (1.0 - slowed)
        }
        RopeScaling::Llama3 { factor, low_frequency_factor, high_frequency_factor, original_context } => {
            let wavelength = std::f64::consts::TAU / frequency;
            if wavelength < original_context / high_frequency_factor {
                frequency
            } else if wavelength > original_context / low_frequency_factor {
                frequency / factor
            } else {
                let kept = (original_context / wavelength - low_frequency_factor)
                    / (high_frequency_factor - low_frequency_factor);
                (1.0 - kept) * frequency / factor + kept * frequency
            }
        }
    }
}
