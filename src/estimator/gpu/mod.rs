//! The kernels on the GPU: our compute shaders, run on the tensors where they lie.

mod pipelines;
pub mod segments;
mod statistics;

use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Tensor;
use burn_cubecl::kernel::into_contiguous;
use burn_wgpu::{AutoCompiler, CubeTensor, Wgpu};
use cubecl::wgpu::WgpuServer;

use self::pipelines::{Pipeline, dispatch};
use self::statistics::Kept;
use super::Row;
use super::kernels;
use crate::device::Gpu;
use crate::error::{Error, Kind, Result, caught};
use crate::scores::ValuesMut;
use crate::settings::Precision;

/// How long the GPU may take to answer before it counts as lost: far longer than any submission of ours.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often, meanwhile, to look whether anybody still waits.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Pipelines and cached label buffers of one GPU.
#[derive(Debug)]
pub struct GpuEstimator {
    gpu: Arc<Gpu>,
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
        let pipeline = |kernel| Pipeline::new(&gpu.device, kernel);
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
        let limits = self.gpu.device.limits();
        let bytes = (positions * points * size_of::<f32>()) as u64;
        bytes <= limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    }

    /// A buffer for kernels, its content undefined.
    pub fn storage(&self, label: &str, bytes: usize) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        guarded(&self.gpu.device, || {
            self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                // A binding may not be empty.
                size: bytes.max(16) as u64,
                usage: Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        })
    }

    /// A buffer for kernels with this content.
    pub fn upload(&self, label: &str, bytes: &[u8]) -> Result<wgpu::Buffer> {
        let buffer = self.storage(label, bytes.len())?;
        self.gpu.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    }

    fn params(&self, words: [u32; 4]) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        let buffer = guarded(&self.gpu.device, || {
            self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("parameters"),
                size: size_of_val(&words) as u64,
                usage: Usage::UNIFORM | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        self.gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&words));
        Ok(buffer)
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
        let params = self.params([rows.len() as u32, width as u32, points as u32, half])?;
        let rows_buffer = self.upload("rows", bytemuck::cast_slice(rows))?;
        let mut encoder = self.encoder();
        let tiles = [points.div_ceil(32) as u32, rows.len().div_ceil(32) as u32];
        guarded(&self.gpu.device, || {
            let bindings = [
                params.as_entire_binding(),
                resource.resource().as_wgpu_bind_resource(),
                reference.as_entire_binding(),
                rows_buffer.as_entire_binding(),
                scores.as_entire_binding(),
            ];
            dispatch(&self.gpu.device, &mut encoder, &self.cosine_scores, &bindings, tiles);
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
        let batch = self.storage("batch of scores", rows.len() * points * size_of::<f32>())?;
        // Rounded when they are written.
        self.score(hidden, points, reference, &local, (&batch, Precision::F32))?;
        let batch = self.download(&batch, rows.len() * points)?;
        for (row, values) in rows.iter().zip(batch.chunks_exact(points)) {
            scores.write(row.target as usize * points, values);
        }
        Ok(())
    }

    /// The first `floats` floats of a buffer.
    fn download(&self, buffer: &wgpu::Buffer, floats: usize) -> Result<Vec<f32>> {
        let bytes = floats * size_of::<f32>();
        let staging = self.staging(bytes)?;
        let mut encoder = self.encoder();
        guarded(&self.gpu.device, || {
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes as u64);
            self.gpu.queue.submit([encoder.finish()]);
        })?;
        self.read(&staging, floats, &mut || false)
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("estimator") })
    }

    /// A buffer to read `bytes` back through.
    fn staging(&self, bytes: usize) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        guarded(&self.gpu.device, || {
            self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("read-back"),
                size: bytes.max(4) as u64,
                usage: Usage::MAP_READ | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        })
    }

    /// Whether the GPU still takes work and gives results, ours and the tensor library's.
    pub fn answers(&self) -> bool {
        let answer: Result<_> = caught(|| {
            let ours = self.download(&self.upload("sign of life", &1f32.to_le_bytes())?, 1)?;
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

    /// Waits for a submission, or all of them. `interrupted` is asked now and then whether to stop.
    ///
    /// # Errors
    /// [`Kind::Device`] for a GPU that does not answer; [`Kind::Cancelled`] once interrupted.
    fn wait(
        &self,
        submission_index: Option<wgpu::SubmissionIndex>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let step = || {
            let submission_index = submission_index.clone();
            let wait = wgpu::PollType::Wait { submission_index, timeout: Some(LOOK_EVERY) };
            match self.gpu.device.poll(wait) {
                Ok(_) => Ok(true),
                Err(wgpu::PollError::Timeout) => Ok(false),
                Err(error) => Err(lost(error)),
            }
        };
        // A GPU in software does not hang, but may be slow.
        let patience = if self.gpu.software { Duration::MAX } else { PATIENCE };
        wait_for(step, patience, interrupted)
    }

    /// The first `floats` floats of such a buffer, once all that was submitted is done.
    fn read(
        &self,
        staging: &wgpu::Buffer,
        floats: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<f32>> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver outlives the poll below; a failed send means nobody waits any more.
            let _ = sender.send(result);
        });
        self.wait(None, interrupted)?;
        receiver.recv_timeout(PATIENCE).map_err(lost)?.map_err(lost)?;
        let view = staging.get_mapped_range(..).map_err(lost)?;
        Ok(bytemuck::pod_collect_to_vec(&view[..floats * size_of::<f32>()]))
    }
}

/// Results that do not come back.
fn lost(cause: impl std::fmt::Display) -> Error {
    Error::of_device(format!("the GPU did not give its results: {cause}"))
}

/// Takes steps until one says that it was the last.
///
/// # Errors
/// What a step says; [`Kind::Device`] once `patience` is over; [`Kind::Cancelled`] once `interrupted`.
fn wait_for(
    mut step: impl FnMut() -> Result<bool>,
    patience: Duration,
    interrupted: &mut dyn FnMut() -> bool,
) -> Result<()> {
    let start = Instant::now();
    while !step()? {
        if interrupted() {
            return Err(Error::cancelled());
        }
        if start.elapsed() > patience {
            let cause = format!("it has not answered for {} s", start.elapsed().as_secs());
            return Err(lost(cause));
        }
    }
    Ok(())
}

/// Workgroups for `count` items: past 65,535 they go down a second dimension.
fn spread(count: usize) -> [u32; 2] {
    const MOST: usize = 65_535;
    let down = count.div_ceil(MOST).max(1);
    [count.div_ceil(down) as u32, down as u32]
}

/// Runs wgpu calls and turns what they object to into an error.
fn guarded<T>(device: &wgpu::Device, calls: impl FnOnce() -> T) -> Result<T> {
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let value = calls();
    let validation = pollster::block_on(validation.pop());
    let memory = pollster::block_on(memory.pop());
    match memory.or(validation) {
        None => Ok(value),
        Some(wgpu::Error::OutOfMemory { .. }) => Err(Error::device_memory("buffers of the estimator")),
        Some(error) => Err(Error::new(Kind::Device, format!("the GPU refused a call: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_that_never_answers_is_lost_and_can_be_interrupted() {
        let hung = || Ok(false);
        let error = wait_for(hung, Duration::ZERO, &mut || false).unwrap_err();
        assert!(error.kind() == Kind::Device && error.to_string().contains("not answered"), "{error}");
        let error = wait_for(hung, PATIENCE, &mut || true).unwrap_err();
        assert_eq!(error.kind(), Kind::Cancelled);
        let mut steps = 0;
        let slow = || {
            steps += 1;
            Ok(steps == 5)
        };
        wait_for(slow, PATIENCE, &mut || false).unwrap();
        assert_eq!(steps, 5);
    }

    #[test]
    fn workgroups_spread_over_two_dimensions() {
        for count in [1, 65_535, 65_536, 1_000_000, 5_000_001] {
            let [across, down] = super::spread(count);
            assert!(across <= 65_535 && down <= 65_535 && (across * down) as usize >= count);
        }
    }
}
