//! Rotary position embedding: the frequencies and the rotation.

use burn::tensor::{Device, Tensor, TensorData};

use super::config::Config;

/// How the frequencies are changed for contexts longer than those trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    Default,
    /// Llama 3.1: long waves slowed by `factor`, short ones kept, a ramp between.
    Llama3 {
        /// How much long waves are slowed.
        factor: f64,
        /// Waves longer than the original context over this are long.
        low_frequency_factor: f64,
        /// Waves shorter than the original context over this are short.
        high_frequency_factor: f64,
        /// The context trained on before, in tokens.
        original_context: f64,
    },
}

/// Cosines and sines of every position's angles, `[1, 1, positions, rotary / 2]`.
#[derive(Clone, Debug)]
pub struct Rope {
    cos: Tensor<4>,
    sin: Tensor<4>,
    rotary_size: usize,
}

impl Rope {
    /// The angles of `positions` positions from 0.
    pub fn new(config: &Config, positions: usize, device: &Device) -> Self {
        let frequencies = frequencies(config);
        // In f32 as the reference implementations do, so that large angles round alike.
        let angles = (0..positions).flat_map(|p| frequencies.iter().map(move |f| p as f32 * f));
        let angles: Vec<f32> = angles.collect();
        let table = |function: fn(f32) -> f32| {
            let values = angles.iter().map(|&angle| function(angle)).collect();
            Tensor::from_data(TensorData::new::<f32, _>(values, [1, 1, positions, frequencies.len()]), device)
        };
        Self { cos: table(f32::cos), sin: table(f32::sin), rotary_size: config.rotary_size }
    }

    /// Rotates `[batch, heads, positions, head size]`; dimension i pairs with i + rotary/2, and dimensions
    /// past the rotary size stay as they are.
    pub fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, positions, head_size] = x.dims();
        let half = self.rotary_size / 2;
        if half == 0 {
            return x;
        }
        let cos = self.cos.clone().narrow(2, 0, positions);
        let sin = self.sin.clone().narrow(2, 0, positions);
        let first = x.clone().narrow(3, 0, half);
        let second = x.clone().narrow(3, half, half);
        let mut parts =
            vec![first.clone() * cos.clone() - second.clone() * sin.clone(), second * cos + first * sin];
        if self.rotary_size < head_size {
            parts.push(x.narrow(3, self.rotary_size, head_size - self.rotary_size));
        }
        Tensor::cat(parts, 3)
    }
}

/// Radians a position for each pair of dimensions.
fn frequencies(config: &Config) -> Vec<f32> {
    (0..config.rotary_size / 2)
        .map(|pair| {
            let exponent = (2 * pair) as f64 / config.rotary_size as f64;
            scaled(config.rope_theta.powf(-exponent), config.rope_scaling) as f32
        })
        .collect()
}

fn scaled(frequency: f64, scaling: RopeScaling) -> f64 {
    match scaling {
        RopeScaling::Default => frequency,
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
