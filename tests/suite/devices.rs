//! Which device a choice of backend opens.

use infoplane::device::Compute;
use infoplane::settings::Backend;

use super::support::open;

#[test]
fn auto_is_a_real_gpu_or_the_cpu_and_never_a_software_adapter() {
    let (auto, warning) = Compute::open(Backend::Auto).unwrap();
    match (auto, open(Backend::Gpu)) {
        (Compute::Gpu(gpu), _) => assert!(!gpu.software, "{}", gpu.name),
        // What `gpu` takes for want of a better one is passed over, and nothing to warn of.
        (Compute::Cpu, Compute::Gpu(gpu)) => assert!(gpu.software && warning.is_none(), "{}", gpu.name),
        (Compute::Cpu, Compute::Cpu) => panic!("`gpu` opens an adapter or fails"),
    }
}
