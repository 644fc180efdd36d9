// The softmax of scores over the reference points, and each position's entropy.
// Twin: src/estimator/cpu/soft_bins.rs, with the same inputs and outputs but for a refused state, whose bins and
// entropy are NaN there; here its entropy alone says so.
//
// A workgroup takes one position; its lanes stride over the points and meet in workgroup memory.

struct Params {
    positions: u32,
    stride: u32,               // row length of `scores`
    points: u32,               // how many of its columns count
    inverse_temperature: f32,  // 1/epsilon
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;           // [positions, stride]
@group(0) @binding(2) var<storage, read_write> bins: array<f32>;       // [positions, points]
@group(0) @binding(3) var<storage, read_write> entropies: array<f32>;  // [positions], nats

const LANES: u32 = 64u;

// Keep in sync with src/estimator/mod.rs: the scores of a state that could not be measured, and an entropy that no
// position has.
const REFUSED: f32 = 4.0;
const REFUSED_ENTROPY: f32 = -1.0;

var<workgroup> lanes: array<f32, 64>;
var<workgroup> other_lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    // Workgroups beyond 65,535 go down the second dimension.
    let position = workgroup.y * workgroups.x + workgroup.x;
    if position >= params.positions {
        return;
    }
    let first_score = position * params.stride;
    let first_bin = position * params.points;

    // Not minus infinity, which WGSL has no literal for; cosines lie in [-1, 1].
    var largest = -3.0e38;
    for (var point = lane; point < params.points; point += LANES) {
        largest = max(largest, scores[first_score + point]);
    }
    lanes[lane] = largest;
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span /= 2u) {
        if lane < span {
            lanes[lane] = max(lanes[lane], lanes[lane + span]);
        }
        workgroupBarrier();
    }
    largest = lanes[0];
    workgroupBarrier();

    var total = 0.0;
    var weighted = 0.0;
    for (var point = lane; point < params.points; point += LANES) {
        let logit = (scores[first_score + point] - largest) * params.inverse_temperature;
        let weight = exp(logit);
        bins[first_bin + point] = weight;
        total += weight;
        weighted += weight * logit;
    }
    lanes[lane] = total;
    other_lanes[lane] = weighted;
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span /= 2u) {
        if lane < span {
            lanes[lane] += lanes[lane + span];
            other_lanes[lane] += other_lanes[lane + span];
        }
        workgroupBarrier();
    }
    total = lanes[0];
    for (var point = lane; point < params.points; point += LANES) {
        bins[first_bin + point] /= total;
    }
    if lane == 0u {
        let entropy = log(total) - other_lanes[0] / total;
        entropies[position] = select(entropy, REFUSED_ENTROPY, largest >= REFUSED);
    }
}
