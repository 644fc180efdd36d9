// The weight of each atom, Σ p(x) p(z|x), and the free energy, over pieces of 256 labels x; the processor adds up the
// pieces.
//
// A workgroup takes one piece; each lane sums its atoms over it.

struct Params {
    xs: u32,
    words: u32, // of a row of shares
}

// Keep in sync with `Row` in src/frontier_gpu.rs.
struct Row {
    start: u32,
    end: u32,
    mass: f32,
    log_mass: f32,
    divergence: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;        // [xs]
@group(0) @binding(2) var<storage, read> shares: array<u32>;      // [xs, words], p(z|x)
@group(0) @binding(3) var<storage, read> energies: array<f32>;    // [xs]
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;  // [pieces, 2 words + 1], the energy last

const LANES: u32 = 64u;
// Keep in sync with `PIECE` in src/frontier_gpu.rs.
const PIECE: u32 = 256u;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let piece = workgroup.y * workgroups.x + workgroup.x;
    let first = piece * PIECE;
    if first >= params.xs {
        return;
    }
    let end = min(first + PIECE, params.xs);
    let words = params.words;
    let base = piece * (2u * words + 1u);
    for (var word = lane; word < words; word += LANES) {
        var sum = vec2<f32>();
        for (var x = first; x < end; x++) {
            let pair = shares[x * words + word];
            sum += rows[x].mass * vec2<f32>(bitcast<f32>(pair << 16u), bitcast<f32>(pair & 0xffff0000u));
        }
        sums[base + 2u * word] = sum.x;
        sums[base + 2u * word + 1u] = sum.y;
    }
    var energy = 0.0;
    for (var x = first + lane; x < end; x += LANES) {
        energy += energies[x];
    }
    lanes[lane] = energy;
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span /= 2u) {
        if lane < span {
            lanes[lane] += lanes[lane + span];
        }
        workgroupBarrier();
    }
    if lane == 0u {
        sums[base + 2u * words] = lanes[0];
    }
}
