//! Pipelines from the kernels' WGSL.

use super::kernels::Kernel;
use super::{Gpu, guarded};
use crate::error::Result;

/// A compiled kernel.
#[derive(Debug)]
pub struct Pipeline {
    name: &'static str,
    pipeline: wgpu::ComputePipeline,
}

impl Pipeline {
    /// Compiles a kernel; its bindings are those its WGSL declares.
    ///
    /// # Errors
    /// A device that refuses it.
    pub fn new(gpu: &Gpu, kernel: Kernel) -> Result<Self> {
        let device = &gpu.device;
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

impl Gpu {
    /// Records one run of a kernel; `bindings` in the order of its WGSL.
    pub fn dispatch(
        &self,
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
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
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
}

/// Workgroups for `count` items: past 65,535 they go down a second dimension.
pub fn spread(count: usize) -> [u32; 2] {
    const MOST: usize = 65_535;
    let down = count.div_ceil(MOST).max(1);
    [count.div_ceil(down) as u32, down as u32]
}

#[cfg(test)]
mod tests {
    #[test]
    fn workgroups_spread_over_two_dimensions() {
        for count in [1, 65_535, 65_536, 1_000_000, 5_000_001] {
            let [across, down] = super::spread(count);
            assert!(across <= 65_535 && down <= 65_535 && (across * down) as usize >= count);
        }
    }
}
