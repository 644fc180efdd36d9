//! Buffers of a GPU, how they are filled and read back, and how long it may take.

use std::time::{Duration, Instant};

use bytemuck::Pod;

use super::Gpu;
use crate::error::{Error, Kind, Result};

/// How long the GPU may take to answer before it counts as lost: far longer than any submission of ours.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often, meanwhile, to look whether anybody still waits.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Gpu {
    /// Whether so many bytes can be bound in one piece.
    pub fn fits(&self, bytes: u64) -> bool {
        let limits = self.device.limits();
        bytes <= limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    }

    /// A buffer for kernels, its content undefined.
    ///
    /// # Errors
    /// No memory for it on the device.
    pub fn storage(&self, label: &str, bytes: usize) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        guarded(&self.device, || {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                // A binding may not be empty.
                size: bytes.max(16) as u64,
                usage: Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        })
    }

    /// A buffer for kernels with this content.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub fn upload(&self, label: &str, bytes: &[u8]) -> Result<wgpu::Buffer> {
        let buffer = self.storage(label, bytes.len())?;
        self.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    }

    /// The parameters of a kernel, whole multiples of four.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub fn params<const WORDS: usize>(&self, words: [u32; WORDS]) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        let buffer = guarded(&self.device, || {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("parameters"),
                size: size_of_val(&words) as u64,
                usage: Usage::UNIFORM | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        self.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&words));
        Ok(buffer)
    }

    /// The first `count` numbers of a buffer.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn download<T: Pod>(
        &self,
        buffer: &wgpu::Buffer,
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<T>> {
        // Copies are of whole words.
        let bytes = (count * size_of::<T>()).next_multiple_of(4);
        let staging = self.staging(bytes)?;
        let mut encoder = self.encoder();
        guarded(&self.device, || {
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes as u64);
            self.queue.submit([encoder.finish()]);
        })?;
        self.read(&staging, count, interrupted)
    }

    /// A recorder of commands.
    pub fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("kernels") })
    }

    /// A buffer to read `bytes` back through.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub fn staging(&self, bytes: usize) -> Result<wgpu::Buffer> {
        use wgpu::BufferUsages as Usage;
        guarded(&self.device, || {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("read-back"),
                size: bytes.max(4) as u64,
                usage: Usage::MAP_READ | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        })
    }

    /// Waits for a submission, or all of them. `interrupted` is asked now and then whether to stop.
    ///
    /// # Errors
    /// [`Kind::Device`] for a GPU that does not answer; [`Kind::Cancelled`] once interrupted.
    pub fn wait(
        &self,
        submission_index: Option<wgpu::SubmissionIndex>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let step = || {
            let submission_index = submission_index.clone();
            let wait = wgpu::PollType::Wait { submission_index, timeout: Some(LOOK_EVERY) };
            match self.device.poll(wait) {
                Ok(_) => Ok(true),
                Err(wgpu::PollError::Timeout) => Ok(false),
                Err(error) => Err(lost(error)),
            }
        };
        // A GPU in software does not hang, but may be slow.
        let patience = if self.software { Duration::MAX } else { PATIENCE };
        wait_for(step, patience, interrupted)
    }

    /// The first `count` numbers of a [`staging`](Self::staging) buffer, once all that was submitted is done.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn read<T: Pod>(
        &self,
        staging: &wgpu::Buffer,
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<T>> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver outlives the poll below; a failed send means nobody waits any more.
            let _ = sender.send(result);
        });
        self.wait(None, interrupted)?;
        receiver.recv_timeout(PATIENCE).map_err(lost)?.map_err(lost)?;
        let view = staging.get_mapped_range(..).map_err(lost)?;
        Ok(bytemuck::pod_collect_to_vec(&view[..count * size_of::<T>()]))
    }
}

/// Results that do not come back.
pub fn lost(cause: impl std::fmt::Display) -> Error {
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

/// Runs wgpu calls and turns what they object to into an error.
///
/// # Errors
/// [`Kind::DeviceMemory`] where there is none left, [`Kind::Device`] for what is refused.
pub fn guarded<T>(device: &wgpu::Device, calls: impl FnOnce() -> T) -> Result<T> {
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let value = calls();
    let validation = pollster::block_on(validation.pop());
    let memory = pollster::block_on(memory.pop());
    match memory.or(validation) {
        None => Ok(value),
        Some(wgpu::Error::OutOfMemory { .. }) => Err(Error::device_memory("buffers of compute shaders")),
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
}
