//! Pipelines from the kernels' WGSL.

use super::guarded;
use crate::error::Result;
use crate::estimator::kernels::Kernel;

/// A compiled kernel.
#[derive(Debug)]
pub struct Pipeline {
    name: &'static str,
    pipeline: wgpu::ComputePipeline,
}

impl Pipeline {
    /// Compiles a kernel; its bindings are those its WGSL declares.
    pub fn new(device: &wgpu::Device, kernel: Kernel) -> Result<Self> {
        let pipeline = guarded(device, || {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(kernel.name),
                source: wgpu::ShaderSource::Wgsl(kernel.source.into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(kernel.name),
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // Every kernel writes its workgroup memory before it reads it.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        })?;
        Ok(Self { name: kernel.name, pipeline })
    }
}

/// Records one run of a kernel; `bindings` in the order of its WGSL.
pub fn dispatch(
    device: &wgpu::Device,
    encoder: &mut wgpu::CommandEncoder,
    Pipeline { name, pipeline }: &Pipeline,
    bindings: &[wgpu::BindingResource<'_>],
    [across, down]: [u32; 2],
) {
    let entries: Vec<wgpu::BindGroupEntry<'_>> = bindings
        .iter()
        .enumerate()
        .map(|(binding, resource)| wgpu::BindGroupEntry {
            binding: binding as u32,
            resource: resource.clone(),
        })
        .collect();
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(name),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    let mut pass = encoder
        .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(name), timestamp_writes: None });
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(across, down, 1);
}
