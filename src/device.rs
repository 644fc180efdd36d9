//! The compute device: the CPU, or a GPU that is opened here and nowhere else.
//!
//! The window draws on a device of its own. Only numbers cross between the two, so a compute device that
//! is lost, out of memory or busy never takes the window along.

use std::sync::{Arc, OnceLock};

use burn::tensor::Device;
use burn::tensor::wgpu::{WgpuSetup, wgpu};

use crate::error::{Error, Kind, Result};
use crate::settings::Backend;

/// Where models run and scores are made.
#[derive(Clone, Debug)]
pub enum Compute {
    /// burn-flex on all cores.
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

    /// burn's handle.
    pub fn tensors(&self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            Self::Gpu(gpu) => gpu.tensors.clone(),
        }
    }

    /// The device by name, for the window and the results.
    pub fn name(&self) -> String {
        match self {
            Self::Cpu => format!("CPU (burn-flex, {} threads)", rayon::current_num_threads()),
            Self::Gpu(gpu) if gpu.software => format!("software GPU ({})", gpu.name),
            Self::Gpu(gpu) => format!("GPU ({})", gpu.name),
        }
    }
}

/// Whether an adapter exists that is not a CPU in disguise. Looks without creating a device.
fn real_adapter_exists() -> bool {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
        .iter()
        .any(|adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu)
}

/// The process's GPU. It is opened once: the runtime behind it cannot be initialised a second time.
fn gpu() -> Result<Arc<Gpu>> {
    static GPU: OnceLock<Result<Arc<Gpu>>> = OnceLock::new();
    GPU.get_or_init(|| {
        // Where there is no driver at all, the runtime panics rather than returning an error.
        std::panic::catch_unwind(|| Device::wgpu_options().init_with_setup().map_err(|e| e.to_string()))
            .unwrap_or_else(|_| Err("no usable adapter".to_owned()))
            .map(|(tensors, setup)| Arc::new(Gpu::new(tensors, setup)))
            .map_err(|cause| {
                Error::new(Kind::Device, format!("the GPU could not be opened: {cause}"))
                    .help("install a Vulkan driver (Debian: mesa-vulkan-drivers) or use --backend cpu")
            })
    })
    .clone()
}

impl Gpu {
    fn new(tensors: Device, setup: WgpuSetup) -> Self {
        let info = setup.adapter.get_info();
        let driver = if info.driver_info.is_empty() { info.driver } else { info.driver_info };
        Self {
            tensors,
            name: format!("{}, {driver}", info.name),
            software: info.device_type == wgpu::DeviceType::Cpu,
            device: setup.device,
            queue: setup.queue,
        }
    }
}
