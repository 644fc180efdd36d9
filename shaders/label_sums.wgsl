// Sums of soft bins over pieces of a label's positions.
// In main memory src/estimator/cpu/statistics.rs does the same in one pass.
//
// A workgroup takes one chunk of at most 256 positions; each lane sums its points over all of them, so
// neighbouring lanes read neighbouring bins and the order of additions never changes.

struct Params {
    chunks: u32,
    points: u32,
}

// Keep in sync with `Chunk` in src/estimator/segments.rs.
struct Chunk {
    start: u32,
    end: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bins: array<f32>;         // [.., points]
@group(0) @binding(2) var<storage, read> positions: array<u32>;    // rows of `bins`, label by label
@group(0) @binding(3) var<storage, read> chunks: array<Chunk>;     // [chunks]
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;   // [chunks, points]

const LANES: u32 = 64u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let chunk_index = workgroup.y * workgroups.x + workgroup.x;
    if chunk_index >= params.chunks {
        return;
    }
    let chunk = chunks[chunk_index];
    for (var point = lane; point < params.points; point += LANES) {
        var sum = 0.0;
        for (var index = chunk.start; index < chunk.end; index++) {
            sum += bins[positions[index] * params.points + point];
        }
        sums[chunk_index * params.points + point] = sum;
    }
}
