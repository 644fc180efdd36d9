//! Every shader is valid WGSL and within what any adapter offers, checked without one.

use infoplane::device::kernels;
use infoplane::estimator::{LARGEST_SQUARE, REFUSED, REFUSED_ENTROPY};
use infoplane::frontier::LEAST_SHARE;

#[test]
fn every_wgsl_file_is_a_registered_kernel() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut kernels: Vec<String> =
        kernels::ALL.iter().map(|kernel| format!("{}.wgsl", kernel.name)).collect();
    kernels.sort();
    assert_eq!(files, kernels);
}

#[test]
fn every_kernel_is_valid() {
    for kernel in kernels::ALL {
        let module = naga::front::wgsl::parse_str(kernel.source)
            .unwrap_or_else(|error| panic!("{}: {}", kernel.name, error.emit_to_string(kernel.source)));
        // No capability beyond the core of the language: no subgroups, no f16, no f64.
        let mut validator = naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::empty(),
        );
        validator.validate(&module).unwrap_or_else(|error| panic!("{}: {error:?}", kernel.name));
        assert_eq!(module.entry_points.len(), 1, "{}", kernel.name);
        let entry = &module.entry_points[0];
        assert_eq!(entry.name, "main");
        // WebGPU promises 256 invocations a workgroup and 16 KiB of workgroup memory.
        assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{}", kernel.name);
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).unwrap();
        let workgroup_bytes: u32 = module
            .global_variables
            .iter()
            .filter(|(_, variable)| variable.space == naga::AddressSpace::WorkGroup)
            .map(|(_, variable)| layouter[variable.ty].size)
            .sum();
        assert!(workgroup_bytes <= 16 << 10, "{}: {workgroup_bytes} bytes", kernel.name);
    }
}

#[test]
fn constants_shared_with_rust_are_the_same() {
    let constant = |kernel: kernels::Kernel, name: &str| {
        let start = format!("const {name}: f32 = ");
        let line = kernel.source.lines().find_map(|line| line.strip_prefix(&start));
        let value = line.unwrap_or_else(|| panic!("{} has no {name}", kernel.name));
        value.trim_end_matches(';').parse::<f32>().unwrap()
    };
    assert_eq!(constant(kernels::COSINE_SCORES, "REFUSED"), REFUSED);
    assert_eq!(constant(kernels::COSINE_SCORES, "LARGEST_SQUARE"), LARGEST_SQUARE);
    assert_eq!(constant(kernels::COSINE_SCORES, "SHRINK"), (-80.0f32).exp2());
    assert_eq!(constant(kernels::SOFT_BINS, "REFUSED"), REFUSED);
    assert_eq!(constant(kernels::SOFT_BINS, "REFUSED_ENTROPY"), REFUSED_ENTROPY);
    assert_eq!(constant(kernels::FRONTIER_ENCODE, "LEAST_SHARE"), LEAST_SHARE);
}
