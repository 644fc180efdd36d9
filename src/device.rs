//! The compute device: the CPU, or a GPU that is opened here and nowhere else.
//!
//! The window draws on a device of its own. Only numbers cross between the two, so a compute device that
//! is lost, out of memory or busy never takes the window along.

mod buffers;
pub mod kernels;
mod pipelines;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use burn_tensor::wgpu::{WgpuSetup, wgpu};
use burn_tensor::{DType, Device};

pub use self::buffers::{guarded, lost};
pub use self::pipelines::{Pipeline, spread};
use crate::error::{Error, Kind, Result};
use crate::product;
use crate::settings::{Backend, Dtype};

/// Where models run and scores are made.
#[derive(Clone, Debug)]
pub enum Compute {
    /// All cores.
    Cpu,
    /// burn-wgpu.
    Gpu(Arc<Gpu>),
}

/// An open GPU: burn's handle and the wgpu objects behind it, on which our own kernels run.
#[derive(Debug)]
pub struct Gpu {
    /// The device for tensors.
    pub tensors: Device,
    /// The same device for our own pipelines.
    pub device: wgpu::Device,
    /// The queue both submit to.
    pub queue: wgpu::Queue,
    /// The adapter's own name, with its driver.
    pub name: String,
    /// Whether the adapter computes on the CPU.
    pub software: bool,
    /// Bytes of memory, where the driver says.
    pub memory: Option<usize>,
    /// What it was opened with, to open it again.
    setup: WgpuSetup,
    /// Whether it was lost.
    lost: AtomicBool,
}

impl Compute {
    /// Opens the device a backend choice stands for; under `auto` a GPU that cannot be opened gives the
    /// CPU and a warning.
    ///
    /// # Errors
    /// `gpu` where no adapter can be opened.
    pub fn open(backend: Backend) -> Result<(Self, Option<String>)> {
        match backend {
            Backend::Cpu => Ok((Self::Cpu, None)),
            Backend::Gpu => Ok((Self::Gpu(gpu()?), None)),
            Backend::Auto if !real_adapter_exists() => Ok((Self::Cpu, None)),
            Backend::Auto => match gpu() {
                // burn may prefer another adapter than the real one that was seen.
                Ok(gpu) if gpu.software => Ok((Self::Cpu, None)),
                Ok(gpu) => Ok((Self::Gpu(gpu), None)),
                Err(error) => Ok((Self::Cpu, Some(format!("{error}; computing on the CPU instead")))),
            },
        }
    }

    /// The GPU, if it is one.
    pub fn gpu(&self) -> Option<&Arc<Gpu>> {
        if let Self::Gpu(gpu) = self { Some(gpu) } else { None }
    }

    /// burn's handle.
    pub fn tensors(&self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            Self::Gpu(gpu) => gpu.tensors.clone(),
        }
    }

    /// Sees to it that this device has what products of matrices are to be computed in.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, dtype: Dtype) -> Result<()> {
        let missing = |cause: &str, help: &str| Err(Error::new(Kind::Usage, cause).help(help));
        match (dtype, self) {
            (Dtype::Auto | Dtype::F32, _) | (Dtype::Bf16 | Dtype::Bf16x2, Self::Cpu) => Ok(()),
            (Dtype::F16, Self::Gpu(gpu)) if gpu.device.features().contains(wgpu::Features::SHADER_F16) => {
                Ok(())
            }
            (Dtype::F16, Self::Gpu(_)) => missing("this GPU has no f16", "use --dtype f32"),
            (Dtype::Bf16, Self::Gpu(gpu)) if gpu.tensors.supports_dtype(DType::BF16) => Ok(()),
            (Dtype::Bf16, Self::Gpu(_)) => missing(
                "this GPU has no bf16, or none that its shaders can name",
                if cfg!(feature = "spirv") {
                    "use --dtype f16 or f32"
                } else {
                    "use --dtype f16 or f32, or a build with `--features spirv`"
                },
            ),
            (Dtype::Bf16x2, Self::Gpu(_)) => {
                missing("GPUs multiply no sums of two bf16", "use --dtype f32, or --backend cpu")
            }
            (Dtype::F16, Self::Cpu) => {
                missing("the CPU multiplies no f16", "use --dtype f32, bf16x2 or bf16, or --backend gpu")
            }
        }
    }

    /// Bytes that a model's weights and activations may take beside `other` bytes: what there is, less a
    /// reserve of a fifth; none where that is not known.
    pub fn memory_beside(&self, other: usize) -> Option<usize> {
        let all = match self {
            Self::Cpu => crate::memory::available(),
            Self::Gpu(gpu) => gpu.memory,
        };
        all.map(|all| without_reserve(all).saturating_sub(other))
    }

    /// What decides the bits of a result, for the keys of what is stored: of a GPU its name and driver, of
    /// the CPU the kind of its instructions. Threads, of any number, change no bit.
    pub fn arithmetic(&self) -> String {
        use std::env::consts::{ARCH, OS};
        match self {
            // The system counts because sines and cosines of rotated positions are its library's.
            Self::Cpu => format!("CPU ({ARCH}, {OS}, {}{})", vectors(), pairs()),
            Self::Gpu(_) => self.name(),
        }
    }

    /// The device by name, for the window and the results.
    pub fn name(&self) -> String {
        match self {
            Self::Cpu => format!("CPU ({} threads{})", rayon::current_num_threads(), pairs()),
            Self::Gpu(gpu) if gpu.software => format!("software GPU ({})", gpu.name),
            Self::Gpu(gpu) => format!("GPU ({})", gpu.name),
        }
    }
}

/// What may be taken of `all` bytes: a fifth stays for what nobody counted.
fn without_reserve(all: usize) -> usize {
    all / 5 * 4
}

/// The instructions for products of pairs, behind a comma, where this processor has some of its own.
fn pairs() -> String {
    product::instructions_for_pairs().map(|name| format!(", {name}")).unwrap_or_default()
}

/// The vector instructions that this processor has, as they are chosen at run time. The sums of soft bins are taken a
/// vector at a time, so their last bits depend on how wide a vector is; products give the same bits at any width.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            "avx512f"
        } else if std::arch::is_x86_feature_detected!("fma") {
            "fma"
        } else {
            "scalar"
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    "native"
}

/// Whether an adapter exists that is not a CPU in disguise. Looks without creating a device.
fn real_adapter_exists() -> bool {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
        .iter()
        .any(|adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu)
}

/// The process's GPU, opened once. One that could not be opened, as where another process had all of its memory, or that
/// was lost, is tried again whenever it is asked for.
fn gpu() -> Result<Arc<Gpu>> {
    static GPU: Mutex<Option<Arc<Gpu>>> = Mutex::new(None);
    let mut known = GPU.lock().unwrap_or_else(PoisonError::into_inner);
    let lost = known.as_ref().filter(|gpu| gpu.lost.load(Ordering::Relaxed));
    if let (Some(gpu), None) = (&*known, lost) {
        return Ok(Arc::clone(gpu));
    }
    // Where there is no driver at all, the runtime panics rather than returning an error.
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match lost {
        Some(gpu) => again(&gpu.setup),
        None => Device::wgpu_options().init_with_setup().map_err(|error| error.to_string()),
    }));
    let opened = opened.unwrap_or_else(|_| Err("no usable adapter".to_owned()));
    let (tensors, setup) = opened.map_err(|cause| match lost {
        Some(_) => Error::new(Kind::Device, format!("the GPU was lost and cannot be opened again: {cause}"))
            .help("restart infoplane to use it again"),
        None => Error::new(Kind::Device, format!("the GPU could not be opened: {cause}"))
            .help("install a Vulkan driver (Debian: mesa-vulkan-drivers) or use --backend cpu"),
    })?;
    Ok(Arc::clone(known.insert(Arc::new(Gpu::new(tensors, setup)))))
}

/// A new device on the adapter of one that was lost. The runtime behind the first cannot be initialised a second time,
/// but takes another beside it.
fn again(lost: &WgpuSetup) -> Result<(Device, WgpuSetup), String> {
    if cfg!(feature = "spirv") {
        return Err("kernels in SPIR-V need a device that only the runtime itself can make".to_owned());
    }
    // SAFETY: the runtime asks the same of its first device; what is experimental in it is not used by our own kernels.
    let experimental_features = unsafe { wgpu::ExperimentalFeatures::enabled() };
    let descriptor = wgpu::DeviceDescriptor {
        label: None,
        required_features: lost.device.features(),
        required_limits: lost.device.limits(),
        experimental_features,
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        trace: wgpu::Trace::Off,
    };
    let opened = pollster::block_on(lost.adapter.request_device(&descriptor));
    let (device, queue) = opened.map_err(|error| error.to_string())?;
    let setup = WgpuSetup { device, queue, ..lost.clone() };
    let tensors = Device::wgpu_options().setup(setup.clone()).init().map_err(|error| error.to_string())?;
    Ok((tensors, setup))
}

impl Gpu {
    /// Notes that it was lost: whoever asks for it next gets a new one.
    pub fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    fn new(tensors: Device, setup: WgpuSetup) -> Self {
        let info = setup.adapter.get_info();
        let driver = if info.driver_info.is_empty() { info.driver } else { info.driver_info };
        Self {
            tensors,
            name: format!("{}, {driver}", info.name),
            software: info.device_type == wgpu::DeviceType::Cpu,
            memory: memory_of(&setup.adapter),
            device: setup.device.clone(),
            queue: setup.queue.clone(),
            setup,
            lost: AtomicBool::new(false),
        }
    }
}

/// The memory that belongs to a Vulkan device; wgpu itself does not tell.
fn memory_of(adapter: &wgpu::Adapter) -> Option<usize> {
    // SAFETY: the handle is only asked for its properties and outlives the question.
    let properties = unsafe {
        let adapter = adapter.as_hal::<wgpu::hal::api::Vulkan>()?;
        let instance = adapter.shared_instance().raw_instance();
        instance.get_physical_device_memory_properties(adapter.raw_physical_device())
    };
    const DEVICE_LOCAL: u32 = 1;
    let heaps = &properties.memory_heaps[..properties.memory_heap_count as usize];
    let own = heaps.iter().filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0);
    own.map(|heap| heap.size).max().and_then(|size| usize::try_from(size).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_may_take_what_is_there_less_a_reserve_and_what_lies_beside_it() {
        assert_eq!((without_reserve(1000), without_reserve(4), without_reserve(0)), (800, 0, 0));
        // Whatever is free now, nothing is left beside all there could be.
        if let Some(all) = Compute::Cpu.memory_beside(0) {
            assert!(all > 0);
            assert_eq!(Compute::Cpu.memory_beside(usize::MAX), Some(0));
        }
    }
}
