//! The kernels on the GPU: our compute shaders, run on the tensors where they lie.

pub mod segments;
mod statistics;

use std::sync::Arc;

use burn_cubecl::kernel::into_contiguous;
use burn_tensor::Tensor;
use burn_wgpu::{AutoCompiler, CubeTensor, Wgpu};
use cubecl::wgpu::WgpuServer;

use self::statistics::Kept;
use super::Row;
use crate::device::{Gpu, Pipeline, guarded, kernels, lost};
use crate::error::{Error, Kind, Result, caught};
use crate::scores::ValuesMut;
use crate::settings::Precision;

/// Pipelines and cached label buffers of one GPU.
#[derive(Debug)]
pub struct GpuEstimator {
    /// The GPU.
    pub gpu: Arc<Gpu>,
    cosine_scores: Pipeline,
    soft_bins: Pipeline,
    label_sums: Pipeline,
    label_entropies: Pipeline,
    /// What was summed last for some labels, which all layers and checkpoints of a sample share; the labels asked
    /// for last behind the others.
    kept: Vec<Kept>,
}

impl GpuEstimator {
    /// Compiles the shaders.
    pub fn new(gpu: Arc<Gpu>) -> Result<Self> {
        let pipeline = |kernel| Pipeline::new(&gpu, kernel);
        Ok(Self {
            cosine_scores: pipeline(kernels::COSINE_SCORES)?,
            soft_bins: pipeline(kernels::SOFT_BINS)?,
            label_sums: pipeline(kernels::LABEL_SUMS)?,
            label_entropies: pipeline(kernels::LABEL_ENTROPIES)?,
            kept: Vec::new(),
            gpu,
        })
    }

    /// Whether a layer's scores can be bound in one piece.
    pub fn fits(&self, positions: usize, points: usize) -> bool {
        self.gpu.fits((positions * points * size_of::<f32>()) as u64)
    }

    /// Scores states into a buffer of scores, each rounded to what `precision` holds. The states are read where the
    /// model left them.
    pub fn score(
        &self,
        hidden: Tensor<2>,
        points: usize,
        reference: &wgpu::Buffer,
        rows: &[Row],
        (scores, precision): (&wgpu::Buffer, Precision),
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let [_, width] = hidden.dims();
        let hidden: CubeTensor = hidden.try_into_primitive::<Wgpu>().map_err(|_| super::foreign())?;
        let hidden = into_contiguous(hidden);
        let lost = |cause: String| Error::of_device(format!("the GPU did not give its states: {cause}"));
        let resource = hidden
            .client
            .get_resource::<WgpuServer<AutoCompiler>>(hidden.handle.clone())
            .map_err(|error| lost(error.to_string()))?;
        // The tensor library queues lazily; what computes the states must be submitted before us.
        hidden.client.flush().map_err(|error| lost(error.to_string()))?;

        let half = u32::from(precision == Precision::F16);
        let params = self.gpu.params([rows.len() as u32, width as u32, points as u32, half])?;
        let rows_buffer = self.gpu.upload("rows", bytemuck::cast_slice(rows))?;
        let mut encoder = self.gpu.encoder();
        let tiles = [points.div_ceil(32) as u32, rows.len().div_ceil(32) as u32];
        guarded(&self.gpu.device, || {
            let bindings = [
                params.as_entire_binding(),
                resource.resource().as_wgpu_bind_resource(),
                reference.as_entire_binding(),
                rows_buffer.as_entire_binding(),
                scores.as_entire_binding(),
            ];
            self.gpu.dispatch(&mut encoder, &self.cosine_scores, &bindings, tiles);
            self.gpu.queue.submit([encoder.finish()]);
        })
    }

    /// Scores states into main memory, for layers too large to bind on this device.
    pub fn score_to_host(
        &self,
        hidden: Tensor<2>,
        points: usize,
        reference: &wgpu::Buffer,
        rows: &[Row],
        mut scores: ValuesMut<'_>,
    ) -> Result<()> {
        let local: Vec<Row> =
            rows.iter().enumerate().map(|(target, row)| Row { target: target as u32, ..*row }).collect();
        let batch = self.gpu.storage("batch of scores", rows.len() * points * size_of::<f32>())?;
        // Rounded when they are written.
        self.score(hidden, points, reference, &local, (&batch, Precision::F32))?;
        let batch: Vec<f32> = self.gpu.download(&batch, rows.len() * points, &mut || false)?;
        for (row, values) in rows.iter().zip(batch.chunks_exact(points)) {
            scores.write(row.target as usize * points, values);
        }
        Ok(())
    }

    /// Whether the GPU still takes work and gives results, ours and the tensor library's.
    pub fn answers(&self) -> bool {
        let answer: Result<_> = caught(|| {
            let sign = self.gpu.upload("sign of life", &1f32.to_le_bytes())?;
            let ours: Vec<f32> = self.gpu.download(&sign, 1, &mut || false)?;
            let theirs = Tensor::<1>::from_floats([2.0], &self.gpu.tensors).try_into_vec_as::<f32>();
            Ok((ours, theirs.map_err(lost)?))
        });
        match answer {
            Ok(answer) => answer == (vec![1.0], vec![2.0]),
            // Full, but there.
            Err(error) => error.kind() == Kind::DeviceMemory,
        }
    }

    /// Lets go what no longer needs to be kept on the GPU.
    pub fn release(&mut self) {
        self.kept.clear();
        let _ = caught(|| {
            self.gpu.tensors.memory_cleanup();
            Ok::<_, Error>(())
        });
    }
}
