// The entropy of each label's mean soft bin.
// In main memory src/estimator/cpu/statistics.rs does the same in one pass.
//
// A workgroup takes one label; each lane adds the label's chunks for its points, a run of them at a time: the root
// of five million positions has 19,531, and one f32 sum over as many near-equal numbers drifts in the fourth digit.

struct Params {
    labels: u32,
    points: u32,
}

// Keep in sync with `Label` in src/estimator/segments.rs.
struct Label {
    first_chunk: u32,
    end_chunk: u32,
    count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;             // [chunks, points]
@group(0) @binding(2) var<storage, read> labels: array<Label>;         // [labels]
@group(0) @binding(3) var<storage, read_write> entropies: array<f32>;  // [labels], nats

const LANES: u32 = 64u;
// Chunks added before their sum is added to that of other runs.
const RUN: u32 = 128u;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let label_index = workgroup.y * workgroups.x + workgroup.x;
    if label_index >= params.labels {
        return;
    }
    let label = labels[label_index];
    var entropy = 0.0;
    for (var point = lane; point < params.points; point += LANES) {
        var sum = 0.0;
        for (var first = label.first_chunk; first < label.end_chunk; first += RUN) {
            var run = 0.0;
            for (var chunk = first; chunk < min(first + RUN, label.end_chunk); chunk++) {
                run += sums[chunk * params.points + point];
            }
            sum += run;
        }
        let mass = sum / f32(label.count);
        // q ln q goes to 0 with q, where the logarithm itself has no value.
        if mass != 0.0 {
            entropy -= mass * log(mass);
        }
    }
    lanes[lane] = entropy;
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span /= 2u) {
        if lane < span {
            lanes[lane] += lanes[lane + span];
        }
        workgroupBarrier();
    }
    if lane == 0u {
        entropies[label_index] = lanes[0];
    }
}
